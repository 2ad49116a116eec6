// SPDX-License-Identifier: Apache-2.0
#include "swprune/mask/dense_layers.hpp"

#include <catch2/catch.hpp>

#include <vector>

#include "tests/io/file_checks.hpp"
#include "tests/mask/demo_layers.hpp"

using namespace swprune;
using mask::layer_spec;
using mask::mask_set;
using swprune_test::error_of;

namespace {

const std::vector<layer_spec>& demo = swprune_test::demo_layers;

}  // namespace

TEST_CASE("dense layers: away and back again") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    const mask_set all = mask::make_masks(demo, {.sparsity = 0.76}, rng(seed));
    const mask_set pruned = mask::prunable_masks(all, demo);
    REQUIRE(pruned.size() == 2);
    CHECK(pruned.layers()[0] == all.at("conv2"));
    CHECK(pruned.layers()[1] == all.at("fc1"));
    CHECK(mask::with_dense_layers(pruned, demo) == all);
    CHECK(mask::with_dense_layers(all, demo) == all);
    CHECK(mask::prunable_masks(pruned, demo) == pruned);
  }
}

TEST_CASE("dense layers: a mask that a dense layer brings is kept, block sizes can be given") {
  const mask_set all = mask::make_masks(demo, {.sparsity = 0.76}, rng(1));
  const mask_set pruned = mask::prunable_masks(all, demo);
  const mask_set wide = mask::with_dense_layers(pruned, demo, mask::block_shape{4, 2});
  CHECK(wide.at("conv1").block == mask::block_shape{4, 2});
  CHECK(wide.at("conv1").kept_weights() == wide.at("conv1").weights());
  CHECK(wide.at("conv2") == all.at("conv2"));
  mask::layer_mask thin = all.at("conv1");
  thin.blocks.set(0, 0, false);
  const mask_set three({thin, all.at("conv2"), all.at("fc1")});
  CHECK(mask::with_dense_layers(three, demo).at("conv1") == thin);
}

TEST_CASE("dense layers: masks of another network are refused") {
  const mask_set all = mask::make_masks(demo, {.sparsity = 0.76}, rng(1));
  const mask_set one({all.at("conv2")});
  CHECK(error_of([&] { (void)mask::with_dense_layers(one, demo); }).says({"'fc1'"}));
  CHECK(error_of([&] { (void)mask::prunable_masks(one, demo); }).says({"'fc1'"}));
  mask::layer_mask other = all.at("fc1");
  other.name = "fc9";
  CHECK(error_of([&] {
          (void)mask::with_dense_layers(mask_set({all.at("conv2"), all.at("fc1"), other}), demo);
        }).says({"'fc9'", "no such layer"}));
  std::vector<layer_spec> larger = demo;
  larger[1].kernel_height = 3;
  for (const auto& action : {mask::prunable_masks(all, demo), all}) {
    CHECK(error_of([&] {
            (void)mask::with_dense_layers(action, larger);
          }).says({"'conv2'", "3x5", "5x5"}));
    CHECK(error_of([&] { (void)mask::prunable_masks(action, larger); }).is(errc::mask_shape));
  }
  std::vector<layer_spec> only_dense = demo;
  for (layer_spec& l : only_dense) l.keep_dense = true;
  CHECK(error_of([&] {
          (void)mask::with_dense_layers({}, only_dense);
        }).says({"'conv1'", "size of its blocks"}));
  CHECK(error_of([&] {
          (void)mask::with_dense_layers({}, only_dense, mask::block_shape{0, 4});
        }).is(errc::mask_block));
  CHECK(mask::with_dense_layers({}, only_dense, mask::block_shape{8, 4}).density() == 1.0);
}
