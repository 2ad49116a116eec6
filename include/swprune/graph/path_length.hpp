// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/multi_source_search.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

/// Shortest paths from a set of sources, in edges.
struct path_lengths {
  index_t sum = 0;      ///< of the distances of all reached pairs
  index_t reached = 0;  ///< ordered pairs (source, other node) joined by a path
  index_t pairs = 0;    ///< all ordered pairs (source, other node)
  index_t longest = 0;  ///< largest distance: the diameter when all nodes are sources

  /// Mean distance over the pairs that are joined; 0 if there are none.
  [[nodiscard]] double mean() const {
    return reached == 0 ? 0.0 : static_cast<double>(sum) / static_cast<double>(reached);
  }
  [[nodiscard]] bool all_reached() const { return reached == pairs; }
};

/// Shortest paths from the given nodes to all others: exact when all nodes are given, a sample for
/// graphs that are too large for that. A node given twice counts twice. The result does not depend
/// on the number of threads. Throws graph_nodes for a source that is no node.
[[nodiscard]] SWPRUNE_FUNCTION path_lengths shortest_paths(const undirected& g,
                                                           std::span<const index_t> sources);

#if SWPRUNE_BODIES

namespace detail {

/// Searches from the sources batch by batch, each batch as wide as a source_set of that many words.
template <std::size_t Words>
[[nodiscard]] path_lengths batched_paths(const undirected& g, std::span<const index_t> sources) {
  using search = multi_source_search<Words>;
  const index_t batches = ceil_div(static_cast<index_t>(sources.size()), search::capacity);
  std::vector<path_lengths> parts(static_cast<std::size_t>(batches));
  parallel_for(batches, [&](index_t b) {
    const auto first = static_cast<std::size_t>(b) * search::capacity;
    const auto count = std::min<std::size_t>(search::capacity, sources.size() - first);
    path_lengths part;
    search(g).run(sources.subspan(first, count),
                  [&](index_t level, const source_set<Words>& reached) {
                    const index_t found = reached.size();
                    part.sum += found * level;
                    part.reached += found;
                    part.longest = level;
                  });
    parts[static_cast<std::size_t>(b)] = part;
  });
  path_lengths total;
  for (const path_lengths& part : parts) {
    total.sum += part.sum;
    total.reached += part.reached;
    total.longest = std::max(total.longest, part.longest);
  }
  total.pairs = static_cast<index_t>(sources.size()) * (g.nodes() - 1);
  return total;
}

}  // namespace detail

SWPRUNE_FUNCTION path_lengths shortest_paths(const undirected& g,
                                             std::span<const index_t> sources) {
  for (const index_t s : sources)
    expects(s >= 0 && s < g.nodes(), errc::graph_nodes,
            "a source of paths must lie in [0, {}], given {}", g.nodes() - 1, s);
  // Four words a node cost less than twice the time of one; with eight little more is won.
  return sources.size() <= 64 ? detail::batched_paths<1>(g, sources)
                              : detail::batched_paths<4>(g, sources);
}

#endif

/// Shortest paths between all pairs.
[[nodiscard]] inline path_lengths shortest_paths(const undirected& g) {
  std::vector<index_t> sources(static_cast<std::size_t>(g.nodes()));
  std::iota(sources.begin(), sources.end(), index_t{0});
  return shortest_paths(g, sources);
}

/// Characteristic path length L: mean distance over all pairs of nodes joined by a path; 0 if no
/// pair is.
[[nodiscard]] inline double characteristic_path_length(const undirected& g) {
  return shortest_paths(g).mean();
}

}  // namespace swprune::inline v0::graph
