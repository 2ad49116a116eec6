// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of graphs and masks ask of a bipartite graph. Each returns a verdict instead of
// asserting, so that a test can show that it fails on a graph that is wrong.

#include <algorithm>
#include <vector>

#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune_test {

using swprune::index_t;

/// I1: every row has exactly the degree that `size` gives it.
inline bool rows_exact(const swprune::graph::bipartite& g,
                       const swprune::graph::biregular_params& size) {
  if (g.out_nodes() != size.out_nodes || g.in_nodes() != size.in_nodes) return false;
  for (index_t j = 0; j < g.out_nodes(); ++j) {
    if (g.row_degree(j) != size.row_degree(j)) return false;
    const bool more = size.row_degree(j) == size.degree + 1;
    if (!more && size.row_degree(j) != size.degree) return false;
  }
  return g.edges() == size.degree * size.out_nodes + size.extra_rows;
}

/// I2: every column degree is the mean rounded down or up.
inline bool columns_balanced(const swprune::graph::bipartite& g) {
  const index_t low = g.edges() / g.in_nodes();
  const index_t high = swprune::ceil_div(g.edges(), g.in_nodes());
  for (const index_t d : g.column_degrees())
    if (d < low || d > high) return false;
  return true;
}

/// I3, input side: every input node is used.
inline bool all_inputs_used(const swprune::graph::bipartite& g) {
  const auto degrees = g.column_degrees();
  return std::all_of(degrees.begin(), degrees.end(), [](index_t d) { return d >= 1; });
}

/// I3, output side: every output node has an input.
inline bool all_outputs_fed(const swprune::graph::bipartite& g) {
  for (index_t j = 0; j < g.out_nodes(); ++j)
    if (g.row_degree(j) < 1) return false;
  return true;
}

/// No loop, no double edge, neighbour lists symmetric: looked at from outside.
inline bool simple(index_t nodes, const std::vector<swprune::graph::edge>& edges) {
  std::vector<std::pair<int, int>> seen;
  for (const auto& e : edges) {
    if (e.a == e.b || e.a < 0 || e.b < 0 || e.a >= nodes || e.b >= nodes) return false;
    seen.emplace_back(std::min(e.a, e.b), std::max(e.a, e.b));
  }
  std::sort(seen.begin(), seen.end());
  return std::adjacent_find(seen.begin(), seen.end()) == seen.end();
}

inline std::vector<index_t> degrees(const swprune::graph::undirected& g) {
  std::vector<index_t> d;
  for (index_t v = 0; v < g.nodes(); ++v) d.push_back(g.degree(v));
  return d;
}

}  // namespace swprune_test
