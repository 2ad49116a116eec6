// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "swprune/hw/golden/controller.hpp"
#include "swprune/hw/golden/drain.hpp"
#include "swprune/hw/golden/issue.hpp"
#include "swprune/hw/golden/pipeline.hpp"
#include "swprune/hw/golden/store.hpp"

namespace swprune::inline v0::hw {

/// The golden cycle model: a core that behaves, cycle by cycle and on every port, as
/// docs/accelerator.md says, built of the same units as the RTL but apart from it. It reads
/// descriptors, step records and lists from the bytes that the memory delivers.
///
/// A corrupt image makes it compute something else, report an error code or run on for ever (which
/// the runner's watchdog ends), never crash.
class golden_core final : public device {
 public:
  /// Throws array_parameter unless the array can be built.
  explicit golden_core(const array_params& array) : array_(checked(array)), state_(array_) {
    settle();
  }

  [[nodiscard]] const array_params& params() const override { return array_; }
  [[nodiscard]] const core_outputs& outputs() const override { return out_; }

  /// Control registers to zero; buffers keep what they hold, as in the RTL.
  void reset() override {
    state_.reset(array_);
    res_busy_ = false;
    retired_ = 0;
    out_ = {};
    settle();
  }

  void step(const core_inputs& in) override {
    const bool starting = state_.ctrl.starts(in);
    if (out_.busy) count(in);
    const golden::load_view load{.unstored = state_.ctrl.unstored(),
                                 .res_busy = res_busy_,
                                 .stopping = state_.ctrl.stopping()};
    // Every unit below looks at the others' registers of this cycle: those that read come first.
    const bool step_go = state_.ctrl.step_go();
    const golden::ctrl_view view = ctrl_view(in);
    const bool completed = state_.drain.completes();
    const bool released = clock_store(in);
    clock_residual(step_go);
    state_.drain.clock(layer(), state_.array, state_.residual, state_.buffers);
    clock_compute();
    state_.buffers.clock(retire_, completed, released);
    if (load.stopping) stop_compute();
    state_.load.clock(in, load_targets(), load);
    state_.ctrl.clock(in, view, state_.load);
    if (step_go) start_step();
    if (starting) clear_counters();
    settle();
  }

 private:
  /// All units. One struct, so that reset is in one place.
  struct units {
    explicit units(const array_params& a)
        : load(a),
          walk(a),
          pipe(a),
          array(a),
          drain(a),
          buffers(a),
          store(a),
          list(a),
          params(a),
          weights(a),
          activations(a),
          residual(a) {}

    void reset(const array_params& a) {
      ctrl = golden::controller();
      load = golden::loader(a);
      walk = golden::walker(a);
      issue = golden::issue();
      pipe = golden::pipeline(a);
      drain = golden::drain(a);
      buffers = golden::output_buffers(a);
      store = golden::store(a);
    }

    golden::controller ctrl;
    golden::loader load;
    golden::walker walk;
    golden::issue issue;
    golden::pipeline pipe;
    golden::pe_array array;
    golden::drain drain;
    golden::output_buffers buffers;
    golden::store store;
    golden::list_buffer list;
    golden::param_buffer params;
    golden::weight_buffer weights;
    golden::activation_buffer activations;
    golden::residual_buffer residual;
  };

  [[nodiscard]] static const array_params& checked(const array_params& a) {
    check(a);
    return a;
  }

  [[nodiscard]] const golden::layer_regs& layer() const { return state_.ctrl.layer(); }
  [[nodiscard]] const golden::step_regs& current() const { return state_.ctrl.current(); }

  [[nodiscard]] bool seq_idle() const {
    return !state_.walk.active() && !state_.walk.entry_valid() && state_.pipe.empty();
  }

  [[nodiscard]] golden::ctrl_view ctrl_view(const core_inputs& in) const {
    return {.loader_idle = state_.load.idle(),
            .seq_idle = seq_idle(),
            .store_idle = state_.store.idle(state_.buffers),
            .load_error = state_.load.error().code,
            .progress = retire_ || (out_.rd_req_valid && in.rd_req_ready) ||
                        (in.rd_valid && out_.rd_ready) || (out_.wr_valid && in.wr_ready)};
  }

  [[nodiscard]] golden::load_targets load_targets() {
    return {state_.list,     state_.params,        state_.weights,       state_.activations,
            state_.residual, !state_.ctrl.w_sel(), !state_.ctrl.a_sel(), !state_.ctrl.r_sel()};
  }

  bool clock_store(const core_inputs& in) {
    return state_.store.advance(in.wr_ready) &&
           state_.store.clock(layer(), state_.buffers, in.act_base);
  }

  /// Array, pipeline, issue counters and walker: everything that `en` holds.
  void clock_compute() {
    if (!en_) return;
    clock_array();
    read_operands();
    const bool taken = issued_.valid && state_.issue.take(state_.walk, layer());
    if (issued_.valid) state_.issue.clock(issued_, state_.walk, layer(), current());
    state_.walk.clock(taken, state_.list, state_.ctrl.w_sel(), current());
    state_.pipe.clock(issued_);
  }

  void clock_array() {
    const golden::uop& u = state_.pipe.stage(4);
    if (!u.valid) return;
    state_.array.accumulate(state_.pipe.activations(4), state_.pipe.weights(4), u.first);
    if (!u.last) return;
    state_.array.retire();
    const golden::step_regs& s = current();
    const std::uint32_t buffer = state_.buffers.allocate({.r = u.r,
                                                          .sy = u.sy,
                                                          .sx = u.sx,
                                                          .images = s.images,
                                                          .oy_first = s.oy_first,
                                                          .out_offset = s.out_offset,
                                                          .og_first = s.og_first,
                                                          .end = u.end});
    state_.drain.retire({.params = state_.params.read(state_.ctrl.w_sel(), u.r),
                         .buffer = buffer,
                         .residual = layer().residual && s.residual,
                         .residual_half = state_.ctrl.r_sel(),
                         .number = retired_++});
  }

  /// A residual may be loaded when the drain has shown the last pass of the half to be overwritten.
  void clock_residual(bool step_go) {
    if (step_go)
      res_busy_ = true;
    else if (state_.drain.done_showing())
      res_busy_ = false;
  }

  /// P1's reads. The rotation and the operand registers of P2 and P3 change no value, so the
  /// operands are formed here and travel on.
  void read_operands() {
    const golden::uop& u = state_.pipe.stage(1);
    if (!u.valid) return;
    std::int16_t* weights = state_.pipe.weights(1);
    if (u.null) {
      std::fill_n(weights, array_.pof, std::int16_t{0});
      return;
    }
    state_.weights.read(state_.ctrl.w_sel(), u.weight_address, weights);
    state_.activations.read(state_.ctrl.a_sel(), u, layer(), current(), state_.pipe.activations(1));
  }

  /// Stop: what has not retired is lost.
  void stop_compute() {
    state_.walk.stop();
    state_.pipe.clear();
  }

  void start_step() {
    state_.walk.start();
    state_.issue.start();
    retired_ = 0;
  }

  void count(const core_inputs& in) {
    ++out_.cnt_cycles;
    count_work();
    count_stalls();
    count_traffic(in);
  }

  void count_work() {
    out_.cnt_uops += issued_.valid;
    out_.cnt_blocks += issued_.valid && !issued_.null && state_.issue.take(state_.walk, layer());
    out_.cnt_passes += retire_;
    if (issued_.valid && issued_.last) {
      const auto skipped = state_.issue.skipped(issued_, layer());
      out_.cnt_blocks_skipped += skipped.blocks;
      out_.cnt_uops_skipped += skipped.uops;
    }
    const golden::step_regs& next = state_.load.next_step();
    const std::uint32_t groups = state_.load.next_layer().in_groups;
    if (state_.ctrl.step_go() && next.new_activations && groups > next.slots)
      out_.cnt_groups_skipped += groups - next.slots;
  }

  void count_stalls() {
    const bool buffers_full = state_.buffers.alloc() == golden::output_buffers::count;
    out_.cnt_drain_stalls += !en_ && !buffers_full;
    out_.cnt_write_stalls += !en_ && buffers_full;
    if (state_.ctrl.state() != golden::ctrl_state::step_wait || !seq_idle()) return;
    const golden::load_class why = state_.load.waits_for();
    out_.cnt_load_stalls += why != golden::load_class::none;
    out_.cnt_weight_stalls += why == golden::load_class::weights;
    out_.cnt_act_stalls += why == golden::load_class::activations;
    out_.cnt_hazard_stalls += why == golden::load_class::hazard;
  }

  void count_traffic(const core_inputs& in) {
    out_.cnt_write_beats += out_.wr_valid && in.wr_ready && out_.wr_strb != 0;
    if (!in.rd_valid || !out_.rd_ready) return;
    using golden::load_kind;
    const load_kind kind = state_.load.beat_kind();
    ++out_.cnt_read_beats;
    out_.cnt_weight_beats += kind >= load_kind::list && kind <= load_kind::weights;
    out_.cnt_act_beats += kind == load_kind::fetch || kind == load_kind::plane;
    out_.cnt_res_beats += kind == load_kind::residual;
  }

  void clear_counters() {
    for (std::uint32_t* counter :
         {&out_.cnt_cycles, &out_.cnt_uops, &out_.cnt_blocks, &out_.cnt_drain_stalls,
          &out_.cnt_write_stalls, &out_.cnt_load_stalls, &out_.cnt_weight_stalls,
          &out_.cnt_act_stalls, &out_.cnt_hazard_stalls, &out_.cnt_passes, &out_.cnt_blocks_skipped,
          &out_.cnt_uops_skipped, &out_.cnt_groups_skipped, &out_.cnt_read_beats,
          &out_.cnt_weight_beats, &out_.cnt_act_beats, &out_.cnt_res_beats, &out_.cnt_write_beats})
      *counter = 0;
  }

  /// What follows from the registers of the new cycle: internal signals, then the ports.
  void settle() {
    const golden::uop& p4 = state_.pipe.stage(4);
    const bool passing = p4.valid && p4.last;
    en_ = !passing || state_.drain.ready(layer(), state_.buffers);
    retire_ = passing && en_;
    issued_ = state_.issue.current(state_.walk, layer(), current(), en_);
    show_control();
    show_read();
    show_write();
    out_.probe = probe();
  }

  void show_control() {
    out_.busy = state_.ctrl.busy();
    out_.done = state_.ctrl.done();
    out_.error = state_.ctrl.error();
    out_.error_detail = state_.ctrl.error_detail();
    out_.error_addr = state_.ctrl.error_address();
  }
  void show_read() {
    out_.rd_req_valid = state_.load.request_valid();
    out_.rd_req_addr = state_.load.request_address();
    out_.rd_req_beats = state_.load.request_beats();
    out_.rd_ready = state_.load.data_ready();
  }
  void show_write() {
    out_.wr_valid = state_.store.valid();
    out_.wr_addr = state_.store.address();
    out_.wr_strb = state_.store.strobes();
    out_.wr_data = state_.store.data();
    out_.wr_fence = state_.store.fence();
  }

  /// docs/accelerator.md section 10.
  [[nodiscard]] std::uint64_t probe() const {
    const auto bits = [](std::uint64_t value, unsigned width, unsigned at) {
      return (value & ((std::uint64_t{1} << width) - 1)) << at;
    };
    const golden::uop& u = issued_;
    return bits(static_cast<std::uint64_t>(state_.ctrl.state()), 4, 0) |
           bits(static_cast<std::uint64_t>(state_.load.state()), 2, 4) |
           bits(static_cast<std::uint64_t>(state_.load.state()) >> 2, 1, 58) |
           bits(state_.ctrl.r_sel(), 1, 59) | bits(state_.ctrl.unstored(), 3, 60) |
           bits(en_, 1, 6) | bits(u.valid, 1, 7) | bits(u.first, 1, 8) | bits(u.last, 1, 9) |
           bits(u.null, 1, 10) | bits(u.slot, 12, 11) | bits(u.ci, 2, 23) | bits(u.ky, 3, 25) |
           bits(u.kx, 3, 28) | bits(retire_, 1, 31) | bits(state_.buffers.alloc(), 3, 32) |
           bits(state_.buffers.filled(), 3, 35) | bits(state_.drain.active(), 1, 38) |
           bits(seq_idle(), 1, 39) | bits(state_.ctrl.w_sel(), 1, 40) |
           bits(state_.ctrl.a_sel(), 1, 41) | bits(u.weight_address, 16, 42);
  }

  array_params array_;
  units state_;
  core_outputs out_;
  bool en_ = true;
  bool retire_ = false;
  bool res_busy_ = false;
  std::uint32_t retired_ = 0;  ///< passes of the current step that have retired
  golden::uop issued_;
};

}  // namespace swprune::inline v0::hw
