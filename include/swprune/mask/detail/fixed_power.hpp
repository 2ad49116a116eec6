// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "swprune/core/types.hpp"

namespace swprune::inline v0::mask::detail {

// Logarithms and powers in integers. Densities decide degrees, and the last bits of libm differ
// between platforms, so it has no say in them.

__extension__ using wide_t = unsigned __int128;
__extension__ using signed_wide_t = __int128;

/// Largest integer whose square is at most n < 2^126.
[[nodiscard]] constexpr std::uint64_t integer_root(wide_t n) {
  std::uint64_t root = 0;
  for (int bit = 62; bit >= 0; --bit) {
    const std::uint64_t trial = root | (std::uint64_t{1} << bit);
    if (static_cast<wide_t>(trial) * trial <= n) root = trial;
  }
  return root;
}

/// log2(n) * 2^40 to within 2; 1 <= n < 2^63.
[[nodiscard]] constexpr index_t log2_fixed(index_t n) {
  const auto whole = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(n))) - 1;
  auto mantissa = static_cast<std::uint64_t>(n) << (62 - whole);  // in [1, 2), 62 bits behind
  index_t result = whole;
  for (int bit = 0; bit < 40; ++bit) {  // squaring doubles the logarithm: its next bit appears
    const auto square =
        static_cast<std::uint64_t>((static_cast<wide_t>(mantissa) * mantissa) >> 62);
    const bool carry = (square >> 63) != 0;
    mantissa = carry ? square >> 1 : square;
    result = 2 * result + (carry ? 1 : 0);
  }
  return result;
}

/// 2^-(1/2), 2^-(1/4), ... 2^-(2^-40), each times 2^62.
[[nodiscard]] constexpr std::array<std::uint64_t, 40> root_table() {
  std::array<std::uint64_t, 40> table{};
  std::uint64_t last = std::uint64_t{1} << 61;
  for (std::uint64_t& entry : table) entry = last = integer_root(static_cast<wide_t>(last) << 62);
  return table;
}

/// 2^-(x / 2^40) * 2^32, at least 1; x >= 0.
[[nodiscard]] constexpr std::uint64_t exp2_fixed(index_t x) {
  constexpr std::array<std::uint64_t, 40> roots = root_table();
  const index_t whole = x >> 40;
  if (whole >= 32) return 1;
  std::uint64_t product = std::uint64_t{1} << 62;
  for (std::size_t bit = 0; bit < roots.size(); ++bit)
    if ((x >> (39 - bit)) & 1)
      product = static_cast<std::uint64_t>((static_cast<wide_t>(product) * roots[bit]) >> 62);
  return product >> (30 + whole);
}

}  // namespace swprune::inline v0::mask::detail
