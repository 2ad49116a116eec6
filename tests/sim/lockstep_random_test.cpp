// SPDX-License-Identifier: Apache-2.0

// Random layers: the RTL and the golden model in lockstep on every port in every cycle, against
// functional reference, closed form, poison and byte counts.

#include <cstdlib>

#include "swprune_sim/verilated_core.hpp"
#include "tests/support/program_check.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

/// Ideal memory, or stalls of one of the probabilities with random latency, bursts and, sometimes,
/// long stalls.
hw::memory_params timing_of(const hw::array_params& a, double p, swprune::rng& r) {
  if (p == 0) return {.bus_bytes = a.bus_bytes};
  hw::memory_params m = hw::memory_params::stalling(a.bus_bytes, p, r.next());
  m.latency = detail::between(r, 1, 16);
  m.fence_latency = detail::between(r, 1, 60);
  if (p < 0.9) {
    m.data.burst = detail::between(r, 1, 6);
    m.writes.burst = detail::between(r, 1, 6);
  }
  if (r.bernoulli(0.25)) {
    m.writes.long_probability = 0.005;
    m.writes.long_cycles = 300;
  }
  return m;
}

/// Seed of the run, printed with every failure; SWPRUNE_SEED=n tries another one.
std::uint64_t chosen_seed() {
  const char* text = std::getenv("SWPRUNE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 2026;
}

}  // namespace

TEST_CASE("RTL and golden model in lockstep over random layers", "[lockstep][random]") {
  const std::uint64_t seed = chosen_seed();
  constexpr std::array<double, 4> probabilities{0.0, 0.1, 0.5, 0.9};
  const std::vector<hw::array_params> arrays = swprune::sim::built_devices();
  REQUIRE(arrays.size() >= 3);
  case_coverage coverage;
  std::vector<int> cases_of(arrays.size());
  std::uint64_t cycles = 0;
  for (std::uint64_t round = 0; coverage.cases < 560 && round < 2000; ++round) {
    swprune::rng r = swprune::rng(seed).stream("lockstep.random", round);
    const std::size_t which = round % arrays.size();
    const hw::array_params& a = arrays[which];
    random_layer_params bounds;
    bounds.max_uops = 5000;
    bounds.layers = r.bernoulli(0.4) ? detail::between(r, 2, 3) : 1;
    const random_case c = random_model(a, bounds, r);
    const auto p = compile_case(c, a, r);
    if (!p) continue;  // does not fit the buffers
    coverage.add(c, *p);
    ++cases_of[which];
    const double stall = probabilities[round / arrays.size() % probabilities.size()];
    CAPTURE(seed, round, a.to_string(), a.act_depth, a.skip, c.text(), p->layers.front().plan);
    const auto expected = hw::run_functional(c.model, c.input);
    hw::golden_core golden(a);
    const auto dut = swprune::sim::make_device(a);
    cycles += check_program(golden, dut.get(), *p, c, expected, timing_of(a, 0, r));
    if (stall == 0) continue;
    CAPTURE(stall);
    cycles += check_program(golden, dut.get(), *p, c, expected, timing_of(a, stall, r));
  }
  CAPTURE(cycles, coverage.cases);
  CHECK(coverage.cases >= 500);
  for (const int n : cases_of) CHECK(n >= 40);
  coverage.require(10);
  coverage.require_networks(5);
}
