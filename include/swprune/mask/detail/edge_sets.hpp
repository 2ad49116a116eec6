// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::mask::detail {

#if SWPRUNE_BODIES

/// The nodes of `g` without edges.
[[nodiscard]] inline graph::bipartite no_edges(const graph::bipartite& g) {
  const auto rows = static_cast<std::size_t>(g.out_nodes());
  return graph::bipartite(g.in_nodes(), std::vector<std::vector<graph::node_t>>(rows));
}

/// Edges of `g` that `other` does not have.
[[nodiscard]] inline graph::bipartite without(const graph::bipartite& g,
                                              const graph::bipartite& other) {
  std::vector<std::vector<graph::node_t>> rows(static_cast<std::size_t>(g.out_nodes()));
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const graph::node_t i : g.row(j))
      if (!other.has_edge(j, i)) rows[static_cast<std::size_t>(j)].push_back(i);
  return graph::bipartite(g.in_nodes(), rows);
}

/// All edges that `g` does not have.
[[nodiscard]] inline graph::bipartite complement(const graph::bipartite& g) {
  std::vector<std::vector<graph::node_t>> rows(static_cast<std::size_t>(g.out_nodes()));
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (graph::node_t i = 0; i < g.in_nodes(); ++i)
      if (!g.has_edge(j, i)) rows[static_cast<std::size_t>(j)].push_back(i);
  return graph::bipartite(g.in_nodes(), rows);
}

/// Edges of either; no edge may be in both.
[[nodiscard]] inline graph::bipartite united(const graph::bipartite& a, const graph::bipartite& b) {
  auto rows = a.rows();
  for (index_t j = 0; j < b.out_nodes(); ++j) {
    auto& row = rows[static_cast<std::size_t>(j)];
    row.insert(row.end(), b.row(j).begin(), b.row(j).end());
  }
  return graph::bipartite(a.in_nodes(), rows);
}

#endif

}  // namespace swprune::inline v0::mask::detail
