// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Watts-Strogatz model as one would write it without a thought for speed: a set of neighbours
// per node. It takes the same draws from the generator as ws_classic() promises to.

#include <set>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune_test {

inline swprune::graph::undirected naive_watts_strogatz(swprune::index_t n, swprune::index_t k,
                                                       double p, swprune::rng& random) {
  using swprune::index_t;
  using swprune::graph::node_t;
  std::vector<std::set<index_t>> adjacent(static_cast<std::size_t>(n));
  const auto near = [&](index_t v) -> std::set<index_t>& {
    return adjacent[static_cast<std::size_t>(v)];
  };
  const auto join = [&](index_t a, index_t b) {
    near(a).insert(b);
    near(b).insert(a);
  };
  for (index_t u = 0; u < n; ++u)
    for (index_t j = 1; j <= k / 2; ++j) join(u, (u + j) % n);
  const auto draw = [&](index_t below) {
    return static_cast<index_t>(random.below(static_cast<std::uint64_t>(below)));
  };
  for (index_t j = 1; j <= k / 2; ++j)
    for (index_t u = 0; u < n; ++u) {
      if (!random.bernoulli(p)) continue;
      const index_t strangers = n - 1 - static_cast<index_t>(near(u).size());
      if (strangers == 0) continue;
      const auto stranger = [&](index_t w) { return w != u && near(u).count(w) == 0; };
      index_t w = -1;
      if (2 * strangers >= n) {  // any node, again until it is a stranger
        do w = draw(n);
        while (!stranger(w));
      } else {  // the stranger of that number
        for (index_t left = draw(strangers) + 1; left > 0;) left -= stranger(++w) ? 1 : 0;
      }
      near(u).erase((u + j) % n);
      near((u + j) % n).erase(u);
      join(u, w);
    }
  std::vector<swprune::graph::edge> edges;
  for (index_t u = 0; u < n; ++u)
    for (const index_t w : near(u))
      if (u < w) edges.push_back({static_cast<node_t>(u), static_cast<node_t>(w)});
  return swprune::graph::undirected(n, edges);
}

}  // namespace swprune_test
