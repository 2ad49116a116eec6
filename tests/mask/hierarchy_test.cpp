// SPDX-License-Identifier: Apache-2.0
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <array>

#include "swprune/graph/locality.hpp"
#include "swprune/mask/hierarchy.hpp"
#include "tests/graph/checks.hpp"

using namespace swprune;
using mask::hierarchy;
using mask::hierarchy_params;
using mask::mask_kind;

namespace {

/// Every block lies in a live cluster.
bool inside_clusters(const graph::bipartite& g, const graph::bipartite& clusters, index_t q) {
  for (index_t j = 0; j < g.out_nodes(); ++j)
    for (const auto i : g.row(j))
      if (!clusters.has_edge(j / q, i / q)) return false;
  return true;
}

}  // namespace

TEST_CASE("two levels: exact rows, coverage, blocks only in live clusters") {
  CHECK(rc::check([] {
    hierarchy_params p;
    p.size.out_nodes = *rc::gen::inRange<index_t>(1, 33);
    p.size.in_nodes = *rc::gen::inRange<index_t>(1, 33);
    p.size.degree = *rc::gen::inRange<index_t>(0, p.size.in_nodes + 1);
    if (p.size.degree < p.size.in_nodes)
      p.size.extra_rows = *rc::gen::inRange<index_t>(0, p.size.out_nodes);
    p.cluster_size = *rc::gen::inRange<index_t>(1, 7);
    p.inner_degree = *rc::gen::inRange<index_t>(0, p.cluster_size + 1);
    p.kind = *rc::gen::element(mask_kind::small_world, mask_kind::lattice, mask_kind::random);
    p.beta = *rc::gen::inRange(0, 101) / 100.0;
    rng random(*rc::gen::arbitrary<std::uint64_t>());
    const auto h = hierarchy(p, random);
    const index_t q = std::min(p.cluster_size, std::max(p.size.out_nodes, p.size.in_nodes));
    RC_ASSERT(swprune_test::rows_exact(h.graph, p.size));
    RC_ASSERT(swprune_test::all_inputs_used(h.graph) == (p.size.edges() >= p.size.in_nodes));
    RC_ASSERT(inside_clusters(h.graph, h.clusters, q));
    RC_ASSERT(h.column_spread == column_spread(h.graph));
    if (q == 1) RC_ASSERT(swprune_test::columns_balanced(h.graph));
  }));
}

TEST_CASE("q = 1 merges the levels: the ring graph itself") {
  const graph::biregular_params size{.out_nodes = 16, .in_nodes = 32, .degree = 7, .extra_rows = 5};
  rng a(14);
  rng b(14);
  const auto h = hierarchy({.size = size, .beta = 0.1, .cluster_size = 1}, a);
  CHECK(h.graph == graph::ws_balanced({.size = size, .beta = 0.1}, b).graph);
  CHECK(h.clusters == h.graph);
}

TEST_CASE("q = 4: clusters are a small world, half of each is kept") {
  const graph::biregular_params size{.out_nodes = 32, .in_nodes = 32, .degree = 8, .extra_rows = 0};
  rng random(5);
  const auto h = hierarchy({.size = size, .beta = 0.1, .cluster_size = 4}, random);
  CHECK(h.clusters.out_nodes() == 8);
  for (index_t c = 0; c < 8; ++c) CHECK(h.clusters.row_degree(c) == 4);  // 8 blocks, 2 a cluster
  for (index_t j = 0; j < 32; ++j)
    for (const auto c : h.clusters.row(j / 4)) {
      index_t kept = 0;
      for (index_t t = 0; t < 4; ++t) kept += h.graph.has_edge(j, c * 4 + t);
      CHECK(kept >= 1);
      CHECK(kept <= 3);
    }
  CHECK(h.beta_achieved > 0.0);
  CHECK(h.column_spread == 0);
  rng again(5);
  const auto full =
      hierarchy({.size = size, .beta = 0.1, .cluster_size = 4, .inner_degree = 4}, again);
  for (index_t c = 0; c < 8; ++c) CHECK(full.clusters.row_degree(c) == 2);  // whole clusters
  for (index_t j = 0; j < 32; ++j)
    for (const auto i : full.graph.row(j)) CHECK(full.graph.has_edge(j / 4 * 4, i));
  // rows of a whole cluster need the same inputs: clusters are what the array fetches once
  CHECK(graph::row_union(full.graph, 4) == Approx(8.0 / 32.0));
  CHECK(graph::row_union(full.graph, 4) < graph::row_union(h.graph, 4));
}

TEST_CASE("the upper level is the kind that was asked for") {
  const graph::biregular_params size{.out_nodes = 64, .in_nodes = 64, .degree = 8, .extra_rows = 0};
  const graph::biregular_params upper{.out_nodes = 32, .in_nodes = 32, .degree = 8};
  const auto clusters = [&](mask_kind kind) {
    rng random(8);
    return hierarchy({.size = size, .kind = kind, .beta = 0.1, .cluster_size = 2}, random).clusters;
  };
  const auto lattice = graph::bipartite_lattice(upper);
  CHECK(clusters(mask_kind::lattice) == lattice);
  CHECK(graph::rewired_fraction(clusters(mask_kind::small_world), lattice) ==
        Approx(0.1).margin(0.03));
  CHECK(graph::rewired_fraction(clusters(mask_kind::random), lattice) > 0.5);
}

TEST_CASE("more clusters than asked for where coverage needs them") {
  // 2 rows of 8 in one cluster row of 4: one cluster each would leave most of the 16 inputs unused
  const graph::biregular_params size{.out_nodes = 2, .in_nodes = 16, .degree = 8, .extra_rows = 0};
  rng random(1);
  const auto h = hierarchy(
      {.size = size, .kind = mask_kind::lattice, .cluster_size = 4, .inner_degree = 4}, random);
  CHECK(h.clusters.row_degree(0) == 4);
  CHECK(swprune_test::all_inputs_used(h.graph));
}

TEST_CASE("columns of two levels: how often they are more than one apart") {
  // the shares that the documentation of hierarchy() states, with room for another sample
  const auto share = [](bool divides, bool whole) {
    rng random(11);
    index_t uneven = 0;
    constexpr index_t layers = 3000;
    for (index_t t = 0; t < layers; ++t) {
      const auto draw = [&](index_t n) {
        return 1 + static_cast<index_t>(random.below(static_cast<std::uint64_t>(n)));
      };
      hierarchy_params p;
      p.cluster_size = 1 + draw(5);
      p.kind = std::array{mask_kind::small_world, mask_kind::lattice,
                          mask_kind::random}[static_cast<std::size_t>(t % 3)];
      p.size.out_nodes = divides ? draw(12) * p.cluster_size : draw(48);
      p.size.in_nodes = divides ? draw(12) * p.cluster_size : draw(48);
      p.size.degree = draw(p.size.in_nodes + 1) - 1;
      if (p.size.degree < p.size.in_nodes && t % 2 == 0)
        p.size.extra_rows = draw(p.size.out_nodes) - 1;
      p.inner_degree = whole ? p.cluster_size : 0;
      uneven += hierarchy(p, random).column_spread > 1;
    }
    return static_cast<double>(uneven) / static_cast<double>(layers);
  };
  CHECK(share(true, false) == Approx(0.04).margin(0.015));
  CHECK(share(false, false) == Approx(0.06).margin(0.015));
  CHECK(share(true, true) == Approx(0.28).margin(0.03));
}

TEST_CASE("parameters outside their range are refused by name") {
  rng random(1);
  const graph::biregular_params size{.out_nodes = 8, .in_nodes = 8, .degree = 2, .extra_rows = 0};
  CHECK_THROWS_WITH(hierarchy({.size = size, .cluster_size = 0}, random),
                    Catch::Contains("the cluster size q must be >= 1, given 0"));
  CHECK_THROWS_WITH(hierarchy({.size = size, .cluster_size = 2, .inner_degree = 3}, random),
                    Catch::Contains("the inner degree must lie in [1, 2] (the cluster size), or "
                                    "be 0 for half of it, given 3"));
  CHECK_THROWS_WITH(hierarchy({.size = size, .kind = mask_kind::dense}, random),
                    Catch::Contains("a hierarchy is small_world, lattice or random; given dense"));
  CHECK_THROWS_AS(hierarchy({.size = size, .beta = 2.0}, random), invalid_argument);
  CHECK_THROWS_AS(hierarchy({.size = {8, 8, 9, 0}}, random), invalid_argument);
}
