// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/nn/conv2d.hpp"

namespace swprune::inline v0::nn {

/// L1 norm of the numbers of every block, [Go x Gi], rows first; 0 for absent blocks. `values`
/// belong to the weights of the layer in storage order: the weights or their gradient.
template <typename Scalar>
[[nodiscard]] std::vector<double> block_norms(const conv2d<Scalar>& layer,
                                              std::span<const Scalar> values) {
  const mask::layer_mask& m = layer.mask();
  std::vector<double> norms(static_cast<std::size_t>(m.out_groups() * m.in_groups()), 0.0);
  layer.for_each_weight([&](index_t o, index_t i, index_t /*tap*/, std::size_t at) {
    const index_t block = o / m.block.outputs * m.in_groups() + i / m.block.inputs;
    norms[static_cast<std::size_t>(block)] += std::abs(static_cast<double>(values[at]));
  });
  return norms;
}

/// Of the weights: what mask::prune_by_norm() goes by.
template <typename Scalar>
[[nodiscard]] std::vector<double> block_norms(const conv2d<Scalar>& layer) {
  return block_norms(layer, layer.weights());
}

}  // namespace swprune::inline v0::nn
