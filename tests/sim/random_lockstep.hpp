// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random layers and networks on every Verilated array: RTL and golden model in lockstep on every
// port in every cycle, against functional reference, closed form, poison and byte counts.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "swprune_sim/verilated_core.hpp"
#include "tests/support/program_check.hpp"
#include "tests/support/random_graph.hpp"

namespace swprune_test {

/// Seed of a run, printed with every failure; SWPRUNE_SEED=n tries another one.
inline std::uint64_t chosen_seed() {
  const char* text = std::getenv("SWPRUNE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 2026;
}

/// What a campaign of lockstep runs has seen.
struct lockstep_tally {
  case_coverage coverage;
  graph_features graphs;
  int networks = 0;          ///< random graphs of several layers
  std::uint64_t cycles = 0;  ///< compared
  std::vector<int> cases_of_array;
};

/// Draws cases, one array after the other, and compares them.
class random_lockstep {
 public:
  explicit random_lockstep(std::uint64_t seed)
      : seed_(seed), arrays_(swprune::sim::built_devices()) {
    tally_.cases_of_array.assign(arrays_.size(), 0);
  }

  [[nodiscard]] const lockstep_tally& tally() const { return tally_; }
  [[nodiscard]] const std::vector<swprune::hw::array_params>& arrays() const { return arrays_; }

  /// Case number `round`: with an ideal memory and, for three rounds of the arrays in four, with
  /// one that stalls.
  void run(std::uint64_t round) {
    constexpr std::array<double, 4> probabilities{0.0, 0.1, 0.5, 0.9};
    swprune::rng r = swprune::rng(seed_).stream("lockstep.random", round);
    const std::size_t which = round % arrays_.size();
    const swprune::hw::array_params& a = arrays_[which];
    const bool graph = r.bernoulli(0.25);
    const random_case c = graph ? draw_graph(a, r) : draw_layers(a, r);
    const auto p = compile_case(c, a, r);
    if (!p) return;  // does not fit the buffers
    count(c, *p, graph, which);
    const double stall = probabilities[round / arrays_.size() % probabilities.size()];
    CAPTURE(seed_, round, stall, a.to_string(), a.act_depth, a.skip, c.text(),
            p->layers.front().plan);
    const auto expected = swprune::hw::run_functional(c.model, c.input);
    swprune::hw::golden_core golden(a);
    const auto dut = swprune::sim::make_device(a);
    compare(golden, *dut, *p, c, expected, timing_of(a, 0, r));
    if (stall > 0) compare(golden, *dut, *p, c, expected, timing_of(a, stall, r));
  }

 private:
  static random_case draw_layers(const swprune::hw::array_params& a, swprune::rng& r) {
    random_layer_params bounds;
    bounds.max_uops = 5000;
    bounds.layers = r.bernoulli(0.4) ? detail::between(r, 2, 3) : 1;
    return random_model(a, bounds, r);
  }
  static random_case draw_graph(const swprune::hw::array_params& a, swprune::rng& r) {
    return random_graph(a, {.layers = detail::between(r, 2, 6), .max_uops = 3000}, r);
  }

  /// Ideal memory, or stalls of probability `p` with random latency, bursts and, sometimes, long
  /// stalls.
  static swprune::hw::memory_params timing_of(const swprune::hw::array_params& a, double p,
                                              swprune::rng& r) {
    if (p == 0) return {.bus_bytes = a.bus_bytes};
    auto m = swprune::hw::memory_params::stalling(a.bus_bytes, p, r.next());
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

  void count(const random_case& c, const swprune::hw::program& p, bool graph, std::size_t which) {
    tally_.coverage.add(c, p);
    tally_.graphs.count(c.model);
    tally_.networks += graph;
    ++tally_.cases_of_array[which];
  }
  void compare(swprune::hw::device& golden, swprune::hw::device& dut, const swprune::hw::program& p,
               const random_case& c, const std::vector<std::vector<std::uint8_t>>& expected,
               const swprune::hw::memory_params& timing) {
    tally_.cycles += check_program(golden, &dut, p, c, expected, timing);
  }

  std::uint64_t seed_;
  std::vector<swprune::hw::array_params> arrays_;
  lockstep_tally tally_;
};

/// Every array had its share, and everything that the formats allow occurred.
inline void require_features(const lockstep_tally& t, int cases_of_array, int least) {
  for (const int n : t.cases_of_array) CHECK(n >= cases_of_array);
  t.coverage.require(least);
  t.coverage.require_networks(least / 2);
  CHECK(t.graphs.concatenations >= least);
  CHECK(t.graphs.part_reads >= least);
  CHECK(t.graphs.diagonal >= least);
  CHECK(t.graphs.straddling >= least / 2);
  CHECK(t.graphs.pooled_residuals >= least / 2);
}

}  // namespace swprune_test
