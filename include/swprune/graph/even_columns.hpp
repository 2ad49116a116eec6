// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// A graph with the row degrees of `start`, all edges inside `support`, and column degrees as even
/// as the support permits: no other such graph has a smaller sum of squared column degrees, hence
/// none leaves fewer input nodes unused. Edges stay where they are as far as possible.
/// Throws graph_edge unless start is a subset of support, mask-sized graphs only: memory and time
/// per move grow with out_nodes * in_nodes.
[[nodiscard]] SWPRUNE_SETUP bipartite even_columns(const bipartite& start,
                                                   const bipartite& support);

#if SWPRUNE_BODIES

namespace detail {

/// Evens column degrees by alternating paths. A step a -> b over row j means "row j gives up
/// column a and takes column b"; a path from a full column to an emptier one moves one unit of
/// degree and leaves all columns between as they were.
class column_evener {
 public:
  column_evener(const bipartite& start, const bipartite& support)
      : out_(start.out_nodes()), in_(start.in_nodes()), used_(cells(), 0), allowed_(cells(), 0) {
    degree_.assign(static_cast<std::size_t>(in_), 0);
    for (index_t j = 0; j < out_; ++j) {
      for (const node_t i : support.row(j)) allowed_[at(j, i)] = 1;
      for (const node_t i : start.row(j)) {
        expects(allowed_[at(j, i)] != 0, errc::graph_edge,
                "edge ({}, {}) of the start lies outside the support", j, i);
        used_[at(j, i)] = 1;
        ++degree_[static_cast<std::size_t>(i)];
      }
    }
  }

  [[nodiscard]] bipartite run() {
    while (improve()) {
    }
    std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(out_));
    for (index_t j = 0; j < out_; ++j)
      for (index_t i = 0; i < in_; ++i)
        if (used_[at(j, i)] != 0)
          rows[static_cast<std::size_t>(j)].push_back(static_cast<node_t>(i));
    return bipartite(in_, rows);
  }

 private:
  struct step {
    index_t row = -1;
    index_t from = -1;
  };

  [[nodiscard]] std::size_t cells() const { return static_cast<std::size_t>(out_ * in_); }
  [[nodiscard]] std::size_t at(index_t j, index_t i) const {
    return static_cast<std::size_t>(j * in_ + i);
  }
  [[nodiscard]] index_t degree(index_t i) const { return degree_[static_cast<std::size_t>(i)]; }

  /// One unit from some column to one that has at least two less; false if none can go.
  bool improve() {
    std::vector<index_t> order(static_cast<std::size_t>(in_));
    for (index_t i = 0; i < in_; ++i) order[static_cast<std::size_t>(i)] = i;
    std::sort(order.begin(), order.end(), [&](index_t a, index_t b) {
      return degree(a) != degree(b) ? degree(a) > degree(b) : a < b;
    });
    const index_t lowest = degree(order.back());
    for (const index_t source : order) {
      if (degree(source) < lowest + 2) return false;
      if (move_from(source)) return true;
    }
    return false;
  }

  /// Breadth first from `source`, so that as few rows as possible change.
  bool move_from(index_t source) {
    std::vector<step> reached(static_cast<std::size_t>(in_));
    reached[static_cast<std::size_t>(source)] = {0, source};
    std::deque<index_t> queue{source};
    while (!queue.empty()) {
      const index_t a = queue.front();
      queue.pop_front();
      if (degree(a) + 2 <= degree(source)) {
        apply(reached, source, a);
        return true;
      }
      expand(a, reached, queue);
    }
    return false;
  }

  void expand(index_t a, std::vector<step>& reached, std::deque<index_t>& queue) const {
    for (index_t j = 0; j < out_; ++j) {
      if (used_[at(j, a)] == 0) continue;
      for (index_t b = 0; b < in_; ++b) {
        step& s = reached[static_cast<std::size_t>(b)];
        if (s.from >= 0 || allowed_[at(j, b)] == 0 || used_[at(j, b)] != 0) continue;
        s = {j, a};
        queue.push_back(b);
      }
    }
  }

  void apply(const std::vector<step>& reached, index_t source, index_t target) {
    --degree_[static_cast<std::size_t>(source)];
    ++degree_[static_cast<std::size_t>(target)];
    for (index_t b = target; b != source;) {
      const step& s = reached[static_cast<std::size_t>(b)];
      used_[at(s.row, s.from)] = 0;
      used_[at(s.row, b)] = 1;
      b = s.from;
    }
  }

  index_t out_;
  index_t in_;
  std::vector<unsigned char> used_;
  std::vector<unsigned char> allowed_;
  std::vector<index_t> degree_;
};

}  // namespace detail

SWPRUNE_SETUP bipartite even_columns(const bipartite& start, const bipartite& support) {
  expects(start.out_nodes() == support.out_nodes() && start.in_nodes() == support.in_nodes(),
          errc::graph_nodes, "start is {} x {} but its support is {} x {}", start.out_nodes(),
          start.in_nodes(), support.out_nodes(), support.in_nodes());
  return detail::column_evener(start, support).run();
}

#endif

}  // namespace swprune::inline v0::graph
