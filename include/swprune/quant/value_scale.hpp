// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

namespace swprune::inline v0::quant {

/// What the integers of a tensor stand for: real = scale * (integer - zero).
struct value_scale {
  double scale = 1;
  int zero = 0;
  bool is_signed = false;

  friend constexpr bool operator==(const value_scale&, const value_scale&) = default;
};

/// Real number that one step of a channel's int8 weights stands for: the largest magnitude / 127,
/// but not so small that the bias in units of the accumulator passes 2^30 or the multiplier falls
/// below 2^-33.
[[nodiscard]] inline double weight_unit(double largest_weight, double bias, double scale_in,
                                        double scale_out) {
  return std::max(
      {largest_weight / 127, std::abs(bias) / scale_in * 0x1p-30, scale_out / scale_in * 0x1p-33});
}

}  // namespace swprune::inline v0::quant
