// SPDX-License-Identifier: Apache-2.0

// The golden model alone, on images that the test writes itself field by field.

#include <catch2/catch.hpp>

#include "swprune/hw/golden/golden_core.hpp"
#include "tests/support/hand_check.hpp"
#include "tests/support/hand_coverage.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

const hw::array_params small{.poy = 2,
                             .pox = 2,
                             .pof = 4,
                             .chains = 1,
                             .bus_bytes = 8,
                             .act_depth = 1024,
                             .wgt_depth = 2048,
                             .list_depth = 128,
                             .param_depth = 16};

/// One pixel, one live weight: 3 * 5 + 1 = 16; times 2^14, shift 15: 8.
hand_layer single_product() {
  hand_layer l;
  l.in_h = l.in_w = 1;
  l.live = {1};
  l.weights.assign(16, 0);
  l.weights[0] = 5;
  l.bias = {1, 0, 0, 0};
  l.multiplier.assign(4, 1 << 14);
  l.shift.assign(4, 15);
  return l;
}

}  // namespace

TEST_CASE("a 1x1 layer whose result is worked out by hand", "[golden]") {
  swprune::rng random(1);
  hand_case c({single_product()}, small, random);
  c.set_input({3, 200, 200, 200});
  hw::memory_model memory = c.memory({.bus_bytes = 8});
  hw::golden_core core(small);
  const hw::run_result result = hw::run(core, memory, c.run_params());
  REQUIRE(result.ok());
  CHECK(c.output(memory, 0) == std::vector<std::uint8_t>{8, 0, 0, 0});
  // The closed form with every term written out. B = 8. FillGo 1; descriptor 2 + 32, Check 1;
  // step 2 + 16, Check 1, list 2 + 1 * 4, parameters 2 + 6 * 2, weights 2 + 2, fetch 2 + 1, plane 2
  // + 1 * 2; FillWait 1: StepGo in cycle 88. 4 micro-ops: retire in g + 9. D = 4: filled is seen 8
  // cycles later, 4 slots, of which the first and the fence are written; the fence is answered one
  // cycle later, Flush sees it in the next one, then Done.
  const std::uint64_t g = 1 + 34 + 1 + (18 + 1 + 6 + 14 + 4 + 3 + 4) + 1 + 1;
  CHECK(result.busy_cycles == g + 9 + 8 + 4 + 2 + 1);
  CHECK(result.last.cnt_uops == 4);
  CHECK(result.last.cnt_blocks == 1);
  CHECK(result.last.cnt_write_beats == 1);
  CHECK(result.last.cnt_read_beats == 16 + 8 + 1 + 6 + 2 + 1 + 1);
}

TEST_CASE("hand-written images give the plain loop's bytes in the closed form's cycles",
          "[golden]") {
  constexpr std::uint64_t seed = 20240601;
  hand_coverage seen;
  for (std::uint64_t round = 0; round < 240; ++round) {
    swprune::rng random = swprune::rng(seed).stream("golden.hand", round);
    hw::array_params a = hand_arrays()[round % hand_arrays().size()];
    a.skip = random.below(5) != 0;
    const hand_case c = random_hand_case(a, random);
    seen.add(c.layers());
    hw::golden_core core(a);
    for (const hw::memory_params& timing : hand_timings(a.bus_bytes, random)) {
      CAPTURE(seed, round, a.to_string(), a.skip, c.layers().size(), timing.data.probability);
      const std::string fault = c.fault(core, timing);
      CAPTURE(fault);
      CHECK(fault.empty());
    }
  }
  seen.require(5);
}
