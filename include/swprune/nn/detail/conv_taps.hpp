// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/detail/conv_blocks.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"

namespace swprune::inline v0::nn::detail {

/// A tap along one direction and where it meets the other map, counted from the window's origin.
struct axis_tap {
  index_t tap = 0;
  index_t shift = 0;

  friend bool operator==(const axis_tap&, const axis_tap&) = default;
};

/// For every position along one direction the taps that reach the other map from it. Positions
/// with the same taps at the same shifts form a class: at most one for the inside (one for each
/// remainder of the stride going backward) and a few for the edges.
struct axis_windows {
  std::vector<index_t> origins;                ///< [position]
  std::vector<index_t> classes;                ///< [position]
  std::vector<std::vector<axis_tap>> windows;  ///< [class], taps ascending

  void add(index_t origin, std::vector<axis_tap> taps) {
    const auto same = std::find(windows.begin(), windows.end(), taps);
    origins.push_back(origin);
    classes.push_back(same - windows.begin());
    if (same == windows.end()) windows.push_back(std::move(taps));
  }
};

/// Input positions that each output position reads: out * stride - padding + k.
[[nodiscard]] inline axis_windows input_windows(index_t size, index_t kernel, index_t outputs,
                                                index_t stride, index_t padding) {
  axis_windows w;
  for (index_t out = 0; out < outputs; ++out) {
    const tap_range range = valid_taps(out, kernel, size, stride, padding);
    std::vector<axis_tap> taps;
    for (index_t k = range.begin; k < range.end; ++k) taps.push_back({k, k});
    w.add(out * stride - padding, std::move(taps));
  }
  return w;
}

/// Output positions that read each input position: those with out * stride = in + padding - k.
[[nodiscard]] inline axis_windows output_windows(index_t size, index_t kernel, index_t outputs,
                                                 index_t stride, index_t padding) {
  axis_windows w;
  for (index_t in = 0; in < size; ++in) {
    const index_t origin = (in + padding) / stride;
    std::vector<axis_tap> taps;
    for (index_t k = 0; k < kernel && k <= in + padding; ++k) {
      const index_t out = (in + padding - k) / stride;
      if ((in + padding - k) % stride == 0 && out < outputs) taps.push_back({k, out - origin});
    }
    w.add(origin, std::move(taps));
  }
  return w;
}

/// One kept tap of a pixel: where its weights lie after those of the channel's first kept tap, and
/// where its number lies in the other map after the window's origin, both in scalars.
struct tap_step {
  index_t weight = 0;
  index_t map = 0;
};

/// What one pixel has to do with one block, for each channel of the block.
using tap_steps = std::span<const tap_step>;

/// What one pixel has to do with any block: steps for every tap pattern, and where the window
/// begins in the other map, in scalars (which may be outside of it).
struct pixel_window {
  std::span<const tap_steps> steps;
  index_t origin = 0;
};

/// For every pixel of a map and every tap pattern the taps to multiply, in ascending order. Absent
/// taps and taps on padding have no entry, so the kernels never ask.
class tap_plan {
 public:
  /// What output pixels read.
  [[nodiscard]] static tap_plan forward(const conv_geometry& g, const tap_patterns& patterns) {
    return {input_windows(g.input.height, g.kernel_height, g.output.height, g.stride, g.padding),
            input_windows(g.input.width, g.kernel_width, g.output.width, g.stride, g.padding), g,
            patterns, g.input.width};
  }

  /// Which output pixels read input pixels.
  [[nodiscard]] static tap_plan backward(const conv_geometry& g, const tap_patterns& patterns) {
    return {output_windows(g.input.height, g.kernel_height, g.output.height, g.stride, g.padding),
            output_windows(g.input.width, g.kernel_width, g.output.width, g.stride, g.padding), g,
            patterns, g.output.width};
  }

  tap_plan(const tap_plan&) = delete;  // the spans are into the plan's own list
  tap_plan& operator=(const tap_plan&) = delete;

  /// Size of the map whose pixels ask.
  [[nodiscard]] index_t height() const { return static_cast<index_t>(rows_.origins.size()); }
  [[nodiscard]] index_t width() const { return static_cast<index_t>(columns_.origins.size()); }

  [[nodiscard]] pixel_window at(index_t y, index_t x) const {
    const auto row = static_cast<std::size_t>(y);
    const auto column = static_cast<std::size_t>(x);
    const std::size_t window =
        static_cast<std::size_t>(rows_.classes[row]) * columns_.windows.size() +
        static_cast<std::size_t>(columns_.classes[column]);
    return {std::span<const tap_steps>(steps_).subspan(window * patterns_, patterns_),
            (rows_.origins[row] * other_width_ + columns_.origins[column]) * lanes};
  }

 private:
  tap_plan(axis_windows rows, axis_windows columns, const conv_geometry& g,
           const tap_patterns& patterns, index_t other_width)
      : rows_(std::move(rows)),
        columns_(std::move(columns)),
        other_width_(other_width),
        patterns_(patterns.size()) {
    std::vector<std::size_t> ends{0};
    for (const auto& row : rows_.windows)
      for (const auto& column : columns_.windows)
        for (const std::vector<index_t>& taps : patterns) {
          add(row, column, taps, g);
          ends.push_back(all_.size());
        }
    for (std::size_t i = 1; i < ends.size(); ++i)
      steps_.push_back(tap_steps(all_).subspan(ends[i - 1], ends[i] - ends[i - 1]));
  }

  void add(const std::vector<axis_tap>& row, const std::vector<axis_tap>& column,
           const std::vector<index_t>& taps, const conv_geometry& g) {
    for (const axis_tap& ky : row)
      for (const axis_tap& kx : column) {
        const index_t tap = ky.tap * g.kernel_width + kx.tap;
        const auto slot = std::lower_bound(taps.begin(), taps.end(), tap);
        if (slot != taps.end() && *slot == tap)
          all_.push_back({(slot - taps.begin()) * g.block_outputs,
                          (ky.shift * other_width_ + kx.shift) * lanes});
      }
  }

  axis_windows rows_;
  axis_windows columns_;
  index_t other_width_;  ///< of the map that the windows lie in
  std::size_t patterns_;
  std::vector<tap_step> all_;
  std::vector<tap_steps> steps_;  ///< [row class][column class][pattern]
};

}  // namespace swprune::inline v0::nn::detail
