// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/detail/edge_switcher.hpp"
#include "swprune/graph/lattice.hpp"

namespace swprune::inline v0::graph {

/// The control without locality (beta = 1): a random graph with exactly the row and column degrees
/// of bipartite_lattice(), by 10 E accepted 2-switches of edges drawn uniformly (E edges; edges may
/// move again and again, unlike in ws_balanced), given up after 200 E proposals. Throws graph_nodes
/// or graph_degree (see biregular_params).
[[nodiscard]] SWPRUNE_SETUP bipartite random_biregular(const biregular_params& p, rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP bipartite random_biregular(const biregular_params& p, rng& random) {
  const bipartite lattice = bipartite_lattice(p);
  detail::edge_switcher switcher(lattice);
  const index_t edges = switcher.edges();
  if (p.out_nodes < 2 || edges < 2 || edges == p.out_nodes * p.in_nodes) return lattice;
  index_t wanted = 10 * edges;
  for (index_t tries = 200 * edges; tries > 0 && wanted > 0; --tries) {
    const auto e = static_cast<index_t>(random.below(static_cast<std::uint64_t>(edges)));
    const auto f = static_cast<index_t>(random.below(static_cast<std::uint64_t>(edges)));
    if (switcher.try_switch(e, f)) --wanted;
  }
  return switcher.graph();
}

#endif

}  // namespace swprune::inline v0::graph
