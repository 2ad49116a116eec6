// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cmath>

#include "swprune/core/rng.hpp"
#include "swprune/quant/multiplier.hpp"

using namespace swprune;

TEST_CASE("a multiplier is normalised and the nearest one") {
  rng r(5);
  for (int i = 0; i < 200000; ++i) {
    // Log-uniform over the whole normalised range 2^-33 .. 2^13.9.
    const double value = std::exp2(-33.0 + r.uniform() * 46.9);
    const auto m = quant::to_fixed(value);
    CAPTURE(value, m.multiplier, int{m.shift});
    REQUIRE(m.multiplier >= 16384);
    REQUIRE(m.shift >= 1);
    REQUIRE(m.shift <= 47);
    REQUIRE(std::abs(m.value() - value) <= value * 0x1p-15);
  }
}

TEST_CASE("powers of two and their neighbours") {
  for (int e = -33; e <= 13; ++e) {
    const double two = std::ldexp(1.0, e);
    CHECK(quant::to_fixed(two).value() == two);
    CHECK(quant::to_fixed(two).multiplier == 16384);
    // Just below rounds up to the power of two itself, never to 32768.
    CHECK(quant::to_fixed(std::nextafter(two, 0.0)).value() == two);
  }
}

TEST_CASE("the ends of the range") {
  CHECK(quant::to_fixed(0x1p-47).multiplier == 1);
  CHECK(quant::to_fixed(0x1p-47).shift == 47);
  CHECK(quant::to_fixed(0x1p-40).multiplier == 128);
  CHECK(quant::to_fixed(quant::largest_multiplier).multiplier == 32767);
  CHECK(quant::to_fixed(quant::largest_multiplier).shift == 1);
  for (const double bad : {0.0, -1.0, 0x1p-48, 16384.0, double(INFINITY), double(NAN)}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH(quant::to_fixed(bad), Catch::Contains("2^-47 <= value <= 32767 / 2"));
  }
}
