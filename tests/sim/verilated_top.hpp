// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Verilated swp_top as a top_device.

#include <verilated.h>

#include <cstring>
#include <memory>
#include <stdexcept>

#include "swprune/hw/top_device.hpp"

namespace swprune_test {

/// `Model` is the class that Verilator wrote.
template <typename Model>
class verilated_top : public swprune::hw::top_device {
 public:
  /// `array` and `axi` are those that the model was built with: the capabilities of the golden top
  /// are made of them and compared.
  explicit verilated_top(const swprune::hw::array_params& array,
                         const swprune::hw::axi_params& axi = {})
      : array_(array), axi_(axi) {
    context_.fatalOnError(false);
    Verilated::threadContextp(&context_);
    model_ = std::make_unique<Model>(&context_, "top");
    reset();
  }
  ~verilated_top() override {
    Verilated::threadContextp(&context_);
    model_->final();
  }
  verilated_top(const verilated_top&) = delete;
  verilated_top& operator=(const verilated_top&) = delete;

  [[nodiscard]] const swprune::hw::array_params& params() const override { return array_; }
  [[nodiscard]] const swprune::hw::axi_params& axi() const override { return axi_; }
  [[nodiscard]] const swprune::hw::top_outputs& outputs() const override { return out_; }

  void reset() override {
    model_->rst_ni = 0;
    drive({});
    edge();
    model_->rst_ni = 1;
    out_ = shown();
  }

  /// Throws std::runtime_error when an output depends on the inputs of its own cycle, or an
  /// assertion of the RTL fails.
  void step(const swprune::hw::top_inputs& in) override {
    drive(in);
    model_->clk_i = 0;
    model_->eval();
    if (!(shown() == out_)) throw std::runtime_error("an output of swp_top is a wire of an input");
    edge();
    out_ = shown();
    if (context_.gotError()) throw std::runtime_error("an assertion of swp_top failed");
  }

 private:
  void edge() {
    model_->clk_i = 0;
    model_->eval();
    model_->clk_i = 1;
    model_->eval();
  }

  void drive(const swprune::hw::top_inputs& in) {
    Model& m = *model_;
    m.s_axi_awvalid_i = in.reg_awvalid;
    m.s_axi_awaddr_i = in.reg_awaddr;
    m.s_axi_wvalid_i = in.reg_wvalid;
    m.s_axi_wdata_i = in.reg_wdata;
    m.s_axi_wstrb_i = in.reg_wstrb;
    m.s_axi_bready_i = in.reg_bready;
    m.s_axi_arvalid_i = in.reg_arvalid;
    m.s_axi_araddr_i = in.reg_araddr;
    m.s_axi_rready_i = in.reg_rready;
    m.m_axi_arready_i = in.arready;
    m.m_axi_rvalid_i = in.rvalid;
    std::memcpy(&m.m_axi_rdata_i, in.rdata.data(), sizeof m.m_axi_rdata_i);
    m.m_axi_rresp_i = in.rresp;
    m.m_axi_rlast_i = in.rlast;
    m.m_axi_awready_i = in.awready;
    m.m_axi_wready_i = in.wready;
    m.m_axi_bvalid_i = in.bvalid;
    m.m_axi_bresp_i = in.bresp;
  }

  [[nodiscard]] swprune::hw::top_outputs shown() const {
    const Model& m = *model_;
    swprune::hw::top_outputs o;
    o.irq = m.irq_o;
    o.reg_awready = m.s_axi_awready_o;
    o.reg_wready = m.s_axi_wready_o;
    o.reg_bvalid = m.s_axi_bvalid_o;
    o.reg_bresp = m.s_axi_bresp_o;
    o.reg_arready = m.s_axi_arready_o;
    o.reg_rvalid = m.s_axi_rvalid_o;
    o.reg_rdata = m.s_axi_rdata_o;
    o.reg_rresp = m.s_axi_rresp_o;
    o.arvalid = m.m_axi_arvalid_o;
    o.araddr = m.m_axi_araddr_o;
    o.arlen = m.m_axi_arlen_o;
    o.arsize = m.m_axi_arsize_o;
    o.arburst = m.m_axi_arburst_o;
    o.arcache = m.m_axi_arcache_o;
    o.arprot = m.m_axi_arprot_o;
    o.rready = m.m_axi_rready_o;
    o.awvalid = m.m_axi_awvalid_o;
    o.awaddr = m.m_axi_awaddr_o;
    o.awlen = m.m_axi_awlen_o;
    o.awsize = m.m_axi_awsize_o;
    o.awburst = m.m_axi_awburst_o;
    o.awcache = m.m_axi_awcache_o;
    o.awprot = m.m_axi_awprot_o;
    o.wvalid = m.m_axi_wvalid_o;
    std::memcpy(o.wdata.data(), &m.m_axi_wdata_o, sizeof m.m_axi_wdata_o);
    o.wstrb = m.m_axi_wstrb_o;
    o.wlast = m.m_axi_wlast_o;
    o.bready = m.m_axi_bready_o;
    return o;
  }

  swprune::hw::array_params array_;
  swprune::hw::axi_params axi_;
  VerilatedContext context_;
  std::unique_ptr<Model> model_;
  swprune::hw::top_outputs out_;
};

}  // namespace swprune_test
