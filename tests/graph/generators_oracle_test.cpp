// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "swprune/graph/barabasi_albert.hpp"
#include "swprune/graph/clustering.hpp"
#include "swprune/graph/erdos_renyi.hpp"
#include "swprune/graph/newman_watts.hpp"
#include "swprune/graph/path_length.hpp"
#include "tests/graph/run_oracle.hpp"
#include "tests/graph/two_samples.hpp"
#include "tests/support/require.hpp"

using namespace swprune;

namespace {

constexpr int graphs = 200;
constexpr double limit = 3.3;  // 99.9 % interval; seeds are fixed on both sides

/// Clustering, path length and largest degree, one entry per graph.
using columns = std::array<std::vector<double>, 3>;

template <typename Draw>
columns ours(const Draw& draw) {
  columns c;
  for (int seed = 0; seed < graphs; ++seed) {
    rng random(static_cast<std::uint64_t>(seed));
    const graph::undirected g = draw(random);
    c[0].push_back(graph::clustering_coefficient(g));
    c[1].push_back(graph::characteristic_path_length(g));
    index_t largest = 0;
    for (index_t v = 0; v < g.nodes(); ++v) largest = std::max(largest, g.degree(v));
    c[2].push_back(static_cast<double>(largest));
  }
  return c;
}

columns theirs(const std::string& python, const std::string& model, const std::string& parameters) {
  const auto rows = swprune_test::numbers_from(
      fmt::format("{} '{}/tests/graph/generators_oracle.py' {} {} {}", python, SWPRUNE_SOURCE_DIR,
                  model, graphs, parameters));
  REQUIRE(rows.size() == static_cast<std::size_t>(graphs));
  columns c;
  for (const auto& row : rows)
    for (std::size_t m = 0; m < c.size(); ++m) c[m].push_back(row.at(m));
  return c;
}

/// `same` has the means of networkx; `other`, a model that is slightly wrong, is noticed.
void compare(const columns& networkx, const columns& same, const columns& other) {
  double furthest = 0.0;
  for (std::size_t m = 0; m < networkx.size(); ++m) {
    CAPTURE(m);
    CHECK(swprune_test::mean_distance(same[m], networkx[m]) < limit);
    furthest = std::max(furthest, swprune_test::mean_distance(other[m], networkx[m]));
  }
  CHECK(furthest > limit);
}

}  // namespace

TEST_CASE("newman_watts has the mean clustering, path length and largest degree of networkx") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  // Not p = 1: networkx lets the edges across the seam of the ring, (0, n - 1) and its like, bring
  // their shortcuts to the low end, so that its nodes are not alike; with many shortcuts it shows.
  for (const double p : {0.05, 0.1, 0.3}) {
    CAPTURE(p);
    const auto draw = [](double probability) {
      return [=](rng& random) {
        return graph::newman_watts({.nodes = 60, .degree = 6, .shortcut = probability}, random);
      };
    };
    compare(theirs(*python, "newman_watts", fmt::format("60 6 {}", p)), ours(draw(p)),
            ours(draw(0.8 * p)));
  }
}

TEST_CASE("erdos_renyi has the mean clustering, path length and largest degree of networkx") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  for (const index_t m : {80, 180, 600}) {
    CAPTURE(m);
    const auto draw = [](index_t edges) {
      return [=](rng& random) { return graph::erdos_renyi({.nodes = 60, .edges = edges}, random); };
    };
    compare(theirs(*python, "erdos_renyi", fmt::format("60 {}", m)), ours(draw(m)),
            ours(draw(m * 9 / 10)));
  }
}

TEST_CASE("barabasi_albert has the mean clustering, path length and largest degree of networkx") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  for (const index_t m : {1, 3, 8}) {
    CAPTURE(m);
    const auto draw = [=](rng& random) {
      return graph::barabasi_albert({.nodes = 60, .attached = m}, random);
    };
    const auto evenly = [=](rng& random) {  // as many edges, without preference
      return graph::erdos_renyi({.nodes = 60, .edges = m * (60 - m)}, random);
    };
    compare(theirs(*python, "barabasi_albert", fmt::format("60 {}", m)), ours(draw), ours(evenly));
  }
}
