// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include "swprune/mask/mask_metrics.hpp"
#include "swprune/mask/mask_set.hpp"
#include "tests/graph/checks.hpp"
#include "tests/mask/demo_layers.hpp"

using namespace swprune;
using mask::block_mask;
using mask::layer_mask;
using mask::layer_spec;
using mask::make_masks;
using mask::mask_kind;
using mask::mask_params;
using mask::mask_set;

namespace {

const std::vector<layer_spec>& demo = swprune_test::demo_layers;

}  // namespace

TEST_CASE("the demo network's masks: 76 % over all weights, exact rows, everything connected") {
  for (const mask_kind kind : {mask_kind::small_world, mask_kind::lattice, mask_kind::random}) {
    CAPTURE(mask::to_string(kind));
    const mask_params p{.sparsity = 0.76, .block = {8, 4}, .kind = kind};
    const mask_set masks = make_masks(demo, p, rng(1));
    const mask::allocation plan = mask::allocate(demo, p.allocation());
    REQUIRE(masks.size() == 4);
    CHECK(masks.weights() == plan.weights);
    CHECK(masks.kept_weights() == plan.kept_weights);
    CHECK(std::abs(1.0 - masks.density() - 0.76) * 454688.0 <= 784.0);  // half a block of fc1
    double macs = 0.0;
    double kept = 0.0;
    for (std::size_t l = 0; l < demo.size(); ++l) {
      const layer_mask& m = masks.layers()[l];
      CHECK(m.name == demo[l].name);
      macs += static_cast<double>(demo[l].macs());
      kept += static_cast<double>(m.kept_weights() * demo[l].out_pixels);
      const auto g = mask::to_ring(m.blocks, mask::ring_order::aligned);
      const auto& a = plan.layers[l];
      CHECK(swprune_test::rows_exact(g, {.out_nodes = a.out_groups,
                                         .in_nodes = a.in_groups,
                                         .degree = a.degree,
                                         .extra_rows = a.extra_rows}));
      CHECK(swprune_test::columns_balanced(g));
    }
    CHECK(macs / kept >= 3.0);
    CHECK(mask::mixing(masks).reach.back() == 1.0);  // I4
  }
}

TEST_CASE("two levels through make_masks") {
  const mask_params p{.sparsity = 0.76, .block = {8, 4}, .cluster_size = 2};
  const mask_set masks = make_masks(demo, p, rng(1));
  CHECK(masks.kept_weights() == mask::allocate(demo, p.allocation()).kept_weights);
  CHECK_FALSE(masks == make_masks(demo, {.sparsity = 0.76, .block = {8, 4}}, rng(1)));
  for (const layer_mask& m : masks)
    CHECK(swprune_test::all_inputs_used(mask::to_ring(m.blocks, mask::ring_order::aligned)));
}

TEST_CASE("masks depend on seed and stage, and on the own layer only") {
  const mask_params p{.sparsity = 0.76, .block = {8, 4}};
  const mask_set masks = make_masks(demo, p, rng(1));
  CHECK(masks == make_masks(demo, p, rng(1)));
  CHECK_FALSE(masks == make_masks(demo, p, rng(2)));
  mask_params later = p;
  later.stage = 1;
  CHECK_FALSE(masks == make_masks(demo, later, rng(1)));
  std::vector<layer_spec> reordered{demo[1], demo[2], demo[0], demo[3]};
  const mask_set other = make_masks(reordered, p, rng(1));
  for (const layer_spec& l : demo) CHECK(masks.at(l.name) == other.at(l.name));
}

TEST_CASE("kind dense keeps everything; ws_classic comes near") {
  CHECK(make_masks(demo, {.kind = mask_kind::dense}, rng(1)).density() == 1.0);
  const mask_set classic =
      make_masks(demo, {.block = {8, 4}, .kind = mask_kind::ws_classic}, rng(1));
  CHECK(1.0 - classic.density() == Approx(0.76).margin(0.08));
}

TEST_CASE("masks of ragged layers keep what the allocation says, but for a corner") {
  const std::vector<layer_spec> ragged{{"a", 30, 37, 3, 3, 49, false},
                                       {"b", 37, 51, 3, 3, 49, false}};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const mask_params p{.sparsity = 0.5, .block = {8, 4}};
    const auto kept = make_masks(ragged, p, rng(seed)).kept_weights();
    const auto plan = mask::allocate(ragged, p.allocation()).kept_weights;
    // missing corners: a (8 - 5) x (4 - 2), b (8 - 3) x (4 - 1) channels, 9 taps each
    REQUIRE(std::abs(kept - plan) <= (3 * 2 + 5 * 3) * 9);
  }
}

TEST_CASE("a layer mask counts real weights, not padding") {
  layer_mask m{"x", {8, 4}, 10, 6, 3, 3, block_mask(2, 2)};
  CHECK(m.weights() == 10 * 6 * 9);
  CHECK(m.kept_weights() == 0);
  m.blocks.set(0, 0);
  CHECK(m.kept_weights() == 8 * 4 * 9);
  m.blocks.set(1, 1);
  CHECK(m.kept_weights() == (8 * 4 + 2 * 2) * 9);
  m.blocks = block_mask::dense(2, 2);
  CHECK(m.density() == 1.0);
}

TEST_CASE("a mask that does not fit its layer is refused by name") {
  CHECK_THROWS_WITH(mask_set({layer_mask{"conv", {8, 4}, 64, 32, 3, 3, block_mask::dense(8, 7)}}),
                    "swprune E301: the mask does not fit the layer: layer 'conv': 32 -> 64 "
                    "channels in 8x4 blocks "
                    "need a 8x8 mask, given 8x7");
  CHECK_THROWS_WITH(mask_set({layer_mask{"conv", {0, 4}, 64, 32, 3, 3, block_mask::dense(8, 8)}}),
                    Catch::Contains("layer 'conv': a block needs Bo >= 1 and Bi >= 1, given 0x4"));
  CHECK_THROWS_WITH(mask_set({layer_mask{"conv", {8, 4}, 64, 0, 3, 3, block_mask::dense(8, 8)}}),
                    Catch::Contains("layer 'conv': channels and kernel sizes must be >= 1"));
  const layer_mask a{"a", {1, 1}, 2, 2, 1, 1, block_mask::dense(2, 2)};
  CHECK_THROWS_WITH(mask_set({a, a}), Catch::Contains("the layer name 'a' is given twice"));
  const layer_mask nameless{"", {1, 1}, 2, 2, 1, 1, block_mask::dense(2, 2)};
  CHECK_THROWS_WITH(mask_set({nameless}), Catch::Contains("needs a name"));
}

TEST_CASE("a mask set finds its layers and sees a changed pattern") {
  const mask_set masks = make_masks(demo, {.block = {8, 4}}, rng(1));
  CHECK(masks.at("fc1").out_channels == 128);
  CHECK(masks.find("fc3") == nullptr);
  CHECK_THROWS_WITH(masks.at("fc3"), Catch::Contains("there is no mask for a layer 'fc3'"));
  CHECK(mask_set().density() == 1.0);
  std::vector<layer_mask> layers = masks.layers();
  CHECK(mask_set(layers) == masks);
  layers[1].blocks.set(0, 0, !layers[1].blocks.test(0, 0));
  CHECK_FALSE(mask_set(layers) == masks);
}
