// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/b_matching.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/ring_distance.hpp"
#include "swprune/mask/detail/edge_sets.hpp"

namespace swprune::inline v0::mask {

/// A graph that holds the one before it.
struct growth_step {
  graph::bipartite graph;
  /// Edges by which columns lie outside floor(E / Gi) .. ceil(E / Gi): 0 means balanced.
  index_t outside = 0;
};

/// Grows a graph in ring coordinates through the row degrees `degrees`, each a superset of the one
/// before: read backwards, nested stages of pruning down to `final_graph`. Degree d gives output
/// node j r_j + d - r edges (r_j its final number, r the smallest of these), at most Gi: rows with
/// one block more keep it until they are full. Added are the edges nearest on the ring (smallest
/// sum of distances) among the choices with the most even columns. If final_graph is square with
/// equal rows and columns, columns are equal at every step: the complement of a bi-regular graph is
/// bi-regular, and such a graph falls into perfect matchings (Koenig). Otherwise columns can miss
/// the even share; `outside` says by how much.
/// degrees: non-decreasing, in [r, Gi]; throws mask_stages.
[[nodiscard]] SWPRUNE_SETUP std::vector<growth_step> grow(const graph::bipartite& final_graph,
                                                          const std::vector<index_t>& degrees);

#if SWPRUNE_BODIES

namespace detail {

/// Smallest number of edges of an output node.
[[nodiscard]] inline index_t least_row_degree(const graph::bipartite& g) {
  index_t least = g.in_nodes();
  for (index_t j = 0; j < g.out_nodes(); ++j) least = std::min(least, g.row_degree(j));
  return least;
}

/// Near edges are cheap; of two equally near the one ahead, which is the order in which the windows
/// of the lattice widen from an odd degree.
[[nodiscard]] SWPRUNE_COLD inline std::vector<graph::edge_cost> ring_costs(
    const graph::bipartite& g) {
  std::vector<graph::edge_cost> costs;
  costs.reserve(static_cast<std::size_t>(g.edges()));
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const graph::node_t i : g.row(j)) {
      const index_t way = graph::ring_offset(j, i, g.out_nodes(), g.in_nodes());
      costs.push_back({way < 0 ? -way : way, way < 0 ? 1 : 0});
    }
  return costs;
}

/// Adds `more[j]` edges to every row j, columns as even as can be.
[[nodiscard]] SWPRUNE_COLD inline growth_step grown(const graph::bipartite& g,
                                                    const std::vector<index_t>& more) {
  const graph::bipartite support = complement(g);
  index_t edges = g.edges();
  for (const index_t m : more) edges += m;
  const std::vector<index_t> degrees = g.column_degrees();
  std::vector<graph::column_target> columns;
  for (const index_t d : degrees)
    columns.push_back({.low = std::max<index_t>(0, edges / g.in_nodes() - d),
                       .high = std::max<index_t>(0, ceil_div(edges, g.in_nodes()) - d)});
  const auto added = graph::min_cost_b_matching(support, ring_costs(support), more, columns).graph;
  growth_step step{united(g, added), 0};
  for (const index_t d : step.graph.column_degrees())
    step.outside +=
        std::max<index_t>({0, edges / g.in_nodes() - d, d - ceil_div(edges, g.in_nodes())});
  return step;
}

}  // namespace detail

SWPRUNE_SETUP std::vector<growth_step> grow(const graph::bipartite& final_graph,
                                            const std::vector<index_t>& degrees) {
  const index_t least = detail::least_row_degree(final_graph);
  const index_t full = final_graph.in_nodes();
  std::vector<growth_step> steps;
  growth_step now = detail::grown(
      final_graph, std::vector<index_t>(static_cast<std::size_t>(final_graph.out_nodes()), 0));
  index_t before = least;
  for (const index_t degree : degrees) {
    expects(degree >= before && degree <= full, errc::mask_stages,
            "the degrees to grow through must not fall and lie in [{}, {}], given {} after {}",
            least, full, degree, before);
    std::vector<index_t> more;
    for (index_t j = 0; j < final_graph.out_nodes(); ++j)
      more.push_back(std::min(full, final_graph.row_degree(j) + degree - least) -
                     now.graph.row_degree(j));
    if (degree > before) now = detail::grown(now.graph, more);
    steps.push_back(now);
    before = degree;
  }
  return steps;
}

#endif

}  // namespace swprune::inline v0::mask
