// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::hw {

/// Parameters of one accelerator: the same names and meaning as those of rtl/swp_core.sv.
struct array_params {
  index_t poy = 4;            ///< Poy: output rows computed at once, power of two
  index_t pox = 8;            ///< Pox: output columns computed at once, power of two, <= 16
  index_t pof = 8;            ///< Pof: output channels computed at once, 1, 4, 8 or 16
  index_t chains = 2;         ///< drain chains, a power of two that divides Pox
  index_t bus_bytes = 32;     ///< B: bytes of a beat, 8, 16, 32 or 64, >= Pof
  index_t act_depth = 1024;   ///< words per bank and buffer half, power of two
  index_t wgt_depth = 8192;   ///< words of Pof bytes per buffer half, power of two
  index_t list_depth = 4096;  ///< index entries per buffer half, power of two
  index_t param_depth = 128;  ///< output groups per buffer half, power of two
  index_t res_depth = 64;     ///< passes per residual buffer half, power of two; 0: no residual add
  bool skip = true;           ///< SkipEn: walk index lists; false: the dense control
  bool pool = true;           ///< PoolEn

  /// P: pixels of the array.
  [[nodiscard]] constexpr index_t pixels() const { return poy * pox; }
  /// Multipliers of the array.
  [[nodiscard]] constexpr index_t pes() const { return poy * pox * pof; }
  /// D: cycles that shift all results out.
  [[nodiscard]] constexpr index_t drain_cycles() const { return pixels() / chains; }
  /// 32-bit words in a beat.
  [[nodiscard]] constexpr index_t bus_words() const { return bus_bytes / 4; }

  [[nodiscard]] std::string to_string() const {
    return fmt::format("{}x{}x{}, {} chains, {}-byte bus", poy, pox, pof, chains, bus_bytes);
  }
  friend constexpr bool operator==(const array_params&, const array_params&) = default;
};

/// Throws array_parameter unless the array can be built; the rules are those in the member
/// comments.
SWPRUNE_FUNCTION void check(const array_params& a);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const array_params& a) {
  const auto power_of_two = [](index_t v) { return v >= 1 && (v & (v - 1)) == 0; };
  const auto need = [&](bool ok, const char* rule, index_t given) {
    expects(ok, errc::array_parameter, "{}, given {}", rule, given);
  };
  need(power_of_two(a.poy) && a.poy <= 16, "Poy must be a power of two, 1 <= Poy <= 16", a.poy);
  need(power_of_two(a.pox) && a.pox <= 16, "Pox must be a power of two, 1 <= Pox <= 16", a.pox);
  need(a.pof == 1 || a.pof == 4 || a.pof == 8 || a.pof == 16, "Pof must be 1, 4, 8 or 16", a.pof);
  need(a.pof != 1 || (!a.pool && a.res_depth == 0), "Pof = 1 has neither pooling nor residual add",
       a.pof);
  need(power_of_two(a.chains) && a.chains <= a.pox,
       "Chains must be a power of two that divides Pox", a.chains);
  need(power_of_two(a.bus_bytes) && a.bus_bytes >= 8 && a.bus_bytes <= 64 && a.bus_bytes >= a.pof,
       "the bus must be 8, 16, 32 or 64 bytes wide and not narrower than Pof", a.bus_bytes);
  need(power_of_two(a.act_depth) && a.act_depth >= 16, "ActDepth must be a power of two >= 16",
       a.act_depth);
  need(power_of_two(a.wgt_depth) && a.wgt_depth >= a.bus_bytes / a.pof * 2,
       "WgtDepth must be a power of two and hold two beats", a.wgt_depth);
  need(power_of_two(a.list_depth) && a.list_depth >= a.bus_bytes,
       "ListDepth must be a power of two "
       "and hold two beats",
       a.list_depth);
  need(power_of_two(a.param_depth) && a.param_depth >= 2, "ParamDepth must be a power of two >= 2",
       a.param_depth);
  need(a.res_depth == 0 || (power_of_two(a.res_depth) && a.res_depth >= 2),
       "ResDepth must be 0 or a power of two >= 2", a.res_depth);
  need(12 * a.pof * a.param_depth % a.bus_bytes == 0,
       "the parameter records of a buffer half (12 * Pof * ParamDepth bytes) must be whole beats",
       a.param_depth);
  expects(!a.pool || (a.poy >= 2 && a.pox >= 2), errc::array_parameter,
          "pooling needs Poy >= 2 and Pox >= 2, given {} x {}", a.poy, a.pox);
}

#endif

}  // namespace swprune::inline v0::hw
