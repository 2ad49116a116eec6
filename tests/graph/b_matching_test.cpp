// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/b_matching.hpp"
#include "swprune/graph/random_biregular.hpp"
#include "swprune/graph/ring_distance.hpp"
#include "tests/graph/run_oracle.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using graph::bipartite;
using graph::column_target;
using graph::edge_cost;
using graph::min_cost_b_matching;
using graph::node_t;

namespace {

struct problem {
  bipartite support{1, {{}}};
  std::vector<edge_cost> costs{};
  std::vector<index_t> rows{};
  std::vector<column_target> columns{};
};

/// What the docstring promises to make small, in its order.
using objective = std::tuple<index_t, index_t, std::int64_t, std::int64_t>;

struct choice_value {
  objective value{};
  index_t outside = 0;
};

index_t at(index_t i) { return i; }

choice_value value_of(const problem& p, const std::vector<char>& taken) {
  std::vector<index_t> count(p.columns.size(), 0);
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::size_t e = 0;
  for (index_t j = 0; j < p.support.out_nodes(); ++j)
    for (const node_t i : p.support.row(j)) {
      if (taken[e] != 0) {
        ++count[static_cast<std::size_t>(i)];
        first += p.costs[e].first;
        second += p.costs[e].second;
      }
      ++e;
    }
  choice_value v;
  index_t below = 0;
  index_t steps = 0;
  for (std::size_t i = 0; i < count.size(); ++i) {
    const column_target& c = p.columns[i];
    below += std::max(at(0), c.least - count[i]);
    const index_t k = std::max({at(0), c.low - count[i], count[i] - c.high});
    steps += k * (k + 1) / 2;
    v.outside += k;
  }
  v.value = {below, steps, first, second};
  return v;
}

std::vector<char> taken_by(const problem& p, const bipartite& g) {
  std::vector<char> taken;
  for (index_t j = 0; j < p.support.out_nodes(); ++j)
    for (const node_t i : p.support.row(j)) taken.push_back(g.has_edge(j, i) ? 1 : 0);
  return taken;
}

bool rows_hold(const problem& p, const std::vector<char>& taken) {
  std::size_t e = 0;
  for (index_t j = 0; j < p.support.out_nodes(); ++j) {
    index_t n = 0;
    for (index_t t = 0; t < p.support.row_degree(j); ++t) n += taken[e++];
    if (n != p.rows[static_cast<std::size_t>(j)]) return false;
  }
  return true;
}

/// The best of all choices, one by one.
objective best_of_all(const problem& p) {
  std::optional<objective> best;
  const auto edges = static_cast<std::size_t>(p.support.edges());
  for (std::uint32_t bits = 0; bits < (std::uint32_t{1} << edges); ++bits) {
    std::vector<char> taken(edges);
    for (std::size_t e = 0; e < edges; ++e) taken[e] = static_cast<char>((bits >> e) & 1u);
    if (!rows_hold(p, taken)) continue;
    const objective v = value_of(p, taken).value;
    if (!best || v < *best) best = v;
  }
  return *best;
}

/// At most 4 x 4 and 12 edges, costs with many ties.
problem small_problem(rng& random) {
  problem p;
  const auto go = static_cast<index_t>(1 + random.below(4));
  const auto gi = static_cast<index_t>(1 + random.below(4));
  std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(go));
  index_t edges = 0;
  for (auto& row : rows)
    for (node_t i = 0; i < gi; ++i)
      if (random.below(4) != 0 && edges < 12) {
        row.push_back(i);
        ++edges;
      }
  p.support = bipartite(gi, rows);
  const std::uint64_t spread = 1 + random.below(6);
  for (index_t e = 0; e < edges; ++e)
    p.costs.push_back({static_cast<std::int64_t>(random.below(spread)) - 2,
                       static_cast<std::int64_t>(random.below(3))});
  for (const auto& row : rows) p.rows.push_back(static_cast<index_t>(random.below(row.size() + 1)));
  for (index_t i = 0; i < gi; ++i) {
    const auto least = static_cast<index_t>(random.below(2));
    const auto low = least + static_cast<index_t>(random.below(3));
    p.columns.push_back({low, low + static_cast<index_t>(random.below(2)), least});
  }
  return p;
}

}  // namespace

TEST_CASE("ring offset: the shorter way round, symmetric, zero for the same place") {
  CHECK(graph::ring_offset(3, 3, 8, 8) == 0);
  CHECK(graph::ring_offset(0, 1, 8, 8) == 16);  // one eighth of a ring of 128 units
  CHECK(graph::ring_offset(0, 7, 8, 8) == -16);
  CHECK(graph::ring_offset(0, 4, 8, 8) == 64);  // half the ring counts as ahead
  CHECK(graph::ring_offset(4, 0, 8, 8) == 64);
  for (index_t go = 1; go < 12; ++go)
    for (index_t gi = 1; gi < 12; ++gi)
      for (index_t j = 0; j < go; ++j)
        for (index_t i = 0; i < gi; ++i) {
          const double x = (static_cast<double>(j) + 0.5) / static_cast<double>(go);
          const double y = (static_cast<double>(i) + 0.5) / static_cast<double>(gi);
          const double way = std::min(std::abs(x - y), 1.0 - std::abs(x - y));
          REQUIRE(static_cast<double>(graph::ring_distance(j, i, go, gi)) ==
                  Approx(way * 2.0 * static_cast<double>(go * gi)).margin(1e-9));
        }
  CHECK(graph::total_ring_distance(bipartite(4, {{0}, {1, 2}, {2}, {0}})) == 2 * 8);
}

TEST_CASE("no choice of edges is better, 6000 small problems one by one") {
  rng random(41);
  int bound = 0;  // problems where the rows' own cheapest edges are not the answer
  int missing = 0;
  for (int n = 0; n < 6000; ++n) {
    CAPTURE(n);
    const problem p = small_problem(random);
    const auto r = min_cost_b_matching(p.support, p.costs, p.rows, p.columns);
    const auto taken = taken_by(p, r.graph);
    REQUIRE(r.graph.edges() == std::count(taken.begin(), taken.end(), 1));
    REQUIRE(rows_hold(p, taken));
    const choice_value found = value_of(p, taken);
    REQUIRE(found.value == best_of_all(p));
    REQUIRE(found.outside == r.outside);
    REQUIRE(std::get<0>(found.value) == r.below_least);
    missing += r.below_least > 0 ? 1 : 0;

    problem free = p;
    for (column_target& c : free.columns) c = {0, 100, 0};
    const auto greedy = min_cost_b_matching(free.support, free.costs, free.rows, free.columns);
    const auto greedy_value = value_of(p, taken_by(p, greedy.graph)).value;
    REQUIRE(greedy_value >= found.value);
    bound += greedy_value > found.value ? 1 : 0;
  }
  CHECK(bound > 1000);  // else this test would not tell the method from a greedy one
  CHECK(missing > 100);
}

TEST_CASE("a bi-regular graph gives up any share of its edges evenly, at the least cost") {
  CHECK(rc::check([] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    rng random(seed);
    const auto n = static_cast<index_t>(1 + random.below(40));
    const auto d = static_cast<index_t>(random.below(static_cast<std::uint64_t>(n) + 1));
    const auto take = static_cast<index_t>(random.below(static_cast<std::uint64_t>(d) + 1));
    problem p;
    p.support = graph::random_biregular({n, n, d, 0}, random);
    for (index_t e = 0; e < p.support.edges(); ++e)
      p.costs.push_back({static_cast<std::int64_t>(random.below(1000)), 0});
    p.rows.assign(static_cast<std::size_t>(n), take);
    p.columns.assign(static_cast<std::size_t>(n), {take, take, 0});
    const auto r = min_cost_b_matching(p.support, p.costs, p.rows, p.columns);
    RC_ASSERT(r.outside == 0);
    RC_ASSERT(rows_hold(p, taken_by(p, r.graph)));
    RC_ASSERT(r.graph.column_degrees() == std::vector<index_t>(static_cast<std::size_t>(n), take));
  }));
}

TEST_CASE("scipy finds the same least cost") {
  const auto python = swprune_test::find_oracle_python("scipy");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with scipy");
  std::string lines;
  std::vector<double> ours;
  rng random(8);
  for (int n = 0; n < 60; ++n) {
    const auto size = static_cast<index_t>(2 + random.below(n < 30 ? 59 : 19));
    const bool assignment = n < 30;  // all edges, one per row and column: a classic assignment
    const auto d = assignment ? size : static_cast<index_t>(1 + random.below(size));
    const index_t take = assignment ? 1 : static_cast<index_t>(random.below(d + 1));
    problem p;
    p.support = graph::random_biregular({size, size, d, 0}, random);
    p.rows.assign(static_cast<std::size_t>(size), take);
    p.columns.assign(static_cast<std::size_t>(size), {take, take, 0});
    lines += fmt::format("{} {} {} {}", size, size, take, take);
    for (index_t j = 0; j < size; ++j) lines += fmt::format(" {}", take);
    for (index_t j = 0; j < size; ++j)
      for (const node_t i : p.support.row(j)) {
        p.costs.push_back({static_cast<std::int64_t>(random.below(100000)), 0});
        lines += fmt::format(" {} {} {}", j, i, p.costs.back().first);
      }
    lines += "\n";
    const auto r = min_cost_b_matching(p.support, p.costs, p.rows, p.columns);
    ours.push_back(static_cast<double>(std::get<2>(value_of(p, taken_by(p, r.graph)).value)));
  }
  const swprune_test::temporary_file problems(lines);
  const auto theirs = swprune_test::numbers_from(fmt::format(
      "{} '{}/tests/graph/matching_oracle.py' '{}'", *python, SWPRUNE_SOURCE_DIR, problems.path()));
  REQUIRE(theirs.size() == ours.size());
  for (std::size_t n = 0; n < ours.size(); ++n) {
    CAPTURE(n);
    CHECK(theirs[n].at(0) == Approx(ours[n]).epsilon(1e-9).margin(1e-6));
  }
}

TEST_CASE("the same problem has the same answer on every platform") {
  rng random(5);
  const bipartite support = graph::random_biregular({24, 36, 18, 0}, random);
  std::vector<edge_cost> costs;
  for (index_t e = 0; e < support.edges(); ++e)
    costs.push_back({static_cast<std::int64_t>(random.below(3)), 0});  // many ties
  const std::vector<index_t> rows(24, 6);
  const std::vector<column_target> columns(36, {4, 4, 0});
  const auto g = min_cost_b_matching(support, costs, rows, columns).graph;
  std::string text;
  for (index_t j = 0; j < 24; ++j)
    for (const node_t i : g.row(j)) text += fmt::format("{} {},", j, i);
  CHECK(column_spread(g) == 0);
  CHECK(hash64(text) == 0xee99208ad25dbb57u);
}

TEST_CASE("what is no problem is refused by name") {
  const bipartite g(3, {{0, 1}, {2}});
  const std::vector<edge_cost> costs(3);
  const std::vector<index_t> rows{1, 1};
  const std::vector<column_target> columns(3, {0, 1, 0});
  CHECK_NOTHROW(min_cost_b_matching(g, costs, rows, columns));
  CHECK_THROWS_WITH(
      min_cost_b_matching(g, std::vector<edge_cost>(2), rows, columns),
      Catch::Contains("a 2 x 3 graph of 3 edges needs as many row degrees, column targets and edge "
                      "costs, given 2, 3 and 2"));
  CHECK_THROWS_AS(min_cost_b_matching(g, costs, std::vector<index_t>{1}, columns),
                  invalid_argument);
  CHECK_THROWS_WITH(
      min_cost_b_matching(g, costs, std::vector<index_t>{1, 2}, columns),
      Catch::Contains("output node 1 can take between 0 and 1 of its edges, asked for 2"));
  CHECK_THROWS_AS(min_cost_b_matching(g, costs, std::vector<index_t>{-1, 1}, columns),
                  invalid_argument);
  for (const column_target bad : {column_target{2, 1, 0}, {0, 1, 1}, {1, 1, -1}})
    CHECK_THROWS_WITH(
        min_cost_b_matching(g, costs, rows, std::vector<column_target>{bad, bad, bad}),
        Catch::Contains("input node 0: a column target needs 0 <= least <= low <= high"));
  const std::vector<edge_cost> huge(3, edge_cost{0, -(std::int64_t{1} << 59)});
  CHECK_THROWS_WITH(min_cost_b_matching(g, huge, rows, columns),
                    Catch::Contains("an edge cost must lie in [-192153584101141162, "
                                    "192153584101141162] (2^60 / nodes), given (0, "));
}
