// SPDX-License-Identifier: Apache-2.0
// Convolutions whose blocks lack taps: the kernels, what is stored, and what is counted.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/fully_connected.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/train/gradient_check.hpp"
#include "tests/nn/conv_trial.hpp"

using namespace swprune;
using namespace swprune_test;

namespace {

/// random_case with taps taken away.
struct thin_case : random_case {
  explicit thin_case(rng& r) : random_case(r) {
    const double shares[] = {0.1, 0.4, 0.45, 0.9};
    thin_taps(mask, shares[r.below(4)], r);
  }
};

}  // namespace

TEST_CASE("kernels that skip taps agree with a naive masked dense loop", "[taps]") {
  const index_t batch = GENERATE(1, 15, 17, 33, 70);
  const int threads = GENERATE(1, 2);
  const int before = thread_count();
  set_thread_count(threads);
  index_t thin = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    rng random = rng(seed).stream("taps_test", static_cast<std::uint64_t>(batch));
    const thin_case c(random);
    thin += !c.mask.kept_taps.keeps_all();
    CAPTURE(batch, threads, seed, c.mask.in_channels, c.mask.out_channels, c.mask.kernel_height,
            c.mask.kernel_width, c.params.stride, c.params.padding, c.params.dilation,
            c.image.height, c.image.width, c.mask.block.outputs, c.mask.block.inputs,
            c.mask.kept_weights());
    trial t(c.mask, c.params, batch, c.image, random);
    CHECK(t.forward_error() <= 1);
    CHECK(t.backward_data_error() <= 1);
    CHECK(t.backward_weights_error() <= 1);
    CHECK(t.out.dead_lanes_are_zero());
    CHECK(t.grad_in.dead_lanes_are_zero());
  }
  CHECK(thin >= 20);  // the others have no live block or kernels of one tap
  set_thread_count(before);
}

TEST_CASE("the naive comparison sees a tap too many or too few", "[taps]") {
  rng random(7);
  mask::layer_mask m = random_mask(6, 11, 3, 3, {8, 4}, 1.0, random);
  thin_taps(m, 0.4, random);
  m.kept_taps.set(1, 1, 5);
  m.kept_taps.set(1, 1, 6, false);
  trial t(m, {.padding = 1}, 17, {6, 5, 7}, random);
  REQUIRE(t.forward_error() <= 1);
  REQUIRE(t.backward_data_error() <= 1);
  REQUIRE(t.backward_weights_error() <= 1);
  SECTION("a kept tap that the kernel believes absent") { t.naive.mask.kept_taps.set(1, 1, 6); }
  SECTION("an absent tap that the kernel believes kept") {
    t.naive.mask.kept_taps.set(1, 1, 5, false);
  }
  CHECK(t.forward_error() > 1);
  CHECK(t.backward_data_error() > 1);
  CHECK(t.backward_weights_error() > 1);
}

TEST_CASE("skipping a tap gives what a zero weight there gives, bit for bit", "[taps]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    rng random = rng(seed).stream("zero weights");
    const thin_case c(random);
    CAPTURE(seed);
    trial t(c.mask, c.params, 33, c.image, random);
    mask::layer_mask whole = c.mask;
    whole.kept_taps = {};
    nn::conv2d<float> full(whole, c.params);
    full.from_dense(t.conv.to_dense());
    nn::activations<float> out, grad_in;
    full.forward(t.in, out);
    full.backward(t.in, out, t.grad_out, &grad_in);
    // == takes -0 for 0: a product with a zero weight may leave either.
    CHECK(std::equal(out.values().begin(), out.values().end(), t.out.values().begin()));
    CHECK(std::equal(grad_in.values().begin(), grad_in.values().end(), t.grad_in.values().begin()));
  }
}

TEST_CASE("a table that lacks only absent blocks' taps changes no result", "[taps]") {
  // One tap of one block away: all other blocks must give the very same gradients.
  rng random(9);
  mask::layer_mask m = random_mask(12, 16, 3, 3, {8, 4}, 0.7, random);
  m.blocks.set(0, 0);
  trial whole(m, {.padding = 1}, 20, {12, 6, 6}, random);
  m.kept_taps = mask::tap_mask(m.out_groups(), m.in_groups(), m.taps());
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.blocks.row(j))
      for (index_t tap = 0; tap < m.taps(); ++tap) m.kept_taps.set(j, i, tap, j + i + tap > 0);
  nn::conv2d<float> thin(m, {.padding = 1});
  thin.from_dense(whole.conv.to_dense());
  nn::activations<float> out, grad_in;
  thin.forward(whole.in, out);
  thin.backward(whole.in, out, whole.grad_out, &grad_in);
  const auto a = whole.conv.parameters().front().gradient;
  const auto b = thin.parameters().front().gradient;
  REQUIRE(a.size() == b.size() + 4 * 8);  // one tap of 4 x 8 kernels
  // Per channel of the first block: 8 taps instead of 9; then everything else.
  for (std::size_t ci = 0; ci < 4; ++ci)
    CHECK(std::memcmp(&a[(ci * 9 + 1) * 8], &b[ci * 8 * 8], 8 * 8 * sizeof(float)) == 0);
  CHECK(std::memcmp(&a[4 * 9 * 8], &b[4 * 8 * 8], (b.size() - 4 * 8 * 8) * sizeof(float)) == 0);
}

TEST_CASE("results with taps are bit-identical at any number of threads", "[taps]") {
  const int before = thread_count();
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    CAPTURE(seed);
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 5}) {
      set_thread_count(threads);
      rng random = rng(seed).stream("threads");
      mask::layer_mask m = random_mask(13, 20, 3, 3, {8, 4}, 0.6, random);
      thin_taps(m, 0.45, random);
      trial t(m, {.padding = 1}, 150, {13, 7, 6},
              random);  // three slices of the batch, the last partial
      const std::vector<float> all = results_of(t);
      if (threads == 1) first = all;
      CHECK(same_bits(all, first));
    }
  }
  set_thread_count(before);
}

TEST_CASE("a fully connected layer after a map may lack taps", "[taps]") {
  for (const index_t batch : {1, 15, 17, 33, 80}) {
    rng random(static_cast<std::uint64_t>(batch));
    CAPTURE(batch);
    mask::layer_mask m = random_mask(10, 19, 4, 3, {8, 4}, 0.7, random);
    thin_taps(m, 0.4, random);
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

TEST_CASE("absent taps have no storage, and counts know it", "[taps]") {
  rng random(3);
  for (int k = 0; k < 60; ++k) {
    CAPTURE(k);
    const thin_case c(random);
    nn::conv2d<float> conv(c.mask, c.params);
    index_t real = 0;
    const index_t stored = walk_storage(c.mask, [&](index_t o, index_t, index_t, index_t, index_t) {
      real += o < c.mask.out_channels;
    });
    REQUIRE(static_cast<index_t>(conv.weights().size()) == stored);
    CHECK(conv.weight_count() == real);
    CHECK(conv.dense_weight_count() == c.mask.weights());
    CHECK(conv.macs(c.image) == real * conv.output_shape(c.image).pixels());
    REQUIRE(conv.parameters().size() == 1);
    CHECK(static_cast<index_t>(conv.parameters()[0].gradient.size()) == stored);
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
    const naive_conv naive{c.mask};
    const std::vector<float> back = conv.to_dense();
    for (std::size_t i = 0; i < back.size(); ++i) {
      const index_t tap = static_cast<index_t>(i) % (kh * kw);
      const index_t pair = static_cast<index_t>(i) / (kh * kw);
      const bool kept =
          naive.live(pair / in, pair % in) && naive.kept(pair / in, pair % in, tap / kw, tap % kw);
      if (back[i] != (kept ? dense[i] : 0.0f)) FAIL("dense weight " << i);
    }
    index_t visited = 0;
    std::size_t last = 0;
    conv.for_each_weight([&](index_t o, index_t i, index_t tap, std::size_t at) {
      if (visited++ > 0 && at <= last) FAIL("not in the order of storage at " << at);
      last = at;
      const float expected = static_cast<float>((o * in + i) * kh * kw + tap + 1);
      if (conv.weights()[at] != expected) FAIL("visited weight " << at);
    });
    CHECK(visited == real);
  }
}

TEST_CASE("gradients of convolutions with taps, in double", "[taps]") {
  struct form {
    index_t in, out, kh, kw, stride, padding, h, w;
    mask::block_shape block;
  };
  const form forms[] = {{5, 9, 3, 3, 1, 1, 5, 4, {8, 4}},
                        {3, 4, 5, 5, 1, 2, 6, 6, {4, 4}},
                        {4, 17, 3, 2, 2, 1, 7, 6, {16, 4}},
                        {7, 5, 2, 4, 2, 1, 5, 5, {3, 5}},
                        {6, 6, 3, 3, 1, 0, 3, 3, {2, 3}}};
  for (const form& f : forms)
    for (const double share : {0.15, 0.45}) {
      rng random(static_cast<std::uint64_t>(f.in * 100 + f.out));
      CAPTURE(f.in, f.out, f.kh, f.kw, f.stride, f.padding, share);
      mask::layer_mask m = random_mask(f.in, f.out, f.kh, f.kw, f.block, 0.8, random);
      thin_taps(m, share, random);
      nn::conv2d<double> conv(m, {.stride = f.stride, .padding = f.padding, .bias = true});
      nn::kaiming_init(conv, random);
      const auto in = random_maps<double>(17, {f.in, f.h, f.w}, random);
      const auto result = train::check_layer_gradients(conv, in, random);
      CAPTURE(result.where, result.analytic, result.numeric);
      CHECK(result.worst <= 1e-6);
      CHECK(result.checked ==
            static_cast<index_t>(conv.weights().size()) + f.out + 17 * f.in * f.h * f.w);
    }
}

TEST_CASE("initial weights have the variance of the kept taps' fan-in", "[taps]") {
  // 64 x 64 channels, every block keeps 4 of 9 taps, half of the blocks live: fan-in 32 * 4.
  rng random(21);
  mask::layer_mask m = nn::dense_mask("layer", 64, 64, 3, 3);
  m.kept_taps = mask::tap_mask(8, 16, 9);
  for (index_t j = 0; j < 8; ++j)
    for (index_t i = 0; i < 16; ++i) {
      m.blocks.set(j, i, (i + j) % 2 == 0);
      for (index_t k = 0; k < 4 && m.blocks.test(j, i); ++k)
        m.kept_taps.set(j, i, (2 * k + i + j) % 9);
    }
  nn::conv2d<float> conv(m);
  nn::kaiming_init(conv, random);
  double squares = 0;
  for (const float w : conv.weights()) squares += static_cast<double>(w) * static_cast<double>(w);
  const auto n = static_cast<double>(conv.weight_count());
  REQUIRE(n == 64 * 32 * 4);
  // The sum of n squared normals has relative standard deviation sqrt(2 / n): five of them.
  CHECK(std::abs(squares / n * (32 * 4) / 2 - 1) < 5 * std::sqrt(2 / n));
}

TEST_CASE("a copy has the taps too and shares nothing", "[taps]") {
  rng random(5);
  mask::layer_mask m = random_mask(8, 8, 3, 3, {8, 4}, 1, random);
  thin_taps(m, 0.3, random);
  nn::conv2d<float> conv(m, {.padding = 1});
  nn::kaiming_init(conv, random);
  const auto copy = conv.clone();
  auto& same = dynamic_cast<nn::conv2d<float>&>(*copy);
  CHECK(same.mask() == m);
  CHECK(same.to_dense() == conv.to_dense());
  conv.weights()[0] += 1;
  CHECK(same.to_dense() != conv.to_dense());
  const auto in = random_maps<float>(5, {8, 4, 4}, random);
  nn::activations<float> a, b;
  conv.weights()[0] -= 1;
  conv.from_dense(same.to_dense());
  conv.forward(in, a);
  copy->forward(in, b);
  CHECK(std::equal(a.values().begin(), a.values().end(), b.values().begin()));
}
