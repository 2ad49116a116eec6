// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace swprune::inline v0::quant {

// The only definition of integer arithmetic in the C++ part; the text is section 7 of
// docs/formats.md, which the RTL and the Python executor follow as well:
//
//     acc = sum of a * w over the row's blocks, ci, ky, kx           32 bits, wraps
//     r   = ((acc + bias) * multiplier + 2^(shift - 1)) >>> shift    ties go toward plus infinity
//     s   = r + (((res - res_zero) * res_multiplier + 2^(res_shift - 1)) >>> res_shift)
//     y   = clamp(s + zero_out, clamp_lo, clamp_hi)                  stored as one byte
//
// s = r without a residual. Everything is computed with 64 bits: acc + bias needs 33, the product
// 50, that of the residual 26.

/// `value` limited to [lo, hi]; lo <= hi.
[[nodiscard]] constexpr std::int64_t saturate(std::int64_t value, std::int64_t lo,
                                              std::int64_t hi) {
  return value < lo ? lo : value > hi ? hi : value;
}

/// value / 2^shift rounded to the nearest integer, ties toward plus infinity: -1.5 gives -1, 1.5
/// gives 2. 1 <= shift <= 62 and |value| <= 2^62.
[[nodiscard]] constexpr std::int64_t rounding_shift_right(std::int64_t value, int shift) {
  return (value + (std::int64_t{1} << (shift - 1))) >> shift;
}

/// One multiplication of the array: activation (u8 or s8, extended to 9 bits) times weight.
[[nodiscard]] constexpr std::int32_t product(std::int32_t activation, std::int8_t weight) {
  return activation * std::int32_t{weight};
}

/// `sum` as the 32-bit accumulator holds it: modulo 2^32. Equal to `sum` for every model that
/// check() in check_model.hpp accepts.
[[nodiscard]] constexpr std::int32_t wrap_to_accumulator(std::int64_t sum) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(sum));
}

/// What a residual adds: its integer `value` with zero point `zero` in units of the output.
/// 1 <= shift <= 31.
[[nodiscard]] constexpr std::int64_t scaled_residual(std::int32_t value, std::int32_t zero,
                                                     std::int16_t multiplier, int shift) {
  return rounding_shift_right(std::int64_t{value - zero} * multiplier, shift);
}

/// From an accumulator to an output integer: bias, multiplier, rounding shift, residual (as
/// scaled_residual() gives it), zero point, clamp. 1 <= shift <= 47, lo <= hi; the multiplier is a
/// scale of shift binary places.
[[nodiscard]] constexpr std::int32_t requantise(std::int32_t acc, std::int32_t bias,
                                                std::int16_t multiplier, int shift,
                                                std::int32_t zero, std::int32_t lo, std::int32_t hi,
                                                std::int64_t residual = 0) {
  const std::int64_t sum = std::int64_t{acc} + bias;
  const std::int64_t scaled = rounding_shift_right(sum * multiplier, shift);
  return static_cast<std::int32_t>(saturate(scaled + residual + zero, lo, hi));
}

/// Lowest and highest value of an 8-bit integer.
struct byte_range {
  std::int32_t lo;
  std::int32_t hi;
};

/// -128..127 for s8, 0..255 for u8.
[[nodiscard]] constexpr byte_range range_of_byte(bool is_signed) {
  return is_signed ? byte_range{-128, 127} : byte_range{0, 255};
}

/// The integer that a stored byte stands for.
[[nodiscard]] constexpr std::int32_t from_byte(std::uint8_t byte, bool is_signed) {
  return is_signed ? std::int32_t{static_cast<std::int8_t>(byte)} : std::int32_t{byte};
}

/// The byte that stores `value`, which lies in range_of_byte().
[[nodiscard]] constexpr std::uint8_t to_byte(std::int32_t value) {
  return static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) & 0xffu);
}

}  // namespace swprune::inline v0::quant
