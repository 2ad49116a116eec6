// SPDX-License-Identifier: Apache-2.0
#pragma once

// Networks with random masks, weights and statistics, and images for them.

#include <cstddef>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/nn/network.hpp"

namespace swprune_test {

using swprune::index_t;

/// Bytes / 255, as quant::quantize_params has it by default.
template <typename Scalar>
swprune::nn::activations<Scalar> random_images(index_t count, const swprune::map_shape& shape,
                                               swprune::rng& r) {
  swprune::nn::activations<Scalar> images(count, shape);
  for (index_t n = 0; n < count; ++n)
    for (index_t c = 0; c < shape.channels; ++c)
      for (index_t y = 0; y < shape.height; ++y)
        for (index_t x = 0; x < shape.width; ++x)
          images.at(n, c, y, x) = static_cast<Scalar>(r.below(256)) / Scalar(255);
  return images;
}

inline swprune::mask::layer_mask random_mask(const std::string& name, index_t in, index_t out,
                                             index_t kernel, double density, swprune::rng& r) {
  auto m = swprune::nn::dense_mask(name, in, out, kernel, kernel);
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i) m.blocks.set(j, i, r.bernoulli(density));
  return m;
}

/// Every number of the network from `r`, statistics from batches of images. Weights of channels
/// that only fill up the last group stay zero.
template <typename Scalar>
void randomise(swprune::nn::network<Scalar>& net, swprune::rng& r) {
  for (auto& p : net.parameters()) {
    const bool scale = p.name.find("scale") != std::string::npos;
    const bool weights = p.name.find("weights") != std::string::npos;
    for (Scalar& v : p.values)
      v = static_cast<Scalar>(weights ? 0.0
                              : scale ? (r.bernoulli(0.2) ? -1 : 1) * (0.5 + r.uniform())
                                      : 0.3 * r.normal());
  }
  for (index_t i = 0; i < net.size(); ++i)
    if (auto* conv = dynamic_cast<swprune::nn::conv2d<Scalar>*>(&net.at(i)))
      conv->for_each_weight([&](index_t, index_t, index_t, std::size_t at) {
        conv->weights()[at] = static_cast<Scalar>(0.2 * r.normal());
      });
  for (int step = 0; step < 40; ++step) {
    const auto images = random_images<Scalar>(16, net.input_shape(), r);
    (void)net.forward_training(images);
    net.commit_statistics();
  }
}

/// conv - bn - relu - pool, conv with bias - relu, fc - bn - relu, fc with bias; odd channel
/// counts, an odd map, missing blocks.
template <typename Scalar>
swprune::nn::network<Scalar> random_network(swprune::rng& r) {
  namespace nn = swprune::nn;
  nn::network<Scalar> net;
  net.template add<nn::conv2d>(random_mask("conv1", 3, 10, 3, 1.0, r),
                               nn::conv2d_params{.padding = 1});
  net.template add<nn::batch_norm>("bn1", 10);
  net.template add<nn::relu>("relu1");
  net.template add<nn::max_pool>("pool1");
  net.template add<nn::conv2d>(random_mask("conv2", 10, 17, 3, 0.6, r),
                               nn::conv2d_params{.stride = 2, .padding = 1, .bias = true});
  net.template add<nn::relu>("relu2");
  net.template add<nn::fully_connected>(random_mask("fc1", 17, 24, 3, 0.5, r));
  net.template add<nn::batch_norm>("bn3", 24);
  net.template add<nn::relu>("relu3");
  net.template add<nn::fully_connected>(random_mask("fc2", 24, 10, 1, 1.0, r), true);
  net.build({3, 11, 11});
  randomise(net, r);
  return net;
}

}  // namespace swprune_test
