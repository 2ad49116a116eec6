// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

/// A randomised graph and how thoroughly it was mixed.
struct randomise_result {
  undirected graph;
  index_t swaps = 0;  ///< double edge swaps made
};

/// A random simple graph with the degree sequence of `g`: swaps_per_edge * edges double edge swaps,
/// given up after 20 times as many proposals (a complete graph or a star admits none). What a graph
/// must be compared with to say that its clustering is more than its degrees imply.
/// swaps_per_edge in [0, 1000]; throws argument_out_of_range.
[[nodiscard]] SWPRUNE_FUNCTION randomise_result randomise(const undirected& g, rng& random,
                                                          double swaps_per_edge = 10.0);

#if SWPRUNE_BODIES

namespace detail {

/// An undirected graph under double edge swaps: edges (a, b), (c, d) become (a, d), (c, b). The
/// degrees stay, so the rows of the compressed form keep their places; only entries change.
class double_edge_swapper {
 public:
  explicit double_edge_swapper(const undirected& g) : edges_(g.edge_list()) {
    offsets_.push_back(0);
    for (index_t v = 0; v < g.nodes(); ++v) {
      const auto row = g.neighbours(v);
      entries_.insert(entries_.end(), row.begin(), row.end());
      offsets_.push_back(static_cast<index_t>(entries_.size()));
    }
  }

  /// One proposal: two edges and an orientation, all uniform. False if it would make a loop or a
  /// double edge.
  bool propose(rng& random) {
    const auto count = static_cast<std::uint64_t>(edges_.size());
    edge& e = edges_[random.below(count)];
    edge& f = edges_[random.below(count)];
    auto [a, b] = e;
    auto [c, d] = f;
    if (random.below(2) == 1) std::swap(c, d);
    if (a == c || a == d || b == c || b == d || joined(a, d) || joined(c, b)) return false;
    replace(a, b, d);
    replace(b, a, c);
    replace(c, d, b);
    replace(d, c, a);
    e = {a, d};
    f = {c, b};
    return true;
  }

  [[nodiscard]] undirected graph() const {
    return undirected(static_cast<index_t>(offsets_.size()) - 1, edges_);
  }

 private:
  [[nodiscard]] auto first(node_t v) const {
    return entries_.begin() + offsets_[static_cast<std::size_t>(v)];
  }
  [[nodiscard]] auto last(node_t v) const {
    return entries_.begin() + offsets_[static_cast<std::size_t>(v) + 1];
  }
  [[nodiscard]] bool joined(node_t v, node_t w) const {
    if (last(w) - first(w) < last(v) - first(v)) std::swap(v, w);
    return std::find(first(v), last(v), w) != last(v);
  }
  void replace(node_t v, node_t before, node_t after) {
    entries_[static_cast<std::size_t>(std::find(first(v), last(v), before) - entries_.begin())] =
        after;
  }

  std::vector<edge> edges_;
  std::vector<index_t> offsets_;
  std::vector<node_t> entries_;
};

}  // namespace detail

SWPRUNE_FUNCTION randomise_result randomise(const undirected& g, rng& random,
                                            double swaps_per_edge) {
  expects(swaps_per_edge >= 0.0 && swaps_per_edge <= 1000.0, errc::argument_out_of_range,
          "swaps_per_edge must lie in [0, 1000], given {}", swaps_per_edge);
  const auto wanted =
      static_cast<index_t>(std::llround(swaps_per_edge * static_cast<double>(g.edges())));
  if (g.edges() < 2) return {g, 0};
  detail::double_edge_swapper swapper(g);
  index_t made = 0;
  for (index_t tries = 20 * wanted; tries > 0 && made < wanted; --tries)
    made += swapper.propose(random) ? 1 : 0;
  return {swapper.graph(), made};
}

#endif

}  // namespace swprune::inline v0::graph
