// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "swprune/swprune.hpp"

// Defined in two_units_other.cpp.
std::uint64_t first_value_elsewhere(std::uint64_t seed);
[[noreturn]] void raise_elsewhere();

TEST_CASE("two units with the umbrella link and agree") {
  CHECK(first_value_elsewhere(0) == swprune::rng(0).next());
}

TEST_CASE("an error of one unit is caught in the other") {
  CHECK_THROWS_AS(raise_elsewhere(), swprune::io_error);
}
