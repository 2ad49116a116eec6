// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::quant {

/// What an accumulator can hold at any moment of a pass, whatever the activations are.
struct accumulator_range {
  std::int64_t lowest = 0;
  std::int64_t highest = 0;

  [[nodiscard]] bool fits_32_bits() const {
    return lowest >= std::numeric_limits<std::int32_t>::min() &&
           highest <= std::numeric_limits<std::int32_t>::max();
  }
};

/// Range of every accumulator of the layer, [output groups * Bo]. Each product is bounded by its
/// weight and the ends of the byte range (which contains 0, so partial sums stay inside as well).
/// Needs consistent sizes of blocks and weights.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<accumulator_range> accumulator_ranges(
    const int8_layer& layer);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::vector<accumulator_range> accumulator_ranges(const int8_layer& layer) {
  const byte_range a = range_of_byte(layer.input_signed);
  const index_t lanes = layer.block.outputs;
  std::vector<accumulator_range> ranges(
      static_cast<std::size_t>(layer.blocks.out_groups() * lanes));
  const std::int8_t* w = layer.weights.data();
  for (index_t row = 0; row < layer.blocks.out_groups(); ++row)
    for (const index_t group : layer.blocks.row(row)) {
      const index_t words = layer.channels_of(group) * layer.kernel_height * layer.kernel_width;
      for (index_t word = 0; word < words; ++word)
        for (index_t lane = 0; lane < lanes; ++lane, ++w) {
          accumulator_range& r = ranges[static_cast<std::size_t>(row * lanes + lane)];
          r.highest += product(*w > 0 ? a.hi : a.lo, *w);
          r.lowest += product(*w > 0 ? a.lo : a.hi, *w);
        }
    }
  return ranges;
}

#endif

}  // namespace swprune::inline v0::quant
