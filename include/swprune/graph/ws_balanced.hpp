// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/detail/edge_switcher.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/ring_distance.hpp"

namespace swprune::inline v0::graph {

struct ws_balanced_params {
  biregular_params size{};
  double beta = 0.1;       ///< fraction of the edges to move, in [0, 1]
  bool keep_self = false;  ///< never move the edge that lies nearest to its row on the ring
};

/// A balanced small-world graph and how far it was rewired.
struct ws_balanced_result {
  bipartite graph;
  index_t switches = 0;        ///< 2-switches made; each moves two edges
  double beta_achieved = 0.0;  ///< 2 switches / edges: below beta when the graph is too crowded
};

/// The balanced small-world graph that masks are made of: bipartite_lattice(), then
/// round(beta E / 2) degree-preserving 2-switches of edges not yet moved (E edges in all), at least
/// one if beta > 0 and any is possible. Row and column degrees are those of the lattice, exactly:
/// rows differ by at most extra_rows' one edge, columns by at most one, and every input node is
/// used iff the edges are enough. beta = 0 is the lattice, beta = 1 nearly random. A crowded graph
/// may allow fewer switches: see beta_achieved. Throws graph_nodes, graph_degree (see
/// biregular_params) or graph_probability.
[[nodiscard]] SWPRUNE_SETUP ws_balanced_result ws_balanced(const ws_balanced_params& p,
                                                           rng& random);

#if SWPRUNE_BODIES

namespace detail {

/// Edge of row `j` at the smallest ring distance between (J + 1/2) / Go and (I + 1/2) / Gi.
[[nodiscard]] inline node_t nearest_column(const bipartite& g, index_t j) {
  const auto distance = [&](index_t i) { return ring_distance(j, i, g.out_nodes(), g.in_nodes()); };
  const auto row = g.row(j);
  return *std::min_element(row.begin(), row.end(),
                           [&](node_t a, node_t b) { return distance(a) < distance(b); });
}

/// Edges that have not been moved, from which pairs are drawn.
[[nodiscard]] inline std::vector<index_t> movable_edges(const bipartite& g,
                                                        const edge_switcher& switcher,
                                                        bool keep_self) {
  std::vector<index_t> movable;
  for (index_t e = 0; e < switcher.edges(); ++e) {
    const index_t j = switcher.row_of(e);
    if (keep_self && switcher.column_of(e) == nearest_column(g, j)) continue;
    movable.push_back(e);
  }
  return movable;
}

inline void forget(std::vector<index_t>& items, index_t place) {
  std::swap(items[static_cast<std::size_t>(place)], items.back());
  items.pop_back();
}

/// Up to `wanted` switches of edges that are each moved once; gives up after 200 proposals an
/// edge.
[[nodiscard]] inline index_t switch_once(edge_switcher& switcher, std::vector<index_t> movable,
                                         index_t wanted, rng& random) {
  index_t made = 0;
  for (index_t tries = 200 * switcher.edges(); tries > 0 && made < wanted; --tries) {
    if (movable.size() < 2) break;
    auto a = static_cast<index_t>(random.below(movable.size()));
    auto b = static_cast<index_t>(random.below(movable.size() - 1));
    if (b >= a) ++b;
    if (!switcher.try_switch(movable[static_cast<std::size_t>(a)],
                             movable[static_cast<std::size_t>(b)]))
      continue;
    if (a < b) std::swap(a, b);
    forget(movable, a);  // the later place first: removing fills it from the back
    forget(movable, b);
    ++made;
  }
  return made;
}

}  // namespace detail

SWPRUNE_SETUP ws_balanced_result ws_balanced(const ws_balanced_params& p, rng& random) {
  check_fraction(p.beta, "the rewired fraction beta");
  const bipartite lattice = bipartite_lattice(p.size);
  const index_t edges = lattice.edges();
  auto wanted = static_cast<index_t>(std::llround(p.beta * static_cast<double>(edges) / 2.0));
  if (p.beta > 0.0) wanted = std::max<index_t>(wanted, 1);
  const bool full = edges == p.size.out_nodes * p.size.in_nodes;
  if (wanted == 0 || full || p.size.out_nodes < 2) return {lattice, 0, 0.0};
  detail::edge_switcher switcher(lattice);
  const index_t made = detail::switch_once(
      switcher, detail::movable_edges(lattice, switcher, p.keep_self), wanted, random);
  return {switcher.graph(), made,
          edges == 0 ? 0.0 : 2.0 * static_cast<double>(made) / static_cast<double>(edges)};
}

#endif

}  // namespace swprune::inline v0::graph
