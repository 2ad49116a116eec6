// SPDX-License-Identifier: Apache-2.0
#include "swprune/graph/singular_value.hpp"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/random_biregular.hpp"
#include "swprune/graph/ws_balanced.hpp"

using namespace swprune;
using graph::bipartite;
using graph::node_t;

namespace {

bipartite any_matrix(rng& random) {
  const auto out = static_cast<index_t>(1 + random.below(20));
  const auto in = static_cast<index_t>(1 + random.below(20));
  const double p = random.uniform();
  std::vector<std::vector<node_t>> rows(static_cast<std::size_t>(out));
  for (auto& row : rows)
    for (node_t i = 0; i < in; ++i)
      if (random.bernoulli(p)) row.push_back(i);
  return bipartite(in, rows);
}

/// The graph with sides exchanged and both orders changed: the same singular values.
bipartite transposed(const bipartite& g, rng& random) {
  std::vector<index_t> place(static_cast<std::size_t>(g.in_nodes()));
  std::vector<index_t> name(static_cast<std::size_t>(g.out_nodes()));
  std::iota(place.begin(), place.end(), index_t{0});
  std::iota(name.begin(), name.end(), index_t{0});
  random.shuffle(std::span(place));
  random.shuffle(std::span(name));
  std::vector<std::vector<node_t>> rows(place.size());
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const node_t i : g.row(j))
      rows[static_cast<std::size_t>(place[static_cast<std::size_t>(i)])].push_back(
          static_cast<node_t>(name[static_cast<std::size_t>(j)]));
  return bipartite(g.out_nodes(), rows);
}

}  // namespace

TEST_CASE("singular values of matrices known by hand") {
  const auto ones = graph::singular_values(graph::bipartite_lattice({6, 9, 9, 0}));
  REQUIRE(ones.size() == 6);
  CHECK(ones[0] == Approx(std::sqrt(54.0)).epsilon(1e-14));
  for (std::size_t k = 1; k < ones.size(); ++k) CHECK(ones[k] < 1e-13);
  for (const double v : graph::singular_values(graph::bipartite_lattice({7, 7, 1, 0})))
    CHECK(v == Approx(1.0).epsilon(1e-14));
  // [1 1; 0 1]: the golden ratio and its inverse
  const auto golden = graph::singular_values(bipartite(2, {{0, 1}, {1}}));
  CHECK(golden[0] == Approx(std::numbers::phi).epsilon(1e-14));
  CHECK(golden[1] == Approx(1.0 / std::numbers::phi).epsilon(1e-14));
  CHECK(graph::second_singular_value(bipartite(1, {{0}, {}, {0}})) == 0.0);
  CHECK(graph::singular_values(bipartite(1, {{0}, {}, {0}}))[0] == Approx(std::sqrt(2.0)));
  const auto none = graph::singular_values(bipartite(3, {{}, {}}));
  CHECK(none == std::vector<double>{0.0, 0.0});
}

TEST_CASE("the lattice has the singular values of a circulant matrix") {
  for (const auto& [n, d] : {std::pair<index_t, index_t>{16, 4}, {33, 8}, {64, 10}, {128, 31}}) {
    CAPTURE(n, d);
    const double x = std::numbers::pi / static_cast<double>(n);
    const double second = std::abs(std::sin(static_cast<double>(d) * x) / std::sin(x));
    CHECK(graph::second_singular_value(graph::bipartite_lattice({n, n, d, 0})) ==
          Approx(second).epsilon(1e-13));
  }
}

TEST_CASE("singular values of any matrix: order, sum of squares, transpose") {
  CHECK(rc::check("up to 20 x 20", [] {
    rng random(*rc::gen::arbitrary<std::uint64_t>());
    const bipartite g = any_matrix(random);
    const auto values = graph::singular_values(g);
    RC_ASSERT(static_cast<index_t>(values.size()) == std::min(g.out_nodes(), g.in_nodes()));
    double square = 0.0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      RC_ASSERT(values[k] >= 0.0);
      RC_ASSERT((k == 0 || values[k] <= values[k - 1]));
      square += values[k] * values[k];
    }
    RC_ASSERT(std::abs(square - static_cast<double>(g.edges())) < 1e-11);
    if (values.size() > 1) RC_ASSERT(graph::second_singular_value(g) == values[1]);
    const auto other = graph::singular_values(transposed(g, random));
    for (std::size_t k = 0; k < values.size(); ++k)
      RC_ASSERT(std::abs(values[k] - other[k]) < 1e-12);
  }));
}

TEST_CASE("bi-regular graphs: the first value is the root of the degrees") {
  rng random(12);
  for (const auto& [out, in, d] : {std::array<index_t, 3>{32, 32, 8}, {16, 32, 6}, {48, 24, 5}}) {
    CAPTURE(out, in, d);
    const auto values = graph::singular_values(graph::random_biregular({out, in, d, 0}, random));
    const auto dc = static_cast<double>(d * out) / static_cast<double>(in);
    CHECK(values[0] == Approx(std::sqrt(static_cast<double>(d) * dc)).epsilon(1e-13));
    CHECK(values[1] < values[0]);
  }
}

TEST_CASE("random masks are about Ramanujan, lattices are not, small worlds lie between") {
  const graph::biregular_params size{128, 128, 20, 0};
  const double bound = graph::ramanujan_bound(20, 20);
  CHECK(bound == Approx(2.0 * std::sqrt(19.0)));
  CHECK(graph::second_singular_value(graph::bipartite_lattice(size)) > 2.0 * bound);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const double chaos = graph::second_singular_value(graph::random_biregular(size, random));
    const double small =
        graph::second_singular_value(graph::ws_balanced({size, 0.1}, random).graph);
    CHECK(chaos < bound);
    CHECK(small > 1.5 * chaos);
    CHECK(small < graph::second_singular_value(graph::bipartite_lattice(size)));
  }
}

TEST_CASE("what has no singular values here is refused") {
  CHECK_THROWS_WITH(graph::ramanujan_bound(0.5, 3.0),
                    Catch::Contains("needs out_degree >= 1 and in_degree >= 1, given 0.5 and 3"));
  CHECK_THROWS_AS(graph::ramanujan_bound(std::nan(""), 3.0), invalid_argument);
  CHECK_THROWS_AS(graph::ramanujan_bound(2.0, std::numeric_limits<double>::infinity()),
                  invalid_argument);
  const bipartite wide(5000, {{0}, {1}});
  CHECK_THROWS_WITH(graph::second_singular_value(wide),
                    Catch::Contains("at most 4096 nodes on either side, given 2 x 5000"));
  CHECK_THROWS_AS(graph::singular_values(wide), invalid_argument);
}
