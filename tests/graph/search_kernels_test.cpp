// SPDX-License-Identifier: Apache-2.0

// Triangles and shortest paths against slow searches, where the fast ones change their method:
// rows of up to 16 upper neighbours and longer ones, frontiers small and large, 64 and 256 sources.

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/graph/barabasi_albert.hpp"
#include "swprune/graph/clustering.hpp"
#include "swprune/graph/erdos_renyi.hpp"
#include "swprune/graph/path_length.hpp"
#include "swprune/graph/watts_strogatz.hpp"

using namespace swprune;
using graph::edge;
using graph::node_t;
using graph::undirected;

namespace {

std::vector<index_t> slow_triangles(const undirected& g) {
  std::vector<index_t> count(static_cast<std::size_t>(g.nodes()), 0);
  for (index_t v = 0; v < g.nodes(); ++v)
    for (const node_t a : g.neighbours(v))
      for (const node_t b : g.neighbours(v))
        if (a < b && g.has_edge(a, b)) ++count[static_cast<std::size_t>(v)];
  return count;
}

graph::path_lengths slow_paths(const undirected& g, const std::vector<index_t>& sources) {
  graph::path_lengths total;
  for (const index_t source : sources) {
    std::vector<index_t> distance(static_cast<std::size_t>(g.nodes()), -1);
    std::deque<index_t> queue{source};
    distance[static_cast<std::size_t>(source)] = 0;
    for (; !queue.empty(); queue.pop_front())
      for (const node_t w : g.neighbours(queue.front())) {
        index_t& d = distance[static_cast<std::size_t>(w)];
        if (d >= 0) continue;
        d = distance[static_cast<std::size_t>(queue.front())] + 1;
        queue.push_back(w);
      }
    for (const index_t d : distance) {
      if (d <= 0) continue;
      total.sum += d;
      ++total.reached;
      total.longest = std::max(total.longest, d);
    }
    total.pairs += g.nodes() - 1;
  }
  return total;
}

bool same(const graph::path_lengths& a, const graph::path_lengths& b) {
  return a.sum == b.sum && a.reached == b.reached && a.pairs == b.pairs && a.longest == b.longest;
}

/// Rings near and far from random, one as thin as a thread, hubs, crowds, and graphs in pieces.
std::vector<undirected> specimens() {
  std::vector<undirected> list;
  rng random(8);
  for (const double p : {0.0, 0.02, 0.3, 1.0})
    for (const index_t k : {2, 10, 40})
      list.push_back(graph::ws_classic({.nodes = 300, .degree = k, .rewire = p}, random));
  for (const index_t m : {1, 4, 20, 60})
    list.push_back(graph::barabasi_albert({.nodes = 250, .attached = m}, random));
  for (const index_t m : {0, 40, 150, 400, 3000, 9000, 11175})
    list.push_back(graph::erdos_renyi({.nodes = 150, .edges = m}, random));
  list.push_back(graph::erdos_renyi({.nodes = 1, .edges = 0}, random));
  // Exactly 16, 17 and 18 upper neighbours: complete graphs of 17, 18 and 19 nodes.
  for (const index_t n : {17, 18, 19})
    list.push_back(graph::erdos_renyi({.nodes = n, .edges = n * (n - 1) / 2}, random));
  return list;
}

}  // namespace

TEST_CASE("triangles are those that looking at every pair of neighbours finds") {
  index_t found = 0;
  for (const undirected& g : specimens()) {
    CAPTURE(g.nodes(), g.edges());
    const auto t = graph::triangles(g);
    CHECK(t == slow_triangles(g));
    for (const index_t n : t) found += n;
  }
  CHECK(found > 100'000);
}

TEST_CASE("the comparison of triangles notices one edge less") {
  rng random(2);
  const undirected g = graph::ws_classic({.nodes = 100, .degree = 8, .rewire = 0.1}, random);
  auto edges = g.edge_list();
  edges.erase(edges.begin() + 17);
  CHECK(graph::triangles(undirected(100, edges)) != slow_triangles(g));
}

TEST_CASE("paths are those of one plain search per source, whatever the number of sources") {
  rng random(4);
  for (const undirected& g : specimens()) {
    for (const index_t count : {0, 1, 20, 63, 64, 65, 255, 256, 257, 600}) {
      std::vector<index_t> sources;
      for (index_t s = 0; s < count; ++s)
        sources.push_back(
            static_cast<index_t>(random.below(static_cast<std::uint64_t>(g.nodes()))));
      CAPTURE(g.nodes(), g.edges(), count);
      REQUIRE(same(graph::shortest_paths(g, sources), slow_paths(g, sources)));
    }
  }
}

TEST_CASE("the comparison of paths notices one source more and one edge less") {
  rng random(2);
  const undirected g = graph::ws_classic({.nodes = 100, .degree = 4, .rewire = 0.1}, random);
  const std::vector<index_t> sources{1, 2, 3};
  const std::vector<index_t> more{1, 2, 3, 4};
  CHECK_FALSE(same(graph::shortest_paths(g, sources), slow_paths(g, more)));
  auto edges = g.edge_list();
  edges.erase(edges.begin() + 5);
  CHECK_FALSE(same(graph::shortest_paths(undirected(100, edges), sources), slow_paths(g, sources)));
}

TEST_CASE("paths do not depend on the number of threads") {
  rng random(6);
  const undirected g = graph::ws_classic({.nodes = 1500, .degree = 6, .rewire = 0.1}, random);
  const int threads = thread_count();
  set_thread_count(1);
  const auto one = graph::shortest_paths(g);
  set_thread_count(3);
  const auto three = graph::shortest_paths(g);
  set_thread_count(threads);
  CHECK(same(one, three));
}
