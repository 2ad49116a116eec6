// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// One undirected edge; which end stands first means nothing.
struct edge {
  node_t a = 0;
  node_t b = 0;
  friend constexpr bool operator==(const edge&, const edge&) = default;
};

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
  void count_ends(std::span<const edge> edges) {
    offsets_.assign(static_cast<std::size_t>(nodes_) + 1, 0);
    for (const edge& e : edges) {
      expects(e.a >= 0 && e.a < nodes_ && e.b >= 0 && e.b < nodes_, errc::graph_edge,
              "edge ({}, {}) has an end outside the {} nodes", e.a, e.b, nodes_);
      expects(e.a != e.b, errc::graph_edge, "edge ({}, {}) is a self loop", e.a, e.b);
      ++offsets_[static_cast<std::size_t>(e.a) + 1];
      ++offsets_[static_cast<std::size_t>(e.b) + 1];
    }
    for (std::size_t v = 1; v < offsets_.size(); ++v) offsets_[v] += offsets_[v - 1];
  }

  void place_ends(std::span<const edge> edges) {
    neighbours_.resize(edges.size() * 2);
    std::vector<index_t> next(offsets_.begin(), offsets_.end() - 1);
    for (const edge& e : edges) {
      neighbours_[static_cast<std::size_t>(next[static_cast<std::size_t>(e.a)]++)] = e.b;
      neighbours_[static_cast<std::size_t>(next[static_cast<std::size_t>(e.b)]++)] = e.a;
    }
  }

  void sort_row(index_t v) {
    const auto first = neighbours_.begin() + offsets_[static_cast<std::size_t>(v)];
    const auto last = neighbours_.begin() + offsets_[static_cast<std::size_t>(v) + 1];
    std::sort(first, last);
    const auto twin = std::adjacent_find(first, last);
    if (twin != last) raise(errc::graph_edge, "edge ({}, {}) is given twice", v, *twin);
  }

  index_t nodes_;
  std::vector<index_t> offsets_;
  std::vector<node_t> neighbours_;
};

}  // namespace swprune::inline v0::graph
