// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

struct barabasi_albert_params {
  index_t nodes = 1;     ///< n, in [1, 2^31 - 1]
  index_t attached = 0;  ///< m, in [0, n - 1]: edges that every new node brings
};

/// Throws graph_nodes or graph_degree for a value outside the range that barabasi_albert_params
/// names.
SWPRUNE_SETUP void check(const barabasi_albert_params& p);

/// The scale-free graph of Barabasi and Albert (Science 286, 1999), with what the paper leaves open
/// fixed like this:
/// 1. the start is a star: node 0 joined to the nodes 1 .. m;
/// 2. each node m + 1 .. n - 1 in turn is joined to m different earlier nodes: ends of existing
///    edges are drawn uniformly, which finds a node in proportion to the degree it had before the
///    new node came, and a node drawn before is drawn again.
/// Always simple, always connected if m >= 1, m (n - m) edges. Throws as
/// check(barabasi_albert_params).
[[nodiscard]] SWPRUNE_SETUP undirected barabasi_albert(const barabasi_albert_params& p,
                                                       rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const barabasi_albert_params& p) {
  check_node_count(p.nodes, "the number of nodes");
  expects(p.attached >= 0 && p.attached < p.nodes, errc::graph_degree,
          "the edges that a new node brings must lie in [0, {}] (there are {} nodes), given {}",
          p.nodes - 1, p.nodes, p.attached);
}

SWPRUNE_SETUP undirected barabasi_albert(const barabasi_albert_params& p, rng& random) {
  check(p);
  std::vector<edge> edges;
  edges.reserve(static_cast<std::size_t>(p.attached * (p.nodes - p.attached)));
  for (index_t v = 1; v <= p.attached; ++v) edges.push_back({0, static_cast<node_t>(v)});
  std::vector<node_t> joined_to(static_cast<std::size_t>(p.nodes), -1);  // latest node that chose
  for (index_t v = p.attached + 1; v < p.nodes && p.attached > 0; ++v) {
    const auto ends = static_cast<std::uint64_t>(2 * edges.size());
    for (index_t chosen = 0; chosen < p.attached;) {
      const std::uint64_t end = random.below(ends);
      const edge& e = edges[end / 2];
      const node_t w = end % 2 == 0 ? e.a : e.b;
      node_t& latest = joined_to[static_cast<std::size_t>(w)];
      if (latest == v) continue;
      latest = static_cast<node_t>(v);
      edges.push_back({w, static_cast<node_t>(v)});
      ++chosen;
    }
  }
  return undirected(p.nodes, edges);
}

#endif

}  // namespace swprune::inline v0::graph
