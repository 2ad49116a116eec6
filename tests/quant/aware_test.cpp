// SPDX-License-Identifier: Apache-2.0
#include "swprune/quant/aware.hpp"

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "swprune/hw/functional.hpp"
#include "swprune/io/builtin.hpp"
#include "swprune/quant/evaluate.hpp"
#include "swprune/train/evaluate.hpp"
#include "swprune/train/fine_tune.hpp"
#include "swprune/train/recipes.hpp"
#include "tests/train/pruned_lenet.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

double int8_accuracy(const quant::int8_model& model, const train::dataset& data) {
  return quant::accuracy(model, hw::run_functional(model, data.images).back(), data.labels);
}

}  // namespace

TEST_CASE("bytes round as the accelerator does, and gradients pass within their range", "[aware]") {
  for (const bool is_signed : {false, true}) {
    const quant::fake_quantise<double> layer("bytes", 0.25, is_signed);
    const auto range = quant::range_of_byte(is_signed);
    nn::activations<double> in(3, {2, 5, 7}), out, ones(3, {2, 5, 7}), grad;
    rng r(1);
    for (index_t n = 0; n < 3; ++n)
      for (index_t i = 0; i < 70; ++i) {
        in.at(n, i / 35, i / 7 % 5, i % 7) = (r.uniform() - 0.4) * 160;
        ones.at(n, i / 35, i / 7 % 5, i % 7) = 1;
      }
    in.at(0, 0, 0, 0) = -0.375;  // half a step: up
    in.at(0, 0, 0, 1) = 0.375;
    layer.forward(in, out);
    auto copy = layer.clone();
    copy->backward(in, out, ones, &grad);
    CHECK(out.at(0, 0, 0, 0) == (is_signed ? -0.25 : 0.0));
    CHECK(out.at(0, 0, 0, 1) == 0.5);
    index_t passed = 0;
    for (index_t n = 0; n < 3; ++n)
      for (index_t i = 0; i < 70; ++i) {
        const double x = in.at(n, i / 35, i / 7 % 5, i % 7);
        // An accumulator of 2^-20 of a step, multiplier 1, shift 20.
        const auto acc = static_cast<std::int32_t>(std::floor(x / 0.25 * 0x1p20));
        const auto y = quant::requantise(acc, 0, 1, 20, 0, range.lo, range.hi);
        CHECK(out.at(n, i / 35, i / 7 % 5, i % 7) == 0.25 * y);
        const bool inside = quant::requantise(acc, 0, 1, 20, 0, -1000, 1000) == y;
        CHECK(grad.at(n, i / 35, i / 7 % 5, i % 7) == (inside ? 1 : 0));
        passed += inside;
      }
    CHECK((passed > 20 && passed < 190));
    CHECK(out.dead_lanes_are_zero());
  }
  CHECK_THROWS_WITH(quant::fake_quantise<float>("bytes", 0, true), Contains("E601"));
  CHECK_THROWS_WITH(quant::aware_conv2d<float>(nn::dense_mask("c", 1, 1, 1, 1), {}, 9),
                    Contains("E601") && Contains("2 <= bits <= 8"));
}

TEST_CASE("weights lie on the grid of their bits and learn through the rounding", "[aware]") {
  for (const int bits : {2, 4, 8}) {
    quant::aware_conv2d<double> conv(nn::dense_mask("conv", 3, 4, 3, 3), {.bias = true}, bits);
    rng r(2);
    for (double& w : conv.weights()) w = r.normal();
    for (double& b : conv.bias()) b = r.normal();
    const auto rounded = conv.rounded();
    for (index_t o = 0; o < 4; ++o) {
      double largest = 0;
      const auto dense = conv.to_dense(), grid = rounded.to_dense();
      for (index_t k = 0; k < 27; ++k)
        largest = std::max(largest, std::abs(dense[static_cast<std::size_t>(27 * o + k)]));
      const double step = largest / ((1 << (bits - 1)) - 1);
      for (index_t k = 0; k < 27; ++k) {
        const auto at = static_cast<std::size_t>(27 * o + k);
        CHECK(std::abs(grid[at] - dense[at]) <= step / 2 * (1 + 1e-12));
        CHECK(std::abs(grid[at] / step - std::round(grid[at] / step)) < 1e-9);
      }
    }
    // The gradient is that of the rounded convolution.
    nn::activations<double> in(2, {3, 5, 5}), out, expected, ones(2, {4, 3, 3}), grad, grad2;
    for (double& v : in.values()) v = r.normal();
    in.clear_dead_lanes();
    for (index_t n = 0; n < 2; ++n)
      for (index_t i = 0; i < 36; ++i) ones.at(n, i / 9, i / 3 % 3, i % 3) = r.normal();
    auto plain = rounded;
    plain.forward_training(in, expected);
    plain.backward(in, expected, ones, &grad2);
    CHECK_THROWS_WITH(conv.backward(in, out, ones, &grad), Contains("E404"));
    conv.forward_training(in, out);
    CHECK(nn::to_plain(out) == nn::to_plain(expected));
    conv.backward(in, out, ones, &grad);
    CHECK(nn::to_plain(grad) == nn::to_plain(grad2));
    for (std::size_t p = 0; p < 2; ++p)
      CHECK(std::equal(conv.parameters()[p].gradient.begin(), conv.parameters()[p].gradient.end(),
                       plain.parameters()[p].gradient.begin()));
  }
}

TEST_CASE("aware training beats rounding afterwards where bits are few", "[aware]") {
  const auto digits = io::make_builtin({.train = 1000, .test = 500});
  const rng seed(3);
  auto net = pruned_lenet(mask::mask_kind::small_world, seed);
  train::fit(net, digits.train, digits.test, train::lenet5_recipe(4), seed);
  const double in_float = train::evaluate(net, digits.test).accuracy();
  const auto recipe = [] {
    auto p = train::lenet5_fine_tune_recipe(2);
    p.sgd.weight_decay = 0;
    return p;
  }();
  for (const int bits : {8, 2}) {
    CAPTURE(bits);
    auto aware = quant::make_aware(net, digits.train, {.weight_bits = bits});
    const double after = train::evaluate(aware, digits.test).accuracy();
    const train::weight_pattern before = train::pattern_of(aware);
    train::fit(aware, digits.train, digits.test, recipe, seed.stream("aware"));
    CHECK(train::compare_patterns(before, train::pattern_of(aware)).unchanged);
    const double trained = train::evaluate(aware, digits.test).accuracy();
    const auto model = quant::quantize(quant::plain_network(aware), digits.train);
    const double integers = int8_accuracy(model, digits.test);
    fmt::print(
        "{} bits: float {:.4f}, rounded after training {:.4f}, aware {:.4f}, as int8 model "
        "{:.4f}\n",
        bits, in_float, after, trained, integers);
    CHECK(std::abs(integers - trained) < 0.02);  // scales are chosen again
    if (bits == 8) {
      CHECK(std::abs(after - in_float) < 0.02);
      CHECK(trained > in_float - 0.02);
    } else {
      CHECK(trained > after + 0.1);
    }
    // Few bits stay few in the model: at most 2^bits - 1 different weights in a channel.
    const auto& last = model.layers.back();
    std::set<int> different;
    for (index_t k = 0; k < 128; ++k)
      different.insert(last.weights[static_cast<std::size_t>(k * last.block.outputs)]);
    CHECK(static_cast<int>(different.size()) <= (1 << bits) - 1);
  }
}

TEST_CASE("what has no integer form is refused", "[aware]") {
  const auto digits = io::make_builtin({.train = 50, .test = 10});
  nn::network<float> net;
  net.add<nn::relu>("relu");
  net.build({1, 28, 28});
  CHECK_THROWS_WITH(quant::make_aware(net, digits.train), Contains("E602"));
  nn::network<float> other;
  other.add<nn::batch_norm>("bn", 1);
  other.build({1, 28, 28});
  CHECK_THROWS_WITH(quant::plain_network(other), Contains("E602") && Contains("make_aware"));
}
