// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/sample.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

struct erdos_renyi_params {
  index_t nodes = 1;  ///< n, in [1, 2^31 - 1]
  index_t edges = 0;  ///< m, in [0, n (n - 1) / 2]
};

/// Throws graph_nodes or graph_edge for a value outside the range that erdos_renyi_params names.
SWPRUNE_SETUP void check(const erdos_renyi_params& p);

/// The random graph G(n, m) of Erdos and Renyi (1959): every simple graph with n nodes and exactly
/// m edges is equally likely. Time grows with m, also where nearly all pairs are joined. Throws as
/// check(erdos_renyi_params).
[[nodiscard]] SWPRUNE_SETUP undirected erdos_renyi(const erdos_renyi_params& p, rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const erdos_renyi_params& p) {
  check_node_count(p.nodes, "the number of nodes");
  const index_t most = p.nodes * (p.nodes - 1) / 2;
  expects(p.edges >= 0 && p.edges <= most, errc::graph_edge,
          "a simple graph of {} nodes has between 0 and {} edges, given {}", p.nodes, most,
          p.edges);
}

SWPRUNE_SETUP undirected erdos_renyi(const erdos_renyi_params& p, rng& random) {
  check(p);
  // The pairs (a, b), a < b, are numbered row by row; row a has n - 1 - a of them.
  const auto pairs = detail::sample(p.nodes * (p.nodes - 1) / 2, p.edges, random);
  std::vector<edge> edges;
  edges.reserve(pairs.size());
  index_t a = 0;
  index_t row = 0;
  for (const index_t pair : pairs) {
    for (; pair - row >= p.nodes - 1 - a; ++a) row += p.nodes - 1 - a;
    edges.push_back({static_cast<node_t>(a), static_cast<node_t>(a + 1 + pair - row)});
  }
  return undirected(p.nodes, edges);
}

#endif

}  // namespace swprune::inline v0::graph
