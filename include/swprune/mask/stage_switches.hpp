// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/progressive_params.hpp"

namespace swprune::inline v0::mask {

/// When each stage of a training of `steps` epochs (or optimiser steps) starts, [n + 1],
/// non-decreasing, the first is 0. before_training: all at 0. during_training: stage k at
/// floor(k steps / max(20, 4 (n + 1))), that is every 5 %, closer together for more than 4 stages,
/// so that the last starts before 25 %. Of several stages that start at the same step only the last
/// is trained. steps >= 0; throws mask_stages, also as progressive_params says.
[[nodiscard]] SWPRUNE_SETUP std::vector<index_t> stage_switches(const progressive_params& p,
                                                                index_t steps);

#if SWPRUNE_BODIES

SWPRUNE_SETUP std::vector<index_t> stage_switches(const progressive_params& p, index_t steps) {
  check(p);
  expects(steps >= 0 && steps <= (index_t{1} << 48), errc::mask_stages,
          "the number of steps must lie in [0, 2^48], given {}", steps);
  const index_t part = std::max<index_t>(20, 4 * (p.stages + 1));
  std::vector<index_t> starts;
  for (index_t k = 0; k <= p.stages; ++k)
    starts.push_back(p.timing == stage_timing::before_training ? 0 : k * steps / part);
  return starts;
}

#endif

/// The stage that is trained at `step`: the last one of `switches` (see stage_switches()) that has
/// started. Throws mask_stages for an empty list or a step before the first.
[[nodiscard]] inline index_t stage_at(const std::vector<index_t>& switches, index_t step) {
  expects(!switches.empty() && step >= switches.front(), errc::mask_stages,
          "no stage has started at step {}", step);
  return std::upper_bound(switches.begin(), switches.end(), step) - switches.begin() - 1;
}

}  // namespace swprune::inline v0::mask
