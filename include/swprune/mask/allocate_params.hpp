// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/mask/density_rule.hpp"
#include "swprune/mask/ring_order.hpp"

namespace swprune::inline v0::mask {

/// How closely the rows of the network's masks follow the wanted sparsity.
enum class degree_mode {
  strict,  ///< all rows of a layer have the same degree
  exact    ///< one layer may have rows of d and d + 1 blocks: within half a block of the target
};

struct allocate_params {
  double sparsity = 0.76;  ///< wanted share of the network's weights that are pruned, in [0, 1)
  block_shape block{};     ///< Bo >= 1, Bi >= 1
  degree_mode mode = degree_mode::strict;
  bool allow_uncovered = false;  ///< permit densities at which some input groups are not used
  /// Order in which the masks will be made: where the last, incomplete input group stands.
  ring_order order = ring_order::interleaved;
  density_rule rule{};       ///< how the layers share the sparsity
  double tap_density = 1.0;  ///< share of the taps that a live block keeps, in (0, 1]
  /// Share out single weights instead of rows of blocks: `block` and `mode` mean nothing,
  /// tap_density must be 1, and no coverage rule holds.
  bool unstructured = false;
};

/// Throws mask_density or mask_block for a value outside the range that allocate_params names.
SWPRUNE_SETUP void check(const allocate_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const allocate_params& p) {
  expects(p.sparsity >= 0.0 && p.sparsity < 1.0, errc::mask_density,
          "the sparsity must lie in [0, 1), given {}", p.sparsity);
  expects(p.block.outputs >= 1 && p.block.inputs >= 1, errc::mask_block,
          "a block needs Bo >= 1 and Bi >= 1, given {}x{}", p.block.outputs, p.block.inputs);
  expects(p.tap_density > 0.0 && p.tap_density <= 1.0, errc::mask_density,
          "the tap density must lie in (0, 1], given {}", p.tap_density);
  expects(!p.unstructured || p.tap_density == 1.0, errc::mask_density,
          "unstructured masks draw each weight on its own: the tap density must be 1, given {}",
          p.tap_density);
}

#endif

}  // namespace swprune::inline v0::mask
