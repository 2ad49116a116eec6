// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::graph {

/// Stored form of a node number: half the memory of index_t, and neighbour lists are what a graph
/// algorithm waits for.
using node_t = std::int32_t;

/// Largest number of nodes of a graph (or of one side of a bipartite graph).
inline constexpr index_t max_nodes = std::numeric_limits<node_t>::max();

/// Throws graph_nodes unless 1 <= count <= max_nodes; `what` names the count in the message.
inline void check_node_count(index_t count, const char* what) {
  expects(count >= 1 && count <= max_nodes, errc::graph_nodes, "{} must lie in [1, {}], given {}",
          what, max_nodes, count);
}

/// Throws graph_probability unless 0 <= value <= 1 (NaN is refused); `what` names it.
inline void check_fraction(double value, const char* what) {
  expects(value >= 0.0 && value <= 1.0, errc::graph_probability, "{} must lie in [0, 1], given {}",
          what, value);
}

}  // namespace swprune::inline v0::graph
