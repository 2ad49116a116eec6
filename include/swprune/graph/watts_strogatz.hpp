// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/connected_retry.hpp"
#include "swprune/graph/detail/rewired_ring.hpp"
#include "swprune/graph/detail/ring_share.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

struct ws_params {
  index_t nodes = 1;            ///< n, in [1, 2^31 - 1]
  index_t degree = 0;           ///< k, even, 0 <= k < n: mean degree
  double rewire = 0.0;          ///< p, in [0, 1]: probability that an edge is moved
  index_t connected_tries = 0;  ///< 0: take what comes; 1..100: draw until connected
};

/// Throws graph_nodes, graph_degree, graph_probability or argument_out_of_range for a value
/// outside the range that ws_params names.
SWPRUNE_SETUP void check(const ws_params& p);

/// The small-world graph of Watts and Strogatz (Nature 393, 1998), step by step:
/// 1. a ring of n nodes, each joined to its k / 2 nearest neighbours on either side;
/// 2. for distance j = 1 .. k / 2, for node u = 0 .. n - 1 clockwise: with probability p the edge
///    that began as (u, u + j) gets a new far end, uniform among the nodes that are neither u nor
///    joined to u; a node joined to all others keeps its edge;
/// 3. if connected_tries > 0, all again with the generator where it stands until the graph is
///    connected.
/// Always simple, always n k / 2 edges; p = 0 is the ring lattice, at p = 1 every edge was moved
/// but each node keeps degree >= k / 2. Throws as check(ws_params), and graph_not_connected when
/// the tries are used up.
[[nodiscard]] SWPRUNE_SETUP undirected ws_classic(const ws_params& p, rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const ws_params& p) {
  check_ring(p.nodes, p.degree);
  check_fraction(p.rewire, "the rewiring probability");
  detail::check_tries(p.connected_tries);
}

SWPRUNE_SETUP undirected ws_classic(const ws_params& p, rng& random) {
  check(p);
  return detail::connected_retry(
      p.connected_tries,
      [&] {
        return detail::rewired_ring(detail::equal_share(p.nodes, p.degree / 2), p.rewire, random);
      },
      [&] {
        return fmt::format("{} nodes, degree {} and rewiring probability {}", p.nodes, p.degree,
                           p.rewire);
      });
}

#endif

}  // namespace swprune::inline v0::graph
