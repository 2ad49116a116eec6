// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "swprune/core/types.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"

// A map in columns of strips. Nothing here depends on the layer that works on the map: what is
// summed column by column is the same for the one that writes a map and the one that reads it.

namespace swprune::inline v0::nn::detail {

/// Pixels whose sums wait side by side in the first-level cache.
inline constexpr index_t strip_pixels = 16;

/// Width and height of a strip.
struct strip_extent {
  index_t width, height;
};

[[nodiscard]] inline strip_extent extent_of_strips(const map_shape& map) {
  const index_t width = ceil_div(map.width, ceil_div(map.width, strip_pixels));
  return {width, std::clamp<index_t>(strip_pixels / width, 1, map.height)};
}

[[nodiscard]] inline index_t column_count(const map_shape& map) {
  return ceil_div(map.width, extent_of_strips(map).width);
}

/// Pixels of a row that are in column `c`, 0 <= c < column_count(map).
[[nodiscard]] inline tap_range column_of(const map_shape& map, index_t c) {
  const index_t columns = column_count(map);
  return {map.width * c / columns, map.width * (c + 1) / columns};
}

}  // namespace swprune::inline v0::nn::detail
