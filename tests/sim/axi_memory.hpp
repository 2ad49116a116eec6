// SPDX-License-Identifier: Apache-2.0
#pragma once

// swp_top (small array) with a memory on its AXI4 port and a register bus for drivers on its
// AXI4-Lite port. Addresses without memory answer DECERR, writes to what is read-only SLVERR.

#include <verilated.h>
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/driver.hpp"
#include "top_small/Vswp_top_small.h"

namespace swprune_test {

class axi_bench : public swprune::hw::register_bus {
 public:
  static constexpr std::uint64_t bus_bytes = 8;

  /// Every handshake comes in `ready` of 100 cycles.
  axi_bench(std::uint64_t seed, unsigned ready)
      : any_(swprune::rng{seed}.stream("axi_memory")), ready_(ready) {
    context_.fatalOnError(false);
    Verilated::threadContextp(&context_);
    model_ = std::make_unique<Vswp_top_small>(&context_, "top");
    reset();
  }
  ~axi_bench() override {
    Verilated::threadContextp(&context_);
    model_->final();
  }

  /// Resets accelerator and interconnect together, as they must be.
  void reset() {
    reads_.clear();
    bursts_.clear();
    answers_.clear();
    Vswp_top_small& m = *model_;
    m.m_axi_rvalid_i = m.m_axi_bvalid_i = 0;
    m.s_axi_awvalid_i = m.s_axi_wvalid_i = m.s_axi_arvalid_i = 0;
    m.s_axi_bready_i = m.s_axi_rready_i = 0;
    m.rst_ni = 0;
    step();
    m.rst_ni = 1;
  }

  void place(std::uint64_t base, const std::vector<std::uint8_t>& bytes, bool writable) {
    regions_.push_back({base, bytes, writable});
  }
  void clear_memory() { regions_.clear(); }
  [[nodiscard]] const std::vector<std::uint8_t>& region(std::size_t i) const {
    return regions_[i].bytes;
  }
  std::vector<std::uint8_t>& region(std::size_t i) { return regions_[i].bytes; }

  /// Beats in this range are answered with `response`.
  void fail(std::uint64_t from, std::uint64_t to, std::uint8_t response) {
    fail_from_ = from;
    fail_to_ = to;
    fail_response_ = response;
  }
  /// While true, no read is answered.
  void freeze(bool on) { frozen_ = on; }

  [[nodiscard]] bool interrupt() const { return model_->irq_o != 0; }
  /// No burst is open on the memory's side.
  [[nodiscard]] bool at_rest() const {
    return reads_.empty() && bursts_.empty() && answers_.empty() && !model_->m_axi_arvalid_o &&
           !model_->m_axi_awvalid_o;
  }
  /// A read waits for its data.
  [[nodiscard]] bool reading() const { return !reads_.empty(); }
  void steps(std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) step();
  }

  void write(std::uint32_t offset, std::uint32_t value) override {
    Vswp_top_small& m = *model_;
    m.s_axi_awaddr_i = static_cast<std::uint8_t>(offset);
    m.s_axi_wdata_i = value;
    m.s_axi_wstrb_i = 15;
    m.s_axi_awvalid_i = m.s_axi_wvalid_i = 1;
    REQUIRE((m.s_axi_awready_o && m.s_axi_wready_o));  // nothing is held between two accesses
    step();
    m.s_axi_awvalid_i = m.s_axi_wvalid_i = 0;
    for (int i = 0; i < 10 && !m.s_axi_bvalid_o; ++i) step();
    REQUIRE(m.s_axi_bvalid_o);
    m.s_axi_bready_i = 1;
    step();
    m.s_axi_bready_i = 0;
  }

  std::uint32_t read(std::uint32_t offset) override {
    Vswp_top_small& m = *model_;
    m.s_axi_araddr_i = static_cast<std::uint8_t>(offset);
    m.s_axi_arvalid_i = 1;
    REQUIRE(m.s_axi_arready_o);
    step();
    m.s_axi_arvalid_i = 0;
    REQUIRE(m.s_axi_rvalid_o);
    const std::uint32_t value = m.s_axi_rdata_o;
    m.s_axi_rready_i = 1;
    step();
    m.s_axi_rready_i = 0;
    return value;
  }

  void relax() override { steps(20); }

 private:
  struct memory {
    std::uint64_t base;
    std::vector<std::uint8_t> bytes;
    bool writable;
  };
  struct burst {
    std::uint64_t address, beats;
    std::uint8_t worst = 0;
  };

  bool go() { return any_.below(100) < ready_; }

  memory* at(std::uint64_t address) {
    for (memory& r : regions_)
      if (address - r.base < r.bytes.size()) return &r;
    return nullptr;
  }

  /// AXI response to a beat.
  std::uint8_t response(std::uint64_t address, bool is_write) {
    if (address >= fail_from_ && address < fail_to_) return fail_response_;
    const memory* r = at(address);
    if (r == nullptr) return 3;
    return is_write && !r->writable ? 2 : 0;
  }

  void step() {
    Vswp_top_small& m = *model_;
    if (m.rst_ni) offer();
    m.eval();  // some outputs are wires of inputs
    const bool beat = m.rst_ni && m.m_axi_rvalid_i && m.m_axi_rready_o;
    const bool answer = m.rst_ni && m.m_axi_bvalid_i && m.m_axi_bready_o;
    if (m.rst_ni) take(beat, answer);
    m.clk_i = 0;
    m.eval();
    m.clk_i = 1;
    m.eval();
    if (beat) m.m_axi_rvalid_i = 0;
    if (answer) m.m_axi_bvalid_i = 0;
    REQUIRE_FALSE(context_.gotError());
  }

  void offer() {
    Vswp_top_small& m = *model_;
    m.m_axi_arready_i = go();
    m.m_axi_awready_i = go();
    m.m_axi_wready_i = go();
    if (!m.m_axi_rvalid_i && !reads_.empty() && !frozen_ && go()) {
      const burst& b = reads_.front();
      std::uint64_t data = 0;
      if (memory* r = at(b.address))
        for (std::uint64_t i = 0; i < bus_bytes; ++i)
          if (b.address - r->base + i < r->bytes.size())
            data |= std::uint64_t{r->bytes[b.address - r->base + i]} << (8 * i);
      m.m_axi_rvalid_i = 1;
      m.m_axi_rdata_i = data;
      m.m_axi_rresp_i = response(b.address, false);
      m.m_axi_rlast_i = b.beats == 1;
    }
    if (!m.m_axi_bvalid_i && !answers_.empty() && go()) {
      m.m_axi_bvalid_i = 1;
      m.m_axi_bresp_i = answers_.front();
    }
  }

  void take(bool beat, bool answer) {
    Vswp_top_small& m = *model_;
    if (beat) {
      burst& b = reads_.front();
      b.address += bus_bytes;
      if (--b.beats == 0) reads_.pop_front();
    }
    if (answer) answers_.pop_front();
    if (m.m_axi_wvalid_o && m.m_axi_wready_i) take_write();
    if (m.m_axi_arvalid_o && m.m_axi_arready_i)
      reads_.push_back({m.m_axi_araddr_o, m.m_axi_arlen_o + 1u});
    if (m.m_axi_awvalid_o && m.m_axi_awready_i)
      bursts_.push_back({m.m_axi_awaddr_o, m.m_axi_awlen_o + 1u});
  }

  void take_write() {
    const Vswp_top_small& m = *model_;
    REQUIRE_FALSE(bursts_.empty());
    burst& b = bursts_.front();
    const std::uint8_t bad = response(b.address, true);
    if (memory* r = at(b.address); bad == 0)
      for (std::uint64_t i = 0; i < bus_bytes; ++i)
        if ((m.m_axi_wstrb_o >> i & 1) != 0)
          r->bytes[b.address - r->base + i] = static_cast<std::uint8_t>(m.m_axi_wdata_o >> (8 * i));
    if (b.worst == 0) b.worst = bad;
    b.address += bus_bytes;
    CHECK((m.m_axi_wlast_o != 0) == (b.beats == 1));
    if (--b.beats == 0) {
      answers_.push_back(b.worst);
      bursts_.pop_front();
    }
  }

  swprune::rng any_;
  unsigned ready_;
  std::vector<memory> regions_;
  VerilatedContext context_;
  std::unique_ptr<Vswp_top_small> model_;
  std::deque<burst> reads_, bursts_;
  std::deque<std::uint8_t> answers_;
  std::uint64_t fail_from_ = 0, fail_to_ = 0;
  std::uint8_t fail_response_ = 0;
  bool frozen_ = false;
};

}  // namespace swprune_test
