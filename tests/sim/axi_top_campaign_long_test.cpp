// SPDX-License-Identifier: Apache-2.0

// At least ten million cycles of each top in lockstep with the golden one, without a mismatch.

#include <catch2/catch.hpp>

#include "tests/sim/built_tops.hpp"
#include "tests/sim/top_scenarios.hpp"

namespace {

using namespace swprune_test;

template <typename Top>
top_totals compare(std::uint64_t goal) {
  Top dut;
  swprune::hw::golden_top golden(dut.params(), dut.axi());
  top_totals sum;
  for (std::uint64_t round = 0; sum.cycles < goal; ++round)
    run_top_round(golden, dut, chosen_top_seed() + 1, round, sum);
  sum.require(100, dut.axi());
  return sum;
}

}  // namespace

TEST_CASE("ten million cycles of each top in lockstep", "[lockstep][random][long]") {
  constexpr std::uint64_t goal = 10'000'000;
  compare<top_small>(goal);
  compare<top_wide>(goal);
  CHECK(compare<top_long>(goal).most_parts == 9);
}
