// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "swprune/hw/array_params.hpp"
#include "swprune/hw/golden/uop.hpp"

namespace swprune::inline v0::hw::golden {

/// Stage registers P1 .. P4 with the operands that travel along. The operands are kept in place
/// and the stages rotate round them, so that a cycle moves no data.
class pipeline {
 public:
  explicit pipeline(const array_params& a)
      : pixels_(static_cast<std::size_t>(a.pixels())),
        pof_(static_cast<std::size_t>(a.pof)),
        activations_(stages * pixels_),
        weights_(stages * pof_) {}

  /// Micro-op in stage P<n>, n = 1 .. 4.
  [[nodiscard]] const uop& stage(std::size_t n) const { return ops_[place(n)]; }
  /// Operands of the micro-op in stage P<n>: Poy * Pox activations, Pof weights.
  [[nodiscard]] std::int16_t* activations(std::size_t n) {
    return activations_.data() + place(n) * pixels_;
  }
  [[nodiscard]] std::int16_t* weights(std::size_t n) { return weights_.data() + place(n) * pof_; }

  [[nodiscard]] bool empty() const {
    for (const uop& u : ops_)
      if (u.valid) return false;
    return true;
  }

  /// Stop: the micro-ops on their way are lost.
  void clear() {
    for (uop& u : ops_) u.valid = false;
  }

  /// End of a cycle with `en`: every stage moves on, `issued` enters P1, P4 leaves.
  void clock(const uop& issued) {
    head_ = (head_ + stages - 1) % stages;
    ops_[head_] = issued;
  }

 private:
  static constexpr std::size_t stages = 4;
  [[nodiscard]] std::size_t place(std::size_t n) const { return (head_ + n - 1) % stages; }

  std::size_t pixels_;
  std::size_t pof_;
  std::size_t head_ = 0;
  std::array<uop, stages> ops_{};
  std::vector<std::int16_t> activations_;
  std::vector<std::int16_t> weights_;
};

}  // namespace swprune::inline v0::hw::golden
