// SPDX-License-Identifier: Apache-2.0
#include "swprune/nn/conv2d.hpp"

#include <catch2/catch.hpp>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/fully_connected.hpp"
#include "tests/nn/conv_trial.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

TEST_CASE("the naive comparison sees a single wrong tap", "[conv2d]") {
  rng random(7);
  const mask::layer_mask m = random_mask(6, 11, 3, 3, {8, 4}, 1.0, random);
  trial t(m, {.padding = 1}, 17, {6, 5, 7}, random);
  REQUIRE(t.forward_error() <= 1);
  REQUIRE(t.backward_data_error() <= 1);
  REQUIRE(t.backward_weights_error() <= 1);
  SECTION("a weight that differs in its last bits") {
    t.dense(10, 5, 2, 0) *= 1 + 1e-4;
    CHECK(t.forward_error() > 1);
    CHECK(t.backward_data_error() > 1);
  }
  SECTION("an input pixel that was not counted") {
    t.in.at(16, 5, 4, 6) += 1e-2f;
    CHECK(t.forward_error() > 1);
    CHECK(t.backward_weights_error() > 1);
  }
  SECTION("a block that the kernel believes absent") {
    t.naive.mask.blocks.set(1, 1, false);
    CHECK(t.forward_error() > 1);
    CHECK(t.backward_data_error() > 1);
    CHECK(t.backward_weights_error() > 1);
  }
}

TEST_CASE("results are bit-identical at any number of threads", "[conv2d]") {
  const int before = thread_count();
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    CAPTURE(seed);
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 5}) {
      set_thread_count(threads);
      rng random = rng(seed).stream("threads");
      const mask::layer_mask m = random_mask(13, 20, 3, 3, {8, 4}, 0.6, random);
      trial t(m, {.padding = 1}, 150, {13, 7, 6},
              random);  // three slices of the batch, the last partial
      const std::vector<float> all = results_of(t);
      if (threads == 1) first = all;
      CHECK(same_bits(all, first));
    }
  }
  set_thread_count(before);
}

TEST_CASE("a fully connected layer is a valid convolution over the whole map", "[conv2d]") {
  for (const index_t batch : {1, 15, 17, 33, 80}) {
    for (const double density : {0.25, 1.0}) {
      rng random(static_cast<std::uint64_t>(batch));
      CAPTURE(batch, density);
      const mask::layer_mask m = random_mask(10, 19, 4, 3, {8, 4}, density, random);
      trial t(m, {}, batch, {10, 4, 3}, random);
      CHECK(t.out.shape() == map_shape{19, 1, 1});
      CHECK(t.forward_error() <= 1);
      CHECK(t.backward_data_error() <= 1);
      CHECK(t.backward_weights_error() <= 1);
      nn::fully_connected<float> fc(m);
      std::copy(t.conv.weights().begin(), t.conv.weights().end(), fc.weights().begin());
      nn::activations<float> out;
      fc.forward(t.in, out);
      CHECK(std::equal(out.values().begin(), out.values().end(), t.out.values().begin()));
    }
  }
}

TEST_CASE("weights are stored in the order of the hardware and nowhere else", "[conv2d]") {
  rng random(3);
  for (int k = 0; k < 40; ++k) {
    CAPTURE(k);
    const random_case c(random);
    nn::conv2d<float> conv(c.mask, c.params);
    index_t real = 0;
    const index_t stored = walk_storage(c.mask, [&](index_t o, index_t, index_t, index_t, index_t) {
      real += o < c.mask.out_channels;
    });
    REQUIRE(static_cast<index_t>(conv.weights().size()) == stored);
    CHECK(conv.weight_count() == real);
    CHECK(conv.dense_weight_count() == c.mask.weights());
    const auto p = conv.parameters();
    REQUIRE(p.size() == 1);
    CHECK(p[0].gradient.size() == p[0].values.size());
    // Numbered dense weights end up where the format says.
    std::vector<float> dense(static_cast<std::size_t>(c.mask.weights()));
    for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = static_cast<float>(i + 1);
    conv.from_dense(dense);
    const index_t in = c.mask.in_channels, kh = c.mask.kernel_height, kw = c.mask.kernel_width;
    walk_storage(c.mask, [&](index_t o, index_t i, index_t ky, index_t kx, index_t at) {
      const float expected = o < c.mask.out_channels
                                 ? static_cast<float>(((o * in + i) * kh + ky) * kw + kx + 1)
                                 : 0.0f;
      if (conv.weights()[static_cast<std::size_t>(at)] != expected) FAIL("weight " << at);
    });
    const std::vector<float> back = conv.to_dense();
    for (std::size_t i = 0; i < back.size(); ++i) {
      const index_t pair = static_cast<index_t>(i) / (kh * kw);
      const bool live =
          c.mask.blocks.test(pair / in / c.mask.block.outputs, pair % in / c.mask.block.inputs);
      if (back[i] != (live ? dense[i] : 0.0f)) FAIL("dense weight " << i);
    }
  }
}

TEST_CASE("bias is added to real images only and its gradient is their sum", "[conv2d]") {
  rng random(11);
  nn::conv2d<float> conv(random_mask(5, 9, 3, 3, {8, 4}, 0.7, random),
                         {.padding = 1, .bias = true});
  for (float& b : conv.bias()) b = static_cast<float>(random.normal());
  const auto in = random_maps<float>(17, {5, 4, 4}, random);
  nn::activations<float> with, without, grad_in;
  conv.forward(in, with);
  const std::vector<float> bias(conv.bias().begin(), conv.bias().end());
  std::fill(conv.bias().begin(), conv.bias().end(), 0.0f);
  conv.forward(in, without);
  CHECK(with.dead_lanes_are_zero());
  for (index_t n = 0; n < 17; ++n)
    for (index_t o = 0; o < 9; ++o)
      CHECK(with.at(n, o, 1, 2) == without.at(n, o, 1, 2) + bias[static_cast<std::size_t>(o)]);
  const auto grad_out = random_maps<float>(17, with.shape(), random);
  conv.backward(in, with, grad_out, &grad_in);
  bounded_sum exact(9, 1, 1, 1);
  for (index_t n = 0; n < 17; ++n)
    for (index_t o = 0; o < 9; ++o)
      for (index_t p = 0; p < 16; ++p)
        exact.add(o, 0, 0, 0, static_cast<double>(grad_out.at(n, o, p / 4, p % 4)));
  const auto gradient = conv.parameters().at(1).gradient;
  CHECK(worst_against_bound(exact, [&](index_t o, index_t, index_t, index_t) {
          return gradient[static_cast<std::size_t>(o)];
        }) <= 1);
  CHECK_FALSE(conv.parameters().at(1).decays);
}

TEST_CASE("multiply counts", "[conv2d]") {
  mask::layer_mask m = nn::dense_mask("c", 8, 16, 3, 3);
  m.blocks.set(0, 1, false);
  const nn::conv2d<float> conv(m, {.stride = 2, .padding = 1});
  CHECK(conv.weight_count() == (8 * 16 - 8 * 4) * 9);
  CHECK(conv.macs({8, 7, 7}) == conv.weight_count() * 16);
  CHECK(conv.dense_macs({8, 7, 7}) == 8 * 16 * 9 * 16);
}

TEST_CASE("a copy shares nothing", "[conv2d]") {
  rng random(5);
  nn::conv2d<float> conv(random_mask(8, 8, 3, 3, {8, 4}, 1, random));
  conv.weights()[0] = 1;
  const auto copy = conv.clone();
  conv.weights()[0] = 2;
  CHECK(dynamic_cast<nn::conv2d<float>&>(*copy).weights()[0] == 1);
  CHECK(copy->name() == conv.name());
}

TEST_CASE("convolutions refuse what does not fit", "[conv2d]") {
  const mask::layer_mask m = nn::dense_mask("conv7", 8, 16, 3, 5);
  CHECK_THROWS_WITH(nn::conv2d<float>(m, {.stride = 0}),
                    Contains("E402") && Contains("'conv7': stride must be >= 1, given 0"));
  CHECK_THROWS_WITH(nn::conv2d<float>(m, {.padding = 3}),
                    Contains("0 <= padding < reach of the kernel must hold, given padding 3 and a "
                             "3 x 5 kernel with dilation 1"));
  CHECK_THROWS_AS(nn::conv2d<float>(m, {.padding = -1}), invalid_argument);
  CHECK_THROWS_WITH(nn::conv2d<float>(m, {.dilation = 0}),
                    Contains("E402") && Contains("'conv7': dilation must be >= 1, given 0"));
  CHECK(nn::conv2d<float>(m, {.padding = 4, .dilation = 2}).output_shape({8, 1, 1}) ==
        map_shape{16, 5, 1});
  mask::layer_mask wrong = m;
  wrong.blocks = mask::block_mask::dense(2, 3);
  CHECK_THROWS_WITH(nn::conv2d<float>(wrong), Contains("E301") && Contains("need a 2x2 mask"));
  CHECK_THROWS_WITH(nn::dense_mask("x", 1, 1, 1, 1, {0, 4}), Contains("E304"));
  wrong = m;
  wrong.name.clear();
  CHECK_THROWS_WITH(nn::conv2d<float>(wrong), Contains("a layer needs a name"));

  nn::conv2d<float> conv(m);
  CHECK_THROWS_WITH(conv.output_shape({4, 9, 9}),
                    Contains("E401") && Contains("'conv7'") &&
                        Contains("needs 8 input channels, given a 4 x 9 x 9 map"));
  CHECK_THROWS_WITH(conv.output_shape({8, 9, 4}),
                    Contains("a 3 x 5 kernel with dilation 1 and padding 0 does not fit a 8 x 9 x "
                             "4 map"));
  nn::activations<float> in(2, {8, 5, 5}), out, grad(2, {16, 3, 2}), grad_in;
  conv.forward(in, out);
  CHECK_THROWS_WITH(conv.backward(in, out, grad, &grad_in),
                    Contains("the gradient of a batch of 2 outputs 16 x 3 x 1 is needed"));
  CHECK_THROWS_WITH(conv.from_dense(std::vector<float>(3)), Contains("given 3"));
  const nn::fully_connected<float> fc(m);
  CHECK_THROWS_WITH(fc.output_shape({8, 4, 5}),
                    Contains("'conv7' (fully_connected) needs a 8 x 3 x 5 map, given 8 x 4 x 5"));
}

TEST_CASE("an empty batch is no image, not an error", "[conv2d]") {
  nn::conv2d<float> conv(nn::dense_mask("c", 3, 4, 3, 3), {.padding = 1, .bias = true});
  nn::activations<float> in(0, {3, 4, 4}), out, grad_in;
  conv.forward(in, out);
  CHECK(out.batch() == 0);
  conv.backward(in, out, out, &grad_in);
  for (const auto& p : conv.parameters())
    for (const float g : p.gradient) CHECK(g == 0.0f);
}
