// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

/// The connected parts of a graph.
struct component_map {
  std::vector<node_t> label;   ///< [nodes] component of each node; numbered by smallest node
  std::vector<index_t> sizes;  ///< [components] nodes of each

  [[nodiscard]] index_t count() const { return static_cast<index_t>(sizes.size()); }
};

/// Connected components, O(nodes + edges).
[[nodiscard]] SWPRUNE_FUNCTION component_map connected_components(const undirected& g);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION component_map connected_components(const undirected& g) {
  component_map map;
  map.label.assign(static_cast<std::size_t>(g.nodes()), -1);
  std::vector<node_t> stack;
  for (index_t root = 0; root < g.nodes(); ++root) {
    if (map.label[static_cast<std::size_t>(root)] >= 0) continue;
    const auto id = static_cast<node_t>(map.sizes.size());
    map.sizes.push_back(0);
    map.label[static_cast<std::size_t>(root)] = id;
    stack.push_back(static_cast<node_t>(root));
    while (!stack.empty()) {
      const node_t v = stack.back();
      stack.pop_back();
      ++map.sizes.back();
      for (const node_t w : g.neighbours(v)) {
        node_t& label = map.label[static_cast<std::size_t>(w)];
        if (label >= 0) continue;
        label = id;
        stack.push_back(w);
      }
    }
  }
  return map;
}

#endif

/// True if every node reaches every other.
[[nodiscard]] inline bool is_connected(const undirected& g) {
  return connected_components(g).count() == 1;
}

}  // namespace swprune::inline v0::graph
