// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "swprune/graph/clustering.hpp"
#include "swprune/graph/components.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/path_length.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "tests/graph/checks.hpp"

using namespace swprune;
using graph::ws_classic;
using graph::ws_params;

namespace {

graph::undirected draw(index_t n, index_t k, double p, std::uint64_t seed) {
  rng random(seed);
  return ws_classic({.nodes = n, .degree = k, .rewire = p}, random);
}

}  // namespace

TEST_CASE("ws_classic is simple, keeps n k / 2 edges and degrees of at least k / 2") {
  CHECK(rc::check([] {
    const auto n = *rc::gen::inRange<index_t>(1, 80);
    const index_t k = 2 * *rc::gen::inRange<index_t>(0, (n - 1) / 2 + 1);
    const double p = *rc::gen::inRange(0, 101) / 100.0;
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const graph::undirected g = draw(n, k, p, seed);
    RC_ASSERT(g.edges() == n * k / 2);
    RC_ASSERT(swprune_test::simple(n, g.edge_list()));
    for (index_t v = 0; v < n; ++v) RC_ASSERT(g.degree(v) >= k / 2);
    RC_ASSERT(draw(n, k, p, seed) == g);
  }));
}

TEST_CASE("p = 0 is the ring lattice") {
  for (index_t n = 1; n < 30; ++n)
    for (index_t k = 0; k < n; k += 2) REQUIRE(draw(n, k, 0.0, 7) == graph::ring_lattice(n, k));
}

TEST_CASE("p = 1 leaves clustering and path length of a random graph") {
  const index_t n = 2000;
  const index_t k = 12;
  const graph::undirected g = draw(n, k, 1.0, 11);
  CHECK(graph::clustering_coefficient(g) < 3.0 * static_cast<double>(k) / static_cast<double>(n));
  CHECK(graph::clustering_coefficient(g) > 0.0);
  const double random_length = std::log(2000.0) / std::log(12.0);
  CHECK(graph::characteristic_path_length(g) == Approx(random_length).margin(0.5));
  index_t kept = 0;  // an old edge can only come back by chance
  for (index_t u = 0; u < n; ++u)
    for (index_t j = 1; j <= k / 2; ++j) kept += g.has_edge(u, (u + j) % n);
  CHECK(kept < n * k / 2 / 20);
}

TEST_CASE("about p of the edges are moved") {
  const index_t n = 4000;
  const index_t k = 10;
  for (const double p : {0.05, 0.2, 0.5}) {
    const graph::undirected g = draw(n, k, p, 5);
    index_t moved = 0;
    for (index_t u = 0; u < n; ++u)
      for (index_t j = 1; j <= k / 2; ++j) moved += g.has_edge(u, (u + j) % n) ? 0 : 1;
    const auto edges = static_cast<double>(n * k / 2);
    const double sd = std::sqrt(p * (1.0 - p) / edges);
    CAPTURE(p);
    CHECK(static_cast<double>(moved) / edges == Approx(p).margin(4.0 * sd + 0.002));
  }
}

TEST_CASE("a saturated node keeps its edge: no endless loop") {
  for (const index_t n : {3, 5, 7, 21}) {
    CAPTURE(n);
    CHECK(draw(n, n - 1, 1.0, 3) == graph::ring_lattice(n, n - 1));  // complete: nothing can move
  }
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    const graph::undirected g = draw(6, 4, 1.0, seed);  // one stranger each, soon none
    CHECK(g.edges() == 12);
    CHECK(swprune_test::simple(6, g.edge_list()));
  }
}

TEST_CASE("retries go on with the generator until the graph is connected") {
  index_t unconnected_at_first = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    const graph::undirected once = draw(24, 2, 0.3, seed);
    rng random(seed);
    const graph::undirected g =
        ws_classic({.nodes = 24, .degree = 2, .rewire = 0.3, .connected_tries = 100}, random);
    REQUIRE(graph::is_connected(g));
    if (graph::is_connected(once))
      REQUIRE(g == once);
    else
      ++unconnected_at_first;
  }
  CHECK(unconnected_at_first > 10);
}

TEST_CASE("no connected graph within the tries is an error that names them") {
  rng random(1);
  CHECK_THROWS_WITH(
      ws_classic({.nodes = 10, .degree = 0, .rewire = 0.5, .connected_tries = 4}, random),
      "swprune E205: no connected graph was found: 4 tries with 10 nodes, degree 0 and rewiring "
      "probability 0.5 gave no connected graph; raise the degree or connected_tries (at most 100)");
}

TEST_CASE("parameters outside their range are refused by name") {
  rng random(1);
  const auto refused = [&](const ws_params& p, const char* text) {
    CHECK_THROWS_WITH(ws_classic(p, random), Catch::Contains(text));
    CHECK_THROWS_AS(ws_classic(p, random), invalid_argument);
  };
  refused({.nodes = 10, .degree = 3}, "must be even (half of it on either side), given 3");
  refused({.nodes = 10, .degree = 10}, "must lie in [0, 9], given 10");
  refused({.nodes = 10, .degree = 12}, "must lie in [0, 9], given 12");
  refused({.nodes = 10, .degree = -2}, "must lie in [0, 9], given -2");
  refused({.nodes = 0}, "the number of nodes must lie in [1, 2147483647], given 0");
  refused({.nodes = 10, .degree = 4, .rewire = 1.01},
          "the rewiring probability must lie in [0, 1], given 1.01");
  refused({.nodes = 10, .degree = 4, .rewire = -0.1},
          "the rewiring probability must lie in [0, 1], given -0.1");
  refused({.nodes = 10, .degree = 4, .rewire = std::numeric_limits<double>::quiet_NaN()},
          "the rewiring probability must lie in [0, 1], given nan");
  refused({.nodes = 10, .degree = 4, .rewire = 0.1, .connected_tries = 101},
          "connected_tries must lie in [0, 100], given 101");
}

TEST_CASE("components are counted and numbered by their smallest node") {
  const std::vector<graph::edge> edges{{4, 2}, {1, 5}, {5, 3}};
  const graph::component_map map = graph::connected_components(graph::undirected(6, edges));
  CHECK(map.count() == 3);
  CHECK(map.label == std::vector<graph::node_t>{0, 1, 2, 1, 2, 1});
  CHECK(map.sizes == std::vector<index_t>{1, 3, 2});
  CHECK(graph::is_connected(graph::undirected(1, std::vector<graph::edge>{})));
  CHECK_FALSE(graph::is_connected(graph::undirected(2, std::vector<graph::edge>{})));
}
