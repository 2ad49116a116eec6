// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::graph::detail {

#if SWPRUNE_BODIES

/// Balls of several colours: a colour is drawn in proportion to its weight, and weights change,
/// both in O(log colours). The sums over ranges of colours are a Fenwick tree (1994).
class urn {
 public:
  /// Colours 0 .. colours - 1 with weight 1 each; colours >= 1.
  explicit urn(index_t colours)
      : weight_(static_cast<std::size_t>(colours), 1),
        sums_(static_cast<std::size_t>(colours) + 1, 0),
        total_(colours) {
    for (index_t i = 1; i <= colours; ++i) sums_[static_cast<std::size_t>(i)] = i & -i;
  }

  [[nodiscard]] index_t weight(index_t i) const { return weight_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] index_t total() const { return total_; }

  /// A colour with probability weight / total; total() >= 1.
  [[nodiscard]] index_t draw(rng& random) const {
    auto rest = static_cast<index_t>(random.below(static_cast<std::uint64_t>(total_)));
    std::size_t before = 0;  // colours whose balls were counted off
    for (std::size_t step = std::bit_floor(weight_.size()); step > 0; step /= 2) {
      const std::size_t next = before + step;
      if (next >= sums_.size() || sums_[next] > rest) continue;
      rest -= sums_[next];
      before = next;
    }
    return static_cast<index_t>(before);
  }

  /// Adds to the weight of a colour, which must not fall below 0.
  void change(index_t i, index_t amount) {
    weight_[static_cast<std::size_t>(i)] += amount;
    total_ += amount;
    const auto size = static_cast<index_t>(sums_.size());
    for (index_t s = i + 1; s < size; s += s & -s) sums_[static_cast<std::size_t>(s)] += amount;
  }

 private:
  std::vector<index_t> weight_;
  std::vector<index_t> sums_;  ///< [s]: weights of the colours s - lowest bit of s .. s - 1
  index_t total_;
};

#endif

}  // namespace swprune::inline v0::graph::detail
