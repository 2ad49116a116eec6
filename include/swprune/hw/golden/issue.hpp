// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/hw/golden/uop.hpp"
#include "swprune/hw/golden/walker.hpp"

namespace swprune::inline v0::hw::golden {

/// Expands an entry into its micro-ops: ci, ky, kx (fastest), and keeps the weight address
/// (docs/accelerator.md section 4).
class issue {
 public:
  /// StepGo: the next micro-op is the first of a pass at weight address 0.
  void start() { *this = issue(); }

  /// The micro-op that leaves in this cycle; its `valid` is false when nothing does.
  [[nodiscard]] uop current(const walker& w, const layer_regs& layer, const step_regs& step,
                            bool en) const {
    if (!w.entry_valid() || !en) return {};
    const list_entry& e = w.entry();
    const bool last = e.last && take(w, layer);
    return {.valid = true,
            .first = first_,
            .last = last,
            .end = last && w.last_pass(step),
            .null = e.null,
            .slot = e.slot,
            .ci = ci_,
            .ky = ky_,
            .kx = kx_,
            .weight_address = e.null ? 0 : weight_address_,
            .r = w.r(),
            .sy = w.sy(),
            .sx = w.sx()};
  }

  /// True when the entry's next micro-op is its last one.
  [[nodiscard]] bool take(const walker& w, const layer_regs& layer) const {
    const list_entry& e = w.entry();
    return e.null ||
           (ci_ + 1 == e.channels && ky_ + 1 == layer.kernel_h && kx_ + 1 == layer.kernel_w);
  }

  /// Of the pass that `u` ends: blocks and micro-ops that the layer's structure has and the row has
  /// not.
  struct skipped_work {
    std::uint32_t blocks = 0, uops = 0;
  };
  [[nodiscard]] skipped_work skipped(const uop& u, const layer_regs& layer) const {
    const auto beyond = [](std::uint32_t all, std::uint32_t done) {
      return all > done ? all - done : 0;
    };
    const std::uint32_t own = u.null ? 0 : 1;
    return {beyond(layer.in_groups, pass_blocks_ + own), beyond(layer.row_uops, pass_uops_ + own)};
  }

  /// End of a cycle in which `u` left. Called before the walker moves.
  void clock(const uop& u, const walker& w, const layer_regs& layer, const step_regs& step) {
    const bool taken = take(w, layer);
    first_ = u.last;
    if (!u.null) ++weight_address_;
    count_work(u, taken);
    if (u.last) {
      if (w.last_sub_tile(step))
        row_weight_ = weight_address_;
      else
        weight_address_ = row_weight_;
    }
    if (taken)
      ci_ = ky_ = kx_ = 0;
    else
      count(layer);
  }

 private:
  void count_work(const uop& u, bool taken) {
    pass_uops_ = u.last ? 0 : pass_uops_ + !u.null;
    pass_blocks_ = u.last ? 0 : pass_blocks_ + (taken && !u.null);
  }

  void count(const layer_regs& layer) {
    if (kx_ + 1 != layer.kernel_w) {
      ++kx_;
      return;
    }
    kx_ = 0;
    if (ky_ + 1 != layer.kernel_h) {
      ++ky_;
      return;
    }
    ky_ = 0;
    ++ci_;
  }

  bool first_ = true;
  std::uint32_t ci_ = 0, ky_ = 0, kx_ = 0;
  std::uint32_t weight_address_ = 0, row_weight_ = 0;
  std::uint32_t pass_uops_ = 0, pass_blocks_ = 0;  ///< of the pass so far, null ones left out
};

}  // namespace swprune::inline v0::hw::golden
