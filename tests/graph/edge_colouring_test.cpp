// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/edge_colouring.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/ws_balanced.hpp"

using namespace swprune;
using graph::bipartite;
using graph::colour_edges;
using graph::edge_colouring;
using graph::max_degree;
using graph::node_t;

namespace {

/// Each edge with the same probability; empty rows and columns come up.
bipartite any_graph(rng& random, index_t widest) {
  const auto go = static_cast<index_t>(1 + random.below(static_cast<std::uint64_t>(widest)));
  const auto gi = static_cast<index_t>(1 + random.below(static_cast<std::uint64_t>(widest)));
  const std::uint64_t density = random.below(101);
  std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(go));
  for (auto& row : rows)
    for (node_t i = 0; i < gi; ++i)
      if (random.below(100) < density) row.push_back(i);
  return bipartite(gi, rows);
}

/// Looked at from outside: no colour twice at a node, none out of range.
bool proper(const bipartite& g, const edge_colouring& c) {
  if (static_cast<index_t>(c.colour.size()) != g.edges()) return false;
  std::vector<std::vector<int>> row_has(static_cast<std::size_t>(g.out_nodes()));
  std::vector<std::vector<int>> column_has(static_cast<std::size_t>(g.in_nodes()));
  std::size_t e = 0;
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const node_t i : g.row(j)) {
      row_has[static_cast<std::size_t>(j)].push_back(c.colour[e]);
      column_has[static_cast<std::size_t>(i)].push_back(c.colour[e++]);
    }
  const auto fine = [&](std::vector<int>& list) {
    std::sort(list.begin(), list.end());
    return std::adjacent_find(list.begin(), list.end()) == list.end() &&
           (list.empty() || (list.front() >= 0 && list.back() < c.colours));
  };
  return std::all_of(row_has.begin(), row_has.end(), fine) &&
         std::all_of(column_has.begin(), column_has.end(), fine);
}

}  // namespace

TEST_CASE("Koenig: as many colours as the largest degree, none twice at a node, 4000 graphs") {
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const bipartite g = any_graph(random, seed % 10 == 0 ? 60 : 16);
    const edge_colouring c = colour_edges(g);
    REQUIRE(c.colours == max_degree(g));
    REQUIRE(proper(g, c));
    REQUIRE_NOTHROW(check(c, g));
    REQUIRE(colour_edges(g).colour == c.colour);
  }
}

TEST_CASE("rows of largest degree have every colour: a bi-regular graph falls into matchings") {
  CHECK(rc::check([] {
    const auto n = *rc::gen::inRange<index_t>(1, 41);
    const auto d = *rc::gen::inRange<index_t>(0, n + 1);
    rng random(*rc::gen::arbitrary<std::uint64_t>());
    const bipartite g = graph::ws_balanced({.size = {n, n, d, 0}, .beta = 0.3}, random).graph;
    const edge_colouring c = colour_edges(g);
    RC_ASSERT(c.colours == d);
    std::vector<std::vector<index_t>> edges_of(static_cast<std::size_t>(d));
    std::size_t e = 0;
    for (index_t j = 0; j < n; ++j)
      for (const node_t i : g.row(j))
        edges_of[static_cast<std::size_t>(c.colour[e++])].push_back(i);
    for (auto& inputs : edges_of) {
      std::sort(inputs.begin(), inputs.end());
      RC_ASSERT(static_cast<index_t>(inputs.size()) == n);
      RC_ASSERT(std::adjacent_find(inputs.begin(), inputs.end()) == inputs.end());
    }
  }));
}

TEST_CASE("edge cases: no edge, one edge, a star, all edges") {
  CHECK(colour_edges(bipartite(3, {{}, {}})).colours == 0);
  CHECK_NOTHROW(check(colour_edges(bipartite(3, {{}, {}})), bipartite(3, {{}, {}})));
  CHECK(colour_edges(bipartite(1, {{0}})).colour == std::vector<node_t>{0});
  CHECK(colour_edges(bipartite(1, {{0}, {0}, {0}})).colours == 3);
  const bipartite full = graph::bipartite_lattice({64, 64, 64, 0});
  CHECK_NOTHROW(check(colour_edges(full), full));
}

TEST_CASE("the check finds every fault that is put in") {
  int mutants = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const bipartite g = any_graph(random, 12);
    if (g.edges() < 2) continue;
    const edge_colouring good = colour_edges(g);
    REQUIRE(proper(g, good));
    const auto refused = [&](const edge_colouring& bad) {
      ++mutants;
      CHECK_FALSE((proper(g, bad) && bad.colours == max_degree(g)));
      CHECK_THROWS_AS(check(bad, g), invalid_argument);
    };
    const auto e = static_cast<std::size_t>(random.below(good.colour.size()));
    edge_colouring bad = good;
    bad.colour[e] = static_cast<node_t>(good.colours);
    refused(bad);
    bad.colour[e] = -1;
    refused(bad);
    bad = good;
    bad.colour.pop_back();
    refused(bad);
    bad = good;
    ++bad.colours;
    refused(bad);
    for (index_t j = 0, first = 0; j < g.out_nodes(); first += g.row_degree(j++)) {
      if (g.row_degree(j) < 2) continue;
      bad = good;  // two edges of a row get the same colour
      bad.colour[static_cast<std::size_t>(first)] = bad.colour[static_cast<std::size_t>(first) + 1];
      refused(bad);
    }
  }
  CHECK(mutants > 2000);
  // two edges of a column
  const bipartite column(1, {{0}, {0}});
  CHECK_THROWS_WITH(check(edge_colouring{2, {1, 1}}, column),
                    Catch::Contains("input node 0 has colour 1 twice"));
  CHECK_THROWS_WITH(check(edge_colouring{2, {1, 1}}, bipartite(2, {{0, 1}})),
                    Catch::Contains("output node 0 has colour 1 twice"));
}

TEST_CASE("the same graph has the same colours on every platform") {
  rng random(2020);
  const bipartite g = graph::ws_balanced({.size = {32, 48, 12, 0}, .beta = 0.1}, random).graph;
  std::string text;
  for (const node_t c : colour_edges(g).colour) text += fmt::format("{},", c);
  CHECK(hash64(text) == 0xdd0f03f964c598ebu);
}
