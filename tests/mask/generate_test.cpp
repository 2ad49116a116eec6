// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "swprune/mask/generate.hpp"
#include "swprune/mask/mask_metrics.hpp"
#include "tests/graph/checks.hpp"
#include "tests/graph/run_oracle.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using mask::generate;
using mask::generate_params;
using mask::mask_kind;
using mask::ring_order;
using mask::with_blocks;

namespace {

/// Hash of the bit-packed mask: row-major, first block in the lowest bit of the first byte.
std::uint64_t pattern_hash(const mask::block_mask& m) {
  std::string packed((m.bytes().size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < m.bytes().size(); ++i)
    packed[i / 8] = static_cast<char>(packed[i / 8] | (m.bytes()[i] << (i % 8)));
  return hash64(packed);
}

generate_params square(mask_kind kind, index_t groups, index_t degree, double beta) {
  return {.out_groups = groups, .in_groups = groups, .degree = degree, .kind = kind, .beta = beta};
}

}  // namespace

TEST_CASE("I1, I2, I3 for masks of every balanced kind, size and ring order") {
  CHECK(rc::check([] {
    generate_params p;
    p.out_groups = *rc::gen::inRange<index_t>(1, 40);
    p.in_groups = *rc::gen::inRange<index_t>(1, 40);
    p = with_blocks(p, *rc::gen::inRange<index_t>(0, p.out_groups * p.in_groups + 1));
    p.kind = *rc::gen::element(mask_kind::small_world, mask_kind::lattice, mask_kind::random);
    p.beta = *rc::gen::inRange(0, 101) / 100.0;
    p.order = *rc::gen::element(ring_order::aligned, ring_order::interleaved);
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    rng random(seed);
    const auto m = generate(p, random);
    const auto g = mask::to_ring(m.blocks, ring_order::aligned);
    RC_ASSERT(swprune_test::rows_exact(g, {.out_nodes = p.out_groups,
                                           .in_nodes = p.in_groups,
                                           .degree = p.degree,
                                           .extra_rows = p.extra_rows}));
    RC_ASSERT(swprune_test::columns_balanced(g));
    RC_ASSERT(swprune_test::all_inputs_used(g) == (g.edges() >= p.in_groups));
    RC_ASSERT(swprune_test::all_outputs_fed(g) == (g.edges() >= p.out_groups));
    RC_ASSERT(m.column_spread == column_spread(g));
    rng again(seed);
    RC_ASSERT(generate(p, again).blocks == m.blocks);
  }));
}

TEST_CASE("I9: the same seed gives these masks on every platform") {
  const rng root(2020);
  const auto hash = [&](const generate_params& p, std::string_view name, std::uint64_t stage) {
    return pattern_hash(generate(p, root, name, stage).blocks);
  };
  const auto sw = square(mask_kind::small_world, 32, 8, 0.1);
  CHECK(hash(sw, "conv1", 0) == 0xe19c3a891213a045u);
  CHECK(hash(sw, "conv2", 0) == 0xd4109dc35efb3829u);
  CHECK(hash(sw, "conv1", 1) == 0x729aee215dac1575u);
  CHECK(hash(with_blocks({.out_groups = 16, .in_groups = 16}, 60), "fc1", 0) ==
        0xa110aacbfde344b5u);
  CHECK(hash(square(mask_kind::lattice, 32, 8, 0.0), "conv1", 0) == 0x5b018c44b47990e1u);
  CHECK(hash(square(mask_kind::random, 32, 8, 1.0), "conv1", 0) == 0xd2a890d81a286899u);
  CHECK(hash(square(mask_kind::ws_classic, 32, 9, 0.1), "conv1", 0) == 0x0059ca751c19eaafu);
  CHECK(hash({.out_groups = 16, .in_groups = 32, .degree = 8, .cluster_size = 4}, "conv1", 0) ==
        0x5dd6403b4b4b3c79u);
}

TEST_CASE("a second implementation in Python draws the same masks") {
  const auto python = swprune_test::find_oracle_python("math");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python");
  struct specimen {
    std::uint64_t seed;
    const char* name;
    std::uint64_t stage;
    index_t go;
    index_t gi;
    index_t degree;
    double beta;
    ring_order order;
  };
  for (const specimen& s :
       {specimen{1, "conv1", 0, 8, 8, 2, 0.1, ring_order::interleaved},
        specimen{2, "fc1", 3, 16, 32, 8, 0.25, ring_order::aligned},
        specimen{0xfedcba9876543210u, "a b", 1, 32, 16, 5, 1.0, ring_order::interleaved},
        specimen{77, "x", 0, 64, 128, 20, 0.05, ring_order::interleaved},
        specimen{5, "y", 0, 7, 11, 11, 0.5, ring_order::interleaved},
        specimen{6, "z", 0, 9, 13, 4, 0.0, ring_order::interleaved}}) {
    CAPTURE(s.seed, s.name, s.go, s.gi);
    const auto rows = swprune_test::numbers_from(
        fmt::format("{} '{}/tests/mask/mask_reference.py' {} '{}' {} {} {} {} {} {}", *python,
                    SWPRUNE_SOURCE_DIR, s.seed, s.name, s.stage, s.go, s.gi, s.degree, s.beta,
                    s.order == ring_order::aligned ? 1 : 0));
    const auto m = generate({.out_groups = s.go,
                             .in_groups = s.gi,
                             .degree = s.degree,
                             .beta = s.beta,
                             .order = s.order},
                            rng(s.seed), s.name, s.stage)
                       .blocks;
    REQUIRE(rows.size() == static_cast<std::size_t>(s.go));
    for (index_t j = 0; j < s.go; ++j)
      for (index_t i = 0; i < s.gi; ++i)
        REQUIRE(m.test(j, i) ==
                (rows[static_cast<std::size_t>(j)].at(static_cast<std::size_t>(i)) == 1.0));
  }
}

TEST_CASE("masks differ by name, stage and seed, not by what else was drawn") {
  const auto p = square(mask_kind::small_world, 32, 8, 0.1);
  const rng root(3);
  const auto m = generate(p, root, "conv").blocks;
  CHECK(generate(p, root, "conv").blocks == m);
  CHECK_FALSE(generate(p, root, "fc").blocks == m);
  CHECK_FALSE(generate(p, root, "conv", 1).blocks == m);
  CHECK_FALSE(generate(p, rng(4), "conv").blocks == m);
  rng used(3);
  (void)used.next();
  CHECK(generate(p, used, "conv").blocks == m);
}

TEST_CASE("dense has every block, whatever the degree") {
  rng random(1);
  const auto m = generate({.out_groups = 5, .in_groups = 7, .kind = mask_kind::dense}, random);
  CHECK(m.blocks == mask::block_mask::dense(5, 7));
}

TEST_CASE("ws_classic holds the diagonal, covers, and comes near the wanted density") {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const index_t gi : {16, 32, 64}) {
      CAPTURE(seed, gi);
      rng random(seed);
      const index_t go = 32;
      const auto m = generate({.out_groups = go,
                               .in_groups = gi,
                               .degree = gi / 4,
                               .kind = mask_kind::ws_classic,
                               .beta = 0.2,
                               .order = ring_order::aligned},
                              random);
      const auto n = static_cast<double>(std::min(go, gi));
      REQUIRE(std::abs(m.blocks.density() - 0.25) <= 1.0 / n + 1e-12);
      const auto g = mask::to_ring(m.blocks, ring_order::aligned);
      REQUIRE(swprune_test::all_inputs_used(g));
      REQUIRE(swprune_test::all_outputs_fed(g));
      for (index_t j = 0; j < go; ++j) REQUIRE(m.blocks.test(j, j * gi / go));
      REQUIRE(m.beta_achieved == Approx(0.2).margin(0.15));
    }
}

TEST_CASE(
    "ws_flex meets the number of blocks, newman_watts about; both cover and hold the diagonal") {
  double flex_error = 0.0;
  double newman_error = 0.0;
  int masks = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (const auto& [go, gi] : {std::pair<index_t, index_t>{32, 32}, {32, 64}, {48, 20}})
      for (const mask_kind kind : {mask_kind::ws_flex, mask_kind::newman_watts}) {
        CAPTURE(seed, go, gi, mask::to_string(kind));
        rng random(seed);
        generate_params p{.out_groups = go,
                          .in_groups = gi,
                          .kind = kind,
                          .beta = 0.2,
                          .order = ring_order::aligned};
        p = with_blocks(p, go * gi / 4 + static_cast<index_t>(seed));
        const auto m = generate(p, random);
        const auto g = mask::to_ring(m.blocks, ring_order::aligned);
        REQUIRE(swprune_test::all_inputs_used(g));
        REQUIRE(swprune_test::all_outputs_fed(g));
        const index_t n = std::min(go, gi);
        for (index_t v = 0; v < n; ++v)
          REQUIRE(m.blocks.test(ceil_div(v * go, n), ceil_div(v * gi, n)));
        REQUIRE(m.beta_achieved == Approx(0.17).margin(0.14));
        const double wanted = static_cast<double>(go * gi / 4 + static_cast<index_t>(seed));
        const double error = std::abs(static_cast<double>(m.blocks.count()) - wanted) / wanted;
        (kind == mask_kind::ws_flex ? flex_error : newman_error) += error;
        masks += kind == mask_kind::ws_flex;
      }
  CHECK(flex_error / masks < 0.02);  // on rectangles only about: columns of a node are not equal
  CHECK(newman_error / masks < 0.12);
}

TEST_CASE("erdos_renyi has exactly the blocks and a block in every row; columns vary") {
  index_t widest = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    generate_params p{.out_groups = 16, .in_groups = 40, .kind = mask_kind::erdos_renyi};
    p = with_blocks(p, static_cast<index_t>(16 + random.below(600)));
    const auto m = generate(p, random);
    REQUIRE(m.blocks.count() == p.degree * 16 + p.extra_rows);
    for (index_t j = 0; j < 16; ++j) REQUIRE(m.blocks.row_degree(j) >= 1);
    widest = std::max(widest, m.column_spread);
  }
  CHECK(widest > 4);
}

TEST_CASE("barabasi_albert has rows of the nearest whole degree and columns that are hubs") {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const index_t extra : {0, 7, 8, 15}) {
      CAPTURE(seed, extra);
      rng random(seed);
      const auto m = generate({.out_groups = 16,
                               .in_groups = 64,
                               .degree = 9,
                               .extra_rows = extra,
                               .kind = mask_kind::barabasi_albert},
                              random);
      for (index_t j = 0; j < 16; ++j) REQUIRE(m.blocks.row_degree(j) == (extra >= 8 ? 10 : 9));
      REQUIRE(m.column_spread > 4);
    }
}

TEST_CASE("kinds that are not balanced have one level, and unstructured has no blocks") {
  rng random(1);
  for (const mask_kind kind : mask::mask_kinds) {
    if (mask::is_balanced(kind) || kind == mask_kind::dense || kind == mask_kind::unstructured)
      continue;
    CHECK_THROWS_WITH(
        generate({.out_groups = 8, .in_groups = 8, .degree = 3, .kind = kind, .cluster_size = 2},
                 random),
        Catch::Contains(fmt::format("kind {} has one level", mask::to_string(kind))));
  }
  CHECK_THROWS_WITH(
      generate({.out_groups = 8, .in_groups = 8, .degree = 3, .kind = mask_kind::unstructured},
               random),
      Catch::Contains("kind unstructured has no graph of blocks"));
}

TEST_CASE("inner_degree reaches the clusters") {
  generate_params p{.out_groups = 32, .in_groups = 32, .degree = 8, .cluster_size = 4};
  const auto half = generate(p, rng(1), "conv").blocks;
  p.inner_degree = 2;
  CHECK(generate(p, rng(1), "conv").blocks == half);
  p.inner_degree = 4;
  CHECK_FALSE(generate(p, rng(1), "conv").blocks == half);
  p.inner_degree = 5;
  CHECK_THROWS_WITH(generate(p, rng(1), "conv"), Catch::Contains("the inner degree must lie in"));
}

TEST_CASE("what no mask has is refused by name") {
  rng random(1);
  CHECK_THROWS_WITH(with_blocks({.out_groups = 4, .in_groups = 4}, 17),
                    Catch::Contains("a 4 x 4 mask has between 0 and 16 blocks, given 17"));
  CHECK_THROWS_AS(with_blocks({.out_groups = 0, .in_groups = 4}, 0), mismatch_error);
  CHECK_THROWS_WITH(generate({.out_groups = 4, .in_groups = 4, .degree = 5}, random),
                    Catch::Contains("the degree of an output node must lie in [0, 4]"));
  CHECK_THROWS_WITH(generate({.out_groups = 8,
                              .in_groups = 8,
                              .degree = 3,
                              .kind = mask_kind::ws_classic,
                              .cluster_size = 2},
                             random),
                    Catch::Contains("kind ws_classic has one level"));
  CHECK_THROWS_AS(generate({.out_groups = 4, .in_groups = 4, .beta = -1.0}, random),
                  invalid_argument);
  CHECK_THROWS_AS(generate({.out_groups = 4, .in_groups = 4, .cluster_size = -1}, random),
                  invalid_argument);
}

TEST_CASE("kinds have names both ways") {
  for (const mask_kind kind : mask::mask_kinds)
    CHECK(mask::parse_mask_kind(mask::to_string(kind)) == kind);
  CHECK_THROWS_WITH(mask::parse_mask_kind("smallworld"),
                    Catch::Contains("a mask kind is one of small_world, lattice, random, dense, "
                                    "ws_classic, ws_flex, newman_watts, erdos_renyi, "
                                    "barabasi_albert, unstructured; given 'smallworld'"));
}

TEST_CASE("I8 in place: an interleaved mask is measured with its order undone") {
  rng random(2);
  const auto p = square(mask_kind::small_world, 64, 16, 0.08);
  const auto m = generate(p, random).blocks;
  const auto s = mask::measure_small_world(m, ring_order::interleaved, random);
  CHECK(s.sigma > 1.0);
  CHECK(std::abs(s.omega) < 0.25);
  const auto wrong = mask::measure_small_world(m, ring_order::aligned, random);
  CHECK(wrong.clustering < s.clustering);
}
