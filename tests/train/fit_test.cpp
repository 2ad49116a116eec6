// SPDX-License-Identifier: Apache-2.0
#include "swprune/train/fit.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <limits>

#include "swprune/core/parallel.hpp"
#include "swprune/train/fine_tune.hpp"
#include "tests/train/tiny_problem.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

train::fit_params quick() {
  train::fit_params p;
  p.epochs = 4;
  p.batch = 20;
  p.schedule.rate = 0.05;
  return p;
}

/// All parameters and running statistics.
std::vector<float> everything(nn::network<float>& net) {
  std::vector<float> all;
  for (const auto& p : net.parameters()) all.insert(all.end(), p.values.begin(), p.values.end());
  for (const auto& s : net.state()) all.insert(all.end(), s.values.begin(), s.values.end());
  return all;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

struct recorder : train::observer {
  index_t steps = 0, epochs = 0, stop_after_steps = -1, stop_after_epochs = -1;
  train::step_event last;
  train::verdict on_step(const train::step_event& e) override {
    last = e;
    return ++steps == stop_after_steps ? train::verdict::stop : train::verdict::go_on;
  }
  train::verdict on_epoch(const train::epoch_record&, index_t) override {
    return ++epochs == stop_after_epochs ? train::verdict::stop : train::verdict::go_on;
  }
};

}  // namespace

TEST_CASE("training fits a small problem", "[fit]") {
  const auto train_set = bright_quarters(500, 1), test_set = bright_quarters(200, 2);
  nn::network<float> net = tiny_net<float>(3);
  const double before = train::evaluate(net, test_set).accuracy();
  train::fit_params p = quick();
  p.epochs = 8;
  const auto done = train::fit(net, train_set, test_set, p, rng(4));
  REQUIRE(done.epochs.size() == 8);
  CHECK(before < 0.6);
  CHECK(done.test_accuracy() > 0.97);
  CHECK(done.epochs.back().loss < 0.3 * done.epochs.front().loss);
  CHECK(done.epochs.back().train_accuracy > 0.97);
  CHECK(done.epochs.back().test_accuracy == train::evaluate(net, test_set).accuracy());
  CHECK(done.seconds() > 0);
  CHECK_FALSE(done.stopped);
}

TEST_CASE("training is bit-identical at any number of threads and depends on the seed", "[fit]") {
  const auto data = bright_quarters(150, 1);
  const int before = thread_count();
  train::fit_params p = quick();
  p.batch = 70;
  p.augment = {.crop = 1, .flip = false};
  p.clip_norm = 0.5;
  std::vector<float> first;
  for (const auto kind : {train::optimiser_kind::adamw, train::optimiser_kind::sgd}) {
    p.optimiser = kind;
    for (const int threads : {1, 2, 3}) {
      set_thread_count(threads);
      nn::network<float> net = tiny_net<float>(3);
      train::fit(net, data, {}, p, rng(4));
      if (threads == 1) {
        CHECK_FALSE(same_bits(everything(net), first));
        first = everything(net);
      }
      CHECK(same_bits(everything(net), first));
    }
  }
  set_thread_count(before);
  nn::network<float> other = tiny_net<float>(3);
  train::fit(other, data, {}, p, rng(5));
  CHECK_FALSE(same_bits(everything(other), first));
}

TEST_CASE("no weight outside the mask comes to life, in training or fine-tuning", "[fit]") {
  const auto data = bright_quarters(200, 1);
  nn::network<float> net = tiny_net<float>(3);
  const mask::mask_set masks = net.masks();
  const train::weight_pattern before = train::pattern_of(net);
  train::fit(net, data, {}, quick(), rng(4));
  CHECK(train::compare_patterns(before, train::pattern_of(net)).unchanged);
  CHECK(net.masks() == masks);
  const auto tuned = train::fine_tune(net, data, {}, quick(), rng(4));
  CHECK(tuned.pattern.unchanged);
  CHECK(tuned.pattern.difference.empty());
  CHECK(tuned.run.epochs.size() == 4);
  // In the dense picture absent weights are zero, and padding outputs of storage too.
  for (const char* name : {"conv", "fc1", "fc2"}) {
    const auto* layer = net.find<nn::conv2d>(name);
    REQUIRE(layer != nullptr);
    const std::vector<float> dense = layer->to_dense();
    const auto& m = layer->mask();
    index_t stored = 0;
    for (std::size_t i = 0; i < dense.size(); ++i) {
      const index_t pair = static_cast<index_t>(i) / m.taps();
      if (m.blocks.test(pair / m.in_channels / m.block.outputs,
                        pair % m.in_channels / m.block.inputs))
        ++stored;
      else if (dense[i] != 0.0f)
        FAIL(name << " has an absent weight");
    }
    CHECK(stored == m.kept_weights());
    double all = 0, real = 0;
    for (const float w : layer->weights()) all += static_cast<double>(std::abs(w));
    for (const float w : dense) real += static_cast<double>(std::abs(w));
    CHECK(all == Approx(real).epsilon(1e-12));
  }
}

TEST_CASE("the pattern comparison sees a single weight", "[fit]") {
  const nn::network<float> net = tiny_net<float>(3);
  const train::weight_pattern before = train::pattern_of(net);
  train::weight_pattern after = before;
  auto& stored = after[1].stored;
  const std::size_t at = (9 * 8 + 1) * 16 + 6;  // output 9, input 1: row 1 lacks column 0
  REQUIRE(stored[at] == 0);
  stored[at] = 1;
  CHECK(train::compare_patterns(before, after).difference ==
        "layer 'fc1': weight [9][1][1][2] has come to life");
  CHECK_FALSE(train::compare_patterns(before, after).unchanged);
  CHECK(train::compare_patterns(after, before).difference ==
        "layer 'fc1': weight [9][1][1][2] has disappeared");
  after = before;
  after.pop_back();
  CHECK_FALSE(train::compare_patterns(before, after).unchanged);
  after = before;
  after[0].name = "other";
  CHECK_THAT(train::compare_patterns(before, after).difference, Contains("'other'"));
}

TEST_CASE("the observer sees every step and can stop", "[fit]") {
  const auto data = bright_quarters(50, 1);
  nn::network<float> net = tiny_net<float>(3);
  recorder all;
  train::fit(net, data, data, quick(), rng(4), &all);
  CHECK(all.steps == 4 * 3);
  CHECK(all.epochs == 4);
  CHECK(all.last.batch == 3);
  CHECK(all.last.batches == 3);
  CHECK(all.last.images == 50);
  CHECK(all.last.epoch == 3);
  recorder early;
  early.stop_after_steps = 5;
  auto done = train::fit(net, data, data, quick(), rng(4), &early);
  CHECK(done.stopped);
  CHECK(early.steps == 5);
  CHECK(done.epochs.size() == 2);
  CHECK(done.test_accuracy() >= 0);
  recorder epoch;
  epoch.stop_after_epochs = 3;
  done = train::fit(net, data, data, quick(), rng(4), &epoch);
  CHECK(done.stopped);
  CHECK(done.epochs.size() == 3);
}

TEST_CASE("a loss that is not finite stops before it does harm", "[fit]") {
  const auto data = bright_quarters(60, 1);
  nn::network<float> net = tiny_net<float>(3);
  net.find<nn::conv2d>("fc1")->weights()[7] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> before = everything(net);
  CHECK_THROWS_WITH(train::fit(net, data, {}, quick(), rng(4)),
                    Contains("E504") && Contains("epoch 1, batch 1") &&
                        Contains("the output of layer 4 'fc1' holds NaN or infinity"));
  CHECK(same_bits(everything(net), before));
  SECTION("a rate that makes it diverge leaves finite weights behind") {
    nn::network<float> fresh = tiny_net<float>(3);
    train::fit_params p = quick();
    p.schedule.rate = 1e30;
    CHECK_THROWS_AS(train::fit(fresh, data, {}, p, rng(4)), numeric_error);
    CHECK(nn::network<float>::all_finite(everything(fresh)));
  }
}

TEST_CASE("the test set is measured when it should be", "[fit]") {
  const auto data = bright_quarters(40, 1);
  nn::network<float> net = tiny_net<float>(3);
  train::fit_params p = quick();
  const auto measured = [&](index_t every) {
    p.test_every = every;
    std::vector<bool> when;
    for (const auto& e : train::fit(net, data, data, p, rng(1)).epochs)
      when.push_back(e.test_accuracy >= 0);
    return when;
  };
  CHECK(measured(1) == std::vector<bool>{true, true, true, true});
  CHECK(measured(3) == std::vector<bool>{false, false, true, true});
  CHECK(measured(0) == std::vector<bool>{false, false, false, false});
}

TEST_CASE("impossible training is refused", "[fit]") {
  const auto data = bright_quarters(40, 1);
  nn::network<float> net = tiny_net<float>(3);
  const auto refuses = [&](auto change, const std::string& text) {
    train::fit_params p = quick();
    change(p);
    CHECK_THROWS_WITH(train::fit(net, data, {}, p, rng(1)), Contains("E503") && Contains(text));
  };
  refuses([](auto& p) { p.epochs = -1; }, "epochs must be >= 0, given -1");
  refuses([](auto& p) { p.batch = 0; }, "batch must be >= 1, given 0");
  refuses([](auto& p) { p.label_smoothing = 1; }, "0 <= label_smoothing < 1 must hold, given 1");
  refuses([](auto& p) { p.test_every = -1; }, "test_every must be >= 0, given -1");
  refuses([](auto& p) { p.schedule.rate = 0; }, "the learning rate must be > 0, given 0");
  refuses([](auto& p) { p.schedule.final_rate = 1; }, "0 <= final_rate <= rate must hold");
  refuses([](auto& p) { p.schedule.warmup_epochs = -1; }, "warmup_epochs must be >= 0, given -1");
  refuses([](auto& p) { p.clip_norm = -1; }, "clip_norm must be >= 0, given -1");
  refuses([](auto& p) { p.adamw.beta1 = 1; }, "given 1 and 0.999");
  refuses([](auto& p) { p.sgd.momentum = 1; }, "0 <= momentum < 1 must hold, given 1");
  refuses([](auto& p) { p.sgd.weight_decay = -1; }, "weight_decay must be >= 0, given -1");
  refuses([](auto& p) { p.augment.crop = 17; }, "0 <= crop <= 16 pixels must hold, given 17");
  train::dataset wrong = data;
  wrong.shape = {1, 4, 16};
  CHECK_THROWS_WITH(
      train::fit(net, wrong, {}, quick(), rng(1)),
      Contains("E501") && Contains("takes 1 x 8 x 8 images, the data set has 1 x 4 x 16"));
  wrong = data;
  wrong.classes = 5;
  CHECK_THROWS_WITH(train::fit(net, wrong, {}, quick(), rng(1)),
                    Contains("5 classes need a network with as many outputs, given 4 x 1 x 1"));
  CHECK_THROWS_WITH(train::fit(net, data.subset(0, 0), {}, quick(), rng(1)),
                    Contains("the training set has no images"));
  CHECK_THROWS_WITH(train::evaluate(net, data, 0), Contains("batch must be >= 1, given 0"));
}

TEST_CASE("evaluation does not depend on its batch size", "[fit]") {
  const auto data = bright_quarters(75, 1);
  const nn::network<float> net = tiny_net<float>(3);
  const auto all = train::evaluate(net, data, 1000);
  for (const index_t size : {1, 7, 16, 33}) {
    const auto part = train::evaluate(net, data, size);
    CHECK(part.images == 75);
    CHECK(part.correct == all.correct);
    CHECK(part.loss == Approx(all.loss).epsilon(1e-12));
  }
  CHECK(train::evaluate(net, data.subset(0, 0)).accuracy() == 0);
}
