// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/nn/detail/conv_blocks.hpp"

namespace swprune::inline v0::nn::detail {

/// What two masks of one layer must share, in words.
[[nodiscard]] inline std::string shape_of(const mask::layer_mask& m) {
  return fmt::format("{} -> {} channels, kernel {}x{}, in {}x{} blocks", m.in_channels,
                     m.out_channels, m.kernel_height, m.kernel_width, m.block.outputs,
                     m.block.inputs);
}

/// For every number stored in `before` its index in `after`, or -1 if that has none. Both are
/// patterns of the layer of `shape`.
[[nodiscard]] SWPRUNE_SETUP std::vector<index_t> moved_weights(const block_storage& before,
                                                               const block_storage& after,
                                                               const mask::layer_mask& shape);

#if SWPRUNE_BODIES

/// For each kept tap of `before` its number among those of `after`, or -1.
[[nodiscard]] inline std::vector<index_t> moved_taps(const std::vector<index_t>& before,
                                                     const std::vector<index_t>& after) {
  std::vector<index_t> moved;
  for (const index_t tap : before) {
    const auto found = std::lower_bound(after.begin(), after.end(), tap);
    moved.push_back(found != after.end() && *found == tap ? found - after.begin() : -1);
  }
  return moved;
}

/// Where the numbers of block `from` are in block `to` of the same place: fills their part of
/// `old_to_new`. `lanes`: Bo, numbers of one (ci, tap).
inline void move_block(const live_block& from, const live_block& to,
                       const std::vector<index_t>& taps, index_t lanes,
                       std::vector<index_t>& old_to_new) {
  index_t at = from.weights;
  for (index_t ci = 0; ci < from.inputs; ++ci)
    for (const index_t tap : taps)
      for (index_t o = 0; o < lanes; ++o, ++at)
        if (tap >= 0)
          old_to_new[static_cast<std::size_t>(at)] = to.weights + (ci * to.taps + tap) * lanes + o;
}

SWPRUNE_SETUP std::vector<index_t> moved_weights(const block_storage& before,
                                                 const block_storage& after,
                                                 const mask::layer_mask& shape) {
  std::vector<index_t> old_to_new(static_cast<std::size_t>(before.weights), -1);
  for (std::size_t j = 0; j < before.rows.size(); ++j) {
    auto to = after.rows[j].begin();
    const auto end = after.rows[j].end();
    for (const live_block& from : before.rows[j]) {
      while (to != end && to->first_input < from.first_input) ++to;
      if (to == end || to->first_input != from.first_input) continue;
      const auto taps = moved_taps(before.taps_of(from), after.taps_of(*to));
      move_block(from, *to, taps, shape.block.outputs, old_to_new);
    }
  }
  return old_to_new;
}

#endif

}  // namespace swprune::inline v0::nn::detail
