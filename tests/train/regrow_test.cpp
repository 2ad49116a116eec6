// SPDX-License-Identifier: Apache-2.0

// Blocks that move while training: the choice against its rules on random layers, and a run in
// which every round is looked at.
#include "swprune/train/regrow.hpp"

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "swprune/mask/generate.hpp"
#include "swprune/train/fine_tune.hpp"
#include "swprune/train/fit.hpp"
#include "swprune/train/progressive.hpp"
#include "tests/train/tiny_problem.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

/// What must hold of a mask after a round: row degrees as before, columns even, no input unused.
bool keeps_invariants(const mask::layer_mask& before, const mask::layer_mask& after) {
  const index_t blocks = before.blocks.count(), columns = before.in_groups();
  if (after.blocks.count() != blocks) return false;
  for (index_t j = 0; j < before.out_groups(); ++j)
    if (after.blocks.row_degree(j) != before.blocks.row_degree(j)) return false;  // I1
  for (index_t i = 0; i < columns; ++i) {
    const index_t d = after.blocks.column_degree(i);
    if (d < blocks / columns || d > ceil_div(blocks, columns)) return false;  // I2
    if (blocks >= columns && d < 1) return false;                             // I3
  }
  return true;
}

mask::layer_mask random_layer(rng& r) {
  mask::layer_mask m;
  m.name = "layer";
  m.block = {2, 2};
  const auto rows = static_cast<index_t>(2 + r.below(12));
  const auto columns = static_cast<index_t>(2 + r.below(12));
  m.out_channels = 2 * rows;
  m.in_channels = 2 * columns;
  m.kernel_height = m.kernel_width = 3;
  const index_t least = ceil_div(columns, rows);
  const auto degree =
      least + static_cast<index_t>(r.below(static_cast<std::uint64_t>(columns - least + 1)));
  m.blocks =
      mask::generate({.out_groups = rows, .in_groups = columns, .degree = degree, .beta = 0.2}, r)
          .blocks;
  return m;
}

std::vector<double> random_norms(const mask::layer_mask& m, rng& r) {
  std::vector<double> norms(static_cast<std::size_t>(m.out_groups() * m.in_groups()));
  for (double& n : norms) n = r.uniform();
  return norms;
}

}  // namespace

TEST_CASE("a round keeps rows, columns and cover, and takes what it should", "[regrow]") {
  rng r(1);
  index_t moved = 0, shorter = 0, layers = 0;
  for (int trial = 0; trial < 400; ++trial) {
    CAPTURE(trial);
    const mask::layer_mask before = random_layer(r);
    REQUIRE(keeps_invariants(before, before));
    const auto weights = random_norms(before, r), gradients = random_norms(before, r);
    const double share = r.uniform();
    const auto after = mask::regrown(before, weights, gradients, {.share = share});
    REQUIRE(keeps_invariants(before, after));
    // What stays of a row: at least its heaviest blocks.
    for (index_t j = 0; j < before.out_groups(); ++j) {
      std::vector<index_t> live = before.blocks.row(j);
      std::sort(live.begin(), live.end(), [&](index_t a, index_t b) {
        const auto n = [&](index_t i) {
          return weights[static_cast<std::size_t>(j * before.in_groups() + i)];
        };
        return n(a) > n(b);
      });
      const auto degree = static_cast<index_t>(live.size());
      const auto gone =
          std::min(before.in_groups() - degree,
                   static_cast<index_t>(std::ceil(share * static_cast<double>(degree))));
      for (index_t k = 0; k < degree - gone; ++k)
        REQUIRE(after.blocks.test(j, live[static_cast<std::size_t>(k)]));
    }
    for (std::size_t k = 0; k < weights.size(); ++k)
      moved += after.blocks.bytes()[k] == 1 && before.blocks.bytes()[k] == 0;
    const auto near = mask::regrown(before, weights, gradients, {.share = share, .locality = 100});
    REQUIRE(keeps_invariants(before, near));
    const auto length = [&](const mask::layer_mask& m) {
      return graph::total_ring_distance(to_ring(m.blocks, mask::ring_order::interleaved));
    };
    shorter += length(near) < length(after);
    layers += length(near) != length(after);
    REQUIRE(mask::regrown(before, weights, gradients, {.share = 0}) == before);
  }
  fmt::print("{} blocks moved; locality shortened {} of {} layers that it changed\n", moved,
             shorter, layers);
  CHECK(moved > 1000);
  CHECK(shorter > 9 * layers / 10);
}

TEST_CASE("one row takes the absent blocks of the largest gradients", "[regrow]") {
  mask::layer_mask m;
  m.name = "layer";
  m.out_channels = 1;
  m.in_channels = 6;
  m.block = {1, 1};
  m.blocks = mask::block_mask(1, 6);
  for (const index_t i : {0, 1, 2}) m.blocks.set(0, i);
  const std::vector<double> weights{5, 1, 4, 9, 9, 9}, gradients{9, 9, 9, 1, 3, 2};
  // One of three goes (the lightest, 1) and the largest absent gradient (4) comes.
  const auto one = mask::regrown(m, weights, gradients, {.share = 0.2});
  CHECK(one.blocks.row(0) == std::vector<index_t>{0, 2, 4});
  const auto two = mask::regrown(m, weights, gradients, {.share = 0.6});
  CHECK(two.blocks.row(0) == std::vector<index_t>{0, 4, 5});
  const auto all = mask::regrown(m, weights, gradients, {.share = 1});
  CHECK(all.blocks.row(0) == std::vector<index_t>{3, 4, 5});
}

TEST_CASE("the checker of the rules sees what breaks them", "[regrow]") {
  rng r(3);
  mask::layer_mask m;
  do m = random_layer(r);
  while (m.blocks.density() > 0.6 || m.in_groups() < 4 || m.out_groups() < 4);
  const auto breaks = [&](auto change) {
    mask::layer_mask other = m;
    change(other.blocks);
    return !keeps_invariants(m, other);
  };
  const index_t live = m.blocks.row(0).front();
  index_t absent = 0;
  while (m.blocks.test(0, absent)) ++absent;
  CHECK(breaks([&](auto& b) { b.set(0, live, false); }));
  CHECK(breaks([&](auto& b) {  // a row's block goes to another row
    b.set(0, live, false);
    index_t j = 1;
    while (b.test(j, live)) ++j;
    b.set(j, live);
  }));
  CHECK(breaks([&](auto& b) {  // two columns drift apart
    index_t moved = 0;
    for (index_t j = 0; j < m.out_groups() && moved < 3; ++j)
      if (b.test(j, live) && !b.test(j, absent)) {
        b.set(j, live, false);
        b.set(j, absent);
        ++moved;
      }
  }));
}

TEST_CASE("impossible rounds are refused", "[regrow]") {
  rng r(4);
  const mask::layer_mask m = random_layer(r);
  const auto norms = random_norms(m, r);
  CHECK_THROWS_WITH(mask::regrown(m, norms, norms, {.share = 1.1}), Contains("E101"));
  CHECK_THROWS_WITH(mask::regrown(m, norms, norms, {.locality = -1}), Contains("E101"));
  auto bad = norms;
  bad[0] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(mask::regrown(m, norms, bad), Contains("E504"));
  bad[0] = -1;
  CHECK_THROWS_WITH(mask::regrown(m, bad, norms), Contains("E101"));
  bad.pop_back();
  CHECK_THROWS_WITH(mask::regrown(m, norms, bad), Contains("E301"));
  CHECK_THROWS_WITH(train::check(train::regrow_params{.share = 2}), Contains("E503"));
  CHECK_THROWS_WITH(train::check(train::regrow_params{.until = 0}), Contains("E503"));
  CHECK_THROWS_WITH(train::check(train::regrow_params{.rounds = 0}), Contains("E503"));
  CHECK_THROWS_WITH(train::check(train::regrow_params{.locality = -1}), Contains("E503"));
}

TEST_CASE("rounds come every so many steps and give up less and less", "[regrow]") {
  const train::regrow_params p{.share = 0.4, .until = 0.5, .rounds = 10};
  std::vector<index_t> when;
  double before = 1;
  for (index_t step = 0; step < 200; ++step) {
    const double share = train::regrow_share(p, step, 200);
    if (share == 0) continue;
    when.push_back(step);
    CHECK(share < before);
    CHECK(share == Approx(0.2 * (1 + std::cos(M_PI * static_cast<double>(step) / 100))));
    before = share;
  }
  CHECK(when == std::vector<index_t>{20, 40, 60, 80});
}

namespace {

/// bright_quarters with a middle layer of 8 x 8 blocks.
nn::network<float> wide_net() {
  mask::layer_mask middle = nn::dense_mask("middle", 32, 32, 1, 1, {4, 4});
  rng r(5);
  middle.blocks =
      mask::generate({.out_groups = 8, .in_groups = 8, .degree = 2, .beta = 0.1}, r).blocks;
  nn::network<float> net;
  net.add<nn::conv2d>(nn::dense_mask("conv", 1, 32, 3, 3), nn::conv2d_params{.padding = 1});
  net.add<nn::batch_norm>("bn", 32);
  net.add<nn::relu>("relu");
  net.add<nn::max_pool>("pool");
  net.add<nn::conv2d>(middle);
  net.add<nn::batch_norm>("bn1", 32);
  net.add<nn::relu>("relu1");
  net.add<nn::fully_connected>(nn::dense_mask("fc", 32, 4, 4, 4), true);
  net.build({1, 8, 8});
  nn::kaiming_init(net, rng(6));
  return net;
}

train::batch<float> some_images() {
  const auto data = bright_quarters(40, 1);
  std::vector<index_t> numbers(40);
  std::iota(numbers.begin(), numbers.end(), index_t{0});
  train::batch<float> now;
  train::load_batch(data, std::span<const index_t>(numbers), now);
  return now;
}

/// Looks at the masks after every step.
struct looking : train::observer {
  nn::network<float>& net;
  mask::mask_set last;
  index_t changes = 0, broken = 0;
  explicit looking(nn::network<float>& n) : net(n), last(n.masks()) {}
  train::verdict on_step(const train::step_event&) override {
    const mask::mask_set now = net.masks();
    for (const mask::layer_mask& m : now) broken += !keeps_invariants(last.at(m.name), m);
    changes += !(now == last);
    last = now;
    return train::verdict::go_on;
  }
};

}  // namespace

TEST_CASE("gradients of absent blocks are those of a dense network", "[regrow]") {
  auto net = wide_net();
  const train::batch<float> now = some_images();
  const auto norms = train::detail::gradient_norms(net, now, 0.1);
  REQUIRE(norms.size() == 3);
  nn::activations<float> gradient;
  const auto loss = [&] {
    return nn::softmax_cross_entropy<float>(net.forward_training(now.images), now.labels, &gradient,
                                            0.1)
        .loss;
  };
  loss();
  net.backward(gradient);
  // Where blocks live, the norms are those of the network itself.
  for (const auto& p : net.parameters())
    if (p.name == "middle.weights") {
      const auto own =
          nn::block_norms(*net.find<nn::conv2d>("middle"), std::span<const float>(p.gradient));
      for (std::size_t k = 0; k < own.size(); ++k)
        if (own[k] > 0) CHECK(norms[1][k] == Approx(own[k]).epsilon(1e-4));
    }
  // Where none lives: put one there, and the loss falls by norm x step for a step along the signs.
  const index_t j = 3;
  index_t i = 0;
  while (net.masks().at("middle").blocks.test(j, i)) ++i;
  CHECK(norms[1][static_cast<std::size_t>(8 * j + i)] > 0);
  mask::layer_mask more = net.masks().at("middle");
  more.blocks.set(j, i);
  const double before = loss();
  (void)net.change_masks(mask::mask_set({more}));
  CHECK(loss() == Approx(before).epsilon(1e-6));
  net.backward(gradient);
  auto* conv = net.find<nn::conv2d>("middle");
  std::vector<float> slope;
  for (const auto& p : net.parameters())
    if (p.name == "middle.weights") slope.assign(p.gradient.begin(), p.gradient.end());
  CHECK(
      nn::block_norms(*conv, std::span<const float>(slope))[static_cast<std::size_t>(8 * j + i)] ==
      Approx(norms[1][static_cast<std::size_t>(8 * j + i)]).epsilon(1e-4));
}

TEST_CASE("a run with moving blocks keeps the rules at every step", "[regrow]") {
  const auto data = bright_quarters(200, 1), test = bright_quarters(100, 2);
  auto net = wide_net();
  const mask::mask_set first = net.masks();
  train::fit_params p;
  p.epochs = 10;
  p.batch = 20;
  p.schedule.rate = 0.02;
  p.regrow = {.share = 0.5, .rounds = 20};
  looking watcher(net);
  const auto done = train::fit(net, data, test, p, rng(4), &watcher);
  CHECK(watcher.broken == 0);
  CHECK(watcher.changes >= 10);  // 14 rounds
  CHECK(done.regrown_blocks >= 20);
  CHECK_FALSE(net.masks() == first);
  CHECK(net.masks().kept_weights() == first.kept_weights());
  CHECK(done.test_accuracy() > 0.9);
  auto again = wide_net();
  CHECK(train::fit(again, data, test, p, rng(4)).regrown_blocks == done.regrown_blocks);
  CHECK(again.masks() == net.masks());
  CHECK_THROWS_WITH(train::fit_progressive(again, first, {}, data, test, p, rng(4)),
                    Contains("E503") && Contains("exclude each other"));
  CHECK_THROWS_WITH(train::fine_tune(again, data, test, p, rng(4)),
                    Contains("E503") && Contains("keeps the mask fixed"));
}

TEST_CASE("what grows starts at zero with zero momentum", "[regrow]") {
  auto net = wide_net();
  const train::batch<float> now = some_images();
  train::sgd<float> optimiser(net.parameters());
  for (auto& v : optimiser.velocities()) std::fill(v.begin(), v.end(), 7.0f);
  const mask::mask_set before = net.masks();
  const mask::mask_set after = train::regrown_masks(net, now, 0.5, {});
  REQUIRE(train::new_blocks(before, after) > 0);
  optimiser.change_masks(net.change_masks(after));
  const auto* conv = net.find<nn::conv2d>("middle");
  std::size_t middle = 0;
  while (net.parameters()[middle].name != "middle.weights") ++middle;
  index_t grown = 0;
  conv->for_each_weight([&](index_t o, index_t i, index_t, std::size_t at) {
    const bool lived = before.at("middle").blocks.test(o / 4, i / 4);
    grown += !lived;
    CHECK(optimiser.velocities()[middle][at] == (lived ? 7.0f : 0.0f));
    if (!lived) CHECK(conv->weights()[at] == 0.0f);
  });
  CHECK(grown == 16 * train::new_blocks(before, after));
}
