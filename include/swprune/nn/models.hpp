// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/fully_connected.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/nn/relu.hpp"

namespace swprune::inline v0::nn {

/// What the mask maker has to know of lenet5(): conv1 (first layer) and fc2 (last) stay dense.
/// Throws network_shape unless the image is at least 4 x 4 and there are at least 2 classes.
[[nodiscard]] inline std::vector<mask::layer_spec> lenet5_layers(const map_shape& image,
                                                                 index_t classes) {
  expects(image.channels >= 1 && image.height >= 4 && image.width >= 4 && classes >= 2,
          errc::network_shape,
          "lenet5 needs channels >= 1, height and width >= 4 and classes >= 2, given {} x {} x {} "
          "and {} classes",
          image.channels, image.height, image.width, classes);
  const index_t h = image.height, w = image.width;
  return {{"conv1", image.channels, 32, 5, 5, h * w, true},
          {"conv2", 32, 64, 5, 5, (h / 2) * (w / 2), false},
          {"fc1", 64, 128, h / 4, w / 4, 1, false},
          {"fc2", 128, classes, 1, 1, 1, true}};
}

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
