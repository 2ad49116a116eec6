// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/hw/array_params.hpp"

// The arrays that several tests use; sim/CMakeLists.txt builds the same ones.

namespace swprune_test {

/// The headline array, 4x8x8.
inline swprune::hw::array_params headline_array(bool skip = true) { return {.skip = skip}; }

/// 2x2x4 on a narrow bus, with buffers so small that layers tile.
inline swprune::hw::array_params small_array(bool skip = true) {
  return {.poy = 2,
          .pox = 2,
          .pof = 4,
          .chains = 1,
          .bus_bytes = 8,
          .act_depth = 64,
          .wgt_depth = 256,
          .list_depth = 64,
          .param_depth = 4,
          .res_depth = 8,
          .skip = skip};
}

/// 8x8x4 with four drain chains and small buffers.
inline swprune::hw::array_params narrow_array() {
  return {.poy = 8,
          .pox = 8,
          .pof = 4,
          .chains = 4,
          .bus_bytes = 32,
          .act_depth = 64,
          .wgt_depth = 512,
          .list_depth = 64,
          .param_depth = 8,
          .res_depth = 16};
}

/// 8x8x4 with the buffers of the headline array.
inline swprune::hw::array_params tall_array(bool skip = true) {
  return {.poy = 8, .pox = 8, .pof = 4, .chains = 4, .skip = skip};
}

/// One multiplier.
inline swprune::hw::array_params single_array() {
  return {.poy = 1,
          .pox = 1,
          .pof = 1,
          .chains = 1,
          .bus_bytes = 8,
          .act_depth = 64,
          .wgt_depth = 256,
          .list_depth = 64,
          .param_depth = 16,
          .res_depth = 0,
          .pool = false};
}

}  // namespace swprune_test
