// SPDX-License-Identifier: Apache-2.0
#pragma once

// The registers of swp_top as docs/registers.md says, without an accelerator behind them: a run
// lasts so many accesses and ends as the test wants.

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "swprune/hw/array_params.hpp"
#include "swprune/hw/register_bus.hpp"

namespace swprune_test {

/// What the next run does.
struct fake_run {
  int accesses = 5;  ///< register accesses until it is over
  std::uint32_t error = 0, detail = 0;
  std::uint64_t address = 0;
  std::uint32_t counter = 100;  ///< counter i gets counter + i
  bool hangs = false;           ///< a memory that never answers: an abort does not end it
};

class register_fake : public swprune::hw::register_bus {
 public:
  explicit register_fake(const swprune::hw::array_params& a) {
    set_caps(a);
    reset();
  }

  fake_run next;
  std::vector<std::pair<unsigned, std::uint32_t>> written;

  /// Constants that a test may change: offset to value.
  std::map<unsigned, std::uint32_t> constants{{0x00, 0x31505753}, {0x04, 0x00010100}};

  void reset() {
    rw_.clear();
    counters_.fill(0);
    left_ = 0;
    busy_ = done_ = stopping_ = refused_ = false;
    error_ = irq_status_ = 0;
    address_ = 0;
  }
  [[nodiscard]] bool interrupt() { return (irq_status_ & rw_[0x90]) != 0; }

  [[nodiscard]] std::uint32_t read(unsigned offset) override {
    tick();
    const auto constant = constants.find(offset);
    if (constant != constants.end()) return constant->second;
    if (offset >= 0x40 && offset <= 0x84) return counters_[(offset - 0x40) / 4];
    switch (offset) {
      case 0x1C:
        return std::uint32_t{busy_} | std::uint32_t{done_} << 1 | std::uint32_t{stopping_} << 2 |
               std::uint32_t{refused_} << 3;
      case 0x20:
        return error_;
      case 0x88:
        return static_cast<std::uint32_t>(address_);
      case 0x8C:
        return static_cast<std::uint32_t>(address_ >> 32);
      case 0x94:
        return irq_status_;
      default:
        return mask_of(offset) == 0 ? 0 : rw_[offset];
    }
  }

  void write(unsigned offset, std::uint32_t value) override {
    written.emplace_back(offset, value);
    if (offset == 0x18) {
      command(value);
    } else if (offset == 0x94) {
      irq_status_ &= ~value;
    } else if (mask_of(offset) != 0) {
      rw_[offset] = value & mask_of(offset);
    }
    tick();
  }

 private:
  /// Bits that a RW register has.
  static std::uint32_t mask_of(unsigned offset) {
    switch (offset) {
      case 0x24:
      case 0x2C:
      case 0x34:
      case 0x3C:
        return 0xFFFFFFFF;
      case 0x28:
      case 0x30:
        return 0xFF;
      case 0x38:
        return 0xFFFF;
      case 0x90:
        return 7;
      default:
        return 0;
    }
  }
  static std::uint32_t log2(swprune::index_t v) {
    std::uint32_t n = 0;
    while ((swprune::index_t{1} << n) < v) ++n;
    return n;
  }
  void set_caps(const swprune::hw::array_params& a) {
    const auto u = [](swprune::index_t v) { return static_cast<std::uint32_t>(v); };
    constants[0x08] = u(a.poy) | u(a.pox) << 8 | u(a.pof) << 16 | u(a.chains) << 24;
    constants[0x0C] = u(a.bus_bytes) | log2(a.act_depth) << 8 | log2(a.wgt_depth) << 16;
    constants[0x10] = log2(a.list_depth) | log2(a.param_depth) << 8;
    constants[0x14] = u(a.skip) | u(a.pool) << 1 | 1u << 2 | 2u << 8 |
                      (a.res_depth == 0 ? 0 : log2(a.res_depth) + 1) << 16;
    constants[0x98] = 4u | 4u << 8 | 4u << 16 | 8u << 24;
  }

  void command(std::uint32_t value) {
    if ((value & 2) != 0) {
      if (!busy_) return;
      stopping_ = true;
      run_.error = 13;
      run_.detail = 0;
      run_.address = 0;
      left_ = 3;
    } else if ((value & 1) != 0) {
      if (busy_) {
        refused_ = true;
        irq_status_ |= 4;
        return;
      }
      run_ = next;
      left_ = run_.accesses;
      busy_ = true;
      done_ = refused_ = false;
      error_ = 0;
      address_ = 0;
      counters_.fill(0);
    }
  }

  void tick() {
    if (!busy_ || run_.hangs || --left_ > 0) return;
    busy_ = stopping_ = false;
    done_ = true;
    error_ = run_.error | run_.detail << 8;
    address_ = run_.address;
    irq_status_ |= run_.error == 0 ? 1 : 3;
    for (std::size_t i = 0; i < counters_.size(); ++i)
      counters_[i] = run_.counter + static_cast<std::uint32_t>(i);
  }

  std::map<unsigned, std::uint32_t> rw_;
  std::array<std::uint32_t, 18> counters_{};
  fake_run run_;
  int left_ = 0;
  bool busy_ = false, done_ = false, stopping_ = false, refused_ = false;
  std::uint32_t error_ = 0, irq_status_ = 0;
  std::uint64_t address_ = 0;
};

}  // namespace swprune_test
