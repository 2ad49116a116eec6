// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <vector>

#include "swprune/graph/clustering.hpp"
#include "swprune/graph/fold.hpp"
#include "swprune/graph/path_length.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/graph/ws_balanced.hpp"
#include "tests/graph/run_oracle.hpp"
#include "tests/support/require.hpp"

using namespace swprune;

namespace {

std::string script() { return std::string(SWPRUNE_SOURCE_DIR) + "/tests/graph/oracle.py"; }

std::string line_of(const graph::undirected& g) {
  std::string line = fmt::format("{}", g.nodes());
  for (const graph::edge& e : g.edge_list()) line += fmt::format(" {} {}", e.a, e.b);
  return line + "\n";
}

/// Graphs of all sorts: rings, rewired, folded masks, disconnected ones, one without edges.
std::vector<graph::undirected> specimens() {
  std::vector<graph::undirected> list;
  rng random(31);
  for (const double p : {0.0, 0.05, 0.3, 1.0})
    for (const index_t k : {2, 4, 10})
      list.push_back(graph::ws_classic({.nodes = 80, .degree = k, .rewire = p}, random));
  for (const double beta : {0.0, 0.1, 1.0}) {
    list.push_back(graph::fold(graph::ws_balanced({{32, 32, 8, 0}, beta}, random).graph));
    list.push_back(graph::fold(graph::ws_balanced({{24, 48, 7, 5}, beta}, random).graph));
  }
  list.push_back(graph::undirected(5, std::vector<graph::edge>{}));
  list.push_back(graph::undirected(6, std::vector<graph::edge>{{0, 1}, {2, 3}, {3, 4}, {2, 4}}));
  return list;
}

struct moments {
  double mean = 0.0;
  double error = 0.0;  ///< standard error of the mean
};

moments moments_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  moments m;
  for (const double v : values) m.mean += v / n;
  double square = 0.0;
  for (const double v : values) square += (v - m.mean) * (v - m.mean) / (n - 1.0);
  m.error = std::sqrt(square / n);
  return m;
}

/// |difference of the means| in standard errors.
double distance(const std::vector<double>& a, const std::vector<double>& b) {
  const moments x = moments_of(a);
  const moments y = moments_of(b);
  return std::abs(x.mean - y.mean) / std::hypot(x.error, y.error);
}

/// C and L of `graphs` draws.
std::vector<std::vector<double>> own_draws(index_t n, index_t k, double p, int graphs) {
  std::vector<std::vector<double>> columns(2);
  for (int seed = 0; seed < graphs; ++seed) {
    rng random(static_cast<std::uint64_t>(seed));
    const auto g = graph::ws_classic({.nodes = n, .degree = k, .rewire = p}, random);
    columns[0].push_back(graph::clustering_coefficient(g));
    columns[1].push_back(graph::characteristic_path_length(g));
  }
  return columns;
}

}  // namespace

TEST_CASE("clustering and path length agree with networkx and igraph to 1e-12") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  if (!swprune_test::find_oracle_python("igraph")) SWPRUNE_SKIP_ORACLE("no Python with igraph");
  std::string text;
  const auto graphs = specimens();
  for (const graph::undirected& g : graphs) text += line_of(g);
  const swprune_test::temporary_file file(text);
  const auto oracle = swprune_test::numbers_from(
      fmt::format("{} '{}' measure '{}'", *python, script(), file.path()));
  REQUIRE(oracle.size() == graphs.size());
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    CAPTURE(i, graphs[i].nodes(), graphs[i].edges());
    REQUIRE(oracle[i].size() >= 3);
    const double c = graph::clustering_coefficient(graphs[i]);
    const double l = graph::characteristic_path_length(graphs[i]);
    CHECK(std::abs(c - oracle[i][0]) <= 1e-12);
    CHECK(std::abs(l - oracle[i][1]) <= 1e-12);
    CHECK(std::abs(c - oracle[i][2]) <= 1e-12);
    if (graphs[i].edges() > 0) CHECK(std::abs(l - oracle[i][3]) <= 1e-12);  // igraph: NaN without
  }
}

TEST_CASE("ws_classic has the mean clustering and path length of networkx") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  const int graphs = 400;
  for (const double p : {0.05, 0.2, 1.0}) {
    CAPTURE(p);
    const auto rows = swprune_test::numbers_from(
        fmt::format("{} '{}' draw 60 6 {} {}", *python, script(), p, graphs));
    REQUIRE(rows.size() == static_cast<std::size_t>(graphs));
    std::vector<std::vector<double>> theirs(2);
    for (const auto& row : rows)
      for (std::size_t m = 0; m < 2; ++m) theirs[m].push_back(row.at(m));
    const auto ours = own_draws(60, 6, p, graphs);
    CHECK(distance(ours[0], theirs[0]) < 3.3);  // 99.9 % interval, fixed seeds
    CHECK(distance(ours[1], theirs[1]) < 3.3);
    if (p == 1.0) continue;                                // there 0.8 p looks much the same
    const auto wrong = own_draws(60, 6, 0.8 * p, graphs);  // the comparison has the power to fail
    CHECK(distance(wrong[0], theirs[0]) > 3.3);
  }
}
