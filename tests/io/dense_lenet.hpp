// SPDX-License-Identifier: Apache-2.0
#pragma once

// The LeNet of the demonstration without any mask.

#include <utility>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"

namespace swprune_test {

[[nodiscard]] inline swprune::nn::network<float> dense_lenet(const swprune::map_shape& image,
                                                             const swprune::rng& random) {
  std::vector<swprune::mask::layer_mask> masks;
  for (const swprune::mask::layer_spec& l : swprune::nn::lenet5_layers(image, 10))
    masks.push_back(swprune::nn::dense_mask(l.name, l.in_channels, l.out_channels, l.kernel_height,
                                            l.kernel_width));
  auto net = swprune::nn::lenet5<float>(swprune::mask::mask_set(std::move(masks)), image);
  swprune::nn::kaiming_init(net, random);
  return net;
}

}  // namespace swprune_test
