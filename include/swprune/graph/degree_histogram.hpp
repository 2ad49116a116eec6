// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

/// Nodes of each degree, [largest degree + 1]: entry k counts the nodes with k neighbours.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<index_t> degree_histogram(const undirected& g);

/// Output nodes of each degree, [largest row degree + 1]: one entry other than 0 means rows that
/// keep every lane of an array equally busy.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<index_t> row_degree_histogram(const bipartite& g);

/// Input nodes of each degree, [largest column degree + 1]; entry 0 counts the unused ones.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<index_t> column_degree_histogram(const bipartite& g);

#if SWPRUNE_BODIES

namespace detail {

inline void tally(std::vector<index_t>& histogram, index_t degree) {
  const auto k = static_cast<std::size_t>(degree);
  if (k >= histogram.size()) histogram.resize(k + 1, 0);
  ++histogram[k];
}

}  // namespace detail

SWPRUNE_FUNCTION std::vector<index_t> degree_histogram(const undirected& g) {
  std::vector<index_t> histogram;
  for (index_t v = 0; v < g.nodes(); ++v) detail::tally(histogram, g.degree(v));
  return histogram;
}

SWPRUNE_FUNCTION std::vector<index_t> row_degree_histogram(const bipartite& g) {
  std::vector<index_t> histogram;
  for (index_t j = 0; j < g.out_nodes(); ++j) detail::tally(histogram, g.row_degree(j));
  return histogram;
}

SWPRUNE_FUNCTION std::vector<index_t> column_degree_histogram(const bipartite& g) {
  std::vector<index_t> histogram;
  for (const index_t degree : g.column_degrees()) detail::tally(histogram, degree);
  return histogram;
}

#endif

}  // namespace swprune::inline v0::graph
