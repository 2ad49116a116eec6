// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cycle-by-cycle play of docs/accelerator.md sections 2 and 4-6 for one layer, as far as time
// depends on it: no data, loads are only durations. The closed form must agree with it.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "swprune/core/types.hpp"

namespace swprune_test {

using swprune::index_t;

struct simulated_step {
  std::vector<index_t> passes;  ///< micro-ops of each pass
  index_t load = 0;             ///< cycles of its own requests
};

struct simulated_layer {
  index_t shift_cycles = 1;  ///< D
  index_t store_slots = 1;   ///< Wb
  bool last_slot_writes = true;
  index_t descriptor_load = 0;
  std::vector<simulated_step> steps;
};

struct simulated_time {
  index_t cycles = 0;  ///< DescGo to the end of Flush
  index_t drain_stalls = 0;
  index_t load_stalls = 0;
};

class layer_simulation {
 public:
  explicit layer_simulation(const simulated_layer& layer) : layer_(layer) {}

  simulated_time run() {
    // DescGo in cycle 0; the loader is Idle again one cycle after its requests.
    now_ = 1 + layer_.descriptor_load + 1;       // FillGo
    now_ = now_ + 1 + layer_.steps[0].load + 1;  // StepGo
    while (state_ != state::done) tick();
    return {now_, drain_stalls_, load_stalls_};
  }

 private:
  enum class state { step_go, step_wait, flush, done };
  struct micro_op {
    bool valid = false;
    bool last = false;
  };

  [[nodiscard]] index_t interval() const {
    return std::max(layer_.shift_cycles, layer_.store_slots);
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
    const bool loader_idle = now_ >= loader_idle_from_;
    if (!en) ++drain_stalls_;
    if (state_ == state::step_wait && seq_idle && !loader_idle) ++load_stalls_;
    const bool store_idle = alloc_ == 0 && !w1_valid_;

    // What the edge does.
    const bool slot = filled_ > 0;
    const bool slot_ends = slot && k_ == layer_.store_slots - 1;
    w1_valid_ = slot && (!slot_ends || layer_.last_slot_writes || !final_pass_next());
    if (slot) k_ = slot_ends ? 0 : k_ + 1;
    if (slot_ends) ++stored_;
    index_t fills = 0;
    for (const index_t retired : retires_) fills += now_ == retired + layer_.shift_cycles + 3;
    filled_ += fills - (slot_ends ? 1 : 0);
    alloc_ += (retire ? 1 : 0) - (slot_ends ? 1 : 0);
    step_drain(retire);
    if (en) step_pipe(entry_valid);
    step_controller(seq_idle, loader_idle, store_idle);
    ++now_;
  }

  void step_drain(bool retire) {
    if (drain_active_) {
      if (t_ == interval() - 1) drain_active_ = false;
      ++t_;
    }
    if (!retire) return;
    drain_active_ = true;
    t_ = 0;
    retires_.push_back(now_);
  }

  void step_pipe(bool issue) {
    for (int i = 3; i > 0; --i) pipe_[i] = pipe_[i - 1];
    pipe_[0] = {};
    if (!issue) return;
    const auto& passes = layer_.steps[step_].passes;
    const bool last = ++issued_ == passes[pass_];
    pipe_[0] = {true, last};
    if (!last) return;
    issued_ = 0;
    if (++pass_ == passes.size()) active_ = false;
  }

  void step_controller(bool seq_idle, bool loader_idle, bool store_idle) {
    if (state_ == state::step_go) {
      active_ = true;
      pass_ = 0;
      first_issue_ = now_ + 2;
      if (step_ + 1 < layer_.steps.size())
        loader_idle_from_ = now_ + 1 + layer_.steps[step_ + 1].load;
      state_ = state::step_wait;
    } else if (state_ == state::step_wait) {
      if (!seq_idle || !loader_idle) return;
      state_ = ++step_ < layer_.steps.size() ? state::step_go : state::flush;
    } else if (state_ == state::flush && store_idle) {
      state_ = state::done;
    }
  }

  /// True while the slot being stored belongs to the layer's last pass.
  [[nodiscard]] bool final_pass_next() const {
    std::size_t passes = 0;
    for (const simulated_step& s : layer_.steps) passes += s.passes.size();
    return stored_ + 1 == passes;
  }

  const simulated_layer& layer_;
  state state_ = state::step_go;
  index_t now_ = 0;
  std::size_t step_ = 0;
  std::size_t pass_ = 0;
  index_t issued_ = 0;
  bool active_ = false;
  index_t first_issue_ = 0;
  index_t loader_idle_from_ = 0;
  micro_op pipe_[4];
  bool drain_active_ = false;
  index_t t_ = 0;
  index_t alloc_ = 0;
  index_t filled_ = 0;
  index_t k_ = 0;
  bool w1_valid_ = false;
  std::size_t stored_ = 0;
  std::vector<index_t> retires_;
  index_t drain_stalls_ = 0;
  index_t load_stalls_ = 0;
};

}  // namespace swprune_test
