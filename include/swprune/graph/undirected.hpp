// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/raw_vector.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// One undirected edge; which end stands first means nothing.
struct edge {
  node_t a = 0;
  node_t b = 0;
  friend constexpr bool operator==(const edge&, const edge&) = default;
};

class undirected;

namespace detail {
/// A graph from finished rows, which are taken as they are: offsets [nodes + 1] from 0 to the
/// number of entries, every row ascending, every edge in the rows of both its ends. For generators
/// that make rows without a list of edges.
[[nodiscard]] undirected adopt_rows(raw_vector<index_t> offsets, raw_vector<node_t> neighbours);
}  // namespace detail

/// An immutable simple undirected graph (no self loop, no double edge) in compressed rows: the
/// neighbours of every node, ascending.
class undirected {
 public:
  /// `nodes` in [1, 2^31 - 1]. Throws graph_nodes for a bad node count and graph_edge for an end
  /// that is no node, a self loop, or an edge given twice (in either direction).
  undirected(index_t nodes, std::span<const edge> edges) : nodes_(nodes) {
    check_node_count(nodes, "the number of nodes");
    count_ends(edges);
    place_ends(edges);
    for (index_t v = 0; v < nodes_; ++v) sort_row(v);
  }

  [[nodiscard]] index_t nodes() const { return nodes_; }
  [[nodiscard]] index_t edges() const { return static_cast<index_t>(neighbours_.size()) / 2; }

  /// Bytes of the compressed rows: 8 for each node (and 8 more), 8 for each edge.
  [[nodiscard]] std::size_t bytes() const {
    return offsets_.size() * sizeof(index_t) + neighbours_.size() * sizeof(node_t);
  }

  /// Neighbours of `v`, ascending; 0 <= v < nodes() is not checked (inner loops live here).
  [[nodiscard]] std::span<const node_t> neighbours(index_t v) const {
    const auto first = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(v)]);
    const auto last = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(v) + 1]);
    return std::span<const node_t>(neighbours_).subspan(first, last - first);
  }
  [[nodiscard]] index_t degree(index_t v) const {
    return static_cast<index_t>(neighbours(v).size());
  }
  [[nodiscard]] bool has_edge(index_t a, index_t b) const {
    const auto row = neighbours(a);
    return std::binary_search(row.begin(), row.end(), static_cast<node_t>(b));
  }

  /// Every edge once, a < b, in ascending order.
  [[nodiscard]] std::vector<edge> edge_list() const {
    std::vector<edge> list;
    list.reserve(neighbours_.size() / 2);
    for (index_t v = 0; v < nodes_; ++v)
      for (const node_t w : neighbours(v))
        if (v < w) list.push_back({static_cast<node_t>(v), w});
    return list;
  }

  friend bool operator==(const undirected&, const undirected&) = default;

 private:
  friend undirected detail::adopt_rows(detail::raw_vector<index_t> offsets,
                                       detail::raw_vector<node_t> neighbours);
  undirected(detail::raw_vector<index_t> offsets, detail::raw_vector<node_t> neighbours)
      : nodes_(static_cast<index_t>(offsets.size()) - 1),
        offsets_(std::move(offsets)),
        neighbours_(std::move(neighbours)) {}

  /// Leaves in offsets_[v + 1] where row v begins; place_ends() moves it to where row v ends. So
  /// no second array of places is needed.
  void count_ends(std::span<const edge> edges) {
    offsets_.assign(static_cast<std::size_t>(nodes_) + 1, 0);
    for (const edge& e : edges) {
      expects(e.a >= 0 && e.a < nodes_ && e.b >= 0 && e.b < nodes_, errc::graph_edge,
              "edge ({}, {}) has an end outside the {} nodes", e.a, e.b, nodes_);
      expects(e.a != e.b, errc::graph_edge, "edge ({}, {}) is a self loop", e.a, e.b);
      ++offsets_[static_cast<std::size_t>(e.a) + 1];
      ++offsets_[static_cast<std::size_t>(e.b) + 1];
    }
    index_t begin = 0;
    for (std::size_t v = 1; v < offsets_.size(); ++v) begin += std::exchange(offsets_[v], begin);
  }

  void place_ends(std::span<const edge> edges) {
    neighbours_.resize(edges.size() * 2);
    for (const edge& e : edges) {
      place(e.a, e.b);
      place(e.b, e.a);
    }
  }
  void place(node_t v, node_t w) {
    neighbours_[static_cast<std::size_t>(offsets_[static_cast<std::size_t>(v) + 1]++)] = w;
  }

  void sort_row(index_t v) {
    const auto first = neighbours_.begin() + offsets_[static_cast<std::size_t>(v)];
    const auto last = neighbours_.begin() + offsets_[static_cast<std::size_t>(v) + 1];
    const auto falling = [](node_t x, node_t y) { return x >= y; };
    if (std::adjacent_find(first, last, falling) == last) return;  // edges came in order
    std::sort(first, last);
    const auto twin = std::adjacent_find(first, last);
    if (twin != last) raise(errc::graph_edge, "edge ({}, {}) is given twice", v, *twin);
  }

  index_t nodes_;
  detail::raw_vector<index_t> offsets_;
  detail::raw_vector<node_t> neighbours_;
};

#if SWPRUNE_BODIES

SWPRUNE_SETUP undirected detail::adopt_rows(detail::raw_vector<index_t> offsets,
                                            detail::raw_vector<node_t> neighbours) {
  return undirected(std::move(offsets), std::move(neighbours));
}

#endif

}  // namespace swprune::inline v0::graph
