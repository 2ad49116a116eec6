// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/parallel.hpp"
#include "swprune/nn/activations.hpp"

namespace swprune::inline v0::nn::detail {

/// body(tile, channel) for every map, in parallel over the channels.
template <typename Scalar, typename Body>
void for_each_map(const activations<Scalar>& maps, const Body& body) {
  parallel_for(maps.shape().channels, [&](index_t c) {
    for (index_t t = 0; t < maps.tiles(); ++t) body(t, c);
  });
}

}  // namespace swprune::inline v0::nn::detail
