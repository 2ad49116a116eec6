// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/rng.hpp"
#include "swprune/graph/fold.hpp"
#include "swprune/graph/small_world.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/mixing.hpp"
#include "swprune/mask/ring_order.hpp"

namespace swprune::inline v0::mask {

/// Small-worldness of one mask: sigma and omega of graph::fold() in ring coordinates. `order` is
/// the one the mask was made with. Throws as graph::measure_small_world.
[[nodiscard]] inline graph::small_world_stats measure_small_world(
    const block_mask& mask, ring_order order, rng& random,
    const graph::small_world_params& p = {}) {
  return graph::measure_small_world(graph::fold(to_ring(mask, order)), random, p);
}

}  // namespace swprune::inline v0::mask
