// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <limits>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/relu.hpp"
#include "tests/nn/naive_conv.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

TEST_CASE("batch norm divides by real images and leaves dead lanes zero", "[batch_norm]") {
  const auto check = [](index_t batch, const map_shape& shape) {
    CAPTURE(batch, shape.height, shape.width);
    rng random(static_cast<std::uint64_t>(batch));
    const auto in = random_maps<double>(batch, shape, random);
    nn::batch_norm<double> bn("bn", 3, {.epsilon = 1e-3});
    const auto p = bn.parameters();
    for (std::size_t c = 0; c < 3; ++c) {
      p[0].values[c] = 0.5 + static_cast<double>(c);
      p[1].values[c] = 0.1 - static_cast<double>(c);
    }
    nn::activations<double> out;
    bn.forward_training(in, out);
    CHECK(out.dead_lanes_are_zero());
    for (index_t c = 0; c < 3; ++c) {
      double sum = 0, squares = 0;
      const double count = static_cast<double>(batch * shape.pixels());
      const auto each = [&](const auto& body) {
        for (index_t n = 0; n < batch; ++n)
          for (index_t y = 0; y < shape.height; ++y)
            for (index_t x = 0; x < shape.width; ++x) body(n, y, x);
      };
      each([&](index_t n, index_t y, index_t x) { sum += in.at(n, c, y, x); });
      const double mean = sum / count;
      each([&](index_t n, index_t y, index_t x) {
        squares += (in.at(n, c, y, x) - mean) * (in.at(n, c, y, x) - mean);
      });
      const double deviation = std::sqrt(squares / count + 1e-3);
      double worst = 0;
      each([&](index_t n, index_t y, index_t x) {
        const double expected =
            (0.5 + static_cast<double>(c)) * (in.at(n, c, y, x) - mean) / deviation + 0.1 -
            static_cast<double>(c);
        worst = std::max(worst, std::abs(out.at(n, c, y, x) - expected));
      });
      CHECK(worst < 1e-12);
      // Running statistics: untouched until committed, then a tenth of the way, unbiased.
      const auto i = static_cast<std::size_t>(c);
      CHECK(bn.running_mean()[i] == 0);
      CHECK(bn.running_variance()[i] == 1);
      auto copy = bn.clone();
      copy->commit_statistics();
      CHECK(copy->state()[0].values[i] == Approx(0.1 * mean).epsilon(1e-10));
      CHECK(copy->state()[1].values[i] == Approx(0.9 + 0.1 * squares / (count - 1)).epsilon(1e-10));
    }
  };
  for (const index_t batch : {1, 15, 17, 33})
    for (const map_shape shape : {map_shape{3, 4, 5}, map_shape{3, 2, 17}, map_shape{3, 3, 50}})
      check(batch, shape);
}

TEST_CASE("batch norm in inference uses the running statistics", "[batch_norm]") {
  rng random(1);
  nn::batch_norm<double> bn("bn", 2);
  bn.state()[0].values[1] = 3;
  bn.state()[1].values[1] = 4;
  const auto in = random_maps<double>(17, {2, 2, 2}, random);
  nn::activations<double> out;
  bn.forward(in, out);
  CHECK(out.dead_lanes_are_zero());
  CHECK(out.at(16, 1, 1, 0) == Approx((in.at(16, 1, 1, 0) - 3) / std::sqrt(4 + 1e-5)));
  CHECK(out.at(16, 0, 1, 0) == Approx(in.at(16, 0, 1, 0) / std::sqrt(1 + 1e-5)));
}

TEST_CASE("batch norm does not lose a small spread about a large mean", "[batch_norm]") {
  // Sums of squares in float would cancel completely here.
  nn::activations<float> in(33, {1, 8, 8}), out;
  rng random(9);
  for (index_t n = 0; n < 33; ++n)
    for (index_t y = 0; y < 8; ++y)
      for (index_t x = 0; x < 8; ++x)
        in.at(n, 0, y, x) = 4096.0f + static_cast<float>(random.normal());
  nn::batch_norm<float> bn("bn", 1);
  bn.forward_training(in, out);
  double squares = 0;
  for (const float v : out.values()) squares += static_cast<double>(v) * static_cast<double>(v);
  CHECK(squares / (33 * 64) == Approx(1).margin(0.01));
}

TEST_CASE("batch norm's variance survives a first pixel far from the others", "[batch_norm]") {
  // The sums of a column of pixels are about its first one.
  nn::activations<float> in(33, {1, 12, 40}), out;
  rng random(10);
  double sum = 0, squares = 0;
  const auto each = [&](const auto& body) {
    for (index_t n = 0; n < 33; ++n)
      for (index_t y = 0; y < 12; ++y)
        for (index_t x = 0; x < 40; ++x) body(in.at(n, 0, y, x), y == 0 && x % 13 == 0);
  };
  each([&](float& v, bool first) { v = first ? 0.0f : 64 + static_cast<float>(random.normal()); });
  each([&](float& v, bool) { sum += static_cast<double>(v); });
  const double mean = sum / (33 * 480);
  each([&](float& v, bool) { squares += std::pow(static_cast<double>(v) - mean, 2); });
  nn::batch_norm<float> bn("bn", 1, {.momentum = 1});
  bn.forward_training(in, out);
  bn.commit_statistics();
  CHECK(bn.running_mean()[0] == Approx(mean).epsilon(1e-6));
  CHECK(bn.running_variance()[0] == Approx(squares / (33 * 480 - 1)).epsilon(1e-4));
}

TEST_CASE("relu and its gradient", "[relu]") {
  rng random(2);
  const auto in = random_maps<float>(17, {3, 2, 5}, random);
  const auto grad_out = random_maps<float>(17, {3, 2, 5}, random);
  nn::relu<float> relu("relu");
  nn::activations<float> out, grad_in;
  relu.forward(in, out);
  relu.backward(in, out, grad_out, &grad_in);
  CHECK(out.dead_lanes_are_zero());
  CHECK(grad_in.dead_lanes_are_zero());
  for (std::size_t i = 0; i < in.values().size(); ++i) {
    CHECK(out.values()[i] == std::max(in.values()[i], 0.0f));
    CHECK(grad_in.values()[i] == (in.values()[i] > 0 ? grad_out.values()[i] : 0.0f));
  }
}

TEST_CASE("max pooling and its gradient against the definition", "[max_pool]") {
  struct form {
    index_t size, stride, height, width;
  };
  for (const form f : {form{2, 2, 4, 6}, form{2, 2, 5, 7}, form{3, 2, 7, 6}, form{3, 1, 4, 4},
                       form{1, 1, 2, 2}, form{2, 3, 8, 9}}) {
    for (const index_t batch : {1, 17}) {
      CAPTURE(f.size, f.stride, f.height, f.width, batch);
      rng random(static_cast<std::uint64_t>(f.size * 10 + f.stride));
      auto in = random_maps<float>(batch, {2, f.height, f.width}, random);
      for (float& v : in.values()) v = std::round(v * 2);  // many ties
      nn::max_pool<float> pool("pool", {.size = f.size, .stride = f.stride});
      nn::activations<float> out, grad_in;
      pool.forward(in, out);
      const auto grad_out = random_maps<float>(batch, out.shape(), random);
      pool.backward(in, out, grad_out, &grad_in);
      CHECK(out.dead_lanes_are_zero());
      CHECK(grad_in.dead_lanes_are_zero());
      CHECK(out.shape() ==
            map_shape{2, (f.height - f.size) / f.stride + 1, (f.width - f.size) / f.stride + 1});
      for (index_t n = 0; n < batch; ++n)
        for (index_t c = 0; c < 2; ++c) {
          tensor expected(1, 1, f.height, f.width);
          for (index_t y = 0; y < out.shape().height; ++y)
            for (index_t x = 0; x < out.shape().width; ++x) {
              index_t by = y * f.stride, bx = x * f.stride;
              for (index_t k = 0; k < f.size * f.size; ++k) {
                const index_t iy = y * f.stride + k / f.size, ix = x * f.stride + k % f.size;
                if (in.at(n, c, iy, ix) > in.at(n, c, by, bx)) by = iy, bx = ix;
              }
              CHECK(out.at(n, c, y, x) == in.at(n, c, by, bx));
              expected(0, 0, by, bx) += static_cast<double>(grad_out.at(n, c, y, x));
            }
          double worst = 0;
          for (index_t y = 0; y < f.height; ++y)
            for (index_t x = 0; x < f.width; ++x)
              worst = std::max(worst, std::abs(expected(0, 0, y, x) -
                                               static_cast<double>(grad_in.at(n, c, y, x))));
          CHECK(worst < 1e-5);
        }
    }
  }
}

TEST_CASE("NaN is not swallowed by relu and pooling", "[relu]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (index_t k = 0; k < 4; ++k) {
    nn::activations<float> in(1, {1, 2, 2}), out;
    for (index_t i = 0; i < 4; ++i) in.at(0, 0, i / 2, i % 2) = static_cast<float>(i);
    in.at(0, 0, k / 2, k % 2) = nan;
    nn::relu<float>("r").forward(in, out);
    CHECK(std::isnan(out.at(0, 0, k / 2, k % 2)));
  }
  nn::activations<float> in(1, {1, 2, 2}), out;
  in.at(0, 0, 1, 1) = nan;
  nn::max_pool<float>("p").forward(in, out);
  CHECK(std::isnan(out.at(0, 0, 0, 0)));
}

TEST_CASE("softmax cross-entropy", "[loss]") {
  nn::activations<double> logits(17, {4, 1, 1}), gradient;
  rng random(4);
  std::vector<std::uint8_t> labels;
  double expected = 0;
  for (index_t n = 0; n < 17; ++n) {
    labels.push_back(static_cast<std::uint8_t>(random.below(4)));
    double total = 0;
    for (index_t k = 0; k < 4; ++k) {
      logits.at(n, k, 0, 0) = 3 * random.normal();
      total += std::exp(logits.at(n, k, 0, 0));
    }
    expected -= std::log(std::exp(logits.at(n, labels.back(), 0, 0)) / total) / 17;
  }
  const auto result = nn::softmax_cross_entropy<double>(logits, labels, &gradient);
  CHECK(result.loss == Approx(expected).epsilon(1e-12));
  CHECK(gradient.dead_lanes_are_zero());
  for (index_t n = 0; n < 17; ++n) {
    double sum = 0;
    for (index_t k = 0; k < 4; ++k) sum += gradient.at(n, k, 0, 0);
    CHECK(std::abs(sum) < 1e-15);
  }
  SECTION("huge logits neither overflow nor lose the loss") {
    nn::activations<float> big(1, {2, 1, 1});
    big.at(0, 0, 0, 0) = 1e30f;
    const std::vector<std::uint8_t> right{0}, wrong{1};
    CHECK(nn::softmax_cross_entropy<float>(big, right).loss == 0);
    CHECK(nn::softmax_cross_entropy<float>(big, wrong).loss == Approx(1e30));
    CHECK(nn::softmax_cross_entropy<float>(big, right).correct == 1);
    CHECK(nn::softmax_cross_entropy<float>(big, wrong).correct == 0);
  }
  SECTION("smoothing by definition") {
    const double s = 0.2;
    double sum = 0;
    for (index_t n = 0; n < 17; ++n) {
      double total = 0;
      for (index_t k = 0; k < 4; ++k) total += std::exp(logits.at(n, k, 0, 0));
      for (index_t k = 0; k < 4; ++k)
        sum -= (s / 4 + (k == labels[static_cast<std::size_t>(n)] ? 1 - s : 0)) *
               (logits.at(n, k, 0, 0) - std::log(total)) / 17;
    }
    CHECK(nn::softmax_cross_entropy<double>(logits, labels, nullptr, s).loss ==
          Approx(sum).epsilon(1e-12));
  }
  SECTION("what it refuses") {
    labels[3] = 4;
    CHECK_THROWS_WITH(
        nn::softmax_cross_entropy<double>(logits, labels),
        Contains("E502") && Contains("image 3 of the batch has label 4, must lie in 0..3"));
    labels.pop_back();
    CHECK_THROWS_WITH(nn::softmax_cross_entropy<double>(logits, labels),
                      Contains("given 17 images, 16 labels"));
    const nn::activations<double> map(1, {4, 2, 1});
    CHECK_THROWS_WITH(nn::softmax_cross_entropy<double>(map, labels),
                      Contains("logits must be {classes, 1, 1}, given 4 x 2 x 1"));
    labels.resize(17, 0);
    labels[3] = 0;
    CHECK_THROWS_WITH(nn::softmax_cross_entropy<double>(logits, labels, nullptr, 1.0),
                      Contains("0 <= smoothing < 1 must hold, given 1"));
  }
}

TEST_CASE("Kaiming initialisation counts live blocks, row by row", "[init]") {
  mask::layer_mask m = nn::dense_mask("c", 64, 64, 5, 5);
  for (index_t i = 1; i < 16; ++i) m.blocks.set(0, i, false);  // row 0: one block of 16
  for (index_t i = 0; i < 16; ++i) m.blocks.set(1, i, false);  // row 1: none
  nn::conv2d<float> conv(m, {.bias = true});
  conv.bias()[3] = 1;
  rng random(1);
  nn::kaiming_init(conv, random);
  CHECK(conv.bias()[3] == 0);
  const auto deviation = [&](index_t row) {
    double sum = 0, count = 0;
    conv.for_each_weight([&](index_t o, index_t, index_t, std::size_t at) {
      if (o / 8 != row) return;
      sum += static_cast<double>(conv.weights()[at]) * static_cast<double>(conv.weights()[at]);
      count += 1;
    });
    return std::sqrt(sum / count);
  };
  // 800 and 12,800 normal numbers: the deviation is within 4 / sqrt(2 n) of its expectation.
  CHECK(deviation(0) == Approx(std::sqrt(2.0 / (4 * 25))).epsilon(0.1));
  CHECK(deviation(2) == Approx(std::sqrt(2.0 / (64 * 25))).epsilon(0.025));
}

TEST_CASE("padding outputs stay zero through initialisation", "[init]") {
  nn::conv2d<float> conv(nn::dense_mask("c", 3, 10, 3, 3));
  rng random(1);
  nn::kaiming_init(conv, random);
  walk_storage(conv.mask(), [&](index_t o, index_t, index_t, index_t, index_t at) {
    const float w = conv.weights()[static_cast<std::size_t>(at)];
    if ((o >= 10) != (w == 0.0f)) FAIL("output " << o << " has weight " << w);
  });
}

TEST_CASE("layers do not depend on the number of threads", "[layers]") {
  const int before = thread_count();
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    rng random(6);
    const auto in = random_maps<float>(70, {5, 6, 6}, random);
    const auto grad_out = random_maps<float>(70, {5, 6, 6}, random);
    nn::batch_norm<float> bn("bn", 5);
    nn::activations<float> out, grad_in;
    bn.forward_training(in, out);
    bn.backward(in, out, grad_out, &grad_in);
    std::vector<float> all(out.values().begin(), out.values().end());
    all.insert(all.end(), grad_in.values().begin(), grad_in.values().end());
    for (const auto& p : bn.parameters())
      all.insert(all.end(), p.gradient.begin(), p.gradient.end());
    if (threads == 1) first = all;
    REQUIRE(all.size() == first.size());
    CHECK(std::memcmp(all.data(), first.data(), all.size() * sizeof(float)) == 0);
  }
  set_thread_count(before);
}

TEST_CASE("layers refuse what does not fit", "[layers]") {
  using bn = nn::batch_norm<float>;
  CHECK_THROWS_WITH(bn("bn3", 0), Contains("E402") && Contains("channels must be >= 1, given 0"));
  CHECK_THROWS_WITH(bn("bn3", 1, {.epsilon = 0}), Contains("epsilon must be > 0, given 0"));
  CHECK_THROWS_WITH(bn("bn3", 1, {.momentum = 1.5}),
                    Contains("0 < momentum <= 1 must hold, given 1.5"));
  CHECK_THROWS_WITH(bn("", 1), Contains("a layer needs a name"));
  CHECK_THROWS_WITH(bn("bn3", 4).output_shape({3, 2, 2}),
                    Contains("E401") && Contains("'bn3' (batch_norm) needs 4 channels, given a "
                                                 "3 x 2 x 2 map"));
  using pool = nn::max_pool<float>;
  CHECK_THROWS_WITH(pool("p", {.size = 0}),
                    Contains("size and stride must be >= 1, given 0 and 2"));
  CHECK_THROWS_WITH(pool("p").output_shape({3, 1, 2}),
                    Contains("a 2 x 2 window does not fit a 3 x 1 x 2 map"));
  bn norm("bn", 2);
  nn::activations<float> in(2, {2, 2, 2}), out, other(2, {2, 1, 2}), grad_in;
  CHECK_THROWS_WITH(norm.backward(in, out, in, &grad_in),
                    Contains("E404") && Contains("backward() needs a forward_training()"));
  norm.forward_training(in, out);
  CHECK_THROWS_WITH(norm.backward(in, out, other, &grad_in),
                    Contains("the gradient must have the shape of the input"));
  nn::relu<float> relu("r");
  CHECK_THROWS_AS(relu.backward(in, out, other, &grad_in), shape_error);
  pool p("p");
  CHECK_THROWS_AS(p.backward(in, out, other, &grad_in), shape_error);
}
