// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// Share of the input nodes that `rows` adjacent output nodes need together, mean over the tiles
/// 0 .. rows - 1, rows .. 2 rows - 1, ... (the last may be shorter): what an accelerator fetches
/// that works on a tile of output groups. In [0, 1]. rows in [1, Go]; throws
/// argument_out_of_range.
[[nodiscard]] SWPRUNE_FUNCTION double row_union(const bipartite& g, index_t rows);

/// Share of the edges of `g` that `lattice` does not have: the beta that can be seen in a mask. 0
/// without edges. Throws graph_nodes unless both have the same sides.
[[nodiscard]] SWPRUNE_FUNCTION double rewired_fraction(const bipartite& g,
                                                       const bipartite& lattice);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION double row_union(const bipartite& g, index_t rows) {
  expects(rows >= 1 && rows <= g.out_nodes(), errc::argument_out_of_range,
          "the rows of a tile must lie in [1, {}], given {}", g.out_nodes(), rows);
  std::vector<index_t> last_tile(static_cast<std::size_t>(g.in_nodes()), -1);
  const index_t tiles = ceil_div(g.out_nodes(), rows);
  index_t needed = 0;
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const node_t i : g.row(j)) {
      index_t& tile = last_tile[static_cast<std::size_t>(i)];
      needed += tile != j / rows;
      tile = j / rows;
    }
  return static_cast<double>(needed) / static_cast<double>(tiles * g.in_nodes());
}

SWPRUNE_FUNCTION double rewired_fraction(const bipartite& g, const bipartite& lattice) {
  expects(g.out_nodes() == lattice.out_nodes() && g.in_nodes() == lattice.in_nodes(),
          errc::graph_nodes, "a {} x {} graph cannot be compared with a {} x {} lattice",
          g.out_nodes(), g.in_nodes(), lattice.out_nodes(), lattice.in_nodes());
  index_t moved = 0;
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const node_t i : g.row(j)) moved += lattice.has_edge(j, i) ? 0 : 1;
  return g.edges() == 0 ? 0.0 : static_cast<double>(moved) / static_cast<double>(g.edges());
}

#endif

}  // namespace swprune::inline v0::graph
