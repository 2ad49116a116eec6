// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/hw/golden/loader.hpp"

namespace swprune::inline v0::hw::golden {

enum class ctrl_state : std::uint8_t {
  idle,
  desc_go,
  desc_wait,
  fill_go,
  fill_wait,
  step_go,
  step_wait,
  flush,
  done,
  error
};

/// What the controller's waits look at.
struct ctrl_view {
  bool loader_idle = false;
  bool seq_idle = false;
  bool store_idle = false;
};

/// State machine over layers and steps (docs/accelerator.md section 2).
class controller {
 public:
  [[nodiscard]] ctrl_state state() const { return state_; }
  [[nodiscard]] bool busy() const { return state_ != ctrl_state::idle; }
  [[nodiscard]] bool done() const {
    return state_ == ctrl_state::done || state_ == ctrl_state::error;
  }
  [[nodiscard]] std::uint8_t error() const { return error_; }
  [[nodiscard]] bool w_sel() const { return w_sel_; }
  [[nodiscard]] bool a_sel() const { return a_sel_; }
  [[nodiscard]] bool r_sel() const { return r_sel_; }
  [[nodiscard]] bool starts(const core_inputs& in) const { return !busy() && in.start; }
  [[nodiscard]] bool step_go() const { return state_ == ctrl_state::step_go; }
  /// `cur`: the record of the step that computes.
  [[nodiscard]] const step_regs& current() const { return current_; }

  /// End of a cycle; gives the loader its go.
  void clock(const core_inputs& in, const ctrl_view& view, const array_params& array,
             loader& load) {
    switch (state_) {
      case ctrl_state::idle:
        if (in.start) start(in);
        break;
      case ctrl_state::desc_go:
        load.go_descriptor(in, desc_address_);
        state_ = ctrl_state::desc_wait;
        break;
      case ctrl_state::desc_wait:
        if (view.loader_idle) check(load.layer(), array);
        break;
      case ctrl_state::fill_go:
        step_ = 0;
        load.go_step(in, 0);
        state_ = ctrl_state::fill_wait;
        break;
      case ctrl_state::fill_wait:
        if (view.loader_idle) state_ = ctrl_state::step_go;
        break;
      case ctrl_state::step_go:
        begin_step(in, load);
        break;
      case ctrl_state::step_wait:
        if (view.seq_idle && view.loader_idle) end_step(load.layer());
        break;
      case ctrl_state::flush:
        if (view.store_idle) end_layer();
        break;
      case ctrl_state::done:
      case ctrl_state::error:
        state_ = ctrl_state::idle;
        break;
    }
  }

 private:
  void start(const core_inputs& in) {
    layer_ = 0;
    error_ = 0;
    layer_count_ = in.layer_count;
    desc_address_ = in.desc_offset;
    state_ = ctrl_state::desc_go;
  }

  void check(const layer_regs& layer, const array_params& array) {
    const std::uint8_t code = descriptor_error(layer, array);
    if (code != 0) error_ = code;
    state_ = code != 0 ? ctrl_state::error : ctrl_state::fill_go;
  }

  [[nodiscard]] bool more_steps(const layer_regs& layer) const {
    return std::uint64_t{step_} + 1 < layer.step_count;
  }

  void begin_step(const core_inputs& in, loader& load) {
    current_ = load.next_step();
    w_sel_ ^= current_.new_weights;
    a_sel_ ^= current_.new_activations;
    r_sel_ ^= current_.residual;
    if (more_steps(load.layer())) load.go_step(in, step_ + 1);
    state_ = ctrl_state::step_wait;
  }

  void end_step(const layer_regs& layer) {
    if (more_steps(layer)) {
      ++step_;
      state_ = ctrl_state::step_go;
    } else {
      state_ = ctrl_state::flush;
    }
  }

  void end_layer() {
    if (layer_ + 1 < layer_count_) {
      ++layer_;
      desc_address_ += 128;
      state_ = ctrl_state::desc_go;
    } else {
      state_ = ctrl_state::done;
    }
  }

  ctrl_state state_ = ctrl_state::idle;
  std::uint8_t error_ = 0;
  std::uint32_t layer_ = 0, layer_count_ = 0;
  std::uint32_t step_ = 0;
  std::uint32_t desc_address_ = 0;
  bool w_sel_ = false, a_sel_ = false, r_sel_ = false;
  step_regs current_;
};

}  // namespace swprune::inline v0::hw::golden
