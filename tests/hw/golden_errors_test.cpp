// SPDX-License-Identifier: Apache-2.0

// What ends a run before its time: records that break a rule, the bus, the watchdog, an abort. The
// next run must be a good one. docs/accelerator.md section 8.

#include <catch2/catch.hpp>

#include "swprune/hw/golden/golden_core.hpp"
#include "tests/support/hand_check.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

const hw::array_params array{
    .poy = 2, .pox = 2, .pof = 4, .chains = 1, .bus_bytes = 8, .act_depth = 1024, .res_depth = 16};

/// Two 3x3 layers of two images, the second one with a residual; several steps each.
hand_case two_layers() {
  swprune::rng random(5);
  std::vector<hand_layer> layers(2);
  for (hand_layer& l : layers) {
    l.images = 2;
    l.in_channels = l.out_channels = 8;
    l.in_h = l.in_w = 5;
    l.kernel_h = l.kernel_w = 3;
    l.pad = 1;
    l.chunk = 1;
    l.strip = 3;
    fill_random(l, array.pof, 1, random);
  }
  hand_residual& r = layers[1].residual;
  r.on = true;
  r.groups = {1, 0};
  return {layers, array, random};
}

hw::run_result run(hw::golden_core& core, const hand_case& c, const hw::run_params& params) {
  hw::memory_model memory = c.memory({.bus_bytes = 8});
  return hw::run(core, memory, params);
}

/// The run after a failed one, without a reset, is as good as any.
void check_next_run(hw::golden_core& core) {
  const hand_case good = two_layers();
  const hw::memory_params timing{.bus_bytes = 8};
  hw::memory_model memory = good.memory(timing);
  hw::run_params params = good.run_params();
  params.reset = false;
  CHECK(good.fault_of(hw::run(core, memory, params), memory, timing) == "");
}

struct wrong_record {
  std::vector<std::pair<std::size_t, std::uint8_t>> edits;
  std::uint8_t code, rule;
};

}  // namespace

TEST_CASE("a descriptor that breaks a rule is refused with the rule", "[golden]") {
  const std::vector<wrong_record> wrong{
      {{{0, 0}}, 1, 0},
      {{{3, 0}}, 1, 0},
      {{{4, 1}}, 2, 0},
      {{{6, 64}}, 2, 0},
      {{{8, 4}}, 3, 0},
      {{{9, 4}}, 3, 0},
      {{{10, 8}}, 3, 0},
      {{{11, 16}}, 3, 0},
      {{{12, 0}}, 3, 0},          // no skip
      {{{8, 4}, {16, 0}}, 3, 0},  // the first match wins
      {{{16, 0}}, 6, 1},
      {{{16, 9}}, 6, 1},
      {{{17, 9}}, 6, 1},
      {{{18, 0}}, 6, 2},
      {{{18, 5}}, 6, 2},
      {{{19, 0}}, 6, 3},
      {{{19, 5}}, 6, 3},
      {{{40, 16}}, 6, 4},
      {{{20, 2}}, 6, 5},
      {{{21, 2}}, 6, 5},
      {{{12, 17}, {20, 0}}, 6, 5},  // pool without a window
      {{{22, 2}}, 6, 6},
      {{{23, 2}}, 6, 7},
      {{{12, 17}, {23, 1}}, 6, 7},
      {{{48, 0}, {49, 0}}, 6, 8},
      {{{76, 3}}, 6, 9},    // D = 4
      {{{13, 2}}, 6, 10},   // flag bit 9
      {{{12, 24}}, 6, 11},  // interleaved with segments
      {{{12, 24}, {20, 0}, {21, 0}, {18, 2}}, 6, 11},
      {{{12, 48}, {79, 0}, {92, 1}, {94, 1}}, 6, 12},
      {{{12, 48}, {79, 3}, {92, 1}, {94, 1}}, 6, 12},
      {{{12, 48}, {78, 2}, {79, 1}, {92, 1}, {94, 1}}, 6, 12},
      {{{12, 48}, {79, 1}, {92, 32}, {94, 1}}, 6, 12},
      {{{12, 48}, {79, 1}, {92, 1}, {94, 0}}, 6, 12},
  };
  for (const wrong_record& w : wrong) {
    hand_case c = two_layers();
    c.change(0, 128, w.edits);
    hw::golden_core core(array);
    const hw::run_result r = run(core, c, c.run_params());
    CAPTURE(w.edits.front().first, int{w.edits.front().second}, int{w.code}, int{w.rule});
    CHECK(int{r.error} == int{w.code});
    CHECK(int{r.detail} == int{w.rule});
    CHECK(r.address == hand_case::image_base);
    CHECK(r.last.cnt_read_beats == 16);  // the descriptor and nothing else
    // FillGo, request, Check, the last cycle of FillWait, StepGo, Stop, Error.
    CHECK(r.busy_cycles == 1 + 34 + 1 + 1 + 1 + 1 + 1);
    check_next_run(core);
  }
}

TEST_CASE("a step record that breaks a rule is refused with the rule", "[golden]") {
  const std::vector<wrong_record> wrong{
      {{{4, 0}, {5, 0}}, 7, 1},   {{{6, 0}}, 7, 1},  {{{8, 0}}, 7, 1}, {{{0, 1}}, 7, 2},
      {{{0, 2}}, 7, 2},           {{{0, 35}}, 7, 3}, {{{3, 1}}, 7, 3}, {{{44, 0}}, 7, 4},
      {{{22, 0}, {23, 0}}, 7, 4}, {{{0, 19}}, 7, 5},  // a residual in a layer without one
  };
  for (const wrong_record& w : wrong) {
    hand_case c = two_layers();
    c.change(c.steps_of(0), 64, w.edits);
    hw::golden_core core(array);
    const hw::run_result r = run(core, c, c.run_params());
    CAPTURE(w.edits.front().first, int{w.edits.front().second}, int{w.rule});
    CHECK(int{r.error} == int{w.code});
    CHECK(int{r.detail} == int{w.rule});
    CHECK(r.address == hand_case::image_base + c.steps_of(0));
    check_next_run(core);
  }
}

TEST_CASE("no bit of a record can change unnoticed", "[golden]") {
  const hand_case good = two_layers();
  swprune::rng random(9);
  const std::vector<std::pair<std::size_t, std::size_t>> records{{0, 128},
                                                                 {128, 128},
                                                                 {good.steps_of(0), 64},
                                                                 {good.steps_of(0) + 64, 64},
                                                                 {good.steps_of(1), 64}};
  hw::golden_core core(array);
  for (const auto& [at, size] : records)
    for (int round = 0; round < 12; ++round) {
      hand_case c = good;
      const std::size_t bit = random.below(8 * size);
      c.bytes()[at + bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      const hw::run_result r = run(core, c, c.run_params());
      CAPTURE(at, bit, int{r.error});
      const bool header = size == 128 && bit < 64;
      CHECK((header ? r.error == 1 || r.error == 2 : r.error == (size == 128 ? 4 : 5)));
      CHECK(r.address == hand_case::image_base + at);
    }
  check_next_run(core);
}

TEST_CASE("a beat that the bus refuses ends the run with its address", "[golden]") {
  const hand_case c = two_layers();
  hw::golden_core core(array);
  const hw::memory_params timing{.bus_bytes = 8};
  hw::memory_model whole = c.memory(timing);
  hw::run(core, whole, c.run_params());
  int refused = 0;
  for (const std::uint8_t response : {std::uint8_t{2}, std::uint8_t{3}})
    for (std::uint64_t at = 8; at < c.image().image.size(); at += 56) {
      const std::uint64_t address = hand_case::image_base + at / 8 * 8;
      if (whole.bytes_read(address, 1) == 0) continue;
      hw::memory_model m = c.memory(timing);
      m.fail_accesses(address, 8, response);
      const hw::run_result r = hw::run(core, m, c.run_params());
      CAPTURE(at, int{response});
      CHECK(int{r.error} == (response == 2 ? 8 : 9));
      CHECK(r.address == address);
      ++refused;
      check_next_run(core);
    }
  CHECK(refused > 20);
}

TEST_CASE("a write that the bus refuses ends the run", "[golden]") {
  const hand_case c = two_layers();
  hw::golden_core core(array);
  for (const std::size_t layer : {std::size_t{0}, std::size_t{1}})
    for (const std::uint8_t response : {std::uint8_t{2}, std::uint8_t{3}}) {
      hw::memory_model m = c.memory({.bus_bytes = 8, .fence_latency = 40});
      m.fail_accesses(
          hand_case::act_base + static_cast<std::uint64_t>(c.image().layers[layer].out.offset) + 64,
          4, response);
      const hw::run_result r = hw::run(core, m, c.run_params());
      CAPTURE(layer, int{response});
      CHECK(int{r.error} == (response == 2 ? 10 : 11));
      CHECK(r.address == 0);
      check_next_run(core);
    }
}

TEST_CASE("an abort in any cycle ends the run and leaves nothing behind", "[golden]") {
  const hand_case c = two_layers();
  hw::golden_core core(array);
  const hw::run_result whole = run(core, c, c.run_params());
  REQUIRE(whole.ok());
  const auto end = static_cast<index_t>(whole.busy_cycles);
  for (index_t cycle = 1; cycle < end; cycle += cycle < 120 ? 1 : 29) {
    hw::memory_model m = c.memory(hw::memory_params::stalling(8, 0.3, 7));
    hw::run_params params = c.run_params();
    params.abort_cycle = cycle;
    const hw::run_result r = hw::run(core, m, params);
    CAPTURE(cycle);
    CHECK(int{r.error} == 13);
    CHECK(r.busy_cycles < whole.busy_cycles * 4);
    CHECK_NOTHROW(m.check_canaries());
    check_next_run(core);
  }
  hw::run_params late = c.run_params();
  late.abort_cycle = end + 1;
  CHECK(run(core, c, late).ok());
}

TEST_CASE("the watchdog ends what would go on for ever, and nothing else", "[golden]") {
  hand_case c = two_layers();
  hw::golden_core core(array);
  SECTION("a list without a last entry") {
    // The step record names the list at offset 12.
    const std::uint8_t* s = c.bytes().data() + c.steps_of(0) + 12;
    const std::size_t list = static_cast<std::size_t>(s[0]) | static_cast<std::size_t>(s[1]) << 8;
    for (std::size_t i = 0; i < 64; ++i) c.bytes()[list + 2 * i + 1] &= 0x7f;
    hw::run_params params = c.run_params();
    params.watchdog = 20'000;
    const hw::run_result r = run(core, c, params);
    CHECK(int{r.error} == 12);
    CHECK(r.address == 0);
    check_next_run(core);
  }
  SECTION("a memory that answers late") {
    for (const std::uint32_t watchdog : {50u, 400u}) {
      hw::memory_model m = c.memory({.bus_bytes = 8, .latency = 200});
      hw::run_params params = c.run_params();
      params.watchdog = watchdog;
      CHECK(int{hw::run(core, m, params).error} == (watchdog == 50 ? 12 : 0));
    }
  }
}

TEST_CASE("counters add up", "[golden]") {
  constexpr std::uint64_t seed = 31;
  for (std::uint64_t round = 0; round < 40; ++round) {
    swprune::rng random = swprune::rng(seed).stream("golden.counters", round);
    hw::array_params a = hand_arrays()[round % hand_arrays().size()];
    const hand_case c = random_hand_case(a, random);
    hw::golden_core core(a);
    CAPTURE(seed, round, a.to_string());
    for (const hw::memory_params& timing : hand_timings(a.bus_bytes, random)) {
      hw::memory_model m = c.memory(timing);
      const hw::run_result run = hw::run(core, m, c.run_params());
      REQUIRE(run.ok());
      const hw::core_outputs& o = run.last;
      CHECK(o.cnt_load_stalls == o.cnt_weight_stalls + o.cnt_act_stalls + o.cnt_hazard_stalls);
      std::uint64_t passes = 0, uops = 0, dense = 0, records = 0;
      for (std::size_t i = 0; i < c.layers().size(); ++i) {
        const hand_layer& l = c.layers()[i];
        const auto steps = c.image().layers[i].steps;
        records += 128 + 64 * steps.size();
        for (const hand_step& s : steps) {
          passes += s.pass_uops.size();
          dense += s.pass_uops.size() * static_cast<std::uint64_t>(l.kernel() * l.in_channels);
          for (const index_t n : s.pass_uops) uops += static_cast<std::uint64_t>(n);
        }
      }
      CHECK(o.cnt_passes == passes);
      CHECK(o.cnt_uops == uops);
      // A null micro-op is one that the structure does not have.
      CHECK(o.cnt_uops_skipped + uops >= dense);
      CHECK(o.cnt_uops_skipped + uops <= dense + passes);
      CHECK(o.cnt_weight_beats + o.cnt_act_beats + o.cnt_res_beats +
                records / static_cast<std::uint64_t>(a.bus_bytes) ==
            o.cnt_read_beats);
    }
  }
}
