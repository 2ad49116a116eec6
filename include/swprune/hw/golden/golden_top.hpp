// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/hw/golden/axi_read.hpp"
#include "swprune/hw/golden/axi_write.hpp"
#include "swprune/hw/golden/axil_regs.hpp"
#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/top_device.hpp"

namespace swprune::inline v0::hw {

/// The golden model of the accelerator on its buses: the golden core between models of the three
/// bus fronts, cycle by cycle and on every port as docs/accelerator.md section 13 says.
class golden_top final : public top_device {
 public:
  /// Throws array_parameter unless array and fronts can be built.
  explicit golden_top(const array_params& array, const axi_params& axi = {})
      : axi_(checked(axi)), core_(array), fronts_(array, axi_) {
    settle();
  }

  [[nodiscard]] const array_params& params() const override { return core_.params(); }
  [[nodiscard]] const axi_params& axi() const override { return axi_; }
  [[nodiscard]] const top_outputs& outputs() const override { return out_; }
  /// Ports of the core inside, for reports.
  [[nodiscard]] const core_outputs& core() const { return core_.outputs(); }
  /// STATUS.busy.
  [[nodiscard]] bool running() const { return fronts_.regs.running(); }

  void reset() override {
    core_.reset();
    fronts_ = fronts(core_.params(), axi_);
    settle();
  }

  void step(const top_inputs& in) override {
    const core_outputs core = core_.outputs();
    const bool idle = fronts_.read.idle() && fronts_.write.idle();
    const bool start = fronts_.regs.start();
    const bool ended = fronts_.regs.ended();
    core_.step(core_in(in));
    fronts_.read.clock(in, core);
    fronts_.write.clock(in, core, ended, start);
    fronts_.regs.clock(in, core, idle);
    settle();
  }

 private:
  struct fronts {
    fronts(const array_params& a, const axi_params& p) : read(a, p), write(a, p), regs(a, p) {}
    golden::axi_read read;
    golden::axi_write write;
    golden::axil_regs regs;
  };

  [[nodiscard]] static const axi_params& checked(const axi_params& p) {
    check(p);
    return p;
  }

  /// The core's inputs in this cycle.
  [[nodiscard]] core_inputs core_in(const top_inputs& in) const {
    core_inputs c;
    fronts_.regs.drive(c);
    c.rd_req_ready = fronts_.read.request_ready();
    c.rd_valid = in.rvalid;
    c.rd_data = in.rdata;
    c.rd_error = in.rresp;
    c.wr_ready = fronts_.write.ready();
    c.wr_fenced = fronts_.write.fenced();
    c.wr_error = fronts_.write.error();
    return c;
  }

  void settle() {
    fronts_.regs.show(out_);
    fronts_.read.show(out_);
    fronts_.write.show(out_);
    out_.rready = core_.outputs().rd_ready;
  }

  axi_params axi_;
  golden_core core_;
  fronts fronts_;
  top_outputs out_;
};

}  // namespace swprune::inline v0::hw
