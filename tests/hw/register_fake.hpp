// SPDX-License-Identifier: Apache-2.0
#pragma once

// The accelerator's registers and nothing behind them, written from docs/registers.md with that
// page's numbers, for tests of drivers: a run takes some accesses and ends as the test says.

#include <cstdint>
#include <map>
#include <vector>

#include "swprune/hw/driver.hpp"

namespace swprune_test {

class register_fake : public swprune::hw::register_bus {
 public:
  /// CAP0 .. CAP4 are constants that a test may set; these are those of 2x2x4.
  std::map<std::uint32_t, std::uint32_t> constants{
      {0x00, 0x31505753}, {0x04, 0x00010100}, {0x08, 0x01040202}, {0x0C, 0x00080608},
      {0x10, 0x00000206}, {0x14, 0x00040207}, {0x98, 0x08040404}};

  std::uint64_t run_accesses = 10;  ///< how long a run takes
  std::uint32_t end_code = 0, end_detail = 0;
  std::uint64_t end_address = 0;
  bool answers_abort = true;
  std::vector<std::uint32_t> writes;  ///< offsets, in order
  std::uint64_t relaxed = 0;

  [[nodiscard]] bool interrupt() const { return (irq_status_ & at(0x90)) != 0; }
  [[nodiscard]] std::uint32_t at(std::uint32_t offset) const {
    const auto found = values_.find(offset);
    return found == values_.end() ? 0 : found->second;
  }
  /// As a reset of the hardware.
  void reset() {
    values_.clear();
    busy_ = done_ = refused_ = aborted_ = false;
    irq_status_ = 0;
  }

  std::uint32_t read(std::uint32_t offset) override {
    pass_time();
    if (const auto c = constants.find(offset); c != constants.end()) return c->second;
    switch (offset) {
      case 0x18:
        return 0;
      case 0x1C:
        return (busy_ ? 1u : 0u) | (done_ ? 2u : 0u) | (busy_ && aborted_ ? 4u : 0u) |
               (refused_ ? 8u : 0u);
      case 0x94:
        return irq_status_;
      default:
        return at(offset);
    }
  }

  void write(std::uint32_t offset, std::uint32_t value) override {
    pass_time();
    writes.push_back(offset);
    if (offset == 0x18) command(value);
    if (offset == 0x94) irq_status_ &= ~value;
    static const std::map<std::uint32_t, std::uint32_t> writable{
        {0x24, ~0u}, {0x28, 0xFF},   {0x2C, ~0u}, {0x30, 0xFF},
        {0x34, ~0u}, {0x38, 0xFFFF}, {0x3C, ~0u}, {0x90, 7}};
    if (const auto w = writable.find(offset); w != writable.end())
      values_[offset] = value & w->second;
  }

  void relax() override { ++relaxed; }

 private:
  void command(std::uint32_t value) {
    if ((value & 2) != 0) {  // start in the same write is not looked at
      aborted_ = busy_ && answers_abort;
      if (aborted_) left_ = 3;
    } else if ((value & 1) != 0 && busy_) {
      refused_ = true;
      irq_status_ |= 4;
    } else if ((value & 1) != 0) {
      busy_ = true;
      done_ = refused_ = aborted_ = false;
      left_ = run_accesses;
      for (const std::uint32_t error : {0x20u, 0x88u, 0x8Cu}) values_[error] = 0;
      for (std::uint32_t counter = 0x40; counter <= 0x84; counter += 4) values_[counter] = 0;
    }
  }

  void pass_time() {
    if (!busy_ || left_-- > 0) return;
    busy_ = false;
    done_ = true;
    end(aborted_ ? 13 : end_code, aborted_ ? 0 : end_detail, aborted_ ? 0 : end_address);
    for (std::uint32_t counter = 0x40; counter <= 0x84; counter += 4)
      values_[counter] = 1000 + counter;
  }

  void end(std::uint32_t code, std::uint32_t detail, std::uint64_t address) {
    values_[0x20] = code | detail << 8;
    values_[0x88] = static_cast<std::uint32_t>(address);
    values_[0x8C] = static_cast<std::uint32_t>(address >> 32);
    irq_status_ |= code != 0 ? 3 : 1;
  }

  std::map<std::uint32_t, std::uint32_t> values_;
  bool busy_ = false, done_ = false, refused_ = false, aborted_ = false;
  std::uint64_t left_ = 0;
  std::uint32_t irq_status_ = 0;
};

}  // namespace swprune_test
