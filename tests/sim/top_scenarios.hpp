// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random programs on a golden top and another one in lockstep, between a random driver and a random
// memory, with everything that can come in a run's way.

#include <cstdint>
#include <string>

#include "tests/support/top_lockstep.hpp"

namespace swprune_test {

/// Seed of the run, printed with every failure; SWPRUNE_SEED=n tries another one.
std::uint64_t chosen_top_seed();

/// What a number of rounds has seen.
struct top_totals {
  std::uint64_t cycles = 0, runs = 0, mute_runs = 0, interrupts = 0, data_fences = 0,
                bare_fences = 0, most_parts = 0, held_answers = 0, last_writes = 0;
  axi_traffic traffic;
  top_coverage coverage;

  void add(const top_lockstep& t);
  /// Fails the test unless the usual was seen `often`, the rare a tenth of it, and as many bursts
  /// were open as may be.
  void require(std::uint64_t often, const swprune::hw::axi_params& axi) const;
  [[nodiscard]] std::string text() const;
};

/// Round `round`: one program, run some times behind each other on the same tops. Throws
/// top_mismatch in the first cycle in which they differ, another std::runtime_error when the device
/// breaks a rule.
void run_top_round(swprune::hw::golden_top& golden, swprune::hw::top_device& dut,
                   std::uint64_t seed, std::uint64_t round, top_totals& sum);

}  // namespace swprune_test
