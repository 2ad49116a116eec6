// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Verilated swp_top as registers for a driver: every access is one on AXI4-Lite, while the
// memory goes on.

#include <verilated.h>

#include <cstdint>
#include <memory>

#include "swprune/core/error.hpp"
#include "swprune/hw/register_bus.hpp"
#include "tests/sim/axi_memory.hpp"
#include "top_small/Vswp_top_small.h"

namespace swprune_test {

class top_bus : public swprune::hw::register_bus {
 public:
  top_bus() {
    context_.fatalOnError(false);
    Verilated::threadContextp(&context_);
    model_ = std::make_unique<Vswp_top_small>(&context_, "top");
    reset();
  }
  ~top_bus() override {
    Verilated::threadContextp(&context_);
    model_->final();
  }

  axi_memory<Vswp_top_small> memory;

  /// Accelerator and memory, as section 13.4 wants it.
  void reset() {
    Vswp_top_small& m = *model_;
    m.s_axi_awvalid_i = m.s_axi_wvalid_i = m.s_axi_bready_i = 0;
    m.s_axi_arvalid_i = m.s_axi_rready_i = 0;
    m.m_axi_rvalid_i = m.m_axi_bvalid_i = 0;
    m.rst_ni = 0;
    step();
    memory.reset();
    m.rst_ni = 1;
  }
  [[nodiscard]] bool interrupt() const { return model_->irq_o != 0; }

  void step() {
    Vswp_top_small& m = *model_;
    if (m.rst_ni) memory.drive(m);
    m.eval();  // some outputs are wires of inputs
    if (m.rst_ni) memory.look(m);
    m.clk_i = 0;
    m.eval();
    m.clk_i = 1;
    m.eval();
    if (m.rst_ni) memory.release(m);
    swprune::expects(!context_.gotError(), swprune::errc::device_rule_broken,
                     "an assertion of swp_top failed");
  }

  [[nodiscard]] std::uint32_t read(unsigned offset) override {
    Vswp_top_small& m = *model_;
    m.s_axi_araddr_i = static_cast<std::uint8_t>(offset);
    m.s_axi_arvalid_i = 1;
    until([&] { return m.s_axi_arready_o != 0; });
    step();
    m.s_axi_arvalid_i = 0;
    until([&] { return m.s_axi_rvalid_o != 0; });
    const std::uint32_t value = m.s_axi_rdata_o;
    m.s_axi_rready_i = 1;
    step();
    m.s_axi_rready_i = 0;
    return value;
  }

  void write(unsigned offset, std::uint32_t value) override {
    Vswp_top_small& m = *model_;
    m.s_axi_awaddr_i = static_cast<std::uint8_t>(offset);
    m.s_axi_wdata_i = value;
    m.s_axi_wstrb_i = 15;
    m.s_axi_awvalid_i = m.s_axi_wvalid_i = 1;
    until([&] { return m.s_axi_awready_o != 0 && m.s_axi_wready_o != 0; });
    step();
    m.s_axi_awvalid_i = m.s_axi_wvalid_i = 0;
    until([&] { return m.s_axi_bvalid_o != 0; });
    m.s_axi_bready_i = 1;
    step();
    m.s_axi_bready_i = 0;
  }

 private:
  template <typename Condition>
  void until(const Condition& holds) {
    for (int i = 0; i < 100; ++i) {
      if (holds()) return;
      step();
    }
    swprune::raise(swprune::errc::port_protocol, "the registers did not answer for 100 cycles");
  }

  VerilatedContext context_;
  std::unique_ptr<Vswp_top_small> model_;
};

}  // namespace swprune_test
