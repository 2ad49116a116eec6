// SPDX-License-Identifier: Apache-2.0

// Lockstep of the tops finds faults: every mutant of the bus fronts (tests/mutants/top/) differs
// from the golden top, or breaks an assertion, in the random scenarios that the RTL itself passes
// in axi_top_lockstep_test.

#include <catch2/catch.hpp>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "tests/sim/top_scenarios.hpp"
#include "tests/sim/verilated_top.hpp"
#include "tests/support/arrays.hpp"
#include "top_mutant_models.inc"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

constexpr std::uint64_t rounds = 300;  // as many as the RTL passes

struct mutant {
  const char* name;
  std::unique_ptr<hw::top_device> (*make)();
};

template <typename Model>
std::unique_ptr<hw::top_device> make() {
  return std::make_unique<verilated_top<Model>>(small_array());
}

constexpr mutant mutants[] = {
#define X(name) {#name, make<Vswp_top_##name>},
#include "top_mutants.inc"
#undef X
};

/// What is found in a round, or nothing.
std::optional<std::string> fault(hw::golden_top& golden, hw::top_device& dut, std::uint64_t round,
                                 top_totals& sum) {
  try {
    run_top_round(golden, dut, chosen_top_seed(), round, sum);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return std::nullopt;
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text.substr(0, 200);
}

}  // namespace

TEST_CASE("every mutant of the bus fronts is caught", "[lockstep][mutants]") {
  CHECK(std::size(mutants) >= 8);
  for (const mutant& m : mutants) {
    const auto dut = m.make();
    hw::golden_top golden(dut->params(), dut->axi());
    top_totals sum;
    std::optional<std::string> found;
    std::uint64_t round = 0;
    while (!found && round < rounds) found = fault(golden, *dut, round++, sum);
    CAPTURE(chosen_top_seed(), m.name, rounds);
    CHECK(found.has_value());
    if (found) std::cout << m.name << ": round " << round << ", " << one_line(*found) << '\n';
  }
}
