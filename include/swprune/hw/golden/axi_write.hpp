// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/hw/device.hpp"
#include "swprune/hw/golden/axi_ports.hpp"

namespace swprune::inline v0::hw::golden {

/// Gathers the core's writes into AXI4 bursts and answers its fences (docs/accelerator-v2.md
/// section 8.2).
class axi_write {
 public:
  axi_write(index_t bus_bytes, index_t burst, index_t outstanding)
      : bus_(static_cast<std::uint64_t>(bus_bytes)),
        burst_(static_cast<std::size_t>(burst)),
        outstanding_(static_cast<std::size_t>(outstanding)) {}

  [[nodiscard]] bool write_ready() const {
    if (!held_) return true;
    const action now = decide();
    return !held_->fence && (now == action::merge || now == action::append) &&
           held_->part + 1 == parts();
  }
  /// The answer to a fence, in this cycle.
  [[nodiscard]] bool fenced() const { return fenced_; }
  /// With the answer: the first bad response since the one before it.
  [[nodiscard]] std::uint8_t error() const { return error_; }
  [[nodiscard]] bool idle() const {
    return !held_ && gathered_.beats.empty() && state_ == state::idle && queue_.empty() && !fenced_;
  }
  /// Bursts and fences without an answer.
  [[nodiscard]] std::size_t open() const { return queue_.size(); }

  [[nodiscard]] axi_burst_address address() const {
    axi_burst_address a;
    a.size = static_cast<std::uint8_t>(std::countr_zero(bus_));
    if (state_ != state::address) return a;
    a.valid = true;
    a.address = sent_.address;
    a.length = static_cast<std::uint8_t>(sent_.beats.size() - 1);
    return a;
  }
  [[nodiscard]] axi_write_data data() const {
    axi_write_data w;
    w.b_ready = queue_.empty() || queue_.front().real;
    if (state_ != state::data) return w;
    w.valid = true;
    w.beat = sent_.beats[beat_];
    w.last = beat_ + 1 == sent_.beats.size();
    return w;
  }

  /// End of a cycle in which the core shows `core`; `flush`: nothing more will come; `start`: a run
  /// begins, errors of the one before it are forgotten.
  void clock(const axi_write_inputs& in, const core_outputs& core, bool flush, bool start) {
    const bool takes = core.wr_valid && write_ready();
    const action now = decide(flush);
    // All decisions are those of the cycle's beginning: answers, then the burst, then the held
    // write, which may push and refill what these have emptied for the next cycle.
    clock_answers(in, start);
    clock_sent(in);
    act(now);
    if (takes) held_ = write{core.wr_addr, core.wr_data, core.wr_strb, core.wr_fence, 0};
  }

 private:
  struct write {
    std::uint64_t address = 0;
    std::array<std::uint8_t, 64> data{};
    std::uint64_t strobes = 0;
    bool fence = false;
    std::uint64_t part = 0;
  };
  struct beats_from {
    std::uint64_t address = 0;
    std::vector<axi_beat> beats;
  };
  struct entry {
    bool real = false;  ///< a burst, else a bare fence
    bool fence = false;
  };
  enum class state : std::uint8_t { idle, address, data };
  /// What a cycle does with the held write and the gathered burst: 1-4 of the specification.
  enum class action : std::uint8_t { none, merge, append, send, send_fence, bare_fence };

  [[nodiscard]] bool room() const { return state_ == state::idle && !full(); }
  [[nodiscard]] bool full() const { return queue_.size() >= outstanding_; }

  /// Beats that the held write touches.
  [[nodiscard]] std::uint64_t parts() const {
    const auto words = static_cast<std::uint64_t>(std::bit_width(held_->strobes) + 3) / 4;
    return words == 0 ? 0 : (held_->address % bus_ + 4 * words + bus_ - 1) / bus_;
  }
  /// Aligned address of the held write's current part.
  [[nodiscard]] std::uint64_t part_address() const {
    return (held_->address - held_->address % bus_ + held_->part * bus_) & address_mask;
  }
  [[nodiscard]] std::uint64_t gathered_address(std::size_t beat) const {
    return (gathered_.address + beat * bus_) & address_mask;
  }

  [[nodiscard]] action decide(bool flush = false) const {
    const std::size_t count = gathered_.beats.size();
    if (!held_) return flush && count > 0 && room() ? action::send : action::none;
    if (held_->part < parts()) return decide_part();
    if (!held_->fence) return action::none;
    if (count == 0) return full() ? action::none : action::bare_fence;
    return room() ? action::send_fence : action::none;
  }
  [[nodiscard]] action decide_part() const {
    const std::size_t count = gathered_.beats.size();
    const std::uint64_t a = part_address();
    if (count > 0 && a == gathered_address(count - 1)) return action::merge;
    if (count == 0 || (a == gathered_address(count) && count < burst_ && a % 4096 != 0))
      return action::append;
    return room() ? action::send : action::none;
  }

  void act(action now) {
    switch (now) {
      case action::none:
        return;
      case action::append:
        if (gathered_.beats.empty()) gathered_.address = part_address();
        gathered_.beats.emplace_back();
        [[fallthrough]];
      case action::merge:
        take_part();
        return;
      case action::send:
        send(false);
        return;
      case action::send_fence:
        send(true);
        held_.reset();
        return;
      case action::bare_fence:
        queue_.push_back({.real = false, .fence = true});
        held_.reset();
        return;
    }
  }

  /// The held write's current part goes into the last gathered beat.
  void take_part() {
    axi_beat& beat = gathered_.beats.back();
    const std::uint64_t lead = held_->address % bus_;
    for (std::uint64_t i = 0; i < bus_; ++i) {
      const std::uint64_t from = held_->part * bus_ + i - lead;  // wraps in front of the write
      if (from >= 64 || (held_->strobes >> from & 1) == 0) continue;
      beat.data[i] = held_->data[from];
      beat.strobes |= std::uint64_t{1} << i;
    }
    ++held_->part;
    if (held_->part == parts() && !held_->fence) held_.reset();
  }

  void send(bool fence) {
    sent_ = std::exchange(gathered_, {});
    state_ = state::address;
    beat_ = 0;
    queue_.push_back({.real = true, .fence = fence});
  }

  void clock_sent(const axi_write_inputs& in) {
    if (state_ == state::address && in.aw_ready) {
      state_ = state::data;
    } else if (state_ == state::data && in.w_ready) {
      ++beat_;
      if (beat_ == sent_.beats.size()) state_ = state::idle;
    }
  }

  void clock_answers(const axi_write_inputs& in, bool start) {
    fenced_ = false;
    error_ = 0;
    if (start) first_error_ = 0;
    if (queue_.empty() || (queue_.front().real && !in.b_valid)) return;
    const entry head = queue_.front();
    queue_.pop_front();
    if (head.real && first_error_ == 0 && in.b_response >= 2) first_error_ = in.b_response;
    if (!head.fence) return;
    fenced_ = true;
    error_ = std::exchange(first_error_, std::uint8_t{0});
  }

  static constexpr std::uint64_t address_mask = (std::uint64_t{1} << 40) - 1;

  std::uint64_t bus_;
  std::size_t burst_;
  std::size_t outstanding_;
  std::optional<write> held_;
  beats_from gathered_;
  beats_from sent_;
  state state_ = state::idle;
  std::size_t beat_ = 0;
  std::deque<entry> queue_;
  bool fenced_ = false;
  std::uint8_t error_ = 0;
  std::uint8_t first_error_ = 0;  ///< werr
};

}  // namespace swprune::inline v0::hw::golden
