// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::graph::detail {

#if SWPRUNE_BODIES

/// 64 counters side by side, plane k holding bit k of each: a word of 64 flags is added in a few
/// instructions, where looking at every flag of every word would cost more than the search that
/// makes them. Each counts to 2^32 - 1, more than a graph has nodes.
class bit_counters {
 public:
  /// Adds 1 to every counter whose flag is set.
  void add(std::uint64_t flags) {
    for (std::size_t k = 0; flags != 0; ++k) {
      if (k == used_) planes_[used_++] = 0;
      const std::uint64_t carry = planes_[k] & flags;
      planes_[k] ^= flags;
      flags = carry;
    }
  }
  [[nodiscard]] index_t count(std::size_t counter) const {
    index_t n = 0;
    for (std::size_t k = 0; k < used_; ++k)
      n += static_cast<index_t>(planes_[k] >> counter & 1) << k;
    return n;
  }
  void clear() { used_ = 0; }

 private:
  std::array<std::uint64_t, 32> planes_{};
  std::size_t used_ = 0;
};

#endif

}  // namespace swprune::inline v0::graph::detail
