// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/network.hpp"

namespace swprune::inline v0::nn {

/// Kaiming initialisation (He et al., ICCV 2015): normal with variance 2 / fan-in, where the fan-in
/// of a row is the number of inputs that the kept taps of its live blocks bring, so that a thin row
/// starts as loud as a full one. Bias becomes zero. Weights are drawn in storage order from
/// `random`; the padding of a last output group stays zero.
template <typename Scalar>
void kaiming_init(conv2d<Scalar>& layer, rng& random) {
  const index_t padded = layer.mask().block.outputs;
  for (const auto& row : layer.rows()) {
    index_t fan_in = 0;
    for (const detail::live_block& b : row) fan_in += b.inputs * b.taps;
    for (const detail::live_block& b : row)
      for (index_t k = 0; k < b.inputs * b.taps; ++k)
        for (index_t o = 0; o < b.outputs; ++o)
          layer.weights()[static_cast<std::size_t>(b.weights + k * padded + o)] =
              static_cast<Scalar>(random.normal() * std::sqrt(2.0 / static_cast<double>(fan_in)));
  }
  std::fill(layer.bias().begin(), layer.bias().end(), Scalar(0));
}

/// Initialises every convolution and fully connected layer from the stream "init" of `random`,
/// one sub-stream for each layer name, so that layers start alike in networks that differ
/// elsewhere. Other layers start as constructed.
template <typename Scalar>
void kaiming_init(network<Scalar>& net, const rng& random) {
  for (layer<Scalar>* l : net.layers())
    if (auto* conv = dynamic_cast<conv2d<Scalar>*>(l)) {
      rng stream = random.stream("init", hash64(conv->name()));
      kaiming_init(*conv, stream);
    }
}

SWPRUNE_COMPILED_TEMPLATE(void kaiming_init(network<float>&, const rng&))
SWPRUNE_COMPILED_TEMPLATE(void kaiming_init(network<double>&, const rng&))

}  // namespace swprune::inline v0::nn
