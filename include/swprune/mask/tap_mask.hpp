// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::mask {

/// Which taps (kernel positions ky * Nkx + kx) each block of a layer keeps: the lowest level of the
/// hierarchy clusters -> blocks -> taps. A tap is shared by all Bo x Bi kernels of its block, so a
/// serial loop over taps skips it at no routing cost. A default-constructed mask has no table and
/// means that every live block keeps all taps.
class tap_mask {
 public:
  /// Every block keeps all taps.
  tap_mask() = default;

  /// A table [Go x Gi x taps] in which no tap is kept yet. Throws mask_shape unless out_groups >=
  /// 1, in_groups >= 1 and taps >= 1.
  tap_mask(index_t out_groups, index_t in_groups, index_t taps)
      : out_groups_(out_groups), in_groups_(in_groups), taps_(taps) {
    expects(out_groups >= 1 && in_groups >= 1 && taps >= 1, errc::mask_shape,
            "a tap mask needs out_groups >= 1, in_groups >= 1 and taps >= 1, given {} x {} x {}",
            out_groups, in_groups, taps);
    bits_.assign(static_cast<std::size_t>(out_groups * in_groups * taps), 0);
  }

  /// True without a table: every live block keeps all taps.
  [[nodiscard]] bool keeps_all() const { return bits_.empty(); }

  [[nodiscard]] index_t out_groups() const { return out_groups_; }
  [[nodiscard]] index_t in_groups() const { return in_groups_; }
  [[nodiscard]] index_t taps() const { return taps_; }

  /// Throws mask_shape for a place outside the table; always true without one.
  [[nodiscard]] bool test(index_t out_group, index_t in_group, index_t tap) const {
    return keeps_all() || bits_[at(out_group, in_group, tap)] != 0;
  }
  /// Throws mask_shape for a place outside the table, hence always without one.
  void set(index_t out_group, index_t in_group, index_t tap, bool kept = true) {
    bits_[at(out_group, in_group, tap)] = kept ? 1 : 0;
  }

  /// Taps that the table keeps of one block, in [0, taps()]. Throws mask_shape as test().
  [[nodiscard]] index_t count(index_t out_group, index_t in_group) const {
    const auto first = bits_.begin() + static_cast<std::ptrdiff_t>(at(out_group, in_group, 0));
    return std::count(first, first + taps_, std::uint8_t{1});
  }

  /// The table as 0/1 bytes, [Go][Gi][tap]; empty without one.
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bits_; }

  friend bool operator==(const tap_mask&, const tap_mask&) = default;

 private:
  [[nodiscard]] std::size_t at(index_t out_group, index_t in_group, index_t tap) const {
    expects(out_group >= 0 && out_group < out_groups_ && in_group >= 0 && in_group < in_groups_ &&
                tap >= 0 && tap < taps_,
            errc::mask_shape, "tap {} of block ({}, {}) lies outside the {} x {} x {} tap mask",
            tap, out_group, in_group, out_groups_, in_groups_, taps_);
    return static_cast<std::size_t>((out_group * in_groups_ + in_group) * taps_ + tap);
  }

  index_t out_groups_ = 0;
  index_t in_groups_ = 0;
  index_t taps_ = 0;
  std::vector<std::uint8_t> bits_;
};

}  // namespace swprune::inline v0::mask
