// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"

namespace swprune::inline v0::nn::detail {

/// Output pixels of a patch: what the taps of a piece of a block read of them stays in or near the
/// first-level cache. Half as many are read a little faster, but sums are then loaded and stored
/// twice as often.
inline constexpr index_t patch_pixels = 64;

/// An input and an output pixel that meet at a tap, in scalars after the beginning of the patch.
struct pixel_pair {
  std::int32_t in = 0;
  std::int32_t out = 0;
};

/// The pairs of every tap of a kernel in a patch.
using patch_pairs = std::vector<std::vector<pixel_pair>>;

/// Neighbouring output pixels of one tile, or all pixels of a few tiles where a map is small. Many
/// patches differ only in where they begin.
struct output_patch {
  index_t in = 0;     ///< scalars from the first tile of the slice to where its pairs begin
  index_t out = 0;    ///< the same in the other map
  index_t pairs = 0;  ///< which
};

/// The output pixels of some tiles in patches.
class patch_plan {
 public:
  patch_plan(const conv_geometry& g, index_t tiles) : geometry_(g) {
    const index_t width = std::min(g.output.width, patch_pixels);
    const index_t height = std::clamp<index_t>(patch_pixels / width, 1, g.output.height);
    const index_t depth = std::max<index_t>(1, patch_pixels / g.output.pixels());
    for (index_t t = 0; t < tiles; t += depth)
      for (index_t y = 0; y < g.output.height; y += height)
        for (index_t x = 0; x < g.output.width; x += width)
          add(t, y, x,
              {std::min(depth, tiles - t), std::min(height, g.output.height - y),
               std::min(width, g.output.width - x)});
  }

  [[nodiscard]] std::span<const output_patch> patches() const { return patches_; }
  [[nodiscard]] std::span<const pixel_pair> pairs(const output_patch& p, index_t tap) const {
    return pairs_[static_cast<std::size_t>(p.pairs)][static_cast<std::size_t>(tap)];
  }

 private:
  struct extent {
    index_t depth, height, width;
  };

  /// What the pairs of a patch depend on: its extent and how far its window hangs over each edge.
  using pairs_key = std::array<index_t, 7>;

  [[nodiscard]] pairs_key key_of(index_t iy, index_t ix, const extent& size) const {
    const conv_geometry& g = geometry_;
    const index_t rows = (size.height - 1) * g.stride + (g.kernel_height - 1) * g.dilation + 1;
    const index_t columns = (size.width - 1) * g.stride + (g.kernel_width - 1) * g.dilation + 1;
    return {size.depth,
            size.height,
            size.width,
            std::min<index_t>(iy, 0),
            std::min<index_t>(ix, 0),
            std::max<index_t>(iy + rows - g.input.height, 0),
            std::max<index_t>(ix + columns - g.input.width, 0)};
  }

  void add(index_t tile, index_t y, index_t x, const extent& size) {
    const conv_geometry& g = geometry_;
    const index_t iy = y * g.stride - g.padding, ix = x * g.stride - g.padding;
    const pairs_key key = key_of(iy, ix, size);
    const auto same = std::find(keys_.begin(), keys_.end(), key);
    patches_.push_back({tile * tile_stride(g.input) + (iy * g.input.width + ix) * lanes,
                        tile * tile_stride(g.output) + (y * g.output.width + x) * lanes,
                        same - keys_.begin()});
    if (same != keys_.end()) return;
    keys_.push_back(key);
    patch_pairs pairs;
    for (index_t tap = 0; tap < g.taps(); ++tap)
      pairs.push_back(pairs_of(iy + tap / g.kernel_width * g.dilation,
                               ix + tap % g.kernel_width * g.dilation, size, iy, ix));
    pairs_.push_back(std::move(pairs));
  }

  /// Pairs of a tap that reads input row `row` and column `column` for the patch's first pixel;
  /// its window begins at (iy, ix).
  [[nodiscard]] std::vector<pixel_pair> pairs_of(index_t row, index_t column, const extent& size,
                                                 index_t iy, index_t ix) const {
    const conv_geometry& g = geometry_;
    std::vector<pixel_pair> pairs;
    for (index_t t = 0; t < size.depth; ++t)
      for (index_t y = 0; y < size.height; ++y)
        for (index_t x = 0; x < size.width; ++x) {
          const index_t in_y = row + y * g.stride, in_x = column + x * g.stride;
          if (in_y < 0 || in_y >= g.input.height || in_x < 0 || in_x >= g.input.width) continue;
          const index_t in =
              t * tile_stride(g.input) + ((in_y - iy) * g.input.width + in_x - ix) * lanes;
          const index_t out = t * tile_stride(g.output) + (y * g.output.width + x) * lanes;
          pairs.push_back({static_cast<std::int32_t>(in), static_cast<std::int32_t>(out)});
        }
    return pairs;
  }

  conv_geometry geometry_;
  std::vector<output_patch> patches_;
  std::vector<pairs_key> keys_;
  std::vector<patch_pairs> pairs_;  ///< [key]
};

}  // namespace swprune::inline v0::nn::detail
