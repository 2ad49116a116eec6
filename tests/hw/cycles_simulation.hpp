// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cycle-by-cycle play of controller, loader, pipeline, drain and store of docs/accelerator.md,
// sections 2 to 7, for a run of several layers, as far as time depends on it: no data, requests are
// only durations. The closed form must agree with it.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/hw/cycles_timeline.hpp"

namespace swprune_test {

using swprune::index_t;

struct simulated_step {
  std::vector<index_t> passes;  ///< micro-ops of each pass
  swprune::hw::load_job load;   ///< of the step itself
};

struct simulated_layer {
  index_t shift_cycles = 1;  ///< D, the same in all layers
  index_t store_slots = 1;   ///< Wb
  std::vector<simulated_step> steps;
};

struct simulated_time {
  index_t cycles = 0;  ///< from the end of the Flush before to the end of its own
  index_t drain_stalls = 0;
  index_t write_stalls = 0;
  index_t load_stalls = 0;
};

class run_simulation {
 public:
  explicit run_simulation(const std::vector<simulated_layer>& layers) : layers_(layers) {}

  /// Times of all layers; the Done cycle is total().
  std::vector<simulated_time> run() {
    now_ = 1;
    while (state_ != state::done) tick();
    return times_;
  }
  [[nodiscard]] index_t total() const { return now_; }

 private:
  enum class state { fill_go, fill_wait, step_go, step_wait, flush, done };
  enum class loader { idle, before, hold, after };
  struct micro_op {
    bool valid = false;
    bool last = false;
  };

  [[nodiscard]] const simulated_layer& layer() const { return layers_[layer_]; }
  [[nodiscard]] index_t interval() const {
    return std::max(layer().shift_cycles, layer().store_slots);
  }
  [[nodiscard]] bool pipe_is_empty() const {
    return std::none_of(pipe_, pipe_ + 4, [](const micro_op& m) { return m.valid; });
  }

  void tick() {
    const bool drain_ready = (!drain_active_ || t_ == interval() - 1) && alloc_ < 4;
    const bool en = !(pipe_[3].valid && pipe_[3].last && !drain_ready);
    const bool retire = pipe_[3].valid && pipe_[3].last && en;
    const bool entry_valid = active_ && now_ >= first_issue_;
    const bool seq_idle = !active_ && pipe_is_empty();
    const bool loader_idle = loader_ == loader::idle;
    const index_t unstored = unstored_;
    if (!en) ++(alloc_ < 4 ? drain_stalls_ : write_stalls_);
    if (state_ == state::step_wait && seq_idle && !loader_idle) ++load_stalls_;

    step_loader(unstored);
    step_residual();
    step_store();
    step_drain(retire);
    if (en) step_pipe(entry_valid);
    step_controller(seq_idle, loader_idle, unstored);
    ++now_;
  }

  /// Hold looks at registers as they were in this cycle.
  void step_loader(index_t unstored) {
    if (loader_ == loader::hold) {
      const auto wait = job_.wait;
      using swprune::hw::store_wait;
      const bool stored = wait == store_wait::none || unstored == 0 ||
                          (wait == store_wait::but_last && unstored == 1);
      if (!stored || (job_.residual && res_busy_)) return;
      begin_after();
      return;
    }
    if (loader_ == loader::idle || --left_ > 0) return;
    if (loader_ == loader::after) {
      loader_ = loader::idle;
    } else if (job_.holds()) {
      loader_ = loader::hold;
    } else {
      begin_after();
    }
  }
  void begin_after() {
    left_ = job_.after;
    loader_ = left_ > 0 ? loader::after : loader::idle;
  }
  void go(const swprune::hw::load_job& job) {
    job_ = job;
    left_ = job.before;
    loader_ = loader::before;
  }

  void step_residual() {
    if (state_ == state::step_go) {
      res_busy_ = true;
    } else if (!drain_active_ || t_ >= layer().shift_cycles - 1) {
      res_busy_ = false;
    }
  }

  void step_store() {
    if (fenced_) --unstored_;
    fenced_ = w1_fence_;  // an ideal memory takes the fence and answers in the next cycle
    const bool slot = filled_ > 0;
    const bool slot_ends = slot && k_ == layer().store_slots - 1;
    w1_fence_ = slot_ends && ends_[stored_];
    if (slot) k_ = slot_ends ? 0 : k_ + 1;
    if (slot_ends) {
      ++stored_;
      --alloc_;
      --filled_;
    }
    if (retires_.size() > written_ && now_ == retires_[written_] + layer().shift_cycles + 3) {
      ++written_;
      ++filled_;
    }
  }

  void step_drain(bool retire) {
    if (drain_active_) {
      if (t_ == interval() - 1) drain_active_ = false;
      ++t_;
    }
    if (!retire) return;
    drain_active_ = true;
    t_ = 0;
    ++alloc_;
    retires_.push_back(now_);
    const auto& passes = layer().steps[step_].passes;
    ends_.push_back(++retired_ == passes.size());
  }

  void step_pipe(bool issue) {
    for (int i = 3; i > 0; --i) pipe_[i] = pipe_[i - 1];
    pipe_[0] = {};
    if (!issue) return;
    const auto& passes = layer().steps[step_].passes;
    const bool last = ++issued_ == passes[pass_];
    pipe_[0] = {true, last};
    if (!last) return;
    issued_ = 0;
    if (++pass_ == passes.size()) active_ = false;
  }

  void step_controller(bool seq_idle, bool loader_idle, index_t unstored) {
    switch (state_) {
      case state::fill_go:
        go(layers_[0].steps[0].load);
        state_ = state::fill_wait;
        return;
      case state::fill_wait:
        if (loader_idle) state_ = state::step_go;
        return;
      case state::step_go:
        begin_step();
        state_ = state::step_wait;
        return;
      case state::step_wait:
        if (!seq_idle || !loader_idle) return;
        state_ = step_ + 1 < layer().steps.size() ? state::step_go : state::flush;
        if (state_ == state::step_go) ++step_;
        return;
      case state::flush:
        if (unstored == 0) end_layer();
        return;
      case state::done:
        return;
    }
  }

  void begin_step() {
    active_ = true;
    pass_ = 0;
    retired_ = 0;
    first_issue_ = now_ + 2;
    ++unstored_;
    if (step_ + 1 < layer().steps.size()) {
      go(layer().steps[step_ + 1].load);
    } else if (layer_ + 1 < layers_.size()) {
      go(layers_[layer_ + 1].steps[0].load);
    }
  }

  void end_layer() {
    times_.push_back({now_ - flushed_, drain_stalls_, write_stalls_, load_stalls_});
    flushed_ = now_;
    drain_stalls_ = write_stalls_ = load_stalls_ = 0;
    step_ = 0;
    if (++layer_ == layers_.size()) {
      --layer_;
      state_ = state::done;
    } else {
      state_ = state::step_go;
    }
  }

  const std::vector<simulated_layer>& layers_;
  state state_ = state::fill_go;
  index_t now_ = 0;
  std::size_t layer_ = 0;
  std::size_t step_ = 0;
  std::size_t pass_ = 0;
  std::size_t retired_ = 0;  ///< passes of the step
  index_t issued_ = 0;
  bool active_ = false;
  index_t first_issue_ = 0;
  loader loader_ = loader::idle;
  swprune::hw::load_job job_;
  index_t left_ = 0;
  bool res_busy_ = false;
  micro_op pipe_[4];
  bool drain_active_ = false;
  index_t t_ = 0;
  index_t alloc_ = 0;
  index_t filled_ = 0;
  index_t k_ = 0;
  bool w1_fence_ = false;
  bool fenced_ = false;
  index_t unstored_ = 0;
  std::size_t written_ = 0;  ///< passes in output buffers
  std::size_t stored_ = 0;   ///< passes in memory
  std::vector<bool> ends_;   ///< of every retired pass: the last one of its step
  std::vector<index_t> retires_;
  index_t flushed_ = 0;
  index_t drain_stalls_ = 0;
  index_t write_stalls_ = 0;
  index_t load_stalls_ = 0;
  std::vector<simulated_time> times_;
};

}  // namespace swprune_test
