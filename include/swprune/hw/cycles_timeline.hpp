// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/memory_timing.hpp"

namespace swprune::inline v0::hw {

/// Cycles of a read request, 0 without beats: one to form it, the latency, and what the beats take,
/// of which the slower one of memory and loader decides. With an ideal memory 2 + beats * cycles a
/// beat.
[[nodiscard]] constexpr index_t request_cycles(index_t beats, index_t cycles_per_beat,
                                               const memory_timing& memory = {}) {
  if (beats == 0) return 0;
  const index_t last_beat = std::max((beats - 1) * cycles_per_beat, memory.beat_offset(beats - 1));
  return 1 + memory.latency + last_beat + cycles_per_beat;
}

/// Some passes one behind the other that have the same number of micro-ops.
struct pass_run {
  index_t uops = 1;   ///< P, >= 1
  index_t count = 1;  ///< >= 1
};

/// Which stores of earlier steps a load waits for in Hold, docs/accelerator.md section 3.4.
enum class store_wait {
  none,
  but_last,  ///< all but those of the step that computes meanwhile
  all,
};

/// What loading a step takes, before a layer's first step with the descriptor.
struct load_job {
  index_t before = 0;  ///< W: cycles of the requests up to the weights, and of checks
  index_t after = 0;   ///< A: of the fetch list, planes and residual
  /// Hold stands between the two; it takes a cycle at least.
  store_wait wait = store_wait::none;
  bool residual = false;  ///< it also waits for a half of the residual buffer

  [[nodiscard]] constexpr index_t cycles() const { return before + after; }
  [[nodiscard]] constexpr bool holds() const { return residual || wait != store_wait::none; }
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
  const index_t words = std::max<index_t>(1, a.pof / 4);  // of a pixel; with Pof = 1 a byte of one
  return {a.drain_cycles(), words * (a.poy >> p) * ((a.pox >> p) / run)};
}

/// The closed form of docs/accelerator.md section 11: cycle numbers of a run with a memory that
/// does not stall by chance. Cycle 0 is the one that takes start. The calls follow the run:
///
///     start(job of the first step);
///     for every layer:  layer(drain);
///       for every step:  step(passes);  load(job of the step behind it, maybe of the next layer);
///                        next_step() or, after the last one, end_layer();
class timeline {
 public:
  /// `memory` decides when a fence is answered; what requests take is in the jobs.
  explicit timeline(const memory_timing& memory = {}) : fence_latency_(memory.fence_latency) {}

  /// Everything up to the first StepGo: nothing computes.
  void start(const load_job& first) { go_ = idle_after(1, first) + 1; }

  /// A layer's first step begins in the next StepGo.
  void layer(const drain_timing& drain) {
    drain_ = drain;
    fill_ = go_ - flushed_ - 1;
    drain_stalls_ = write_stalls_ = load_stalls_ = 0;
    retires_.fill(never);
  }

  /// The passes of a step.
  void step(std::span<const pass_run> passes) {
    retired_before_ = last_retire_;
    fenced_before_ = fenced_;
    index_t n = go_ + 5;
    for (const pass_run& run : passes) n = advance(n, run);
    last_retire_ = n;
    fenced_ = n + drain_.shift_cycles + drain_.store_slots + 3 + fence_latency_;
    idle_ = never;
  }

  /// What is loaded while the step computes. Not called for the last step of a run.
  void load(const load_job& job) {
    idle_ = idle_after(go_, job);
    load_stalls_ += std::max<index_t>(0, idle_ - (last_retire_ + 1));
  }

  /// From StepWait to the next StepGo of the layer.
  void next_step() { go_ = waited() + 1; }

  /// Through Flush, which waits for the last fence; the next layer's StepGo or Done follows.
  void end_layer() {
    const index_t before = flushed_;
    flushed_ = std::max(waited() + 1, fenced_ + 2);
    layer_cycles_ = flushed_ - before;
    go_ = flushed_ + 1;
  }

  /// cnt_cycles when the run ends now: the Done cycle is the last one.
  [[nodiscard]] index_t total_cycles() const { return flushed_ + 1; }
  /// From the end of the Flush before (or the start) to the end of Flush.
  [[nodiscard]] index_t layer_cycles() const { return layer_cycles_; }
  /// Of them before the first StepGo: in a run's first layer only.
  [[nodiscard]] index_t fill_cycles() const { return fill_; }
  /// From the last retire to the end of Flush.
  [[nodiscard]] index_t flush_cycles() const { return flushed_ - last_retire_; }
  /// cnt_drain_stalls, cnt_write_stalls and cnt_load_stalls of the layer.
  [[nodiscard]] index_t drain_stalls() const { return drain_stalls_; }
  [[nodiscard]] index_t write_stalls() const { return write_stalls_; }
  [[nodiscard]] index_t load_stalls() const { return load_stalls_; }

 private:
  static constexpr index_t never = std::numeric_limits<index_t>::min() / 4;

  /// Cycle in which StepWait is left.
  [[nodiscard]] index_t waited() const { return std::max(last_retire_ + 1, idle_); }

  /// Cycle in which the loader is Idle again after a go in `go`. An answer to a fence is seen in
  /// the cycle behind it.
  [[nodiscard]] index_t idle_after(index_t go, const load_job& job) const {
    index_t hold = go + 1 + job.before;
    if (!job.holds()) return hold + job.after;
    if (job.wait == store_wait::all) hold = std::max(hold, fenced_ + 2);
    if (job.wait == store_wait::but_last) hold = std::max(hold, fenced_before_ + 2);
    if (job.residual) hold = std::max(hold, retired_before_ + drain_.shift_cycles + 1);
    return hold + 1 + job.after;
  }

  void push(index_t retire) {
    std::copy_backward(retires_.begin(), retires_.end() - 1, retires_.end());
    retires_[0] = retire;
  }

  /// Retire of a pass whose last micro-op would reach P4 in cycle `ready`: the array must be
  /// drained and one of the four output buffers free (its last slot is stored D + Wb + 3 cycles
  /// after its retire).
  [[nodiscard]] index_t retire_at(index_t ready) const {
    return std::max({ready, retires_[0] + drain_.interval(), buffer_free()});
  }
  [[nodiscard]] index_t buffer_free() const {
    return retires_[3] + drain_.shift_cycles + drain_.store_slots + 4;
  }

  [[nodiscard]] index_t one_pass(index_t n, index_t uops) {
    const index_t retire = retire_at(n + uops);
    const index_t full = std::clamp<index_t>(buffer_free() - (n + uops), 0, retire - (n + uops));
    write_stalls_ += full;
    drain_stalls_ += retire - (n + uops) - full;
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
    // In the steady state a buffer gets free this long after the pass could have retired.
    const index_t full = std::clamp<index_t>(
        drain_.shift_cycles + drain_.store_slots + 4 - 3 * period - run.uops, 0, period - run.uops);
    write_stalls_ += rest * full;
    drain_stalls_ += rest * (period - run.uops - full);
    for (index_t& retire : retires_) retire += rest * period;
    return n + rest * period;
  }

  index_t fence_latency_;
  drain_timing drain_;
  index_t go_ = 0;       ///< StepGo of the step
  index_t flushed_ = 0;  ///< last cycle of the last layer's Flush
  index_t fill_ = 0;
  index_t layer_cycles_ = 0;
  index_t drain_stalls_ = 0;
  index_t write_stalls_ = 0;
  index_t load_stalls_ = 0;
  index_t last_retire_ = never;     ///< e(k)
  index_t retired_before_ = never;  ///< e(k - 1)
  index_t fenced_ = never;          ///< X(k)
  index_t fenced_before_ = never;   ///< X(k - 1)
  index_t idle_ = never;            ///< i of what is loaded during the step
  std::array<index_t, 4> retires_{never, never, never, never};
};

}  // namespace swprune::inline v0::hw
