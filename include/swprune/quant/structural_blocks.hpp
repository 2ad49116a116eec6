// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "swprune/core/types.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::quant {

/// Groups of the convolution that output group `row` (input group `column`) has channels of.
struct group_range {
  index_t first = 0;
  index_t last = 0;

  [[nodiscard]] constexpr bool meets(const group_range& other) const {
    return first <= other.last && other.first <= last;
  }
};

/// Groups of the convolution that channels begin .. begin + count - 1 of `channels` belong to.
[[nodiscard]] constexpr group_range groups_of_channels(index_t begin, index_t count,
                                                       index_t channels, index_t groups) {
  const index_t size = channels / groups;
  return {begin / size, (std::min(begin + count, channels) - 1) / size};
}

/// The blocks that a layer has before anything is pruned: all, or in a grouped convolution those
/// with channels of one group. What a dense layer computes, stores and fetches.
[[nodiscard]] inline mask::block_mask structural_blocks(const int8_layer& l) {
  const index_t rows = ceil_div(l.output.channels, l.block.outputs);
  const index_t columns = ceil_div(l.input.channels, l.block.inputs);
  if (l.groups == 1) return mask::block_mask::dense(rows, columns);
  mask::block_mask blocks(rows, columns);
  for (index_t r = 0; r < rows; ++r) {
    const group_range outputs =
        groups_of_channels(r * l.block.outputs, l.block.outputs, l.output.channels, l.groups);
    for (index_t c = 0; c < columns; ++c)
      blocks.set(r, c,
                 outputs.meets(groups_of_channels(c * l.block.inputs, l.block.inputs,
                                                  l.input.channels, l.groups)));
  }
  return blocks;
}

}  // namespace swprune::inline v0::quant
