// SPDX-License-Identifier: Apache-2.0
#pragma once

// golden_top and the Verilated swp_top of the small array on the same inputs: every output port
// compared in every cycle.

#include <verilated.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "swprune/hw/golden/golden_top.hpp"
#include "tests/sim/top_slaves.hpp"
#include "tests/support/arrays.hpp"
#include "top_small/Vswp_top_small.h"

namespace swprune_test {

inline std::uint64_t low_bytes(const std::array<std::uint8_t, 64>& data) {
  std::uint64_t word = 0;
  std::memcpy(&word, data.data(), sizeof word);
  return word;
}

// Every output port: its name and its value in top_outputs.
#define SWPRUNE_TOP_PORTS(X)                 \
  X(irq_o, o.irq)                            \
  X(s_axi_awready_o, o.registers.aw_ready)   \
  X(s_axi_wready_o, o.registers.w_ready)     \
  X(s_axi_bvalid_o, o.registers.b_valid)     \
  X(s_axi_bresp_o, 0)                        \
  X(s_axi_arready_o, o.registers.ar_ready)   \
  X(s_axi_rvalid_o, o.registers.r_valid)     \
  X(s_axi_rdata_o, o.registers.r_data)       \
  X(s_axi_rresp_o, 0)                        \
  X(m_axi_arvalid_o, o.ar.valid)             \
  X(m_axi_araddr_o, o.ar.address)            \
  X(m_axi_arlen_o, o.ar.length)              \
  X(m_axi_arsize_o, o.ar.size)               \
  X(m_axi_arburst_o, o.ar.burst)             \
  X(m_axi_arcache_o, o.ar.cache)             \
  X(m_axi_arprot_o, o.ar.prot)               \
  X(m_axi_rready_o, o.r_ready)               \
  X(m_axi_awvalid_o, o.aw.valid)             \
  X(m_axi_awaddr_o, o.aw.address)            \
  X(m_axi_awlen_o, o.aw.length)              \
  X(m_axi_awsize_o, o.aw.size)               \
  X(m_axi_awburst_o, o.aw.burst)             \
  X(m_axi_awcache_o, o.aw.cache)             \
  X(m_axi_awprot_o, o.aw.prot)               \
  X(m_axi_wvalid_o, o.w.valid)               \
  X(m_axi_wdata_o, low_bytes(o.w.beat.data)) \
  X(m_axi_wstrb_o, o.w.beat.strobes)         \
  X(m_axi_wlast_o, o.w.last)                 \
  X(m_axi_bready_o, o.w.b_ready)

#define SWPRUNE_TOP_NAME(port, value) #port,
inline constexpr std::array top_port_names{SWPRUNE_TOP_PORTS(SWPRUNE_TOP_NAME)};
#undef SWPRUNE_TOP_NAME

using top_port_values = std::array<std::uint64_t, top_port_names.size()>;

inline top_port_values ports_of(const swprune::hw::top_outputs& o) {
#define SWPRUNE_TOP_VALUE(port, value) static_cast<std::uint64_t>(value),
  return {SWPRUNE_TOP_PORTS(SWPRUNE_TOP_VALUE)};
#undef SWPRUNE_TOP_VALUE
}
inline top_port_values ports_of(const Vswp_top_small& m) {
#define SWPRUNE_TOP_VALUE(port, value) static_cast<std::uint64_t>(m.port),
  return {SWPRUNE_TOP_PORTS(SWPRUNE_TOP_VALUE)};
#undef SWPRUNE_TOP_VALUE
}

/// The first difference of a comparison.
struct top_mismatch {
  std::uint64_t cycle = 0;
  std::size_t port = 0;  ///< index of top_port_names
  std::uint64_t golden = 0, rtl = 0;

  [[nodiscard]] std::string text() const {
    return fmt::format("cycle {}, {}: golden {:#x}, RTL {:#x}", cycle, top_port_names[port], golden,
                       rtl);
  }
};

/// Both devices with a memory and a driver round them.
class top_lockstep {
 public:
  explicit top_lockstep(swprune::rng r)
      : memory(8, r.stream("memory")), driver(r.stream("driver")), golden_({small_array()}) {
    context_.fatalOnError(false);
    Verilated::threadContextp(&context_);
    rtl_ = std::make_unique<Vswp_top_small>(&context_, "top");
    // Before the first reset the RTL may show anything.
    give({});
    rtl_->rst_ni = 0;
    edge();
    rtl_->rst_ni = 1;
  }
  ~top_lockstep() {
    Verilated::threadContextp(&context_);
    rtl_->final();
  }

  axi_memory memory;
  axil_driver driver;

  [[nodiscard]] const swprune::hw::golden_top& golden() const { return golden_; }
  [[nodiscard]] std::uint64_t cycles() const { return cycle_; }
  [[nodiscard]] const std::optional<top_mismatch>& mismatch() const { return mismatch_; }
  /// An assertion of the RTL failed.
  [[nodiscard]] bool asserted() const { return context_.gotError(); }

  /// From now on bit 0 of this port of the RTL is seen wrong in this cycle.
  void flip(std::size_t port, std::uint64_t cycle) {
    flipped_port_ = port;
    flip_cycle_ = cycle;
  }

  /// One cycle; false when the devices differ in it. `reset` ends it with a reset of everything.
  bool step(bool reset = false) {
    memory.drive(in_);
    driver.drive(in_.registers);
    give(in_);
    rtl_->rst_ni = !reset;
    rtl_->clk_i = 0;
    rtl_->eval();
    if (!compare()) return false;
    const swprune::hw::top_outputs out = golden_.outputs();
    edge();
    if (reset) {
      golden_.reset();
      memory.reset();
      driver.reset();
    } else {
      driver.clock(in_.registers, out.registers, golden_.registers().running());
      golden_.step(in_);
      memory.clock(in_, out);
    }
    ++cycle_;
    return true;
  }

  /// Inputs of the last cycle.
  [[nodiscard]] const swprune::hw::top_inputs& inputs() const { return in_; }

 private:
  bool compare() {
    const top_port_values want = ports_of(golden_.outputs());
    top_port_values have = ports_of(*rtl_);
    if (cycle_ == flip_cycle_) have[flipped_port_] ^= 1;
    for (std::size_t i = 0; i < want.size(); ++i)
      if (want[i] != have[i]) {
        mismatch_ = {cycle_, i, want[i], have[i]};
        return false;
      }
    return true;
  }

  void edge() {
    rtl_->clk_i = 0;
    rtl_->eval();
    rtl_->clk_i = 1;
    rtl_->eval();
  }

  void give(const swprune::hw::top_inputs& in) {
    Vswp_top_small& m = *rtl_;
    m.s_axi_awvalid_i = in.registers.aw_valid;
    m.s_axi_awaddr_i = in.registers.aw_address;
    m.s_axi_wvalid_i = in.registers.w_valid;
    m.s_axi_wdata_i = in.registers.w_data;
    m.s_axi_wstrb_i = in.registers.w_strobes;
    m.s_axi_bready_i = in.registers.b_ready;
    m.s_axi_arvalid_i = in.registers.ar_valid;
    m.s_axi_araddr_i = in.registers.ar_address;
    m.s_axi_rready_i = in.registers.r_ready;
    m.m_axi_arready_i = in.read.ar_ready;
    m.m_axi_rvalid_i = in.read.r_valid;
    m.m_axi_rdata_i = low_bytes(in.read.r_data);
    m.m_axi_rresp_i = in.read.r_response;
    m.m_axi_rlast_i = in.read.r_last;
    m.m_axi_awready_i = in.write.aw_ready;
    m.m_axi_wready_i = in.write.w_ready;
    m.m_axi_bvalid_i = in.write.b_valid;
    m.m_axi_bresp_i = in.write.b_response;
  }

  swprune::hw::golden_top golden_;
  VerilatedContext context_;
  std::unique_ptr<Vswp_top_small> rtl_;
  swprune::hw::top_inputs in_;
  std::uint64_t cycle_ = 0;
  std::size_t flipped_port_ = 0;
  std::uint64_t flip_cycle_ = ~std::uint64_t{0};
  std::optional<top_mismatch> mismatch_;
};

}  // namespace swprune_test
