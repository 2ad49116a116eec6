// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/types.hpp"

namespace swprune::inline v0::nn::detail {

/// Sizes of one convolution, for the kernels.
struct conv_geometry {
  map_shape input;
  map_shape output;
  index_t kernel_height = 1;
  index_t kernel_width = 1;
  index_t stride = 1;
  index_t padding = 0;
  index_t block_outputs = 1;  ///< Bo: weights of one (ci, ky, kx)

  [[nodiscard]] index_t taps() const { return kernel_height * kernel_width; }
};

/// One block that exists, with the channels it really has.
struct live_block {
  index_t first_output = 0;
  index_t outputs = 0;
  index_t first_input = 0;
  index_t inputs = 0;
  index_t weights = 0;  ///< where its [ci][ky][kx][Bo] numbers begin
};

/// Live blocks of each output group, or of each input group.
using block_lists = std::vector<std::vector<live_block>>;

/// Tiles that one work item takes: fixed, so that the work does not depend on the thread count.
inline constexpr index_t tiles_per_item = 4;

/// Half-open range.
struct tap_range {
  index_t begin = 0;
  index_t end = 0;
};

/// Taps k of output position `out` that read inside 0..size - 1: out * stride - padding + k.
[[nodiscard]] inline tap_range valid_taps(index_t out, index_t kernel, index_t size, index_t stride,
                                          index_t padding) {
  const index_t origin = out * stride - padding;
  return {std::max<index_t>(0, -origin), std::min(kernel, size - origin)};
}

/// Output positions whose tap `k` reads inside 0..size - 1.
[[nodiscard]] inline tap_range valid_outputs(index_t k, index_t size, index_t outputs,
                                             index_t stride, index_t padding) {
  const index_t before = padding - k;
  const index_t last = size - 1 + before;
  return {before > 0 ? ceil_div(before, stride) : 0,
          last < 0 ? 0 : std::min(outputs, last / stride + 1)};
}

/// A tap and the output position that reaches a given input position through it.
struct tap_source {
  index_t tap = 0;
  index_t out = 0;
};

/// For every input position 0..size - 1 the taps through which outputs read it, ascending.
[[nodiscard]] inline std::vector<std::vector<tap_source>> tap_sources(index_t size, index_t kernel,
                                                                      index_t outputs,
                                                                      index_t stride,
                                                                      index_t padding) {
  std::vector<std::vector<tap_source>> sources(static_cast<std::size_t>(size));
  for (index_t k = 0; k < kernel; ++k) {
    const tap_range range = valid_outputs(k, size, outputs, stride, padding);
    for (index_t out = range.begin; out < range.end; ++out)
      sources[static_cast<std::size_t>(out * stride - padding + k)].push_back({k, out});
  }
  return sources;
}

}  // namespace swprune::inline v0::nn::detail
