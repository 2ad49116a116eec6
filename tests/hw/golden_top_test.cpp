// SPDX-License-Identifier: Apache-2.0

// The golden top by itself: its fronts do what the examples of docs/accelerator.md section 13
// say, it runs programs from its registers, and lockstep of two tops finds every difference.

#include <functional>
#include <utility>

#include "swprune/hw/functional.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/program_check.hpp"
#include "tests/support/top_driver.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;
namespace golden = swprune::hw::golden;
namespace at = swprune::hw::regs::address;

/// A golden top whose outputs go through a filter: a faulty device of our own making.
class faulty_top : public hw::top_device {
 public:
  using filter = std::function<void(std::uint64_t cycle, hw::top_outputs&)>;
  faulty_top(const hw::array_params& a, filter f) : top_(a), filter_(std::move(f)) { show(); }

  [[nodiscard]] const hw::array_params& params() const override { return top_.params(); }
  [[nodiscard]] const hw::axi_params& axi() const override { return top_.axi(); }
  void reset() override {
    top_.reset();
    cycle_ = 0;
    show();
  }
  [[nodiscard]] const hw::top_outputs& outputs() const override { return out_; }
  void step(const hw::top_inputs& in) override {
    top_.step(in);
    ++cycle_;
    show();
  }

 private:
  void show() {
    out_ = top_.outputs();
    filter_(cycle_, out_);
  }

  hw::golden_top top_;
  filter filter_;
  hw::top_outputs out_;
  std::uint64_t cycle_ = 0;
};

const hw::array_params small = small_array();

/// A small network, compiled.
struct example {
  explicit example(std::uint64_t seed = 3) {
    swprune::rng random(seed);
    while (!program) {
      network = random_model(small, {.layers = 2, .max_uops = 2000, .max_channels = 16}, random);
      program = compile_case(network, small, random);
    }
  }
  random_case network;
  std::optional<hw::program> program;
};

/// The write front between a core and a memory that both take and answer at once.
struct write_bench {
  explicit write_bench(const hw::array_params& a, const hw::axi_params& p = {}) : front(a, p) {}

  golden::axi_write front;
  std::vector<std::pair<std::uint64_t, int>> bursts;  ///< address, beats
  std::vector<std::uint64_t> strobes;                 ///< of every beat
  std::vector<int> answers;                           ///< errors of the fences
  std::uint8_t response = 0;
  int cycles = 0;

  void write(std::uint64_t address, std::uint64_t strobed, bool fence = false) {
    hw::core_outputs core;
    core.wr_valid = true;
    core.wr_addr = address;
    core.wr_strb = strobed;
    core.wr_fence = fence;
    while (!front.ready()) cycle({});
    cycle(core);
  }
  void settle(bool flush = true) {
    for (int i = 0; i < 50; ++i) cycle({}, flush);
  }

 private:
  void cycle(const hw::core_outputs& core, bool flush = false) {
    hw::top_outputs out;
    front.show(out);
    if (front.fenced()) answers.push_back(front.error());
    hw::top_inputs in;
    in.awready = in.wready = true;
    in.bvalid = open_ > 0;
    in.bresp = in.bvalid ? response : std::uint8_t{3};
    if (in.bvalid && out.bready) --open_;
    if (out.awvalid) bursts.emplace_back(out.awaddr, out.awlen + 1);
    if (out.wvalid) strobes.push_back(out.wstrb);
    open_ += out.wvalid && out.wlast;
    front.clock(in, core, flush, false);
    ++cycles;
  }
  int open_ = 0;
};

using beats_at = std::vector<std::pair<std::uint64_t, int>>;

}  // namespace

TEST_CASE("writes of neighbouring rows become one burst, of distant ones single beats") {
  write_bench close(headline_array()), apart(headline_array());
  for (std::uint64_t row = 0; row < 8; ++row) {
    close.write(32 * row, 0xFFFF'FFFF);
    apart.write(128 * row, 0xFFFF'FFFF);
  }
  close.settle();
  apart.settle();
  CHECK(close.bursts == beats_at{{0, 8}});
  REQUIRE(apart.bursts.size() == 8);
  for (std::size_t row = 0; row < 8; ++row)
    CHECK(apart.bursts[row] == std::pair<std::uint64_t, int>{128 * row, 1});
  CHECK(close.front.idle());
}

TEST_CASE("writes of four words merge into one beat, one that lies askew takes two") {
  write_bench b(headline_array());
  b.write(0, 0xFFFF);
  b.write(16, 0xFFFF);
  b.write(48, 0xFFFF'FFFF);  // half of the next beat and half of the one behind it
  b.settle();
  CHECK(b.bursts == beats_at{{0, 3}});
  CHECK(b.strobes == std::vector<std::uint64_t>{0xFFFF'FFFF, 0xFFFF'0000, 0xFFFF});
}

TEST_CASE("write bursts end at 4 KiB and at WrBurst") {
  write_bench b(headline_array(), {.wr_burst = 4});
  for (std::uint64_t i = 0; i < 8; ++i) b.write(4096 - 64 + 32 * i, 0xFFFF'FFFF);
  b.settle();
  CHECK(b.bursts == beats_at{{4032, 2}, {4096, 4}, {4224, 2}});
}

TEST_CASE("a fence sends what is gathered and is answered behind it, with the first error") {
  write_bench b(headline_array());
  b.write(0, 0xF);
  b.settle(false);
  CHECK(b.bursts.empty());
  b.write(32, 0xF, true);
  b.settle(false);
  CHECK(b.bursts == beats_at{{0, 2}});
  CHECK(b.answers == std::vector<int>{0});

  b.write(64, 0, true);  // nothing gathered: no burst
  b.settle(false);
  CHECK(b.bursts.size() == 1);
  CHECK(b.answers == std::vector<int>{0, 0});

  b.response = 2;
  b.write(128, 0xF);
  b.write(512, 0xF);
  b.settle(true);
  b.response = 3;
  b.write(640, 0xF, true);
  b.settle(false);
  b.write(0, 0, true);
  b.settle(false);
  CHECK(b.answers == std::vector<int>{0, 0, 2, 0});  // once, and the first one
}

TEST_CASE("read requests are cut at RdBurst and at 4 KiB, bursts stay within RdOutstanding") {
  golden::axi_read front(headline_array(), {.rd_burst = 16, .rd_outstanding = 3});
  hw::core_outputs core;
  core.rd_req_valid = true;
  core.rd_req_addr = 4096 - 5 * 32;
  core.rd_req_beats = 40;
  core.rd_ready = true;
  hw::top_inputs in;
  in.arready = true;
  beats_at bursts;
  std::vector<int> when;
  for (int cycle = 0; cycle < 20; ++cycle) {
    hw::top_outputs out;
    front.show(out);
    if (out.arvalid) {
      bursts.emplace_back(out.araddr, out.arlen + 1);
      when.push_back(cycle);
    }
    in.rvalid = in.rlast = cycle == 12;  // the first burst ends
    const bool taken = core.rd_req_valid && front.request_ready();
    front.clock(in, core);
    if (taken) core = {.rd_ready = true};
  }
  CHECK(bursts == beats_at{{3936, 5}, {4096, 16}, {4608, 16}, {5120, 3}});
  CHECK(when == std::vector<int>{1, 3, 5, 14});
  CHECK_FALSE(front.idle());
}

TEST_CASE("fronts that cannot be built are refused") {
  CHECK_THROWS_AS(hw::golden_top(small, {.rd_burst = 12}), swprune::invalid_argument);
  CHECK_THROWS_AS(hw::golden_top(small, {.wr_burst = 512}), swprune::invalid_argument);
  CHECK_THROWS_AS(hw::golden_top(small, {.rd_outstanding = 0}), swprune::invalid_argument);
  CHECK_THROWS_AS(hw::golden_top(small, {.wr_outstanding = 256}), swprune::invalid_argument);
}

TEST_CASE("the golden top runs a program from its registers", "[golden]") {
  const example e;
  hw::golden_top top(small), same(small);
  top_lockstep tops(top, same, 5);
  top_coverage coverage;
  top_driver driver(tops, *e.program, e.network, swprune::rng(5));
  driver.set_up({});
  CHECK(driver.run({}, coverage) == 0);
  const auto expected = hw::run_functional(e.network.model, e.network.input);
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(driver.output(static_cast<index_t>(i)) == expected[i]);
  CHECK(tops.read(at::id) == hw::regs::reset::id);
  CHECK(hw::regs::field::cap0_pof.get(tops.read(at::cap0)) == 4);
  CHECK(hw::regs::field::cap3_res_depth_log2_p1.get(tops.read(at::cap3)) == 4);
  CHECK(hw::regs::field::cap4_wr_outstanding.get(tops.read(at::cap4)) == 8);
  CHECK(tops.read(at::status) >> 1 == 1);
  CHECK(tops.slave.broken().empty());
  CHECK(tops.master.broken().empty());
}

TEST_CASE("a difference on any port of a top in any cycle is found and named", "[lockstep]") {
  const example e;
  using outputs = hw::top_outputs;
  const std::vector<std::pair<std::string, std::function<void(outputs&)>>> ports{
      {"irq", [](outputs& o) { o.irq = !o.irq; }},
      {"reg_awready", [](outputs& o) { o.reg_awready = !o.reg_awready; }},
      {"reg_wready", [](outputs& o) { o.reg_wready = !o.reg_wready; }},
      {"reg_bvalid", [](outputs& o) { o.reg_bvalid = !o.reg_bvalid; }},
      {"reg_bresp", [](outputs& o) { o.reg_bresp ^= 2; }},
      {"reg_arready", [](outputs& o) { o.reg_arready = !o.reg_arready; }},
      {"reg_rvalid", [](outputs& o) { o.reg_rvalid = !o.reg_rvalid; }},
      {"reg_rdata", [](outputs& o) { o.reg_rdata ^= 1u << 31; }},
      {"reg_rresp", [](outputs& o) { o.reg_rresp ^= 1; }},
      {"arvalid", [](outputs& o) { o.arvalid = !o.arvalid; }},
      {"araddr", [](outputs& o) { o.araddr ^= std::uint64_t{1} << 39; }},
      {"arlen", [](outputs& o) { o.arlen ^= 128; }},
      {"arsize", [](outputs& o) { o.arsize ^= 4; }},
      {"arburst", [](outputs& o) { o.arburst ^= 2; }},
      {"arcache", [](outputs& o) { o.arcache ^= 8; }},
      {"arprot", [](outputs& o) { o.arprot ^= 1; }},
      {"rready", [](outputs& o) { o.rready = !o.rready; }},
      {"awvalid", [](outputs& o) { o.awvalid = !o.awvalid; }},
      {"awaddr", [](outputs& o) { o.awaddr ^= 8; }},
      {"awlen", [](outputs& o) { o.awlen ^= 1; }},
      {"awsize", [](outputs& o) { o.awsize ^= 1; }},
      {"awburst", [](outputs& o) { o.awburst ^= 1; }},
      {"awcache", [](outputs& o) { o.awcache ^= 1; }},
      {"awprot", [](outputs& o) { o.awprot ^= 4; }},
      {"wvalid", [](outputs& o) { o.wvalid = !o.wvalid; }},
      {"wdata", [](outputs& o) { o.wdata[7] ^= 0x80; }},
      {"wstrb", [](outputs& o) { o.wstrb ^= 128; }},
      {"wlast", [](outputs& o) { o.wlast = !o.wlast; }},
      {"bready", [](outputs& o) { o.bready = !o.bready; }},
  };
  for (const auto& port : ports)
    for (const std::uint64_t when : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{300}}) {
      // Not structured bindings: clang 14 cannot capture them.
      const std::string& name = port.first;
      const auto& change = port.second;
      CAPTURE(name, when);
      hw::golden_top top(small);
      faulty_top dut(small, [&](std::uint64_t cycle, outputs& o) {
        if (cycle == when) change(o);
      });
      top_lockstep tops(top, dut, 77);
      top_driver driver(tops, *e.program, e.network, swprune::rng(9));
      top_coverage coverage;
      try {
        driver.set_up({});
        driver.run({}, coverage);
        FAIL("the difference was not seen");
      } catch (const top_mismatch& m) {
        CHECK(m.cycle == when);
        REQUIRE(m.ports.size() == 1);
        CHECK(m.ports[0].port == name);
        CHECK(m.ports[0].golden != m.ports[0].dut);
        const std::string text = m.what();
        CHECK(text.find(name + ": golden") != std::string::npos);
        CHECK(text.find("seed 77, cycle " + std::to_string(when)) != std::string::npos);
      }
    }
}
