// SPDX-License-Identifier: Apache-2.0

// RTL and golden model in lockstep on images that the test writes itself: runs that end well, and
// runs that end before their time, one behind the other without a reset between some of them.

#include <map>

#include "swprune/hw/golden/golden_core.hpp"
#include "swprune_sim/verilated_core.hpp"
#include "tests/support/hand_check.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

/// Sets something going wrong in the run, or nothing.
void disturb(hand_case& c, hw::memory_model& m, hw::run_params& p, swprune::rng& r) {
  const auto at = [&](index_t bytes) {
    return 64 * r.below(static_cast<std::uint64_t>(bytes / 64));
  };
  const auto response = static_cast<std::uint8_t>(2 + r.below(2));
  switch (r.below(6)) {
    case 0:
      p.abort_cycle = static_cast<index_t>(1 + r.below(3000));
      break;
    case 1:
      p.abort_cycle = static_cast<index_t>(1 + r.below(120));
      break;
    case 2:
      p.watchdog = static_cast<std::uint32_t>(1 + r.below(60));
      break;
    case 3:
      m.fail_accesses(hand_case::image_base + at(std::ssize(c.bytes())), 1, response);
      break;
    case 4:
      m.fail_accesses(hand_case::act_base + at(c.image().act_bytes), 64, response);
      break;
    default:
      break;
  }
}

/// Breaks a record of the image: a bit, or a field with the CRC made right again.
void damage(hand_case& c, swprune::rng& r) {
  const std::size_t layer = r.below(c.layers().size());
  const bool descriptor = r.bernoulli(0.5);
  const std::size_t at = descriptor ? 128 * layer : c.steps_of(layer);
  if (r.bernoulli(0.5)) {
    c.bytes()[at + r.below(descriptor ? 128 : 64)] ^= static_cast<std::uint8_t>(1u << r.below(8));
    return;
  }
  // kernel, stride, dilation, pad, segment, interval; rows, flags, images.
  constexpr std::array<std::pair<std::size_t, std::uint8_t>, 6> fields{
      {{16, 9}, {18, 0}, {19, 5}, {40, 16}, {20, 7}, {13, 2}}};
  constexpr std::array<std::pair<std::size_t, std::uint8_t>, 3> step_fields{
      {{6, 0}, {1, 1}, {0, 1}}};
  if (descriptor)
    c.change(at, 128, {fields[r.below(fields.size())]});
  else
    c.change(at, 64, {step_fields[r.below(step_fields.size())]});
}

}  // namespace

TEST_CASE("RTL and golden model agree on runs that end well and on runs that do not",
          "[lockstep][random]") {
  constexpr std::uint64_t seed = 405;
  std::map<int, int> ends;  // error code: runs
  std::uint64_t cycles = 0;
  for (const hw::array_params& a : swprune::sim::built_devices()) {
    hw::golden_core golden(a);
    const auto dut = swprune::sim::make_device(a);
    for (std::uint64_t round = 0; round < 40; ++round) {
      swprune::rng r = swprune::rng(seed).stream("lockstep.stop", round);
      hand_case c = random_hand_case(a, r);
      if (round % 4 == 3) damage(c, r);
      for (const hw::memory_params& timing : hand_timings(a.bus_bytes, r)) {
        hw::memory_model m = c.memory(timing);
        hw::run_params p = c.run_params();
        p.reset = r.bernoulli(0.5) || cycles == 0;
        if (round % 4 != 3) disturb(c, m, p, r);
        const hw::lockstep_result l = hw::run_lockstep(golden, *dut, m, p);
        CAPTURE(seed, round, a.to_string(), a.skip, timing.data.probability, l.text());
        REQUIRE(l.mismatches == 0);
        cycles += l.cycles;
        ++ends[l.run.error];
      }
    }
  }
  CAPTURE(cycles);
  for (const int code : {0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}) {
    CAPTURE(code, ends[code]);
    CHECK(ends[code] >= 3);
  }
}
