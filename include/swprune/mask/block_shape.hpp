// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/types.hpp"

namespace swprune::inline v0::mask {

/// Size of a block, written Bo x Bi: the weights between Bo output and Bi input channels, all taps.
/// Bo equals the array's Pof; Bi is 4 wherever the accelerator runs the layer.
struct block_shape {
  index_t outputs = 8;  ///< Bo, >= 1
  index_t inputs = 4;   ///< Bi, >= 1

  friend constexpr bool operator==(const block_shape&, const block_shape&) = default;
};

}  // namespace swprune::inline v0::mask
