// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "swprune/graph/barabasi_albert.hpp"
#include "swprune/graph/bipartite_random.hpp"
#include "swprune/graph/clustering.hpp"
#include "swprune/graph/components.hpp"
#include "swprune/graph/degree_histogram.hpp"
#include "swprune/graph/erdos_renyi.hpp"
#include "swprune/graph/fold.hpp"
#include "swprune/graph/newman_watts.hpp"
#include "swprune/graph/path_length.hpp"
#include "swprune/graph/random_biregular.hpp"
#include "swprune/graph/randomise.hpp"
#include "swprune/graph/sampled_clustering.hpp"
#include "swprune/graph/sampled_path_length.hpp"
#include "swprune/graph/singular_value.hpp"
#include "swprune/graph/small_world_curve.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/graph/ws_balanced.hpp"
#include "swprune/graph/ws_flex.hpp"
#include "tests/graph/run_oracle.hpp"
#include "tests/graph/two_samples.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using swprune_test::mean_distance;
using swprune_test::moments_of;

namespace {

std::string script() { return std::string(SWPRUNE_SOURCE_DIR) + "/tests/graph/oracle.py"; }

std::string line_of(const graph::undirected& g) {
  std::string line = fmt::format("{}", g.nodes());
  for (const graph::edge& e : g.edge_list()) line += fmt::format(" {} {}", e.a, e.b);
  return line + "\n";
}

/// Graphs of every kind that the library makes, some in parts, one without edges, and the random
/// references of sigma and omega.
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
  for (const double p : {0.0, 0.1, 1.0}) {
    list.push_back(graph::ws_flex({.nodes = 70, .degree = 5.3, .rewire = p}, random));
    list.push_back(graph::newman_watts({.nodes = 70, .degree = 4, .shortcut = p}, random));
  }
  for (const index_t edges : {40, 90, 700})
    list.push_back(graph::erdos_renyi({.nodes = 75, .edges = edges}, random));
  for (const index_t attached : {1, 3, 12})
    list.push_back(graph::barabasi_albert({.nodes = 90, .attached = attached}, random));
  list.push_back(graph::randomise(list[5], random).graph);
  list.push_back(
      graph::randomise(graph::fold(graph::bipartite_lattice({32, 32, 8, 0})), random).graph);
  list.push_back(graph::fold(
      graph::bipartite_barabasi_albert({.out_nodes = 30, .in_nodes = 50, .degree = 6}, random)));
  list.push_back(graph::undirected(5, std::vector<graph::edge>{}));
  list.push_back(graph::undirected(6, std::vector<graph::edge>{{0, 1}, {2, 3}, {3, 4}, {2, 4}}));
  return list;
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

/// What the oracle says to a list of graphs.
std::vector<std::vector<double>> ask(const std::string& python, const std::string& question,
                                     const std::vector<graph::undirected>& graphs) {
  std::string text;
  for (const graph::undirected& g : graphs) text += line_of(g);
  const swprune_test::temporary_file file(text);
  return swprune_test::numbers_from(
      fmt::format("{} '{}' {} '{}'", python, script(), question, file.path()));
}

/// C and L of networkx's own Watts-Strogatz graphs.
std::vector<std::vector<double>> networkx_draws(const std::string& python, const std::string& how,
                                                index_t n, index_t k, double p, int graphs) {
  const auto rows = swprune_test::numbers_from(
      fmt::format("{} '{}' {} {} {} {} {}", python, script(), how, n, k, p, graphs));
  REQUIRE(rows.size() == static_cast<std::size_t>(graphs));
  std::vector<std::vector<double>> columns(2);
  for (const auto& row : rows)
    for (std::size_t m = 0; m < 2; ++m) columns[m].push_back(row.at(m));
  return columns;
}

}  // namespace

TEST_CASE("clustering and path length agree with networkx and igraph to 1e-12") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  if (!swprune_test::find_oracle_python("igraph")) SWPRUNE_SKIP_ORACLE("no Python with igraph");
  const auto graphs = specimens();
  const auto oracle = ask(*python, "measure", graphs);
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

TEST_CASE("complete samples agree with networkx to 1e-12") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  if (!swprune_test::find_oracle_python("igraph")) SWPRUNE_SKIP_ORACLE("no Python with igraph");
  const auto graphs = specimens();
  const auto oracle = ask(*python, "measure", graphs);
  REQUIRE(oracle.size() == graphs.size());
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    CAPTURE(i);
    rng random(1);
    const index_t all = graphs[i].nodes();
    CHECK(std::abs(graph::sampled_clustering(graphs[i], all, random).value - oracle[i][0]) <=
          1e-12);
    CHECK(std::abs(graph::sampled_path_length(graphs[i], all, random).value - oracle[i][1]) <=
          1e-12);
  }
}

TEST_CASE("components and degree histograms are those of networkx") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  const auto graphs = specimens();
  const auto oracle = ask(*python, "describe", graphs);
  REQUIRE(oracle.size() == 2 * graphs.size());
  index_t parts = 0;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    CAPTURE(i);
    auto sizes = graph::connected_components(graphs[i]).sizes;
    std::sort(sizes.rbegin(), sizes.rend());
    CHECK(std::vector<double>(sizes.begin(), sizes.end()) == oracle[2 * i]);
    const auto histogram = graph::degree_histogram(graphs[i]);
    CHECK(std::vector<double>(histogram.begin(), histogram.end()) == oracle[2 * i + 1]);
    parts += sizes.size() > 1;
  }
  CHECK(parts >= 3);  // there was something to tell apart
}

TEST_CASE("singular values agree with numpy to 1e-12") {
  const auto python = swprune_test::find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with numpy");
  if (!swprune_test::find_oracle_python("networkx")) SWPRUNE_SKIP_ORACLE("no networkx");
  rng random(77);
  std::vector<graph::bipartite> graphs;
  for (const double beta : {0.0, 0.1, 1.0}) {
    graphs.push_back(graph::ws_balanced({{32, 32, 8, 0}, beta}, random).graph);
    graphs.push_back(graph::ws_balanced({{24, 60, 11, 5}, beta}, random).graph);
    graphs.push_back(graph::ws_balanced({{128, 64, 10, 0}, beta}, random).graph);
  }
  graphs.push_back(graph::random_biregular({64, 64, 1, 0}, random));
  graphs.push_back(graph::random_biregular({9, 9, 9, 0}, random));  // rank 1
  graphs.push_back(
      graph::bipartite_barabasi_albert({.out_nodes = 30, .in_nodes = 50, .degree = 6}, random));
  graphs.push_back(
      graph::bipartite_erdos_renyi({.out_nodes = 40, .in_nodes = 30, .edges = 35}, random));
  graphs.push_back(graph::bipartite(4, {{}, {1}, {}}));
  std::string text;
  for (const graph::bipartite& g : graphs) {
    text += fmt::format("{} {}", g.out_nodes(), g.in_nodes());
    for (index_t j = 0; j < g.out_nodes(); ++j)
      for (const graph::node_t i : g.row(j)) text += fmt::format(" {} {}", j, i);
    text += "\n";
  }
  const swprune_test::temporary_file file(text);
  const auto oracle =
      swprune_test::numbers_from(fmt::format("{} '{}' svd '{}'", *python, script(), file.path()));
  REQUIRE(oracle.size() == graphs.size());
  for (std::size_t n = 0; n < graphs.size(); ++n) {
    const auto values = graph::singular_values(graphs[n]);
    CAPTURE(n, graphs[n].out_nodes(), graphs[n].in_nodes());
    REQUIRE(oracle[n].size() == values.size());
    for (std::size_t k = 0; k < values.size(); ++k)
      CHECK(std::abs(values[k] - oracle[n][k]) <= 1e-12);
    CHECK(std::abs(graph::second_singular_value(graphs[n]) - oracle[n].at(1)) <= 1e-12);
  }
}

TEST_CASE("the figure of 1998 has the clustering and path length of networkx at 0.01 and 0.1") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  if (!swprune_test::find_oracle_python("igraph")) SWPRUNE_SKIP_ORACLE("no Python with igraph");
  const int graphs = 200;
  const auto curve = graph::measure_small_world_curve({.rewire = {0.01, 0.1}}, rng(1));
  for (const graph::small_world_point& point : curve.points) {
    const double p = point.rewire;
    const auto theirs = networkx_draws(*python, "draw_fast", 1000, 10, p, graphs);
    const swprune_test::moments c = moments_of(theirs[0]);
    const swprune_test::moments l = moments_of(theirs[1]);
    CAPTURE(p, point.clustering.value, c.mean, c.error, point.path_length.value, l.mean, l.error);
    // The 20 realisations of the figure: 3.9 standard errors are 99.9 % of Student's law there.
    CHECK(std::abs(point.clustering.value - c.mean) <
          3.9 * std::hypot(point.clustering.error, c.error));
    CHECK(std::abs(point.path_length.value - l.mean) <
          3.9 * std::hypot(point.path_length.error, l.error));
    const auto ours = own_draws(1000, 10, p, graphs);
    CHECK(mean_distance(ours[0], theirs[0]) < 3.3);
    CHECK(mean_distance(ours[1], theirs[1]) < 3.3);
    const auto wrong = own_draws(1000, 10, 0.8 * p, graphs);
    CHECK(mean_distance(wrong[0], theirs[0]) > 3.3);
    CHECK(mean_distance(wrong[1], theirs[1]) > 3.3);
  }
}

TEST_CASE("ws_classic has the mean clustering and path length of networkx") {
  const auto python = swprune_test::find_oracle_python("networkx");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with networkx");
  const int graphs = 400;
  for (const double p : {0.05, 0.2, 1.0}) {
    CAPTURE(p);
    const auto theirs = networkx_draws(*python, "draw", 60, 6, p, graphs);
    const auto ours = own_draws(60, 6, p, graphs);
    CHECK(mean_distance(ours[0], theirs[0]) < 3.3);  // 99.9 % interval, fixed seeds
    CHECK(mean_distance(ours[1], theirs[1]) < 3.3);
    if (p == 1.0) continue;                                // there 0.8 p looks much the same
    const auto wrong = own_draws(60, 6, 0.8 * p, graphs);  // the comparison has the power to fail
    CHECK(mean_distance(wrong[0], theirs[0]) > 3.3);
  }
}
