// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <limits>

#include "swprune/graph/clustering.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/locality.hpp"
#include "swprune/graph/path_length.hpp"
#include "tests/graph/checks.hpp"

using namespace swprune;
using graph::bipartite_lattice;
using graph::ring_lattice;

TEST_CASE("every node of a ring lattice has its nearest neighbours") {
  for (index_t n = 1; n <= 24; ++n)
    for (index_t k = 0; k < n; k += 2) {
      CAPTURE(n, k);
      const graph::undirected g = ring_lattice(n, k);
      REQUIRE(g.edges() == n * k / 2);
      for (index_t u = 0; u < n; ++u)
        for (index_t v = 0; v < n; ++v) {
          const index_t gap = floor_mod(u - v, n);
          REQUIRE(g.has_edge(u, v) == (u != v && std::min(gap, n - gap) <= k / 2));
        }
    }
}

TEST_CASE("clustering and path length of the ring follow the formulae") {
  for (const index_t k : {2, 4, 8, 10}) {
    const index_t n = 121;
    CAPTURE(k);
    const graph::undirected g = ring_lattice(n, k);
    const double expected = 3.0 * static_cast<double>(k - 2) / (4.0 * static_cast<double>(k - 1));
    CHECK(graph::clustering_coefficient(g) == Approx(expected).epsilon(1e-12));
    index_t sum = 0;
    for (index_t gap = 1; gap < n; ++gap) sum += ceil_div(std::min(gap, n - gap), k / 2);
    CHECK(graph::characteristic_path_length(g) ==
          Approx(static_cast<double>(sum) / static_cast<double>(n - 1)).epsilon(1e-12));
  }
}

TEST_CASE("a ring that cannot be is refused") {
  CHECK_THROWS_WITH(ring_lattice(10, 3),
                    "swprune E201: the degree does not fit the graph: the degree of a ring must be "
                    "even (half of it on either side), given 3");
  CHECK_THROWS_WITH(ring_lattice(10, 10),
                    "swprune E201: the degree does not fit the graph: the degree of a ring of 10 "
                    "nodes must lie in [0, 9], given 10");
  CHECK_THROWS_AS(ring_lattice(10, -2), invalid_argument);
  CHECK_THROWS_AS(ring_lattice(0, 0), invalid_argument);
  CHECK_THROWS_AS(ring_lattice(std::numeric_limits<index_t>::max(), 2), invalid_argument);
}

TEST_CASE("Theorem 1 holds for every lattice up to 40 x 40") {
  index_t lattices = 0;
  for (index_t go = 1; go <= 40; ++go)
    for (index_t gi = 1; gi <= 40; ++gi)
      for (index_t d = 1; d <= gi; ++d) {
        const graph::biregular_params size{
            .out_nodes = go, .in_nodes = gi, .degree = d, .extra_rows = 0};
        const graph::bipartite g = bipartite_lattice(size);
        ++lattices;
        const bool right = swprune_test::rows_exact(g, size) && swprune_test::columns_balanced(g) &&
                           swprune_test::all_inputs_used(g) == (d >= ceil_div(gi, go));
        if (!right) FAIL("Theorem 1 fails for Go = " << go << ", Gi = " << gi << ", d = " << d);
      }
  CHECK(lattices == 32800);
}

TEST_CASE("a lattice row is the window that the definition names") {
  const graph::bipartite g = bipartite_lattice({.out_nodes = 5, .in_nodes = 8, .degree = 3});
  for (index_t j = 0; j < 5; ++j)
    for (index_t t = 0; t < 3; ++t) CHECK(g.has_edge(j, floor_mod(j * 8 / 5 - 1 + t, index_t{8})));
}

TEST_CASE("rows of d and d + 1: exact, balanced, covering, and still local") {
  for (index_t go = 1; go <= 17; ++go)
    for (index_t gi = 1; gi <= 17; ++gi)
      for (index_t d = 0; d < gi; ++d)
        for (index_t extra = 1; extra < go; ++extra) {
          const graph::biregular_params size{
              .out_nodes = go, .in_nodes = gi, .degree = d, .extra_rows = extra};
          const graph::bipartite g = bipartite_lattice(size);
          const bool right = swprune_test::rows_exact(g, size) &&
                             swprune_test::columns_balanced(g) &&
                             swprune_test::all_inputs_used(g) == (d * go + extra >= gi);
          if (!right)
            FAIL("Go = " << go << ", Gi = " << gi << ", d = " << d << ", extra = " << extra);
        }
  const graph::bipartite whole = bipartite_lattice({64, 64, 11, 0});
  const graph::bipartite mixed = bipartite_lattice({64, 64, 10, 37});
  CHECK(graph::row_union(mixed, 4) <= graph::row_union(whole, 4));
}

TEST_CASE("rows with one edge more are spread evenly") {
  const graph::biregular_params size{.out_nodes = 16, .in_nodes = 16, .degree = 3, .extra_rows = 4};
  for (index_t first = 0; first < 16; first += 4) {
    index_t more = 0;
    for (index_t j = first; j < first + 4; ++j) more += size.row_degree(j) - 3;
    CHECK(more == 1);
  }
}

TEST_CASE("a bipartite lattice that cannot be is refused") {
  CHECK_THROWS_WITH(bipartite_lattice({.out_nodes = 4, .in_nodes = 8, .degree = 9}),
                    "swprune E201: the degree does not fit the graph: the degree of an output node "
                    "must lie in [0, 8] (there are 8 input nodes), given 9");
  CHECK_THROWS_WITH(
      bipartite_lattice({.out_nodes = 4, .in_nodes = 8, .degree = 2, .extra_rows = 4}),
      "swprune E201: the degree does not fit the graph: the number of rows with one edge more must "
      "lie in [0, 3] (4 rows of degree 2 over 8 input nodes), given 4");
  CHECK_THROWS_AS(bipartite_lattice({.out_nodes = 4, .in_nodes = 8, .degree = 8, .extra_rows = 1}),
                  invalid_argument);
  CHECK_THROWS_AS(bipartite_lattice({.out_nodes = 0, .in_nodes = 8, .degree = 1}),
                  invalid_argument);
  CHECK_THROWS_AS(bipartite_lattice({.out_nodes = 4, .in_nodes = -1, .degree = 1}),
                  invalid_argument);
}
