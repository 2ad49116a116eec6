// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "swprune/graph/locality.hpp"
#include "swprune/graph/random_biregular.hpp"
#include "swprune/graph/ws_balanced.hpp"
#include "tests/graph/checks.hpp"

using namespace swprune;
using graph::biregular_params;
using graph::ws_balanced;

namespace {

biregular_params any_size() {
  biregular_params size;
  size.out_nodes = *rc::gen::inRange<index_t>(1, 41);
  size.in_nodes = *rc::gen::inRange<index_t>(1, 41);
  size.degree = *rc::gen::inRange<index_t>(0, size.in_nodes + 1);
  if (size.degree < size.in_nodes) size.extra_rows = *rc::gen::inRange<index_t>(0, size.out_nodes);
  return size;
}

}  // namespace

TEST_CASE("I1, I2, I3: switches keep rows exact, columns balanced, inputs used") {
  CHECK(rc::check([] {
    const biregular_params size = any_size();
    const double beta = *rc::gen::inRange(0, 101) / 100.0;
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    rng random(seed);
    const auto r = ws_balanced({.size = size, .beta = beta}, random);
    RC_ASSERT(swprune_test::rows_exact(r.graph, size));
    RC_ASSERT(swprune_test::columns_balanced(r.graph));
    RC_ASSERT(swprune_test::all_inputs_used(r.graph) == (size.edges() >= size.in_nodes));
    RC_ASSERT(r.graph.column_degrees() == graph::bipartite_lattice(size).column_degrees());
    rng again(seed);
    RC_ASSERT(ws_balanced({.size = size, .beta = beta}, again).graph == r.graph);
  }));
}

TEST_CASE("I1, I2, I3 for random bi-regular graphs") {
  CHECK(rc::check([] {
    const biregular_params size = any_size();
    rng random(*rc::gen::arbitrary<std::uint64_t>());
    const graph::bipartite g = graph::random_biregular(size, random);
    RC_ASSERT(swprune_test::rows_exact(g, size));
    RC_ASSERT(g.column_degrees() == graph::bipartite_lattice(size).column_degrees());
  }));
}

TEST_CASE("beta = 0 is the lattice and draws nothing") {
  const biregular_params size{.out_nodes = 16, .in_nodes = 24, .degree = 5, .extra_rows = 3};
  rng random(9);
  const auto r = ws_balanced({.size = size, .beta = 0.0}, random);
  CHECK(r.graph == graph::bipartite_lattice(size));
  CHECK(r.switches == 0);
  CHECK(r.beta_achieved == 0.0);
  CHECK(random.next() == rng(9).next());
}

TEST_CASE("the wanted number of switches is made where there is room") {
  for (const index_t g : {16, 32, 64})
    for (const double beta : {0.01, 0.05, 0.1, 0.3, 0.5})
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        CAPTURE(g, beta, seed);
        const biregular_params size{.out_nodes = g, .in_nodes = g, .degree = g / 4};
        rng random(seed);
        const auto r = ws_balanced({.size = size, .beta = beta}, random);
        const auto edges = static_cast<double>(size.edges());
        const auto wanted =
            std::max<index_t>(1, static_cast<index_t>(std::llround(beta * edges / 2)));
        REQUIRE(r.switches == wanted);
        REQUIRE(r.beta_achieved == Approx(2.0 * static_cast<double>(wanted) / edges));
        const double seen = graph::rewired_fraction(r.graph, graph::bipartite_lattice(size));
        REQUIRE(seen <= r.beta_achieved + 1e-12);
        REQUIRE(seen > 0.5 * r.beta_achieved);
      }
}

TEST_CASE("a beta that rounds to nothing still makes one switch") {
  rng random(4);
  const auto r = ws_balanced({.size = {8, 8, 2, 0}, .beta = 1e-9}, random);
  CHECK(r.switches == 1);
  CHECK(r.beta_achieved == Approx(2.0 / 16.0));
  CHECK(graph::rewired_fraction(r.graph, graph::bipartite_lattice({8, 8, 2, 0})) ==
        Approx(2.0 / 16.0));
}

TEST_CASE("beta = 1 moves nearly all edges, far away") {
  const biregular_params size{.out_nodes = 64, .in_nodes = 64, .degree = 10};
  rng random(2);
  const auto r = ws_balanced({.size = size, .beta = 1.0}, random);
  CHECK(r.beta_achieved > 0.97);
  const double random_union = graph::row_union(graph::random_biregular(size, random), 4);
  CHECK(graph::row_union(r.graph, 4) == Approx(random_union).margin(0.04));
  CHECK(graph::row_union(graph::bipartite_lattice(size), 4) < 0.5 * random_union);
}

TEST_CASE("where nothing can be switched it ends and says so") {
  rng random(3);
  for (const biregular_params& size :
       {biregular_params{4, 4, 4, 0}, biregular_params{1, 9, 3, 0}, biregular_params{5, 6, 0, 0},
        biregular_params{7, 1, 1, 0}}) {
    CAPTURE(size.out_nodes, size.in_nodes, size.degree);
    const auto r = ws_balanced({.size = size, .beta = 0.7}, random);
    CHECK(r.graph == graph::bipartite_lattice(size));
    CHECK(r.switches == 0);
    CHECK(r.beta_achieved == 0.0);
    CHECK(graph::random_biregular(size, random) == graph::bipartite_lattice(size));
  }
}

TEST_CASE("keep_self never moves the edge nearest to its row") {
  const biregular_params size{.out_nodes = 24, .in_nodes = 24, .degree = 5};
  index_t moved_without = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    rng a(seed);
    rng b(seed);
    const auto kept = ws_balanced({.size = size, .beta = 1.0, .keep_self = true}, a).graph;
    const auto free = ws_balanced({.size = size, .beta = 1.0, .keep_self = false}, b).graph;
    for (index_t j = 0; j < 24; ++j) {
      REQUIRE(kept.has_edge(j, j));
      moved_without += free.has_edge(j, j) ? 0 : 1;
    }
  }
  CHECK(moved_without > 100);
}

TEST_CASE("random bi-regular graphs spread their edges uniformly") {
  const index_t g = 16;
  const index_t d = 4;
  std::vector<double> count(static_cast<std::size_t>(g * g), 0.0);
  const int graphs = 2000;
  rng random(12);
  for (int r = 0; r < graphs; ++r) {
    const auto b = graph::random_biregular({g, g, d, 0}, random);
    for (index_t j = 0; j < g; ++j)
      for (const auto i : b.row(j)) count[static_cast<std::size_t>(j * g + i)] += 1.0;
  }
  double chi = 0.0;  // each cell is 1 with probability d / g
  const double p = static_cast<double>(d) / static_cast<double>(g);
  for (const double c : count) chi += (c - graphs * p) * (c - graphs * p) / (graphs * p * (1 - p));
  CHECK(chi < 225.0 + 6.0 * std::sqrt(2.0 * 225.0));  // (g - 1)^2 degrees of freedom
}

TEST_CASE("parameters outside their range are refused by name") {
  rng random(1);
  const auto with_beta = [&](double beta) {
    return ws_balanced({.size = {8, 8, 2, 0}, .beta = beta}, random);
  };
  CHECK_THROWS_WITH(with_beta(1.5),
                    "swprune E203: a probability or fraction lies outside [0, 1]: "
                    "the rewired fraction beta must lie in [0, 1], given 1.5");
  CHECK_THROWS_AS(with_beta(-0.1), invalid_argument);
  CHECK_THROWS_AS(with_beta(std::numeric_limits<double>::quiet_NaN()), invalid_argument);
  CHECK_THROWS_AS(ws_balanced({.size = {8, 8, 9, 0}}, random), invalid_argument);
  CHECK_THROWS_AS(graph::random_biregular({8, 8, -1, 0}, random), invalid_argument);
}
