// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace swprune::inline v0 {

/// Signed index and count type of every public interface.
using index_t = std::int64_t;

/// Size of one feature map stack: channels x height x width, all >= 1. A flat vector of n features
/// is {n, 1, 1}.
struct map_shape {
  index_t channels = 1;
  index_t height = 1;
  index_t width = 1;

  [[nodiscard]] constexpr index_t size() const { return channels * height * width; }
  [[nodiscard]] constexpr index_t pixels() const { return height * width; }
  friend constexpr bool operator==(const map_shape&, const map_shape&) = default;
};

/// Smallest multiple count: how many steps of `b` cover `a`; a >= 0, b >= 1.
[[nodiscard]] constexpr index_t ceil_div(index_t a, index_t b) { return (a + b - 1) / b; }

/// `a` rounded up to a multiple of `b`; a >= 0, b >= 1.
[[nodiscard]] constexpr index_t round_up(index_t a, index_t b) { return ceil_div(a, b) * b; }

/// Quotient rounded toward minus infinity; b >= 1. (C++ division rounds toward zero, which puts the
/// padding pixel -1 into the wrong place.)
[[nodiscard]] constexpr index_t floor_div(index_t a, index_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/// Remainder that belongs to floor_div: 0 <= result < b.
[[nodiscard]] constexpr index_t floor_mod(index_t a, index_t b) { return a - floor_div(a, b) * b; }

}  // namespace swprune::inline v0
