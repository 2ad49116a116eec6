// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/mixing.hpp"
#include "swprune/graph/ws_balanced.hpp"

using namespace swprune;
using graph::bipartite;
using graph::node_t;

namespace {

bipartite any_square(rng& random) {
  const auto n = static_cast<index_t>(1 + random.below(9));
  const double p = 0.15 + 0.5 * random.uniform();
  std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(n));
  for (auto& row : rows)
    for (node_t i = 0; i < n; ++i)
      if (random.bernoulli(p)) row.push_back(i);
  return bipartite(n, rows);
}

/// Step by step, past the point after which nothing new can happen.
index_t slow_depth(const bipartite& g) {
  const index_t n = g.in_nodes();
  return graph::mixing(std::vector<bipartite>(static_cast<std::size_t>(n * n + 2), g)).depth;
}

}  // namespace

TEST_CASE("the depth of a repeated mask is that of its chain") {
  index_t mixed = 0;
  index_t never = 0;
  CHECK(rc::check("squares of up to 9 nodes", [&] {
    rng random(*rc::gen::arbitrary<std::uint64_t>());
    const bipartite g = any_square(random);
    const index_t depth = graph::repeated_mixing_depth(g);
    RC_ASSERT(depth == slow_depth(g));
    ++(depth == 0 ? never : mixed);
  }));
  CHECK(mixed > 10);  // both cases were seen
  CHECK(never > 10);
}

TEST_CASE("the slowest mask that mixes at all takes (n - 1)^2 + 1 layers") {
  for (node_t n = 2; n <= 40; ++n) {  // a cycle with one chord beside its last edge
    CAPTURE(n);
    std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(n));
    for (node_t v = 0; v < n; ++v) rows[static_cast<std::size_t>(v)].push_back((v + 1) % n);
    rows.back().push_back(1 % n);
    if (n == 2) rows = {{1}, {0, 1}};
    const bipartite wielandt(n, rows);
    CHECK(graph::repeated_mixing_depth(wielandt) == index_t{n - 1} * (n - 1) + 1);
  }
}

TEST_CASE("masks that never mix are known as such") {
  CHECK(graph::repeated_mixing_depth(graph::bipartite_lattice({16, 16, 1, 0})) == 0);
  CHECK(graph::repeated_mixing_depth(bipartite(2, {{1}, {0}})) == 0);
  CHECK(graph::repeated_mixing_depth(bipartite(4, {{2, 3}, {2, 3}, {0, 1}, {0, 1}})) == 0);
  CHECK(graph::repeated_mixing_depth(bipartite(2, {{0, 1}, {}})) == 0);
  CHECK(graph::repeated_mixing_depth(bipartite(1, {{}})) == 0);
  CHECK(graph::repeated_mixing_depth(bipartite(1, {{0}})) == 1);
  CHECK_THROWS_WITH(graph::repeated_mixing_depth(bipartite(3, {{0}, {1}})),
                    Catch::Contains("given 2 x 3"));
}

TEST_CASE("a lattice of degree d mixes after (n - 1) / (d - 1) layers") {
  for (index_t n = 2; n <= 40; ++n)
    for (index_t d = 2; d <= n; ++d) {
      CAPTURE(n, d);
      CHECK(graph::repeated_mixing_depth(graph::bipartite_lattice({n, n, d, 0})) ==
            ceil_div(n - 1, d - 1));
    }
}

TEST_CASE("a chain drawn mask by mask has the depth of the whole chain") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const graph::ws_balanced_params p{{24, 24, 3, 0}, 0.2};
    rng one(seed);
    std::vector<bipartite> chain;
    for (int l = 0; l < 40; ++l) chain.push_back(graph::ws_balanced(p, one).graph);
    rng two(seed);
    index_t drawn = 0;
    const index_t depth = graph::mixing_depth(24, 40, [&](index_t layer) {
      CHECK(layer == drawn++);
      return graph::ws_balanced(p, two).graph;
    });
    CHECK(depth == graph::mixing(chain).depth);
    CHECK(drawn == depth);  // no mask was drawn in vain
  }
  const auto lattice = [](index_t) { return graph::bipartite_lattice({8, 8, 2, 0}); };
  CHECK(graph::mixing_depth(8, 6, lattice) == 0);  // one short
  CHECK(graph::mixing_depth(8, 7, lattice) == 7);
  CHECK_THROWS_WITH(graph::mixing_depth(9, 7, lattice),
                    Catch::Contains("mask 0 of the chain has 8 input nodes but 9 come in"));
  CHECK_THROWS_AS(graph::mixing_depth(0, 7, lattice), invalid_argument);
}
