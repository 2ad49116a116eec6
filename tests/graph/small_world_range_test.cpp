// SPDX-License-Identifier: Apache-2.0

// Invariant I8: balanced masks of 32 groups and more, density .15 to .27, with 5 to 10 % of their
// edges moved, are small worlds.

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/fold.hpp"
#include "swprune/graph/random_biregular.hpp"
#include "swprune/graph/small_world.hpp"
#include "swprune/graph/ws_balanced.hpp"

using namespace swprune;

namespace {

graph::small_world_stats measure(const graph::biregular_params& size, double beta,
                                 std::uint64_t seed) {
  rng random(seed);
  const auto g = graph::ws_balanced({size, beta}, random).graph;
  return graph::measure_small_world(graph::fold(g), random);
}

bool small_world(const graph::small_world_stats& s, double limit) {
  return s.sigma > 1.0 && std::abs(s.omega) < limit && s.components == 1;
}

graph::biregular_params square(index_t groups, index_t degree) {
  return {groups, groups, degree, 0};
}

}  // namespace

TEST_CASE("I8: sigma > 1 and |omega| < 0.25 on the sizes it was first measured on") {
  for (const auto& [groups, degree] :
       {std::pair<index_t, index_t>{32, 8}, {64, 10}, {64, 16}, {128, 20}, {128, 32}})
    for (const double beta : {0.05, 0.1})
      for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const auto s = measure(square(groups, degree), beta, seed);
        CAPTURE(groups, degree, beta, seed, s.sigma, s.omega);
        CHECK(small_world(s, 0.25));
      }
}

TEST_CASE("I8: over the whole range, |omega| of the mean below 0.25 and of no mask above 0.26") {
  double most_sigma = 0.0;
  double least_sigma = std::numeric_limits<double>::infinity();
  for (const index_t groups : {32, 48, 64, 96, 128})
    for (index_t degree = 1; degree <= groups; degree += groups < 64 ? 1 : 2) {
      const double density = static_cast<double>(degree) / static_cast<double>(groups);
      if (density < 0.15 || density > 0.27) continue;
      for (const double beta : {0.05, 0.075, 0.1}) {
        double omega = 0.0;
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
          const auto s = measure(square(groups, degree), beta, seed);
          CAPTURE(groups, degree, beta, seed, s.sigma, s.omega);
          CHECK(small_world(s, 0.26));
          omega += s.omega / 3.0;
          most_sigma = std::max(most_sigma, s.sigma);
          least_sigma = std::min(least_sigma, s.sigma);
        }
        CAPTURE(groups, degree, beta);
        CHECK(std::abs(omega) < 0.25);
      }
    }
  CHECK(least_sigma > 1.5);  // far from the limit 1 everywhere
  CHECK(most_sigma < 5.0);
}

TEST_CASE("I8: neither lattices nor random masks pass") {
  for (const index_t groups : {32, 64, 128})
    for (const index_t degree : {groups * 5 / 32, groups / 4}) {
      CAPTURE(groups, degree);
      const auto lattice = measure(square(groups, degree), 0.0, 1);
      CHECK_FALSE(small_world(lattice, 0.26));
      CHECK(lattice.omega < -0.26);
      rng random(1);
      const auto chaos = graph::measure_small_world(
          graph::fold(graph::random_biregular(square(groups, degree), random)), random);
      CHECK_FALSE(small_world(chaos, 0.26));
      CHECK(chaos.omega > 0.3);
    }
}
