// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"

namespace swprune_test {

/// The demonstration network for 28 x 28 grey images at 76 % sparsity (dense: kind dense).
inline swprune::nn::network<float> pruned_lenet(swprune::mask::mask_kind kind,
                                                const swprune::rng& root) {
  using namespace swprune;
  const auto layers = nn::lenet5_layers({1, 28, 28}, 10);
  const mask::mask_set masks = mask::make_masks(layers, {.sparsity = 0.76, .kind = kind}, root);
  nn::network<float> net = nn::lenet5(masks, {1, 28, 28});
  nn::kaiming_init(net, root);
  return net;
}

}  // namespace swprune_test
