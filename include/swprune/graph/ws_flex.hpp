// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/connected_retry.hpp"
#include "swprune/graph/detail/rewired_ring.hpp"
#include "swprune/graph/detail/ring_share.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

struct ws_flex_params {
  index_t nodes = 1;            ///< n, in [1, 2^31 - 1]
  double degree = 0.0;          ///< K, in [0, n - 1]: mean degree, any real number
  double rewire = 0.0;          ///< p, in [0, 1]: probability that an edge is moved
  index_t connected_tries = 0;  ///< 0: take what comes; 1..100: draw until connected
};

/// Throws graph_nodes, graph_degree, graph_probability or argument_out_of_range for a value
/// outside the range that ws_flex_params names.
SWPRUNE_SETUP void check(const ws_flex_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const ws_flex_params& p) {
  check_node_count(p.nodes, "the number of nodes");
  expects(p.degree >= 0.0 && p.degree <= static_cast<double>(p.nodes - 1), errc::graph_degree,
          "the mean degree of a ring of {} nodes must lie in [0, {}], given {}", p.nodes,
          p.nodes - 1, p.degree);
  check_fraction(p.rewire, "the rewiring probability");
  detail::check_tries(p.connected_tries);
}

#endif

/// Edges of the graph: round(K n / 2), halves up.
[[nodiscard]] inline index_t flex_edges(const ws_flex_params& p) {
  const auto edges =
      static_cast<index_t>(std::floor(p.degree * static_cast<double>(p.nodes) / 2.0 + 0.5));
  return std::min(edges, p.nodes * (p.nodes - 1) / 2);
}

/// Watts-Strogatz graph of any mean degree (WS-flex: You, Leskovec, He, Xie, ICML 2020):
/// 1. E = round(K n / 2) edges are dealt as evenly as possible: each node owns the edges to its
///    floor(E / n) or ceil(E / n) next neighbours clockwise, the nodes with one more spread evenly
///    over the ring (over its first half if they reach the node opposite: only there K > n - 2);
/// 2. for distance j = 1, 2, ..., for node u = 0 .. n - 1 that owns a j-th edge: with probability p
///    it gets a new far end, uniform among the nodes that are neither u nor joined to u; a node
///    joined to all others keeps its edge;
/// 3. if connected_tries > 0, all again with the generator where it stands until the graph is
///    connected.
/// Always simple, always E edges; with K even it is ws_classic() of degree K. Throws as
/// check(ws_flex_params), and graph_not_connected when the tries are used up.
[[nodiscard]] SWPRUNE_SETUP undirected ws_flex(const ws_flex_params& p, rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP undirected ws_flex(const ws_flex_params& p, rng& random) {
  check(p);
  return detail::connected_retry(
      p.connected_tries,
      [&] {
        return detail::rewired_ring(detail::dealt_share(p.nodes, flex_edges(p)), p.rewire, random);
      },
      [&] {
        return fmt::format("{} nodes, mean degree {} and rewiring probability {}", p.nodes,
                           p.degree, p.rewire);
      });
}

#endif

}  // namespace swprune::inline v0::graph
