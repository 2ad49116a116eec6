// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/mask_set.hpp"

namespace swprune::inline v0::mask {

/// The masks of the layers that are pruned, in layer order: what the program small_world writes.
/// Throws mask_shape if a layer that is not kept dense has no mask or one of another shape.
[[nodiscard]] SWPRUNE_SETUP mask_set prunable_masks(const mask_set& masks,
                                                    const std::vector<layer_spec>& layers);

/// The masks of all layers, in layer order, from those of the pruned ones: a layer that is kept
/// dense and has no mask gets all its blocks, of size `block` (by default that of the first mask).
/// What a network is built from after prunable masks were read from a file. Throws mask_shape if a
/// layer that is not kept dense has no mask, if a mask belongs to no layer or has another shape, or
/// if neither `block` nor a mask says how large blocks are; mask_block for a size below 1.
[[nodiscard]] SWPRUNE_SETUP mask_set with_dense_layers(const mask_set& masks,
                                                       const std::vector<layer_spec>& layers,
                                                       std::optional<block_shape> block = {});

#if SWPRUNE_BODIES

namespace detail {

[[nodiscard]] SWPRUNE_COLD inline layer_mask dense_mask(const layer_spec& l,
                                                        const block_shape& block) {
  return {.name = l.name,
          .block = block,
          .out_channels = l.out_channels,
          .in_channels = l.in_channels,
          .kernel_height = l.kernel_height,
          .kernel_width = l.kernel_width,
          .blocks = block_mask::dense(ceil_div(l.out_channels, block.outputs),
                                      ceil_div(l.in_channels, block.inputs))};
}

inline void check_fits(const layer_mask& m, const layer_spec& l) {
  expects(m.out_channels == l.out_channels && m.in_channels == l.in_channels &&
              m.kernel_height == l.kernel_height && m.kernel_width == l.kernel_width,
          errc::mask_shape,
          "layer '{}' has {} -> {} channels and kernel {}x{}, its mask {} -> {} and {}x{}", l.name,
          l.in_channels, l.out_channels, l.kernel_height, l.kernel_width, m.in_channels,
          m.out_channels, m.kernel_height, m.kernel_width);
}

}  // namespace detail

SWPRUNE_SETUP mask_set prunable_masks(const mask_set& masks,
                                      const std::vector<layer_spec>& layers) {
  check(layers);
  std::vector<layer_mask> kept;
  for (const layer_spec& l : layers) {
    if (l.keep_dense) continue;
    kept.push_back(masks.at(l.name));
    detail::check_fits(kept.back(), l);
  }
  return mask_set(std::move(kept));
}

SWPRUNE_SETUP mask_set with_dense_layers(const mask_set& masks,
                                         const std::vector<layer_spec>& layers,
                                         std::optional<block_shape> block) {
  check(layers);
  for (const layer_mask& m : masks)
    expects(std::any_of(layers.begin(), layers.end(),
                        [&](const layer_spec& l) { return l.name == m.name; }),
            errc::mask_shape, "there is a mask for '{}', but the network has no such layer",
            m.name);
  if (!block && masks.size() > 0) block = masks.layers().front().block;
  std::vector<layer_mask> all;
  for (const layer_spec& l : layers) {
    const layer_mask* m = masks.find(l.name);
    if (m != nullptr || !l.keep_dense) {
      all.push_back(masks.at(l.name));
      detail::check_fits(all.back(), l);
      continue;
    }
    expects(block.has_value(), errc::mask_shape,
            "layer '{}' is kept dense, but without any mask the size of its blocks must be given",
            l.name);
    expects(block->outputs >= 1 && block->inputs >= 1, errc::mask_block,
            "layer '{}': a block needs Bo >= 1 and Bi >= 1, given {}x{}", l.name, block->outputs,
            block->inputs);
    all.push_back(detail::dense_mask(l, *block));
  }
  return mask_set(std::move(all));
}

#endif

}  // namespace swprune::inline v0::mask
