// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/unstructured.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "tests/mask/demo_layers.hpp"

using namespace swprune;
using mask::layer_spec;
using mask::unstructured_mask;

TEST_CASE("exactly the wanted number of weights, each as likely as any other") {
  const layer_spec l{"conv", 5, 7, 3, 2, 1, false};  // 210 weights
  std::vector<double> hits(210, 0.0);
  constexpr int draws = 4000;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    rng random(seed);
    const auto m = unstructured_mask(l, 63, random);
    check(m);
    REQUIRE(m.kept_weights() == 63);
    for (index_t o = 0; o < 7; ++o)
      for (index_t i = 0; i < 5; ++i)
        for (index_t t = 0; t < 6; ++t)
          hits[static_cast<std::size_t>((o * 5 + i) * 6 + t)] += m.kept_taps.test(o, i, t);
  }
  double squares = 0.0;
  for (const double h : hits) squares += (h - 0.3 * draws) * (h - 0.3 * draws);
  // each count has variance n p (1 - p) 210/209; chi-squared with 209 degrees of freedom
  const double chi = squares / (draws * 0.3 * 0.7);
  CAPTURE(chi);
  CHECK(chi > 209.0 - 5.0 * std::sqrt(2.0 * 209.0));
  CHECK(chi < 209.0 + 5.0 * std::sqrt(2.0 * 209.0));
}

TEST_CASE("none, one and all weights; a flat layer has no table of taps") {
  const layer_spec conv{"conv", 4, 4, 3, 3, 1, false};
  const layer_spec fc{"fc", 4, 4, 1, 1, 1, false};
  rng random(1);
  CHECK(unstructured_mask(conv, 0, random).blocks.count() == 0);
  CHECK(unstructured_mask(conv, 1, random).kept_weights() == 1);
  const auto all = unstructured_mask(conv, 144, random);
  CHECK(all.kept_weights() == 144);
  CHECK(all.kept_taps.keeps_all());
  const auto flat = unstructured_mask(fc, 7, random);
  CHECK(flat.kept_weights() == 7);
  CHECK(flat.kept_taps.keeps_all());
  for (const index_t bad : {-1, 145})
    CHECK_THROWS_WITH(unstructured_mask(conv, bad, random),
                      Catch::Contains("layer 'conv': the weights to keep must lie in [0, 144]"));
}

TEST_CASE("a network of single weights meets the sparsity to the weight, by any rule") {
  for (const auto& rule : {mask::density_rule::uniform(), mask::density_rule::erk()}) {
    const mask::mask_params p{
        .sparsity = 0.84, .kind = mask::mask_kind::unstructured, .rule = rule};
    const auto& layers = swprune_test::demo_layers;
    const auto plan = mask::allocate(layers, p.allocation());
    CHECK(plan.kept_weights == plan.target_weights);
    const auto masks = mask::make_masks(layers, p, rng(3));
    CHECK(masks.kept_weights() == plan.target_weights);
    CHECK(masks == mask::make_masks(layers, p, rng(3)));
    CHECK_FALSE(masks == mask::make_masks(layers, p, rng(4)));
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const auto& m = masks.layers()[l];
      CHECK(m.block == (layers[l].keep_dense ? p.block : mask::block_shape{1, 1}));
      CHECK(m.kept_weights() == plan.layers[l].kept_weights);
      CHECK(plan.layers[l].out_groups == m.out_groups());
      if (!layers[l].keep_dense) CHECK(plan.layers[l].blocks() == m.kept_weights());
    }
  }
}

TEST_CASE("what single weights have not: clusters and shared taps") {
  const auto& layers = swprune_test::demo_layers;
  CHECK_THROWS_WITH(
      mask::make_masks(layers, {.kind = mask::mask_kind::unstructured, .tap_density = 0.5}, rng(1)),
      Catch::Contains("the tap density must be 1, given 0.5"));
  CHECK_THROWS_WITH(
      mask::make_masks(layers, {.kind = mask::mask_kind::unstructured, .cluster_size = 2}, rng(1)),
      Catch::Contains("kind unstructured has no blocks: the cluster size must be 1, given 2"));
}
