// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "swprune/hw/array_params.hpp"

namespace swprune::inline v0::hw::golden {

/// Requantisation of one channel (docs/formats.md section 5).
struct channel_params {
  std::int32_t bias = 0;
  std::int16_t multiplier = 0;
  std::uint8_t shift = 0;
};

/// Parameter records, two halves of ParamDepth output groups.
class param_buffer {
 public:
  explicit param_buffer(const array_params& a)
      : pof_(static_cast<std::uint32_t>(a.pof)),
        depth_(static_cast<std::uint32_t>(a.param_depth)),
        records_(static_cast<std::size_t>(2 * a.param_depth * a.pof)) {}

  /// Writes 32-bit word `index` of the chunk's parameter stream; groups modulo ParamDepth.
  void write(bool half, std::uint32_t index, std::uint32_t value) {
    const std::uint32_t record = index / 3;
    channel_params& channel = records_[at(half, record / pof_) + record % pof_];
    if (index % 3 == 0) channel.bias = static_cast<std::int32_t>(value);
    if (index % 3 == 1) {
      channel.multiplier = static_cast<std::int16_t>(value & 0xffff);
      channel.shift = static_cast<std::uint8_t>((value >> 16) & 0xff);
    }
  }

  /// The Pof records of one output group of the chunk.
  [[nodiscard]] const channel_params* read(bool half, std::uint32_t group) const {
    return records_.data() + at(half, group);
  }

 private:
  [[nodiscard]] std::size_t at(bool half, std::uint32_t group) const {
    return (static_cast<std::size_t>(half ? depth_ : 0) + (group & (depth_ - 1))) * pof_;
  }

  std::uint32_t pof_;
  std::uint32_t depth_;
  std::vector<channel_params> records_;
};

}  // namespace swprune::inline v0::hw::golden
