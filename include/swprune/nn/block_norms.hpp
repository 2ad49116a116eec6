// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/nn/conv2d.hpp"

namespace swprune::inline v0::nn {

/// L1 norm of the weights of every block, [Go x Gi], rows first; 0 for absent blocks. What
/// mask::prune_by_norm() goes by.
template <typename Scalar>
[[nodiscard]] std::vector<double> block_norms(const conv2d<Scalar>& layer) {
  const mask::layer_mask& m = layer.mask();
  std::vector<double> norms(static_cast<std::size_t>(m.out_groups() * m.in_groups()), 0.0);
  layer.for_each_weight([&](index_t o, index_t i, index_t /*tap*/, std::size_t at) {
    const index_t block = o / m.block.outputs * m.in_groups() + i / m.block.inputs;
    norms[static_cast<std::size_t>(block)] += std::abs(static_cast<double>(layer.weights()[at]));
  });
  return norms;
}

}  // namespace swprune::inline v0::nn
