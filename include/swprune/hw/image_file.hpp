// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_encode.hpp"
#include "swprune/hw/image_header.hpp"
#include "swprune/hw/image_layout.hpp"
#include "swprune/hw/image_requests.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::hw {

/// What the integers of a network's input and output stand for: real = scale * (integer - zero).
struct image_numbers {
  int input_zero = 0;
  double input_scale = 1;
  int output_zero = 0;
  double output_scale = 1;
};

[[nodiscard]] inline image_numbers numbers_of(const quant::int8_model& model) {
  return {.input_zero = model.input_zero,
          .input_scale = model.input_scale,
          .output_zero = model.layers.empty() ? 0 : model.layers.back().output_zero,
          .output_scale = model.output_scale};
}

/// An image file that was read and checked: all that is needed to run it. The file as a whole is
/// the image region; the activation region has header.act_bytes bytes.
struct image_file {
  image_header header;
  std::vector<std::uint8_t> bytes;
  std::vector<decoded_layer> layers;
  tensor_placement input;
  tensor_placement output;

  /// The activation region before the run: `plain`, `[n][C][H][W]` bytes, packed, else zero.
  [[nodiscard]] std::vector<std::uint8_t> initial_activations(
      std::span<const std::uint8_t> plain) const {
    std::vector<std::uint8_t> region(static_cast<std::size_t>(header.act_bytes));
    pack(input, plain, region);
    return region;
  }
  /// The network's output, `[n][C][H][W]` bytes, from the activation region after the run.
  [[nodiscard]] std::vector<std::uint8_t> unpack_output(
      std::span<const std::uint8_t> region) const {
    return unpack(output, region);
  }
};

namespace detail {

/// A number that the header has a smaller field for.
template <typename Field>
[[nodiscard]] Field header_field(const char* name, index_t value) {
  expects(value >= 0 && static_cast<std::uint64_t>(value) <= std::numeric_limits<Field>::max(),
          errc::layer_does_not_fit, "{} must be 0..{} in the header of an image, needs {}", name,
          std::numeric_limits<Field>::max(), value);
  return static_cast<Field>(value);
}

[[nodiscard]] inline image_tensor header_tensor(const tensor_placement& t, int zero, double scale) {
  expects(t.planes_per_image == 0 || ceil_div(t.images, t.batch()) == 1, errc::layer_does_not_fit,
          "'{}' is a part of a larger tensor, which the header of an image describes only for one "
          "image",
          t.name);
  return {.offset = static_cast<std::uint64_t>(t.offset),
          .channels = header_field<std::uint32_t>("channels", t.shape.channels),
          .height = header_field<std::uint16_t>("height", t.shape.height),
          .width = header_field<std::uint16_t>("width", t.shape.width),
          .kind = t.kind,
          .is_signed = t.is_signed,
          .zero = static_cast<std::int16_t>(zero),
          .scale = static_cast<float>(scale)};
}

/// The step with its places in the image `by` bytes further back. Without an index list the record
/// names none.
[[nodiscard]] inline step_record moved(step_record s, std::uint32_t by) {
  if (s.list_beats != 0) s.list_offset += by;
  s.param_offset += by;
  s.weight_offset += by;
  s.fetch_offset += by;
  return s;
}

/// The image of a program as it must be when a header lies in front of it: offsets in records count
/// from the beginning of the region.
[[nodiscard]] inline std::vector<std::uint8_t> image_behind_header(const program& p) {
  constexpr auto by = static_cast<std::uint32_t>(header_bytes);
  expects(p.image.size() <= std::numeric_limits<std::uint32_t>::max() - by,
          errc::layer_does_not_fit, "an image file has at most 2^32 bytes, needs {} and a header",
          p.image.size());
  std::vector<std::uint8_t> body = p.image;
  const auto put = [&](index_t at, const std::vector<std::uint8_t>& record) {
    std::copy(record.begin(), record.end(), body.begin() + at);
  };
  auto layers = decode_image(p.image, p.desc_offset, p.layer_count);
  for (index_t l = 0; l < std::ssize(layers); ++l) {
    decoded_layer& layer = layers[static_cast<std::size_t>(l)];
    for (index_t s = 0; s < std::ssize(layer.steps); ++s)
      put(layer.descriptor.steps_offset + s * step_bytes,
          encode(moved(layer.steps[static_cast<std::size_t>(s)], by)));
    layer.descriptor.steps_offset += by;
    put(p.desc_offset + l * descriptor_bytes, encode(layer.descriptor));
  }
  return body;
}

/// What the layers need of the core.
inline void set_needs(image_header& h, std::span<const decoded_layer> layers) {
  for (const decoded_layer& l : layers) {
    h.pool |= l.descriptor.pool;
    h.residual |= l.descriptor.residual;
  }
}

[[nodiscard]] inline image_header header_of(const program& p, const image_numbers& n) {
  image_header h;
  h.image_bytes = static_cast<std::uint64_t>(header_bytes) + p.image.size();
  h.act_bytes = p.act_bytes;
  h.desc_offset = p.desc_offset + static_cast<std::uint32_t>(header_bytes);
  h.layer_count = p.layer_count;
  h.images = header_field<std::uint16_t>("images", p.images);
  h.poy = static_cast<std::uint8_t>(p.array.poy);
  h.pox = static_cast<std::uint8_t>(p.array.pox);
  h.pof = static_cast<std::uint8_t>(p.array.pof);
  h.chains = static_cast<std::uint8_t>(p.array.chains);
  h.bus_bytes = static_cast<std::uint8_t>(p.array.bus_bytes);
  h.skip = p.array.skip;
  set_needs(h, decode_image(p.image, p.desc_offset, p.layer_count));
  h.input = header_tensor(p.input, n.input_zero, n.input_scale);
  h.output = header_tensor(p.outputs.back(), n.output_zero, n.output_scale);
  for (const layer_summary& l : p.layers)
    h.dense_read_beats += static_cast<std::uint64_t>(l.dense_read_beats);
  return h;
}

/// The header's own rules, beyond what decode_header() checks.
inline void check_header(const image_header& h) {
  const auto need = [](const char* field, index_t given, index_t lo, index_t hi) {
    expects(given >= lo && given <= hi, errc::image_format,
            "the header of the image: {} must be {}..{}, given {}", field, lo, hi, given);
  };
  constexpr index_t memory = index_t{1} << 40;
  need("layer_count", h.layer_count, 1, 65535);
  need("images", h.images, 1, 65535);
  need("poy", h.poy, 1, 16);
  need("pox", h.pox, 1, 16);
  need("pof", h.pof, 1, 16);
  need("chains", h.chains, 1, h.pox);
  expects(h.act_bytes <= static_cast<std::uint64_t>(memory), errc::image_format,
          "the header of the image: act_bytes must be at most 2^40, given {}", h.act_bytes);
  expects(h.desc_offset % image_alignment == 0, errc::image_format,
          "the header of the image: desc_offset must be a multiple of {}, given {}",
          image_alignment, h.desc_offset);
  expects(h.desc_offset >= header_bytes &&
              h.desc_offset + std::uint64_t{descriptor_bytes} * h.layer_count <= h.image_bytes,
          errc::image_format,
          "the {} descriptors at desc_offset {} must lie behind the header and inside the image of "
          "{} bytes",
          h.layer_count, h.desc_offset, h.image_bytes);
}

/// Where the header says that a tensor lies. Throws image_format unless that is in the region.
[[nodiscard]] inline tensor_placement placement_of(const image_header& h, const image_tensor& t,
                                                   const char* name) {
  tensor_placement p{.name = name,
                     .kind = t.kind,
                     .shape = {t.channels, t.height, t.width},
                     .images = h.images,
                     .is_signed = t.is_signed,
                     .pixels = index_t{h.poy} * h.pox};
  expects(t.channels >= 1 && t.height >= 1 && t.width >= 1, errc::image_format,
          "the header's {}: channels, height and width must be >= 1, given {}, {}, {}", name,
          t.channels, t.height, t.width);
  expects(t.offset % image_alignment == 0, errc::image_format,
          "the header's {}: offset must be a multiple of {}, given {}", name, image_alignment,
          t.offset);
  const index_t planes = ceil_div(p.images, p.batch()) * p.groups();
  const auto free = h.act_bytes - std::min(h.act_bytes, t.offset);
  expects(static_cast<std::uint64_t>(planes) <= free / static_cast<std::uint64_t>(p.group_stride()),
          errc::image_format,
          "the header's {}: {} planes of {} bytes at offset {} leave the activation region of {} "
          "bytes",
          name, planes, p.group_stride(), t.offset, h.act_bytes);
  p.offset = static_cast<index_t>(t.offset);
  return p;
}

/// A layer's array must be the header's.
inline void check_array(const image_header& h, const layer_descriptor& d, std::size_t number) {
  expects(d.poy == h.poy && d.pox == h.pox && d.pof == h.pof && d.bus_bytes == h.bus_bytes &&
              d.skip == h.skip,
          errc::image_format,
          "layer {} is for an array {}x{}x{}, bus {}, skip {}, the header says {}x{}x{}, bus {}, "
          "skip {}",
          number, d.poy, d.pox, d.pof, d.bus_bytes, d.skip, h.poy, h.pox, h.pof, h.bus_bytes,
          h.skip);
}

/// Every read must stay in its region, every index list end before its beats do.
inline void check_reads(const image_file& f, std::size_t layer) {
  const decoded_layer& l = f.layers[layer];
  for (std::size_t s = 0; s < l.steps.size(); ++s) {
    expects(l.steps[s].images <= f.header.images, errc::image_format,
            "layer {}, step {}: images must be at most the batch's {}, given {}", layer, s,
            f.header.images, l.steps[s].images);
    for (const read_request& r :
         requests_of_step(f.bytes, l, static_cast<index_t>(layer), static_cast<index_t>(s))) {
      const auto end = static_cast<std::uint64_t>(r.offset + r.bytes(l.descriptor.bus_bytes));
      const std::uint64_t region = r.from_activations() ? f.header.act_bytes : f.bytes.size();
      expects(end <= region, errc::image_format,
              "layer {}, step {}: the {} at {} ends at byte {} of a region of {} bytes", layer, s,
              to_string(r.kind), r.offset, end, region);
    }
    if (l.steps[s].new_weights) (void)decode_rows(f.bytes, l.descriptor, l.steps[s]);
  }
}

/// Flags of the header that no layer, or not all layers, agree with.
inline void check_needs(const image_file& f) {
  image_header needs;
  set_needs(needs, f.layers);
  expects(needs.pool == f.header.pool && needs.residual == f.header.residual, errc::image_format,
          "the header says pooling {}, residual {}, the layers need {}, {}", f.header.pool,
          f.header.residual, needs.pool, needs.residual);
}

}  // namespace detail

/// The bytes of an image file, docs/formats-files.md: header and image, what one run needs. Throws
/// layer_does_not_fit for what the header has no room for: more than 65535 images, an output that
/// is a part of a larger tensor (concatenation) of several images.
[[nodiscard]] inline std::vector<std::uint8_t> encode_image_file(
    const program& p, const image_numbers& numbers = {}) {
  const std::vector<std::uint8_t> body = detail::image_behind_header(p);
  std::vector<std::uint8_t> bytes = encode(detail::header_of(p, numbers), body);
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

/// Reads an image file and checks all that a file alone can tell: kind, version, size, both
/// checksums, the header's fields, every record, that the records are for the header's array, and
/// that nothing is read outside the regions. Throws image_format, which says what is wrong where.
/// Whether it fits an accelerator is for driver::prepare().
[[nodiscard]] inline image_file decode_image_file(std::span<const std::uint8_t> bytes) {
  image_file f;
  f.header = decode_header(bytes);
  detail::check_header(f.header);
  f.bytes.assign(bytes.begin(), bytes.end());
  f.input = detail::placement_of(f.header, f.header.input, "input");
  f.output = detail::placement_of(f.header, f.header.output, "output");
  f.layers = decode_image(bytes, f.header.desc_offset, f.header.layer_count);
  for (std::size_t i = 0; i < f.layers.size(); ++i) {
    detail::check_array(f.header, f.layers[i].descriptor, i);
    detail::check_reads(f, i);
  }
  detail::check_needs(f);
  return f;
}

}  // namespace swprune::inline v0::hw
