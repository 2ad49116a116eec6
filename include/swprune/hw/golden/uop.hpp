// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace swprune::inline v0::hw::golden {

/// One micro-op: Poy x Pox x Pof multiply-accumulates, what travels through P1 .. P4.
struct uop {
  bool valid = false;
  bool first = false;  ///< clears the accumulators
  bool last = false;   ///< ends the pass
  bool end = false;    ///< ends the step's last pass
  bool null = false;   ///< of an empty row: adds zero
  std::uint32_t slot = 0;
  std::uint32_t ci = 0, ky = 0, kx = 0;
  std::uint32_t weight_address = 0;
  std::uint32_t r = 0, sy = 0, sx = 0;  ///< chunk row and sub-tile of the pass
};

}  // namespace swprune::inline v0::hw::golden
