// SPDX-License-Identifier: Apache-2.0

// The RTL's swp_top and the golden top in lockstep on every AXI port in every cycle, over random
// programs between a random driver and a random memory.

#include <cstdlib>
#include <iostream>

#include "tests/sim/top_random.hpp"
#include "tests/sim/verilated_top.hpp"
#include "tests/support/arrays.hpp"
#include "top_single/Vswp_top_single.h"
#include "top_small/Vswp_top_small.h"
#include "top_wide/Vswp_top_wide.h"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

/// Seed of the run, printed with every failure; SWPRUNE_SEED=n tries another one.
std::uint64_t chosen_seed() {
  const char* text = std::getenv("SWPRUNE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 2027;
}

void run_rounds(hw::top_device& dut, std::uint64_t rounds, top_totals& sum) {
  hw::golden_top golden(dut.params(), dut.axi());
  for (std::uint64_t round = 0; round < rounds; ++round)
    run_top_round(golden, dut, chosen_seed(), round, sum);
}

/// 2x8x4 on the widest bus, other bursts than the defaults: sim/CMakeLists.txt.
hw::array_params wide_array() {
  hw::array_params a = small_array();
  a.pox = 8;
  a.chains = 2;
  a.bus_bytes = 64;
  return a;
}
constexpr hw::axi_params wide_axi{
    .rd_burst = 8, .rd_outstanding = 2, .wr_burst = 4, .wr_outstanding = 3};

}  // namespace

TEST_CASE("RTL and golden top agree on every AXI port in every cycle", "[lockstep][random]") {
  verilated_top<Vswp_top_small> dut(small_array(), {});
  top_totals sum;
  run_rounds(dut, 300, sum);
  sum.require();
}

TEST_CASE("RTL and golden top agree with one multiplier, and on a wide bus", "[lockstep][random]") {
  verilated_top<Vswp_top_single> single(single_array(), {});
  verilated_top<Vswp_top_wide> wide(wide_array(), wide_axi);
  for (hw::top_device* dut : std::initializer_list<hw::top_device*>{&single, &wide}) {
    top_totals sum;
    run_rounds(*dut, 100, sum);
    std::cout << dut->params().to_string() << ": " << sum.text() << '\n';
    CHECK(sum.cycles >= 300'000);
    CHECK(sum.coverage.ends[0] >= 30);
  }
}
