// SPDX-License-Identifier: Apache-2.0
#pragma once

// golden_top and a Verilated swp_top on the same inputs: every output port
// compared in every cycle.

#include <verilated.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "swprune/hw/golden/golden_top.hpp"
#include "tests/sim/top_slaves.hpp"

namespace swprune_test {

/// 64 bits of a port of up to 512.
inline std::uint64_t word(const std::array<std::uint8_t, 64>& data, std::size_t i) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, data.data() + 8 * i, sizeof bits);
  return bits;
}
template <std::integral T>
std::uint64_t word(T port, std::size_t i) {
  return i == 0 ? static_cast<std::uint64_t>(port) : 0;
}
template <std::size_t N>
std::uint64_t word(const VlWide<N>& port, std::size_t i) {
  return 2 * i + 1 < N ? port[2 * i] | std::uint64_t{port[2 * i + 1]} << 32 : 0;
}
inline void set_data(QData& port, const std::array<std::uint8_t, 64>& data) {
  std::memcpy(&port, data.data(), sizeof port);
}
template <std::size_t N>
void set_data(VlWide<N>& port, const std::array<std::uint8_t, 64>& data) {
  std::memcpy(port.data(), data.data(), 4 * N);
}

// clang-format off

// Every output port, wide ones in words of 64 bits: X(name, word, value in top_outputs `o`).
#define SWPRUNE_TOP_PORTS(X) \
  X(irq_o, 0, o.irq) \
  X(s_axi_awready_o, 0, o.registers.aw_ready) \
  X(s_axi_wready_o, 0, o.registers.w_ready) \
  X(s_axi_bvalid_o, 0, o.registers.b_valid) \
  X(s_axi_bresp_o, 0, 0) \
  X(s_axi_arready_o, 0, o.registers.ar_ready) \
  X(s_axi_rvalid_o, 0, o.registers.r_valid) \
  X(s_axi_rdata_o, 0, o.registers.r_data) \
  X(s_axi_rresp_o, 0, 0) \
  X(m_axi_arvalid_o, 0, o.ar.valid) \
  X(m_axi_araddr_o, 0, o.ar.address) \
  X(m_axi_arlen_o, 0, o.ar.length) \
  X(m_axi_arsize_o, 0, o.ar.size) \
  X(m_axi_arburst_o, 0, o.ar.burst) \
  X(m_axi_arcache_o, 0, o.ar.cache) \
  X(m_axi_arprot_o, 0, o.ar.prot) \
  X(m_axi_rready_o, 0, o.r_ready) \
  X(m_axi_awvalid_o, 0, o.aw.valid) \
  X(m_axi_awaddr_o, 0, o.aw.address) \
  X(m_axi_awlen_o, 0, o.aw.length) \
  X(m_axi_awsize_o, 0, o.aw.size) \
  X(m_axi_awburst_o, 0, o.aw.burst) \
  X(m_axi_awcache_o, 0, o.aw.cache) \
  X(m_axi_awprot_o, 0, o.aw.prot) \
  X(m_axi_wvalid_o, 0, o.w.valid) \
  X(m_axi_wdata_o, 0, word(o.w.beat.data, 0)) \
  X(m_axi_wdata_o, 1, word(o.w.beat.data, 1)) \
  X(m_axi_wdata_o, 2, word(o.w.beat.data, 2)) \
  X(m_axi_wdata_o, 3, word(o.w.beat.data, 3)) \
  X(m_axi_wdata_o, 4, word(o.w.beat.data, 4)) \
  X(m_axi_wdata_o, 5, word(o.w.beat.data, 5)) \
  X(m_axi_wdata_o, 6, word(o.w.beat.data, 6)) \
  X(m_axi_wdata_o, 7, word(o.w.beat.data, 7)) \
  X(m_axi_wstrb_o, 0, o.w.beat.strobes) \
  X(m_axi_wlast_o, 0, o.w.last) \
  X(m_axi_bready_o, 0, o.w.b_ready)

// clang-format on

struct top_port {
  const char* name;
  std::size_t word;
};
#define SWPRUNE_TOP_NAME(port, index, value) top_port{#port, index},
inline constexpr std::array top_ports{SWPRUNE_TOP_PORTS(SWPRUNE_TOP_NAME)};
#undef SWPRUNE_TOP_NAME

using top_port_values = std::array<std::uint64_t, top_ports.size()>;

inline top_port_values ports_of(const swprune::hw::top_outputs& o) {
#define SWPRUNE_TOP_VALUE(port, index, value) static_cast<std::uint64_t>(value),
  return {SWPRUNE_TOP_PORTS(SWPRUNE_TOP_VALUE)};
#undef SWPRUNE_TOP_VALUE
}
template <typename Model>
top_port_values rtl_ports(const Model& m) {
#define SWPRUNE_TOP_VALUE(port, index, value) word(m.port, index),
  return {SWPRUNE_TOP_PORTS(SWPRUNE_TOP_VALUE)};
#undef SWPRUNE_TOP_VALUE
}

/// The first difference of a comparison.
struct top_mismatch {
  std::uint64_t cycle = 0;
  std::size_t port = 0;  ///< index of top_ports
  std::uint64_t golden = 0, rtl = 0;

  [[nodiscard]] std::string text() const {
    return fmt::format("cycle {}, {} word {}: golden {:#x}, RTL {:#x}", cycle, top_ports[port].name,
                       top_ports[port].word, golden, rtl);
  }
};

/// Both devices with a memory and a driver round them.
template <typename Model>
class top_lockstep {
 public:
  top_lockstep(const swprune::hw::top_params& p, swprune::rng r)
      : memory(static_cast<std::uint64_t>(p.array.bus_bytes), r.stream("memory")),
        driver(r.stream("driver")),
        golden_(p) {
    context_.fatalOnError(false);
    Verilated::threadContextp(&context_);
    rtl_ = std::make_unique<Model>(&context_, "top");
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
    top_port_values have = rtl_ports(*rtl_);
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
    Model& m = *rtl_;
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
    set_data(m.m_axi_rdata_i, in.read.r_data);
    m.m_axi_rresp_i = in.read.r_response;
    m.m_axi_rlast_i = in.read.r_last;
    m.m_axi_awready_i = in.write.aw_ready;
    m.m_axi_wready_i = in.write.w_ready;
    m.m_axi_bvalid_i = in.write.b_valid;
    m.m_axi_bresp_i = in.write.b_response;
  }

  swprune::hw::golden_top golden_;
  VerilatedContext context_;
  std::unique_ptr<Model> rtl_;
  swprune::hw::top_inputs in_;
  std::uint64_t cycle_ = 0;
  std::size_t flipped_port_ = 0;
  std::uint64_t flip_cycle_ = ~std::uint64_t{0};
  std::optional<top_mismatch> mismatch_;
};

}  // namespace swprune_test
