// SPDX-License-Identifier: Apache-2.0
#pragma once

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
  index_t dilation = 1;       ///< pixels from one tap to the next
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

}  // namespace swprune::inline v0::nn::detail
