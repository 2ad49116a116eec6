// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "swprune/nn/activations.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"
#include "swprune/nn/detail/conv_taps.hpp"
#include "swprune/nn/detail/map_columns.hpp"

namespace swprune::inline v0::nn::detail {

/// Most tiles, and pixels of them, that are worked on together.
inline constexpr index_t most_tiles_at_once = 4;
inline constexpr index_t most_positions = 2 * strip_pixels;

/// Bytes of the map that is read which a strip may touch, all channels together: they stay in the
/// second-level cache from one group to the next and, where rows are shared, to the next strip.
inline constexpr index_t strip_bytes = 256 * 1024;

/// The same where a strip is the whole map. Nothing is shared then, and small maps are mostly
/// edges: a pixel alone with its taps keeps the processor half busy, and its neighbours in other
/// tiles have the same taps. The weights, of which there are many, are read less often as well.
inline constexpr index_t whole_map_bytes = 1024 * 1024;

/// Bytes of it which a strip should touch before it goes on to other channels: most of the
/// first-level cache. Fewer would cost more loads and stores of waiting sums.
inline constexpr index_t chunk_bytes = 28 * 1024;

/// Most channels of a chunk: the lists of what to multiply grow with it.
inline constexpr index_t most_chunk_channels = 16;

/// One pixel of one tile: what to multiply, and where it reads and is written, in scalars after the
/// first tile's first channel.
struct strip_position {
  const tap_steps* steps = nullptr;  ///< [pattern]
  index_t from = 0;
  index_t to = 0;
  int alike = 1;  ///< how many positions in a row have the same steps, from this one on
};

/// Pixels of the map that is written which are worked on together: neighbours, those with the same
/// taps side by side, so that a weight can be loaded once for several of them.
struct pixel_strip {
  std::vector<strip_position> positions;
  tap_range rows, columns;
  /// From where a position reads, or is written, to what the same position of the strip below is
  /// the first to read, or to write. 0 if there is none.
  index_t from_below = 0;
  index_t to_below = 0;
};

/// The pixels of some rows and columns.
[[nodiscard]] inline pixel_strip strip_of(std::span<const pixel_window> windows,
                                          const map_shape& map, tap_range rows, tap_range columns) {
  const auto window = [&](index_t y, index_t x) -> const pixel_window& {
    return windows[static_cast<std::size_t>(y * map.width + x)];
  };
  pixel_strip strip{.positions = {}, .rows = rows, .columns = columns};
  const auto before = [](const strip_position& a, const strip_position& b) {
    return std::less<>()(a.steps, b.steps);
  };
  for (index_t y = rows.begin; y < rows.end; ++y)
    for (index_t x = columns.begin; x < columns.end; ++x) {
      const strip_position p{window(y, x).steps.data(), window(y, x).origin,
                             (y * map.width + x) * lanes, 1};
      auto& all = strip.positions;
      all.insert(std::upper_bound(all.begin(), all.end(), p, before), p);
    }
  if (rows.end < map.height) {
    const pixel_window& below = window(rows.end, columns.begin);
    strip.from_below = below.origin + below.last - window(rows.begin, columns.begin).origin;
    strip.to_below = (rows.end - rows.begin) * map.width * lanes;
  }
  return strip;
}

/// A map in columns of strips: going down a column, a strip finds the rows that it shares with the
/// one above still in the second-level cache, for all channels.
[[nodiscard]] inline std::vector<std::vector<pixel_strip>> strip_columns(
    const map_shape& map, std::span<const pixel_window> windows) {
  const index_t height = extent_of_strips(map).height;
  std::vector<std::vector<pixel_strip>> result(static_cast<std::size_t>(column_count(map)));
  for (index_t c = 0; c < std::ssize(result); ++c)
    for (index_t y = 0; y < map.height; y += height)
      result[static_cast<std::size_t>(c)].push_back(
          strip_of(windows, map, {y, std::min(y + height, map.height)}, column_of(map, c)));
  return result;
}

/// How much is worked on at once.
struct strip_depth {
  index_t tiles;     ///< of a strip
  index_t channels;  ///< of the map that is read, before the strip goes on to others
};

[[nodiscard]] inline strip_depth depth_of_strips(const conv_geometry& g, const map_shape& from,
                                                 const map_shape& to, index_t scalar_bytes) {
  const strip_extent extent = extent_of_strips(to);
  const index_t rows = std::min(from.height, extent.height + g.kernel_height - 1);
  const index_t columns = std::min(from.width, extent.width + g.kernel_width - 1);
  const index_t bytes = rows * columns * lanes * scalar_bytes;
  const bool whole = extent.height == to.height && extent.width == to.width;
  const index_t most =
      std::clamp<index_t>(most_positions / (extent.height * extent.width), 1, most_tiles_at_once);
  const index_t tiles = std::clamp<index_t>(
      (whole ? whole_map_bytes : strip_bytes) / (bytes * from.channels), 1, most);
  return {tiles, std::clamp<index_t>(chunk_bytes / (bytes * tiles), 1, most_chunk_channels)};
}

}  // namespace swprune::inline v0::nn::detail
