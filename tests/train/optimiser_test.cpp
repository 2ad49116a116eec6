// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "swprune/train/clip_norm.hpp"
#include "swprune/train/make_optimiser.hpp"
#include "swprune/train/schedule.hpp"

using namespace swprune;
using Catch::Matchers::Contains;

TEST_CASE("one step follows the formula", "[sgd]") {
  for (const bool nesterov : {false, true}) {
    std::array<double, 2> w{1.0, -2.0}, b{3.0, 0.5}, gw{0.1, 0.2}, gb{-0.3, 0.0};
    std::vector<nn::parameter_view<double>> views{{"w", w, gw, true}, {"b", b, gb, false}};
    train::sgd<double> optimiser(views,
                                 {.momentum = 0.5, .nesterov = nesterov, .weight_decay = 0.01});
    double v = 0, x = 1.0, vb = 0, y = 3.0;
    for (int step = 0; step < 5; ++step) {
      optimiser.step(views, 0.1);
      const double g = 0.1 + 0.01 * x;
      v = 0.5 * v + g;
      x -= 0.1 * (nesterov ? g + 0.5 * v : v);
      vb = 0.5 * vb - 0.3;  // no decay
      y -= 0.1 * (nesterov ? -0.3 + 0.5 * vb : vb);
      CHECK(w[0] == Approx(x).epsilon(1e-14));
      CHECK(b[0] == Approx(y).epsilon(1e-14));
      CHECK(b[1] == 0.5);
    }
    CHECK(optimiser.velocities()[0][0] == Approx(v).epsilon(1e-14));
  }
}

TEST_CASE("momentum comes to the minimum of a parabola", "[sgd]") {
  std::array<float, 1> w{5.0f}, g{};
  const std::vector<nn::parameter_view<float>> views{{"w", w, g, true}};
  train::sgd<float> optimiser(views, {.momentum = 0.9, .nesterov = true, .weight_decay = 0});
  for (int step = 0; step < 300; ++step) {
    g[0] = 2 * (w[0] - 1);
    optimiser.step(views, 0.02);
  }
  CHECK(w[0] == Approx(1).margin(1e-4));
}

TEST_CASE("an optimiser belongs to its parameters", "[sgd]") {
  std::array<float, 3> w{}, g{};
  std::vector<nn::parameter_view<float>> views{{"conv.weights", w, g, true}};
  train::sgd<float> optimiser(views);
  CHECK_THROWS_WITH(optimiser.step({}, 0.1), Contains("made for 1 parameters, given 0"));
  views[0].values = views[0].values.subspan(1);
  CHECK_THROWS_WITH(optimiser.step(views, 0.1),
                    Contains("'conv.weights' had 3 numbers when the optimiser was made, has 2"));
  CHECK_THROWS_WITH(train::sgd<float>(views, {.momentum = -0.1}), Contains("E503"));
}

TEST_CASE("adamw follows the formula", "[adamw]") {
  std::array<double, 2> w{1.0, -2.0}, g{};
  const std::vector<nn::parameter_view<double>> views{{"w", w, g, true}};
  train::adamw<double> optimiser(
      views, {.beta1 = 0.8, .beta2 = 0.9, .epsilon = 1e-4, .weight_decay = 0.1});
  double m = 0, v = 0, x = 1.0;
  for (int step = 1; step <= 6; ++step) {
    g = {0.3 * step, 0};
    optimiser.step(views, 0.05);
    m = 0.8 * m + 0.2 * 0.3 * step;
    v = 0.9 * v + 0.1 * 0.3 * step * 0.3 * step;
    x -= 0.05 * 0.1 * x;
    x -= 0.05 * (m / (1 - std::pow(0.8, step))) / (std::sqrt(v / (1 - std::pow(0.9, step))) + 1e-4);
    CHECK(w[0] == Approx(x).epsilon(1e-13));
    CHECK(w[1] == Approx(-2 * std::pow(1 - 0.005, step)).epsilon(1e-13));  // decay alone
  }
  CHECK(optimiser.steps() == 6);
  CHECK_THROWS_WITH(train::adamw<double>(views, {.beta2 = 1}), Contains("E503"));
  CHECK_THROWS_WITH(train::adamw<double>(views, {.epsilon = 0}), Contains("epsilon must be > 0"));
}

TEST_CASE("the arrays of every optimiser have names and follow a change of masks", "[optimiser]") {
  std::array<float, 3> w{1, 2, 3}, g{0.5f, 0.25f, 0.125f};
  std::array<float, 2> b{}, gb{1, 2};
  std::vector<nn::parameter_view<float>> views{{"a.weights", w, g, true}, {"a.bias", b, gb, false}};
  for (const auto kind : {train::optimiser_kind::sgd, train::optimiser_kind::adamw}) {
    const auto optimiser = train::make_optimiser(kind, {}, {}, views);
    optimiser->step(views, 0.1);
    std::vector<std::string> names;
    std::vector<std::vector<float>> before;
    for (const auto& s : optimiser->state()) {
      names.push_back(s.name);
      before.emplace_back(s.values.begin(), s.values.end());
    }
    CHECK(names == (kind == train::optimiser_kind::sgd
                        ? std::vector<std::string>{"velocity.a.weights", "velocity.a.bias"}
                        : std::vector<std::string>{"mean.a.weights", "mean.a.bias",
                                                   "square.a.weights", "square.a.bias"}));
    optimiser->change_masks({{"a.weights", 4, {2, -1, 0}}, {"a.bias", 2, {0, 1}}});
    const auto after = optimiser->state();
    for (std::size_t k = 0; k < after.size(); k += 2) {
      const std::vector<float> moved(after[k].values.begin(), after[k].values.end());
      CHECK(before[k][0] != 0);
      CHECK(moved == std::vector<float>{before[k][2], 0, before[k][0], 0});
      CHECK(std::equal(before[k + 1].begin(), before[k + 1].end(), after[k + 1].values.begin()));
    }
    CHECK(optimiser->steps() == 1);
    CHECK_THROWS_WITH(optimiser->step(views, 0.1), Contains("'a.weights' had 4 numbers"));
  }
}

TEST_CASE("gradients are shortened to the norm asked for", "[clip]") {
  std::array<float, 2> w{}, g{3, 0}, b{}, gb{0, 4};
  const std::vector<nn::parameter_view<float>> views{{"w", w, g, true}, {"b", b, gb, false}};
  CHECK(train::clip_norm(views, 6.0) == 5.0);
  CHECK(g[0] == 3);
  CHECK(train::clip_norm(views, 1.0) == 5.0);
  CHECK(g[0] == Approx(0.6));
  CHECK(gb[1] == Approx(0.8));
  CHECK(train::gradient_norm(views) == Approx(1));
}

TEST_CASE("schedules", "[schedule]") {
  using train::learning_rate;
  using kind = train::schedule_kind;
  const train::run_length run{.epochs = 10, .steps_per_epoch = 10};
  const train::schedule_params cosine{.rate = 0.2, .final_rate = 0.02};
  CHECK(learning_rate(cosine, 0, run) == Approx(0.2));
  CHECK(learning_rate(cosine, 50, run) == Approx(0.11));
  for (index_t s = 0; s < 99; ++s)
    CHECK(learning_rate(cosine, s, run) > learning_rate(cosine, s + 1, run));
  const train::schedule_params flat{.kind = kind::constant, .rate = 0.3};
  CHECK(learning_rate(flat, 0, run) == 0.3);
  CHECK(learning_rate(flat, 99, run) == 0.3);
  const train::schedule_params steps{.kind = kind::step, .rate = 1, .milestones = {5, 7.5}};
  CHECK(learning_rate(steps, 49, run) == 1);
  CHECK(learning_rate(steps, 50, run) == Approx(0.1));
  CHECK(learning_rate(steps, 74, run) == Approx(0.1));
  CHECK(learning_rate(steps, 75, run) == Approx(0.01));
  const train::schedule_params warm{.rate = 0.2, .warmup_epochs = 2, .warmup_rate = 0.02};
  CHECK(learning_rate(warm, 0, run) == Approx(0.02));
  CHECK(learning_rate(warm, 10, run) == Approx(0.11));
  CHECK(learning_rate(warm, 20, run) == Approx(0.2));
  CHECK(learning_rate(warm, 99, run) < 0.001);
  const train::schedule_params longer{.rate = 0.2, .warmup_epochs = 20};
  CHECK(learning_rate(longer, 99, run) < 0.2);  // a warm-up that never ends is a rise, not a fault
}

TEST_CASE("one cycle goes from its start over the rate to its end", "[schedule]") {
  const train::run_length run{.epochs = 6, .steps_per_epoch = 391};
  const train::schedule_params p{.kind = train::schedule_kind::one_cycle,
                                 .rate = 0.1,
                                 .warmup_share = 0.15,
                                 .warmup_rate = 0.01};
  CHECK(train::learning_rate(p, 0, run) == Approx(0.01));
  index_t top = 0;
  for (index_t s = 1; s < run.steps(); ++s) {
    const double before = train::learning_rate(p, s - 1, run),
                 now = train::learning_rate(p, s, run);
    CHECK(std::abs(now - before) < 1e-3);
    if (now > before) top = s;
  }
  CHECK(static_cast<double>(top) == Approx(0.15 * 2346).margin(2));
  CHECK(train::learning_rate(p, run.steps() - 1, run) == Approx(0).margin(1e-15));
  // Runs too short for two phases stay within the rates.
  for (const index_t steps : {1, 2, 3})
    for (index_t s = 0; s < steps; ++s) {
      const double rate = train::learning_rate(p, s, {.epochs = 1, .steps_per_epoch = steps});
      CHECK((rate >= 0 && rate <= 0.1));
    }
}

TEST_CASE("impossible schedules are refused", "[schedule]") {
  const auto refuses = [](const train::schedule_params& p, const std::string& text) {
    CHECK_THROWS_WITH(train::check(p), Contains("E503") && Contains(text));
  };
  refuses({.rate = 0}, "the learning rate must be > 0, given 0");
  refuses({.rate = 0.1, .final_rate = 0.2}, "0 <= final_rate <= rate must hold");
  refuses({.warmup_epochs = -1}, "warmup_epochs must be >= 0, given -1");
  refuses({.warmup_share = 1}, "0 <= warmup_share < 1 must hold, given 1");
  refuses({.warmup_epochs = 1, .warmup_share = 0.1}, "given both: 1 and 0.1");
  refuses({.rate = 0.1, .warmup_rate = 0.2}, "0 <= warmup_rate <= rate must hold");
  refuses({.milestones = {3, 2}}, "milestones must be > 0 and ascending, given 2 after 3");
  refuses({.milestones = {0}}, "given 0 after 0");
  refuses({.factor = 0}, "0 < factor <= 1 must hold, given 0");
}
