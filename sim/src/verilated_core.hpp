// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <verilated.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>

#include "swprune/core/error.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/device.hpp"
#include "swprune/hw/registers.hpp"

namespace swprune::sim {

static_assert(std::endian::native == std::endian::little,
              "ports are copied byte by byte; this needs a little-endian machine");

/// Parameters that a model was built with, from its port caps_o.
inline hw::array_params params_of_caps(const WData* caps) {
  namespace field = hw::regs::field;
  const auto value = [&](int cap, hw::regs::bit_field f) {
    return static_cast<index_t>(f.get(caps[cap]));
  };
  const auto power = [&](int cap, hw::regs::bit_field f) { return index_t{1} << value(cap, f); };
  const index_t residual = value(3, field::cap3_res_depth_log2_p1);
  return {.poy = value(0, field::cap0_poy),
          .pox = value(0, field::cap0_pox),
          .pof = value(0, field::cap0_pof),
          .chains = value(0, field::cap0_chains),
          .bus_bytes = value(1, field::cap1_bus_bytes),
          .act_depth = power(1, field::cap1_act_depth_log2),
          .wgt_depth = power(1, field::cap1_wgt_depth_log2),
          .list_depth = power(2, field::cap2_list_depth_log2),
          .param_depth = power(2, field::cap2_param_depth_log2),
          .res_depth = residual == 0 ? 0 : index_t{1} << (residual - 1),
          .skip = value(3, field::cap3_skip) != 0,
          .pool = value(3, field::cap3_pool) != 0};
}

/// A Verilated model of sim/swp_sim_top.sv as a hw::device. `Model` is the class that Verilator
/// wrote.
template <typename Model>
class verilated_core : public hw::device {
 public:
  /// Throws device_mismatch when the model was built with other parameters.
  explicit verilated_core(const hw::array_params& params) : params_(params) {
    context_.fatalOnError(false);  // a failed assertion is noticed in step()
    enter();
    model_ = std::make_unique<Model>(&context_, "swp_sim_top");
    reset();
    const hw::array_params built = params_of_caps(&model_->caps_o[0]);
    expects(built == params_, errc::device_mismatch,
            "the model was built for {} and is registered as {}", built.to_string(),
            params_.to_string());
  }
  verilated_core(const verilated_core&) = delete;
  verilated_core& operator=(const verilated_core&) = delete;
  ~verilated_core() override {
    enter();
    model_->final();
    model_.reset();
  }

  [[nodiscard]] const hw::array_params& params() const override { return params_; }

  void reset() override {
    model_->rst_ni = 0;
    step(hw::core_inputs{});
    model_->rst_ni = 1;
  }

  [[nodiscard]] const hw::core_outputs& outputs() const override { return outputs_; }

  void step(const hw::core_inputs& in) override {
    Model& m = *model_;
    m.start_i = in.start;
    m.image_base_i = in.image_base;
    m.act_base_i = in.act_base;
    m.desc_offset_i = in.desc_offset;
    m.layer_count_i = in.layer_count;
    m.abort_i = in.abort;
    m.watchdog_i = in.watchdog;
    m.rd_req_ready_i = in.rd_req_ready;
    m.rd_valid_i = in.rd_valid;
    m.rd_error_i = in.rd_error;
    m.wr_ready_i = in.wr_ready;
    m.wr_fenced_i = in.wr_fenced;
    m.wr_error_i = in.wr_error;
    if (in.rd_valid)
      std::memcpy(&m.rd_data_i, in.rd_data.data(), static_cast<std::size_t>(params_.bus_bytes));
    enter();
    m.clk_i = 0;
    m.eval();
    m.clk_i = 1;
    m.eval();
    context_.timeInc(1);
    expects(!context_.gotError() && !context_.gotFinish(), errc::device_rule_broken,
            "{} cycles after the device was made", context_.time());
    sample();
  }

 protected:
  [[nodiscard]] VerilatedContext& context() { return context_; }
  [[nodiscard]] Model& model() { return *model_; }

 private:
  // Verilator's runtime finds the context by a pointer of the thread, for failed assertions and
  // when a model is made or destroyed; another device may have left its own there.
  void enter() { Verilated::threadContextp(&context_); }

  void sample() {
    const Model& m = *model_;
    hw::core_outputs& out = outputs_;
    out.busy = m.busy_o;
    out.done = m.done_o;
    out.error = m.error_o;
    out.error_detail = m.error_detail_o;
    out.error_addr = m.error_addr_o;
    out.rd_req_valid = m.rd_req_valid_o;
    out.rd_req_addr = m.rd_req_addr_o;
    out.rd_req_beats = m.rd_req_beats_o;
    out.rd_ready = m.rd_ready_o;
    out.wr_valid = m.wr_valid_o;
    out.wr_addr = m.wr_addr_o;
    std::memcpy(out.wr_data.data(), &m.wr_data_o, 4 * static_cast<std::size_t>(params_.pox));
    out.wr_strb = m.wr_strb_o;
    out.wr_fence = m.wr_fence_o;
    out.cnt_cycles = m.cnt_cycles_o;
    out.cnt_uops = m.cnt_uops_o;
    out.cnt_blocks = m.cnt_blocks_o;
    out.cnt_drain_stalls = m.cnt_drain_stalls_o;
    out.cnt_load_stalls = m.cnt_load_stalls_o;
    out.cnt_read_beats = m.cnt_read_beats_o;
    out.cnt_write_beats = m.cnt_write_beats_o;
    out.cnt_write_stalls = m.cnt_write_stalls_o;
    out.cnt_weight_stalls = m.cnt_weight_stalls_o;
    out.cnt_act_stalls = m.cnt_act_stalls_o;
    out.cnt_hazard_stalls = m.cnt_hazard_stalls_o;
    out.cnt_passes = m.cnt_passes_o;
    out.cnt_blocks_skipped = m.cnt_blocks_skipped_o;
    out.cnt_uops_skipped = m.cnt_uops_skipped_o;
    out.cnt_groups_skipped = m.cnt_groups_skipped_o;
    out.cnt_weight_beats = m.cnt_weight_beats_o;
    out.cnt_act_beats = m.cnt_act_beats_o;
    out.cnt_res_beats = m.cnt_res_beats_o;
    out.probe = m.probe_o;
  }

  hw::array_params params_;
  VerilatedContext context_;
  std::unique_ptr<Model> model_;
  hw::core_outputs outputs_;
};

}  // namespace swprune::sim
