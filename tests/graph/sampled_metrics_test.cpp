// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/graph/metrics.hpp"
#include "swprune/graph/node_sample.hpp"
#include "swprune/graph/watts_strogatz.hpp"

using namespace swprune;
using graph::edge;
using graph::estimate;
using graph::node_t;
using graph::undirected;

namespace {

undirected random_graph(index_t nodes, double p, rng& random) {
  std::vector<edge> edges;
  for (node_t a = 0; a < nodes; ++a)
    for (node_t b = a + 1; b < nodes; ++b)
      if (random.bernoulli(p)) edges.push_back({a, b});
  return undirected(nodes, edges);
}

/// A random graph of at most 80 nodes, thin or thick, often in several parts.
undirected any_graph(std::uint64_t seed) {
  rng random(seed);
  const auto n = static_cast<index_t>(1 + random.below(80));
  const double p = seed % 2 == 0 ? 2.0 / static_cast<double>(n) : random.uniform();
  return random_graph(n, std::min(p, 1.0), random);
}

/// Two graphs without an edge between them, and nodes without any edge.
undirected side_by_side(const undirected& a, const undirected& b, index_t lonely) {
  std::vector<edge> edges = a.edge_list();
  const auto shift = static_cast<node_t>(a.nodes());
  for (const edge& e : b.edge_list()) edges.push_back({e.a + shift, e.b + shift});
  return undirected(a.nodes() + b.nodes() + lonely, edges);
}

/// How the errors of many estimates relate to what these really missed.
struct calibration {
  double bias = 0.0;     ///< mean of (estimate - truth), in its own standard errors
  double scatter = 0.0;  ///< mean square of (estimate - truth) / error: 1 for an honest error,
                         ///< give or take 0.08 for 300 estimates
  bool honest() const { return std::abs(bias) < 4.0 && scatter > 0.72 && scatter < 1.35; }
};

calibration calibrate(const std::vector<estimate>& estimates, double truth) {
  const auto m = static_cast<double>(estimates.size());
  double sum = 0.0;
  double square = 0.0;
  calibration c;
  for (const estimate& e : estimates) {
    sum += e.value - truth;
    square += (e.value - truth) * (e.value - truth);
    c.scatter += (e.value - truth) * (e.value - truth) / (e.error * e.error) / m;
  }
  c.bias = sum / std::sqrt(square);
  return c;
}

}  // namespace

TEST_CASE("a mean and its error, by hand") {
  const std::vector<double> values{1.0, 2.0, 6.0};
  const estimate all = graph::mean_estimate(values, 3);
  CHECK(all.value == 3.0);
  CHECK(all.error == 0.0);
  CHECK(all.samples == 3);
  CHECK(graph::mean_estimate(values).error == Approx(std::sqrt(7.0 / 3.0)));
  CHECK(graph::mean_estimate(values, 12).error == Approx(std::sqrt(0.75 * 7.0 / 3.0)));
  const std::vector<double> one{4.0};
  CHECK(graph::mean_estimate(one, 1).error == 0.0);
  CHECK(std::isnan(graph::mean_estimate(one, 2).error));
  CHECK_THROWS_WITH(graph::mean_estimate({}, 2), Catch::Contains("given 0 of 2"));
  CHECK_THROWS_AS(graph::mean_estimate(values, 2), invalid_argument);
}

TEST_CASE("node_sample draws different nodes, each as often") {
  CHECK(rc::check("different, ascending, in range, as many as asked", [] {
    const auto nodes = *rc::gen::inRange<index_t>(1, 300);
    const auto samples = *rc::gen::inRange<index_t>(2, 320);
    rng random(*rc::gen::arbitrary<std::uint64_t>());
    const auto list = graph::node_sample(nodes, samples, random);
    RC_ASSERT(static_cast<index_t>(list.size()) == std::min(nodes, samples));
    RC_ASSERT(list.front() >= 0);
    RC_ASSERT(list.back() < nodes);
    for (std::size_t i = 1; i < list.size(); ++i) RC_ASSERT(list[i - 1] < list[i]);
  }));
  for (const index_t samples : {2, 5, 9}) {  // few and many are drawn in different ways
    CAPTURE(samples);
    std::vector<double> hits(10, 0.0);
    rng random(4);
    const double draws = 20'000;
    for (int d = 0; d < static_cast<int>(draws); ++d)
      for (const index_t v : graph::node_sample(10, samples, random))
        ++hits[static_cast<std::size_t>(v)];
    const double share = static_cast<double>(samples) / 10.0;
    for (const double h : hits)  // 4.5 standard deviations: 1e-4 over all of them
      CHECK(std::abs(h - draws * share) < 4.5 * std::sqrt(draws * share * (1.0 - share)));
  }
  rng random(1);
  CHECK_THROWS_WITH(graph::node_sample(10, 1, random), Catch::Contains("given 1"));
  CHECK_THROWS_AS(graph::node_sample(0, 2, random), invalid_argument);
}

TEST_CASE("a complete sample is exact, has error 0 and draws nothing") {
  CHECK(rc::check("clustering and path length of any graph", [] {
    const undirected g = any_graph(*rc::gen::arbitrary<std::uint64_t>());
    const index_t samples = std::max<index_t>(2, g.nodes() + *rc::gen::inRange<index_t>(0, 5));
    rng random(9);
    const estimate c = graph::sampled_clustering(g, samples, random);
    const estimate l = graph::sampled_path_length(g, samples, random);
    RC_ASSERT(std::abs(c.value - graph::clustering_coefficient(g)) <= 1e-12);
    RC_ASSERT(l.value == graph::characteristic_path_length(g));
    RC_ASSERT(c.error == 0.0);
    RC_ASSERT(l.error == 0.0);
    RC_ASSERT(c.samples == g.nodes());
    RC_ASSERT(l.samples == g.nodes());
    RC_ASSERT(random.next() == rng(9).next());
  }));
}

TEST_CASE("searches that are told apart add up to the search that is not") {
  CHECK(rc::check("every source, any graph", [] {
    const undirected g = any_graph(*rc::gen::arbitrary<std::uint64_t>());
    std::vector<index_t> sources(static_cast<std::size_t>(g.nodes()));
    for (std::size_t v = 0; v < sources.size(); ++v) sources[v] = static_cast<index_t>(v);
    const auto paths = graph::detail::paths_of(g, sources);
    for (std::size_t v = 0; v < sources.size(); ++v) {
      const auto alone = graph::shortest_paths(g, std::span(sources).subspan(v, 1));
      RC_ASSERT(paths[v].sum == alone.sum);
      RC_ASSERT(paths[v].reached == alone.reached);
    }
  }));
}

TEST_CASE("a hub's neighbours are found by search, with the same count") {
  std::vector<edge> edges;  // node 0 joined to all, the others in a ring
  const index_t n = 400;
  for (node_t v = 1; v < n; ++v) {
    edges.push_back({0, v});
    edges.push_back({v, static_cast<node_t>(v + 1 < n ? v + 1 : 1)});
  }
  const undirected wheel(n, edges);
  rng random(1);
  CHECK(graph::sampled_clustering(wheel, n, random).value ==
        Approx(graph::clustering_coefficient(wheel)).epsilon(1e-12));
  CHECK(graph::detail::clustering_at(wheel, 1) == Approx(2.0 / 3.0));
}

TEST_CASE("the stated error is what estimates miss by, also for large shares of the nodes") {
  rng make(17);
  const undirected ring = graph::ws_classic({.nodes = 400, .degree = 8, .rewire = 0.05}, make);
  const undirected parts =
      side_by_side(graph::ws_classic({.nodes = 200, .degree = 6, .rewire = 0.1}, make),
                   graph::ws_classic({.nodes = 80, .degree = 4, .rewire = 0.1}, make), 20);
  REQUIRE_FALSE(graph::is_connected(parts));
  const auto collect = [](const auto& draw) {
    std::vector<estimate> list;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      rng random(seed);
      list.push_back(draw(random));
    }
    return list;
  };
  for (const undirected* g : {&ring, &parts})
    for (const index_t samples : {40, 200}) {
      const auto c = collect([&](rng& r) { return graph::sampled_clustering(*g, samples, r); });
      const auto l = collect([&](rng& r) { return graph::sampled_path_length(*g, samples, r); });
      const auto of_c = calibrate(c, graph::clustering_coefficient(*g));
      const auto of_l = calibrate(l, graph::characteristic_path_length(*g));
      CAPTURE(g->nodes(), samples, of_c.bias, of_c.scatter, of_l.bias, of_l.scatter);
      CHECK(of_c.honest());
      CHECK(of_l.honest());
      if (samples == 40) continue;
      auto careless = c;  // an error that forgets the finite population is found out
      for (estimate& e : careless)
        e.error /= std::sqrt(1.0 - static_cast<double>(samples) / static_cast<double>(g->nodes()));
      CHECK_FALSE(calibrate(careless, graph::clustering_coefficient(*g)).honest());
      auto shifted = c;
      for (estimate& e : shifted) e.value += 0.4 * e.error;
      CHECK_FALSE(calibrate(shifted, graph::clustering_coefficient(*g)).honest());
    }
}

TEST_CASE("samples do not depend on threads") {
  rng make(3);
  const undirected g = graph::ws_classic({.nodes = 3000, .degree = 6, .rewire = 0.1}, make);
  const int before = thread_count();
  std::vector<estimate> found;
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    rng random(5);
    found.push_back(graph::sampled_clustering(g, 700, random));
    found.push_back(graph::sampled_path_length(g, 150, random));
  }
  set_thread_count(before);
  for (const std::size_t i : {0u, 1u}) {
    CHECK(found[i].value == found[i + 2].value);
    CHECK(found[i].error == found[i + 2].error);
  }
}

TEST_CASE("a graph without paths has no length to estimate") {
  const undirected empty(10, std::vector<edge>{});
  rng random(1);
  const estimate some = graph::sampled_path_length(empty, 3, random);
  CHECK(some.value == 0.0);
  CHECK(std::isnan(some.error));
  CHECK(graph::sampled_path_length(empty, 10, random).error == 0.0);
  CHECK(graph::sampled_clustering(empty, 3, random).value == 0.0);
  CHECK_THROWS_AS(graph::sampled_path_length(empty, 1, random), invalid_argument);
  CHECK_THROWS_AS(graph::sampled_clustering(empty, 0, random), invalid_argument);
}

TEST_CASE("sigma and omega of a sample are near those of the whole graph") {
  rng make(8);
  const undirected g = graph::ws_classic({.nodes = 600, .degree = 10, .rewire = 0.1}, make);
  rng random(2);
  const auto whole = graph::measure_small_world(g, random);
  const auto part = graph::measure_small_world(g, random, {.samples = 200});
  CHECK(whole.clustering_error == 0.0);
  CHECK(whole.path_length_error == 0.0);
  CHECK(part.clustering_error > 0.0);
  CHECK(part.path_length_error > 0.0);
  CHECK(std::abs(part.clustering - whole.clustering) < 4.0 * part.clustering_error);
  CHECK(std::abs(part.path_length - whole.path_length) < 4.0 * part.path_length_error);
  CHECK(part.sigma == Approx(whole.sigma).epsilon(0.25));
  CHECK(part.omega == Approx(whole.omega).margin(0.1));
  CHECK_THROWS_WITH(graph::measure_small_world(g, random, {.samples = 1}),
                    Catch::Contains("samples must be 0 (measure exactly) or at least 2, given 1"));
}

TEST_CASE("degree histograms count every node once") {
  const undirected kite(5, std::vector<edge>{{0, 1}, {1, 2}, {0, 2}, {2, 3}});
  CHECK(graph::degree_histogram(kite) == std::vector<index_t>{1, 1, 2, 1});
  const graph::bipartite g(4, {{0, 1}, {1}, {1, 3}});
  CHECK(graph::row_degree_histogram(g) == std::vector<index_t>{0, 1, 2});
  CHECK(graph::column_degree_histogram(g) == std::vector<index_t>{1, 2, 0, 1});
  CHECK(rc::check("nodes and edge ends", [] {
    const undirected any = any_graph(*rc::gen::arbitrary<std::uint64_t>());
    const auto histogram = graph::degree_histogram(any);
    index_t nodes = 0;
    index_t ends = 0;
    for (std::size_t k = 0; k < histogram.size(); ++k) {
      nodes += histogram[k];
      ends += static_cast<index_t>(k) * histogram[k];
    }
    RC_ASSERT(nodes == any.nodes());
    RC_ASSERT(ends == 2 * any.edges());
    RC_ASSERT(histogram.back() > 0);
  }));
}
