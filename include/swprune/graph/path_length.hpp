// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/types.hpp"
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

namespace detail {

/// Breadth-first search from up to 64 sources at once: bit s of a node's word stands for source s.
class multi_source_search {
 public:
  explicit multi_source_search(const undirected& g)
      : graph_(g), seen_(words()), frontier_(words()), next_(words()) {}

  [[nodiscard]] path_lengths run(std::span<const index_t> sources) {
    for (std::size_t s = 0; s < sources.size(); ++s) start(sources[s], s);
    path_lengths total;
    total.pairs = static_cast<index_t>(sources.size()) * (graph_.nodes() - 1);
    for (index_t level = 1; !active_.empty(); ++level) {
      spread();
      const index_t found = settle();
      total.sum += found * level;
      total.reached += found;
      if (found > 0) total.longest = level;
    }
    return total;
  }

 private:
  [[nodiscard]] std::size_t words() const { return static_cast<std::size_t>(graph_.nodes()); }

  void start(index_t source, std::size_t bit) {
    const auto v = static_cast<std::size_t>(source);
    if (frontier_[v] == 0) active_.push_back(static_cast<node_t>(source));
    frontier_[v] |= std::uint64_t{1} << bit;
    seen_[v] |= std::uint64_t{1} << bit;
  }

  void spread() {
    for (const node_t v : active_) {
      const std::uint64_t bits = frontier_[static_cast<std::size_t>(v)];
      for (const node_t w : graph_.neighbours(v)) {
        std::uint64_t& word = next_[static_cast<std::size_t>(w)];
        if (word == 0) touched_.push_back(w);
        word |= bits;
      }
    }
  }

  /// Makes what was newly reached the frontier; returns how many (source, node) pairs that is.
  [[nodiscard]] index_t settle() {
    index_t found = 0;
    active_.clear();
    for (const node_t w : touched_) {
      const auto v = static_cast<std::size_t>(w);
      const std::uint64_t fresh = next_[v] & ~seen_[v];
      next_[v] = 0;
      if (fresh == 0) continue;
      seen_[v] |= fresh;
      frontier_[v] = fresh;
      active_.push_back(w);
      found += std::popcount(fresh);
    }
    touched_.clear();
    return found;
  }

  const undirected& graph_;
  std::vector<std::uint64_t> seen_;
  std::vector<std::uint64_t> frontier_;
  std::vector<std::uint64_t> next_;
  std::vector<node_t> active_;
  std::vector<node_t> touched_;
};

}  // namespace detail

/// Shortest paths from the given nodes to all others: exact when all nodes are given, a sample for
/// graphs that are too large for that. A node given twice counts twice. The result does not depend
/// on the number of threads. Throws graph_nodes for a source that is no node.
[[nodiscard]] inline path_lengths shortest_paths(const undirected& g,
                                                 std::span<const index_t> sources) {
  for (const index_t s : sources)
    expects(s >= 0 && s < g.nodes(), errc::graph_nodes,
            "a source of paths must lie in [0, {}], given {}", g.nodes() - 1, s);
  const index_t batches = ceil_div(static_cast<index_t>(sources.size()), 64);
  std::vector<path_lengths> parts(static_cast<std::size_t>(batches));
  parallel_for(batches, [&](index_t b) {
    const auto first = static_cast<std::size_t>(b) * 64;
    const auto count = std::min<std::size_t>(64, sources.size() - first);
    parts[static_cast<std::size_t>(b)] =
        detail::multi_source_search(g).run(sources.subspan(first, count));
  });
  path_lengths total;
  for (const path_lengths& part : parts) {
    total.sum += part.sum;
    total.reached += part.reached;
    total.pairs += part.pairs;
    total.longest = std::max(total.longest, part.longest);
  }
  return total;
}

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
