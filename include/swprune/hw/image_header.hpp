// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_encode.hpp"
#include "swprune/hw/image_layout.hpp"

namespace swprune::inline v0::hw {

inline constexpr index_t header_bytes = 128;
inline constexpr std::uint32_t header_magic = 0x49505753;  // "SWPI"

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

/// The first 128 bytes of an image file, docs/formats-files.md: what a driver must know.
/// The accelerator does not read them. Depths of the array's buffers are not part of it.
struct image_header {
  std::uint64_t image_bytes = 0;  ///< of the whole image, header included
  std::uint64_t act_bytes = 0;    ///< of the activation region
  std::uint32_t desc_offset = 0;  ///< first layer descriptor
  std::uint16_t layer_count = 0;
  std::uint16_t images = 0;  ///< batch
  std::uint8_t poy = 0, pox = 0, pof = 0, chains = 0, bus_bytes = 0;
  bool skip = false;
  bool pool = false;      ///< the image needs a core with pooling
  bool residual = false;  ///< the image needs a core with residual add
  image_tensor input;
  image_tensor output;
  /// Beats that the same steps would read if every structural block were live.
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

[[nodiscard]] inline image_tensor tensor_at(const record_reader& r, index_t at) {
  r.need_range("layout", r.u8(at + 16), 0, 1);
  r.need_range("signed", r.u8(at + 17), 0, 1);
  r.need_zero(at + 24, at + 32);
  return {.offset = r.u32(at) | std::uint64_t{r.u32(at + 4)} << 32,
          .channels = r.u32(at + 8),
          .height = r.u16(at + 12),
          .width = r.u16(at + 14),
          .kind = r.u8(at + 16) == 1 ? layout::interleaved : layout::planar,
          .is_signed = r.u8(at + 17) == 1,
          .zero = r.s16(at + 18),
          .scale = std::bit_cast<float>(r.u32(at + 20))};
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

namespace detail {

/// What no image file can lack, before any checksum, so that another kind of file is called one.
inline void check_kind(std::span<const std::uint8_t> image) {
  expects(static_cast<index_t>(image.size()) >= header_bytes, errc::image_format,
          "an image begins with a header of {} bytes, given {} bytes", header_bytes, image.size());
  const auto number = [&](std::size_t at, std::size_t bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = bytes; i > 0; --i) value = value << 8 | image[at + i - 1];
    return value;
  };
  expects(number(0, 4) == header_magic, errc::image_format,
          "an image begins with SWPI ({:#010x}), given {:#010x}", header_magic, number(0, 4));
  expects(number(4, 2) == image_version, errc::image_format,
          "images of version {} are understood, given version {}", image_version, number(4, 2));
}

}  // namespace detail

/// Reads the header of an image and checks it and the CRC of what follows. Throws image_format for
/// an image that is cut off or longer than it says, a wrong magic, version, size or CRC, and for
/// flags and reserved bytes that are not what they must be.
[[nodiscard]] inline image_header decode_header(std::span<const std::uint8_t> image) {
  detail::check_kind(image);
  const detail::record_reader r(image, 0, header_bytes, "the header of image", 0);
  r.need("bytes", r.u16(6), static_cast<std::uint64_t>(header_bytes));
  r.need_range("flags", r.u8(37), 0, 7);
  r.need_zero(38, 40);
  r.need_zero(116, 124);
  const auto u64 = [&](index_t at) { return r.u32(at) | std::uint64_t{r.u32(at + 4)} << 32; };
  r.need("image_bytes", u64(8), image.size());
  r.need("body_crc", r.u32(112), crc32_of(image.subspan(static_cast<std::size_t>(header_bytes))));
  return {.image_bytes = u64(8),
          .act_bytes = u64(16),
          .desc_offset = r.u32(24),
          .layer_count = r.u16(28),
          .images = r.u16(30),
          .poy = r.u8(32),
          .pox = r.u8(33),
          .pof = r.u8(34),
          .chains = r.u8(35),
          .bus_bytes = r.u8(36),
          .skip = (r.u8(37) & 1) != 0,
          .pool = (r.u8(37) & 2) != 0,
          .residual = (r.u8(37) & 4) != 0,
          .input = detail::tensor_at(r, 40),
          .output = detail::tensor_at(r, 72),
          .dense_read_beats = u64(104)};
}

}  // namespace swprune::inline v0::hw
