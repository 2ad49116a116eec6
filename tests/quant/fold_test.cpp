// SPDX-License-Identifier: Apache-2.0
// A folded convolution is the convolution and its batch normalisation.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include "swprune/quant/fold.hpp"
#include "tests/quant/random_network.hpp"

using namespace swprune;

namespace {

/// Largest difference between conv + norm and the folded convolution, and the largest output.
struct difference {
  double error = 0;
  double size = 0;
};

difference compare(const nn::conv2d<double>& conv, const nn::batch_norm<double>& norm,
                   const nn::activations<double>& images, const quant::folded_layer& folded) {
  nn::conv2d_params params = conv.params();
  params.bias = true;
  nn::conv2d<double> one(conv.mask(), params);
  std::copy(folded.weights.begin(), folded.weights.end(), one.weights().begin());
  std::copy(folded.bias.begin(), folded.bias.end(), one.bias().begin());
  nn::activations<double> sums, expected, given;
  conv.forward(images, sums);
  norm.forward(sums, expected);
  one.forward(images, given);
  difference d;
  const auto a = nn::to_plain(expected);
  const auto b = nn::to_plain(given);
  for (std::size_t i = 0; i < a.size(); ++i) {
    d.error = std::max(d.error, std::abs(a[i] - b[i]));
    d.size = std::max(d.size, std::abs(a[i]));
  }
  return d;
}

struct pair_of_layers {
  nn::network<double> net;
  nn::conv2d<double>* conv;
  nn::batch_norm<double>* norm;
};

pair_of_layers random_pair(bool bias, rng& r) {
  pair_of_layers p;
  p.conv = &p.net.add<nn::conv2d>(swprune_test::random_mask("conv", 7, 13, 3, 0.7, r),
                                  nn::conv2d_params{.padding = 1, .bias = bias});
  p.norm = &p.net.add<nn::batch_norm>("bn", 13);
  p.net.build({7, 6, 6});
  swprune_test::randomise(p.net, r);
  return p;
}

}  // namespace

TEST_CASE("folding keeps the function, with and without bias") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    rng r(seed);
    CAPTURE(seed);
    auto p = random_pair(seed % 2 == 0, r);
    const auto images = swprune_test::random_images<double>(5, {7, 6, 6}, r);
    const auto folded = quant::fold(*p.conv, *p.norm);
    const auto d = compare(*p.conv, *p.norm, images, folded);
    CHECK(d.size > 0.1);
    // 63 products and a few roundings of 2^-53 each, relative to sums at most ~100 times the
    // result.
    CHECK(d.error <= d.size * 1e-12);

    auto wrong = folded;
    for (double& b : wrong.bias) b += 1e-6;
    CHECK(compare(*p.conv, *p.norm, images, wrong).error > d.size * 1e-9);
  }
}

TEST_CASE("a negative scale goes into the weights, padding channels stay zero") {
  rng r(3);
  auto p = random_pair(false, r);
  const auto folded = quant::fold(*p.conv, *p.norm);
  bool negative = false;
  p.conv->for_each_weight([&](index_t o, index_t, index_t, std::size_t at) {
    const double g = p.norm->scale()[static_cast<std::size_t>(o)];
    if (g < 0 && p.conv->weights()[at] != 0) {
      negative = true;
      CHECK(std::signbit(folded.weights[at]) != std::signbit(p.conv->weights()[at]));
    }
  });
  CHECK(negative);
  // 13 outputs in groups of 8: lanes 5..7 of the second group are padding.
  double live = 0;
  for (const double w : folded.weights) live += w != 0;
  double listed = 0;
  p.conv->for_each_weight(
      [&](index_t, index_t, index_t, std::size_t at) { listed += folded.weights[at] != 0; });
  CHECK(live == listed);
}

TEST_CASE("a normalisation of another width is refused") {
  rng r(4);
  auto p = random_pair(false, r);
  const nn::batch_norm<double> other("other", 12);
  CHECK_THROWS_WITH(quant::fold(*p.conv, other), Catch::Contains("'other' has 12 channels"));
}

TEST_CASE("without a normalisation nothing changes") {
  rng r(5);
  auto p = random_pair(true, r);
  const auto folded = quant::fold(*p.conv);
  CHECK(std::equal(folded.weights.begin(), folded.weights.end(), p.conv->weights().begin()));
  CHECK(std::equal(folded.bias.begin(), folded.bias.end(), p.conv->bias().begin()));
}
