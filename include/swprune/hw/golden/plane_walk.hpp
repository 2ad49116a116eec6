// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace swprune::inline v0::hw::golden {

/// A coordinate c of a map as (c mod S, (c div S) mod Seg, (c div S) div Seg), counted by carry as
/// hardware does, which never divides.
struct axis_place {
  std::uint32_t phase = 0;
  std::uint32_t inside = 0;   ///< place in its segment
  std::uint32_t segment = 0;  ///< number of its segment

  void advance(std::uint32_t stride, std::uint32_t seg) {
    if (++phase < stride) return;
    phase = 0;
    if (++inside < seg) return;
    inside = 0;
    ++segment;
  }
};

/// Walks the words of a plane in the order in which they arrive: along its rows.
struct plane_walk {
  axis_place y, x;
  std::uint32_t column = 0;

  /// The next word of a map whose rows have `width` words.
  void advance(std::uint32_t width, std::uint32_t stride, std::uint32_t seg_y,
               std::uint32_t seg_x) {
    if (++column != width) {
      x.advance(stride, seg_x);
      return;
    }
    column = 0;
    x = {};
    y.advance(stride, seg_y);
  }
};

}  // namespace swprune::inline v0::hw::golden
