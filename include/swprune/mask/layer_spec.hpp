// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::mask {

/// Where a layer's input comes from: output channel c of layer `layer` arrives as input channel
/// c + first_channel.
struct layer_source {
  std::string layer{};        ///< name of an earlier layer of the list; empty: the network's input
  index_t first_channel = 0;  ///< >= 0; not 0 for concatenation and zero-padded shortcuts

  friend bool operator==(const layer_source&, const layer_source&) = default;
};

/// What pruning must know of a layer with weights: convolution, or fully connected layer as a
/// convolution (1 x 1 on a flat vector, valid H x W after a map).
struct layer_spec {
  std::string name{};         ///< not empty, unique in the network
  index_t in_channels = 1;    ///< Nif, in [1, 2^20]
  index_t out_channels = 1;   ///< Nof, in [1, 2^20]
  index_t kernel_height = 1;  ///< Nky, in [1, 1024]
  index_t kernel_width = 1;   ///< Nkx, in [1, 1024]
  index_t out_pixels = 1;     ///< Noy * Nox of the convolution, before any pooling, in [1, 2^32]
  bool keep_dense = false;    ///< keep all blocks and taps, whatever the sparsity
  /// What is added up (residual) or stands side by side (concatenation) at the input; empty: the
  /// layer before it in the list, or the network's input for the first. Between layers with weights
  /// only: a residual network lists every layer whose outputs reach the sum.
  std::vector<layer_source> sources{};

  [[nodiscard]] constexpr index_t weights() const {
    return in_channels * out_channels * kernel_height * kernel_width;
  }
  /// Multiply-accumulates of one image; taps on padding count.
  [[nodiscard]] constexpr index_t macs() const { return weights() * out_pixels; }
};

/// Throws mask_shape, naming the layer, for a value outside the range that layer_spec names, a name
/// given twice, an empty network, or one with more than 2^44 weights or 2^60 multiply-accumulates.
inline void check(const std::vector<layer_spec>& layers) {
  expects(!layers.empty(), errc::mask_shape, "a network to prune needs at least one layer");
  constexpr index_t widest = index_t{1} << 20;
  constexpr index_t most_weights = index_t{1} << 44;
  constexpr index_t most_macs = index_t{1} << 60;
  std::set<std::string> names;
  index_t weights = 0;
  index_t macs = 0;
  for (const layer_spec& l : layers) {
    expects(!l.name.empty(), errc::mask_shape, "every layer needs a name");
    expects(names.insert(l.name).second, errc::mask_shape, "the layer name '{}' is given twice",
            l.name);
    const auto within = [&](index_t value, index_t high, const char* what) {
      expects(value >= 1 && value <= high, errc::mask_shape,
              "layer '{}': {} must lie in [1, {}], given {}", l.name, what, high, value);
    };
    within(l.in_channels, widest, "in_channels");
    within(l.out_channels, widest, "out_channels");
    within(l.kernel_height, 1024, "kernel_height");
    within(l.kernel_width, 1024, "kernel_width");
    within(l.out_pixels, index_t{1} << 32, "out_pixels");
    expects(l.weights() <= most_weights - weights, errc::mask_shape,
            "layer '{}': the network has more than 2^44 weights", l.name);
    weights += l.weights();
    expects(l.weights() <= (most_macs - macs) / l.out_pixels, errc::mask_shape,
            "layer '{}': the network has more than 2^60 multiply-accumulates", l.name);
    macs += l.macs();
  }
}

}  // namespace swprune::inline v0::mask
