// SPDX-License-Identifier: Apache-2.0

// At least 100 million cycles of random layers and networks in lockstep, without a mismatch.
// Prints a line whenever another tenth is done.

#include <fmt/core.h>

#include <cstdio>

#include "tests/sim/random_lockstep.hpp"

TEST_CASE("a hundred million cycles in lockstep", "[lockstep][random][long]") {
  constexpr std::uint64_t goal = 100'000'000;
  const std::uint64_t seed = swprune_test::chosen_seed() + 1;
  swprune_test::random_lockstep lockstep(seed);
  const swprune_test::lockstep_tally& tally = lockstep.tally();
  std::uint64_t shown = 0;
  for (std::uint64_t round = 0; tally.cycles < goal; ++round) {
    lockstep.run(round);
    if (tally.cycles - shown < goal / 10) continue;
    shown = tally.cycles;
    fmt::print("{:.1f} million cycles, {} cases, {} of them networks\n",
               static_cast<double>(tally.cycles) * 1e-6, tally.coverage.cases, tally.networks);
    std::fflush(stdout);
  }
  const auto& arrays = lockstep.arrays();
  for (std::size_t i = 0; i < arrays.size(); ++i)
    fmt::print("{}, {} activation words, skip {}: {} cases\n", arrays[i].to_string(),
               arrays[i].act_depth, arrays[i].skip, tally.cases_of_array[i]);
  fmt::print("seed {}: {} cycles, {} cases, {} networks, 0 mismatches\n", seed, tally.cycles,
             tally.coverage.cases, tally.networks);
  CHECK(tally.coverage.cases >= 2200);
  CHECK(tally.networks >= 200);
  require_features(tally, 100, 100);
}
