// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_header.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::hw {

namespace detail {

[[nodiscard]] inline image_tensor header_tensor(const tensor_placement& t, int zero, double scale) {
  return {.offset = static_cast<std::uint64_t>(t.offset),
          .channels = static_cast<std::uint32_t>(t.shape.channels),
          .height = static_cast<std::uint16_t>(t.shape.height),
          .width = static_cast<std::uint16_t>(t.shape.width),
          .kind = t.kind,
          .is_signed = t.is_signed,
          .zero = static_cast<std::int16_t>(zero),
          .scale = static_cast<float>(scale)};
}

/// Beats that a run reads of lists, parameters, weights, fetch lists and planes, and those that it
/// would read if every structural block were live.
[[nodiscard]] inline std::uint64_t dense_read_beats_of(const program& p, const cycle_counts& c) {
  index_t bytes = c.bytes_of(request_kind::list) + c.bytes_of(request_kind::parameters) +
                  c.bytes_of(request_kind::weights) + c.bytes_of(request_kind::fetch_list) +
                  c.bytes_of(request_kind::plane);
  for (const layer_summary& l : p.layers)
    bytes += l.weight_bytes_skipped + l.activation_bytes_skipped;
  return static_cast<std::uint64_t>(ceil_div(bytes, p.array.bus_bytes));
}

}  // namespace detail

/// The image file of a program, docs/accelerator-v2.md section 9: header and image, for the drivers
/// of swprune/hw/c_driver.h and hw/driver.hpp. `model` is what the program was compiled from:
/// the header tells zero points and scales of input and output. Throws layer_shape unless the model
/// has as many layers as the program.
[[nodiscard]] inline std::vector<std::uint8_t> image_file(const program& p,
                                                          const quant::int8_model& model) {
  expects(model.layers.size() == p.layers.size() && !model.layers.empty(), errc::layer_shape,
          "the program has {} layers, the model {}", p.layers.size(), model.layers.size());
  const auto layers = decode_image(p.image, p.desc_offset, p.layer_count);
  const auto any = [&](auto flag) {
    return std::any_of(layers.begin(), layers.end(),
                       [&](const decoded_layer& l) { return l.descriptor.*flag; });
  };
  image_header h;
  h.act_bytes = p.act_bytes;
  h.desc_offset = static_cast<std::uint32_t>(p.desc_offset);
  h.layer_count = static_cast<std::uint16_t>(p.layer_count);
  h.images = static_cast<std::uint16_t>(p.images);
  h.poy = static_cast<std::uint8_t>(p.array.poy);
  h.pox = static_cast<std::uint8_t>(p.array.pox);
  h.pof = static_cast<std::uint8_t>(p.array.pof);
  h.chains = static_cast<std::uint8_t>(p.array.chains);
  h.bus_bytes = static_cast<std::uint8_t>(p.array.bus_bytes);
  h.skip = p.array.skip;
  h.pool = any(&layer_descriptor::pool);
  h.residual = any(&layer_descriptor::residual);
  h.input = detail::header_tensor(p.input, model.input_zero, model.input_scale);
  h.output =
      detail::header_tensor(p.outputs.back(), model.layers.back().output_zero, model.output_scale);
  h.dense_read_beats = detail::dense_read_beats_of(p, predict(p).total);
  std::vector<std::uint8_t> file = encode(h, p.image);
  file.insert(file.end(), p.image.begin(), p.image.end());
  return file;
}

}  // namespace swprune::inline v0::hw
