// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"

namespace swprune::inline v0::quant {

/// A positive real number as multiplier * 2^-shift, the form in which the hardware has it.
struct fixed_multiplier {
  std::int16_t multiplier = 1;  ///< 16384..32767 (normalised), fewer only for values below 2^-33
  std::uint8_t shift = 1;       ///< 1..47

  [[nodiscard]] double value() const {
    return std::ldexp(static_cast<double>(multiplier), -int{shift});
  }
};

/// Largest number that a fixed_multiplier can be: 32767 / 2.
inline constexpr double largest_multiplier = 32767.0 / 2;

/// Nearest fixed_multiplier; its relative error is at most 2^-15 for values of 2^-33 and more.
/// Throws quant_parameter unless 2^-47 <= value <= 32767 / 2.
[[nodiscard]] SWPRUNE_FUNCTION fixed_multiplier to_fixed(double value);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION fixed_multiplier to_fixed(double value) {
  expects(value >= 0x1p-47 && value <= largest_multiplier, errc::quant_parameter,
          "a multiplier must satisfy 2^-47 <= value <= 32767 / 2, given {}", value);
  int exponent = 0;
  (void)std::frexp(value, &exponent);  // 2^(exponent - 1) <= value < 2^exponent
  int shift = 15 - exponent;
  if (shift > 47) shift = 47;
  long m = std::lround(std::ldexp(value, shift));
  // 0.99999 rounds up to 2^15: one binary place less. Beyond the range it saturates.
  if (m == 32768 && shift > 1) {
    m = 16384;
    --shift;
  }
  if (m > 32767) m = 32767;
  return {static_cast<std::int16_t>(m), static_cast<std::uint8_t>(shift)};
}

#endif

}  // namespace swprune::inline v0::quant
