// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/train/kill_trials.hpp"

TEST_CASE("killed fifty times, fifty times resumed", "[checkpoint][kill]") {
  swprune_test::kill_and_resume(50, 2);
}
