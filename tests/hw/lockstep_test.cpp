// SPDX-License-Identifier: Apache-2.0

// The lockstep runner itself: that it sees every port, and that nothing hangs or crashes.

#include <functional>

#include "tests/support/arrays.hpp"
#include "tests/support/program_check.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

/// A golden core whose outputs go through a filter: a faulty device of our own making.
class faulty_core : public hw::device {
 public:
  using filter = std::function<void(std::uint64_t cycle, hw::core_outputs&)>;
  faulty_core(const hw::array_params& a, filter f) : core_(a), filter_(std::move(f)) { show(); }

  [[nodiscard]] const hw::array_params& params() const override { return core_.params(); }
  void reset() override {
    core_.reset();
    cycle_ = 0;
    show();
  }
  [[nodiscard]] const hw::core_outputs& outputs() const override { return out_; }
  void step(const hw::core_inputs& in) override {
    core_.step(in);
    ++cycle_;
    show();
  }

 private:
  void show() {
    out_ = core_.outputs();
    if (filter_) filter_(cycle_, out_);
  }

  hw::golden_core core_;
  filter filter_;
  hw::core_outputs out_;
  std::uint64_t cycle_ = 0;
};

const hw::array_params small = small_array();

/// A small layer that runs some hundred cycles, compiled, and its memory.
struct bench {
  explicit bench(std::uint64_t seed = 3) {
    swprune::rng random(seed);
    while (!draw(random)) {
    }
  }

  program_memory memory(const hw::memory_params& timing = {.bus_bytes = 8}) const {
    return {program, layer, timing};
  }

  random_case layer;
  hw::program program;

 private:
  /// False if the layer does not fit the array or is over too soon.
  bool draw(swprune::rng& random) {
    layer = random_model(small, {.max_uops = 2000, .max_channels = 16, .max_size = 6}, random);
    layer.images = 2;
    layer.input =
        detail::random_bytes(2 * layer.model.input.size(), layer.model.input_signed, random);
    try {
      program = hw::compile(layer.model, small, 2);
    } catch (const swprune::mismatch_error&) {
      return false;
    }
    const hw::cycle_counts counts = hw::predict(program).total;
    return counts.uops > 150 && counts.cycles > 500;
  }
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("two golden cores agree in every cycle", "[lockstep]") {
  const bench b;
  hw::golden_core golden(small), same(small);
  program_memory m = b.memory(hw::memory_params::stalling(8, 0.5, 4));
  const hw::lockstep_result r = hw::run_lockstep(golden, same, m.memory, m.run_params());
  CHECK(r.ok());
  CHECK(r.mismatches == 0);
  CHECK(r.text().empty());
  CHECK(r.cycles == r.run.cycles);
  CHECK(r.cycles > 500);
  CHECK(r.run.busy_cycles + 3 == r.cycles);  // start, and two idle cycles behind Done
}

TEST_CASE("a difference on any port in any cycle is found and named", "[lockstep]") {
  const bench b;
  using outputs = hw::core_outputs;
  const std::vector<std::pair<std::string, std::function<void(outputs&)>>> ports{
      {"busy", [](outputs& o) { o.busy = !o.busy; }},
      {"done", [](outputs& o) { o.done = !o.done; }},
      {"error", [](outputs& o) { o.error ^= 4; }},
      {"error_detail", [](outputs& o) { o.error_detail ^= 1; }},
      {"error_addr", [](outputs& o) { o.error_addr ^= 64; }},
      {"rd_req_valid", [](outputs& o) { o.rd_req_valid = !o.rd_req_valid; }},
      {"rd_req_addr", [](outputs& o) { o.rd_req_addr ^= std::uint64_t{1} << 39; }},
      {"rd_req_beats", [](outputs& o) { o.rd_req_beats ^= 1; }},
      {"rd_ready", [](outputs& o) { o.rd_ready = !o.rd_ready; }},
      {"wr_valid", [](outputs& o) { o.wr_valid = !o.wr_valid; }},
      {"wr_addr", [](outputs& o) { o.wr_addr ^= 4; }},
      {"wr_data", [](outputs& o) { o.wr_data[63] ^= 0x80; }},
      {"wr_strb", [](outputs& o) { o.wr_strb ^= 8; }},
      {"wr_fence", [](outputs& o) { o.wr_fence = !o.wr_fence; }},
      {"cnt_cycles", [](outputs& o) { o.cnt_cycles ^= 1; }},
      {"cnt_uops", [](outputs& o) { o.cnt_uops ^= 1; }},
      {"cnt_blocks", [](outputs& o) { o.cnt_blocks ^= 1; }},
      {"cnt_drain_stalls", [](outputs& o) { o.cnt_drain_stalls ^= 1; }},
      {"cnt_load_stalls", [](outputs& o) { o.cnt_load_stalls ^= 1; }},
      {"cnt_read_beats", [](outputs& o) { o.cnt_read_beats ^= 1; }},
      {"cnt_write_beats", [](outputs& o) { o.cnt_write_beats ^= 1; }},
      {"cnt_write_stalls", [](outputs& o) { o.cnt_write_stalls ^= 1; }},
      {"cnt_weight_stalls", [](outputs& o) { o.cnt_weight_stalls ^= 1; }},
      {"cnt_act_stalls", [](outputs& o) { o.cnt_act_stalls ^= 1; }},
      {"cnt_hazard_stalls", [](outputs& o) { o.cnt_hazard_stalls ^= 1; }},
      {"cnt_passes", [](outputs& o) { o.cnt_passes ^= 1; }},
      {"cnt_blocks_skipped", [](outputs& o) { o.cnt_blocks_skipped ^= 1; }},
      {"cnt_uops_skipped", [](outputs& o) { o.cnt_uops_skipped ^= 1; }},
      {"cnt_groups_skipped", [](outputs& o) { o.cnt_groups_skipped ^= 1; }},
      {"cnt_weight_beats", [](outputs& o) { o.cnt_weight_beats ^= 1; }},
      {"cnt_act_beats", [](outputs& o) { o.cnt_act_beats ^= 1; }},
      {"cnt_res_beats", [](outputs& o) { o.cnt_res_beats ^= 1; }},
      {"probe", [](outputs& o) { o.probe ^= std::uint64_t{1} << 57; }},
  };
  for (const auto& port : ports)
    for (const std::uint64_t when : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{200}}) {
      // Not structured bindings: clang 14 cannot capture them.
      const std::string& name = port.first;
      const auto& change = port.second;
      CAPTURE(name, when);
      hw::golden_core golden(small);
      faulty_core dut(small, [&](std::uint64_t cycle, outputs& o) {
        if (cycle == when) change(o);
      });
      program_memory m = b.memory();
      const hw::lockstep_result r = hw::run_lockstep(golden, dut, m.memory, m.run_params());
      REQUIRE_FALSE(r.ok());
      CHECK(r.mismatches == 1);
      CHECK(r.first_cycle == when);
      REQUIRE(r.first.size() == 1);
      CHECK(r.first[0].port == name);
      CHECK(r.first[0].golden != r.first[0].dut);
      CHECK(contains(r.text(), name));
      CHECK(contains(r.text(), "cycle " + std::to_string(when)));
    }
}

TEST_CASE("the report shows the last 32 micro-ops", "[lockstep]") {
  const bench b;
  hw::golden_core golden(small);
  faulty_core dut(small, [](std::uint64_t, hw::core_outputs& o) {
    if (o.cnt_uops == 100) o.error = 1;
  });
  program_memory m = b.memory();
  const hw::lockstep_result r = hw::run_lockstep(golden, dut, m.memory, m.run_params());
  REQUIRE(r.mismatches == 1);
  REQUIRE(r.micro_ops.size() == 32);
  CHECK(contains(r.micro_ops.back(), "slot"));
  CHECK(contains(r.micro_ops.back(), "weight"));
}

TEST_CASE("devices of different arrays or buses are refused", "[lockstep]") {
  const bench b;
  hw::array_params other = small;
  other.act_depth *= 2;
  hw::golden_core golden(small), dut(other);
  program_memory m = b.memory();
  CHECK_THROWS_AS(hw::run_lockstep(golden, dut, m.memory, m.run_params()), swprune::mismatch_error);
  hw::memory_model wide({.bus_bytes = 64});
  CHECK_THROWS_AS(hw::run(golden, wide, m.run_params()), swprune::mismatch_error);
  hw::run_params unaligned = m.run_params();
  unaligned.act_base += 4;
  CHECK_THROWS_AS(hw::run(golden, m.memory, unaligned), swprune::invalid_argument);
}

TEST_CASE("the observer is called and can stop the run", "[lockstep]") {
  const bench b;
  hw::golden_core golden(small);
  program_memory m = b.memory();
  hw::run_params p = m.run_params();
  p.observe_every = 10;
  std::vector<std::uint64_t> seen;
  p.observe = [&](const hw::run_progress& now) {
    seen.push_back(now.cycle);
    return now.cycle < 50;
  };
  const hw::run_result r = hw::run(golden, m.memory, p);
  CHECK(r.stopped);
  CHECK_FALSE(r.ok());
  CHECK(seen == std::vector<std::uint64_t>{0, 10, 20, 30, 40, 50});
  CHECK(r.cycles == 50);
}

TEST_CASE("a device that hangs is reported with its states", "[lockstep]") {
  const bench b;
  SECTION("no data for ever") {
    hw::golden_core core(small);
    program_memory m =
        b.memory({.bus_bytes = 8, .data = {.long_probability = 0.999999, .long_cycles = 1 << 30}});
    hw::run_params p = m.run_params();
    p.quiet_cycles = 300;
    try {
      hw::run(core, m.memory, p);
      FAIL("no timeout");
    } catch (const swprune::device_error& e) {
      CHECK(e.id() == static_cast<int>(swprune::errc::device_timeout));
      CHECK(contains(e.what(), "controller in FillWait, loader in Data"));
      CHECK(contains(e.what(), "cycle 300"));
    }
  }
  SECTION("more cycles than allowed") {
    hw::golden_core core(small);
    program_memory m = b.memory();
    hw::run_params p = m.run_params();
    p.max_cycles = 200;
    CHECK_THROWS_AS(hw::run(core, m.memory, p), swprune::device_error);
  }
}

TEST_CASE("a pooled layer on a core without pooling is error 3", "[golden]") {
  bench b;
  hw::array_params flat = small;
  flat.pool = false;
  auto d = hw::decode_descriptor(b.program.image, b.program.desc_offset, 0);
  d.pool = true;
  d.seg_y_log2 = d.seg_x_log2 = 1;
  const auto record = encode(d);
  std::copy(record.begin(), record.end(), b.program.image.begin() + b.program.desc_offset);
  hw::golden_core core(flat);
  program_memory m = b.memory();
  CHECK(hw::run(core, m.memory, m.run_params()).error == 3);
}

TEST_CASE("runs one behind the other without a reset give the same results", "[golden]") {
  hw::golden_core core(small);
  std::optional<std::uint64_t> cycles;
  for (int round = 0; round < 4; ++round) {
    const bench b(round % 2 == 0 ? 3 : 5);
    program_memory m = b.memory();
    hw::run_params p = m.run_params();
    p.reset = round == 0;
    const hw::run_result r = hw::run(core, m.memory, p);
    REQUIRE(r.ok());
    CHECK(m.output(0) == hw::run_functional(b.layer.model, b.layer.input)[0]);
    if (round == 0) cycles = r.busy_cycles;
    if (round == 2) CHECK(r.busy_cycles == *cycles);
  }
}

TEST_CASE("start is ignored while the core is busy", "[golden]") {
  const bench b;
  hw::golden_core core(small), nagged(small);
  program_memory m = b.memory();
  hw::core_inputs in;
  in.image_base = check_image_base;
  in.act_base = check_act_base;
  in.layer_count = 1;
  for (int cycle = 0; cycle < 600; ++cycle) {
    in.start = cycle == 0;
    m.memory.drive(in);
    m.memory.clock(in, core.outputs());
    core.step(in);
    hw::core_inputs again = in;
    again.start = cycle == 0 || nagged.outputs().busy;
    again.desc_offset = cycle == 0 ? 0 : 0x4000;
    nagged.step(again);
    REQUIRE(core.outputs() == nagged.outputs());
    if (core.outputs().done) break;
  }
}

TEST_CASE("a corrupt image ends in a result or an error, never in a crash", "[golden]") {
  const std::uint64_t seed = 99;
  int results = 0, errors = 0;
  for (std::uint64_t round = 0; round < 300; ++round) {
    swprune::rng r = swprune::rng(seed).stream("corrupt", round);
    CAPTURE(seed, round);
    bench b(3 + round % 4);
    const std::uint64_t flips = 1 + r.below(4);
    for (std::uint64_t i = 0; i < flips; ++i) {
      // Half of the damage in descriptor and step records, which steer everything.
      const std::size_t end = r.bernoulli(0.5) ? std::min<std::size_t>(512, b.program.image.size())
                                               : b.program.image.size();
      b.program.image[r.below(end)] = static_cast<std::uint8_t>(r.below(256));
    }
    hw::golden_core core(small);
    program_memory m = b.memory();
    hw::run_params p = m.run_params();
    p.quiet_cycles = 2000;
    p.max_cycles = 20'000;
    try {
      hw::run(core, m.memory, p);
      ++results;
    } catch (const swprune::device_error&) {
      ++errors;
    }
  }
  CHECK(results + errors == 300);
  CHECK(results > 0);
  CHECK(errors > 0);
}
