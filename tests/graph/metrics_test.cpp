// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/graph/metrics.hpp"
#include "swprune/graph/random_biregular.hpp"
#include "swprune/graph/randomise.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/graph/ws_balanced.hpp"
#include "tests/graph/checks.hpp"

using namespace swprune;
using graph::bipartite;
using graph::edge;
using graph::node_t;
using graph::undirected;

namespace {

undirected random_graph(index_t nodes, double p, rng& random) {
  std::vector<edge> edges;
  for (node_t a = 0; a < nodes; ++a)
    for (node_t b = a + 1; b < nodes; ++b)
      if (random.bernoulli(p)) edges.push_back({a, b});
  return undirected(nodes, edges);
}

/// Mean local clustering straight from the definition.
double slow_clustering(const undirected& g) {
  double sum = 0.0;
  for (index_t v = 0; v < g.nodes(); ++v) {
    index_t pairs = 0;
    index_t joined = 0;
    for (index_t a = 0; a < g.nodes(); ++a)
      for (index_t b = a + 1; b < g.nodes(); ++b)
        if (g.has_edge(v, a) && g.has_edge(v, b)) {
          ++pairs;
          joined += g.has_edge(a, b);
        }
    if (pairs > 0) sum += static_cast<double>(joined) / static_cast<double>(pairs);
  }
  return sum / static_cast<double>(g.nodes());
}

/// All distances by Floyd and Warshall; -1 where there is no path.
std::vector<std::vector<index_t>> all_distances(const undirected& g) {
  const auto n = static_cast<std::size_t>(g.nodes());
  const index_t far = g.nodes() + 1;
  std::vector<std::vector<index_t>> d(n, std::vector<index_t>(n, far));
  for (std::size_t a = 0; a < n; ++a) {
    d[a][a] = 0;
    for (const node_t b : g.neighbours(static_cast<index_t>(a)))
      d[a][static_cast<std::size_t>(b)] = 1;
  }
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b) d[a][b] = std::min(d[a][b], d[a][k] + d[k][b]);
  for (auto& row : d)
    for (index_t& x : row)
      if (x == far) x = -1;
  for (auto& row : d)
    for (index_t& x : row)
      if (x > far) x = -1;
  return d;
}

}  // namespace

TEST_CASE("clustering of small graphs known by hand") {
  const std::vector<edge> triangle{{0, 1}, {1, 2}, {0, 2}};
  const std::vector<edge> kite{{0, 1}, {1, 2}, {0, 2}, {2, 3}};
  const std::vector<edge> star{{0, 1}, {0, 2}, {0, 3}};
  CHECK(graph::clustering_coefficient(undirected(3, triangle)) == 1.0);
  CHECK(graph::clustering_coefficient(undirected(4, kite)) == Approx((1 + 1 + 1.0 / 3 + 0) / 4));
  CHECK(graph::clustering_coefficient(undirected(4, star)) == 0.0);
  const std::vector<edge> diamond{{0, 1}, {1, 2}, {0, 2}, {2, 3}, {1, 3}};
  CHECK(graph::triangles(undirected(4, diamond)) == std::vector<index_t>{1, 2, 2, 1});
}

TEST_CASE("clustering and paths agree with the definitions on random graphs") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const auto n = static_cast<index_t>(1 + random.below(90));
    const undirected g = random_graph(n, 3.0 * random.uniform() / static_cast<double>(n), random);
    const undirected dense = random_graph(20, random.uniform(), random);
    REQUIRE(graph::clustering_coefficient(g) == Approx(slow_clustering(g)).margin(1e-12));
    REQUIRE(graph::clustering_coefficient(dense) == Approx(slow_clustering(dense)).margin(1e-12));
    graph::path_lengths expected;
    expected.pairs = n * (n - 1);
    for (const auto& row : all_distances(g))
      for (const index_t d : row)
        if (d > 0) {
          expected.sum += d;
          ++expected.reached;
          expected.longest = std::max(expected.longest, d);
        }
    const graph::path_lengths found = graph::shortest_paths(g);
    REQUIRE(found.sum == expected.sum);
    REQUIRE(found.reached == expected.reached);
    REQUIRE(found.pairs == expected.pairs);
    REQUIRE(found.longest == expected.longest);
    REQUIRE(found.all_reached() == graph::is_connected(g));
  }
}

TEST_CASE("paths do not depend on threads, and sources may be chosen") {
  rng random(3);
  const undirected g = graph::ws_classic({.nodes = 500, .degree = 6, .rewire = 0.1}, random);
  const int before = thread_count();
  set_thread_count(1);
  const auto one = graph::shortest_paths(g);
  set_thread_count(3);
  const auto three = graph::shortest_paths(g);
  set_thread_count(before);
  CHECK(one.sum == three.sum);
  CHECK(one.longest == three.longest);
  const std::vector<index_t> twice{7, 7};
  const std::vector<index_t> once{7};
  CHECK(graph::shortest_paths(g, twice).sum == 2 * graph::shortest_paths(g, once).sum);
  const std::vector<index_t> outside{500};
  CHECK_THROWS_WITH(graph::shortest_paths(g, outside),
                    Catch::Contains("a source of paths must lie in [0, 499], given 500"));
}

TEST_CASE("a graph without paths has length 0") {
  CHECK(graph::characteristic_path_length(undirected(3, std::vector<edge>{})) == 0.0);
}

TEST_CASE("randomise keeps every degree and forgets the pattern") {
  rng random(8);
  const undirected ring = graph::ring_lattice(60, 8);
  const auto r = graph::randomise(ring, random);
  CHECK(r.swaps == 10 * ring.edges());
  CHECK(swprune_test::degrees(r.graph) == swprune_test::degrees(ring));
  CHECK(graph::clustering_coefficient(r.graph) < 0.3 * graph::clustering_coefficient(ring));
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const undirected g = random_graph(25, 0.3, random);
    const auto mixed = graph::randomise(g, random).graph;
    REQUIRE(swprune_test::degrees(mixed) == swprune_test::degrees(g));
    REQUIRE(mixed.edges() == g.edges());
    REQUIRE_FALSE(mixed == g);
  }
}

TEST_CASE("randomise ends where no swap exists") {
  rng random(8);
  const undirected complete = graph::ring_lattice(7, 6);
  CHECK(graph::randomise(complete, random).graph == complete);
  CHECK(graph::randomise(complete, random).swaps == 0);
  const std::vector<edge> star{{0, 1}, {0, 2}, {0, 3}};
  CHECK(graph::randomise(undirected(4, star), random).swaps == 0);
  CHECK_THROWS_AS(graph::randomise(complete, random, -1.0), invalid_argument);
  CHECK_THROWS_AS(graph::randomise(complete, random, std::nan("")), invalid_argument);
}

TEST_CASE("sigma and omega tell ring, small world and random graph apart") {
  rng random(21);
  const auto measure = [&](double p) {
    const undirected g = graph::ws_classic({.nodes = 300, .degree = 10, .rewire = p}, random);
    return graph::measure_small_world(g, random);
  };
  const auto ring = measure(0.0);
  const auto small = measure(0.1);
  const auto chaos = measure(1.0);
  CHECK(ring.omega < -0.4);
  CHECK(small.sigma > 5.0);
  CHECK(small.sigma > ring.sigma);
  CHECK(std::abs(small.omega) < 0.3);
  CHECK(chaos.sigma == Approx(1.0).margin(0.4));
  CHECK(chaos.omega > 0.8);
  CHECK(ring.clustering == Approx(ring.lattice_clustering).epsilon(1e-12));
  CHECK(ring.components == 1);
}

TEST_CASE("sigma and omega are what their formulae give") {
  rng random(5);
  const undirected g = graph::ws_classic({.nodes = 100, .degree = 8, .rewire = 0.2}, random);
  const auto s = graph::measure_small_world(g, random, {.references = 7});
  CHECK(s.clustering == graph::clustering_coefficient(g));
  CHECK(s.path_length == graph::characteristic_path_length(g));
  CHECK(s.sigma ==
        Approx(s.clustering / s.random_clustering / (s.path_length / s.random_path_length)));
  CHECK(s.omega ==
        Approx(s.random_path_length / s.path_length - s.clustering / s.lattice_clustering));
  CHECK_THROWS_WITH(graph::measure_small_world(g, random, {.references = 4}),
                    Catch::Contains("references must lie in [5, 1000], given 4"));
  CHECK_THROWS_AS(graph::measure_small_world(g, random, {.swaps_per_edge = 0.0}), invalid_argument);
}

TEST_CASE("sigma and omega are undefined, not wrong, without triangles") {
  rng random(5);
  const std::vector<edge> star{{0, 1}, {0, 2}, {0, 3}, {0, 4}};
  const auto s = graph::measure_small_world(undirected(5, star), random);
  CHECK(std::isnan(s.sigma));
  CHECK(std::isnan(s.omega));
}

TEST_CASE("fold of a square mask is M or its transpose without the diagonal") {
  const undirected g = graph::fold(bipartite(3, {{0, 1}, {1}, {0, 1}}));
  CHECK(g.edge_list() == std::vector<edge>{{0, 1}, {0, 2}, {1, 2}});
  const undirected wide = graph::fold(bipartite(6, {{0, 5}, {2, 3}}));  // inputs 0-2 -> 0, 3-5 -> 1
  CHECK(wide.nodes() == 2);
  CHECK(wide.edges() == 1);
  const undirected tall = graph::fold(bipartite(2, {{0}, {0}, {1}, {0, 1}}));
  CHECK(tall.edges() == 1);
  CHECK(graph::fold(bipartite(2, {{0}, {0}, {1}, {1}})).edges() == 0);
}

TEST_CASE("row_union is what a tile of rows fetches") {
  const bipartite g(4, {{0, 1}, {1, 2}, {3}, {3}, {0}});
  CHECK(graph::row_union(g, 1) == Approx((2 + 2 + 1 + 1 + 1) / 20.0));
  CHECK(graph::row_union(g, 2) == Approx((3 + 1 + 1) / 12.0));
  CHECK(graph::row_union(g, 5) == 1.0);
  CHECK_THROWS_AS(graph::row_union(g, 0), invalid_argument);
  CHECK_THROWS_WITH(graph::row_union(g, 6),
                    Catch::Contains("the rows of a tile must lie in [1, 5], given 6"));
}

TEST_CASE("unions of adjacent rows: lattice exactly, small world below random") {
  const graph::biregular_params size{.out_nodes = 32, .in_nodes = 32, .degree = 8};
  const bipartite lattice = graph::bipartite_lattice(size);
  for (const index_t t : {1, 2, 4, 8})
    CHECK(graph::row_union(lattice, t) == Approx(static_cast<double>(8 + t - 1) / 32.0));
  const auto mean = [&](double beta, index_t t) {
    double sum = 0.0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      rng random(seed);
      sum += graph::row_union(graph::ws_balanced({.size = size, .beta = beta}, random).graph, t);
    }
    return sum / 10.0;
  };
  CHECK(mean(0.1, 4) == Approx(0.429).margin(0.02));
  CHECK(mean(0.1, 8) == Approx(0.602).margin(0.03));
  CHECK(mean(1.0, 4) == Approx(0.689).margin(0.02));
}

TEST_CASE("mixing of a chain is its boolean product") {
  const std::vector<bipartite> chain{bipartite(3, {{0}, {1, 2}}), bipartite(2, {{0, 1}, {1}}),
                                     bipartite(2, {{0, 1}})};
  const auto m = graph::mixing(chain);
  REQUIRE(m.reach.size() == 3);
  CHECK(m.reach[0] == Approx(3.0 / 6.0));
  CHECK(m.reach[1] == Approx(5.0 / 6.0));
  CHECK(m.reach[2] == 1.0);
  CHECK(m.depth == 3);
  const std::vector<bipartite> never(20, bipartite(2, {{0}, {1}}));
  CHECK(graph::mixing(never).depth == 0);
  CHECK(graph::mixing({}).reach.empty());
  const std::vector<bipartite> broken{bipartite(3, {{0}, {1}}), bipartite(3, {{0}})};
  CHECK_THROWS_WITH(graph::mixing(broken),
                    Catch::Contains("mask 1 of the chain has 3 input nodes but 2 come in"));
}

TEST_CASE("shortcuts mix a chain sooner than the lattice") {
  const graph::biregular_params size{.out_nodes = 32, .in_nodes = 32, .degree = 4};
  const auto depth = [&](double beta) {
    double sum = 0.0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      rng random(seed);
      std::vector<bipartite> chain;
      for (int l = 0; l < 40; ++l)
        chain.push_back(graph::ws_balanced({.size = size, .beta = beta}, random).graph);
      sum += static_cast<double>(graph::mixing(chain).depth);
    }
    return sum / 10.0;
  };
  CHECK(depth(0.0) == 11.0);  // a window grows by 3 a layer: 1 + 3 * 10 < 32 <= 1 + 3 * 11
  CHECK(depth(0.1) == Approx(6.5).margin(0.6));
  CHECK(depth(1.0) == Approx(4.3).margin(0.5));
}

TEST_CASE("I8: balanced masks of 32 groups and more are small worlds") {
  struct size_and_degree {
    index_t groups;
    index_t degree;
  };
  constexpr std::array<size_and_degree, 4> sizes{{{32, 8}, {64, 10}, {64, 16}, {128, 20}}};
  for (const auto& [groups, degree] : sizes)
    for (const double beta : {0.05, 0.1})
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        CAPTURE(groups, degree, beta, seed);
        rng random(seed);
        const auto w =
            graph::ws_balanced({.size = {groups, groups, degree, 0}, .beta = beta}, random);
        const auto s = graph::measure_small_world(graph::fold(w.graph), random);
        CHECK(s.sigma > 1.0);
        CHECK(std::abs(s.omega) < 0.25);
        const auto r = graph::measure_small_world(
            graph::fold(graph::random_biregular({groups, groups, degree, 0}, random)), random);
        CHECK(s.sigma > 1.3 * r.sigma);  // the control is no small world
        CHECK(r.omega > 0.3);
      }
}
