// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"

namespace swprune::inline v0::graph {

/// Way on the ring from output node `j` at (j + 1/2) / Go to input node `i` at (i + 1/2) / Gi, the
/// shorter way round, in units of 1 / (2 Go Gi): in (-Go Gi, Go Gi], positive where the input node
/// lies ahead. 0 <= j < Go <= 2^30 and 0 <= i < Gi <= 2^30 are not checked.
[[nodiscard]] constexpr index_t ring_offset(index_t j, index_t i, index_t out_nodes,
                                            index_t in_nodes) {
  const index_t ring = 2 * out_nodes * in_nodes;
  const index_t ahead = floor_mod((2 * i + 1) * out_nodes - (2 * j + 1) * in_nodes, ring);
  return 2 * ahead <= ring ? ahead : ahead - ring;
}

/// |ring_offset()|, in [0, Go Gi].
[[nodiscard]] constexpr index_t ring_distance(index_t j, index_t i, index_t out_nodes,
                                              index_t in_nodes) {
  const index_t way = ring_offset(j, i, out_nodes, in_nodes);
  return way < 0 ? -way : way;
}

/// Sum of ring_distance() over the edges: how far from the lattice a graph is, in units of
/// 1 / (2 Go Gi).
[[nodiscard]] SWPRUNE_FUNCTION index_t total_ring_distance(const bipartite& g);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION index_t total_ring_distance(const bipartite& g) {
  index_t total = 0;
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const node_t i : g.row(j)) total += ring_distance(j, i, g.out_nodes(), g.in_nodes());
  return total;
}

#endif

}  // namespace swprune::inline v0::graph
