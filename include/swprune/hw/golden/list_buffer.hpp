// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "swprune/hw/array_params.hpp"

namespace swprune::inline v0::hw::golden {

/// One entry of a row: a live block, or the null entry of an empty row.
struct list_entry {
  std::uint32_t slot = 0;
  std::uint32_t channels = 1;
  bool null = false;
  bool last = false;
};

/// Index lists, two halves of ListDepth 16-bit entries (docs/formats.md section 5).
class list_buffer {
 public:
  explicit list_buffer(const array_params& a)
      : depth_(static_cast<std::uint32_t>(a.list_depth)),
        entries_(static_cast<std::size_t>(2 * a.list_depth)) {}

  void write(bool half, std::uint32_t address, std::uint16_t value) {
    entries_[at(half, address)] = value;
  }

  [[nodiscard]] list_entry read(bool half, std::uint32_t address) const {
    const std::uint32_t value = entries_[at(half, address)];
    return {.slot = value & 0xfff,
            .channels = ((value >> 12) & 3) + 1,
            .null = ((value >> 14) & 1) != 0,
            .last = ((value >> 15) & 1) != 0};
  }

 private:
  [[nodiscard]] std::size_t at(bool half, std::uint32_t address) const {
    return static_cast<std::size_t>(half ? depth_ : 0) + (address & (depth_ - 1));
  }

  std::uint32_t depth_;
  std::vector<std::uint16_t> entries_;
};

}  // namespace swprune::inline v0::hw::golden
