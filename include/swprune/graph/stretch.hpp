// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

/// The bipartite graph of a rectangular layer from a graph on n ring nodes, any n >= 1: output node
/// J stands for ring node floor(J n / Go), input node I for floor(I n / Gi), and (J, I) is an edge
/// iff both stand for the same ring node or for two that are joined: adjacency plus identity,
/// stretched. With n = min(Go, Gi) every ring node appears on either side, so no output node is
/// without input and no input node unused. Throws graph_nodes for an empty side.
[[nodiscard]] SWPRUNE_SETUP bipartite stretch(const undirected& g, index_t out_nodes,
                                              index_t in_nodes);

#if SWPRUNE_BODIES

SWPRUNE_SETUP bipartite stretch(const undirected& g, index_t out_nodes, index_t in_nodes) {
  check_node_count(out_nodes, "the number of output nodes");
  check_node_count(in_nodes, "the number of input nodes");
  const index_t n = g.nodes();
  // Input nodes of ring node a: those from ceil(a Gi / n) up to that of a + 1.
  const auto first_input = [&](index_t a) { return ceil_div(a * in_nodes, n); };
  std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(out_nodes));
  for (index_t j = 0; j < out_nodes; ++j) {
    std::vector<node_t>& row = rows[static_cast<std::size_t>(j)];
    const auto append = [&](index_t a) {
      for (index_t i = first_input(a); i < first_input(a + 1); ++i)
        row.push_back(static_cast<node_t>(i));
    };
    const index_t self = j * n / out_nodes;
    append(self);
    for (const node_t a : g.neighbours(self)) append(a);
  }
  return bipartite(in_nodes, rows);
}

#endif

}  // namespace swprune::inline v0::graph
