// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

#include "swprune/hw/top_device.hpp"

namespace swprune::inline v0::hw::golden {

/// Write bursts and fences that wait for an answer, in order, and the answers that the core gets
/// (docs/accelerator.md section 13.2, the queue).
class axi_answers {
 public:
  explicit axi_answers(const axi_params& p) : most_(static_cast<std::size_t>(p.wr_outstanding)) {}

  [[nodiscard]] bool full() const { return queue_.size() == most_; }
  /// wr_fenced_i of the core: all that was written up to a fence is in memory.
  [[nodiscard]] bool fenced() const { return fenced_; }
  /// wr_error_i: how a write since the last answer failed, or 0.
  [[nodiscard]] std::uint8_t error() const { return fenced_error_; }
  [[nodiscard]] bool idle() const { return queue_.empty() && !fenced_; }
  /// A fence without a burst is answered first: the next response is for what lies behind it.
  [[nodiscard]] bool response_ready() const { return queue_.empty() || queue_.front().burst; }

  /// Behind clock(): what is pushed in a cycle is not popped in it.
  void push(bool burst, bool fence) { queue_.push_back({burst, fence}); }

  /// End of a cycle. `clear`: forget how writes of the last run failed.
  void clock(const top_inputs& in, bool clear) {
    fenced_ = false;
    fenced_error_ = 0;
    if (!queue_.empty() && (!queue_.front().burst || in.bvalid)) pop(in.bresp);
    if (clear) error_ = 0;
  }

 private:
  struct entry {
    bool burst;  ///< has a response of its own
    bool fence;
  };

  void pop(std::uint8_t response) {
    const entry e = queue_.front();
    queue_.pop_front();
    if (e.burst && error_ == 0 && response >= 2) error_ = response;
    if (!e.fence) return;
    fenced_ = true;
    fenced_error_ = error_;
    error_ = 0;
  }

  std::size_t most_;
  std::deque<entry> queue_;
  std::uint8_t error_ = 0;  ///< werr: the first one since the last answer
  bool fenced_ = false;
  std::uint8_t fenced_error_ = 0;
};

}  // namespace swprune::inline v0::hw::golden
