// SPDX-License-Identifier: Apache-2.0

// The RTL's AXI4 fronts and their golden models in lockstep, the core played with every request
// and write that its ports allow: wide writes on a narrow bus, long requests, bare fences.

#include <verilated.h>
#include <catch2/catch.hpp>

#include <bit>
#include <cstring>
#include <memory>

#include "fronts_narrow/Vswp_fronts_narrow.h"
#include "fronts_wide/Vswp_fronts_wide.h"
#include "swprune/hw/golden/axi_read.hpp"
#include "swprune/hw/golden/axi_write.hpp"
#include "tests/support/axi_slave.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

constexpr std::uint64_t memory_bytes = 1 << 16;
constexpr std::uint64_t memory_base = 0xAB'0000'0000;

/// What the core shows to the fronts, apart from what the fronts show to it.
class core_player {
 public:
  core_player(const hw::array_params& a, swprune::rng any)
      : bus_(static_cast<std::uint64_t>(a.bus_bytes)),
        pox_(static_cast<std::uint64_t>(a.pox)),
        any_(any) {}

  std::uint64_t busy = 50;   ///< percent of the cycles in which something new is offered
  std::uint64_t fences = 5;  ///< percent of the writes
  hw::core_outputs out;
  bool flush = false;

  /// `req` and `wr`: what was offered was taken.
  void next(bool req, bool wr) {
    if (req) out.rd_req_valid = false;
    if (wr) out.wr_valid = false;
    out.rd_ready = go(70);
    flush = false;
    if (!out.rd_req_valid) draw_request();
    if (!out.wr_valid) draw_write();
    if (!out.wr_valid) flush = go(10);
  }

 private:
  bool go(std::uint64_t percent) { return any_.below(100) < percent; }

  void draw_request() {
    out.rd_req_valid = go(busy);
    out.rd_req_addr = 0;
    out.rd_req_beats = 0;
    if (!out.rd_req_valid) return;
    const std::uint64_t most = go(80) ? 6 : go(80) ? 60 : memory_bytes / bus_ / 2;
    const std::uint64_t beats = 1 + any_.below(most);
    out.rd_req_beats = static_cast<std::uint16_t>(beats);
    out.rd_req_addr = memory_base + any_.below(memory_bytes / bus_ - beats) * bus_;
  }

  /// Mostly behind or inside the one before, so that there is something to merge and to gather.
  void draw_write() {
    out.wr_valid = go(busy);
    out.wr_addr = out.wr_strb = 0;
    out.wr_data.fill(0);
    out.wr_fence = out.wr_valid && go(fences);
    if (!out.wr_valid) return;
    if (go(80))
      at_ += 4 * any_.below(go(80) ? pox_ + 1 : 3 * pox_);
    else
      at_ = 4 * any_.below(memory_bytes / 4);
    if (at_ > memory_bytes - 4 * pox_) at_ = 0;
    out.wr_addr = memory_base + at_;
    if (out.wr_fence && go(30)) return;
    const std::uint64_t words = 1 + any_.below(pox_);
    for (std::uint64_t w = 0; w < words; ++w)
      if (w + 1 == words || go(80)) out.wr_strb |= (go(10) ? 1 + any_.below(15) : 15) << (4 * w);
    for (std::uint64_t i = 0; i < 4 * pox_; ++i)
      if ((out.wr_strb >> i & 1) != 0) out.wr_data[i] = static_cast<std::uint8_t>(any_.below(256));
  }

  std::uint64_t bus_, pox_;
  swprune::rng any_;
  std::uint64_t at_ = 0;
};

/// What the runs have exercised.
struct totals {
  std::uint64_t cycles = 0, split_reads = 0, split_writes = 0, long_writes = 0, bare_fences = 0,
                data_fences = 0, merged = 0, flushes = 0, errors[4] = {}, cleared = 0;
};

template <typename Model>
class bench {
 public:
  bench(const hw::array_params& a, const hw::axi_params& p, std::uint64_t seed)
      : bus_(static_cast<std::size_t>(a.bus_bytes)),
        words_(static_cast<std::size_t>(a.pox)),
        any_(swprune::rng(seed).stream("fronts")),
        read_(a, p),
        write_(a, p),
        slave_(bus_, static_cast<std::uint64_t>(p.rd_burst), static_cast<std::uint64_t>(p.wr_burst),
               swprune::rng(seed).stream("slave")),
        core_(a, swprune::rng(seed).stream("core")) {
    context_.fatalOnError(false);
    Verilated::threadContextp(&context_);
    model_ = std::make_unique<Model>(&context_, "fronts");
    std::vector<std::uint8_t> memory(memory_bytes);
    for (auto& b : memory) b = static_cast<std::uint8_t>(any_.below(256));
    slave_.map(memory_base, memory);
    model_->rst_ni = 0;
    tick();
    model_->rst_ni = 1;
  }
  ~bench() {
    Verilated::threadContextp(&context_);
    model_->final();
  }

  void run(int cycles, totals& sum) {
    for (int i = 0; i < cycles; ++i) {
      if (i % 1000 == 0) change_mood();
      CAPTURE(i);
      cycle(sum);
    }
    const axi_traffic& t = slave_.traffic();
    CHECK(slave_.broken().empty());
    CHECK(t.strays == 0);
    sum.split_reads += t.split_reads;
    sum.split_writes += t.split_writes;
    sum.long_writes += t.long_writes;
  }

 private:
  void change_mood() {
    const auto percent = [&] { return static_cast<unsigned>(5 + any_.below(96)); };
    slave_.set({percent(), percent(), percent(), percent(), percent(), 1 + any_.below(30)});
    core_.busy = percent();
    core_.fences = any_.below(2) == 0 ? 3 : 30;
    // Once in a thousand cycles a burst and a beat fail.
    slave_.fail({any_.below(200), static_cast<std::uint8_t>(2 + any_.below(2))},
                {any_.below(60), static_cast<std::uint8_t>(2 + any_.below(2))});
  }

  void tick() {
    model_->clk_i = 0;
    model_->eval();
    model_->clk_i = 1;
    model_->eval();
  }

  void cycle(totals& sum) {
    hw::top_inputs in;
    slave_.drive(in);
    // A run begins only when the writes of the last one are all answered.
    const bool clear = write_.idle() && any_.below(10) == 0;
    drive(in, clear);
    model_->clk_i = 0;
    model_->eval();
    hw::top_outputs out;
    read_.show(out);
    write_.show(out);
    out.rready = core_.out.rd_ready;
    compare(in, out);
    count(clear, sum);
    const bool req = core_.out.rd_req_valid && read_.request_ready();
    const bool wr = core_.out.wr_valid && write_.ready();
    slave_.clock(in, out);
    read_.clock(in, core_.out);
    write_.clock(in, core_.out, core_.flush, clear);
    tick();
    core_.next(req, wr);
    REQUIRE_FALSE(context_.gotError());
  }

  void drive(const hw::top_inputs& in, bool clear) {
    Model& m = *model_;
    const hw::core_outputs& c = core_.out;
    m.req_valid_i = c.rd_req_valid;
    m.req_addr_i = c.rd_req_addr;
    m.req_beats_i = c.rd_req_beats;
    m.rd_ready_i = c.rd_ready;
    m.wr_valid_i = c.wr_valid;
    m.wr_addr_i = c.wr_addr;
    std::memcpy(&m.wr_data_i, c.wr_data.data(), 4 * words_);
    std::memcpy(&m.wr_strb_i, &c.wr_strb, sizeof(m.wr_strb_i));
    m.wr_fence_i = c.wr_fence;
    m.flush_i = core_.flush;
    m.clear_i = clear;
    m.arready_i = in.arready;
    m.rvalid_i = in.rvalid;
    std::memcpy(&m.rdata_i, in.rdata.data(), bus_);
    m.rresp_i = in.rresp;
    m.rlast_i = in.rlast;
    m.awready_i = in.awready;
    m.wready_i = in.wready;
    m.bvalid_i = in.bvalid;
    m.bresp_i = in.bresp;
  }

  void compare(const hw::top_inputs& in, const hw::top_outputs& out) {
    const Model& m = *model_;
    // Fast: one assertion a cycle.
    const bool core_side = m.rd_idle_o == read_.idle() && m.req_ready_o == read_.request_ready() &&
                           m.rd_valid_o == in.rvalid && m.rd_error_o == in.rresp &&
                           m.wr_idle_o == write_.idle() && m.wr_ready_o == write_.ready() &&
                           m.wr_fenced_o == write_.fenced() &&
                           (!write_.fenced() || m.wr_error_o == write_.error());
    const bool reads = m.arvalid_o == out.arvalid && m.araddr_o == out.araddr &&
                       m.arlen_o == out.arlen && m.rready_o == out.rready;
    const bool writes = m.awvalid_o == out.awvalid && m.awaddr_o == out.awaddr &&
                        m.awlen_o == out.awlen && m.wvalid_o == out.wvalid &&
                        m.wstrb_o == out.wstrb && m.wlast_o == out.wlast &&
                        m.bready_o == out.bready;
    const bool data = std::memcmp(&m.wdata_o, out.wdata.data(), bus_) == 0 &&
                      std::memcmp(&m.rd_data_o, in.rdata.data(), bus_) == 0;
    if (core_side && reads && writes && data) return;
    CAPTURE(core_side, reads, writes, data);
    FAIL("fronts and their models differ");
  }

  void count(bool clear, totals& sum) {
    const hw::core_outputs& c = core_.out;
    ++sum.cycles;
    sum.flushes += core_.flush;
    sum.cleared += clear;
    if (write_.fenced()) ++sum.errors[write_.error()];
    if (!c.wr_valid || !write_.ready()) return;
    sum.bare_fences += c.wr_fence && c.wr_strb == 0;
    sum.data_fences += c.wr_fence && c.wr_strb != 0;
    sum.merged += c.wr_addr % bus_ != 0 && c.wr_addr / bus_ == last_beat_;
    if (c.wr_strb != 0)
      last_beat_ = (c.wr_addr + static_cast<std::size_t>(std::bit_width(c.wr_strb)) - 1) / bus_;
  }

  std::size_t bus_, words_;
  swprune::rng any_;
  hw::golden::axi_read read_;
  hw::golden::axi_write write_;
  axi_slave slave_;
  core_player core_;
  VerilatedContext context_;
  std::unique_ptr<Model> model_;
  std::uint64_t last_beat_ = 0;
};

template <typename Model>
void check_fronts(const hw::array_params& a, const hw::axi_params& p) {
  totals sum;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(a.bus_bytes, seed);
    bench<Model> b(a, p, seed);
    b.run(50'000, sum);
  }
  CAPTURE(sum.cycles, sum.split_reads, sum.split_writes, sum.long_writes, sum.bare_fences,
          sum.data_fences, sum.merged, sum.flushes, sum.errors[2], sum.errors[3], sum.cleared);
  for (const std::uint64_t seen :
       {sum.split_reads, sum.split_writes, sum.long_writes, sum.bare_fences, sum.data_fences,
        sum.merged, sum.flushes, sum.errors[2], sum.errors[3], sum.cleared})
    CHECK(seen >= 50);
}

}  // namespace

TEST_CASE("AXI fronts and their golden models agree in every cycle", "[lockstep][random]") {
  check_fronts<Vswp_fronts_narrow>(
      {.pox = 16, .bus_bytes = 8},
      {.rd_burst = 16, .rd_outstanding = 2, .wr_burst = 4, .wr_outstanding = 3});
  check_fronts<Vswp_fronts_wide>({.pox = 8, .bus_bytes = 64}, {});
}
