// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "swprune/hw/array_params.hpp"

namespace swprune::inline v0::hw::golden {

/// Words of Pof signed bytes, two halves of WgtDepth.
class weight_buffer {
 public:
  explicit weight_buffer(const array_params& a)
      : pof_(static_cast<std::uint32_t>(a.pof)),
        depth_(static_cast<std::uint32_t>(a.wgt_depth)),
        values_(static_cast<std::size_t>(2 * a.wgt_depth * a.pof)) {}

  /// Writes the B / Pof words of one beat from `address` on, modulo WgtDepth.
  void write_beat(bool half, std::uint32_t address, std::span<const std::uint8_t> beat) {
    for (std::size_t i = 0; i < beat.size(); ++i)
      values_[at(half, address + static_cast<std::uint32_t>(i) / pof_) + i % pof_] =
          static_cast<std::int8_t>(beat[i]);
  }

  /// The Pof weights of one address.
  void read(bool half, std::uint32_t address, std::int16_t* out) const {
    const std::int8_t* word = values_.data() + at(half, address);
    for (std::uint32_t f = 0; f < pof_; ++f) out[f] = word[f];
  }

 private:
  [[nodiscard]] std::size_t at(bool half, std::uint32_t address) const {
    return (static_cast<std::size_t>(half ? depth_ : 0) + (address & (depth_ - 1))) * pof_;
  }

  std::uint32_t pof_;
  std::uint32_t depth_;
  std::vector<std::int8_t> values_;
};

}  // namespace swprune::inline v0::hw::golden
