// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/checkpoint_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "swprune/train/fine_tune.hpp"
#include "tests/train/kill_trials.hpp"
#include "tests/train/killed_run.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

/// Stops after so many steps, or at the end of an epoch or at a switch.
struct stopper : train::observer {
  index_t steps = -1, epochs = -1, switches = -1;
  train::verdict on_step(const train::step_event&) override { return count(steps); }
  train::verdict on_epoch(const train::epoch_record&, index_t) override { return count(epochs); }
  train::verdict on_switch(const train::mask_switch&) override { return count(switches); }

 private:
  static train::verdict count(index_t& left) {
    return --left == 0 ? train::verdict::stop : train::verdict::go_on;
  }
};

}  // namespace

TEST_CASE("a run that is stopped anywhere goes on to the same bits", "[checkpoint]") {
  const temp_dir dir;
  for (const auto kind : {train::optimiser_kind::sgd, train::optimiser_kind::adamw}) {
    train::fit_params p = killed_params();
    p.optimiser = kind;
    p.schedule.rate = kind == train::optimiser_kind::sgd ? 0.05 : 0.01;
    const std::string name = kind == train::optimiser_kind::sgd ? "sgd" : "adamw";
    const auto whole = killed_run(dir / name, nullptr, p);
    REQUIRE(whole.epochs.size() == 20);
    REQUIRE(whole.switches.size() == 4);
    const io::record_set expected = without_times(dir / name);
    rng random(7);
    for (int trial = 0; trial < 8; ++trial) {
      CAPTURE(trial);
      const auto file = dir / fmt::format("{}{}", name, trial);
      index_t pauses = 0;
      for (bool over = false; !over; ++pauses) {
        stopper s;
        const auto left = static_cast<index_t>(1 + random.below(60));
        if (trial % 4 == 0)
          s.epochs = left;
        else if (trial % 4 == 1)
          s.switches = 1 + left % 4;
        else
          s.steps = left;
        const auto part = killed_run(file, &s, p);
        over = !part.stopped;
        if (over) {
          CHECK(part.epochs.size() == 20);
          CHECK(part.switches.size() == 4);
          CHECK(part.best_epoch == whole.best_epoch);
        }
      }
      CHECK(pauses >= 1);
      CHECK(without_times(file) == expected);
    }
    // A finished run is only told again.
    CHECK(killed_run(dir / name, nullptr, p).epochs.size() == 20);
    CHECK(without_times(dir / name) == expected);
  }
  // The comparison can fail.
  train::fit_params p = killed_params();
  p.sgd.weight_decay = 1e-3;
  killed_run(dir / "other", nullptr, p);
  CHECK_FALSE(without_times(dir / "other") == without_times(dir / "sgd"));
}

TEST_CASE("a run with moving blocks goes on to the same bits", "[checkpoint]") {
  const temp_dir dir;
  const auto data = bright_quarters(150, 1);
  train::fit_params p;
  p.epochs = 5;
  p.batch = 20;
  p.schedule.rate = 0.02;
  p.regrow = {.share = 1, .rounds = 10};
  const auto go = [&](const std::filesystem::path& file, train::observer* watcher) {
    auto net = tiny_net<float>(3);
    io::checkpoint_file<float> keeper(file, {.every = 3});
    return train::fit(net, data, {}, p, rng(4), watcher, &keeper);
  };
  const auto whole = go(dir / "whole", nullptr);
  CHECK(whole.regrown_blocks >= 6);
  for (const index_t pause : {1, 4, 8, 13}) {
    CAPTURE(pause);
    const auto file = dir / std::to_string(pause);
    stopper s;
    do {
      s = {};
      s.steps = pause;
    } while (go(file, &s).stopped);
    CHECK(without_times(file) == without_times(dir / "whole"));
  }
}

TEST_CASE("a checkpoint of another run is refused, naming the option", "[checkpoint]") {
  const temp_dir dir;
  const auto file = dir / "run";
  stopper s;
  s.steps = 30;
  killed_run(file, &s);
  const std::string before = read_text(file);
  const auto refuses = [&](auto change, const std::string& text) {
    train::fit_params p = killed_params();
    change(p);
    CHECK_THROWS_WITH(killed_run(file, nullptr, p), Contains("E505") && Contains(text));
  };
  refuses([](auto& p) { p.batch = 21; }, "in which 'batch' is 20, now it is 21");
  refuses([](auto& p) { p.epochs = 21; }, "'epochs' is 20, now it is 21");
  refuses([](auto& p) { p.schedule.rate = 0.06; }, "'schedule.rate' is 0.05, now it is 0.06");
  refuses([](auto& p) { p.optimiser = train::optimiser_kind::adamw; }, "'optimiser'");
  refuses([](auto& p) { p.augment.flip = false; }, "'augment.flip' is true, now it is false");
  const auto data = bright_quarters(150, 1), test = bright_quarters(60, 2);
  const auto with = [&](const train::dataset& train_set, const rng& random) {
    auto net = tiny_net<float>(3);
    io::checkpoint_file<float> keeper(file);
    train::fit_progressive(net, net.masks(),
                           {.stages = 3, .order = mask::removal_order::block_norm}, train_set, test,
                           killed_params(), random, nullptr, &keeper);
  };
  CHECK_THROWS_WITH(with(data, rng(5)), Contains("'seed' is 4, now it is 5"));
  train::dataset other = data;
  other.images[77] ^= 1;
  CHECK_THROWS_WITH(with(other, rng(4)), Contains("'training data' is 150 images"));
  auto net = tiny_net<float>(3);
  io::checkpoint_file<float> keeper(file);
  CHECK_THROWS_WITH(train::fit(net, data, test, killed_params(), rng(4), nullptr, &keeper),
                    Contains("E505") && Contains("'masks'"));
  CHECK(read_text(file) == before);
  const io::checkpoint_file<float> anew(file, {.resume = false});
  CHECK_NOTHROW(with(data, rng(4)));
}

TEST_CASE("a damaged checkpoint is refused and a failing write keeps the earlier one",
          "[checkpoint]") {
  const temp_dir dir;
  const auto file = dir / "run";
  stopper s;
  s.steps = 30;
  killed_run(file, &s);
  const std::string good = read_text(file);
  rng random(9);
  for (int trial = 0; trial < 60; ++trial) {
    std::string bad = good;
    const auto at = static_cast<std::size_t>(random.below(good.size()));
    if (trial % 2 == 0)
      bad.resize(at);
    else
      bad[at] = static_cast<char>(bad[at] ^ (1 << random.below(8)));
    write_text(file, bad);
    CAPTURE(trial, at);
    CHECK_THROWS_AS(killed_run(file), error);
    CHECK(read_text(file) == bad);  // nothing is overwritten
  }
  write_text(file, good);
  // Golden outputs that the weights do not give.
  io::record_set changed("changed");
  const io::record_set loaded = io::load_container(file, io::checkpoint_kind);
  for (const auto& r : loaded.records()) {
    if (r.name != "network.fc2.weights") {
      changed.add(r.name, r.value);
      continue;
    }
    auto w = r.value.numbers<float>();
    w[0] += 1;
    changed.add(r.name, io::array::of(w));
  }
  io::save_container(dir / "changed", io::checkpoint_kind, changed);
  CHECK_THROWS_WITH(killed_run(dir / "changed"), Contains("E806") && Contains("golden inputs"));
  CHECK_THROWS_WITH(killed_run(dir / "no" / "run"), Contains("E802"));
  CHECK_THROWS_WITH(io::checkpoint_file<float>(file, {.every = -1}), Contains("E503"));
}

TEST_CASE("a loss that is not finite leaves the last good checkpoint", "[checkpoint]") {
  const temp_dir dir;
  const auto file = dir / "run";
  const auto data = bright_quarters(150, 1);
  auto net = tiny_net<float>(3);
  train::fit_params p;
  p.epochs = 4;
  p.batch = 20;
  p.schedule = {.kind = train::schedule_kind::step, .rate = 1e-3, .milestones = {2}};
  struct saboteur : train::observer {
    nn::network<float>& net;
    explicit saboteur(nn::network<float>& n) : net(n) {}
    train::verdict on_step(const train::step_event& e) override {
      if (e.epoch == 1 && e.batch == 5) net.find<nn::conv2d>("fc1")->weights()[7] = NAN;
      return train::verdict::go_on;
    }
  } sabotage(net);
  io::checkpoint_file<float> keeper(file, {.every = 3});
  CHECK_THROWS_WITH(train::fit(net, data, {}, p, rng(4), &sabotage, &keeper),
                    Contains("E504") && Contains("epoch 2, batch 6") && Contains("'fc1'"));
  auto fresh = tiny_net<float>(3);
  CHECK(train::fit(fresh, data, {}, p, rng(4), nullptr, &keeper).epochs.size() == 4);
  auto whole = tiny_net<float>(3);
  train::fit(whole, data, {}, p, rng(4));
  for (std::size_t i = 0; i < whole.parameters().size(); ++i) {
    const auto a = whole.parameters()[i].values, b = fresh.parameters()[i].values;
    CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
}

TEST_CASE("early stop keeps the best weights", "[fit]") {
  const auto data = bright_quarters(150, 1), test = bright_quarters(100, 2);
  auto net = tiny_net<float>(3);
  train::fit_params p;
  p.epochs = 30;
  p.batch = 20;
  p.schedule = {.kind = train::schedule_kind::constant, .rate = 0.02};
  p.early_stop.patience = 3;
  const auto done = train::fit(net, data, test, p, rng(4));
  REQUIRE(done.best_epoch >= 0);
  double best = 0;
  for (const auto& e : done.epochs) best = std::max(best, e.test_accuracy);
  CHECK(done.epochs[static_cast<std::size_t>(done.best_epoch)].test_accuracy == best);
  CHECK(train::evaluate(net, test).accuracy() == best);
  CHECK(done.stopped_early);
  CHECK(static_cast<index_t>(done.epochs.size()) == done.best_epoch + 1 + 3);
  p.test_every = 0;
  CHECK_THROWS_WITH(train::fit(net, data, test, p, rng(4)),
                    Contains("E503") && Contains("patience 3 needs the test set"));
  p.test_every = 1;
  CHECK_THROWS_WITH(train::fit(net, data, {}, p, rng(4)), Contains("patience 3 needs a test set"));
  CHECK_THROWS_WITH(train::check(train::early_stop_params{.patience = -1}), Contains("E503"));
}

TEST_CASE("killed five times, five times resumed", "[checkpoint][kill]") { kill_and_resume(5, 1); }
