// SPDX-License-Identifier: Apache-2.0
#pragma once

// The closed form of docs/accelerator.md section 11 for a hand-written image, ideal memory.

#include <algorithm>
#include <cstddef>
#include <deque>

#include "tests/support/hand_image.hpp"

namespace swprune_test {

class hand_timeline {
 public:
  hand_timeline(const hand_image& h, const swprune::hw::array_params& a) : h_(h), a_(a) {}

  /// Cycles with busy_o: the number of Done's cycle, the one that takes start being 0.
  index_t cycles() {
    index_t g = loaded(1, 0, 0) + 1;
    for (std::size_t l = 0; l < h_.layers.size(); ++l) {
      fence_ = never;
      passes_.assign(4, never);  // Flush has emptied drain and store
      for (std::size_t s = 0; s < h_.layers[l].steps.size(); ++s) g = step(g, l, s);
    }
    return g;  // the cycle behind Flush
  }

 private:
  static constexpr index_t never = -1'000'000'000;

  [[nodiscard]] index_t drain() const { return a_.poy * a_.pox / a_.chains; }

  /// Cycle in which the loader is idle again when it goes for (layer, step) in g, before the step
  /// that begins in g is counted. Step 0 comes with its descriptor.
  [[nodiscard]] index_t loaded(index_t g, std::size_t layer, std::size_t step) const {
    const hand_step& s = h_.layers[layer].steps[step];
    const index_t descriptor = step == 0 ? 2 + 32 + 1 : 0;  // a word a cycle, Check
    const index_t hold = g + 1 + descriptor + s.weight_cycles;
    if (!s.wait_stored && !s.wait_but_last && !s.residual) return hold + s.act_cycles;
    index_t u = hold;
    if (s.wait_stored) u = std::max(u, fence_ + 2);
    if (s.wait_but_last) u = std::max(u, fence_before_ + 2);
    if (s.residual) u = std::max(u, retire_before_ + drain() + 1);
    return u + 1 + s.act_cycles;
  }

  /// Runs a step that begins in g; returns the cycle of the next StepGo, or of Done.
  index_t step(index_t g, std::size_t layer, std::size_t number) {
    const hand_placed& l = h_.layers[layer];
    retire_before_ = retire_;
    fence_before_ = fence_;
    index_t n = g + 5;
    for (const index_t uops : l.steps[number].pass_uops) {
      // The fourth pass before this one must have left its output buffer.
      const index_t buffer_free = passes_.front() + drain() + l.write_slots + 4;
      n = std::max({n + uops, passes_.back() + l.pass_interval, buffer_free});
      passes_.pop_front();
      passes_.push_back(n);
    }
    retire_ = n;
    fence_ = retire_ + drain() + l.write_slots + 4;
    const bool last = number + 1 == l.steps.size();
    index_t idle = never;
    if (!last) idle = loaded(g, layer, number + 1);
    if (last && layer + 1 < h_.layers.size()) idle = loaded(g, layer + 1, 0);
    const index_t next = std::max(retire_ + 1, idle) + 1;
    return last ? std::max(next, fence_ + 2) + 1 : next;
  }

  const hand_image& h_;
  swprune::hw::array_params a_;
  std::deque<index_t> passes_;                      // retires of the layer's last four passes
  index_t retire_ = never, retire_before_ = never;  // e(k), e(k - 1)
  index_t fence_ = never, fence_before_ = never;    // X(k), X(k - 1) of the layer
};

inline index_t hand_cycles(const hand_image& h, const swprune::hw::array_params& a) {
  return hand_timeline(h, a).cycles();
}

}  // namespace swprune_test
