// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/hw/golden/loader.hpp"

namespace swprune::inline v0::hw::golden {

/// Numbers as the probe shows them.
enum class ctrl_state : std::uint8_t {
  idle = 0,
  fill_go = 3,
  fill_wait = 4,
  step_go = 5,
  step_wait = 6,
  flush = 7,
  done = 8,
  error = 9,
  stop = 10
};

/// What the controller sees of a cycle.
struct ctrl_view {
  bool loader_idle = false, seq_idle = false, store_idle = false;
  std::uint8_t load_error = 0;  ///< code of what went wrong in loading
  bool progress = false;        ///< a retire, a request, read beat or write that was taken
};

/// State machine over layers and steps (docs/accelerator.md section 2): while the last step of
/// a layer computes, the first one of the next layer is loaded.
class controller {
 public:
  [[nodiscard]] ctrl_state state() const { return state_; }
  [[nodiscard]] bool busy() const { return state_ != ctrl_state::idle; }
  [[nodiscard]] bool done() const {
    return state_ == ctrl_state::done || state_ == ctrl_state::error;
  }
  [[nodiscard]] std::uint8_t error() const { return error_.code; }
  [[nodiscard]] std::uint8_t error_detail() const { return error_.detail; }
  [[nodiscard]] std::uint64_t error_address() const { return error_.address; }
  [[nodiscard]] bool stopping() const { return state_ == ctrl_state::stop; }
  [[nodiscard]] bool w_sel() const { return w_sel_; }
  [[nodiscard]] bool a_sel() const { return a_sel_; }
  [[nodiscard]] bool r_sel() const { return r_sel_; }
  /// Steps begun and not yet in memory.
  [[nodiscard]] std::uint16_t unstored() const { return unstored_; }
  [[nodiscard]] bool starts(const core_inputs& in) const { return !busy() && in.start; }
  /// A step begins in this cycle.
  [[nodiscard]] bool step_go() const { return state_ == ctrl_state::step_go && stop_code_ == 0; }
  /// `layer` and `cur`: what computes. The loader may be at the next layer already.
  [[nodiscard]] const layer_regs& layer() const { return layer_; }
  [[nodiscard]] const step_regs& current() const { return current_; }

  /// End of a cycle; gives the loader its go.
  void clock(const core_inputs& in, const ctrl_view& view, loader& load) {
    const std::uint8_t code = stop_code(in, view);
    const bool stored = unstored_ == 0;
    count_stored(in);
    quiet_ = busy() && !view.progress ? quiet_ + 1 : 0;
    if (runs() && stop_code_ != 0)
      stop(load);
    else
      leave(in, view, stored, load);
    stop_code_ = code;
  }

 private:
  /// States in which a run can be stopped.
  [[nodiscard]] bool runs() const {
    return state_ >= ctrl_state::fill_go && state_ <= ctrl_state::flush;
  }

  /// stop_code behind this cycle: why the run has to stop.
  [[nodiscard]] std::uint8_t stop_code(const core_inputs& in, const ctrl_view& view) const {
    if (starts(in)) return 0;
    if (!runs() || stop_code_ != 0) return stop_code_;
    if (view.load_error != 0) return view.load_error;
    if (in.wr_fenced && in.wr_error >= 2) return in.wr_error == 2 ? 10 : 11;
    if (in.watchdog != 0 && quiet_ == in.watchdog) return 12;
    return in.abort ? 13 : 0;
  }

  /// 0 in every cycle of Idle, though answers may still be outstanding behind a stopped run.
  void count_stored(const core_inputs& in) {
    const bool goes_on = busy() && !done();
    unstored_ = goes_on ? static_cast<std::uint16_t>(unstored_ + step_go() - in.wr_fenced)
                        : std::uint16_t{0};
  }

  void stop(const loader& load) {
    error_ = stop_code_ <= 9 ? load.error() : load_error{.code = stop_code_};
    state_ = ctrl_state::stop;
  }

  /// What the state does, and where it leads. `stored`: unstored == 0 in this cycle.
  void leave(const core_inputs& in, const ctrl_view& view, bool stored, loader& load) {
    switch (state_) {
      case ctrl_state::idle:
        if (in.start) start(in, load);
        break;
      case ctrl_state::fill_go:
        load_layer(in, load);
        state_ = ctrl_state::fill_wait;
        break;
      case ctrl_state::fill_wait:
        if (view.loader_idle) state_ = ctrl_state::step_go;
        break;
      case ctrl_state::step_go:
        begin_step(in, load);
        break;
      case ctrl_state::step_wait:
        if (view.seq_idle && view.loader_idle)
          state_ = more_steps(step_, layer_) ? ctrl_state::step_go : ctrl_state::flush;
        break;
      case ctrl_state::flush:
        if (stored) state_ = layer_follows_ ? ctrl_state::step_go : ctrl_state::done;
        break;
      case ctrl_state::stop:
        if (view.seq_idle && view.loader_idle && view.store_idle) state_ = ctrl_state::error;
        break;
      case ctrl_state::done:
      case ctrl_state::error:
        state_ = ctrl_state::idle;
        break;
    }
  }

  void start(const core_inputs& in, loader& load) {
    index_ = 0;
    error_ = {};
    layer_count_ = in.layer_count;
    desc_address_ = in.desc_offset;
    load.clear_error();
    state_ = ctrl_state::fill_go;
  }

  void load_layer(const core_inputs& in, loader& load) {
    load.go_layer(in, desc_address_);
    next_first_ = true;
  }

  [[nodiscard]] static bool more_steps(std::uint32_t step, const layer_regs& layer) {
    return std::uint64_t{step} + 1 < layer.step_count;
  }

  void begin_step(const core_inputs& in, loader& load) {
    current_ = load.next_step();
    w_sel_ ^= current_.new_weights;
    a_sel_ ^= current_.new_activations;
    r_sel_ ^= current_.residual;
    if (next_first_) layer_ = load.next_layer();
    step_ = next_first_ ? 0 : step_ + 1;
    load_ahead(in, load);
    state_ = ctrl_state::step_wait;
  }

  /// Step k begins: the loader goes for step k + 1, or for the next layer, if there is one.
  void load_ahead(const core_inputs& in, loader& load) {
    layer_follows_ = false;
    if (more_steps(step_, layer_)) {
      load.go_step(in, step_ + 1);
      next_first_ = false;
    } else if (index_ + 1 < layer_count_) {
      ++index_;
      desc_address_ += 128;
      load_layer(in, load);
      layer_follows_ = true;
    }
  }

  ctrl_state state_ = ctrl_state::idle;
  load_error error_;                           ///< of the run, as its ports show it
  std::uint8_t stop_code_ = 0;                 ///< why the run has to stop
  std::uint32_t quiet_ = 0;                    ///< cycles without progress
  std::uint32_t index_ = 0, layer_count_ = 0;  ///< of the layer that was loaded last
  std::uint32_t desc_address_ = 0;
  std::uint32_t step_ = 0;      ///< that computes
  bool next_first_ = false;     ///< the loader's step is the first one of its layer
  bool layer_follows_ = false;  ///< the step that computes is its layer's last, and not the run's
  std::uint16_t unstored_ = 0;
  bool w_sel_ = false, a_sel_ = false, r_sel_ = false;
  layer_regs layer_;
  step_regs current_;
};

}  // namespace swprune::inline v0::hw::golden
