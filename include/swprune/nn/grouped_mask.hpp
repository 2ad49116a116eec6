// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/tap_mask.hpp"
#include "swprune/nn/conv2d.hpp"

namespace swprune::inline v0::nn {

/// `mask` without the blocks that join different groups of a grouped convolution: output o reads
/// input i only if o / (out_channels / groups) = i / (in_channels / groups). A grouped convolution
/// is a conv2d with such a block-diagonal mask; groups = in_channels is a depthwise one. Throws
/// layer_parameter unless groups >= 1 divides both numbers of channels, mask_block unless the
/// channels of a group are whole blocks (or there is one group): a block across two groups could be
/// neither kept nor removed.
[[nodiscard]] SWPRUNE_FUNCTION mask::layer_mask keep_groups(mask::layer_mask mask, index_t groups);

/// Mask of a grouped convolution whose blocks within the groups are all there. Throws as
/// dense_mask() and keep_groups().
[[nodiscard]] SWPRUNE_FUNCTION mask::layer_mask grouped_mask(std::string name, index_t in_channels,
                                                             index_t out_channels,
                                                             index_t kernel_height,
                                                             index_t kernel_width, index_t groups,
                                                             mask::block_shape block = {});

#if SWPRUNE_BODIES

namespace detail {

/// Takes a block away, with its taps.
inline void remove_block(mask::layer_mask& m, index_t out_group, index_t in_group) {
  m.blocks.set(out_group, in_group, false);
  if (m.kept_taps.keeps_all()) return;
  for (index_t tap = 0; tap < m.taps(); ++tap) m.kept_taps.set(out_group, in_group, tap, false);
}

/// A table of taps of which no live block lacks one must not be there.
inline void drop_full_table(mask::layer_mask& m) {
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.blocks.row(j))
      if (m.taps_of(j, i) < m.taps()) return;
  m.kept_taps = {};
}

}  // namespace detail

SWPRUNE_FUNCTION mask::layer_mask keep_groups(mask::layer_mask mask, index_t groups) {
  expects(groups >= 1 && mask.in_channels % groups == 0 && mask.out_channels % groups == 0,
          errc::layer_parameter,
          "layer '{}': groups must divide {} input and {} output channels, given {}", mask.name,
          mask.in_channels, mask.out_channels, groups);
  const index_t inputs = mask.in_channels / groups;
  const index_t outputs = mask.out_channels / groups;
  expects(groups == 1 || (inputs % mask.block.inputs == 0 && outputs % mask.block.outputs == 0),
          errc::mask_block, "layer '{}': {} groups of {} -> {} channels are no whole {}x{} blocks",
          mask.name, groups, inputs, outputs, mask.block.outputs, mask.block.inputs);
  for (index_t j = 0; j < mask.out_groups(); ++j)
    for (index_t i = 0; i < mask.in_groups(); ++i)
      if (j * mask.block.outputs / outputs != i * mask.block.inputs / inputs)
        detail::remove_block(mask, j, i);
  detail::drop_full_table(mask);
  return mask;
}

SWPRUNE_FUNCTION mask::layer_mask grouped_mask(std::string name, index_t in_channels,
                                               index_t out_channels, index_t kernel_height,
                                               index_t kernel_width, index_t groups,
                                               mask::block_shape block) {
  return keep_groups(
      dense_mask(std::move(name), in_channels, out_channels, kernel_height, kernel_width, block),
      groups);
}

#endif

}  // namespace swprune::inline v0::nn
