// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/even_columns.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

/// Throws graph_nodes or graph_degree unless a ring of `nodes` can join each node to degree / 2
/// neighbours on either side: nodes in [1, 2^31 - 1], degree even, 0 <= degree < nodes.
SWPRUNE_SETUP void check_ring(index_t nodes, index_t degree);

/// Ring of `nodes`, each joined to its degree / 2 nearest neighbours on either side: the start of
/// the Watts-Strogatz model. Throws as check_ring.
[[nodiscard]] SWPRUNE_SETUP undirected ring_lattice(index_t nodes, index_t degree);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check_ring(index_t nodes, index_t degree) {
  check_node_count(nodes, "the number of nodes");
  expects(degree >= 0 && degree < nodes, errc::graph_degree,
          "the degree of a ring of {} nodes must lie in [0, {}], given {}", nodes, nodes - 1,
          degree);
  expects(degree % 2 == 0, errc::graph_degree,
          "the degree of a ring must be even (half of it on either side), given {}", degree);
}

SWPRUNE_SETUP undirected ring_lattice(index_t nodes, index_t degree) {
  check_ring(nodes, degree);
  std::vector<edge> edges;
  edges.reserve(static_cast<std::size_t>(nodes * (degree / 2)));
  for (index_t u = 0; u < nodes; ++u)
    for (index_t j = 1; j <= degree / 2; ++j)
      edges.push_back({static_cast<node_t>(u), static_cast<node_t>((u + j) % nodes)});
  return undirected(nodes, edges);
}

#endif

/// Size of a bipartite graph with (nearly) equal rows.
struct biregular_params {
  index_t out_nodes = 1;   ///< Go >= 1
  index_t in_nodes = 1;    ///< Gi >= 1
  index_t degree = 1;      ///< edges of a row, in [0, Gi]
  index_t extra_rows = 0;  ///< rows with one edge more, in [0, Go - 1]; 0 where degree = Gi

  [[nodiscard]] constexpr index_t edges() const { return degree * out_nodes + extra_rows; }
  /// Edges of row `j`; the rows with one more are spread evenly.
  [[nodiscard]] constexpr index_t row_degree(index_t j) const {
    return degree + (j + 1) * extra_rows / out_nodes - j * extra_rows / out_nodes;
  }
};

/// Throws graph_nodes or graph_degree for a value outside the range that biregular_params names.
SWPRUNE_SETUP void check(const biregular_params& p);

/// The bipartite ring lattice: row J holds d consecutive input nodes (modulo Gi) from
/// floor(J Gi / Go) - floor((d - 1) / 2) on. With d the same for all rows, column degrees are
/// floor(d Go / Gi) or ceil(d Go / Gi), and every input node is used iff d >= ceil(Gi / Go),
/// because J -> floor(J Gi / Go) is a balanced sequence. Rows with one edge more disturb that:
/// they shift edges inside windows widened by as small a margin (1, 2, 4, ...) as makes the columns
/// balanced again. Throws graph_nodes or graph_degree (see biregular_params).
[[nodiscard]] SWPRUNE_SETUP bipartite bipartite_lattice(const biregular_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const biregular_params& p) {
  check_node_count(p.out_nodes, "the number of output nodes");
  check_node_count(p.in_nodes, "the number of input nodes");
  expects(p.degree >= 0 && p.degree <= p.in_nodes, errc::graph_degree,
          "the degree of an output node must lie in [0, {}] (there are {} input nodes), given {}",
          p.in_nodes, p.in_nodes, p.degree);
  const index_t most = p.degree == p.in_nodes ? 0 : p.out_nodes - 1;
  expects(p.extra_rows >= 0 && p.extra_rows <= most, errc::graph_degree,
          "the number of rows with one edge more must lie in [0, {}] ({} rows of degree {} over {} "
          "input nodes), given {}",
          most, p.out_nodes, p.degree, p.in_nodes, p.extra_rows);
}

namespace detail {

/// Row j: `row_degree(j) + 2 * margin` consecutive input nodes around the ring position of j.
[[nodiscard]] inline bipartite windows(const biregular_params& p, index_t margin) {
  std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(p.out_nodes));
  for (index_t j = 0; j < p.out_nodes; ++j) {
    const index_t degree = p.row_degree(j);
    const index_t start = j * p.in_nodes / p.out_nodes - floor_div(degree - 1, 2) - margin;
    const index_t width = degree + 2 * margin < p.in_nodes ? degree + 2 * margin : p.in_nodes;
    for (index_t t = 0; t < width; ++t)
      rows[static_cast<std::size_t>(j)].push_back(
          static_cast<node_t>(floor_mod(start + t, p.in_nodes)));
  }
  return bipartite(p.in_nodes, rows);
}

}  // namespace detail

SWPRUNE_SETUP bipartite bipartite_lattice(const biregular_params& p) {
  check(p);
  const bipartite start = detail::windows(p, 0);
  if (p.extra_rows == 0 || column_spread(start) <= 1) return start;
  for (index_t margin = 1;; margin *= 2) {
    bipartite even = even_columns(start, detail::windows(p, margin));
    if (column_spread(even) <= 1 || 2 * margin >= p.in_nodes) return even;
  }
}

#endif

}  // namespace swprune::inline v0::graph
