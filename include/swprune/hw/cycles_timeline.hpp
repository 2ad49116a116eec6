// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>

#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"

namespace swprune::inline v0::hw {

/// Cycles of a read request with an ideal memory: 2 + beats * cycles a beat, 0 without beats.
[[nodiscard]] constexpr index_t request_cycles(index_t beats, index_t cycles_per_beat) {
  return beats == 0 ? 0 : 2 + beats * cycles_per_beat;
}

/// Some passes one behind the other that have the same number of micro-ops.
struct pass_run {
  index_t uops = 1;   ///< P, >= 1
  index_t count = 1;  ///< >= 1
};

/// What the drain needs, docs/formats.md section 7.
struct drain_timing {
  index_t shift_cycles = 1;  ///< D
  index_t store_slots = 1;   ///< Wb: write slots of a pass
  /// Dx: cycles between two passes at least.
  [[nodiscard]] constexpr index_t interval() const { return std::max(shift_cycles, store_slots); }
};

/// Write slots of a pass: words of Pof channels x rows x runs, after pooling.
[[nodiscard]] constexpr drain_timing drain_of(const array_params& a, bool pool, index_t run) {
  const int p = pool ? 1 : 0;
  return {a.drain_cycles(), a.pof / 4 * (a.poy >> p) * ((a.pox >> p) / run)};
}

/// The closed form of docs/accelerator.md section 9: cycle numbers of a run with an ideal memory.
/// Cycle 0 is the one that takes start. Call layer() for each layer, then step() for each of its
/// steps in order, then end_layer().
class timeline {
 public:
  /// DescGo to the first StepGo: the descriptor, then step 0, are loaded.
  void layer(const drain_timing& drain, index_t descriptor_load, index_t first_load) {
    drain_ = drain;
    layer_start_ = now_;
    go_ = now_ + 2 + descriptor_load + 2 + first_load;
    fill_ = go_ - now_;
    drain_stalls_ = 0;
    load_stalls_ = 0;
    retires_.fill(never);
  }

  /// One step; `next_load` are the cycles that the next step's requests take, empty for the last.
  void step(std::span<const pass_run> passes, std::optional<index_t> next_load) {
    index_t n = go_ + 5;
    for (const pass_run& run : passes) n = advance(n, run);
    if (!next_load) return;
    const index_t loaded = go_ + *next_load + 1;
    load_stalls_ += std::max<index_t>(0, loaded - (n + 1));
    go_ = std::max(n + 1, loaded) + 1;
  }

  /// Waits until the last pass is stored. `last_slot_writes`: its last write slot has a word.
  void end_layer(bool last_slot_writes) {
    now_ = last_retire() + drain_.shift_cycles + drain_.store_slots + 4 +
           (last_slot_writes ? 1 : 0) + 1;
  }

  /// cnt_cycles when the run ends now: the Done cycle is the last one.
  [[nodiscard]] index_t total_cycles() const { return now_; }
  /// DescGo to the end of Flush of the layer that ended last.
  [[nodiscard]] index_t layer_cycles() const { return now_ - layer_start_; }
  /// Of them before the first StepGo: nothing computes.
  [[nodiscard]] index_t fill_cycles() const { return fill_; }
  /// From the last retire to the end of Flush.
  [[nodiscard]] index_t flush_cycles() const { return now_ - last_retire(); }
  /// cnt_drain_stalls and cnt_load_stalls of the layer.
  [[nodiscard]] index_t drain_stalls() const { return drain_stalls_; }
  [[nodiscard]] index_t load_stalls() const { return load_stalls_; }

 private:
  static constexpr index_t never = std::numeric_limits<index_t>::min() / 4;

  /// Last retires, the newest first.
  [[nodiscard]] index_t last_retire() const { return retires_[0]; }
  void push(index_t retire) {
    std::copy_backward(retires_.begin(), retires_.end() - 1, retires_.end());
    retires_[0] = retire;
  }

  /// Retire of a pass whose last micro-op would reach P4 in cycle `ready`: the array must be
  /// drained and one of the four output buffers free (its last slot is stored D + Wb + 3 cycles
  /// after its retire).
  [[nodiscard]] index_t retire_at(index_t ready) const {
    const index_t buffer_free = retires_[3] + drain_.shift_cycles + drain_.store_slots + 4;
    return std::max({ready, last_retire() + drain_.interval(), buffer_free});
  }

  [[nodiscard]] index_t one_pass(index_t n, index_t uops) {
    const index_t retire = retire_at(n + uops);
    drain_stalls_ += retire - (n + uops);
    push(retire);
    return retire;
  }

  /// Retire of the run's last pass when the pass before it retired in n.
  [[nodiscard]] index_t advance(index_t n, const pass_run& run) {
    const index_t period = std::max(run.uops, drain_.interval());
    const bool buffers_suffice = 4 * period >= drain_.shift_cycles + drain_.store_slots + 4;
    // Passes before this run can delay its first four; from then on each takes the period, and
    // after four more so do all that are remembered. No need to count the rest singly.
    const index_t single = buffers_suffice ? std::min<index_t>(run.count, 8) : run.count;
    for (index_t i = 0; i < single; ++i) n = one_pass(n, run.uops);
    const index_t rest = run.count - single;
    if (rest == 0) return n;
    drain_stalls_ += rest * (period - run.uops);
    for (index_t& retire : retires_) retire += rest * period;
    return n + rest * period;
  }

  drain_timing drain_;
  index_t now_ = 1;  ///< DescGo of the layer, or Done
  index_t layer_start_ = 1;
  index_t go_ = 0;  ///< StepGo of the step
  index_t fill_ = 0;
  index_t drain_stalls_ = 0;
  index_t load_stalls_ = 0;
  std::array<index_t, 4> retires_{never, never, never, never};
};

}  // namespace swprune::inline v0::hw
