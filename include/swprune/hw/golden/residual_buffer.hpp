// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "swprune/hw/array_params.hpp"

namespace swprune::inline v0::hw::golden {

/// The residual of a step's passes in the order in which the drain shows it, two halves of ResDepth
/// passes (docs/accelerator.md section 5.2): one word of four channels per pixel and c4.
class residual_buffer {
 public:
  explicit residual_buffer(const array_params& a)
      : chains_(static_cast<std::uint32_t>(a.chains)),
        words_(static_cast<std::uint32_t>(a.pof / 4)),
        drain_cycles_(static_cast<std::uint32_t>(a.drain_cycles())),
        depth_(static_cast<std::uint32_t>(a.res_depth) * drain_cycles_),
        cells_(2 * static_cast<std::size_t>(depth_) * chains_ * words_) {}

  /// Writes the word of pass `n`, pixel `pixel` (row-major), channel word `c4`.
  void write(bool half, std::uint32_t n, std::uint32_t pixel, std::uint32_t c4,
             std::uint32_t word) {
    if (depth_ == 0) return;
    cells_[at(half, n * drain_cycles_ + pixel / chains_, pixel % chains_, c4)] = word;
  }

  /// Byte of channel `channel` (0 .. Pof - 1) of lane `lane` in the cycle in which the drain shows
  /// group `t` of pass `n`.
  [[nodiscard]] std::uint8_t read(bool half, std::uint32_t n, std::uint32_t t, std::uint32_t lane,
                                  std::uint32_t channel) const {
    if (depth_ == 0) return 0;
    const std::uint32_t word = cells_[at(half, n * drain_cycles_ + t, lane, channel / 4)];
    return static_cast<std::uint8_t>(word >> (8 * (channel % 4)) & 0xff);
  }

 private:
  [[nodiscard]] std::size_t at(bool half, std::uint32_t address, std::uint32_t lane,
                               std::uint32_t c4) const {
    const std::size_t place = (half ? depth_ : 0) + (address & (depth_ - 1));
    return (place * chains_ + lane) * words_ + c4;
  }

  std::uint32_t chains_;
  std::uint32_t words_;  ///< Pof / 4
  std::uint32_t drain_cycles_;
  std::uint32_t depth_;  ///< words of a lane and c4 in one half; a power of two, or 0
  std::vector<std::uint32_t> cells_;
};

}  // namespace swprune::inline v0::hw::golden
