// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "swprune/hw/array_params.hpp"
#include "swprune/hw/axi_params.hpp"

namespace swprune::inline v0::hw {

/// What the accelerator on its buses sees before a rising clock edge. Names are those of
/// rtl/swp_top.sv without prefix `s_axi_` (registers: `reg_`), `m_axi_` (memory) and suffix `_i`.
struct top_inputs {
  // registers, AXI4-Lite
  bool reg_awvalid = false;
  std::uint8_t reg_awaddr = 0;
  bool reg_wvalid = false;
  std::uint32_t reg_wdata = 0;
  std::uint8_t reg_wstrb = 0;
  bool reg_bready = false;
  bool reg_arvalid = false;
  std::uint8_t reg_araddr = 0;
  bool reg_rready = false;
  // memory, AXI4
  bool arready = false;
  bool rvalid = false;
  std::array<std::uint8_t, 64> rdata{};  ///< the first bus_bytes are used
  std::uint8_t rresp = 0;
  bool rlast = false;
  bool awready = false;
  bool wready = false;
  bool bvalid = false;
  std::uint8_t bresp = 0;

  friend bool operator==(const top_inputs&, const top_inputs&) = default;
};

/// What the accelerator shows after a rising clock edge, named as top_inputs. Every output is a
/// function of registers only; a payload is zero while its valid is low.
struct top_outputs {
  bool irq = false;
  // registers, AXI4-Lite
  bool reg_awready = false;
  bool reg_wready = false;
  bool reg_bvalid = false;
  std::uint8_t reg_bresp = 0;
  bool reg_arready = false;
  bool reg_rvalid = false;
  std::uint32_t reg_rdata = 0;
  std::uint8_t reg_rresp = 0;
  // memory, AXI4: reads
  bool arvalid = false;
  std::uint64_t araddr = 0;
  std::uint8_t arlen = 0;
  std::uint8_t arsize = 0;
  std::uint8_t arburst = 0;
  std::uint8_t arcache = 0;
  std::uint8_t arprot = 0;
  bool rready = false;
  // memory, AXI4: writes
  bool awvalid = false;
  std::uint64_t awaddr = 0;
  std::uint8_t awlen = 0;
  std::uint8_t awsize = 0;
  std::uint8_t awburst = 0;
  std::uint8_t awcache = 0;
  std::uint8_t awprot = 0;
  bool wvalid = false;
  std::array<std::uint8_t, 64> wdata{};
  std::uint64_t wstrb = 0;
  bool wlast = false;
  bool bready = false;

  friend bool operator==(const top_outputs&, const top_outputs&) = default;
};

/// A clocked accelerator with its buses: golden model and simulated RTL are both one.
class top_device {
 public:
  virtual ~top_device() = default;
  [[nodiscard]] virtual const array_params& params() const = 0;
  [[nodiscard]] virtual const axi_params& axi() const = 0;
  /// Synchronous reset for one cycle.
  virtual void reset() = 0;
  /// Outputs in the current cycle.
  [[nodiscard]] virtual const top_outputs& outputs() const = 0;
  /// One rising edge with these inputs; outputs() is then the next cycle's.
  virtual void step(const top_inputs& in) = 0;
};

}  // namespace swprune::inline v0::hw
