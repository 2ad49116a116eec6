// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/network.hpp"

namespace swprune::inline v0::train {

/// Which weights of one layer have storage.
struct layer_pattern {
  std::string name;
  map_shape kernel;                  ///< in_channels x kernel height x kernel width
  std::vector<std::uint8_t> stored;  ///< [out][in][ky][kx], 1 if the weight exists
};

/// Which weights of a network exist, weight by weight: what pruning promises to keep. Taken from
/// the storage that the kernels use, not from the mask it was made from.
using weight_pattern = std::vector<layer_pattern>;

template <typename Scalar>
[[nodiscard]] weight_pattern pattern_of(const nn::network<Scalar>& net) {
  weight_pattern pattern;
  for (const nn::layer<Scalar>* l : net.layers()) {
    const auto* conv = dynamic_cast<const nn::conv2d<Scalar>*>(l);
    if (conv == nullptr) continue;
    const mask::layer_mask& m = conv->mask();
    layer_pattern p{m.name, {m.in_channels, m.kernel_height, m.kernel_width}, {}};
    p.stored.assign(static_cast<std::size_t>(m.weights()), 0);
    conv->for_each_weight([&](index_t out, index_t in, index_t tap, std::size_t) {
      p.stored[static_cast<std::size_t>((out * m.in_channels + in) * m.taps() + tap)] = 1;
    });
    pattern.push_back(std::move(p));
  }
  return pattern;
}

/// Outcome of a comparison.
struct pattern_comparison {
  bool unchanged = true;
  std::string difference;  ///< the first one, empty if unchanged
};

/// Compares two patterns bit for bit.
[[nodiscard]] SWPRUNE_SETUP pattern_comparison compare_patterns(const weight_pattern& before,
                                                                const weight_pattern& after);

#if SWPRUNE_BODIES

SWPRUNE_SETUP pattern_comparison compare_patterns(const weight_pattern& before,
                                                  const weight_pattern& after) {
  if (before.size() != after.size())
    return {false,
            fmt::format("{} layers with weights before, {} after", before.size(), after.size())};
  for (std::size_t i = 0; i < before.size(); ++i) {
    const layer_pattern& b = before[i];
    const layer_pattern& a = after[i];
    if (b.name != a.name || b.kernel != a.kernel || b.stored.size() != a.stored.size())
      return {false, fmt::format("layer '{}' has become '{}' of another shape", b.name, a.name)};
    const auto [at, other] = std::mismatch(b.stored.begin(), b.stored.end(), a.stored.begin());
    if (at == b.stored.end()) continue;
    const index_t flat = at - b.stored.begin();
    return {false, fmt::format("layer '{}': weight [{}][{}][{}][{}] {}", b.name,
                               flat / b.kernel.size(), flat % b.kernel.size() / b.kernel.pixels(),
                               flat % b.kernel.pixels() / b.kernel.width, flat % b.kernel.width,
                               *at == 0 ? "has come to life" : "has disappeared")};
  }
  return {};
}

#endif

}  // namespace swprune::inline v0::train
