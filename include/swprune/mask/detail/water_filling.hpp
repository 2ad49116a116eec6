// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/detail/fixed_power.hpp"

namespace swprune::inline v0::mask::detail {

/// One vessel: keeps eps * share * weights, but not less than `least` nor more than `most`.
struct vessel {
  index_t weights = 0;      ///< in [1, 2^44]
  index_t least = 0;        ///< in [0, most]
  index_t most = 0;         ///< in [0, weights]
  std::uint64_t share = 1;  ///< in [1, 2^32]
};

/// The level eps = target / shares of those that are neither at their least nor at their most.
struct water_level {
  enum class state { open, at_least, at_most };
  std::vector<state> states;
  index_t target = 0;  ///< kept by the open ones together
  wide_t shares = 0;   ///< of the open ones: sum of share * weights

  /// What vessel number l keeps, rounded down.
  [[nodiscard]] index_t kept(const vessel& v, std::size_t l) const {
    if (states[l] == state::at_least) return v.least;
    if (states[l] == state::at_most) return v.most;
    return static_cast<index_t>(static_cast<wide_t>(target) * static_cast<wide_t>(v.weights) *
                                v.share / shares);
  }
};

namespace filling {

/// How far a vessel at that level overflows (> 0) or falls short (< 0); what it keeps is rounded
/// down, but whether it is outside at all is exact.
[[nodiscard]] SWPRUNE_SETUP index_t excess(const water_level& level, const vessel& v,
                                           std::size_t l);

#if SWPRUNE_BODIES

/// Target and shares of the open vessels.
SWPRUNE_COLD inline void relevel(water_level& level, const std::vector<vessel>& vessels,
                                 index_t target) {
  level.target = target;
  level.shares = 0;
  for (std::size_t l = 0; l < vessels.size(); ++l) {
    if (level.states[l] == water_level::state::open)
      level.shares += static_cast<wide_t>(vessels[l].weights) * vessels[l].share;
    else
      level.target -= level.kept(vessels[l], l);
  }
  if (level.target < 0) level.target = 0;
}

SWPRUNE_SETUP index_t excess(const water_level& level, const vessel& v, std::size_t l) {
  const wide_t kept = static_cast<wide_t>(level.target) * static_cast<wide_t>(v.weights) * v.share;
  if (kept > static_cast<wide_t>(v.most) * level.shares) {
    const index_t over = level.kept(v, l) - v.most;
    return over > 0 ? over : 1;
  }
  if (kept < static_cast<wide_t>(v.least) * level.shares) return level.kept(v, l) - v.least;
  return 0;
}

#endif

}  // namespace filling

/// Shares `target` out in proportion to share * weights within the bounds of each vessel; the sum
/// of the least must not exceed it, nor the sum of the most fall short of it. What a bound takes or
/// gives is made good for by the others: vessels outside their bounds on the side that outweighs
/// the other are fixed there and the rest is shared out again, which ends after as many rounds as
/// there are vessels and finds the one level that satisfies all. Integer arithmetic throughout.
[[nodiscard]] SWPRUNE_SETUP water_level fill(const std::vector<vessel>& vessels, index_t target);

#if SWPRUNE_BODIES

SWPRUNE_SETUP water_level fill(const std::vector<vessel>& vessels, index_t target) {
  using state = water_level::state;
  water_level level;
  level.states.assign(vessels.size(), state::open);
  for (;;) {
    filling::relevel(level, vessels, target);
    std::vector<index_t> excess(vessels.size(), 0);
    index_t over = 0;
    index_t under = 0;
    for (std::size_t l = 0; l < vessels.size(); ++l) {
      if (level.states[l] != state::open) continue;
      excess[l] = filling::excess(level, vessels[l], l);
      (excess[l] > 0 ? over : under) += excess[l];
    }
    if (over == 0 && under == 0) return level;
    for (std::size_t l = 0; l < vessels.size(); ++l) {
      if (excess[l] > 0 && over >= -under) level.states[l] = state::at_most;
      if (excess[l] < 0 && -under >= over) level.states[l] = state::at_least;
    }
  }
}

#endif

}  // namespace swprune::inline v0::mask::detail
