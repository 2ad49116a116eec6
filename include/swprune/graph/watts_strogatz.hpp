// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/components.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

struct ws_params {
  index_t nodes = 1;            ///< n, in [1, 2^31 - 1]
  index_t degree = 0;           ///< k, even, 0 <= k < n: mean degree
  double rewire = 0.0;          ///< p, in [0, 1]: probability that an edge is moved
  index_t connected_tries = 0;  ///< 0: take what comes; 1..100: draw until connected
};

/// Throws graph_nodes, graph_degree, graph_probability or argument_out_of_range for a value
/// outside the range that ws_params names.
inline void check(const ws_params& p) {
  check_ring(p.nodes, p.degree);
  check_fraction(p.rewire, "the rewiring probability");
  expects(p.connected_tries >= 0 && p.connected_tries <= 100, errc::argument_out_of_range,
          "connected_tries must lie in [0, 100], given {}", p.connected_tries);
}

namespace detail {

/// The state of one rewiring. Node u owns its degree / 2 clockwise edges in one flat array, so a
/// duplicate test is two short scans and no adjacency structure has to change.
class ws_rewiring {
 public:
  explicit ws_rewiring(const ws_params& p)
      : nodes_(p.nodes), half_(p.degree / 2), targets_(static_cast<std::size_t>(p.nodes * half_)) {
    for (index_t u = 0; u < nodes_; ++u)
      for (index_t j = 0; j < half_; ++j)
        targets_[at(u, j)] = static_cast<node_t>((u + j + 1) % nodes_);
    incoming_.assign(static_cast<std::size_t>(nodes_), static_cast<node_t>(half_));
  }

  void rewire(double p, rng& random) {
    for (index_t j = 0; j < half_; ++j)
      for (index_t u = 0; u < nodes_; ++u)
        if (random.bernoulli(p)) move(u, j, random);
  }

  [[nodiscard]] undirected graph() const {
    std::vector<edge> edges;
    edges.reserve(targets_.size());
    for (index_t u = 0; u < nodes_; ++u)
      for (index_t j = 0; j < half_; ++j)
        edges.push_back({static_cast<node_t>(u), targets_[at(u, j)]});
    return undirected(nodes_, edges);
  }

 private:
  [[nodiscard]] std::size_t at(index_t u, index_t j) const {
    return static_cast<std::size_t>(u * half_ + j);
  }
  [[nodiscard]] index_t degree(index_t u) const {
    return half_ + incoming_[static_cast<std::size_t>(u)];
  }
  [[nodiscard]] bool owns(index_t u, index_t w) const {
    const auto first = targets_.begin() + u * half_;
    return std::find(first, first + half_, static_cast<node_t>(w)) != first + half_;
  }
  [[nodiscard]] bool joined(index_t u, index_t w) const { return owns(u, w) || owns(w, u); }

  void move(index_t u, index_t j, rng& random) {
    if (degree(u) == nodes_ - 1) return;  // saturated: there is no other node to join
    const index_t w = stranger(u, random);
    node_t& target = targets_[at(u, j)];
    --incoming_[static_cast<std::size_t>(target)];
    ++incoming_[static_cast<std::size_t>(w)];
    target = static_cast<node_t>(w);
  }

  /// Uniform among the nodes that are neither u nor joined to u: by rejection while these are the
  /// majority, by counting once they are few, so that a crowded node cannot make it loop for long.
  [[nodiscard]] index_t stranger(index_t u, rng& random) const {
    const index_t strangers = nodes_ - 1 - degree(u);
    if (2 * strangers >= nodes_) {
      for (;;) {
        const auto w = static_cast<index_t>(random.below(static_cast<std::uint64_t>(nodes_)));
        if (w != u && !joined(u, w)) return w;
      }
    }
    auto skip = static_cast<index_t>(random.below(static_cast<std::uint64_t>(strangers)));
    for (index_t w = 0; w < nodes_; ++w)
      if (w != u && !joined(u, w) && skip-- == 0) return w;
    raise(errc::invariant_broken, "node {} of {} has degree {} but no stranger", u, nodes_,
          degree(u));
  }

  index_t nodes_;
  index_t half_;
  std::vector<node_t> targets_;
  std::vector<node_t> incoming_;
};

}  // namespace detail

/// The small-world graph of Watts and Strogatz (Nature 393, 1998), step by step:
/// 1. a ring of n nodes, each joined to its k / 2 nearest neighbours on either side;
/// 2. for distance j = 1 .. k / 2, for node u = 0 .. n - 1 clockwise: with probability p the edge
///    that began as (u, u + j) gets a new far end, uniform among the nodes that are neither u nor
///    joined to u; a node joined to all others keeps its edge;
/// 3. if connected_tries > 0, all again with the generator where it stands until the graph is
///    connected.
/// Always simple, always n k / 2 edges; p = 0 is the ring lattice, at p = 1 every edge was moved
/// but each node keeps degree >= k / 2. Throws as check(ws_params), and graph_not_connected when
/// the tries are used up.
[[nodiscard]] inline undirected ws_classic(const ws_params& p, rng& random) {
  check(p);
  const index_t tries = std::max<index_t>(p.connected_tries, 1);
  for (index_t t = 0; t < tries; ++t) {
    detail::ws_rewiring state(p);
    state.rewire(p.rewire, random);
    undirected g = state.graph();
    if (p.connected_tries == 0 || is_connected(g)) return g;
  }
  raise(errc::graph_not_connected,
        "{} tries with {} nodes, degree {} and rewiring probability {} gave no connected graph; "
        "raise the degree or connected_tries (at most 100)",
        p.connected_tries, p.nodes, p.degree, p.rewire);
}

}  // namespace swprune::inline v0::graph
