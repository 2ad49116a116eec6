// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/detail/sample.hpp"
#include "swprune/graph/detail/urn.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

struct bipartite_erdos_renyi_params {
  index_t out_nodes = 1;   ///< Go, in [1, 2^31 - 1]
  index_t in_nodes = 1;    ///< Gi, in [1, 2^31 - 1]
  index_t edges = 0;       ///< m, in [0, Go Gi]; at least Go with every_row
  bool every_row = false;  ///< give every output node at least one input node
};

/// Throws graph_nodes or graph_edge for a value outside the range that
/// bipartite_erdos_renyi_params names.
SWPRUNE_SETUP void check(const bipartite_erdos_renyi_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const bipartite_erdos_renyi_params& p) {
  check_node_count(p.out_nodes, "the number of output nodes");
  check_node_count(p.in_nodes, "the number of input nodes");
  const index_t least = p.every_row ? p.out_nodes : 0;
  const index_t most = p.out_nodes * p.in_nodes;
  expects(p.edges >= least && p.edges <= most, errc::graph_edge,
          "a bipartite graph of {} x {} nodes{} has between {} and {} edges, given {}", p.out_nodes,
          p.in_nodes, p.every_row ? " with an edge in every row" : "", least, most, p.edges);
}

#endif

struct bipartite_barabasi_albert_params {
  index_t out_nodes = 1;  ///< Go, in [1, 2^31 - 1]
  index_t in_nodes = 1;   ///< Gi, in [1, 2^31 - 1]
  index_t degree = 0;     ///< edges of every output node, in [0, Gi]
};

/// Throws graph_nodes or graph_degree for a value outside the range that
/// bipartite_barabasi_albert_params names.
SWPRUNE_SETUP void check(const bipartite_barabasi_albert_params& p);

/// The bipartite form of erdos_renyi(): every graph with exactly m edges is equally likely. With
/// every_row one edge of each output node is drawn first, uniformly, and the other m - Go uniformly
/// among the pairs left: no output node is without input, at the price of a slight preference for
/// even rows. Throws as check(bipartite_erdos_renyi_params).
[[nodiscard]] SWPRUNE_SETUP bipartite bipartite_erdos_renyi(const bipartite_erdos_renyi_params& p,
                                                            rng& random);

/// The bipartite form of barabasi_albert(): output nodes come one by one, J = 0 .. Go - 1, and each
/// takes exactly `degree` different input nodes one after another, each with a probability
/// proportional to 1 + its number of edges before J came, among those J has not taken. (The 1 lets
/// input nodes without edges be found.) Rows are balanced exactly, columns as unequal as such
/// growth makes them. Time O(edges log Gi), however crowded. Throws as
/// check(bipartite_barabasi_albert_params).
[[nodiscard]] SWPRUNE_SETUP bipartite
bipartite_barabasi_albert(const bipartite_barabasi_albert_params& p, rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const bipartite_barabasi_albert_params& p) {
  check_node_count(p.out_nodes, "the number of output nodes");
  check_node_count(p.in_nodes, "the number of input nodes");
  expects(p.degree >= 0 && p.degree <= p.in_nodes, errc::graph_degree,
          "the degree of an output node must lie in [0, {}] (there are {} input nodes), given {}",
          p.in_nodes, p.in_nodes, p.degree);
}

namespace detail {

/// Cells numbered row by row, `cells` of them in each row, as rows of columns.
[[nodiscard]] inline std::vector<std::vector<node_t>> rows_of_cells(
    index_t out_nodes, index_t cells, const std::vector<index_t>& numbers) {
  std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(out_nodes));
  for (const index_t c : numbers)
    rows[static_cast<std::size_t>(c / cells)].push_back(static_cast<node_t>(c % cells));
  return rows;
}

/// One cell of every row first, then the others among the cells left.
[[nodiscard]] inline std::vector<std::vector<node_t>> rows_of_at_least_one(
    const bipartite_erdos_renyi_params& p, rng& random) {
  std::vector<node_t> first(static_cast<std::size_t>(p.out_nodes));
  for (node_t& i : first)
    i = static_cast<node_t>(random.below(static_cast<std::uint64_t>(p.in_nodes)));
  const index_t left = p.in_nodes - 1;
  std::vector<std::vector<node_t>> rows(first.size());
  if (left > 0)
    rows =
        rows_of_cells(p.out_nodes, left, sample(p.out_nodes * left, p.edges - p.out_nodes, random));
  for (std::size_t j = 0; j < rows.size(); ++j) {
    for (node_t& i : rows[j]) i += i >= first[j] ? 1 : 0;  // numbered without the first cell
    rows[j].push_back(first[j]);
  }
  return rows;
}

}  // namespace detail

SWPRUNE_SETUP bipartite bipartite_erdos_renyi(const bipartite_erdos_renyi_params& p, rng& random) {
  check(p);
  if (p.every_row) return bipartite(p.in_nodes, detail::rows_of_at_least_one(p, random));
  const auto cells = detail::sample(p.out_nodes * p.in_nodes, p.edges, random);
  return bipartite(p.in_nodes, detail::rows_of_cells(p.out_nodes, p.in_nodes, cells));
}

SWPRUNE_SETUP bipartite bipartite_barabasi_albert(const bipartite_barabasi_albert_params& p,
                                                  rng& random) {
  check(p);
  detail::urn columns(p.in_nodes);
  std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(p.out_nodes));
  for (std::vector<node_t>& row : rows) {
    std::vector<index_t> weights;
    for (index_t t = 0; t < p.degree; ++t) {
      const index_t i = columns.draw(random);
      weights.push_back(columns.weight(i));
      columns.change(i, -columns.weight(i));  // out of the urn until the row is done
      row.push_back(static_cast<node_t>(i));
    }
    for (std::size_t t = 0; t < row.size(); ++t) columns.change(row[t], weights[t] + 1);
  }
  return bipartite(p.in_nodes, rows);
}

#endif

}  // namespace swprune::inline v0::graph
