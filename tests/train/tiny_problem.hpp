// SPDX-License-Identifier: Apache-2.0
#pragma once

// A problem that a small network can learn in a second: which quarter of the image is bright.

#include "swprune/core/rng.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/train/dataset.hpp"

namespace swprune_test {

inline swprune::train::dataset bright_quarters(swprune::index_t count, std::uint64_t seed) {
  using swprune::index_t;
  swprune::rng random(seed);
  swprune::train::dataset data{.shape = {1, 8, 8}, .classes = 4, .images = {}, .labels = {}};
  for (index_t n = 0; n < count; ++n) {
    const auto label = static_cast<index_t>(random.below(4));
    for (index_t y = 0; y < 8; ++y)
      for (index_t x = 0; x < 8; ++x) {
        const bool bright = y / 4 == label / 2 && x / 4 == label % 2;
        data.images.push_back(static_cast<std::uint8_t>(random.below(200) + (bright ? 55 : 0)));
      }
    data.labels.push_back(static_cast<std::uint8_t>(label));
  }
  return data;
}

/// conv - bn - relu - pool - fc - bn - relu - fc with half the blocks of the middle layer absent.
template <typename Scalar>
swprune::nn::network<Scalar> tiny_net(std::uint64_t seed) {
  namespace nn = swprune::nn;
  auto middle = nn::dense_mask("fc1", 8, 16, 4, 4, {8, 4});
  middle.blocks.set(0, 1, false);
  middle.blocks.set(1, 0, false);
  nn::network<Scalar> net;
  net.template add<nn::conv2d>(nn::dense_mask("conv", 1, 8, 3, 3), nn::conv2d_params{.padding = 1});
  net.template add<nn::batch_norm>("bn", 8);
  net.template add<nn::relu>("relu");
  net.template add<nn::max_pool>("pool");
  net.template add<nn::fully_connected>(middle);
  net.template add<nn::batch_norm>("bn1", 16);
  net.template add<nn::relu>("relu1");
  net.template add<nn::fully_connected>(nn::dense_mask("fc2", 16, 4, 1, 1), true);
  net.build({1, 8, 8});
  nn::kaiming_init(net, swprune::rng(seed));
  return net;
}

}  // namespace swprune_test
