// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/progressive.hpp"
#include "swprune/mask/ramp.hpp"
#include "swprune/mask/stage_switches.hpp"
#include "tests/graph/checks.hpp"
#include "tests/mask/demo_layers.hpp"
#include "tests/mask/stage_checks.hpp"

using namespace swprune;
using mask::block_mask;
using mask::check_nested;
using mask::generate;
using mask::initial_stage;
using mask::layer_mask;
using mask::make_masks;
using mask::make_stages;
using mask::mask_set;
using mask::progressive_params;
using mask::ramp_degrees;
using mask::ramp_kind;
using mask::removal_order;
using mask::ring_order;
using mask::stage_at;
using mask::stage_row_degrees;
using mask::stage_switches;
using mask::stage_timing;

namespace {

using degrees = std::vector<index_t>;

bool page_states(const std::string& text) {
  static const std::string page = [] {
    std::ifstream in(std::string(SWPRUNE_SOURCE_DIR) + "/docs/progressive.md");
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }();
  CAPTURE(text);
  return !text.empty() && page.find(text) != std::string::npos;
}

layer_mask layer_of(std::string name, block_mask blocks) {
  const index_t go = blocks.out_groups();
  const index_t gi = blocks.in_groups();
  return {std::move(name), {4, 2}, 4 * go, 2 * gi, 3, 3, std::move(blocks)};
}

/// Every live block keeps the centre and, in turn, two others.
layer_mask with_taps(layer_mask m) {
  m.kept_taps = mask::tap_mask(m.out_groups(), m.in_groups(), m.taps());
  index_t turn = 0;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.blocks.row(j)) {
      m.kept_taps.set(j, i, 4);
      m.kept_taps.set(j, i, turn % 4);
      m.kept_taps.set(j, i, 5 + turn++ % 4);
    }
  return m;
}

/// Some layers of any size and degree, one of them dense.
mask_set any_network(rng& random) {
  std::vector<layer_mask> layers;
  const auto count = 1 + random.below(3);
  for (std::uint64_t l = 0; l < count; ++l) {
    const auto size = swprune_test::any_biregular(random, 14, random.below(2) == 0);
    layers.push_back(layer_of(
        fmt::format("layer{}", l),
        mask::from_ring(swprune_test::any_small_world(size, random), ring_order::interleaved)));
    if (random.below(3) == 0 && layers.back().blocks.count() > 0)
      layers.back() = with_taps(layers.back());
  }
  layers.push_back(layer_of("dense", block_mask::dense(3, 5)));
  return mask_set(std::move(layers));
}

double share(double x, ramp_kind ramp) { return ramp == ramp_kind::cubic ? x * x * x : x; }

}  // namespace

TEST_CASE("ramp: the formula, for every degree up to 24 groups") {
  for (const ramp_kind ramp : {ramp_kind::cubic, ramp_kind::linear})
    for (const index_t stages : {1, 2, 4, 7})
      for (const double first : {0.0, 0.1, 0.5, 0.76})
        for (index_t gi = 1; gi <= 24; ++gi)
          for (index_t last = 0; last <= gi; ++last) {
            CAPTURE(to_string(ramp), stages, first, gi, last);
            const degrees d =
                ramp_degrees(last, gi, {.stages = stages, .ramp = ramp, .initial_sparsity = first});
            REQUIRE(static_cast<index_t>(d.size()) == stages + 1);
            REQUIRE(std::is_sorted(d.rbegin(), d.rend()));
            REQUIRE(d.back() == last);
            const auto groups = static_cast<double>(gi);
            const double s_f = 1.0 - static_cast<double>(last) / groups;
            for (index_t k = 0; k <= stages; ++k) {
              const double x = 1.0 - static_cast<double>(k) / static_cast<double>(stages);
              const double s_k = s_f - (s_f - first) * share(x, ramp);
              const double wanted =
                  std::max(static_cast<double>(last), std::ceil((1.0 - s_k) * groups - 1e-9));
              REQUIRE(static_cast<double>(d[static_cast<std::size_t>(k)]) == wanted);
            }
          }
  CHECK(ramp_degrees(31, 128, {}) == degrees{128, 72, 44, 33, 31});
  CHECK(ramp_degrees(31, 128, {.ramp = ramp_kind::linear}) == degrees{128, 104, 80, 56, 31});
  CHECK(ramp_degrees(0, 0x7fffffff, {.stages = 64}).front() == 0x7fffffff);  // no overflow
}

TEST_CASE("switches: 0, 5 %, 10 %, ... all before 25 %; P0 all at the start") {
  CHECK(stage_switches({}, 100) == degrees{0, 5, 10, 15, 20});
  CHECK(stage_switches({}, 160) == degrees{0, 8, 16, 24, 32});
  CHECK(stage_switches({.stages = 9}, 1000) ==
        degrees{0, 25, 50, 75, 100, 125, 150, 175, 200, 225});
  CHECK(stage_switches({.timing = stage_timing::before_training}, 100) == degrees{0, 0, 0, 0, 0});
  for (index_t stages = 1; stages <= 64; ++stages)
    for (index_t steps = 0; steps < 300; ++steps) {
      CAPTURE(stages, steps);
      const degrees s = stage_switches({.stages = stages}, steps);
      REQUIRE(static_cast<index_t>(s.size()) == stages + 1);
      REQUIRE(s.front() == 0);
      REQUIRE(std::is_sorted(s.begin(), s.end()));
      REQUIRE((4 * s.back() < steps || steps == 0));
      REQUIRE(stage_at(s, std::max(index_t{0}, s.back())) == stages);
    }
  CHECK(stage_at({0, 5, 10, 10, 20}, 0) == 0);
  CHECK(stage_at({0, 5, 10, 10, 20}, 9) == 1);
  CHECK(stage_at({0, 5, 10, 10, 20}, 10) == 3);  // stage 2 starts at the same step: passed over
  CHECK(stage_at({0, 5, 10, 10, 20}, 1000) == 4);
}

TEST_CASE("I1, I2, I6 of 2000 networks: stages nest, rows follow the ramp, the last is final") {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const mask_set final_masks = any_network(random);
    progressive_params p;
    p.stages = static_cast<index_t>(1 + random.below(6));
    p.ramp = random.below(2) == 0 ? ramp_kind::cubic : ramp_kind::linear;
    const auto stages = make_stages(final_masks, p);
    const auto rows = stage_row_degrees(final_masks, p);
    REQUIRE(static_cast<index_t>(stages.size()) == p.stages + 1);
    REQUIRE(rows.size() == stages.size());
    REQUIRE_NOTHROW(check_nested(stages));
    REQUIRE(stages.back() == final_masks);
    REQUIRE(initial_stage(final_masks, p) == stages.front());
    REQUIRE(stages.front().density() == 1.0);
    for (std::size_t k = 0; k < stages.size(); ++k)
      for (std::size_t l = 0; l < stages[k].layers().size(); ++l) {
        const layer_mask& m = stages[k].layers()[l];
        const layer_mask& last = final_masks.layers()[l];
        index_t least = m.in_groups();
        for (index_t j = 0; j < m.out_groups(); ++j)
          least = std::min(least, last.blocks.row_degree(j));
        const index_t wanted = ramp_degrees(least, m.in_groups(), p)[k];
        for (index_t j = 0; j < m.out_groups(); ++j) {
          REQUIRE(m.blocks.row_degree(j) ==
                  std::min(m.in_groups(), last.blocks.row_degree(j) + wanted - least));
          REQUIRE(rows[k][l][static_cast<std::size_t>(j)] == m.blocks.row_degree(j));
        }
        if (m.name == "dense") REQUIRE(m == last);
        // all taps until the last stage
        REQUIRE(m.kept_taps == (k + 1 < stages.size() ? mask::tap_mask() : last.kept_taps));
        if (m.out_groups() == m.in_groups())
          REQUIRE(column_spread(mask::to_ring(m.blocks, ring_order::aligned)) <= 1);
      }
  }
}

TEST_CASE("P0: the last stage is the one-shot mask set, bit for bit") {
  for (const index_t cluster : {1, 4})
    for (const double sparsity : {0.5, 0.76, 0.84}) {
      CAPTURE(cluster, sparsity);
      const mask_set one_shot =
          make_masks(swprune_test::demo_layers,
                     {.sparsity = sparsity, .block = {8, 4}, .cluster_size = cluster}, rng(7));
      const auto stages = make_stages(one_shot, {.timing = stage_timing::before_training});
      REQUIRE(stages.back() == one_shot);
      REQUIRE(swprune_test::text_of(stages.back()) == swprune_test::text_of(one_shot));
      REQUIRE_NOTHROW(check_nested(stages));
      REQUIRE(stages.front().density() == 1.0);
      for (std::size_t k = 1; k < stages.size(); ++k)
        REQUIRE(stages[k].kept_weights() <= stages[k - 1].kept_weights());
      CHECK(stages[1].kept_weights() < stages[0].kept_weights());
      CHECK(stages.back().kept_weights() < stages[1].kept_weights());
    }
}

TEST_CASE("an initial sparsity starts the ramp there; denser layers wait") {
  const mask_set last({layer_of("a", mask::from_ring(graph::bipartite_lattice({16, 16, 4, 0}),
                                                     ring_order::interleaved)),
                       layer_of("b", mask::from_ring(graph::bipartite_lattice({16, 16, 12, 0}),
                                                     ring_order::interleaved))});
  const auto stages = make_stages(last, {.initial_sparsity = 0.5});
  CHECK(stages[0].at("a").blocks.row_degree(0) == 8);
  CHECK(stages[0].at("b") == last.at("b"));
  CHECK(stages[0].density() == Approx((8.0 + 12.0) / 32.0));
  CHECK(make_stages(last, {.initial_sparsity = 0.75}).front() == last);
  CHECK_THROWS_WITH(
      make_stages(last, {.initial_sparsity = 0.76}),
      Catch::Contains("the initial sparsity must lie in [0, 0.750000], the sparsity of the "
                      "sparsest layer, given 0.76"));
  CHECK_NOTHROW(make_stages(mask_set(), {}));
}

TEST_CASE("order block_norm: from all blocks to the final rows, by the weights") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const mask_set last =
        make_masks({{"c1", 16, 64, 3, 3, 64, false}, {"c2", 64, 32, 3, 3, 64, false}},
                   {.sparsity = 0.7, .block = {4, 4}}, random);
    const progressive_params p{.stages = 3, .order = removal_order::block_norm};
    const auto rows = stage_row_degrees(last, p);
    std::vector<mask_set> stages{initial_stage(last, p)};
    for (std::size_t k = 1; k < rows.size(); ++k) {
      std::vector<std::vector<double>> norms;
      for (const layer_mask& m : last)
        for (norms.emplace_back(); norms.back().size() < m.blocks.bytes().size();)
          norms.back().push_back(random.uniform());
      stages.push_back(mask::next_stage_by_norm(stages.back(), norms, rows[k], rows.back()));
    }
    REQUIRE_NOTHROW(check_nested(stages));
    REQUIRE(stages.back().kept_weights() == last.kept_weights());
    REQUIRE_FALSE(stages.back() == last);
    for (std::size_t l = 0; l < last.layers().size(); ++l) {
      const auto g = mask::to_ring(stages.back().layers()[l].blocks, ring_order::aligned);
      REQUIRE(swprune_test::columns_balanced(g));
      REQUIRE(swprune_test::all_inputs_used(g));
      for (index_t j = 0; j < g.out_nodes(); ++j)
        REQUIRE(g.row_degree(j) == last.layers()[l].blocks.row_degree(j));
    }
    CHECK_THROWS_WITH(
        mask::next_stage_by_norm(stages[0], {}, rows[1], rows.back()),
        Catch::Contains("2 layers need as many lists of norms and of row degrees, now and in the "
                        "end, given 0, 2 and 2"));
  }
}

TEST_CASE("the check of nesting finds every fault that is put in") {
  const mask_set last = make_masks(swprune_test::demo_layers, {.block = {8, 4}}, rng(3));
  const auto good = make_stages(last, {});
  REQUIRE_NOTHROW(check_nested(good));
  const auto refused = [&](std::size_t stage, const std::vector<layer_mask>& layers,
                           const std::string& text) {
    auto bad = good;
    bad[stage] = mask_set(layers);
    CHECK_THROWS_WITH(check_nested(bad), Catch::Contains(text));
  };
  int added = 0;
  for (std::size_t stage = 1; stage < good.size(); ++stage)
    for (std::size_t l = 0; l < last.layers().size(); ++l) {
      auto layers = good[stage].layers();
      for (index_t i = 0; i < layers[l].in_groups(); ++i) {
        if (good[stage - 1].layers()[l].blocks.test(0, i)) continue;
        layers[l].blocks.set(0, i);
        refused(stage, layers,
                fmt::format("stage {}: layer '{}' has block (0, {}), which stage {} lacks", stage,
                            layers[l].name, i, stage - 1));
        ++added;
        break;
      }
    }
  CHECK(added >= 4);
  auto layers = last.layers();
  layers.pop_back();
  refused(4, layers, "stage 4 has 3 layers, stage 0 has 4");
  layers = last.layers();
  layers[1].name = "other";
  refused(4, layers, "stage 4: layer 'other' has another name or shape than 'conv2' of stage 3");
  layers = good[2].layers();
  layers[1].kept_taps = mask::tap_mask(layers[1].out_groups(), layers[1].in_groups(), 25);
  for (index_t j = 0; j < layers[1].out_groups(); ++j)
    for (const index_t i : layers[1].blocks.row(j)) layers[1].kept_taps.set(j, i, 12);
  refused(2, layers, "stage 3: layer 'conv2' keeps tap 0 of block (0, ");
}

TEST_CASE("the same final masks have the same stages on every platform") {
  const rng root(2020);
  const auto drawn = [&](const char* name, index_t go, index_t gi, index_t degree) {
    return layer_of(
        name, generate({.out_groups = go, .in_groups = gi, .degree = degree}, root, name).blocks);
  };
  const mask_set last(std::vector<layer_mask>{drawn("conv1", 8, 16, 4), drawn("conv2", 32, 32, 8)});
  std::string text;
  for (const mask_set& m : make_stages(last, {})) text += swprune_test::text_of(m);
  CHECK(hash64(text) == 0x0dcab5b16edac3b2u);
  rng random(1);
  std::vector<std::vector<double>> norms;
  for (const layer_mask& m : last)
    for (norms.emplace_back(); norms.back().size() < m.blocks.bytes().size();)
      norms.back().push_back(random.uniform());
  const auto rows = stage_row_degrees(last, {});
  const mask_set dense = initial_stage(last, {});
  CHECK(hash64(swprune_test::text_of(
            mask::next_stage_by_norm(dense, norms, rows[2], rows.back()))) == 0xc3d552588396ff9au);
}

TEST_CASE("parameters outside their range are refused by name") {
  const mask_set last = make_masks(swprune_test::demo_layers, {.block = {8, 4}}, rng(1));
  CHECK_THROWS_WITH(make_stages(last, {.stages = 0}),
                    "swprune E306: the progressive schedule is not usable: the number of stages "
                    "must lie in [1, 64], given 0");
  CHECK_THROWS_AS(make_stages(last, {.stages = 65}), invalid_argument);
  for (const double bad : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(make_stages(last, {.initial_sparsity = bad}),
                      Catch::Contains("the initial sparsity must lie in [0, 1), given "));
  CHECK_THROWS_WITH(
      make_stages(last, {.order = removal_order::block_norm}),
      Catch::Contains("stages can be made in advance in order ring_distance only, given "
                      "block_norm"));
  CHECK_THROWS_WITH(ramp_degrees(5, 4, {}), Catch::Contains("the final degree must lie in [0, 4]"));
  CHECK_THROWS_AS(ramp_degrees(-1, 4, {}), mismatch_error);
  CHECK_THROWS_AS(ramp_degrees(0, 0, {}), mismatch_error);
  CHECK_THROWS_WITH(stage_switches({}, -1),
                    Catch::Contains("the number of steps must lie in [0, 2^48], given -1"));
  CHECK_THROWS_AS(stage_switches({.stages = -3}, 10), invalid_argument);
  CHECK_THROWS_WITH(stage_at({3, 4}, 2), Catch::Contains("no stage has started at step 2"));
  CHECK_THROWS_AS(stage_at({}, 2), invalid_argument);
  rng random(2);
  const mask_set taps({with_taps(
      layer_of("t", generate({.out_groups = 8, .in_groups = 8, .degree = 2}, random).blocks))});
  CHECK_THROWS_WITH(
      initial_stage(taps, {.order = removal_order::block_norm}),
      Catch::Contains("layer 't': order block_norm removes whole blocks, given a tap mask"));
  CHECK_NOTHROW(initial_stage(taps, {}));
}

TEST_CASE("docs/progressive.md: the worked example is what the library does") {
  rng random(1);
  const auto blocks = generate({.out_groups = 8,
                                .in_groups = 8,
                                .degree = 2,
                                .beta = 0.25,
                                .order = ring_order::aligned},
                               random)
                          .blocks;
  const auto stages = make_stages(mask_set(std::vector<layer_mask>{layer_of("conv", blocks)}),
                                  {.ring = ring_order::aligned});
  for (std::size_t k = 0; k < stages.size(); ++k) {
    const block_mask& m = stages[k].at("conv").blocks;
    CHECK(page_states(fmt::format("| {} | {} | {} |\n", k, m.row_degree(0), m.count())));
  }
  // the drawing: the last stage in which a block lives
  std::string drawing;
  for (index_t j = 0; j < 8; ++j) {
    drawing += "   ";
    for (index_t i = 0; i < 8; ++i) {
      std::size_t last = 0;
      while (last + 1 < stages.size() && stages[last + 1].at("conv").blocks.test(j, i)) ++last;
      drawing += fmt::format(" {}", last);
    }
    drawing += "\n";
  }
  CHECK(page_states(drawing));
  std::string table;
  for (const ramp_kind ramp : {ramp_kind::cubic, ramp_kind::linear}) {
    table += fmt::format("| {} |", to_string(ramp));
    for (const index_t d : ramp_degrees(31, 128, {.ramp = ramp})) table += fmt::format(" {} |", d);
    table += "\n";
  }
  CHECK(page_states(table));
  CHECK_FALSE(page_states("| cubic | 128 | 73 |"));  // this test can fail
}
