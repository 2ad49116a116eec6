// SPDX-License-Identifier: Apache-2.0
// The three kernels on thousands of random shapes against the definition of a convolution.
#include <catch2/catch.hpp>

#include "swprune/core/parallel.hpp"
#include "tests/nn/conv_trial.hpp"

using namespace swprune;
using namespace swprune_test;

namespace {

/// Sets the number of threads, and back at the end.
class thread_setting {
 public:
  explicit thread_setting(int threads) : before_(thread_count()) { set_thread_count(threads); }
  thread_setting(const thread_setting&) = delete;
  thread_setting& operator=(const thread_setting&) = delete;
  ~thread_setting() { set_thread_count(before_); }

 private:
  int before_;
};

/// Case number `seed`: every third one has blocks that lack taps.
struct kernel_case {
  rng random;
  random_case shape;

  explicit kernel_case(std::uint64_t seed)
      : random(rng(seed).stream("conv_kernels_test")), shape(random) {
    if (seed % 3 == 0 && shape.mask.taps() > 1) thin_taps(shape.mask, 0.5, random);
  }
  trial run(index_t batch) const {
    rng numbers = random;
    return {shape.mask, shape.params, batch, shape.image, numbers};
  }
};

}  // namespace

TEST_CASE("float kernels agree with a naive masked dense loop", "[conv_kernels]") {
  const auto [batch, cases] = GENERATE(table<index_t, std::uint64_t>(
      {{1, 500}, {2, 400}, {15, 300}, {16, 300}, {17, 300}, {33, 200}, {70, 100}}));
  for (std::uint64_t k = 0; k < cases; ++k) {
    const thread_setting threads(1 + static_cast<int>(k % 3));
    const std::uint64_t seed = 1000 * static_cast<std::uint64_t>(batch) + k;
    const kernel_case c(seed);
    const auto& [mask, params, image] = c.shape;
    CAPTURE(seed, batch, mask.in_channels, mask.out_channels, mask.kernel_height, mask.kernel_width,
            params.stride, params.padding, params.dilation, image.height, image.width,
            mask.block.outputs, mask.block.inputs, mask.blocks.count());
    trial t = c.run(batch);
    CHECK(t.forward_error() <= 1);
    CHECK(t.backward_data_error() <= 1);
    CHECK(t.backward_weights_error() <= 1);
    CHECK(t.out.dead_lanes_are_zero());
    CHECK(t.grad_in.dead_lanes_are_zero());
  }
}

TEST_CASE("random convolutions are bit-identical at any number of threads", "[conv_kernels]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const kernel_case c(seed);
    const index_t batch = 1 + static_cast<index_t>(seed * 7 % 150);
    CAPTURE(seed, batch);
    std::vector<float> first;
    for (const int threads : {1, 2, 3}) {
      const thread_setting setting(threads);
      trial t = c.run(batch);
      const std::vector<float> all = results_of(t);
      if (threads == 1) first = all;
      CHECK(same_bits(all, first));
    }
  }
}

TEST_CASE("the bound rejects a wrong weight and a wrong tap", "[conv_kernels]") {
  int weights = 0, taps = 0;
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    const kernel_case c(seed);
    if (c.shape.mask.blocks.count() == 0 || c.shape.mask.taps() == 1) continue;
    CAPTURE(seed);
    trial t = c.run(17);
    REQUIRE(t.forward_error() <= 1);
    // One weight a hundredth larger, on the side of the definition.
    index_t o = 0, i = 0, tap = 0;
    t.conv.for_each_weight([&](index_t output, index_t input, index_t at, std::size_t) {
      o = output, i = input, tap = at;
    });
    const index_t ky = tap / c.shape.mask.kernel_width, kx = tap % c.shape.mask.kernel_width;
    const double right = t.dense(o, i, ky, kx);
    t.dense(o, i, ky, kx) = right * (1 + 1e-2);
    const bool used = t.naive.uses(ky, kx, t.in.shape(), t.out.shape());
    if (used && std::abs(right) > 0.1) {
      CHECK(t.forward_error() > 1);
      ++weights;
    }
    t.dense(o, i, ky, kx) = right;
    // The kernel one tap further than the definition.
    t.naive.params.padding += 1;
    if (t.naive.uses(ky, kx, t.in.shape(), t.out.shape())) {
      CHECK(t.forward_error() > 1);
      ++taps;
    }
  }
  CHECK(weights > 20);
  CHECK(taps > 20);
}
