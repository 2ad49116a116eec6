// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string_view>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/ring_order.hpp"

namespace swprune::inline v0::mask {

/// How the sparsity rises from stage to stage.
enum class ramp_kind {
  cubic,  ///< S_k = S_f - (S_f - S_0) (1 - k/n)^3: most is pruned in the first stages
  linear  ///< S_k = S_f - (S_f - S_0) (1 - k/n)
};

/// What decides which blocks go first.
enum class removal_order {
  ring_distance,  ///< the farthest on the ring: stages are known before training
  block_norm  ///< the smallest L1 norm: stages follow from the weights, see next_stage_by_norm()
};

/// When the stages are gone through.
enum class stage_timing {
  before_training,  ///< P0: all before the first step; only the last stage is trained
  during_training   ///< P1: at 0, 5 %, 10 %, ... of the training, all before 25 %
};

[[nodiscard]] constexpr std::string_view to_string(ramp_kind ramp) {
  return ramp == ramp_kind::cubic ? "cubic" : "linear";
}
[[nodiscard]] constexpr std::string_view to_string(removal_order order) {
  return order == removal_order::ring_distance ? "ring_distance" : "block_norm";
}
[[nodiscard]] constexpr std::string_view to_string(stage_timing timing) {
  return timing == stage_timing::before_training ? "before_training" : "during_training";
}

struct progressive_params {
  index_t stages = 4;  ///< n, in [1, 64]: masks 0 .. n, the last is the final one
  ramp_kind ramp = ramp_kind::cubic;
  double initial_sparsity = 0.0;  ///< S_0 of the blocks of a layer, in [0, 1); to a millionth
  removal_order order = removal_order::ring_distance;
  stage_timing timing = stage_timing::during_training;
  ring_order ring = ring_order::interleaved;  ///< the one that the final masks were made with
};

/// Throws mask_stages for a value outside the range that progressive_params names.
SWPRUNE_SETUP void check(const progressive_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const progressive_params& p) {
  expects(p.stages >= 1 && p.stages <= 64, errc::mask_stages,
          "the number of stages must lie in [1, 64], given {}", p.stages);
  expects(p.initial_sparsity >= 0.0 && p.initial_sparsity < 1.0, errc::mask_stages,
          "the initial sparsity must lie in [0, 1), given {}", p.initial_sparsity);
}

#endif

/// S_0 in millionths, halves up: integers from here on.
[[nodiscard]] inline index_t initial_millionths(const progressive_params& p) {
  return static_cast<index_t>(std::llround(p.initial_sparsity * 1e6));
}

}  // namespace swprune::inline v0::mask
