// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/conv2d.hpp"

namespace swprune::inline v0::quant {

/// A convolution and the batch normalisation behind it as one convolution. Weights are in the
/// storage order of nn::conv2d: kept taps of live blocks only, padding of a last output group zero.
struct folded_layer {
  std::vector<double> weights;
  std::vector<double> bias;  ///< [Nof]
};

/// Convolution alone: its weights and bias (zero if it has none).
template <typename Scalar>
[[nodiscard]] folded_layer fold(const nn::conv2d<Scalar>& conv) {
  folded_layer f;
  f.weights.assign(conv.weights().begin(), conv.weights().end());
  f.bias.assign(conv.bias().begin(), conv.bias().end());
  f.bias.resize(static_cast<std::size_t>(conv.mask().out_channels), 0.0);
  return f;
}

/// y = gain[c] * x + offset[c].
struct channel_scaling {
  std::vector<double> gain;
  std::vector<double> offset;
};

/// The normalisation of inference: gain = scale / sqrt(variance + epsilon),
/// offset = shift - gain * mean.
template <typename Scalar>
[[nodiscard]] channel_scaling scaling_of(const nn::batch_norm<Scalar>& norm) {
  channel_scaling s;
  for (std::size_t c = 0; c < static_cast<std::size_t>(norm.channels()); ++c) {
    s.gain.push_back(
        static_cast<double>(norm.scale()[c]) /
        std::sqrt(static_cast<double>(norm.running_variance()[c]) + norm.params().epsilon));
    s.offset.push_back(static_cast<double>(norm.shift()[c]) -
                       s.gain[c] * static_cast<double>(norm.running_mean()[c]));
  }
  return s;
}

/// Convolution and the normalisation of inference: with gain g and offset of scaling_of(),
///     w' = g * w        b' = g * b + offset.
/// g may be negative; it goes into the weights, so later multipliers stay positive. Throws
/// quant_unsupported unless the normalisation has a channel for every output of the convolution.
template <typename Scalar>
[[nodiscard]] folded_layer fold(const nn::conv2d<Scalar>& conv,
                                const nn::batch_norm<Scalar>& norm) {
  const auto& mask = conv.mask();
  expects(norm.channels() == mask.out_channels, errc::quant_unsupported,
          "batch normalisation '{}' has {} channels, layer '{}' before it {}", norm.name(),
          norm.channels(), conv.name(), mask.out_channels);
  folded_layer f = fold(conv);
  const channel_scaling s = scaling_of(norm);
  for (std::size_t o = 0; o < s.gain.size(); ++o) f.bias[o] = s.gain[o] * f.bias[o] + s.offset[o];
  conv.for_each_weight([&](index_t o, index_t, index_t, std::size_t at) {
    f.weights[at] *= s.gain[static_cast<std::size_t>(o)];
  });
  return f;
}

}  // namespace swprune::inline v0::quant
