// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/fold.hpp"
#include "swprune/graph/mixing.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/small_world.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/ring_order.hpp"

namespace swprune::inline v0::mask {

/// Small-worldness of one mask: sigma and omega of graph::fold() in ring coordinates. `order` is
/// the one the mask was made with. Throws as graph::measure_small_world.
[[nodiscard]] inline graph::small_world_stats measure_small_world(
    const block_mask& mask, ring_order order, rng& random,
    const graph::small_world_params& p = {}) {
  return graph::measure_small_world(graph::fold(to_ring(mask, order)), random, p);
}

namespace detail {

/// Which output groups of one layer feed which input groups of the next: those that share a
/// channel.
[[nodiscard]] inline graph::bipartite regroup(const layer_mask& before, const layer_mask& after) {
  std::vector<std::vector<graph::node_t>> rows(static_cast<std::size_t>(after.in_groups()));
  for (index_t i = 0; i < after.in_groups(); ++i) {
    const index_t first = i * after.block.inputs / before.block.outputs;
    const index_t last = (i * after.block.inputs + after.inputs_of(i) - 1) / before.block.outputs;
    for (index_t j = first; j <= last; ++j)
      rows[static_cast<std::size_t>(i)].push_back(static_cast<graph::node_t>(j));
  }
  return graph::bipartite(before.out_groups(), rows);
}

}  // namespace detail

/// How far the masks of a chain of layers (each layer's output channels are the next one's input
/// channels) carry information: reach[l] after layer l, and the layers until every output group
/// depends on every input group of the first layer. A network is usable only if its last reach is
/// 1 (invariant I4). Throws mask_shape if two neighbours do not fit.
[[nodiscard]] inline graph::mixing_result mixing(const std::vector<layer_mask>& layers) {
  std::vector<graph::bipartite> chain;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    check(layers[l]);
    if (l > 0) {
      expects(layers[l - 1].out_channels == layers[l].in_channels, errc::mask_shape,
              "layer '{}' gives {} channels but layer '{}' takes {}: no chain", layers[l - 1].name,
              layers[l - 1].out_channels, layers[l].name, layers[l].in_channels);
      chain.push_back(detail::regroup(layers[l - 1], layers[l]));
    }
    chain.push_back(to_ring(layers[l].blocks, ring_order::aligned));
  }
  const std::vector<double> reach = graph::mixing(chain).reach;
  graph::mixing_result result;
  for (std::size_t g = 0; g < reach.size(); g += 2) {
    result.reach.push_back(reach[g]);
    if (result.depth == 0 && reach[g] == 1.0)
      result.depth = static_cast<index_t>(result.reach.size());
  }
  return result;
}

[[nodiscard]] inline graph::mixing_result mixing(const mask_set& masks) {
  return mixing(masks.layers());
}

}  // namespace swprune::inline v0::mask
