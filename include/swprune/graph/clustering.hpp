// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/raw_vector.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

/// Triangles through each node, exact, [nodes].
[[nodiscard]] SWPRUNE_FUNCTION std::vector<index_t> triangles(const undirected& g);

/// Clustering coefficient of each node, [nodes]: of the pairs of its neighbours, the share that is
/// joined, 2 t / (k (k - 1)); 0 for a node with fewer than two neighbours.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<double> local_clustering(const undirected& g);

#if SWPRUNE_BODIES

namespace detail {

/// Counts triangles: every one u < v < w is found once, when u is visited, as a neighbour w > v of
/// v among the upper neighbours of u (those with a higher number). What the last upper neighbour is
/// joined to is never asked, so most edges that lead far away are not followed.
class triangle_counter {
 public:
  explicit triangle_counter(const undirected& g)
      : graph_(g), upper_begin_(nodes()), count_(nodes(), 0) {
    for (index_t u = 0; u < g.nodes(); ++u) {
      node_t below = 0;  // counted, not searched: no branch to guess
      for (const node_t v : g.neighbours(u)) below += v < u ? 1 : 0;
      upper_begin_[static_cast<std::size_t>(u)] = below;
    }
  }

  [[nodiscard]] std::vector<index_t> run() && {
    for (index_t u = 0; u < graph_.nodes(); ++u) {
      const std::span<const node_t> row = upper(u);
      if (row.size() < 2) continue;
      if (row.size() <= lanes)
        visit_short(u, row);
      else
        visit_long(u, row);
    }
    return std::move(count_);
  }

 private:
  static constexpr std::size_t lanes = 16;

  [[nodiscard]] std::size_t nodes() const { return static_cast<std::size_t>(graph_.nodes()); }
  [[nodiscard]] std::span<const node_t> upper(index_t u) const {
    const auto below = static_cast<std::size_t>(upper_begin_[static_cast<std::size_t>(u)]);
    return graph_.neighbours(u).subspan(below);
  }

  /// Compares each w with all upper neighbours of u at once: a fixed number of lanes, which
  /// compilers turn into one or two instructions.
  void visit_short(index_t u, std::span<const node_t> row) {
    std::array<node_t, lanes> of_u;
    of_u.fill(-1);
    std::copy(row.begin(), row.end(), of_u.begin());
    std::array<node_t, lanes> as_w{};
    node_t found = 0;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      std::array<node_t, lanes> same{};
      for (const node_t w : upper(row[i]))
        for (std::size_t lane = 0; lane < lanes; ++lane) same[lane] += of_u[lane] == w ? 1 : 0;
      node_t as_v = 0;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        as_v += same[lane];
        as_w[lane] += same[lane];
      }
      add(row[i], as_v);
      found += as_v;
    }
    for (std::size_t i = 1; i < row.size(); ++i) add(row[i], as_w[i]);
    add(u, found);
  }

  /// The same by merging two sorted lists.
  void visit_long(index_t u, std::span<const node_t> row) {
    for (auto v = row.begin(); v != row.end(); ++v) {
      const auto other = upper(*v);
      auto x = v + 1;
      auto y = other.begin();
      while (x != row.end() && y != other.end()) {
        const node_t left = *x;
        const node_t right = *y;
        if (left == right) {
          add(u, 1);
          add(*v, 1);
          add(left, 1);
        }
        x += left <= right ? 1 : 0;
        y += right <= left ? 1 : 0;
      }
    }
  }

  void add(index_t v, node_t triangles) { count_[static_cast<std::size_t>(v)] += triangles; }

  const undirected& graph_;
  raw_vector<node_t> upper_begin_;  ///< [nodes] place of the first upper neighbour in the row
  std::vector<index_t> count_;
};

}  // namespace detail

SWPRUNE_FUNCTION std::vector<index_t> triangles(const undirected& g) {
  return detail::triangle_counter(g).run();
}

SWPRUNE_FUNCTION std::vector<double> local_clustering(const undirected& g) {
  const std::vector<index_t> t = triangles(g);
  std::vector<double> c(t.size(), 0.0);
  for (index_t v = 0; v < g.nodes(); ++v) {
    const auto k = static_cast<double>(g.degree(v));
    if (k >= 2.0)
      c[static_cast<std::size_t>(v)] =
          2.0 * static_cast<double>(t[static_cast<std::size_t>(v)]) / (k * (k - 1.0));
  }
  return c;
}

#endif

/// Clustering coefficient C of the graph: the mean of local_clustering() (Watts and Strogatz 1998;
/// not the transitivity, which weights nodes by their pairs). In [0, 1].
[[nodiscard]] inline double clustering_coefficient(const undirected& g) {
  double sum = 0.0;
  for (const double c : local_clustering(g)) sum += c;
  return sum / static_cast<double>(g.nodes());
}

}  // namespace swprune::inline v0::graph
