// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/ring_distance.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/mask/growth.hpp"
#include "tests/graph/checks.hpp"
#include "tests/mask/stage_checks.hpp"

using namespace swprune;
using graph::bipartite;
using graph::biregular_params;
using mask::grow;
using mask::growth_step;

namespace {

std::vector<index_t> all_degrees(const biregular_params& size) {
  std::vector<index_t> degrees;
  for (index_t d = size.degree; d <= size.in_nodes; ++d) degrees.push_back(d);
  return degrees;
}

/// A few of them, as a ramp takes.
std::vector<index_t> some_degrees(const biregular_params& size, rng& random) {
  std::vector<index_t> degrees;
  for (const index_t d : all_degrees(size))
    if (random.below(4) == 0) degrees.push_back(d);
  return degrees;
}

/// Rows of degree d or, where the final graph has one edge more, d + 1; full rows Gi.
bool rows_grown(const bipartite& g, const biregular_params& size, index_t degree) {
  for (index_t j = 0; j < g.out_nodes(); ++j)
    if (g.row_degree(j) != std::min(size.in_nodes, size.row_degree(j) + degree - size.degree))
      return false;
  return true;
}

/// Every row takes its nearest absent edges, whatever the columns.
bipartite nearest_first(const bipartite& start, index_t degree) {
  auto rows = start.rows();
  for (index_t j = 0; j < start.out_nodes(); ++j) {
    std::vector<graph::node_t> absent;
    for (graph::node_t i = 0; i < start.in_nodes(); ++i)
      if (!start.has_edge(j, i)) absent.push_back(i);
    const auto distance = [&](graph::node_t i) {
      return graph::ring_distance(j, i, start.out_nodes(), start.in_nodes());
    };
    std::stable_sort(absent.begin(), absent.end(),
                     [&](graph::node_t a, graph::node_t b) { return distance(a) < distance(b); });
    auto& row = rows[static_cast<std::size_t>(j)];
    row.insert(row.end(), absent.begin(), absent.begin() + (degree - start.row_degree(j)));
  }
  return bipartite(start.in_nodes(), rows);
}

struct tally {
  index_t chains = 0;
  index_t steps = 0;
  index_t uneven = 0;  ///< steps with columns more than one apart
  index_t widest = 0;
};

/// Nested, rows exact and the report of columns true, for one chain.
void require_chain(const bipartite& final_graph, const biregular_params& size,
                   const std::vector<index_t>& degrees, tally& t) {
  const std::vector<growth_step> steps = grow(final_graph, degrees);
  REQUIRE(steps.size() == degrees.size());
  const bipartite* before = &final_graph;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const bipartite& g = steps[s].graph;
    REQUIRE(swprune_test::contains(g, *before));
    REQUIRE(rows_grown(g, size, degrees[s]));
    if (degrees[s] == size.degree) REQUIRE(g == final_graph);
    REQUIRE((steps[s].outside == 0) == swprune_test::columns_balanced(g));
    t.uneven += column_spread(g) > 1 ? 1 : 0;
    t.widest = std::max(t.widest, column_spread(g));
    before = &g;
  }
  ++t.chains;
  t.steps += static_cast<index_t>(steps.size());
}

}  // namespace

TEST_CASE("I1, I2, I6 of 4000 square chains: nested, rows equal, columns within one") {
  tally t;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const auto size = swprune_test::any_biregular(random, seed % 20 == 0 ? 48 : 16, true);
    const bipartite g = swprune_test::any_small_world(size, random);
    require_chain(g, size, seed % 2 == 0 ? all_degrees(size) : some_degrees(size, random), t);
    REQUIRE(t.uneven == 0);
    if (size.extra_rows == 0) {
      for (const growth_step& s : grow(g, some_degrees(size, random)))
        REQUIRE(column_spread(s.graph) == 0);
    }
  }
  CHECK(t.steps > 10000);
}

TEST_CASE("I1, I6 of 4000 rectangular chains; columns are even in nearly all steps") {
  tally one_by_one;
  tally ramps;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const auto size = swprune_test::any_biregular(random, seed % 20 == 0 ? 48 : 16, false);
    const bipartite g = swprune_test::any_small_world(size, random);
    require_chain(g, size, all_degrees(size), one_by_one);
    require_chain(g, size, some_degrees(size, random), ramps);
  }
  CAPTURE(one_by_one.steps, one_by_one.uneven, ramps.steps, ramps.uneven);
  CHECK(one_by_one.steps > 20000);
  CHECK(one_by_one.uneven * 100 < one_by_one.steps);
  CHECK(ramps.uneven * 200 < ramps.steps);
  CHECK(one_by_one.widest == 2);
  CHECK(ramps.widest <= 2);
}

TEST_CASE("the checks of chains can fail") {
  const biregular_params size{.out_nodes = 8, .in_nodes = 8, .degree = 3};
  const bipartite lattice = graph::bipartite_lattice(size);
  auto rows = lattice.rows();
  rows[2].pop_back();
  CHECK_FALSE(swprune_test::contains(bipartite(8, rows), lattice));
  CHECK_FALSE(rows_grown(bipartite(8, rows), size, 3));
  CHECK(rows_grown(lattice, size, 3));
  CHECK_FALSE(rows_grown(lattice, size, 4));
  rows[2].push_back(7);  // instead of column 3: rows stay equal, columns do not
  CHECK(rows_grown(bipartite(8, rows), size, 3));
  CHECK_FALSE(swprune_test::columns_balanced(bipartite(8, rows)));
}

TEST_CASE("a square lattice grows into the wider lattice") {
  for (index_t n = 1; n <= 24; ++n)
    for (index_t d = 1; d <= n; ++d) {
      CAPTURE(n, d);
      std::vector<index_t> degrees = all_degrees({n, n, d, 0});
      const auto steps = grow(graph::bipartite_lattice({n, n, d, 0}), degrees);
      for (std::size_t s = 0; s < steps.size(); ++s)
        REQUIRE(steps[s].graph == graph::bipartite_lattice({n, n, degrees[s], 0}));
    }
}

TEST_CASE("what is added lies near: hardly farther than each row's nearest, which are not even") {
  rng random(17);
  index_t taken = 0;
  index_t nearest = 0;
  index_t uneven = 0;
  for (int n = 0; n < 200; ++n) {
    CAPTURE(n);
    const auto g = static_cast<index_t>(8 + random.below(32));
    const biregular_params size{.out_nodes = g, .in_nodes = g, .degree = 1 + g / 4};
    const bipartite start = swprune_test::any_small_world(size, random);
    const index_t degree = size.degree + 1 + static_cast<index_t>(random.below(4));
    const auto jump = grow(start, {degree}).front().graph;
    // the same degree in single steps is an even growth too, so no nearer
    const auto single = grow(start, all_degrees(size));
    const bipartite& other = single[static_cast<std::size_t>(degree - size.degree)].graph;
    REQUIRE(graph::total_ring_distance(jump) <= graph::total_ring_distance(other));
    const bipartite greedy = nearest_first(start, degree);
    REQUIRE(graph::total_ring_distance(greedy) <= graph::total_ring_distance(jump));
    taken += graph::total_ring_distance(jump) - graph::total_ring_distance(start);
    nearest += graph::total_ring_distance(greedy) - graph::total_ring_distance(start);
    uneven += column_spread(greedy) > 1 ? 1 : 0;
  }
  CAPTURE(taken, nearest, uneven);
  CHECK(static_cast<double>(taken) < 1.15 * static_cast<double>(nearest));
  CHECK(uneven > 100);
}

TEST_CASE("uneven rows keep their lead until they are full") {
  rng random(3);
  const auto ring = graph::ws_classic({.nodes = 20, .degree = 4, .rewire = 0.3}, random);
  std::vector<std::vector<graph::node_t>> rows(20);
  for (index_t v = 0; v < 20; ++v)
    rows[static_cast<std::size_t>(v)].assign(ring.neighbours(v).begin(), ring.neighbours(v).end());
  const bipartite start(20, rows);
  index_t least = 20;
  for (index_t j = 0; j < 20; ++j) least = std::min(least, start.row_degree(j));
  REQUIRE(least < 4);
  for (index_t d = least; d <= 20; ++d) {
    const bipartite g = grow(start, {d}).front().graph;
    REQUIRE(swprune_test::contains(g, start));
    for (index_t j = 0; j < 20; ++j)
      REQUIRE(g.row_degree(j) == std::min<index_t>(20, start.row_degree(j) + d - least));
  }
  const bipartite nothing(5, {{}, {}, {}});
  CHECK(grow(nothing, {0, 5}).back().graph.edges() == 15);
  CHECK(grow(nothing, {}).empty());
}

TEST_CASE("degrees that fall or do not exist are refused by name") {
  const bipartite g = graph::bipartite_lattice({6, 8, 3, 0});
  const char* text = "the degrees to grow through must not fall and lie in [3, 8], given ";
  CHECK_THROWS_WITH(grow(g, {2}), Catch::Contains(std::string(text) + "2 after 3"));
  CHECK_THROWS_WITH(grow(g, {4, 9}), Catch::Contains(std::string(text) + "9 after 4"));
  CHECK_THROWS_WITH(grow(g, {5, 4}), Catch::Contains(std::string(text) + "4 after 5"));
}
