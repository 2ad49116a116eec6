// SPDX-License-Identifier: Apache-2.0

// Lockstep finds faults: every mutant of the RTL (tests/mutants/rtl/) differs from the golden
// model, or breaks an assertion, within a few random layers; the RTL itself passes the same ones.

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "swprune_sim/mutants.hpp"
#include "swprune_sim/verilated_core.hpp"
#include "tests/support/hand_check.hpp"
#include "tests/support/program_check.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;
namespace sim = swprune::sim;

constexpr std::uint64_t seed = 41;
constexpr std::uint64_t rounds = 1000;  // most need a few; ties are rare
constexpr std::uint64_t rounds_of_the_rtl = 200;

/// What differs when both run, or nothing.
std::optional<std::string> difference(hw::device& dut, hw::memory_model& memory,
                                      const hw::run_params& params) {
  hw::golden_core golden(dut.params());
  try {
    dut.reset();
    const hw::lockstep_result both = hw::run_lockstep(golden, dut, memory, params);
    if (both.mismatches != 0) return both.text();
    if (!both.run.ok()) return "the run ended with an error";
  } catch (const swprune::device_error& e) {
    return e.what();
  }
  return std::nullopt;
}

/// Half of the rounds have an ideal memory, the others one that stalls and answers fences late.
hw::memory_params timing_of(const hw::array_params& a, std::uint64_t round, swprune::rng& r) {
  if (round % 2 == 0) return {.bus_bytes = a.bus_bytes};
  auto timing = hw::memory_params::stalling(a.bus_bytes, 0.8, r.next());
  timing.fence_latency = detail::between(r, 1, 100);
  return timing;
}

/// What is found in round `round` with this device, or nothing. Every fourth image is one that no
/// compiler would make: steps that hold nothing but a residual, unusual waits.
std::optional<std::string> fault(hw::device& dut, std::uint64_t round) {
  const hw::array_params a = dut.params();
  swprune::rng r = swprune::rng(seed).stream("rtl.mutants", round);
  const hw::memory_params timing = timing_of(a, round, r);
  if (round % 4 >= 2 && round % 8 < 4) {
    const hand_case c = random_hand_case(a, r);
    hw::memory_model memory = c.memory(timing);
    return difference(dut, memory, c.run_params());
  }
  random_layer_params bounds;
  bounds.max_uops = 3000;
  bounds.layers = detail::between(r, 1, 3);
  const random_case c = random_model(a, bounds, r);
  const auto p = compile_case(c, a, r);
  if (!p) return std::nullopt;
  program_memory m(*p, c, timing);
  return difference(dut, m.memory, m.run_params());
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

TEST_CASE("every mutant of the RTL is caught", "[lockstep][mutants]") {
  const std::vector<std::string> names = sim::mutant_names();
  REQUIRE(names.size() >= 6);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto dut = sim::make_mutant(static_cast<int>(i));
    std::optional<std::string> found;
    std::uint64_t round = 0;
    while (!found && round < rounds) found = fault(*dut, round++);
    CAPTURE(seed, names[i], rounds);
    CHECK(found.has_value());
    if (found) std::cout << names[i] << ": round " << round << ", " << first_line(*found) << '\n';
  }
}

TEST_CASE("the RTL itself passes what the mutants are tried with", "[lockstep][mutants]") {
  std::vector<hw::array_params> arrays;
  for (int i = 0; i < static_cast<int>(sim::mutant_names().size()); ++i)
    if (std::find(arrays.begin(), arrays.end(), sim::mutant_params(i)) == arrays.end())
      arrays.push_back(sim::mutant_params(i));
  for (const hw::array_params& a : arrays) {
    const auto dut = sim::make_device(a);
    for (std::uint64_t round = 0; round < rounds_of_the_rtl; ++round) {
      CAPTURE(seed, round, a.to_string());
      const auto found = fault(*dut, round);
      INFO(found.value_or(""));
      CHECK_FALSE(found.has_value());
    }
  }
}

TEST_CASE("only mutants that exist can be made") {
  CHECK_THROWS_AS(sim::make_mutant(-1), swprune::invalid_argument);
  CHECK_THROWS_AS(sim::make_mutant(static_cast<int>(sim::mutant_names().size())),
                  swprune::invalid_argument);
}
