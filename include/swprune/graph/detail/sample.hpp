// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::graph::detail {

#if SWPRUNE_BODIES

/// Walks over the whole population and takes each with the share of what is still wanted among what
/// is left (selection sampling: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
[[nodiscard]] inline std::vector<index_t> sample_dense(index_t population, index_t count,
                                                       rng& random) {
  std::vector<index_t> chosen;
  chosen.reserve(static_cast<std::size_t>(count));
  for (index_t i = 0; count > 0; ++i)
    if (static_cast<index_t>(random.below(static_cast<std::uint64_t>(population - i))) < count) {
      chosen.push_back(i);
      --count;
    }
  return chosen;
}

/// Draws with replacement, as many as are missing, until `count` different ones are there. Of a
/// population four times as large at most a quarter of a round is lost.
[[nodiscard]] inline std::vector<index_t> sample_sparse(index_t population, index_t count,
                                                        rng& random) {
  std::vector<index_t> chosen;
  while (static_cast<index_t>(chosen.size()) < count) {
    std::vector<index_t> fresh(static_cast<std::size_t>(count) - chosen.size());
    for (index_t& i : fresh)
      i = static_cast<index_t>(random.below(static_cast<std::uint64_t>(population)));
    std::sort(fresh.begin(), fresh.end());
    fresh.erase(std::unique(fresh.begin(), fresh.end()), fresh.end());
    std::vector<index_t> merged;
    merged.reserve(chosen.size() + fresh.size());
    std::set_union(chosen.begin(), chosen.end(), fresh.begin(), fresh.end(),
                   std::back_inserter(merged));
    chosen = std::move(merged);
  }
  return chosen;
}

/// `count` different numbers of 0 .. population - 1, ascending, every set equally likely;
/// 0 <= count <= population. Time O(count log count) at most, whatever the share.
[[nodiscard]] inline std::vector<index_t> sample(index_t population, index_t count, rng& random) {
  return count > population / 4 ? sample_dense(population, count, random)
                                : sample_sparse(population, count, random);
}

#endif

}  // namespace swprune::inline v0::graph::detail
