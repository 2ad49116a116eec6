// SPDX-License-Identifier: Apache-2.0
// The integer arithmetic against exact rationals in 128 bits, at every tie and saturation edge.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/quant/fixed_point.hpp"

using namespace swprune;

namespace {

__extension__ using wide = __int128;

/// floor(numerator / denominator), by long division of magnitudes; denominator >= 1.
wide floor_of(wide numerator, wide denominator) {
  const wide quotient = numerator / denominator;
  return numerator % denominator < 0 ? quotient - 1 : quotient;
}

/// Nearest integer to value / 2^shift, ties toward plus infinity: floor(x + 1/2), from rationals.
wide nearest(wide value, int shift) {
  const wide unit = wide{1} << shift;
  return floor_of(2 * value + unit, 2 * unit);
}

/// docs/formats.md section 7 with exact numbers.
std::int32_t exact_requantise(std::int32_t acc, std::int32_t bias, std::int16_t multiplier,
                              int shift, int zero, int lo, int hi) {
  const wide r = nearest((wide{acc} + bias) * multiplier, shift) + zero;
  return static_cast<std::int32_t>(std::clamp<wide>(r, lo, hi));
}

constexpr std::int32_t int_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t int_max = std::numeric_limits<std::int32_t>::max();

// The header is usable at compile time.
static_assert(quant::rounding_shift_right(3, 1) == 2);
static_assert(quant::rounding_shift_right(-3, 1) == -1);
static_assert(quant::rounding_shift_right(-1, 1) == 0);
static_assert(quant::saturate(300, 0, 255) == 255);
static_assert(quant::saturate(-300, -128, 127) == -128);
static_assert(quant::product(-128, -127) == 16256);
static_assert(quant::product(255, -127) == -32385);
static_assert(quant::requantise(100, 0, 16384, 15, 0, 0, 255) == 50);
static_assert(quant::wrap_to_accumulator(std::int64_t{1} << 31) == int_min);
static_assert(quant::from_byte(0x80, true) == -128 && quant::from_byte(0x80, false) == 128);
static_assert(quant::to_byte(-1) == 0xff && quant::to_byte(255) == 0xff);

}  // namespace

TEST_CASE("every product of a byte and a weight") {
  for (const bool is_signed : {false, true})
    for (int byte = 0; byte < 256; ++byte)
      for (int w = -128; w <= 127; ++w) {
        const int a = is_signed && byte > 127 ? byte - 256 : byte;
        const int p = quant::product(quant::from_byte(static_cast<std::uint8_t>(byte), is_signed),
                                     static_cast<std::int8_t>(w));
        REQUIRE(p == a * w);
        REQUIRE(p >= -(1 << 16));  // 17 bits, as the product registers have
        REQUIRE(p < 1 << 16);
      }
}

TEST_CASE("rounding shift: every value of 17 bits, every shift") {
  for (int shift = 1; shift <= 20; ++shift)
    for (std::int64_t v = -(1 << 16); v < 1 << 16; ++v)
      if (quant::rounding_shift_right(v, shift) != nearest(v, shift)) {
        CAPTURE(v, shift);
        FAIL("wrong rounding");
      }
}

TEST_CASE("rounding shift: all ties and their neighbours, every shift") {
  std::size_t ties = 0;
  for (int shift = 1; shift <= 47; ++shift)
    for (std::int64_t k = -300; k <= 300; ++k)
      for (const std::int64_t off : {-1, 0, 1}) {
        // (k + 1/2) * 2^shift, the tie between k and k + 1, and one beside it.
        const std::int64_t v =
            k * (std::int64_t{1} << shift) + (std::int64_t{1} << (shift - 1)) + off;
        REQUIRE(quant::rounding_shift_right(v, shift) == nearest(v, shift));
        if (off == 0) {
          REQUIRE(quant::rounding_shift_right(v, shift) == k + 1);  // up, also below zero
          ++ties;
        }
      }
  CHECK(ties == 47 * 601);
}

TEST_CASE("requantise at the ends of every operand, all shifts") {
  const std::array<std::int32_t, 12> sums{int_min, int_min + 1, -65536, -3, -2,    -1,
                                          0,       1,           2,      3,  65535, int_max};
  const std::array<std::int16_t, 8> multipliers{1, 2, 3, 255, 16383, 16384, 32766, 32767};
  const std::array<std::array<int, 3>, 5> outputs{
      {{0, 0, 255}, {128, 0, 255}, {0, -128, 127}, {-128, -128, 127}, {5, 7, 9}}};
  for (const std::int32_t acc : sums)
    for (const std::int32_t bias : sums)
      for (const std::int16_t m : multipliers)
        for (int shift = 1; shift <= 47; ++shift)
          for (const auto& [zero, lo, hi] : outputs)
            if (quant::requantise(acc, bias, m, shift, zero, lo, hi) !=
                exact_requantise(acc, bias, m, shift, zero, lo, hi)) {
              CAPTURE(acc, bias, m, shift, zero, lo, hi);
              FAIL("wrong result");
            }
}

TEST_CASE("requantise at every tie of every output value") {
  // With multiplier 2^k the sum that gives exactly (y + 1/2) exists for shifts above k.
  for (int shift = 2; shift <= 24; ++shift)
    for (const int k : {0, 1, 7, 14}) {
      if (k >= shift) continue;
      const auto m = static_cast<std::int16_t>(1 << k);
      for (int y = -140; y <= 270; ++y)
        for (const std::int64_t off : {-1, 0, 1}) {
          const std::int64_t sum =
              (2 * std::int64_t{y} + 1) * (std::int64_t{1} << (shift - k)) / 2 + off;
          if (sum < int_min || sum > int_max) continue;
          const auto acc = static_cast<std::int32_t>(sum);
          for (const bool is_signed : {false, true}) {
            const auto range = quant::range_of_byte(is_signed);
            REQUIRE(quant::requantise(acc, 0, m, shift, 0, range.lo, range.hi) ==
                    exact_requantise(acc, 0, m, shift, 0, range.lo, range.hi));
          }
        }
    }
}

TEST_CASE("saturation around both ends of both byte ranges, with zero points and ReLU") {
  for (const bool is_signed : {false, true}) {
    const auto range = quant::range_of_byte(is_signed);
    for (int zero = range.lo; zero <= range.hi; zero += 17)
      for (const int lo : {range.lo, zero})
        for (int value = range.lo - 3; value <= range.hi + 3; ++value) {
          // Scale 1: multiplier 2, shift 1.
          const int y = quant::requantise(value - zero, 0, 2, 1, zero, lo, range.hi);
          REQUIRE(y == std::clamp(value, lo, range.hi));
        }
  }
}

TEST_CASE("random requantisation against exact rationals") {
  rng r(2024);
  for (int i = 0; i < 300000; ++i) {
    const auto acc = static_cast<std::int32_t>(r.next());
    const auto bias = static_cast<std::int32_t>(r.next());
    const auto m = static_cast<std::int16_t>(1 + r.below(32767));
    const int shift = 1 + static_cast<int>(r.below(47));
    const int zero = static_cast<int>(r.below(256)) - 128;
    if (quant::requantise(acc, bias, m, shift, zero, -128, 127) !=
        exact_requantise(acc, bias, m, shift, zero, -128, 127)) {
      CAPTURE(acc, bias, m, shift, zero);
      FAIL("wrong result");
    }
  }
}

TEST_CASE("maximum and requantisation commute, so that pooling may come last") {
  rng r(7);
  for (int i = 0; i < 100000; ++i) {
    const auto a = static_cast<std::int32_t>(r.below(1 << 22)) - (1 << 21);
    const auto b = static_cast<std::int32_t>(r.below(1 << 22)) - (1 << 21);
    const auto m = static_cast<std::int16_t>(1 + r.below(32767));
    const int shift = 10 + static_cast<int>(r.below(20));
    const auto q = [&](std::int32_t acc) {
      return quant::requantise(acc, 11, m, shift, 3, 0, 255);
    };
    REQUIRE(q(std::max(a, b)) == std::max(q(a), q(b)));
  }
}

TEST_CASE("the reference can tell wrong rounding modes apart") {
  // Toward zero, away from zero and to even differ from it at some tie: the checks above can fail.
  const auto half_away = [](std::int64_t v, int s) {
    const std::int64_t half = std::int64_t{1} << (s - 1);
    return v >= 0 ? (v + half) >> s : -((-v + half) >> s);
  };
  const auto truncated = [](std::int64_t v, int s) { return v >> s; };
  CHECK(nearest(-3, 1) != half_away(-3, 1));
  CHECK(nearest(3, 1) != truncated(3, 1));
  CHECK(nearest(5, 1) == 3);  // to even would give 2
  CHECK(nearest(-5, 1) == -2);
}
