// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/types.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/fully_connected.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/nn/relu.hpp"

namespace swprune::inline v0::nn {

/// The network of the demonstration, of LeNet-5's form (LeCun et al., Proc. IEEE 1998) with wider
/// layers and batch normalisation: conv1 5x5x32 - pool - conv2 5x5x64 - pool - fc1 128 - fc2.
/// `masks` names conv1, conv2, fc1 and fc2 as lenet5_layers() does. Weights are zero: see init.hpp.
/// Throws mask_shape for a mask that is missing, network_shape for one that does not fit.
template <typename Scalar = float>
[[nodiscard]] network<Scalar> lenet5(const mask::mask_set& masks, const map_shape& image) {
  network<Scalar> net;
  net.template add<conv2d>(masks.at("conv1"), conv2d_params{.padding = 2});
  net.template add<batch_norm>("bn1", masks.at("conv1").out_channels);
  net.template add<relu>("relu1");
  net.template add<max_pool>("pool1");
  net.template add<conv2d>(masks.at("conv2"), conv2d_params{.padding = 2});
  net.template add<batch_norm>("bn2", masks.at("conv2").out_channels);
  net.template add<relu>("relu2");
  net.template add<max_pool>("pool2");
  net.template add<fully_connected>(masks.at("fc1"));
  net.template add<batch_norm>("bn3", masks.at("fc1").out_channels);
  net.template add<relu>("relu3");
  net.template add<fully_connected>(masks.at("fc2"), true);
  net.build(image);
  return net;
}

}  // namespace swprune::inline v0::nn
