// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_file.hpp"
#include "swprune/hw/image_header.hpp"

namespace swprune::inline v0::hw {

/// A program in words: descriptors, steps, lists; for people. Read from the image's bytes, so it
/// throws image_format for an image that is not valid.
[[nodiscard]] SWPRUNE_FUNCTION std::string dump(const program& p);

/// A header in words.
[[nodiscard]] SWPRUNE_FUNCTION std::string dump(const image_header& h);

/// An image file in words: header, descriptors, steps, lists; for people. Throws image_format for
/// records that are not valid.
[[nodiscard]] SWPRUNE_FUNCTION std::string dump(const image_file& file);

#if SWPRUNE_BODIES

namespace detail {

inline void dump_descriptor(std::string& text, const layer_descriptor& d) {
  text += fmt::format("  array {}x{}x{}, bus {}; {}{}{}, input {}, output {}\n", d.poy, d.pox,
                      d.pof, d.bus_bytes, d.skip ? "index lists" : "all blocks",
                      d.interleaved ? ", interleaved" : "", d.pool ? ", pool" : "",
                      d.input_signed ? "s8" : "u8", d.output_signed ? "s8" : "u8");
  text += fmt::format(
      "  kernel {}x{}, stride {}, dilation {}, pad {}; input {}x{}, before pooling {}x{}\n",
      d.kernel_h, d.kernel_w, d.stride, d.dilation, d.pad, d.in_h, d.in_w, d.conv_h, d.conv_w);
  text += fmt::format(
      "  segments {}x{}, load {} words{}{}, write {} words, bank_cols {}, slot_words {}, "
      "interval {}\n",
      1 << d.seg_y_log2, 1 << d.seg_x_log2, 1 << d.load_log2, d.load_strided ? " strided" : "",
      d.phase_zero ? ", phase 0 only" : "", 1 << d.run_log2, d.bank_cols, d.slot_words,
      d.pass_interval);
  text += fmt::format("  zero_in {}, zero_out {}, clamp {}..{}, {} output words\n", d.zero_in,
                      d.zero_out, d.clamp_lo, d.clamp_hi, d.out_groups4);
  if (d.residual)
    text += fmt::format(
        "  residual {}: rows of {} words, stride {}, load {} words, zero {}, times {} / 2^{}\n",
        d.residual_signed ? "s8" : "u8", d.res_w, d.res_stride, 1 << d.res_load_log2, d.res_zero,
        d.res_multiplier, d.res_shift);
}

inline void dump_step(std::string& text, std::span<const std::uint8_t> image,
                      const layer_descriptor& d, const step_record& s, std::size_t number) {
  text += fmt::format(
      "  step {}: rows {}..{}, images {}, output rows from {}, {}x{} sub-tiles, {} "
      "slots of {} words{}{}{}{}{}\n",
      number, s.og_first, s.og_first + s.rows - 1, s.images, s.oy_first, s.sub_rows, s.sub_cols,
      s.slots, s.plane_words, s.new_weights ? ", new weights" : "",
      s.new_activations ? ", new activations" : "",
      s.residual ? fmt::format(", residual of {} words from {}", s.res_words, s.res_offset) : "",
      s.wait_stored ? ", waits for all that was stored" : "",
      s.wait_but_last ? ", waits for all but the last step" : "");
  if (s.new_activations) {
    text += fmt::format("    planes from {}:", s.act_offset);
    for (const index_t plane : decode_fetch_list(image, s)) text += fmt::format(" +{}", plane);
    text += '\n';
  }
  if (!s.new_weights || !d.skip) return;
  index_t row = s.og_first;
  for (const auto& entries : decode_rows(image, d, s)) {
    text += fmt::format("    row {}:", row++);
    for (const list_entry& e : entries)
      if (e.null) {
        text += " empty";
      } else {
        text += fmt::format(" {}{}", e.slot,
                            e.channels == 4 ? "" : fmt::format("({} channels)", e.channels));
      }
    text += '\n';
  }
}

/// Descriptor and steps of one layer.
inline void dump_layer(std::string& text, std::span<const std::uint8_t> image,
                       const decoded_layer& layer) {
  dump_descriptor(text, layer.descriptor);
  for (std::size_t s = 0; s < layer.steps.size(); ++s)
    dump_step(text, image, layer.descriptor, layer.steps[s], s);
}

inline void dump_tensor(std::string& text, const char* name, const image_tensor& t) {
  text +=
      fmt::format("{} at {}: {} x {} x {}, {}, {}, zero {}, scale {}\n", name, t.offset, t.channels,
                  t.height, t.width, to_string(t.kind), t.is_signed ? "s8" : "u8", t.zero, t.scale);
}

}  // namespace detail

SWPRUNE_FUNCTION std::string dump(const image_header& h) {
  std::string text = fmt::format("{} images, image {} bytes, activations {} bytes\n", h.images,
                                 h.image_bytes, h.act_bytes);
  text += fmt::format("array {}x{}x{}, {} chains, {}-byte bus; {}{}{}\n", h.poy, h.pox, h.pof,
                      h.chains, h.bus_bytes, h.skip ? "index lists" : "all blocks",
                      h.pool ? ", pool" : "", h.residual ? ", residual" : "");
  detail::dump_tensor(text, "input", h.input);
  detail::dump_tensor(text, "output", h.output);
  text += fmt::format("{} layers from {}, {} beats if every block were live\n", h.layer_count,
                      h.desc_offset, h.dense_read_beats);
  return text;
}

SWPRUNE_FUNCTION std::string dump(const image_file& file) {
  std::string text = dump(file.header);
  const auto layers = decode_image(file.bytes, file.header.desc_offset, file.header.layer_count);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    text += fmt::format("layer {}\n", i);
    detail::dump_layer(text, file.bytes, layers[i]);
  }
  return text;
}

SWPRUNE_FUNCTION std::string dump(const program& p) {
  std::string text = fmt::format("{} images, image {} bytes, activations {} bytes\n", p.images,
                                 p.image.size(), p.act_bytes);
  const auto layers = decode_image(p.image, p.desc_offset, p.layer_count);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    text += fmt::format("layer {} ({})\n", i, p.layers[i].name);
    detail::dump_layer(text, p.image, layers[i]);
  }
  return text;
}

#endif

}  // namespace swprune::inline v0::hw
