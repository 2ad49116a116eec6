// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/average_pool.hpp"
#include "swprune/nn/concatenation.hpp"
#include "swprune/nn/dropout.hpp"
#include "swprune/nn/global_average_pool.hpp"
#include "swprune/nn/grouped_mask.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/nn/relu6.hpp"
#include "tests/nn/naive_conv.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

const index_t batches[] = {1, 15, 17, 33};

/// Runs a layer in training and back; the dead lanes of all results must be zero.
struct layer_run {
  nn::activations<float> out, grad_in;

  layer_run(nn::layer<float>& layer, const nn::activations<float>& in,
            const nn::activations<float>& grad_out) {
    layer.forward_training(in, out);
    CHECK(out.shape() == layer.output_shape(in.shape()));
    CHECK(out.dead_lanes_are_zero());
    layer.backward(in, out, grad_out, &grad_in);
    CHECK(grad_in.shape() == in.shape());
    CHECK(grad_in.dead_lanes_are_zero());
    CHECK_THROWS_WITH(
        layer.backward(in, out, nn::activations<float>(in.batch(), {9, 9, 9}), &grad_in),
        Contains("the gradient must have the shape"));
    nn::activations<float> inference;
    layer.forward(in, inference);
    CHECK(inference.dead_lanes_are_zero());
  }
};

template <typename Body>
void each(index_t batch, const map_shape& s, const Body& body) {
  for (index_t n = 0; n < batch; ++n)
    for (index_t c = 0; c < s.channels; ++c)
      for (index_t y = 0; y < s.height; ++y)
        for (index_t x = 0; x < s.width; ++x) body(n, c, y, x);
}

}  // namespace

TEST_CASE("relu6 clips at both ends", "[relu6]") {
  for (const index_t batch : batches) {
    rng random(static_cast<std::uint64_t>(batch));
    auto in = random_maps<float>(batch, {2, 3, 4}, random);
    for (float& v : in.values()) v *= 5;
    const auto grad_out = random_maps<float>(batch, {2, 3, 4}, random);
    nn::relu6<float> layer("clip");
    const layer_run run(layer, in, grad_out);
    each(batch, in.shape(), [&](index_t n, index_t c, index_t y, index_t x) {
      const float v = in.at(n, c, y, x);
      CHECK(run.out.at(n, c, y, x) == std::min(std::max(v, 0.0f), 6.0f));
      CHECK(run.grad_in.at(n, c, y, x) == (v > 0 && v < 6 ? grad_out.at(n, c, y, x) : 0.0f));
    });
  }
  nn::activations<float> nan(1, {1, 1, 1}), out;
  nan.at(0, 0, 0, 0) = std::numeric_limits<float>::quiet_NaN();
  nn::relu6<float>("clip").forward(nan, out);
  CHECK(std::isnan(out.at(0, 0, 0, 0)));
}

TEST_CASE("average pooling takes the mean of every window", "[average_pool]") {
  struct form {
    index_t size, stride, h, w;
  };
  for (const form& f : {form{2, 2, 4, 6}, form{2, 2, 5, 7}, form{3, 2, 7, 6}, form{2, 1, 3, 3}})
    for (const index_t batch : batches) {
      CAPTURE(f.size, f.stride, f.h, f.w, batch);
      rng random(static_cast<std::uint64_t>(batch));
      const auto in = random_maps<float>(batch, {3, f.h, f.w}, random);
      nn::average_pool<float> layer("mean", {f.size, f.stride});
      const auto grad_out = random_maps<float>(batch, layer.output_shape(in.shape()), random);
      const layer_run run(layer, in, grad_out);
      const double share = 1.0 / static_cast<double>(f.size * f.size);
      nn::activations<double> wanted(batch, run.out.shape()), spread(batch, in.shape());
      each(batch, run.out.shape(), [&](index_t n, index_t c, index_t y, index_t x) {
        for (index_t ky = 0; ky < f.size; ++ky)
          for (index_t kx = 0; kx < f.size; ++kx) {
            const index_t iy = y * f.stride + ky, ix = x * f.stride + kx;
            wanted.at(n, c, y, x) += share * static_cast<double>(in.at(n, c, iy, ix));
            spread.at(n, c, iy, ix) += share * static_cast<double>(grad_out.at(n, c, y, x));
          }
        CHECK(std::abs(static_cast<double>(run.out.at(n, c, y, x)) - wanted.at(n, c, y, x)) < 1e-5);
      });
      each(batch, in.shape(), [&](index_t n, index_t c, index_t y, index_t x) {
        CHECK(std::abs(static_cast<double>(run.grad_in.at(n, c, y, x)) - spread.at(n, c, y, x)) <
              1e-5);
      });
    }
  CHECK_THROWS_WITH(nn::average_pool<float>("mean", {0, 1}),
                    Contains("E402") && Contains("given 0 and 1"));
  CHECK_THROWS_WITH(nn::average_pool<float>("mean", {3, 1}).output_shape({4, 2, 5}),
                    Contains("E401") && Contains("a 3 x 3 window does not fit a 4 x 2 x 5 map"));
}

TEST_CASE("global average pooling takes the mean of every channel", "[average_pool]") {
  for (const index_t batch : batches) {
    rng random(static_cast<std::uint64_t>(batch));
    const auto in = random_maps<float>(batch, {3, 5, 4}, random);
    const auto grad_out = random_maps<float>(batch, {3, 1, 1}, random);
    nn::global_average_pool<float> layer("mean");
    const layer_run run(layer, in, grad_out);
    nn::activations<double> wanted(batch, {3, 1, 1});
    each(batch, in.shape(), [&](index_t n, index_t c, index_t y, index_t x) {
      wanted.at(n, c, 0, 0) += static_cast<double>(in.at(n, c, y, x)) / 20;
      CHECK(run.grad_in.at(n, c, y, x) == Approx(grad_out.at(n, c, 0, 0) / 20));
    });
    each(batch, run.out.shape(), [&](index_t n, index_t c, index_t, index_t) {
      CHECK(std::abs(static_cast<double>(run.out.at(n, c, 0, 0)) - wanted.at(n, c, 0, 0)) < 1e-5);
    });
  }
}

TEST_CASE("dropout drops its share, from the generator of the step", "[dropout]") {
  const map_shape shape{8, 6, 6};
  for (const double rate : {0.0, 0.2, 0.5}) {
    for (const index_t batch : batches) {
      rng random(static_cast<std::uint64_t>(batch));
      auto in = random_maps<float>(batch, shape, random);
      const auto grad_out = random_maps<float>(batch, shape, random);
      nn::dropout<float> layer("drop", {rate});
      layer.begin_step(rng(7));
      const layer_run run(layer, in, grad_out);
      const auto scale = static_cast<float>(1 / (1 - rate));
      index_t dropped = 0;
      each(batch, shape, [&](index_t n, index_t c, index_t y, index_t x) {
        const bool kept = run.out.at(n, c, y, x) != 0;
        dropped += !kept;
        CHECK(run.out.at(n, c, y, x) == (kept ? in.at(n, c, y, x) * scale : 0.0f));
        CHECK(run.grad_in.at(n, c, y, x) == (kept ? grad_out.at(n, c, y, x) * scale : 0.0f));
      });
      // Six standard deviations of a binomial count.
      const double count = static_cast<double>(batch * shape.size());
      CHECK(std::abs(static_cast<double>(dropped) - rate * count) <=
            6 * std::sqrt(rate * (1 - rate) * count));
      nn::activations<float> same;
      layer.forward(in, same);
      CHECK(nn::to_plain(same) == nn::to_plain(in));
    }
  }
}

TEST_CASE("what dropout drops depends on step, layer and place only", "[dropout]") {
  rng random(3);
  const map_shape shape{4, 3, 3};
  nn::activations<float> large(33, shape), small(5, shape);
  for (auto* maps : {&large, &small}) {
    std::fill(maps->values().begin(), maps->values().end(), 1.0f);
    maps->clear_dead_lanes();
  }
  const auto drop = [](const char* name, const rng& step, const nn::activations<float>& in) {
    nn::dropout<float> layer(name);
    layer.begin_step(step);
    nn::activations<float> out;
    layer.forward_training(in, out);
    return nn::to_plain(out);
  };
  const auto first = drop("a", rng(1), large);
  set_thread_count(2);
  CHECK(drop("a", rng(1), large) == first);
  set_thread_count(1);
  CHECK(drop("a", rng(2), large) != first);
  CHECK(drop("b", rng(1), large) != first);
  const auto few = drop("a", rng(1), small);
  CHECK(std::equal(few.begin(), few.end(), first.begin()));
  // Images differ from each other, within a tile and between tiles.
  const auto size = static_cast<std::ptrdiff_t>(shape.size());
  for (const std::ptrdiff_t other : {1, 16, 32})
    CHECK_FALSE(std::equal(first.begin(), first.begin() + size, first.begin() + other * size));
  nn::dropout<float> early("early");
  nn::activations<float> out;
  CHECK_THROWS_WITH(early.forward_training(small, out),
                    Contains("E404") && Contains("'early' (dropout) needs begin_step()"));
  CHECK_THROWS_WITH(nn::dropout<float>("all", {1.0}),
                    Contains("0 <= rate < 1") && Contains("given 1"));
  CHECK_THROWS_WITH(nn::dropout<float>("none", {-0.1}), Contains("given -0.1"));
}

TEST_CASE("a network hands the generator of the step to layers inside blocks", "[dropout]") {
  nn::network<float> net;
  nn::chain<float> path;
  path.add<nn::conv2d>(nn::dense_mask("a.conv", 2, 3, 3, 3), nn::conv2d_params{.padding = 1});
  path.add<nn::dropout>("a.drop");
  net.add<nn::concatenation>("a", std::move(path));
  net.build({2, 4, 4});
  nn::kaiming_init(net, rng(1));
  rng random(1);
  const auto images = random_maps<float>(3, {2, 4, 4}, random);
  CHECK_THROWS_WITH(net.forward_training(images),
                    Contains("'a.drop' (dropout) needs begin_step()"));
  net.begin_step(rng(5));
  const auto first = nn::to_plain(net.forward_training(images));
  CHECK(nn::to_plain(net.forward_training(images)) == first);
  net.begin_step(rng(6));
  CHECK(nn::to_plain(net.forward_training(images)) != first);
}

TEST_CASE("a concatenation has the input's channels and those of its path", "[concatenation]") {
  for (const index_t batch : batches) {
    rng random(static_cast<std::uint64_t>(batch));
    nn::chain<float> path;
    path.add<nn::conv2d>(nn::dense_mask("conv", 3, 2, 3, 3), nn::conv2d_params{.padding = 1});
    for (auto& p : path.parameters())
      for (float& v : p.values) v = static_cast<float>(random.normal());
    nn::conv2d<float> conv(nn::dense_mask("conv", 3, 2, 3, 3), {.padding = 1});
    conv.from_dense(dynamic_cast<nn::conv2d<float>&>(path.at(0)).to_dense());
    nn::concatenation<float> layer("block", std::move(path));
    const auto in = random_maps<float>(batch, {3, 4, 5}, random);
    const auto grad_out = random_maps<float>(batch, {5, 4, 5}, random);
    const layer_run run(layer, in, grad_out);
    nn::activations<float> made, grad_made(batch, {2, 4, 5}), grad_in;
    conv.forward(in, made);
    each(batch, run.out.shape(), [&](index_t n, index_t c, index_t y, index_t x) {
      CHECK(run.out.at(n, c, y, x) == (c < 3 ? in.at(n, c, y, x) : made.at(n, c - 3, y, x)));
      if (c >= 3) grad_made.at(n, c - 3, y, x) = grad_out.at(n, c, y, x);
    });
    conv.backward(in, made, grad_made, &grad_in);
    each(batch, in.shape(), [&](index_t n, index_t c, index_t y, index_t x) {
      CHECK(run.grad_in.at(n, c, y, x) == grad_in.at(n, c, y, x) + grad_out.at(n, c, y, x));
    });
  }
  nn::chain<float> shrinks;
  shrinks.add<nn::average_pool>("mean");
  CHECK_THROWS_WITH(
      nn::concatenation<float>("block", shrinks).output_shape({3, 4, 4}),
      Contains("E401") && Contains("the path gives 3 x 2 x 2 maps, the input has 3 x 4 x 4"));
  CHECK_THROWS_WITH(nn::concatenation<float>("block", {}), Contains("needs a path"));
}

TEST_CASE("a grouped convolution is a block-diagonal mask", "[groups]") {
  for (const index_t groups : {1, 2, 4}) {
    const mask::layer_mask m = nn::grouped_mask("conv", 8, 16, 3, 3, groups, {4, 2});
    CHECK(m.kept_weights() == 8 * 16 * 9 / groups);
    // Each group alone gives the same outputs.
    rng random(static_cast<std::uint64_t>(groups));
    nn::conv2d<double> whole(m, {.padding = 1});
    nn::kaiming_init(whole, random);
    const auto in = random_maps<double>(3, {8, 4, 4}, random);
    nn::activations<double> out;
    whole.forward(in, out);
    const std::vector<double> dense = whole.to_dense();
    const index_t inputs = 8 / groups, outputs = 16 / groups;
    each(3, out.shape(), [&](index_t n, index_t o, index_t y, index_t x) {
      const index_t first = o / outputs * inputs;
      double sum = 0;
      for (index_t i = first; i < first + inputs; ++i)
        for (index_t ky = 0; ky < 3; ++ky)
          for (index_t kx = 0; kx < 3; ++kx) {
            const index_t iy = y + ky - 1, ix = x + kx - 1;
            if (iy < 0 || ix < 0 || iy >= 4 || ix >= 4) continue;
            sum += dense[static_cast<std::size_t>(((o * 8 + i) * 3 + ky) * 3 + kx)] *
                   in.at(n, i, iy, ix);
          }
      CHECK(out.at(n, o, y, x) == Approx(sum).margin(1e-12));
    });
  }
  CHECK(nn::grouped_mask("depthwise", 6, 6, 3, 3, 6, {1, 1}).kept_weights() == 6 * 9);
  CHECK_THROWS_WITH(
      nn::grouped_mask("conv", 8, 16, 3, 3, 3),
      Contains("E402") && Contains("must divide 8 input and 16 output channels, given 3"));
  CHECK_THROWS_WITH(
      nn::grouped_mask("conv", 8, 16, 3, 3, 4, {8, 2}),
      Contains("E304") && Contains("4 groups of 2 -> 4 channels are no whole 8x2 blocks"));
}

TEST_CASE("groups take blocks and their taps from any mask", "[groups]") {
  rng random(4);
  mask::layer_mask m = random_mask(8, 8, 3, 3, {2, 2}, 0.8, random);
  thin_taps(m, 0.5, random);
  const mask::layer_mask kept = nn::keep_groups(m, 2);
  mask::check(kept);
  for (index_t j = 0; j < 4; ++j)
    for (index_t i = 0; i < 4; ++i)
      CHECK(kept.taps_of(j, i) == (j / 2 == i / 2 ? m.taps_of(j, i) : 0));
  CHECK(nn::keep_groups(m, 1) == m);
}

TEST_CASE("mean squared error and its gradient", "[loss]") {
  for (const index_t batch : batches) {
    rng random(static_cast<std::uint64_t>(batch));
    auto out = random_maps<double>(batch, {3, 2, 2}, random);
    const auto target = random_maps<double>(batch, {3, 2, 2}, random);
    nn::activations<double> gradient;
    const double loss = nn::mean_squared_error(out, target, &gradient);
    CHECK(gradient.dead_lanes_are_zero());
    double sum = 0;
    each(batch, out.shape(), [&](index_t n, index_t c, index_t y, index_t x) {
      const double e = out.at(n, c, y, x) - target.at(n, c, y, x);
      sum += e * e;
      CHECK(gradient.at(n, c, y, x) == Approx(2 * e / static_cast<double>(12 * batch)));
    });
    CHECK(loss == Approx(sum / static_cast<double>(12 * batch)));
  }
  const nn::activations<float> a(2, {3, 1, 1}), b(2, {4, 1, 1}), none(0, {3, 1, 1});
  CHECK_THROWS_WITH(nn::mean_squared_error(a, b),
                    Contains("E401") && Contains("given 2 maps 3 x 1 x 1 and 2 maps 4 x 1 x 1"));
  CHECK_THROWS_AS(nn::mean_squared_error(none, none), shape_error);
  const std::vector<std::uint8_t> labels{2, 0};
  const auto target = nn::one_hot<float>(labels, 3);
  CHECK(nn::to_plain(target) == std::vector<float>{0, 0, 1, 1, 0, 0});
  CHECK_THROWS_WITH(nn::one_hot<float>(labels, 2), Contains("image 0 of the batch has label 2"));
}
