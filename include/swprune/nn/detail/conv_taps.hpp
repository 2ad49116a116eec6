// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
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

/// One direction of a convolution: out * stride - padding + k * dilation = in.
struct conv_axis {
  index_t input = 1;
  index_t output = 1;
  index_t kernel = 1;
  index_t stride = 1;
  index_t padding = 0;
  index_t dilation = 1;
};

[[nodiscard]] inline conv_axis vertical(const conv_geometry& g) {
  return {g.input.height, g.output.height, g.kernel_height, g.stride, g.padding, g.dilation};
}
[[nodiscard]] inline conv_axis horizontal(const conv_geometry& g) {
  return {g.input.width, g.output.width, g.kernel_width, g.stride, g.padding, g.dilation};
}

/// Input positions that each output position reads.
[[nodiscard]] SWPRUNE_FUNCTION axis_windows input_windows(const conv_axis& a);

/// Output positions that read each input position.
[[nodiscard]] SWPRUNE_FUNCTION axis_windows output_windows(const conv_axis& a);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION axis_windows input_windows(const conv_axis& a) {
  axis_windows w;
  for (index_t out = 0; out < a.output; ++out) {
    const index_t origin = out * a.stride - a.padding;
    std::vector<axis_tap> taps;
    for (index_t k = 0; k < a.kernel; ++k)
      if (const index_t in = origin + k * a.dilation; in >= 0 && in < a.input)
        taps.push_back({k, k * a.dilation});
    w.add(origin, std::move(taps));
  }
  return w;
}

SWPRUNE_FUNCTION axis_windows output_windows(const conv_axis& a) {
  axis_windows w;
  for (index_t in = 0; in < a.input; ++in) {
    const index_t origin = (in + a.padding) / a.stride;
    std::vector<axis_tap> taps;
    for (index_t k = 0; k < a.kernel && k * a.dilation <= in + a.padding; ++k) {
      const index_t reach = in + a.padding - k * a.dilation;  // = out * stride
      if (reach % a.stride == 0 && reach / a.stride < a.output)
        taps.push_back({k, reach / a.stride - origin});
    }
    w.add(origin, std::move(taps));
  }
  return w;
}

#endif

/// One product of a pixel: where its weight lies after those of the first channel's first kept tap,
/// and where its number lies in the other map after the window's origin, both in scalars.
struct tap_step {
  index_t weight = 0;
  index_t map = 0;
};

/// What one pixel has to do with one block: the kept taps that it reaches in the first channel,
/// then those in the second, and so on; one list, because leaving a loop costs a wrong guess.
struct tap_steps {
  std::span<const tap_step> all;
  std::size_t per_channel = 0;

  [[nodiscard]] std::span<const tap_step> of_channels(index_t count) const {
    return all.first(per_channel * static_cast<std::size_t>(count));
  }
};

/// What one pixel has to do with any block: steps for every tap pattern, and where the window
/// begins in the other map, in scalars (which may be outside of it).
struct pixel_window {
  std::span<const tap_steps> steps;
  index_t origin = 0;
  index_t last = 0;  ///< after the origin, the last number of the window
};

/// For every pixel of a map and every tap pattern the taps to multiply, in ascending order. Absent
/// taps and taps on padding have no entry, so the kernels never ask.
class tap_plan {
 public:
  /// What output pixels read, at most `channels` channels in one go.
  [[nodiscard]] static tap_plan forward(const conv_geometry& g, const tap_patterns& patterns,
                                        index_t channels) {
    return {input_windows(vertical(g)),
            input_windows(horizontal(g)),
            patterns,
            {g.kernel_width, g.input, g.block_outputs, false, channels}};
  }

  /// Which output pixels read input pixels.
  [[nodiscard]] static tap_plan backward(const conv_geometry& g, const tap_patterns& patterns,
                                         index_t channels) {
    return {output_windows(vertical(g)),
            output_windows(horizontal(g)),
            patterns,
            {g.kernel_width, g.output, g.block_outputs, true, channels}};
  }

  tap_plan(const tap_plan&) = delete;  // the spans are into the plan's own lists
  tap_plan& operator=(const tap_plan&) = delete;

  /// [pixel] of the map whose pixels ask, row by row.
  [[nodiscard]] std::span<const pixel_window> windows() const { return windows_; }

 private:
  struct layout {
    index_t kernel_width;
    map_shape map;        ///< that the windows lie in
    index_t tap_weights;  ///< from one kept tap to the next
    bool outputs;  ///< channels of the map are a block's outputs, whose weights are neighbours
    index_t channels;
  };

  tap_plan(const axis_windows& rows, const axis_windows& columns, const tap_patterns& patterns,
           const layout& l) {
    for (const auto& row : rows.windows)
      for (const auto& column : columns.windows)
        for (const std::vector<index_t>& taps : patterns) add_steps(row, column, taps, l);
    std::size_t begin = 0;  // only now, since the lists do not move any more
    for (tap_steps& s : steps_) {
      const std::size_t count = s.per_channel * static_cast<std::size_t>(l.channels);
      s.all = std::span<const tap_step>(all_).subspan(begin, count);
      begin += count;
    }
    windows_.reserve(rows.origins.size() * columns.origins.size());
    for (std::size_t y = 0; y < rows.origins.size(); ++y)
      for (std::size_t x = 0; x < columns.origins.size(); ++x) {
        const auto row = static_cast<std::size_t>(rows.classes[y]);
        const auto column = static_cast<std::size_t>(columns.classes[x]);
        const std::size_t w = row * columns.windows.size() + column;
        windows_.push_back(
            {std::span<const tap_steps>(steps_).subspan(w * patterns.size(), patterns.size()),
             (rows.origins[y] * l.map.width + columns.origins[x]) * lanes,
             (last_shift(rows.windows[row]) * l.map.width + last_shift(columns.windows[column])) *
                 lanes});
      }
  }

  [[nodiscard]] static index_t last_shift(const std::vector<axis_tap>& window) {
    return window.empty() ? 0 : std::max(window.front().shift, window.back().shift);
  }

  void add_steps(const std::vector<axis_tap>& row, const std::vector<axis_tap>& column,
                 const std::vector<index_t>& taps, const layout& l) {
    const std::size_t before = all_.size();
    for (const axis_tap& ky : row)
      for (const axis_tap& kx : column) {
        const index_t tap = ky.tap * l.kernel_width + kx.tap;
        const auto slot = std::lower_bound(taps.begin(), taps.end(), tap);
        if (slot != taps.end() && *slot == tap)
          all_.push_back(
              {(slot - taps.begin()) * l.tap_weights, (ky.shift * l.map.width + kx.shift) * lanes});
      }
    const std::size_t per_channel = all_.size() - before;
    const index_t channel_weights =
        l.outputs ? 1 : static_cast<index_t>(taps.size()) * l.tap_weights;
    for (index_t c = 1; c < l.channels; ++c)
      for (std::size_t i = before; i < before + per_channel; ++i)
        all_.push_back(
            {all_[i].weight + c * channel_weights, all_[i].map + c * channel_stride(l.map)});
    steps_.push_back({{}, per_channel});
  }

  std::vector<tap_step> all_;
  std::vector<tap_steps> steps_;  ///< [row class][column class][pattern]
  std::vector<pixel_window> windows_;
};

}  // namespace swprune::inline v0::nn::detail
