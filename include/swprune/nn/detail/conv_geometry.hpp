// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

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

}  // namespace swprune::inline v0::nn::detail
