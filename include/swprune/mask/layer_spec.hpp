// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::mask {

/// Where a layer's input comes from: output channel c of layer `layer` arrives as input channel
/// c + first_channel.
struct layer_source {
  std::string layer{};        ///< name of an earlier layer of the list; empty: the network's input
  index_t first_channel = 0;  ///< >= 0; not 0 for concatenation and zero-padded shortcuts. All
                              ///< channels of the source must fit; the network's input fills all
                              ///< channels from here on.

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
/// given twice, a source that is no earlier layer, does not fit into the input channels or leaves
/// one of them without any, an empty network, or one with more than 2^44 weights or 2^60
/// multiply-accumulates. Layers without sources need not form a chain here: see mixing().
SWPRUNE_SETUP void check(const std::vector<layer_spec>& layers);

#if SWPRUNE_BODIES

namespace detail {

/// The sources of layer `at` are earlier layers or the network's input, and each input channel gets
/// something.
SWPRUNE_COLD inline void check_sources(const std::vector<layer_spec>& layers, std::size_t at) {
  const layer_spec& l = layers[at];
  if (l.sources.empty()) return;
  std::vector<bool> fed(static_cast<std::size_t>(l.in_channels), false);
  for (const layer_source& s : l.sources) {
    const auto end = layers.begin() + static_cast<std::ptrdiff_t>(at);
    const auto from =
        std::find_if(layers.begin(), end, [&](const layer_spec& x) { return x.name == s.layer; });
    expects(s.layer.empty() || from != end, errc::mask_shape,
            "layer '{}': the source '{}' is no earlier layer", l.name, s.layer);
    const index_t channels = s.layer.empty() ? 1 : from->out_channels;
    expects(s.first_channel >= 0 && s.first_channel <= l.in_channels - channels, errc::mask_shape,
            "layer '{}': the {} channels of source '{}' do not fit from channel {} on into {} "
            "input channels",
            l.name, channels, s.layer, s.first_channel, l.in_channels);
    const auto first = fed.begin() + s.first_channel;
    std::fill(first, s.layer.empty() ? fed.end() : first + channels, true);
  }
  const auto gap = std::find(fed.begin(), fed.end(), false);
  expects(gap == fed.end(), errc::mask_shape, "layer '{}': no source feeds input channel {}",
          l.name, gap - fed.begin());
}

}  // namespace detail

SWPRUNE_SETUP void check(const std::vector<layer_spec>& layers) {
  expects(!layers.empty(), errc::mask_shape, "a network to prune needs at least one layer");
  constexpr index_t widest = index_t{1} << 20;
  constexpr index_t most_weights = index_t{1} << 44;
  constexpr index_t most_macs = index_t{1} << 60;
  std::set<std::string> names;
  index_t weights = 0;
  index_t macs = 0;
  for (std::size_t at = 0; at < layers.size(); ++at) {
    const layer_spec& l = layers[at];
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
    detail::check_sources(layers, at);
  }
}

#endif

}  // namespace swprune::inline v0::mask
