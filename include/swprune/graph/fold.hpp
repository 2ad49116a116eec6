// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

/// The one-mode graph on which small-worldness of a bipartite mask is measured (a bipartite graph
/// has no triangle). Both sides are folded onto a ring of n = min(Go, Gi) nodes, output node J onto
/// floor(J n / Go), input node I onto floor(I n / Gi); two different ring nodes are joined iff any
/// edge joins them. For a square mask that is M or its transpose, without the diagonal. Give the
/// mask in ring coordinates: with an interleaved order undone.
[[nodiscard]] SWPRUNE_SETUP undirected fold(const bipartite& g);

#if SWPRUNE_BODIES

SWPRUNE_SETUP undirected fold(const bipartite& g) {
  const index_t n = std::min(g.out_nodes(), g.in_nodes());
  std::vector<edge> edges;
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const node_t i : g.row(j)) {
      const auto a = static_cast<node_t>(j * n / g.out_nodes());
      const auto b = static_cast<node_t>(i * n / g.in_nodes());
      if (a != b) edges.push_back({std::min(a, b), std::max(a, b)});
    }
  const auto key = [n](const edge& e) { return e.a * n + e.b; };
  std::sort(edges.begin(), edges.end(),
            [&](const edge& x, const edge& y) { return key(x) < key(y); });
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return undirected(n, edges);
}

#endif

}  // namespace swprune::inline v0::graph
