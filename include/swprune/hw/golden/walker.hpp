// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/hw/golden/list_buffer.hpp"
#include "swprune/hw/golden/step_regs.hpp"

namespace swprune::inline v0::hw::golden {

/// Walks the rows of a chunk over the sub-tiles of a strip: rows outermost, then sy, then sx, then
/// the entries of the row (docs/accelerator.md section 4).
class walker {
 public:
  explicit walker(const array_params& a) : skip_(a.skip) {}

  /// StepGo: at the end of the cycle the walker is active at the first row.
  void start() {
    *this = walker(skip_);
    active_ = true;
  }

  /// End of a cycle with `en`. `take`: the cycle issued the entry's last micro-op.
  void clock(bool take, const list_buffer& list, bool half, const step_regs& step) {
    if (!active_) return;
    if (!entry_valid_) {
      entry_valid_ = true;
      entry_ = fetch(list, half, step);
    } else if (take) {
      if (!advance(step)) return;
      entry_ = fetch(list, half, step);
    }
  }

  /// Stop: what is left is not walked.
  void stop() { active_ = entry_valid_ = false; }

  [[nodiscard]] bool active() const { return active_; }
  [[nodiscard]] bool entry_valid() const { return entry_valid_; }
  [[nodiscard]] const list_entry& entry() const { return entry_; }
  [[nodiscard]] std::uint32_t r() const { return r_; }
  [[nodiscard]] std::uint32_t sy() const { return sy_; }
  [[nodiscard]] std::uint32_t sx() const { return sx_; }

  /// True when the strip has no sub-tile after this one.
  [[nodiscard]] bool last_sub_tile(const step_regs& step) const {
    return sy_ + 1 >= step.sub_rows && sx_ + 1 >= step.sub_cols;
  }
  /// True when the step has no pass after this one.
  [[nodiscard]] bool last_pass(const step_regs& step) const {
    return last_sub_tile(step) && r_ + 1 >= step.rows;
  }

 private:
  explicit walker(bool skip) : skip_(skip) {}

  [[nodiscard]] list_entry fetch(const list_buffer& list, bool half, const step_regs& step) const {
    if (skip_) return list.read(half, list_address_);
    // Counted, not stored: list_address_ is the slot. No slots: the row is empty.
    if (step.slots == 0) return {.slot = 0, .channels = 1, .null = true, .last = true};
    const bool last = list_address_ + 1 == step.slots;
    return {.slot = list_address_ & 0xfff,
            .channels = last ? step.last_channels : 4,
            .null = false,
            .last = last};
  }

  /// Moves to the entry after the taken one; false when there is none.
  bool advance(const step_regs& step) {
    if (!entry_.last) {
      ++list_address_;
      return true;
    }
    if (!last_sub_tile(step)) {
      list_address_ = row_start_;
      next_sub_tile(step);
      return true;
    }
    if (last_pass(step)) {
      active_ = entry_valid_ = false;
      return false;
    }
    ++r_;
    sy_ = sx_ = 0;
    row_start_ = skip_ ? list_address_ + 1 : 0;
    list_address_ = row_start_;
    return true;
  }

  void next_sub_tile(const step_regs& step) {
    if (sx_ + 1 < step.sub_cols) {
      ++sx_;
    } else {
      sx_ = 0;
      ++sy_;
    }
  }

  bool skip_;
  bool active_ = false;
  bool entry_valid_ = false;
  list_entry entry_;
  std::uint32_t r_ = 0, sy_ = 0, sx_ = 0;
  std::uint32_t list_address_ = 0, row_start_ = 0;
};

}  // namespace swprune::inline v0::hw::golden
