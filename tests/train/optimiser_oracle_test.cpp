// SPDX-License-Identifier: Apache-2.0

// Optimisers, clipping and schedules against torch.optim, step by step.

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "swprune/train/clip_norm.hpp"
#include "swprune/train/make_optimiser.hpp"
#include "swprune/train/schedule.hpp"
#include "tests/graph/run_oracle.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"

using namespace swprune;
using json = nlohmann::json;
using rows = std::vector<std::vector<double>>;

namespace {

/// One Python for all cases: importing torch takes seconds.
std::vector<rows> torch(const std::string& python, const json& cases, std::size_t steps) {
  const rows all = swprune_test::numbers_from(
      fmt::format("{} '{}/tests/train/optimiser_oracle.py' {}", python, SWPRUNE_SOURCE_DIR,
                  swprune_test::quoted(cases.dump())));
  REQUIRE(all.size() == cases.size() * steps);
  std::vector<rows> parts;
  for (auto first = all.begin(); first != all.end(); first += static_cast<std::ptrdiff_t>(steps))
    parts.emplace_back(first, first + static_cast<std::ptrdiff_t>(steps));
  return parts;
}

/// The run of optimiser_oracle.py with ours.
rows ours(train::optimiser_kind kind, const train::sgd_params& s, const train::adamw_params& a,
          double clip) {
  std::array<double, 7> w{}, b{}, gw{}, gb{};
  for (std::size_t i = 0; i < w.size(); ++i) {
    w[i] = std::cos(static_cast<double>(i));
    b[i] = std::cos(static_cast<double>(i) + 100);
  }
  const std::vector<nn::parameter_view<double>> views{{"w", w, gw, true}, {"b", b, gb, false}};
  const auto optimiser = train::make_optimiser(kind, s, a, views);
  rows steps;
  for (int t = 0; t < 40; ++t) {
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double phase = 0.7 * static_cast<double>(i) + 1.3 * t;
      gw[i] = 0.5 * std::sin(phase) + 0.1 * w[i];
      gb[i] = 0.5 * std::sin(phase + 2) + 0.1 * b[i];
    }
    if (clip > 0) train::clip_norm(views, clip);
    optimiser->step(views, 0.05 / (1 + 0.1 * t));
    steps.emplace_back(w.begin(), w.end());
    steps.back().insert(steps.back().end(), b.begin(), b.end());
  }
  return steps;
}

double distance(const rows& a, const rows& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t t = 0; t < a.size(); ++t) {
    REQUIRE(a[t].size() == b[t].size());
    for (std::size_t i = 0; i < a[t].size(); ++i)
      most = std::max(most, std::abs(a[t][i] - b[t][i]));
  }
  return most;
}

rows ours(const train::schedule_params& p, const train::run_length& run) {
  rows rates;
  for (index_t step = 0; step < run.steps(); ++step)
    rates.push_back({train::learning_rate(p, step, run)});
  return rates;
}

}  // namespace

TEST_CASE("optimisers take PyTorch's steps", "[optimiser][oracle]") {
  const auto python = swprune_test::find_oracle_python("torch");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with torch");
  using kind = train::optimiser_kind;
  const train::sgd_params s{.momentum = 0.9, .nesterov = true, .weight_decay = 0.03};
  const train::adamw_params a{.beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.2};
  json cases = json::array();
  std::vector<std::array<rows, 2>> expected;  // ours, and ours with one thing changed
  std::vector<double> limits;
  for (const bool all : {false, true})
    for (const double clip : {0.0, 0.8}) {
      const auto add = [&](json options, rows same, rows other) {
        options.update({{"decay_all", all}, {"clip_norm", clip}});
        cases.push_back(std::move(options));
        expected.push_back({std::move(same), std::move(other)});
        // clip_grad_norm_ adds 1e-6 to the norm, which is around 1.3 here.
        limits.push_back(clip > 0 ? 1e-5 : 1e-12);
      };
      for (const bool nesterov : {false, true}) {
        train::sgd_params p = s, q = s;
        p.nesterov = q.nesterov = nesterov;
        p.decay_all = all;
        q.decay_all = !all;
        add({{"kind", "sgd"},
             {"momentum", p.momentum},
             {"nesterov", nesterov},
             {"weight_decay", p.weight_decay}},
            ours(kind::sgd, p, a, clip), ours(kind::sgd, q, a, clip));
      }
      train::adamw_params p = a, q = a;
      p.decay_all = q.decay_all = all;
      q.epsilon = 1e-2;
      add({{"kind", "adamw"},
           {"beta1", p.beta1},
           {"beta2", p.beta2},
           {"eps", p.epsilon},
           {"weight_decay", p.weight_decay}},
          ours(kind::adamw, s, p, clip), ours(kind::adamw, s, q, clip));
    }
  const std::vector<rows> reference = torch(*python, cases, 40);
  for (std::size_t i = 0; i < reference.size(); ++i) {
    INFO(cases[i].dump());
    CHECK(distance(expected[i][0], reference[i]) < limits[i]);
    CHECK(distance(expected[i][1], reference[i]) > 1e-4);
  }
}

TEST_CASE("schedules have PyTorch's rates", "[schedule][oracle]") {
  const auto python = swprune_test::find_oracle_python("torch");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with torch");
  using kind = train::schedule_kind;
  const train::run_length run{.epochs = 10, .steps_per_epoch = 20};
  json cases = json::array();
  std::vector<train::schedule_params> params;
  const std::array kinds{std::pair{kind::constant, "constant"}, std::pair{kind::step, "step"},
                         std::pair{kind::cosine, "cosine"},
                         std::pair{kind::one_cycle, "one_cycle"}};
  for (const auto& [what, name] : kinds)
    for (const index_t warm : {index_t{0}, index_t{30}}) {
      if (what == kind::one_cycle && warm == 0) continue;
      params.push_back({.kind = what,
                        .rate = 0.1,
                        .final_rate = 0.001,
                        .warmup_share = static_cast<double>(warm) / 200,
                        .warmup_rate = 0.01,
                        .milestones = {4.0, 7.5},
                        .factor = 0.2});
      cases.push_back({{"kind", name},
                       {"steps", 200},
                       {"rate", 0.1},
                       {"final_rate", 0.001},
                       {"warmup_steps", warm},
                       {"warmup_share", params.back().warmup_share},
                       {"warmup_rate", 0.01},
                       {"milestone_steps", {80, 150}},
                       {"factor", 0.2}});
    }
  const std::vector<rows> reference = torch(*python, cases, 200);
  for (std::size_t i = 0; i < reference.size(); ++i) {
    INFO(cases[i].dump());
    train::schedule_params p = params[i];
    CHECK(distance(ours(p, run), reference[i]) < 1e-12);
    if (p.warmup_share == 0) continue;
    p.warmup_share = 0;
    p.warmup_epochs = 1.5;
    CHECK(distance(ours(p, run), reference[i]) < 1e-12);
    p.warmup_rate = 0.011;
    CHECK(distance(ours(p, run), reference[i]) > 1e-4);
  }
}
