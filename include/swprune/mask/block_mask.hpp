// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::mask {

/// Which blocks of a layer exist: a 0/1 grid of output groups (rows, Go) x input groups (columns,
/// Gi). An absent block has no storage anywhere downstream, hence no gradient, momentum or byte.
class block_mask {
 public:
  /// All blocks absent. out_groups >= 1, in_groups >= 1.
  block_mask(index_t out_groups, index_t in_groups)
      : out_groups_(out_groups), in_groups_(in_groups) {
    expects(out_groups >= 1 && in_groups >= 1, errc::mask_shape,
            "a block mask needs out_groups >= 1 and in_groups >= 1, given {} x {}", out_groups,
            in_groups);
    bits_.assign(static_cast<std::size_t>(out_groups * in_groups), 0);
  }

  /// All blocks present.
  [[nodiscard]] static block_mask dense(index_t out_groups, index_t in_groups) {
    block_mask m(out_groups, in_groups);
    std::fill(m.bits_.begin(), m.bits_.end(), std::uint8_t{1});
    return m;
  }

  [[nodiscard]] index_t out_groups() const { return out_groups_; }
  [[nodiscard]] index_t in_groups() const { return in_groups_; }

  [[nodiscard]] bool test(index_t out_group, index_t in_group) const {
    return bits_[at(out_group, in_group)] != 0;
  }
  void set(index_t out_group, index_t in_group, bool present = true) {
    bits_[at(out_group, in_group)] = present ? 1 : 0;
  }

  /// Input groups of the live blocks of one row, ascending.
  [[nodiscard]] std::vector<index_t> row(index_t out_group) const {
    std::vector<index_t> live;
    for (index_t i = 0; i < in_groups_; ++i)
      if (test(out_group, i)) live.push_back(i);
    return live;
  }

  [[nodiscard]] index_t row_degree(index_t out_group) const {
    index_t n = 0;
    for (index_t i = 0; i < in_groups_; ++i) n += test(out_group, i);
    return n;
  }
  [[nodiscard]] index_t column_degree(index_t in_group) const {
    index_t n = 0;
    for (index_t j = 0; j < out_groups_; ++j) n += test(j, in_group);
    return n;
  }

  /// Number of live blocks.
  [[nodiscard]] index_t count() const {
    return std::count(bits_.begin(), bits_.end(), std::uint8_t{1});
  }
  /// Live blocks / blocks, in [0, 1].
  [[nodiscard]] double density() const {
    return static_cast<double>(count()) / static_cast<double>(bits_.size());
  }

  /// Row-major 0/1 bytes, [Go x Gi]: what mask files hold.
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bits_; }

  friend bool operator==(const block_mask&, const block_mask&) = default;

 private:
  [[nodiscard]] std::size_t at(index_t out_group, index_t in_group) const {
    expects(out_group >= 0 && out_group < out_groups_ && in_group >= 0 && in_group < in_groups_,
            errc::mask_shape, "block ({}, {}) lies outside the {} x {} mask", out_group, in_group,
            out_groups_, in_groups_);
    return static_cast<std::size_t>(out_group * in_groups_ + in_group);
  }

  index_t out_groups_;
  index_t in_groups_;
  std::vector<std::uint8_t> bits_;
};

}  // namespace swprune::inline v0::mask
