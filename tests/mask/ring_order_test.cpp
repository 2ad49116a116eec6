// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "swprune/graph/lattice.hpp"
#include "swprune/graph/locality.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/mask/mask_metrics.hpp"
#include "swprune/mask/ring_order.hpp"

using namespace swprune;
using mask::ring_order;

TEST_CASE("the stride is coprime, near the root, and no mirror where that can be") {
  for (index_t gi = 1; gi <= 600; ++gi) {
    CAPTURE(gi);
    const index_t s = mask::interleave_stride(gi);
    REQUIRE(std::gcd(s, gi) == 1);
    const double root = std::sqrt(static_cast<double>(gi));
    for (index_t other = 2; other < gi - 1; ++other) {
      if (std::gcd(other, gi) != 1) continue;
      REQUIRE(s > 1);
      REQUIRE(s < gi - 1);
      const auto away = [&](index_t x) { return std::abs(static_cast<double>(x) - root); };
      REQUIRE((away(s) <= away(other) + 1.0 || away(s) <= root + 1.0));
    }
  }
  for (const auto& [gi, s] : {std::pair{1, 1},
                              {2, 1},
                              {3, 2},
                              {4, 3},
                              {5, 2},
                              {6, 5},
                              {8, 3},
                              {12, 5},
                              {16, 3},
                              {32, 7},
                              {64, 7},
                              {128, 11},
                              {256, 15}})
    CHECK(mask::interleave_stride(gi) == s);
  CHECK_THROWS_AS(mask::interleave_stride(0), invalid_argument);
}

TEST_CASE("positions are a permutation; aligned is the identity") {
  for (index_t gi = 1; gi <= 130; ++gi)
    for (const ring_order order : {ring_order::aligned, ring_order::interleaved}) {
      CAPTURE(gi, mask::to_string(order));
      auto position = mask::ring_positions(gi, order);
      if (order == ring_order::aligned) REQUIRE(std::is_sorted(position.begin(), position.end()));
      std::sort(position.begin(), position.end());
      for (index_t i = 0; i < gi; ++i) REQUIRE(position[static_cast<std::size_t>(i)] == i);
    }
}

TEST_CASE("only columns are permuted, and to_ring undoes it") {
  for (const ring_order order : {ring_order::aligned, ring_order::interleaved}) {
    rng random(6);
    const auto g = graph::ws_balanced({{12, 20, 5, 3}, 0.2}, random).graph;
    const mask::block_mask m = mask::from_ring(g, order);
    CHECK(mask::to_ring(m, order) == g);
    const auto s = order == ring_order::aligned ? 1 : mask::interleave_stride(20);
    for (index_t j = 0; j < 12; ++j)
      for (index_t i = 0; i < 20; ++i) REQUIRE(m.test(j, i) == g.has_edge(j, i * s % 20));
    CHECK(graph::row_union(mask::to_ring(m, ring_order::aligned), 4) == graph::row_union(g, 4));
  }
}

namespace {

/// The masked layers of a quarter-width VGG-16 in 2 x 2 blocks at density 1/4.
std::vector<mask::layer_mask> quarter_vgg(mask::mask_kind kind, double beta, ring_order order,
                                          std::uint64_t seed) {
  const std::vector<index_t> widths{16, 16, 32, 32, 64, 64, 64, 128, 128, 128, 128, 128, 128};
  std::vector<mask::layer_mask> chain;
  for (std::size_t l = 1; l < widths.size(); ++l) {
    const std::string name = "conv" + std::string(1, static_cast<char>('a' + l));
    const mask::generate_params p{.out_groups = widths[l] / 2,
                                  .in_groups = widths[l - 1] / 2,
                                  .degree = widths[l - 1] / 8,
                                  .kind = kind,
                                  .beta = beta,
                                  .order = order};
    chain.push_back(
        {name, {2, 2}, widths[l], widths[l - 1], 3, 3, mask::generate(p, rng(seed), name).blocks});
  }
  return chain;
}

}  // namespace

TEST_CASE("interleaving lets a lattice mix as soon as a random mask") {
  const auto depth = [](mask::mask_kind kind, double beta, ring_order order) {
    return mask::mixing(quarter_vgg(kind, beta, order, 3)).depth;
  };
  CHECK(depth(mask::mask_kind::lattice, 0.0, ring_order::aligned) == 6);
  CHECK(depth(mask::mask_kind::lattice, 0.0, ring_order::interleaved) == 4);
  for (const ring_order order : {ring_order::aligned, ring_order::interleaved})
    CHECK(depth(mask::mask_kind::small_world, 0.1, order) <= 5);
  CHECK(depth(mask::mask_kind::random, 1.0, ring_order::aligned) <= 4);
}

TEST_CASE("aligned lattices of degree Gi / Go are block diagonal; interleaved ones mix") {
  // 64 channels in both layers, 8 x 4 blocks: Go = 8, Gi = 16, d = 2
  const auto chain = [](ring_order order, int layers) {
    std::vector<mask::layer_mask> list;
    for (int l = 0; l < layers; ++l) {
      const mask::generate_params p{.out_groups = 8,
                                    .in_groups = 16,
                                    .degree = 2,
                                    .kind = mask::mask_kind::lattice,
                                    .order = order};
      rng random(1);
      list.push_back({"layer" + std::string(1, static_cast<char>('a' + l)),
                      {8, 4},
                      64,
                      64,
                      3,
                      3,
                      mask::generate(p, random).blocks});
    }
    return list;
  };
  const auto aligned = mask::mixing(chain(ring_order::aligned, 12));
  CHECK(aligned.depth == 0);
  for (const double reach : aligned.reach) CHECK(reach == Approx(1.0 / 8.0));
  const auto two = mask::mixing(chain(ring_order::interleaved, 2));
  CHECK(two.reach[0] == Approx(2.0 / 16.0));
  CHECK(two.reach[1] == Approx(4.0 / 16.0));  // doubles each layer: no path is wasted
  CHECK(mask::mixing(chain(ring_order::interleaved, 6)).depth == 5);
}

TEST_CASE("the stride lets rows of two blocks mix at every usual width") {
  for (const index_t gi : {8, 16, 32, 64, 128, 256}) {
    CAPTURE(gi);
    const index_t channels = 4 * gi;  // 8 x 4 blocks: Gi = 2 Go
    const auto lattice = graph::bipartite_lattice({gi / 2, gi, 2, 0});
    const std::vector<mask::layer_mask> chain(
        20,
        {"x", {8, 4}, channels, channels, 1, 1, mask::from_ring(lattice, ring_order::interleaved)});
    CHECK(mask::mixing(chain).depth > 0);
  }
  // the nearest stride, 5 for 16 groups, would not: positions 5 I, blocks (J, I) with 5 I in {2 J,
  // 2 J + 1}
  const auto lattice = graph::bipartite_lattice({8, 16, 2, 0});
  mask::block_mask m(8, 16);
  for (index_t j = 0; j < 8; ++j)
    for (index_t i = 0; i < 16; ++i)
      if (lattice.has_edge(j, 5 * i % 16)) m.set(j, i);
  CHECK(mask::mixing(std::vector<mask::layer_mask>(20, {"x", {8, 4}, 64, 64, 1, 1, m})).depth == 0);
}

TEST_CASE("one switch is enough to break the block diagonal") {
  const mask::generate_params p{
      .out_groups = 8, .in_groups = 8, .degree = 1, .beta = 0.1, .order = ring_order::aligned};
  rng random(2);
  std::vector<mask::layer_mask> list{{"a", {8, 8}, 64, 64, 1, 1, mask::generate(p, random).blocks}};
  index_t off_diagonal = 0;
  for (index_t j = 0; j < 8; ++j) off_diagonal += list[0].blocks.test(j, j) ? 0 : 1;
  CHECK(off_diagonal == 2);
}

TEST_CASE("layers that are no chain are refused by name") {
  const mask::layer_mask a{"first", {8, 4}, 64, 8, 1, 1, mask::block_mask::dense(8, 2)};
  const mask::layer_mask b{"second", {8, 4}, 8, 32, 1, 1, mask::block_mask::dense(1, 8)};
  CHECK_THROWS_WITH(mask::mixing(std::vector<mask::layer_mask>{a, b}),
                    Catch::Contains("layer 'first' gives 64 channels but layer 'second' takes 32"));
}
