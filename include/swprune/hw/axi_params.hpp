// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::hw {

/// Parameters of the bus fronts: the same names and meaning as those of rtl/swp_top.sv
/// (docs/accelerator.md sections 13.1 and 13.2).
struct axi_params {
  index_t rd_burst = 16;       ///< RdBurst: beats of a read burst, a power of two <= 256
  index_t rd_outstanding = 4;  ///< RdOutstanding: read bursts open at once, 1 .. 255
  index_t wr_burst = 16;       ///< WrBurst: beats of a write burst, a power of two <= 256
  index_t wr_outstanding = 8;  ///< WrOutstanding: bursts and fences without an answer, 1 .. 255

  friend constexpr bool operator==(const axi_params&, const axi_params&) = default;
};

/// Throws array_parameter unless the fronts can be built; the rules are those in the member
/// comments.
inline void check(const axi_params& p) {
  for (const index_t burst : {p.rd_burst, p.wr_burst})
    expects(burst >= 1 && burst <= 256 && (burst & (burst - 1)) == 0, errc::array_parameter,
            "RdBurst and WrBurst must be powers of two <= 256, given {}", burst);
  for (const index_t open : {p.rd_outstanding, p.wr_outstanding})
    expects(open >= 1 && open <= 255, errc::array_parameter,
            "RdOutstanding and WrOutstanding must be 1 .. 255, given {}", open);
}

}  // namespace swprune::inline v0::hw
