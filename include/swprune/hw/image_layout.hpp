// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::hw {

/// How the maps of a batch lie in memory, docs/formats.md section 2.
enum class layout {
  planar,       ///< `[n][G][H][W][4]`
  interleaved,  ///< `[n div P][G][H][W][P][4]`: one beat feeds several images
};

/// Name of a layout as in the documentation.
[[nodiscard]] constexpr const char* to_string(layout kind) {
  return kind == layout::planar ? "planar" : "interleaved";
}

/// Where the maps of a batch lie in the activation region. Channels go in groups of four; a word
/// is the four channels of one pixel. Strides and offsets are bytes.
struct tensor_placement {
  std::string name;
  layout kind = layout::planar;
  map_shape shape;
  index_t images = 1;
  bool is_signed = false;  ///< bytes are s8, else u8
  index_t pixels = 1;      ///< P = Poy * Pox of the array: images side by side when interleaved
  index_t offset = 0;      ///< from the region's base, multiple of 64

  /// G: channel groups, ceil(C / 4).
  [[nodiscard]] index_t groups() const { return ceil_div(shape.channels, 4); }
  /// Images that share a set of planes: 1, or P.
  [[nodiscard]] index_t batch() const { return kind == layout::planar ? 1 : pixels; }
  /// Bytes from one pixel to the next.
  [[nodiscard]] index_t pixel_stride() const { return 4 * batch(); }
  [[nodiscard]] index_t row_stride() const { return shape.width * pixel_stride(); }
  /// Bytes from one plane (four channels) to the next.
  [[nodiscard]] index_t group_stride() const { return round_up(shape.height * row_stride(), 64); }
  /// Bytes from one image (planar) or one batch of P images (interleaved) to the next.
  [[nodiscard]] index_t batch_stride() const { return groups() * group_stride(); }
  /// Bytes of everything; interleaved images that do not exist are allocated as well.
  [[nodiscard]] index_t bytes() const { return ceil_div(images, batch()) * batch_stride(); }
  /// First byte of image n: channel 0, pixel (0, 0).
  [[nodiscard]] index_t image_offset(index_t n) const {
    return offset + n / batch() * batch_stride() + n % batch() * 4;
  }
  /// Byte of channel c, pixel (y, x) of image n, from the region's base.
  [[nodiscard]] index_t byte_of(index_t n, index_t c, index_t y, index_t x) const {
    return image_offset(n) + c / 4 * group_stride() + y * row_stride() + x * pixel_stride() + c % 4;
  }

  friend bool operator==(const tensor_placement&, const tensor_placement&) = default;
};

/// Writes `[n][C][H][W]` bytes into the activation region. Bytes between and behind the maps stay
/// as they are. Throws layer_shape for another number of bytes or a region that is too small.
SWPRUNE_FUNCTION void pack(const tensor_placement& t, std::span<const std::uint8_t> plain,
                           std::span<std::uint8_t> region);

/// Reads `[n][C][H][W]` bytes from the activation region; the inverse of pack(). Throws layer_shape
/// for a region that is too small.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> unpack(
    const tensor_placement& t, std::span<const std::uint8_t> region);

#if SWPRUNE_BODIES

namespace detail {

/// visit(index in [n][C][H][W], byte in the region) for every real byte of the tensor.
template <typename Visit>
void for_each_byte(const tensor_placement& t, const Visit& visit) {
  std::size_t plain = 0;
  for (index_t n = 0; n < t.images; ++n)
    for (index_t c = 0; c < t.shape.channels; ++c)
      for (index_t y = 0; y < t.shape.height; ++y)
        for (index_t x = 0; x < t.shape.width; ++x)
          visit(plain++, static_cast<std::size_t>(t.byte_of(n, c, y, x)));
}

/// Throws layer_shape unless the region reaches as far as the tensor.
inline void check_region(const tensor_placement& t, std::size_t region_bytes) {
  expects(static_cast<index_t>(region_bytes) >= t.offset + t.bytes(), errc::layer_shape,
          "'{}' ends at byte {} of the activation region, which has only {}", t.name,
          t.offset + t.bytes(), region_bytes);
}

}  // namespace detail

SWPRUNE_FUNCTION void pack(const tensor_placement& t, std::span<const std::uint8_t> plain,
                           std::span<std::uint8_t> region) {
  expects(static_cast<index_t>(plain.size()) == t.images * t.shape.size(), errc::layer_shape,
          "'{}' is {} images of {} x {} x {} = {} bytes, given {}", t.name, t.images,
          t.shape.channels, t.shape.height, t.shape.width, t.images * t.shape.size(), plain.size());
  detail::check_region(t, region.size());
  detail::for_each_byte(t, [&](std::size_t i, std::size_t at) { region[at] = plain[i]; });
}

SWPRUNE_FUNCTION std::vector<std::uint8_t> unpack(const tensor_placement& t,
                                                  std::span<const std::uint8_t> region) {
  detail::check_region(t, region.size());
  std::vector<std::uint8_t> plain(static_cast<std::size_t>(t.images * t.shape.size()));
  detail::for_each_byte(t, [&](std::size_t i, std::size_t at) { plain[i] = region[at]; });
  return plain;
}

#endif

}  // namespace swprune::inline v0::hw
