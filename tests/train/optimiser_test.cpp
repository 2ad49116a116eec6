// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <array>

#include "swprune/train/schedule.hpp"
#include "swprune/train/sgd.hpp"

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

TEST_CASE("schedules", "[schedule]") {
  using train::learning_rate;
  const train::schedule_params cosine{.rate = 0.2, .final_rate = 0.02};
  CHECK(learning_rate(cosine, 0, 10) == Approx(0.2));
  CHECK(learning_rate(cosine, 5, 10) == Approx(0.11));
  CHECK(learning_rate(cosine, 10, 10) == Approx(0.02));
  for (int e = 0; e < 100; ++e)
    CHECK(learning_rate(cosine, e, 100) > learning_rate(cosine, e + 1, 100));
  const train::schedule_params flat{.kind = train::schedule_kind::constant, .rate = 0.3};
  CHECK(learning_rate(flat, 0, 10) == 0.3);
  CHECK(learning_rate(flat, 9.9, 10) == 0.3);
  const train::schedule_params warm{.rate = 0.2, .warmup_epochs = 2};
  CHECK(learning_rate(warm, 0, 10) > 0);
  CHECK(learning_rate(warm, 0, 10) < 0.001);
  CHECK(learning_rate(warm, 1, 10) == Approx(0.1).epsilon(0.01));
  CHECK(learning_rate(warm, 2, 10) == Approx(0.2));
  CHECK(learning_rate(warm, 10, 10) == Approx(0).margin(1e-12));
  const train::schedule_params longer{.rate = 0.2, .warmup_epochs = 20};
  CHECK(learning_rate(longer, 9, 10) < 0.2);  // a warm-up that never ends is a rise, not a fault
}
