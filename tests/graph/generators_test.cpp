// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "swprune/graph/barabasi_albert.hpp"
#include "swprune/graph/bipartite_random.hpp"
#include "swprune/graph/clustering.hpp"
#include "swprune/graph/components.hpp"
#include "swprune/graph/erdos_renyi.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/newman_watts.hpp"
#include "swprune/graph/stretch.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/graph/ws_flex.hpp"
#include "tests/graph/checks.hpp"
#include "tests/graph/naive_watts_strogatz.hpp"

using namespace swprune;
using graph::bipartite;
using graph::edge;
using graph::node_t;
using graph::undirected;

namespace {

/// Simple and consistent, looked at from outside: rows strictly ascending, symmetric, in range.
bool well_formed(const undirected& g) {
  index_t entries = 0;
  for (index_t v = 0; v < g.nodes(); ++v) {
    const auto row = g.neighbours(v);
    entries += g.degree(v);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i] < 0 || row[i] >= g.nodes() || row[i] == v) return false;
      if (i > 0 && row[i - 1] >= row[i]) return false;
      if (!g.has_edge(row[i], v)) return false;
    }
  }
  return entries == 2 * g.edges() && undirected(g.nodes(), g.edge_list()) == g &&
         swprune_test::simple(g.nodes(), g.edge_list());
}

bool contains(const undirected& g, const undirected& part) {
  const auto edges = part.edge_list();
  return std::all_of(edges.begin(), edges.end(),
                     [&](const edge& e) { return g.has_edge(e.a, e.b); });
}

std::uint64_t hash_of(const undirected& g) {
  std::uint64_t h = 0xcbf29ce484222325u;
  const auto mix = [&](index_t x) { h = (h ^ static_cast<std::uint64_t>(x)) * 0x100000001b3u; };
  for (index_t v = 0; v < g.nodes(); ++v) {
    mix(g.degree(v));
    for (const node_t w : g.neighbours(v)) mix(w);
  }
  return h;
}

undirected classic(index_t n, index_t k, double p, std::uint64_t seed) {
  rng random(seed);
  return graph::ws_classic({.nodes = n, .degree = k, .rewire = p}, random);
}

/// What `draw` throws has this text; every call must throw invalid_argument.
template <typename Draw>
void refused(const Draw& draw, const char* text) {
  rng random(1);
  CHECK_THROWS_WITH(draw(random), Catch::Contains(text));
  CHECK_THROWS_AS(draw(random), invalid_argument);
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Pearson's statistic of counts that should be equal.
double chi_square(const std::vector<index_t>& counts) {
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), index_t{0}));
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0.0;
  for (const index_t c : counts) {
    const double d = static_cast<double>(c) - expected;
    sum += d * d / expected;
  }
  return sum;
}

/// Above this value a fair draw over `cells` cells comes once in about 10^5 (normal approximation
/// of the cube root: Wilson and Hilferty 1931).
double chi_square_limit(std::size_t cells) {
  const auto freedom = static_cast<double>(cells - 1);
  const double a = 2.0 / (9.0 * freedom);
  const double root = 1.0 - a + 4.265 * std::sqrt(a);
  return freedom * root * root * root;
}

}  // namespace

TEST_CASE("the check of a graph's form fails on graphs that are not simple") {
  CHECK(well_formed(classic(50, 6, 0.3, 1)));
  CHECK_FALSE(swprune_test::simple(4, {{0, 1}, {1, 0}}));
  CHECK_FALSE(swprune_test::simple(4, {{2, 2}}));
  CHECK_FALSE(contains(classic(50, 6, 1.0, 1), classic(50, 6, 0.0, 1)));
}

// --- Watts-Strogatz, fast and naive ----------------------------------------------------------

TEST_CASE("ws_classic gives the same bytes as ever") {
  const auto hash = [](index_t n, index_t k, double p) { return hash_of(classic(n, k, p, 42)); };
  CHECK(hash(1000, 10, 0.1) == 0x21c7399e9627d7fbu);
  CHECK(hash(1000, 10, 0.5) == 0xd54765731ff04c1au);
  CHECK(hash(1000, 10, 1.0) == 0x214557419b7cea0du);
  CHECK(hash(60, 50, 0.7) == 0xec4754f0aca38345u);
  CHECK(hash(5000, 6, 0.01) == 0x88a40a361123cc86u);
  CHECK(hash(100000, 20, 0.1) == 0x9d3012fbf385a75bu);
}

TEST_CASE("ws_classic uses the generator's draws one by one, like the plain loop") {
  rng seeds(2024);
  for (int i = 0; i < 400; ++i) {
    // Half of them large and sparse enough for moves planned ahead, some just so.
    const auto n =
        static_cast<index_t>(i % 2 == 0 ? 1024 + seeds.below(3000) : 1 + seeds.below(60));
    const auto most = i % 2 == 0 ? 1 + std::min<index_t>(n / 256, 5) : (n + 1) / 2;
    const auto k = 2 * static_cast<index_t>(seeds.below(static_cast<std::uint64_t>(most)));
    const double p = static_cast<double>(seeds.below(21)) / 20.0;
    const std::uint64_t seed = seeds.next();
    CAPTURE(n, k, p, seed);
    rng ours(seed);
    rng theirs(seed);
    const auto g = graph::ws_classic({.nodes = n, .degree = k, .rewire = p}, ours);
    REQUIRE(g == swprune_test::naive_watts_strogatz(n, k, p, theirs));
    REQUIRE(ours.next() == theirs.next());
  }
}

TEST_CASE("the comparison with the plain loop notices one draw too many") {
  rng ours(5);
  rng theirs(5);
  (void)theirs.next();
  const auto g = graph::ws_classic({.nodes = 2000, .degree = 6, .rewire = 0.2}, ours);
  CHECK_FALSE(g == swprune_test::naive_watts_strogatz(2000, 6, 0.2, theirs));
}

// --- ws_flex ---------------------------------------------------------------------------------

TEST_CASE("ws_flex is simple and has round(K n / 2) edges, owned evenly") {
  rng seeds(7);
  for (int i = 0; i < 4000; ++i) {
    const auto n = static_cast<index_t>(1 + seeds.below(40));
    const double degree = seeds.uniform() * static_cast<double>(n - 1);
    const double p = static_cast<double>(seeds.below(5)) / 4.0;
    const std::uint64_t seed = seeds.next();
    CAPTURE(n, degree, p, seed);
    const graph::ws_flex_params params{.nodes = n, .degree = degree, .rewire = p};
    rng random(seed);
    const undirected g = graph::ws_flex(params, random);
    REQUIRE(std::abs(static_cast<double>(g.edges()) - degree * static_cast<double>(n) / 2.0) <=
            0.5);
    REQUIRE(well_formed(g));
    for (index_t v = 0; v < n; ++v) REQUIRE(g.degree(v) >= g.edges() / n);
    rng again(seed);
    REQUIRE(graph::ws_flex(params, again) == g);
  }
}

TEST_CASE("ws_flex with p = 0 joins nearest neighbours, also where the ring is nearly complete") {
  for (index_t n = 1; n <= 24; ++n)
    for (index_t edges = 0; edges <= n * (n - 1) / 2; ++edges) {
      CAPTURE(n, edges);
      rng random(1);
      const double degree = 2.0 * static_cast<double>(edges) / static_cast<double>(n);
      const undirected g = graph::ws_flex({.nodes = n, .degree = degree}, random);
      REQUIRE(g.edges() == edges);
      REQUIRE(well_formed(g));
      const index_t low = edges / n;
      REQUIRE(contains(g, graph::ring_lattice(n, 2 * std::min(low, (n - 1) / 2))));
      for (const edge& e : g.edge_list()) {
        const index_t apart = std::min<index_t>(e.b - e.a, n - (e.b - e.a));
        REQUIRE(apart <= ceil_div(edges, n));
      }
      // Evenly over the ring: no node has two edges more than another unless half the ring must.
      const auto d = swprune_test::degrees(g);
      const auto [least, most] = std::minmax_element(d.begin(), d.end());
      REQUIRE(*most - *least <= 2);
    }
}

TEST_CASE("ws_flex of an even degree is ws_classic") {
  for (const index_t n : {1, 2, 5, 24, 301, 3000})
    for (const index_t k : {0, 2, 4, 8}) {
      if (k >= n) continue;
      CAPTURE(n, k);
      rng random(9);
      CHECK(graph::ws_flex({.nodes = n, .degree = static_cast<double>(k), .rewire = 0.3}, random) ==
            classic(n, k, 0.3, 9));
    }
}

TEST_CASE("ws_flex retries until connected or says what it tried") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    CHECK(graph::is_connected(graph::ws_flex(
        {.nodes = 24, .degree = 2.5, .rewire = 0.5, .connected_tries = 100}, random)));
  }
  refused(
      [](rng& random) {
        return graph::ws_flex({.nodes = 10, .degree = 0.8, .rewire = 0.5, .connected_tries = 3},
                              random);
      },
      "3 tries with 10 nodes, mean degree 0.8 and rewiring probability 0.5 gave no connected "
      "graph");
}

TEST_CASE("ws_flex refuses what it cannot draw") {
  const auto draw = [](index_t n, double degree, double p, index_t tries) {
    return [=](rng& random) {
      return graph::ws_flex({.nodes = n, .degree = degree, .rewire = p, .connected_tries = tries},
                            random);
    };
  };
  refused(draw(0, 0.0, 0.0, 0), "the number of nodes must lie in [1, 2147483647], given 0");
  refused(draw(10, 9.01, 0.0, 0),
          "the mean degree of a ring of 10 nodes must lie in [0, 9], given 9.01");
  refused(draw(10, -0.5, 0.0, 0), "must lie in [0, 9], given -0.5");
  refused(draw(10, not_a_number, 0.0, 0), "must lie in [0, 9], given nan");
  refused(draw(10, 3.0, 1.5, 0), "the rewiring probability must lie in [0, 1], given 1.5");
  refused(draw(10, 3.0, 0.5, -1), "connected_tries must lie in [0, 100], given -1");
}

// --- Newman-Watts ----------------------------------------------------------------------------

TEST_CASE("newman_watts keeps the ring and adds simple shortcuts") {
  rng seeds(8);
  for (int i = 0; i < 4000; ++i) {
    const auto n = static_cast<index_t>(1 + seeds.below(40));
    const auto k =
        2 * static_cast<index_t>(seeds.below(static_cast<std::uint64_t>((n - 1) / 2 + 1)));
    const double p = static_cast<double>(seeds.below(5)) / 4.0;
    const std::uint64_t seed = seeds.next();
    CAPTURE(n, k, p, seed);
    const graph::newman_watts_params params{.nodes = n, .degree = k, .shortcut = p};
    rng random(seed);
    const undirected g = graph::newman_watts(params, random);
    const undirected ring = graph::ring_lattice(n, k);
    REQUIRE(well_formed(g));
    REQUIRE(contains(g, ring));
    REQUIRE(g.edges() <= std::min(n * k, n * (n - 1) / 2));
    if (p == 0.0) REQUIRE(g == ring);
    // p = 1: every edge of the ring brings a shortcut, as long as its node has strangers.
    if (p == 1.0 && 4 * k < n) REQUIRE(g.edges() == n * k);
    if (p == 1.0 && 2 * k >= n && k > 0) REQUIRE(g.edges() > n * k / 2 - (2 * k >= n - 1 ? 1 : 0));
    rng again(seed);
    REQUIRE(graph::newman_watts(params, again) == g);
  }
}

TEST_CASE("newman_watts adds about p shortcuts for every edge of the ring") {
  for (const double p : {0.05, 0.3, 0.8}) {
    rng random(12);
    const undirected g = graph::newman_watts({.nodes = 4000, .degree = 10, .shortcut = p}, random);
    const double added = static_cast<double>(g.edges() - 20000);
    CAPTURE(p, added);
    CHECK(added == Approx(20000 * p).margin(4.0 * std::sqrt(20000 * p * (1.0 - p))));
  }
}

TEST_CASE("newman_watts refuses what it cannot draw") {
  const auto draw = [](index_t n, index_t k, double p, index_t tries) {
    return [=](rng& random) {
      return graph::newman_watts({.nodes = n, .degree = k, .shortcut = p, .connected_tries = tries},
                                 random);
    };
  };
  refused(draw(10, 3, 0.1, 0), "must be even (half of it on either side), given 3");
  refused(draw(10, 10, 0.1, 0), "must lie in [0, 9], given 10");
  refused(draw(10, 4, -0.1, 0), "the shortcut probability must lie in [0, 1], given -0.1");
  refused(draw(10, 4, not_a_number, 0), "the shortcut probability must lie in [0, 1], given nan");
  refused(draw(10, 4, 0.1, 101), "connected_tries must lie in [0, 100], given 101");
  refused(draw(3, 0, 0.1, 2),
          "2 tries with 3 nodes, degree 0 and shortcut probability 0.1 gave no connected graph");
}

// --- Erdos-Renyi -----------------------------------------------------------------------------

TEST_CASE("erdos_renyi has exactly m edges for every m, empty to complete") {
  for (index_t n = 1; n <= 20; ++n)
    for (index_t m = 0; m <= n * (n - 1) / 2; ++m) {
      CAPTURE(n, m);
      rng random(static_cast<std::uint64_t>(n * 1000 + m));
      const undirected g = graph::erdos_renyi({.nodes = n, .edges = m}, random);
      REQUIRE(g.edges() == m);
      REQUIRE(well_formed(g));
      rng again(static_cast<std::uint64_t>(n * 1000 + m));
      REQUIRE(graph::erdos_renyi({.nodes = n, .edges = m}, again) == g);
    }
}

TEST_CASE("erdos_renyi draws every graph equally often, sparse and dense") {
  // 5 nodes: C(10, 2) = 45 graphs of 2 edges (drawn and redrawn), C(10, 7) = 120 of 7 (selected).
  for (const auto& [m, graphs] : {std::pair<index_t, std::size_t>{2, 45}, {7, 120}}) {
    rng random(77);
    std::map<std::uint64_t, index_t> seen;
    for (int i = 0; i < 40000; ++i)
      ++seen[hash_of(graph::erdos_renyi({.nodes = 5, .edges = m}, random))];
    CAPTURE(m);
    REQUIRE(seen.size() == graphs);
    std::vector<index_t> counts;
    for (const auto& [hash, count] : seen) counts.push_back(count);
    CHECK(chi_square(counts) < chi_square_limit(graphs));
    counts[0] += 300;  // one graph nearly twice as often as it should
    CHECK(chi_square(counts) > chi_square_limit(graphs));
  }
}

TEST_CASE("erdos_renyi is quick where nearly all pairs are joined and where hardly any is") {
  rng random(4);
  const index_t n = 1500;
  const index_t all = n * (n - 1) / 2;
  CHECK(graph::erdos_renyi({.nodes = n, .edges = all - 1}, random).edges() == all - 1);
  CHECK(graph::erdos_renyi({.nodes = n, .edges = all / 4}, random).edges() == all / 4);
  CHECK(graph::erdos_renyi({.nodes = 2'000'000, .edges = 3}, random).edges() == 3);
}

TEST_CASE("erdos_renyi refuses what does not exist") {
  const auto draw = [](index_t n, index_t m) {
    return [=](rng& random) { return graph::erdos_renyi({.nodes = n, .edges = m}, random); };
  };
  refused(draw(5, 11), "a simple graph of 5 nodes has between 0 and 10 edges, given 11");
  refused(draw(5, -1), "a simple graph of 5 nodes has between 0 and 10 edges, given -1");
  refused(draw(1, 1), "a simple graph of 1 nodes has between 0 and 0 edges, given 1");
  refused(draw(0, 0), "the number of nodes must lie in [1, 2147483647], given 0");
}

// --- Barabasi-Albert -------------------------------------------------------------------------

TEST_CASE("barabasi_albert is simple, connected and has m (n - m) edges") {
  for (index_t n = 1; n <= 40; ++n)
    for (index_t m = 0; m < n; ++m) {
      CAPTURE(n, m);
      rng random(static_cast<std::uint64_t>(n * 100 + m));
      const undirected g = graph::barabasi_albert({.nodes = n, .attached = m}, random);
      REQUIRE(g.edges() == m * (n - m));
      REQUIRE(well_formed(g));
      if (m >= 1) REQUIRE(graph::is_connected(g));
      for (index_t v = m + 1; v < n; ++v) REQUIRE(g.degree(v) >= m);
      rng again(static_cast<std::uint64_t>(n * 100 + m));
      REQUIRE(graph::barabasi_albert({.nodes = n, .attached = m}, again) == g);
    }
}

TEST_CASE("barabasi_albert attaches in proportion to the degree") {
  // m = 1: node 2 finds the path 0 - 1 with degrees 1, 1; node 3 finds a centre of degree 2.
  std::vector<index_t> centre(2, 0);
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    rng random(seed);
    const undirected g = graph::barabasi_albert({.nodes = 4, .attached = 1}, random);
    const auto d = swprune_test::degrees(g);
    ++centre[*std::max_element(d.begin(), d.end()) == 3 ? 1 : 0];  // a star: attached to the centre
  }
  CHECK(chi_square(centre) < chi_square_limit(2));  // the centre has 2 of 4 ends
  // The hubs of a scale-free graph: far above what an even attachment leaves (about m log n).
  rng random(3);
  const auto d =
      swprune_test::degrees(graph::barabasi_albert({.nodes = 5000, .attached = 3}, random));
  CHECK(*std::max_element(d.begin(), d.end()) > 100);
}

TEST_CASE("barabasi_albert refuses what it cannot draw") {
  const auto draw = [](index_t n, index_t m) {
    return [=](rng& random) { return graph::barabasi_albert({.nodes = n, .attached = m}, random); };
  };
  refused(draw(5, 5),
          "the edges that a new node brings must lie in [0, 4] (there are 5 nodes), given 5");
  refused(draw(5, -1), "must lie in [0, 4] (there are 5 nodes), given -1");
  refused(draw(0, 0), "the number of nodes must lie in [1, 2147483647], given 0");
}

// --- bipartite -------------------------------------------------------------------------------

TEST_CASE("stretch is adjacency plus identity, cell by cell") {
  rng seeds(15);
  for (int i = 0; i < 2000; ++i) {
    const auto n = static_cast<index_t>(1 + seeds.below(20));
    const auto out = static_cast<index_t>(1 + seeds.below(30));
    const auto in = static_cast<index_t>(1 + seeds.below(30));
    const auto m =
        static_cast<index_t>(seeds.below(static_cast<std::uint64_t>(n * (n - 1) / 2 + 1)));
    CAPTURE(n, out, in, m, seeds.seed());
    const undirected g = graph::erdos_renyi({.nodes = n, .edges = m}, seeds);
    const bipartite b = graph::stretch(g, out, in);
    REQUIRE(b.out_nodes() == out);
    REQUIRE(b.in_nodes() == in);
    for (index_t j = 0; j < out; ++j)
      for (index_t c = 0; c < in; ++c) {
        const index_t x = j * n / out;
        const index_t y = c * n / in;
        REQUIRE(b.has_edge(j, c) == (x == y || g.has_edge(x, y)));
      }
    if (n > std::min(out, in)) continue;
    REQUIRE(swprune_test::all_inputs_used(b));
    REQUIRE(swprune_test::all_outputs_fed(b));
  }
  refused([](rng&) { return graph::stretch(graph::ring_lattice(5, 2), 0, 4); },
          "the number of output nodes must lie in [1, 2147483647], given 0");
}

TEST_CASE("bipartite_erdos_renyi has exactly m edges, and no empty row if asked") {
  for (index_t out = 1; out <= 9; ++out)
    for (index_t in = 1; in <= 9; ++in)
      for (index_t m = 0; m <= out * in; ++m)
        for (const bool every : {false, true}) {
          if (every && m < out) continue;
          CAPTURE(out, in, m, every);
          const graph::bipartite_erdos_renyi_params params{
              .out_nodes = out, .in_nodes = in, .edges = m, .every_row = every};
          rng random(static_cast<std::uint64_t>(m + 100 * in + 10000 * out));
          rng again = random;
          const bipartite g = graph::bipartite_erdos_renyi(params, random);
          REQUIRE(g.edges() == m);
          REQUIRE(g.out_nodes() == out);
          REQUIRE(g.in_nodes() == in);
          if (every) REQUIRE(swprune_test::all_outputs_fed(g));
          REQUIRE(graph::bipartite_erdos_renyi(params, again) == g);
        }
}

TEST_CASE("bipartite_erdos_renyi uses every cell equally often") {
  for (const bool every : {false, true})
    for (const index_t m : {4, 9}) {  // redrawn and selected
      std::vector<index_t> cells(4 * 6, 0);
      rng random(6);
      for (int i = 0; i < 20000; ++i) {
        const bipartite g = graph::bipartite_erdos_renyi(
            {.out_nodes = 4, .in_nodes = 6, .edges = m, .every_row = every}, random);
        for (index_t j = 0; j < 4; ++j)
          for (const node_t c : g.row(j)) ++cells[static_cast<std::size_t>(6 * j + c)];
      }
      CAPTURE(every, m);
      CHECK(chi_square(cells) < chi_square_limit(cells.size()));
      cells[5] += cells[5] / 4;
      CHECK(chi_square(cells) > chi_square_limit(cells.size()));
    }
}

TEST_CASE("bipartite_barabasi_albert gives every row its degree, however crowded") {
  for (index_t out = 1; out <= 12; ++out)
    for (index_t in = 1; in <= 12; ++in)
      for (index_t degree = 0; degree <= in; ++degree) {
        CAPTURE(out, in, degree);
        rng random(static_cast<std::uint64_t>(degree + 100 * in + 10000 * out));
        rng again = random;
        const graph::bipartite_barabasi_albert_params params{
            .out_nodes = out, .in_nodes = in, .degree = degree};
        const bipartite g = graph::bipartite_barabasi_albert(params, random);
        REQUIRE(swprune_test::rows_exact(g, {.out_nodes = out, .in_nodes = in, .degree = degree}));
        REQUIRE(graph::bipartite_barabasi_albert(params, again) == g);
      }
  rng random(2);
  const bipartite crowded =
      graph::bipartite_barabasi_albert({.out_nodes = 2000, .in_nodes = 300, .degree = 299}, random);
  CHECK(crowded.edges() == 2000 * 299);
}

TEST_CASE("bipartite_barabasi_albert draws in proportion to 1 + the column's edges") {
  // Two columns, degree 1: Polya's urn, in which every split of the rows is equally likely.
  std::vector<index_t> splits(7, 0);
  rng random(31);
  for (int i = 0; i < 14000; ++i) {
    const auto columns =
        graph::bipartite_barabasi_albert({.out_nodes = 6, .in_nodes = 2, .degree = 1}, random)
            .column_degrees();
    ++splits[static_cast<std::size_t>(columns[0])];
  }
  CHECK(chi_square(splits) < chi_square_limit(splits.size()));
  const auto columns =
      graph::bipartite_barabasi_albert({.out_nodes = 400, .in_nodes = 100, .degree = 10}, random)
          .column_degrees();
  const auto [least, most] = std::minmax_element(columns.begin(), columns.end());
  CHECK(*most > 4 * (*least + 1));  // rich get richer: even draws would stay within 40 +- 25
}

TEST_CASE("bipartite controls refuse what does not exist") {
  const auto random_edges = [](index_t out, index_t in, index_t m, bool every) {
    return [=](rng& random) {
      return graph::bipartite_erdos_renyi(
          {.out_nodes = out, .in_nodes = in, .edges = m, .every_row = every}, random);
    };
  };
  refused(random_edges(3, 4, 13, false),
          "a bipartite graph of 3 x 4 nodes has between 0 and 12 edges, given 13");
  refused(random_edges(3, 4, -1, false), "has between 0 and 12 edges, given -1");
  refused(random_edges(3, 4, 2, true),
          "a bipartite graph of 3 x 4 nodes with an edge in every row has between 3 and 12 edges, "
          "given 2");
  refused(random_edges(0, 4, 0, false),
          "the number of output nodes must lie in [1, 2147483647], given 0");
  refused(random_edges(3, 0, 0, false),
          "the number of input nodes must lie in [1, 2147483647], given 0");
  const auto growing = [](index_t out, index_t in, index_t degree) {
    return [=](rng& random) {
      return graph::bipartite_barabasi_albert({.out_nodes = out, .in_nodes = in, .degree = degree},
                                              random);
    };
  };
  refused(growing(3, 4, 5),
          "the degree of an output node must lie in [0, 4] (there are 4 input nodes), given 5");
  refused(growing(3, 4, -1), "must lie in [0, 4] (there are 4 input nodes), given -1");
  refused(growing(0, 4, 1), "the number of output nodes must lie in [1, 2147483647], given 0");
}
