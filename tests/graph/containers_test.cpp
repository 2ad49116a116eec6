// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/even_columns.hpp"
#include "swprune/graph/undirected.hpp"
#include "tests/graph/checks.hpp"

using namespace swprune;
using graph::bipartite;
using graph::edge;
using graph::node_t;
using graph::undirected;

TEST_CASE("an undirected graph lists each neighbour once on both sides") {
  const std::vector<edge> edges{{3, 0}, {0, 1}, {2, 1}, {3, 1}};
  const undirected g(5, edges);
  CHECK(g.nodes() == 5);
  CHECK(g.edges() == 4);
  CHECK(std::vector<node_t>(g.neighbours(1).begin(), g.neighbours(1).end()) ==
        std::vector<node_t>{0, 2, 3});
  CHECK(g.degree(4) == 0);
  CHECK(g.has_edge(0, 3));
  CHECK(g.has_edge(3, 0));
  CHECK_FALSE(g.has_edge(0, 2));
  CHECK(g.edge_list() == std::vector<edge>{{0, 1}, {0, 3}, {1, 2}, {1, 3}});
  CHECK(undirected(5, g.edge_list()) == g);
}

TEST_CASE("what is no simple undirected graph is refused by name") {
  const std::vector<edge> loop{{0, 1}, {2, 2}};
  const std::vector<edge> twice{{0, 1}, {1, 2}, {1, 0}};
  const std::vector<edge> outside{{0, 4}};
  const std::vector<edge> negative{{-1, 0}};
  CHECK_THROWS_WITH(undirected(4, loop),
                    "swprune E204: an edge does not belong into the graph: "
                    "edge (2, 2) is a self loop");
  CHECK_THROWS_WITH(undirected(4, twice),
                    "swprune E204: an edge does not belong into the graph: "
                    "edge (0, 1) is given twice");
  CHECK_THROWS_WITH(undirected(4, outside),
                    "swprune E204: an edge does not belong into the graph: "
                    "edge (0, 4) has an end outside the 4 nodes");
  CHECK_THROWS_AS(undirected(4, negative), invalid_argument);
  CHECK_THROWS_WITH(undirected(0, std::vector<edge>{}),
                    "swprune E202: the number of nodes is not usable: "
                    "the number of nodes must lie in [1, 2147483647], given 0");
  CHECK_THROWS_AS(undirected(graph::max_nodes + 1, std::vector<edge>{}), invalid_argument);
}

TEST_CASE("a bipartite graph sorts rows and counts columns") {
  const bipartite g(4, {{2, 0}, {}, {3, 1, 2}});
  CHECK(g.out_nodes() == 3);
  CHECK(g.in_nodes() == 4);
  CHECK(g.edges() == 5);
  CHECK(g.row_degree(1) == 0);
  CHECK(std::vector<node_t>(g.row(2).begin(), g.row(2).end()) == std::vector<node_t>{1, 2, 3});
  CHECK(g.column_degrees() == std::vector<index_t>{1, 1, 2, 1});
  CHECK(graph::column_spread(g) == 1);
  CHECK(g.has_edge(0, 2));
  CHECK_FALSE(g.has_edge(1, 2));
  CHECK(bipartite(4, g.rows()) == g);
}

TEST_CASE("what is no bipartite graph is refused by name") {
  CHECK_THROWS_WITH(bipartite(4, {{0}, {1, 4}}),
                    "swprune E204: an edge does not belong into the graph: "
                    "output node 1 uses input node 4, but there are 4 input nodes");
  CHECK_THROWS_WITH(bipartite(4, {{3, 0, 3}}),
                    "swprune E204: an edge does not belong into the graph: "
                    "output node 0 uses input node 3 twice");
  CHECK_THROWS_AS(bipartite(4, {{-1}}), invalid_argument);
  CHECK_THROWS_AS(bipartite(0, {{}}), invalid_argument);
  CHECK_THROWS_AS(bipartite(4, {}), invalid_argument);
}

namespace {

/// Smallest sum of squared column degrees that rows of these degrees can have inside a support, by
/// trying every choice.
index_t best_squares(const bipartite& start, const bipartite& support, index_t j,
                     std::vector<index_t>& degrees) {
  if (j == start.out_nodes()) {
    index_t sum = 0;
    for (const index_t d : degrees) sum += d * d;
    return sum;
  }
  index_t best = -1;
  const auto row = support.row(j);
  for (unsigned pick = 0; pick < (1u << row.size()); ++pick) {
    if (__builtin_popcount(pick) != start.row_degree(j)) continue;
    for (std::size_t t = 0; t < row.size(); ++t)
      degrees[static_cast<std::size_t>(row[t])] += pick >> t & 1u;
    const index_t sum = best_squares(start, support, j + 1, degrees);
    for (std::size_t t = 0; t < row.size(); ++t)
      degrees[static_cast<std::size_t>(row[t])] -= pick >> t & 1u;
    if (best < 0 || sum < best) best = sum;
  }
  return best;
}

index_t squares(const bipartite& g) {
  index_t sum = 0;
  for (const index_t d : g.column_degrees()) sum += d * d;
  return sum;
}

}  // namespace

TEST_CASE("even_columns finds the best there is") {
  index_t improved = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const auto in = static_cast<index_t>(2 + random.below(5));
    std::vector<std::vector<node_t>> support(2 + random.below(3));
    std::vector<std::vector<node_t>> start(support.size());
    for (std::size_t j = 0; j < support.size(); ++j) {
      for (node_t i = 0; i < in; ++i)
        if (random.bernoulli(0.6)) support[j].push_back(i);
      for (const node_t i : support[j])
        if (random.bernoulli(0.5)) start[j].push_back(i);
    }
    const bipartite from(in, start);
    const bipartite within(in, support);
    const bipartite even = graph::even_columns(from, within);
    for (index_t j = 0; j < from.out_nodes(); ++j) {
      REQUIRE(even.row_degree(j) == from.row_degree(j));
      for (const node_t i : even.row(j)) REQUIRE(within.has_edge(j, i));
    }
    std::vector<index_t> degrees(static_cast<std::size_t>(in), 0);
    REQUIRE(squares(even) == best_squares(from, within, 0, degrees));
    improved += squares(even) < squares(from);
  }
  CHECK(improved > 50);  // the starts were not all even already
}

TEST_CASE("even_columns refuses a start outside its support") {
  CHECK_THROWS_WITH(graph::even_columns(bipartite(2, {{0}, {1}}), bipartite(2, {{0}, {0}})),
                    "swprune E204: an edge does not belong into the graph: "
                    "edge (1, 1) of the start lies outside the support");
  CHECK_THROWS_AS(graph::even_columns(bipartite(2, {{0}}), bipartite(2, {{0}, {1}})),
                  invalid_argument);
}

TEST_CASE("the checkers of these tests can fail") {
  const graph::biregular_params size{.out_nodes = 2, .in_nodes = 2, .degree = 1, .extra_rows = 0};
  CHECK(swprune_test::rows_exact(bipartite(2, {{0}, {1}}), size));
  CHECK_FALSE(swprune_test::rows_exact(bipartite(2, {{0, 1}, {}}), size));
  CHECK_FALSE(swprune_test::rows_exact(bipartite(3, {{0}, {1}}), size));
  CHECK(swprune_test::columns_balanced(bipartite(2, {{0}, {1}})));
  CHECK_FALSE(swprune_test::columns_balanced(bipartite(2, {{0}, {0}})));
  CHECK_FALSE(swprune_test::all_inputs_used(bipartite(2, {{0}, {0}})));
  CHECK_FALSE(swprune_test::all_outputs_fed(bipartite(2, {{0, 1}, {}})));
  CHECK_FALSE(swprune_test::simple(3, {{0, 1}, {1, 0}}));
  CHECK_FALSE(swprune_test::simple(3, {{1, 1}}));
  CHECK_FALSE(swprune_test::simple(3, {{1, 3}}));
}
