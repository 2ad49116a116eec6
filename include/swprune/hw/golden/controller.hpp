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
  error = 9
};

/// State machine over layers and steps (docs/accelerator-v2.md section 5.2): while the last step of
/// a layer computes, the first one of the next layer is loaded.
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
  /// Steps begun and not yet in memory.
  [[nodiscard]] std::uint16_t unstored() const { return unstored_; }
  [[nodiscard]] bool starts(const core_inputs& in) const { return !busy() && in.start; }
  [[nodiscard]] bool step_go() const { return state_ == ctrl_state::step_go; }
  /// `layer` and `cur`: what computes. The loader may be at the next layer already.
  [[nodiscard]] const layer_regs& layer() const { return layer_; }
  [[nodiscard]] const step_regs& current() const { return current_; }

  /// End of a cycle; gives the loader its go. `loader_idle`, `seq_idle`: in this cycle.
  void clock(const core_inputs& in, bool loader_idle, bool seq_idle, loader& load) {
    count_stored(in);
    switch (state_) {
      case ctrl_state::idle:
        if (in.start) start(in, load);
        break;
      case ctrl_state::fill_go:
        load_layer(in, load);
        state_ = ctrl_state::fill_wait;
        break;
      case ctrl_state::fill_wait:
        if (loader_idle) leave_to(ctrl_state::step_go, load);
        break;
      case ctrl_state::step_go:
        begin_step(in, load);
        break;
      case ctrl_state::step_wait:
        if (seq_idle && loader_idle)
          state_ = more_steps(step_, layer_) ? ctrl_state::step_go : ctrl_state::flush;
        break;
      case ctrl_state::flush:
        if (stored_before_) leave_to(layer_follows_ ? ctrl_state::step_go : ctrl_state::done, load);
        break;
      case ctrl_state::done:
      case ctrl_state::error:
        state_ = ctrl_state::idle;
        break;
    }
  }

 private:
  void count_stored(const core_inputs& in) {
    stored_before_ = unstored_ == 0;
    if (!busy())
      unstored_ = 0;
    else
      unstored_ = static_cast<std::uint16_t>(unstored_ + step_go() - in.wr_fenced);
  }

  void start(const core_inputs& in, loader& load) {
    index_ = 0;
    error_ = 0;
    layer_count_ = in.layer_count;
    desc_address_ = in.desc_offset;
    load.clear_error();
    state_ = ctrl_state::fill_go;
  }

  void load_layer(const core_inputs& in, loader& load) {
    load.go_layer(in, desc_address_);
    next_first_ = true;
  }

  /// The next state, or Error if the loader found a wrong descriptor.
  void leave_to(ctrl_state next, const loader& load) {
    error_ = load.error();
    state_ = error_ != 0 ? ctrl_state::error : next;
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
  std::uint8_t error_ = 0;
  std::uint32_t index_ = 0, layer_count_ = 0;  ///< of the layer that was loaded last
  std::uint32_t desc_address_ = 0;
  std::uint32_t step_ = 0;      ///< that computes
  bool next_first_ = false;     ///< the loader's step is the first one of its layer
  bool layer_follows_ = false;  ///< the step that computes is its layer's last, and not the run's
  bool stored_before_ = true;   ///< unstored == 0 in this cycle
  std::uint16_t unstored_ = 0;
  bool w_sel_ = false, a_sel_ = false, r_sel_ = false;
  layer_regs layer_;
  step_regs current_;
};

}  // namespace swprune::inline v0::hw::golden
