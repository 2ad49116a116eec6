// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/image_encode.hpp"
#include "swprune/hw/image_layout.hpp"
#include "swprune/hw/registers.hpp"

namespace swprune::inline v0::hw {

inline constexpr index_t header_bytes = regs::header::header_bytes;
inline constexpr std::uint32_t header_magic = regs::header::header_magic;

/// Input or output of a network as its image's header says.
struct image_tensor {
  std::uint64_t offset = 0;  ///< bytes from the base of the activation region
  std::uint32_t channels = 0;
  std::uint16_t height = 0;
  std::uint16_t width = 0;
  layout kind = layout::planar;
  bool is_signed = false;
  std::int16_t zero = 0;  ///< zero point
  float scale = 1;        ///< real value of one step

  friend bool operator==(const image_tensor&, const image_tensor&) = default;
};

/// The first 128 bytes of an image file, docs/accelerator.md section 14: what a driver must know.
/// The accelerator does not read them. Depths of the array's buffers are not part of it.
struct image_header {
  std::uint64_t image_bytes = 0;  ///< of the whole image, header included
  std::uint64_t act_bytes = 0;    ///< of the activation region
  std::uint32_t desc_offset = 0;  ///< first layer descriptor, from the end of the header
  std::uint16_t layer_count = 0;
  std::uint16_t images = 0;  ///< batch
  std::uint8_t poy = 0, pox = 0, pof = 0, chains = 0, bus_bytes = 0;
  bool skip = false;
  bool pool = false;      ///< the image needs a core with pooling
  bool residual = false;  ///< the image needs a core with residual add
  image_tensor input;
  image_tensor output;
  /// Read beats, with those of weights and planes that skipping saves.
  std::uint64_t dense_read_beats = 0;

  friend bool operator==(const image_header&, const image_header&) = default;
};

namespace detail {

inline void put_tensor(byte_writer& w, const image_tensor& t) {
  w.put(t.offset);
  w.put(t.channels);
  w.put(t.height);
  w.put(t.width);
  w.put(static_cast<std::uint8_t>(t.kind == layout::interleaved));
  w.put(static_cast<std::uint8_t>(t.is_signed));
  w.put(t.zero);
  w.put(std::bit_cast<std::uint32_t>(t.scale));
  w.zeros(8);
}

/// Reads fields of a header by their places.
class header_reader {
 public:
  explicit header_reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t get(regs::byte_field f, unsigned shift = 0) const {
    std::uint64_t value = 0;
    for (unsigned i = f.bytes; i-- > 0;) value = value << 8 | bytes_[f.offset + shift + i];
    return value;
  }
  template <typename T>
  [[nodiscard]] T get_as(regs::byte_field f, unsigned shift = 0) const {
    return static_cast<T>(get(f, shift));
  }
  void need(errc code, const char* field, std::uint64_t given, std::uint64_t expected) const {
    expects(given == expected, code, "{} must be {:#x}, given {:#x}", field, expected, given);
  }
  void need_at_most(const char* field, std::uint64_t given, std::uint64_t most) const {
    expects(given <= most, errc::image_header_field, "{} must be 0..{}, given {}", field, most,
            given);
  }
  void need_zero(std::size_t from, std::size_t to) const {
    for (std::size_t at = from; at < to; ++at)
      expects(bytes_[at] == 0, errc::image_header_field,
              "the reserved byte {} of the header must be 0, given {}", at, bytes_[at]);
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

/// The tensor whose fields lie `shift` bytes behind those of the input.
[[nodiscard]] inline image_tensor tensor_at(const header_reader& r, unsigned shift) {
  namespace f = regs::header;
  r.need_at_most("a layout", r.get(f::input_layout, shift), 1);
  r.need_at_most("a sign flag", r.get(f::input_signed, shift), 1);
  r.need_zero(64 + shift, 72 + shift);
  return {.offset = r.get(f::input_offset, shift),
          .channels = r.get_as<std::uint32_t>(f::input_channels, shift),
          .height = r.get_as<std::uint16_t>(f::input_height, shift),
          .width = r.get_as<std::uint16_t>(f::input_width, shift),
          .kind = r.get(f::input_layout, shift) == 1 ? layout::interleaved : layout::planar,
          .is_signed = r.get(f::input_signed, shift) == 1,
          .zero = r.get_as<std::int16_t>(f::input_zero, shift),
          .scale = std::bit_cast<float>(r.get_as<std::uint32_t>(f::input_scale, shift))};
}

/// What must hold before the fields mean anything, in the order in which it can be told apart.
inline void check_header_bytes(std::span<const std::uint8_t> image) {
  namespace f = regs::header;
  expects(image.size() >= f::header_bytes, errc::image_size,
          "the header alone has {} bytes, given {}", f::header_bytes, image.size());
  const header_reader r(image);
  r.need(errc::image_magic, "the first word", r.get(f::magic), f::header_magic);
  r.need(errc::image_version, "the version", r.get(f::version), f::header_version);
  r.need(errc::image_version, "the size of the header", r.get(f::bytes), f::header_bytes);
  r.need(errc::image_header_crc, "the CRC", r.get(f::crc), crc32_of(image.first(f::crc.offset)));
  const std::uint64_t size = r.get(f::image_bytes);
  expects(image.size() >= size, errc::image_size, "the image is cut off: {} bytes of {}",
          image.size(), size);
  expects(image.size() == size, errc::image_size, "the image has {} bytes, {} too many",
          image.size(), image.size() - size);
  r.need(errc::image_body_crc, "the CRC", r.get(f::body_crc),
         crc32_of(image.subspan(f::header_bytes)));
}

}  // namespace detail

/// The 128 bytes of a header in front of `body`, the rest of the image; image_bytes is taken from
/// their sizes.
[[nodiscard]] inline std::vector<std::uint8_t> encode(const image_header& h,
                                                      std::span<const std::uint8_t> body) {
  std::vector<std::uint8_t> bytes;
  detail::byte_writer w(bytes);
  w.put(header_magic);
  w.put(image_version);
  w.put(static_cast<std::uint16_t>(header_bytes));
  w.put(static_cast<std::uint64_t>(header_bytes) + body.size());
  w.put(h.act_bytes);
  w.put(h.desc_offset);
  w.put(h.layer_count);
  w.put(h.images);
  for (const std::uint8_t v : {h.poy, h.pox, h.pof, h.chains, h.bus_bytes}) w.put(v);
  w.put(static_cast<std::uint8_t>(h.skip | h.pool << 1 | h.residual << 2));
  w.zeros(2);
  detail::put_tensor(w, h.input);
  detail::put_tensor(w, h.output);
  w.put(h.dense_read_beats);
  w.put(crc32_of(body));
  w.zeros(8);
  w.put(crc32_of(bytes));
  return bytes;
}

/// Reads the header of an image and checks it and the CRC of what follows; only what the bytes
/// alone say, see check(const image_header&) for the rest. Throws image_size for an image that is
/// cut off or longer than it says, image_magic, image_version, image_header_crc, image_body_crc,
/// and image_header_field for flags and reserved bytes that are not what they must be.
[[nodiscard]] inline image_header decode_header(std::span<const std::uint8_t> image) {
  namespace f = regs::header;
  detail::check_header_bytes(image);
  const detail::header_reader r(image);
  r.need_at_most("flags", r.get(f::flags), 7);
  r.need_zero(38, 40);
  r.need_zero(116, 124);
  const auto flag = [&](std::uint8_t mask) { return (r.get(f::flags) & mask) != 0; };
  return {.image_bytes = r.get(f::image_bytes),
          .act_bytes = r.get(f::act_bytes),
          .desc_offset = r.get_as<std::uint32_t>(f::desc_offset),
          .layer_count = r.get_as<std::uint16_t>(f::layer_count),
          .images = r.get_as<std::uint16_t>(f::images),
          .poy = r.get_as<std::uint8_t>(f::poy),
          .pox = r.get_as<std::uint8_t>(f::pox),
          .pof = r.get_as<std::uint8_t>(f::pof),
          .chains = r.get_as<std::uint8_t>(f::chains),
          .bus_bytes = r.get_as<std::uint8_t>(f::bus_bytes),
          .skip = flag(regs::header_flag::skip),
          .pool = flag(regs::header_flag::pool),
          .residual = flag(regs::header_flag::residual),
          .input = detail::tensor_at(r, 0),
          .output = detail::tensor_at(r, f::output_offset.offset - f::input_offset.offset),
          .dense_read_beats = r.get(f::dense_read_beats)};
}

/// Where the input or the output of an image lies, for pack() and unpack().
[[nodiscard]] inline tensor_placement placement_of(const image_header& h, const image_tensor& t,
                                                   const char* name) {
  tensor_placement p;
  p.name = name;
  p.kind = t.kind;
  p.shape = {index_t{t.channels}, index_t{t.height}, index_t{t.width}};
  p.images = h.images;
  p.is_signed = t.is_signed;
  p.pixels = index_t{h.poy} * h.pox;
  p.offset = static_cast<index_t>(t.offset);
  return p;
}

namespace detail {

/// Without products that could overflow.
inline void check_tensor(const image_header& h, const image_tensor& t, const char* name) {
  const auto need = [&](bool ok, const char* rule) {
    expects(ok, errc::image_header_field, "the {} {}", name, rule);
  };
  need(t.channels >= 1 && t.height >= 1 && t.width >= 1, "must have pixels and channels");
  need(t.channels <= 262140, "must have at most 262140 channels");
  need(t.scale > 0 && std::isfinite(t.scale), "must have a finite scale above 0");
  need(t.offset % image_alignment == 0, "must lie at a multiple of 64");
  const tensor_placement p = placement_of(h, t, name);
  const auto room = t.offset > h.act_bytes ? 0 : static_cast<index_t>(h.act_bytes - t.offset);
  const index_t planes = room / p.group_stride();
  need(p.groups() * ceil_div(p.images, p.batch()) <= planes,
       "must lie within the activation region");
}

}  // namespace detail

/// Throws image_header_field, which names the field, for a header that no program has: sizes that
/// are no multiples of 64 or beyond 2^40, descriptors that overlap the header or leave the image,
/// no layer, no image, tensors outside the activation region.
inline void check(const image_header& h) {
  const auto need = [](bool ok, const char* rule, std::uint64_t given) {
    expects(ok, errc::image_header_field, "{}, given {}", rule, given);
  };
  constexpr std::uint64_t limit = std::uint64_t{1} << 40;
  need(h.image_bytes % 64 == 0 && h.image_bytes <= limit,
       "image_bytes must be a multiple of 64, at most 2^40", h.image_bytes);
  need(h.act_bytes % 64 == 0 && h.act_bytes <= limit,
       "act_bytes must be a multiple of 64, at most 2^40", h.act_bytes);
  need(h.layer_count >= 1, "layer_count must be >= 1", h.layer_count);
  need(h.images >= 1, "images must be >= 1", h.images);
  need(h.poy >= 1 && h.pox >= 1 && h.pof >= 1 && h.bus_bytes >= 1,
       "Poy, Pox, Pof and bus_bytes must be >= 1", 0);
  need(h.desc_offset % 64 == 0 && h.desc_offset >= header_bytes &&
           h.desc_offset + std::uint64_t{128} * h.layer_count <= h.image_bytes,
       "desc_offset must be a multiple of 64, behind the header, with its descriptors within the "
       "image",
       h.desc_offset);
  detail::check_tensor(h, h.input, "input");
  detail::check_tensor(h, h.output, "output");
}

}  // namespace swprune::inline v0::hw
