// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "swprune/hw/array_params.hpp"

namespace swprune::inline v0::hw::golden {

/// The output-stationary array: one 32-bit accumulator and one shadow register per pixel and
/// channel. Stored channel by channel, so that one weight meets a contiguous row of pixels.
class pe_array {
 public:
  explicit pe_array(const array_params& a)
      : pixels_(static_cast<std::size_t>(a.pixels())),
        pof_(static_cast<std::size_t>(a.pof)),
        acc_(pixels_ * pof_),
        shadow_(pixels_ * pof_) {}

  /// End of a P4 cycle: acc <= (first ? 0 : acc) + activation * weight, wrapping at 32 bits.
  void accumulate(const std::int16_t* activations, const std::int16_t* weights, bool first) {
    for (std::size_t f = 0; f < pof_; ++f) {
      const std::int16_t w = weights[f];
      std::uint32_t* acc = acc_.data() + f * pixels_;
      if (first)
        load(acc, activations, w);
      else
        add(acc, activations, w);
    }
  }

  /// Same edge, for a `last`: the shadow registers take the sums. The accumulators keep nothing
  /// that is used: the next micro-op is a `first`.
  void retire() { std::swap(acc_, shadow_); }

  /// Accumulator of pixel (row-major) and channel as the drain chains show it.
  [[nodiscard]] std::int32_t shadow(std::size_t pixel, std::size_t channel) const {
    return static_cast<std::int32_t>(shadow_[channel * pixels_ + pixel]);
  }

 private:
  void load(std::uint32_t* acc, const std::int16_t* a, std::int16_t w) const {
    for (std::size_t p = 0; p < pixels_; ++p) acc[p] = static_cast<std::uint32_t>(a[p] * w);
  }
  void add(std::uint32_t* acc, const std::int16_t* a, std::int16_t w) const {
    for (std::size_t p = 0; p < pixels_; ++p) acc[p] += static_cast<std::uint32_t>(a[p] * w);
  }

  std::size_t pixels_;
  std::size_t pof_;
  std::vector<std::uint32_t> acc_;
  std::vector<std::uint32_t> shadow_;
};

}  // namespace swprune::inline v0::hw::golden
