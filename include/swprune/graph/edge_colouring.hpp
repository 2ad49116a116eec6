// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// Largest row or column degree: by Koenig's theorem (1916) the number of colours that a proper
/// colouring of the edges needs, and no more.
[[nodiscard]] SWPRUNE_FUNCTION index_t max_degree(const bipartite& g);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION index_t max_degree(const bipartite& g) {
  const std::vector<index_t> columns = g.column_degrees();
  index_t most = *std::max_element(columns.begin(), columns.end());
  for (index_t j = 0; j < g.out_nodes(); ++j) most = std::max(most, g.row_degree(j));
  return most;
}

#endif

/// A colour for every edge, so that no two edges at one node have the same.
struct edge_colouring {
  index_t colours = 0;
  std::vector<node_t> colour;  ///< of the edges row by row, input nodes ascending; in [0, colours)
};

/// Proper colouring of the edges with max_degree(g) colours: the rows of a graph with Go = Gi = d
/// fall into d perfect matchings. Every row with that degree has every colour exactly once. The
/// same graph gives the same colouring on every platform. Time O(edges * (Go + Gi)) at worst.
[[nodiscard]] SWPRUNE_FUNCTION edge_colouring colour_edges(const bipartite& g);

/// Throws graph_edge, naming the edge, unless `c` is a proper colouring of the edges of `g` with
/// max_degree(g) colours.
SWPRUNE_FUNCTION void check(const edge_colouring& c, const bipartite& g);

#if SWPRUNE_BODIES

namespace detail {

/// Colours edge after edge; where no colour is free at both ends, an alternating path of two
/// colours is swapped, which frees one (the proof of Koenig's theorem).
class edge_colourer {
 public:
  explicit edge_colourer(const bipartite& g)
      : graph_(g),
        colours_(static_cast<std::size_t>(max_degree(g))),
        at_row_(static_cast<std::size_t>(g.out_nodes()) * colours_, none),
        at_column_(static_cast<std::size_t>(g.in_nodes()) * colours_, none) {}

  [[nodiscard]] edge_colouring run() {
    for (index_t j = 0; j < graph_.out_nodes(); ++j)
      for (const node_t i : graph_.row(j)) place(j, i);
    edge_colouring result{static_cast<index_t>(colours_), {}};
    result.colour.reserve(static_cast<std::size_t>(graph_.edges()));
    for (index_t j = 0; j < graph_.out_nodes(); ++j) append_row(j, result.colour);
    return result;
  }

 private:
  static constexpr node_t none = -1;

  [[nodiscard]] node_t& at_row(index_t j, std::size_t c) {
    return at_row_[static_cast<std::size_t>(j) * colours_ + c];
  }
  [[nodiscard]] node_t& at_column(index_t i, std::size_t c) {
    return at_column_[static_cast<std::size_t>(i) * colours_ + c];
  }

  void place(index_t j, node_t i) {
    std::size_t a = colours_;  // lowest colour free at the row
    std::size_t b = colours_;  // lowest colour free at the column
    std::size_t both = 0;
    for (; both < colours_; ++both) {
      const bool row_free = at_row(j, both) == none;
      const bool column_free = at_column(i, both) == none;
      if (row_free && column_free) break;
      if (row_free && a == colours_) a = both;
      if (column_free && b == colours_) b = both;
    }
    if (both == colours_) {
      swap_path(i, a, b);
      both = a;
    }
    at_row(j, both) = i;
    at_column(i, both) = static_cast<node_t>(j);
  }

  /// The path of colours a, b, a, ... from column i on changes to b, a, b, ... It cannot end at the
  /// row where a is free, because it reaches rows over a.
  void swap_path(index_t i, std::size_t a, std::size_t b) {
    std::vector<node_t> path{static_cast<node_t>(i)};  // column, row, column, ...
    for (std::size_t c = a;; c = c == a ? b : a) {
      const node_t next = path.size() % 2 == 1 ? at_column(path.back(), c) : at_row(path.back(), c);
      if (next == none) break;
      path.push_back(next);
    }
    recolour(path, a, b, none);
    recolour(path, a, b, 0);
  }

  /// First pass (`mark` none) erases the path's old colours, second pass sets the new ones.
  void recolour(const std::vector<node_t>& path, std::size_t a, std::size_t b, node_t mark) {
    for (std::size_t s = 0; s + 1 < path.size(); ++s) {
      const node_t i = s % 2 == 0 ? path[s] : path[s + 1];
      const node_t j = s % 2 == 0 ? path[s + 1] : path[s];
      const std::size_t before = s % 2 == 0 ? a : b;
      const std::size_t after = s % 2 == 0 ? b : a;
      at_row(j, mark == none ? before : after) = mark == none ? none : i;
      at_column(i, mark == none ? before : after) = mark == none ? none : j;
    }
  }

  void append_row(index_t j, std::vector<node_t>& list) {
    std::vector<std::pair<node_t, node_t>> edges;  // input node, colour
    for (std::size_t c = 0; c < colours_; ++c)
      if (at_row(j, c) != none) edges.emplace_back(at_row(j, c), static_cast<node_t>(c));
    std::sort(edges.begin(), edges.end());
    for (const auto& [i, c] : edges) list.push_back(c);
  }

  const bipartite& graph_;
  std::size_t colours_;
  std::vector<node_t> at_row_;     ///< [Go x colours]: input node of that colour, or none
  std::vector<node_t> at_column_;  ///< [Gi x colours]: output node of that colour, or none
};

}  // namespace detail

SWPRUNE_FUNCTION edge_colouring colour_edges(const bipartite& g) {
  return detail::edge_colourer(g).run();
}

SWPRUNE_FUNCTION void check(const edge_colouring& c, const bipartite& g) {
  expects(c.colours == max_degree(g), errc::graph_edge,
          "a graph of largest degree {} takes as many colours, given {}", max_degree(g), c.colours);
  expects(static_cast<index_t>(c.colour.size()) == g.edges(), errc::graph_edge,
          "a colouring of {} edges has {} entries", g.edges(), c.colour.size());
  const auto cells = [&](index_t nodes) {
    return std::vector<unsigned char>(static_cast<std::size_t>(nodes * c.colours), 0);
  };
  std::vector<unsigned char> row_has = cells(g.out_nodes());
  std::vector<unsigned char> column_has = cells(g.in_nodes());
  std::size_t e = 0;
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const node_t i : g.row(j)) {
      const node_t k = c.colour[e++];
      expects(k >= 0 && k < c.colours, errc::graph_edge,
              "edge ({}, {}) has colour {}, but there are {} colours", j, i, k, c.colours);
      unsigned char& row = row_has[static_cast<std::size_t>(j * c.colours + k)];
      unsigned char& column = column_has[static_cast<std::size_t>(i * c.colours + k)];
      expects(row == 0, errc::graph_edge, "output node {} has colour {} twice", j, k);
      expects(column == 0, errc::graph_edge, "input node {} has colour {} twice", i, k);
      row = column = 1;
    }
}

#endif

}  // namespace swprune::inline v0::graph
