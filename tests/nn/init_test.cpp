// SPDX-License-Identifier: Apache-2.0

// Initial weights of whole networks are N(0, 2 / fan-in of what lives), in every kind of layer.
#include "swprune/nn/init.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/nn/models.hpp"

using namespace swprune;

namespace {

/// Sum of w^2 / variance over the kept weights of a layer, `variance` from the mask alone: 2 over
/// the inputs x taps that live in the weight's row. About the number of weights, +- sqrt(2 n).
double normalised_power(const nn::conv2d<float>& layer, double variance_factor) {
  const mask::layer_mask& m = layer.mask();
  std::vector<double> fan_in;
  for (index_t j = 0; j < m.out_groups(); ++j) {
    double inputs = 0;
    for (index_t i = 0; i < m.in_groups(); ++i)
      for (index_t t = 0; t < m.taps(); ++t)
        if (m.blocks.test(j, i) && m.kept_taps.test(j, i, t))
          inputs += static_cast<double>(m.inputs_of(i));
    fan_in.push_back(inputs);
  }
  double sum = 0;
  layer.for_each_weight([&](index_t o, index_t, index_t, std::size_t at) {
    const double w = static_cast<double>(layer.weights()[at]);
    sum += w * w * fan_in[static_cast<std::size_t>(o / m.block.outputs)] / (2 * variance_factor);
  });
  return sum;
}

void check_network(const nn::network<float>& net) {
  index_t layers = 0;
  for (const mask::layer_mask& m : net.masks()) {
    CAPTURE(m.name);
    const auto& layer = *net.find<nn::conv2d>(m.name);
    const auto n = static_cast<double>(m.kept_weights());
    const double limit = 5 * std::sqrt(2 * n);
    CHECK(std::abs(normalised_power(layer, 1) - n) < limit);
    // 2 / fan-in of all inputs is another thing, and the check sees it.
    if (m.density() < 0.5 && n > 1000)
      CHECK(std::abs(normalised_power(layer, m.density()) - n) > limit);
    for (const float b : layer.bias()) CHECK(b == 0);
    ++layers;
  }
  CHECK(layers >= 4);
}

}  // namespace

TEST_CASE("every layer of a network starts with the variance of its live inputs", "[init]") {
  for (const double taps : {1.0, 0.5}) {
    const mask::mask_params p{.sparsity = 0.76, .tap_density = taps};
    auto lenet =
        nn::lenet5(mask::make_masks(nn::lenet5_layers({1, 28, 28}, 10), p, rng(1)), {1, 28, 28});
    nn::kaiming_init(lenet, rng(2));
    check_network(lenet);
  }
  const auto layers = nn::resnet20_layers({.image = {3, 32, 32}, .classes = 10, .width = 1});
  auto resnet = nn::resnet20(
      mask::make_masks(layers, {.sparsity = 0.7, .block = {4, 2}, .allow_uncovered = true}, rng(3)),
      {3, 32, 32});
  nn::kaiming_init(resnet, rng(4));
  check_network(resnet);
}
