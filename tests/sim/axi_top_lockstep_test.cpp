// SPDX-License-Identifier: Apache-2.0

// The RTL's swp_top and the golden top in lockstep on every AXI port in every cycle, over random
// programs between a random driver and a random memory.

#include <catch2/catch.hpp>

#include "tests/sim/built_tops.hpp"
#include "tests/sim/top_scenarios.hpp"

namespace {

using namespace swprune_test;

template <typename Top>
top_totals compare(std::uint64_t rounds, std::uint64_t often) {
  Top dut;
  swprune::hw::golden_top golden(dut.params(), dut.axi());
  top_totals sum;
  for (std::uint64_t round = 0; round < rounds; ++round)
    run_top_round(golden, dut, chosen_top_seed(), round, sum);
  sum.require(often, dut.axi());
  return sum;
}

}  // namespace

TEST_CASE("RTL and golden top agree on every AXI port in every cycle", "[lockstep][random]") {
  compare<top_small>(300, 50);
}

TEST_CASE("they agree on a bus of 64 bytes", "[lockstep][random]") { compare<top_wide>(100, 10); }

TEST_CASE("they agree with short bursts, few of them, and writes longer than these",
          "[lockstep][random]") {
  CHECK(compare<top_long>(100, 10).most_parts > 4);  // longer than a burst
}
