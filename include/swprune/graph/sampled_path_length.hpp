// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/bit_counters.hpp"
#include "swprune/graph/detail/multi_source_search.hpp"
#include "swprune/graph/estimate.hpp"
#include "swprune/graph/node_sample.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

namespace detail {

/// What one source of a search found.
struct source_paths {
  index_t sum = 0;      ///< of the distances to the nodes reached
  index_t reached = 0;  ///< nodes reached, itself not counted
};

/// Sum of distances and nodes reached, [sources].
[[nodiscard]] SWPRUNE_FUNCTION std::vector<source_paths> paths_of(const undirected& g,
                                                                  std::span<const index_t> sources);

#if SWPRUNE_BODIES

/// Takes what a multi_source_search finds, level by level, apart into its sources: the error of a
/// sample needs the spread over them.
class source_tally {
 public:
  explicit source_tally(std::span<source_paths> paths) : paths_(paths) {}

  template <std::size_t Words>
  void add(index_t level, const source_set<Words>& reached) {
    static_assert(Words == words);
    if (level != level_) close();
    level_ = level;
    for (std::size_t w = 0; w < words; ++w) found_[w].add(reached.word[w]);
  }
  /// Ends the level at hand.
  void close() {
    for (std::size_t s = 0; s < paths_.size(); ++s) {
      const index_t found = found_[s / 64].count(s % 64);
      paths_[s].sum += found * level_;
      paths_[s].reached += found;
    }
    for (bit_counters& counters : found_) counters.clear();
  }

  static constexpr std::size_t words = 4;

 private:
  std::span<source_paths> paths_;
  std::array<bit_counters, words> found_{};
  index_t level_ = 0;
};

SWPRUNE_FUNCTION std::vector<source_paths> paths_of(const undirected& g,
                                                    std::span<const index_t> sources) {
  using search = multi_source_search<source_tally::words>;
  std::vector<source_paths> paths(sources.size());
  const index_t batches = ceil_div(static_cast<index_t>(sources.size()), search::capacity);
  parallel_for(batches, [&](index_t b) {
    const auto first = static_cast<std::size_t>(b) * search::capacity;
    const auto count = std::min<std::size_t>(search::capacity, sources.size() - first);
    source_tally tally(std::span<source_paths>(paths).subspan(first, count));
    search(g).run(sources.subspan(first, count),
                  [&](index_t level, const auto& reached) { tally.add(level, reached); });
    tally.close();
  });
  return paths;
}

/// Standard error of the ratio of two sums that were sampled together.
[[nodiscard]] inline double ratio_error(std::span<const source_paths> paths, double ratio,
                                        double mean_reached, index_t population) {
  const double unseen = unseen_share(static_cast<index_t>(paths.size()), population);
  if (unseen == 0.0) return 0.0;
  if (mean_reached == 0.0) return std::numeric_limits<double>::quiet_NaN();
  double square = 0.0;
  for (const source_paths& p : paths) {
    const double rest = static_cast<double>(p.sum) - ratio * static_cast<double>(p.reached);
    square += rest * rest;
  }
  const auto m = static_cast<double>(paths.size());
  return std::sqrt(unseen * square / (m - 1.0) / m) / mean_reached;
}

#endif

}  // namespace detail

/// Characteristic path length L from the paths of `sources` nodes drawn without replacement, with
/// its standard error. Over the pairs that are joined, L is the ratio of two sums, of distances y
/// and of reached nodes x; the error is that of a ratio estimate, sqrt((1 - m / N) s^2 / m) / mean
/// x with s^2 the variance of y - L x over m sources of N (Cochran, Sampling Techniques, 6.4; its
/// bias is of order 1 / m and 0 where the graph is connected). sources >= 2; at least as many as
/// nodes take all of them: then the value is characteristic_path_length() and the error 0. Value 0,
/// error NaN where no source reaches anything. Searches run 256 at a time; the result does not
/// depend on the number of threads. Throws argument_out_of_range.
[[nodiscard]] SWPRUNE_FUNCTION estimate sampled_path_length(const undirected& g, index_t sources,
                                                            rng& random);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION estimate sampled_path_length(const undirected& g, index_t sources, rng& random) {
  const std::vector<index_t> nodes = node_sample(g.nodes(), sources, random);
  const std::vector<detail::source_paths> paths = detail::paths_of(g, nodes);
  index_t sum = 0;
  index_t reached = 0;
  for (const detail::source_paths& p : paths) {
    sum += p.sum;
    reached += p.reached;
  }
  const double value = reached == 0 ? 0.0 : static_cast<double>(sum) / static_cast<double>(reached);
  const auto samples = static_cast<index_t>(paths.size());
  const double mean_reached = static_cast<double>(reached) / static_cast<double>(samples);
  return {value, detail::ratio_error(paths, value, mean_reached, g.nodes()), samples};
}

#endif

}  // namespace swprune::inline v0::graph
