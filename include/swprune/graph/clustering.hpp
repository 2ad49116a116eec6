// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

/// Triangles through each node, exact, [nodes]. Every triangle u < v < w is found once, as a common
/// upper neighbour w of the edge (u, v).
[[nodiscard]] inline std::vector<index_t> triangles(const undirected& g) {
  std::vector<index_t> count(static_cast<std::size_t>(g.nodes()), 0);
  for (index_t u = 0; u < g.nodes(); ++u) {
    const auto row = g.neighbours(u);
    auto v = std::upper_bound(row.begin(), row.end(), static_cast<node_t>(u));
    for (; v != row.end(); ++v) {
      const auto other = g.neighbours(*v);
      auto x = v + 1;
      auto y = std::upper_bound(other.begin(), other.end(), *v);
      while (x != row.end() && y != other.end()) {
        if (*x == *y) {
          ++count[static_cast<std::size_t>(u)];
          ++count[static_cast<std::size_t>(*v)];
          ++count[static_cast<std::size_t>(*x)];
        }
        const bool step_x = *x <= *y;
        const bool step_y = *y <= *x;
        x += step_x;
        y += step_y;
      }
    }
  }
  return count;
}

/// Clustering coefficient of each node, [nodes]: of the pairs of its neighbours, the share that is
/// joined, 2 t / (k (k - 1)); 0 for a node with fewer than two neighbours.
[[nodiscard]] inline std::vector<double> local_clustering(const undirected& g) {
  const std::vector<index_t> t = triangles(g);
  std::vector<double> c(t.size(), 0.0);
  for (index_t v = 0; v < g.nodes(); ++v) {
    const auto k = static_cast<double>(g.degree(v));
    if (k >= 2.0)
      c[static_cast<std::size_t>(v)] =
          2.0 * static_cast<double>(t[static_cast<std::size_t>(v)]) / (k * (k - 1.0));
  }
  return c;
}

/// Clustering coefficient C of the graph: the mean of local_clustering() (Watts and Strogatz 1998;
/// not the transitivity, which weights nodes by their pairs). In [0, 1].
[[nodiscard]] inline double clustering_coefficient(const undirected& g) {
  double sum = 0.0;
  for (const double c : local_clustering(g)) sum += c;
  return sum / static_cast<double>(g.nodes());
}

}  // namespace swprune::inline v0::graph
