// SPDX-License-Identifier: Apache-2.0

// The ordinary share of random lockstep runs; lockstep_campaign_long_test goes on from there.

#include "tests/sim/random_lockstep.hpp"

TEST_CASE("RTL and golden model in lockstep over random layers and networks",
          "[lockstep][random]") {
  swprune_test::random_lockstep lockstep(swprune_test::chosen_seed());
  const swprune_test::lockstep_tally& tally = lockstep.tally();
  REQUIRE(lockstep.arrays().size() >= 12);
  for (std::uint64_t round = 0; tally.coverage.cases < 720 && round < 4000; ++round)
    lockstep.run(round);
  CAPTURE(tally.cycles, tally.coverage.cases, tally.networks);
  CHECK(tally.coverage.cases >= 720);
  CHECK(tally.networks >= 100);
  require_features(tally, 25, 10);
}
