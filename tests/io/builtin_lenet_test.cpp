// SPDX-License-Identifier: Apache-2.0

// The built-in data set is neither too hard nor too easy: the dense LeNet reaches 97 %.

#include <catch2/catch.hpp>

#include <iostream>

#include "swprune/io/builtin.hpp"
#include "swprune/report/progress.hpp"
#include "swprune/train/fit.hpp"
#include "tests/io/dense_lenet.hpp"

using namespace swprune;

TEST_CASE("builtin: the dense LeNet reaches 97 %") {
  const io::train_test data = io::make_builtin();
  const rng random(1);
  nn::network<float> net = swprune_test::dense_lenet(data.train.shape, random);
  report::progress watcher(std::cout, {.label = "builtin, dense LeNet"});
  const train::history done =
      train::fit(net, data.train, data.test, {.epochs = 3, .batch = 64}, random, &watcher);
  CHECK(done.test_accuracy() >= 0.97);
}
