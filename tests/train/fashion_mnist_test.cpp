// SPDX-License-Identifier: Apache-2.0

// The main training job on a part of the real images: the whole path in a few seconds.
// fashion_mnist_long_test checks the accuracy that is promised.

#include <catch2/catch.hpp>

#include "swprune/io/mnist_like.hpp"
#include "swprune/train/fit.hpp"
#include "swprune/train/recipes.hpp"
#include "tests/support/require.hpp"
#include "tests/train/pruned_lenet.hpp"

using namespace swprune;

TEST_CASE("a pruned network learns real images", "[fashion]") {
  const auto dir = swprune_test::find_data("fashion-mnist");
  if (!dir) SWPRUNE_SKIP_DATA("no fashion-mnist in $SWPRUNE_DATA or ./data");
  const auto data = io::load_mnist_like(*dir);
  const rng root(1);
  nn::network<float> net = swprune_test::pruned_lenet(mask::mask_kind::small_world, root);
  const auto done = train::fit(net, data.train.subset(0, 6000), data.test.subset(0, 2000),
                               train::lenet5_recipe(2), root);
  CAPTURE(done.test_accuracy());
  CHECK(done.test_accuracy() > 0.80);
}
