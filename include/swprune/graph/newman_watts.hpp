// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <utility>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/connected_retry.hpp"
#include "swprune/graph/detail/owned_edges.hpp"
#include "swprune/graph/detail/ring_share.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

struct newman_watts_params {
  index_t nodes = 1;            ///< n, in [1, 2^31 - 1]
  index_t degree = 0;           ///< k, even, 0 <= k < n: degree of the ring
  double shortcut = 0.0;        ///< p, in [0, 1]: probability of a shortcut per edge of the ring
  index_t connected_tries = 0;  ///< 0: take what comes; 1..100: draw until connected
};

/// Throws graph_nodes, graph_degree, graph_probability or argument_out_of_range for a value
/// outside the range that newman_watts_params names.
SWPRUNE_SETUP void check(const newman_watts_params& p);

/// The small-world graph of Newman and Watts (Phys. Lett. A 263, 1999), kept simple: a ring of n
/// nodes, each joined to its k / 2 nearest neighbours on either side, of which no edge is removed;
/// for distance j = 1 .. k / 2, for node u = 0 .. n - 1: with probability p a shortcut from u is
/// added, to a node uniform among those that are neither u nor joined to u by then; a node joined
/// to all others gets none. Between n k / 2 and n k edges, of mean n k (1 + p) / 2 unless crowded.
/// Connected as soon as k >= 2 (connected_tries matters only for k = 0). Throws as
/// check(newman_watts_params), and graph_not_connected when the tries are used up.
[[nodiscard]] SWPRUNE_SETUP undirected newman_watts(const newman_watts_params& p, rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const newman_watts_params& p) {
  check_ring(p.nodes, p.degree);
  check_fraction(p.shortcut, "the shortcut probability");
  detail::check_tries(p.connected_tries);
}

namespace detail {

[[nodiscard]] inline undirected ring_with_shortcuts(const newman_watts_params& p, rng& random) {
  owned_edges<growing_share> edges(growing_share(p.nodes, p.degree / 2));
  for (index_t j = 0; j < p.degree / 2; ++j)
    for (index_t u = 0; u < p.nodes; ++u)
      if (random.bernoulli(p.shortcut) && !edges.saturated(u))
        edges.add(u, edges.stranger(u, random));
  return std::move(edges).graph();
}

}  // namespace detail

SWPRUNE_SETUP undirected newman_watts(const newman_watts_params& p, rng& random) {
  check(p);
  return detail::connected_retry(
      p.connected_tries, [&] { return detail::ring_with_shortcuts(p, random); },
      [&] {
        return fmt::format("{} nodes, degree {} and shortcut probability {}", p.nodes, p.degree,
                           p.shortcut);
      });
}

#endif

}  // namespace swprune::inline v0::graph
