// SPDX-License-Identifier: Apache-2.0
#pragma once

// The golden top and another one in lockstep, between a driver and a memory that listen to the
// golden one.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/golden/golden_top.hpp"
#include "swprune/hw/lockstep.hpp"
#include "tests/support/axi_slave.hpp"
#include "tests/support/axil_master.hpp"

namespace swprune_test {

namespace detail {

inline std::string port_text(const std::array<std::uint8_t, 64>& bytes) {
  std::string text;
  for (const std::uint8_t b : bytes) text += fmt::format("{:02x}", b);
  return text;
}
template <typename T>
std::string port_text(T value) {
  return fmt::format("{:#x}", static_cast<std::uint64_t>(value));
}

template <typename T>
void compare_port(std::vector<swprune::hw::port_difference>& list, const char* port,
                  const T& golden, const T& dut) {
  if (!(golden == dut)) list.push_back({port, port_text(golden), port_text(dut)});
}

}  // namespace detail

/// Every port on which two tops differ.
[[nodiscard]] inline std::vector<swprune::hw::port_difference> top_differences(
    const swprune::hw::top_outputs& g, const swprune::hw::top_outputs& d) {
  std::vector<swprune::hw::port_difference> list;
#define SWPRUNE_COMPARE(port) detail::compare_port(list, #port, g.port, d.port)
  SWPRUNE_COMPARE(irq);
  SWPRUNE_COMPARE(reg_awready);
  SWPRUNE_COMPARE(reg_wready);
  SWPRUNE_COMPARE(reg_bvalid);
  SWPRUNE_COMPARE(reg_bresp);
  SWPRUNE_COMPARE(reg_arready);
  SWPRUNE_COMPARE(reg_rvalid);
  SWPRUNE_COMPARE(reg_rdata);
  SWPRUNE_COMPARE(reg_rresp);
  SWPRUNE_COMPARE(arvalid);
  SWPRUNE_COMPARE(araddr);
  SWPRUNE_COMPARE(arlen);
  SWPRUNE_COMPARE(arsize);
  SWPRUNE_COMPARE(arburst);
  SWPRUNE_COMPARE(arcache);
  SWPRUNE_COMPARE(arprot);
  SWPRUNE_COMPARE(rready);
  SWPRUNE_COMPARE(awvalid);
  SWPRUNE_COMPARE(awaddr);
  SWPRUNE_COMPARE(awlen);
  SWPRUNE_COMPARE(awsize);
  SWPRUNE_COMPARE(awburst);
  SWPRUNE_COMPARE(awcache);
  SWPRUNE_COMPARE(awprot);
  SWPRUNE_COMPARE(wvalid);
  SWPRUNE_COMPARE(wdata);
  SWPRUNE_COMPARE(wstrb);
  SWPRUNE_COMPARE(wlast);
  SWPRUNE_COMPARE(bready);
#undef SWPRUNE_COMPARE
  return list;
}

/// The first cycle in which two tops differ.
class top_mismatch : public std::runtime_error {
 public:
  top_mismatch(std::uint64_t seed, std::uint64_t at,
               std::vector<swprune::hw::port_difference> differing)
      : std::runtime_error(text(seed, at, differing)), cycle(at), ports(std::move(differing)) {}

  std::uint64_t cycle;
  std::vector<swprune::hw::port_difference> ports;

 private:
  static std::string text(std::uint64_t seed, std::uint64_t at,
                          const std::vector<swprune::hw::port_difference>& differing) {
    std::string t = fmt::format("seed {}, cycle {}:", seed, at);
    for (const auto& d : differing)
      t += fmt::format("\n  {}: golden {}, device {}", d.port, d.golden, d.dut);
    return t;
  }
};

/// What random runs have exercised.
struct top_coverage {
  std::map<std::uint32_t, int> ends;  ///< error code: runs
  std::uint64_t refused = 0;          ///< runs in which a start was
  std::uint64_t resets = 0;           ///< in the middle of a run
  std::uint64_t merged = 0;           ///< writes of good runs that no beat of their own took
};

/// Two tops, a driver and a memory, clocked together.
class top_lockstep {
 public:
  top_lockstep(swprune::hw::golden_top& golden, swprune::hw::top_device& dut, std::uint64_t seed)
      : slave(static_cast<std::uint64_t>(golden.params().bus_bytes),
              static_cast<std::uint64_t>(golden.axi().rd_burst),
              static_cast<std::uint64_t>(golden.axi().wr_burst),
              swprune::rng(seed).stream("axi_slave")),
        master(swprune::rng(seed).stream("axil_master")),
        golden_(golden),
        dut_(dut),
        seed_(seed) {
    reset();
  }

  axi_slave slave;
  axil_master master;
  std::uint64_t data_fences = 0, bare_fences = 0;  ///< that the core offered
  std::uint64_t interrupts = 0;                    ///< times that the interrupt rose
  std::uint64_t most_parts = 0;                    ///< beats that one write of the core touched
  std::uint64_t held_answers = 0;                  ///< cycles with bready 0
  std::uint64_t last_writes = 0;                   ///< register writes in a run's last cycle

  [[nodiscard]] std::uint64_t cycles() const { return cycles_; }
  [[nodiscard]] const swprune::hw::top_outputs& outputs() const { return golden_.outputs(); }

  /// A run may end at any time: its core has nothing more to compute.
  [[nodiscard]] bool closing() const {
    using state = swprune::hw::regs::ctrl_state;
    const auto now = static_cast<state>(swprune::hw::regs::probe::ctrl.get(golden_.core().probe));
    return golden_.running() && (now == state::flush || now == state::done || now == state::error ||
                                 now == state::stop || now == state::idle);
  }

  /// Everything at once, in the middle of whatever goes on.
  void reset() {
    golden_.reset();
    dut_.reset();
    slave.reset();
    master.reset();
  }

  /// Compares a cycle and ends it. Throws top_mismatch.
  void cycle() {
    const swprune::hw::top_outputs out = golden_.outputs();
    if (!(out == dut_.outputs()))
      throw top_mismatch(seed_, cycles_, top_differences(out, dut_.outputs()));
    swprune::hw::top_inputs in;
    slave.drive(in);
    master.drive(in);
    count(out);
    slave.clock(in, out);
    master.clock(in, out);
    const bool ran = golden_.running();
    golden_.step(in);
    dut_.step(in);
    const bool writes = !out.reg_awready && !out.reg_wready && !out.reg_bvalid;
    last_writes += writes && ran && !golden_.running();
    ++cycles_;
  }

  /// Until the driver has all its answers.
  void settle() {
    while (!master.idle()) cycle();
  }

  std::uint32_t read(unsigned address) {
    settle();
    master.read(address);
    settle();
    return master.value();
  }
  void write(unsigned address, std::uint32_t value) { master.write(address, value); }

 private:
  void count(const swprune::hw::top_outputs& out) {
    const swprune::hw::core_outputs& core = golden_.core();
    if (core.wr_fence && !fence_) ++(core.wr_strb != 0 ? data_fences : bare_fences);
    fence_ = core.wr_fence;
    most_parts = std::max(most_parts, parts(core));
    interrupts += out.irq && !irq_;
    irq_ = out.irq;
    held_answers += !out.bready;
  }

  [[nodiscard]] std::uint64_t parts(const swprune::hw::core_outputs& core) const {
    const auto bus = static_cast<std::uint64_t>(golden_.params().bus_bytes);
    const auto bytes = static_cast<std::uint64_t>(std::bit_width(core.wr_strb));
    return bytes == 0 ? 0 : (core.wr_addr % bus + bytes + bus - 1) / bus;
  }

  swprune::hw::golden_top& golden_;
  swprune::hw::top_device& dut_;
  std::uint64_t seed_;
  std::uint64_t cycles_ = 0;
  bool fence_ = false, irq_ = false;
};

}  // namespace swprune_test
