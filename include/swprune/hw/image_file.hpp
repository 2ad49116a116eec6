// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_encode.hpp"
#include "swprune/hw/image_header.hpp"
#include "swprune/hw/image_layout.hpp"
#include "swprune/hw/registers.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::hw {

/// A compiled model as one file, docs/accelerator.md section 14: the image region as the
/// accelerator reads it, with a header in front that tells a driver the rest.
struct image_file {
  image_header header;
  std::vector<std::uint8_t> bytes;  ///< all of them: header and body

  [[nodiscard]] tensor_placement input() const {
    return placement_of(header, header.input, "input");
  }
  [[nodiscard]] tensor_placement output() const {
    return placement_of(header, header.output, "output");
  }
  /// The activation region before the run: the images, `[n][C][H][W]` bytes, where the first layer
  /// reads them, everything else zero. Throws layer_shape for another number of bytes.
  [[nodiscard]] std::vector<std::uint8_t> initial_activations(
      std::span<const std::uint8_t> plain) const {
    std::vector<std::uint8_t> region(header.act_bytes);
    pack(input(), plain, region);
    return region;
  }
  /// The output, `[n][C][H][W]` bytes, from the activation region after the run.
  [[nodiscard]] std::vector<std::uint8_t> unpack_output(
      std::span<const std::uint8_t> region) const {
    return unpack(output(), region);
  }
};

/// The same program with room for a header: 128 zero bytes in front of the image, every offset
/// moved behind them. Throws image_format for an image that is not valid and layer_does_not_fit
/// when an offset no longer fits its field.
[[nodiscard]] SWPRUNE_FUNCTION program with_header_room(program p);

/// The image file of a program that `model` was compiled to; of the model the scales and zero
/// points of input and output are taken. Throws what with_header_room() throws, and
/// image_header_field for a program that a header cannot describe: more than 65535 images, maps
/// larger than 65535 pixels a side, or an output of several images that is a part of a
/// concatenation.
[[nodiscard]] SWPRUNE_FUNCTION image_file make_image_file(const program& p,
                                                          const quant::int8_model& model);

/// Reads an image file and checks everything that does not need the device: the header, both CRCs,
/// sizes, alignment, every descriptor and step record, and that the layers are for the array that
/// the header names. Throws what decode_header() and check() throw, image_format for a record that
/// is not valid and device_mismatch for a layer of another array.
[[nodiscard]] SWPRUNE_FUNCTION image_file decode_image_file(std::vector<std::uint8_t> bytes);

#if SWPRUNE_BODIES

namespace detail {

/// Moves the offsets of a record of an image by some bytes.
class record_mover {
 public:
  record_mover(std::vector<std::uint8_t>& image, index_t at, index_t bytes)
      : record_(std::span(image).subspan(static_cast<std::size_t>(at),
                                         static_cast<std::size_t>(bytes))) {}

  void move(regs::byte_field f, index_t by) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < f.bytes; ++i) value |= std::uint64_t{record_[f.offset + i]} << (8 * i);
    value += static_cast<std::uint64_t>(by);
    expects(value <= std::numeric_limits<std::uint32_t>::max(), errc::layer_does_not_fit,
            "an offset in the image must be below 2^32, needs {}", value);
    write(f, value);
  }
  /// Makes the CRC, the last four bytes, right again.
  void seal() {
    const std::size_t body = record_.size() - 4;
    write({static_cast<unsigned>(body), 4}, crc32_of(record_.first(body)));
  }

 private:
  void write(regs::byte_field f, std::uint64_t value) {
    for (unsigned i = 0; i < f.bytes; ++i)
      record_[f.offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  std::span<std::uint8_t> record_;
};

/// Offsets in the records of a layer count from the region's base: they move with the image.
inline void move_layer(std::vector<std::uint8_t>& image, index_t descriptor,
                       const decoded_layer& layer, index_t by) {
  record_mover d(image, descriptor, descriptor_bytes);
  d.move(regs::layer::steps_offset, by);
  d.seal();
  for (std::size_t s = 0; s < layer.steps.size(); ++s) {
    record_mover step(image, layer.descriptor.steps_offset + static_cast<index_t>(s) * step_bytes,
                      step_bytes);
    if (layer.descriptor.skip) step.move(regs::step::list_offset, by);
    for (const auto f :
         {regs::step::param_offset, regs::step::weight_offset, regs::step::fetch_offset})
      step.move(f, by);
    step.seal();
  }
}

[[nodiscard]] inline image_tensor tensor_of(const tensor_placement& t, int zero, double scale) {
  expects(t.planes_per_image == 0 || t.images <= t.batch(), errc::image_header_field,
          "'{}' is a part of a larger tensor, a header cannot say where its {} images lie", t.name,
          t.images);
  expects(t.shape.height <= 65535 && t.shape.width <= 65535, errc::image_header_field,
          "'{}' must be at most 65535 pixels high and wide, given {} x {}", t.name, t.shape.height,
          t.shape.width);
  return {.offset = static_cast<std::uint64_t>(t.offset),
          .channels = static_cast<std::uint32_t>(t.shape.channels),
          .height = static_cast<std::uint16_t>(t.shape.height),
          .width = static_cast<std::uint16_t>(t.shape.width),
          .kind = t.kind,
          .is_signed = t.is_signed,
          .zero = static_cast<std::int16_t>(zero),
          .scale = static_cast<float>(scale)};
}

}  // namespace detail

SWPRUNE_FUNCTION program with_header_room(program p) {
  const auto layers = decode_image(p.image, p.desc_offset, p.layer_count);
  for (std::size_t i = 0; i < layers.size(); ++i)
    detail::move_layer(p.image, p.desc_offset + static_cast<index_t>(i) * descriptor_bytes,
                       layers[i], header_bytes);
  p.image.insert(p.image.begin(), static_cast<std::size_t>(header_bytes), 0);
  p.desc_offset += static_cast<std::uint32_t>(header_bytes);
  for (image_range& r : p.ranges) r.offset += header_bytes;
  return p;
}

SWPRUNE_FUNCTION image_file make_image_file(const program& p, const quant::int8_model& model) {
  expects(!model.layers.empty() && p.outputs.size() == model.layers.size(),
          errc::image_header_field, "the program has {} layers, the model {}", p.outputs.size(),
          model.layers.size());
  expects(p.images <= 65535, errc::image_header_field, "images must be <= 65535, given {}",
          p.images);
  image_file file;
  file.bytes = with_header_room(p).image;
  image_header& h = file.header;
  h.image_bytes = file.bytes.size();
  h.act_bytes = p.act_bytes;
  h.desc_offset = p.desc_offset + static_cast<std::uint32_t>(header_bytes);
  h.layer_count = p.layer_count;
  h.images = static_cast<std::uint16_t>(p.images);
  h.poy = static_cast<std::uint8_t>(p.array.poy);
  h.pox = static_cast<std::uint8_t>(p.array.pox);
  h.pof = static_cast<std::uint8_t>(p.array.pof);
  h.chains = static_cast<std::uint8_t>(p.array.chains);
  h.bus_bytes = static_cast<std::uint8_t>(p.array.bus_bytes);
  h.skip = p.array.skip;
  for (const quant::int8_layer& l : model.layers) {
    h.pool = h.pool || l.pool;
    h.residual = h.residual || l.residual.has_value();
  }
  h.input = detail::tensor_of(p.input, model.input_zero, model.input_scale);
  h.output =
      detail::tensor_of(p.outputs.back(), model.layers.back().output_zero, model.output_scale);
  for (const layer_summary& l : p.layers)
    h.dense_read_beats += static_cast<std::uint64_t>(l.dense_read_beats);
  check(h);
  const auto front =
      encode(h, std::span(file.bytes).subspan(static_cast<std::size_t>(header_bytes)));
  std::copy(front.begin(), front.end(), file.bytes.begin());
  return file;
}

SWPRUNE_FUNCTION image_file decode_image_file(std::vector<std::uint8_t> bytes) {
  image_file file;
  file.header = decode_header(bytes);
  check(file.header);
  const image_header& h = file.header;
  const auto layers = decode_image(bytes, h.desc_offset, h.layer_count);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const layer_descriptor& d = layers[i].descriptor;
    expects(d.poy == h.poy && d.pox == h.pox && d.pof == h.pof && d.bus_bytes == h.bus_bytes &&
                d.skip == h.skip && (h.pool || !d.pool) && (h.residual || !d.residual),
            errc::device_mismatch, "layer {} of the image is for another array than its header", i);
  }
  file.bytes = std::move(bytes);
  return file;
}

#endif

}  // namespace swprune::inline v0::hw
