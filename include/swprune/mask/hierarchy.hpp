// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/even_columns.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/locality.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/random_biregular.hpp"
#include "swprune/graph/ws_balanced.hpp"
#include "swprune/mask/mask_kind.hpp"

namespace swprune::inline v0::mask {

struct hierarchy_params {
  graph::biregular_params size{};           ///< groups, row degree, rows with one more
  mask_kind kind = mask_kind::small_world;  ///< small_world, lattice or random
  double beta = 0.1;                        ///< fraction of edges moved, in [0, 1]
  index_t cluster_size = 1;  ///< q >= 1: a cluster is q x q blocks; 1 merges the two levels
  /// Blocks that a row keeps of the q blocks of a live cluster, in [1, q]; 0 means ceil(q / 2).
  index_t inner_degree = 0;
};

/// A two-level graph in ring coordinates.
struct hierarchy_result {
  graph::bipartite graph;
  graph::bipartite clusters;   ///< the upper level: live clusters, ceil(Go / q) x ceil(Gi / q)
  double beta_achieved = 0.0;  ///< of the upper level
  index_t column_spread = 0;   ///< largest minus smallest column degree of `graph`
};

namespace detail {

SWPRUNE_SETUP void check(const hierarchy_params& p);

#if SWPRUNE_BODIES

/// One ring graph of the wanted kind.
[[nodiscard]] SWPRUNE_COLD inline graph::ws_balanced_result ring_graph(
    mask_kind kind, const graph::biregular_params& size, double beta, rng& random) {
  if (kind == mask_kind::small_world)
    return graph::ws_balanced({.size = size, .beta = beta, .keep_self = false}, random);
  if (kind == mask_kind::lattice) return {graph::bipartite_lattice(size), 0, 0.0};
  expects(kind == mask_kind::random, errc::argument_out_of_range,
          "a hierarchy is small_world, lattice or random; given {}", to_string(kind));
  graph::bipartite g = graph::random_biregular(size, random);
  const double moved = graph::rewired_fraction(g, graph::bipartite_lattice(size));
  return {std::move(g), 0, moved};
}

SWPRUNE_SETUP void check(const hierarchy_params& p) {
  graph::check(p.size);
  graph::check_fraction(p.beta, "the rewired fraction beta");
  expects(p.cluster_size >= 1, errc::argument_out_of_range,
          "the cluster size q must be >= 1, given {}", p.cluster_size);
  expects(p.inner_degree >= 0 && p.inner_degree <= p.cluster_size, errc::argument_out_of_range,
          "the inner degree must lie in [1, {}] (the cluster size), or be 0 for half of it, given "
          "{}",
          p.cluster_size, p.inner_degree);
}

/// The lower level: blocks inside live clusters.
class cluster_filler {
 public:
  cluster_filler(const graph::biregular_params& size, index_t cluster_size,
                 const graph::bipartite& clusters)
      : size_(size), q_(cluster_size), clusters_(clusters) {}

  /// All blocks of live clusters.
  [[nodiscard]] SWPRUNE_COLD graph::bipartite support() const {
    std::vector<std::vector<graph::node_t>> rows(static_cast<std::size_t>(size_.out_nodes));
    for (index_t j = 0; j < size_.out_nodes; ++j)
      for (const graph::node_t c : clusters_.row(j / q_))
        for (index_t t = 0; t < width(c); ++t)
          rows[static_cast<std::size_t>(j)].push_back(static_cast<graph::node_t>(c * q_ + t));
    return graph::bipartite(size_.in_nodes, rows);
  }

  /// False if some row finds fewer blocks in its clusters than it must keep.
  [[nodiscard]] bool has_room() const {
    for (index_t j = 0; j < size_.out_nodes; ++j) {
      index_t room = 0;
      for (const graph::node_t c : clusters_.row(j / q_)) room += width(c);
      if (room < size_.row_degree(j)) return false;
    }
    return true;
  }

  /// Rows shared out evenly over their clusters, cyclically shifted by row inside a cluster.
  [[nodiscard]] SWPRUNE_COLD graph::bipartite start() const {
    std::vector<std::vector<graph::node_t>> rows;
    for (index_t j = 0; j < size_.out_nodes; ++j) rows.push_back(start_row(j));
    return graph::bipartite(size_.in_nodes, rows);
  }

 private:
  /// Input groups of cluster column `c`: q, or fewer in the last.
  [[nodiscard]] index_t width(index_t c) const { return std::min(q_, size_.in_nodes - c * q_); }

  [[nodiscard]] SWPRUNE_COLD std::vector<graph::node_t> start_row(index_t j) const {
    const auto live = clusters_.row(j / q_);
    const auto count = static_cast<index_t>(live.size());
    const index_t shift = j % q_;
    std::vector<index_t> share(live.size(), 0);
    index_t rest = size_.row_degree(j);
    for (index_t t = shift; rest > 0; ++t) {  // one block a turn; full clusters are passed over
      const auto c = static_cast<std::size_t>(t % count);
      if (share[c] == width(live[c])) continue;
      ++share[c];
      --rest;
    }
    std::vector<graph::node_t> row;
    for (std::size_t c = 0; c < live.size(); ++c)
      for (index_t t = 0; t < share[c]; ++t)
        row.push_back(static_cast<graph::node_t>(live[c] * q_ + (shift + t) % width(live[c])));
    return row;
  }

  const graph::biregular_params& size_;
  index_t q_;
  const graph::bipartite& clusters_;
};

[[nodiscard]] inline bool uses_all_columns(const graph::bipartite& g) {
  const std::vector<index_t> degrees = g.column_degrees();
  return std::find(degrees.begin(), degrees.end(), 0) == degrees.end();
}

#endif

}  // namespace detail

/// The two upper levels of the hierarchy clusters -> blocks -> taps: a ring graph of clusters of
/// q x q blocks, then inside each live cluster about inner_degree blocks a row. Row degrees are
/// exactly those of `size`; column degrees are as even as the live clusters permit: no other choice
/// of blocks inside them is evener. For q = 1 that is always within one. For q > 1 a cluster column
/// that has one live cluster more than another may have more blocks than the other can hold: over
/// 4000 random layers of each kind the spread exceeds 1 in 4 % of those whose groups q divides, 6 %
/// of all, and 28 % where whole clusters are kept (inner_degree = q), whose columns come in steps
/// of q; column_spread says how it is. Every input group is used whenever there are as many blocks
/// as input groups. The clusters of a row are ceil(degree / inner_degree), more only if row degree
/// or coverage need it. q = 1 merges the levels: the result is the ring graph of `size` itself.
/// Throws graph_nodes, graph_degree, graph_probability, or argument_out_of_range.
[[nodiscard]] SWPRUNE_SETUP hierarchy_result hierarchy(const hierarchy_params& p, rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP hierarchy_result hierarchy(const hierarchy_params& p, rng& random) {
  detail::check(p);
  const index_t q = std::min(p.cluster_size, std::max(p.size.out_nodes, p.size.in_nodes));
  if (q == 1) {
    const auto merged = detail::ring_graph(p.kind, p.size, p.beta, random);
    return {merged.graph, merged.graph, merged.beta_achieved, column_spread(merged.graph)};
  }
  const index_t inner = p.inner_degree == 0 ? (q + 1) / 2 : std::min(p.inner_degree, q);
  const index_t rows = ceil_div(p.size.out_nodes, q);
  const index_t columns = ceil_div(p.size.in_nodes, q);
  const index_t fullest = p.size.degree + (p.size.extra_rows > 0 ? 1 : 0);
  const bool must_cover = p.size.edges() >= p.size.in_nodes;
  for (index_t d = std::clamp<index_t>(ceil_div(fullest, inner), 1, columns);; ++d) {
    const auto upper = detail::ring_graph(
        p.kind, {.out_nodes = rows, .in_nodes = columns, .degree = d, .extra_rows = 0}, p.beta,
        random);
    const detail::cluster_filler filler(p.size, q, upper.graph);
    if (!filler.has_room()) continue;  // d = columns gives every row all blocks, so this ends
    graph::bipartite lower = graph::even_columns(filler.start(), filler.support());
    if (must_cover && d < columns && !detail::uses_all_columns(lower)) continue;
    const index_t spread = column_spread(lower);
    return {std::move(lower), upper.graph, upper.beta_achieved, spread};
  }
}

#endif

}  // namespace swprune::inline v0::mask
