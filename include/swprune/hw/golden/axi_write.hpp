// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <utility>

#include "swprune/hw/device.hpp"
#include "swprune/hw/golden/axi_answers.hpp"
#include "swprune/hw/golden/axi_sender.hpp"

namespace swprune::inline v0::hw::golden {

/// Write front: gathers the core's writes into AXI4 bursts and answers its fences
/// (docs/accelerator.md section 13.2).
class axi_write {
 public:
  axi_write(const array_params& a, const axi_params& p)
      : bus_(static_cast<std::uint32_t>(a.bus_bytes)),
        most_beats_(static_cast<std::size_t>(p.wr_burst)),
        sender_(a),
        answers_(p) {}

  /// wr_ready_i of the core: nothing is held, or its last part goes away.
  [[nodiscard]] bool ready() const {
    if (!held_.valid) return true;
    const action now = held_action();
    return !held_.fence && held_.part + 1 == held_.parts &&
           (now == action::merge || now == action::append);
  }
  [[nodiscard]] bool fenced() const { return answers_.fenced(); }
  [[nodiscard]] std::uint8_t error() const { return answers_.error(); }
  /// Everything is written and answered.
  [[nodiscard]] bool idle() const {
    return !held_.valid && gathered_.empty() && sender_.idle() && answers_.idle();
  }

  void show(top_outputs& out) const {
    sender_.show(out);
    out.bready = answers_.response_ready();
  }

  /// End of a cycle. `flush`: nothing more comes, send what is gathered; `clear`: a run starts.
  void clock(const top_inputs& in, const core_outputs& core, bool flush, bool clear) {
    const bool taken = core.wr_valid && ready();
    const action now = held_.valid ? held_action() : idle_action(flush);
    sender_.clock(in);
    answers_.clock(in, clear);
    act(now);
    if (taken) hold(core);
  }

 private:
  enum class action : std::uint8_t { none, merge, append, send, send_fence, push_fence };

  /// H: the write that was taken last, gone part by part.
  struct held_write {
    bool valid = false;
    std::uint64_t address = 0;
    axi_beat words;  ///< data and strobes from `address` on
    bool fence = false;
    std::uint32_t part = 0, parts = 0;
  };

  [[nodiscard]] bool room() const { return sender_.idle() && !answers_.full(); }

  /// Address of the aligned beat that the next part lies in.
  [[nodiscard]] std::uint64_t part_address() const {
    return (held_.address - held_.address % bus_ + std::uint64_t{held_.part} * bus_) &
           axi_address_mask;
  }

  [[nodiscard]] action held_action() const {
    if (held_.part == held_.parts) return fence_action();
    const std::uint64_t at = part_address();
    const std::size_t count = gathered_.beats.size();
    if (count == 0) return action::append;
    if (at == gathered_.beat_address(count - 1, bus_)) return action::merge;
    if (at == gathered_.beat_address(count, bus_) && count < most_beats_ && at % axi_page != 0)
      return action::append;
    return room() ? action::send : action::none;
  }

  [[nodiscard]] action fence_action() const {
    if (!gathered_.empty()) return room() ? action::send_fence : action::none;
    return answers_.full() ? action::none : action::push_fence;
  }

  [[nodiscard]] action idle_action(bool flush) const {
    return flush && !gathered_.empty() && room() ? action::send : action::none;
  }

  void act(action now) {
    switch (now) {
      case action::none:
        break;
      case action::append:
        if (gathered_.empty()) gathered_.address = part_address();
        gathered_.beats.emplace_back();
        [[fallthrough]];
      case action::merge:
        put_part(gathered_.beats.back());
        break;
      case action::send:
        send(false);
        break;
      case action::send_fence:
        send(true);
        held_.valid = false;
        break;
      case action::push_fence:
        answers_.push(false, true);
        held_.valid = false;
        break;
    }
  }

  void send(bool fence) {
    sender_.send(std::exchange(gathered_, {}));
    answers_.push(true, fence);
  }

  /// The bytes of the next part replace those of the beat.
  void put_part(axi_beat& beat) {
    const std::uint64_t at = part_address();
    for (std::uint32_t i = 0; i < bus_; ++i) {
      const std::uint64_t byte = (at + i - held_.address) & axi_address_mask;
      if (byte >= 64 || (held_.words.strobes >> byte & 1) == 0) continue;
      beat.data[i] = held_.words.data[byte];
      beat.strobes |= std::uint64_t{1} << i;
    }
    if (++held_.part == held_.parts && !held_.fence) held_.valid = false;
  }

  void hold(const core_outputs& core) {
    held_ = {.valid = true,
             .address = core.wr_addr,
             .words = {core.wr_data, core.wr_strb},
             .fence = core.wr_fence};
    if (core.wr_strb == 0) return;  // a bare fence has no part
    const std::uint32_t words = static_cast<std::uint32_t>(std::bit_width(core.wr_strb) + 3) / 4;
    const auto lead = static_cast<std::uint32_t>(core.wr_addr % bus_);
    held_.parts = (lead + 4 * words + bus_ - 1) / bus_;
  }

  std::uint32_t bus_;
  std::size_t most_beats_;
  held_write held_;
  axi_burst gathered_;  ///< G
  axi_sender sender_;
  axi_answers answers_;
};

}  // namespace swprune::inline v0::hw::golden
