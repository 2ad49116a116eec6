// SPDX-License-Identifier: Apache-2.0
#include "swprune/core/types.hpp"

#include <catch2/catch.hpp>

#include <rapidcheck/catch.h>

using swprune::ceil_div;
using swprune::floor_div;
using swprune::floor_mod;
using swprune::index_t;
using swprune::round_up;

namespace {
index_t divisor() { return *rc::gen::inRange<index_t>(1, 1000); }
}  // namespace

TEST_CASE("ceil_div is the smallest count that covers") {
  rc::prop("cover", [] {
    const index_t a = *rc::gen::inRange<index_t>(0, 1000000), b = divisor();
    const index_t q = ceil_div(a, b);
    RC_ASSERT(q * b >= a);
    RC_ASSERT((q - 1) * b < a);
    RC_ASSERT(round_up(a, b) == q * b);
  });
}

TEST_CASE("floor_div and floor_mod split every integer") {
  rc::prop("a = q b + r with 0 <= r < b", [] {
    const index_t a = *rc::gen::inRange<index_t>(-1000000, 1000000), b = divisor();
    const index_t r = floor_mod(a, b);
    RC_ASSERT(floor_div(a, b) * b + r == a);
    RC_ASSERT(0 <= r);
    RC_ASSERT(r < b);
  });
}

TEST_CASE("the padding pixel -1 belongs to bank -1, not to bank 0") {
  STATIC_REQUIRE(floor_div(-1, 4) == -1);
  STATIC_REQUIRE(floor_mod(-1, 4) == 3);
  STATIC_REQUIRE(floor_div(-4, 4) == -1);
  STATIC_REQUIRE(floor_mod(-4, 4) == 0);
}

TEST_CASE("map_shape counts and compares") {
  constexpr swprune::map_shape shape{.channels = 3, .height = 5, .width = 7};
  STATIC_REQUIRE(shape.size() == 105);
  STATIC_REQUIRE(shape.pixels() == 35);
  STATIC_REQUIRE(shape == swprune::map_shape{3, 5, 7});
  STATIC_REQUIRE(shape != swprune::map_shape{3, 7, 5});
  STATIC_REQUIRE(swprune::map_shape{}.size() == 1);
}
