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
#include "tests/support/program_check.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;
namespace sim = swprune::sim;

constexpr std::uint64_t seed = 41;
constexpr std::uint64_t rounds = 1000;  // most need a few; ties are rare
constexpr std::uint64_t rounds_of_the_rtl = 200;

/// What is found in round `round` with this device, or nothing.
std::optional<std::string> fault(hw::device& dut, std::uint64_t round) {
  const hw::array_params a = dut.params();
  swprune::rng r = swprune::rng(seed).stream("rtl.mutants", round);
  random_layer_params bounds;
  bounds.max_uops = 3000;
  const random_case c = random_model(a, bounds, r);
  const auto p = compile_case(c, a, r);
  if (!p) return std::nullopt;
  const double stall = round % 2 == 0 ? 0.0 : 0.8;
  const auto timing = stall == 0 ? hw::memory_params{.bus_bytes = a.bus_bytes}
                                 : hw::memory_params::stalling(a.bus_bytes, stall, r.next());
  program_memory m(*p, c, timing);
  hw::golden_core golden(a);
  try {
    dut.reset();
    const hw::lockstep_result both = hw::run_lockstep(golden, dut, m.memory, m.run_params());
    if (both.mismatches != 0) return both.text();
    if (!both.run.ok()) return "the run ended with an error";
  } catch (const swprune::device_error& e) {
    return e.what();
  }
  return std::nullopt;
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
