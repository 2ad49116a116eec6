// SPDX-License-Identifier: Apache-2.0

// What is promised of the main training job, on all images: minutes, not seconds.

#include <catch2/catch.hpp>

#include "swprune/io/mnist_like.hpp"
#include "swprune/train/fine_tune.hpp"
#include "swprune/train/recipes.hpp"
#include "tests/support/require.hpp"
#include "tests/train/pruned_lenet.hpp"

using namespace swprune;

TEST_CASE("76 % sparsity costs at most a point of accuracy on Fashion-MNIST", "[fashion]") {
  const auto dir = swprune_test::find_data("fashion-mnist");
  if (!dir) SWPRUNE_SKIP_DATA("no fashion-mnist in $SWPRUNE_DATA or ./data");
  const auto data = io::load_mnist_like(*dir);
  const rng root(1);
  nn::network<float> sparse = swprune_test::pruned_lenet(mask::mask_kind::small_world, root);
  const auto run = train::fit(sparse, data.train, data.test, train::lenet5_recipe(), root);
  nn::network<float> dense = swprune_test::pruned_lenet(mask::mask_kind::dense, root);
  const auto control = train::fit(dense, data.train, data.test, train::lenet5_recipe(), root);
  CAPTURE(run.test_accuracy(), control.test_accuracy(), run.seconds(), control.seconds());
  CHECK(run.test_accuracy() >= 0.905);
  CHECK(run.test_accuracy() >= control.test_accuracy() - 0.01);
  const auto tuned =
      train::fine_tune(sparse, data.train, data.test, train::lenet5_fine_tune_recipe(1), root);
  CHECK(tuned.pattern.unchanged);
  CHECK(tuned.run.test_accuracy() >= 0.905);
}
