// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/mask/layer_mask.hpp"

namespace swprune::inline v0::quant {

/// Places of weights in the storage of the integer model and the accelerator, which has whole
/// blocks: row, live block ascending, ci, ky, kx (absent taps too), Bo output channels.
class whole_blocks {
 public:
  explicit whole_blocks(const mask::layer_mask& m)
      : block_(m.block),
        in_groups_(m.in_groups()),
        taps_(m.taps()),
        first_(static_cast<std::size_t>(m.out_groups() * in_groups_), -1) {
    for (index_t j = 0; j < m.out_groups(); ++j)
      for (const index_t i : m.blocks.row(j)) {
        first_[static_cast<std::size_t>(j * in_groups_ + i)] = size_;
        size_ += m.inputs_of(i) * taps_ * block_.outputs;
      }
  }

  /// Weights stored, padding of a last output group included.
  [[nodiscard]] index_t size() const { return size_; }

  /// Where weight (output, input, tap) is; its block must live.
  [[nodiscard]] std::size_t at(index_t output, index_t input, index_t tap) const {
    const index_t block = output / block_.outputs * in_groups_ + input / block_.inputs;
    const index_t word = input % block_.inputs * taps_ + tap;
    return static_cast<std::size_t>(first_[static_cast<std::size_t>(block)] +
                                    word * block_.outputs + output % block_.outputs);
  }

 private:
  mask::block_shape block_;
  index_t in_groups_;
  index_t taps_;
  index_t size_ = 0;
  std::vector<index_t> first_;  ///< [Go x Gi], -1 for absent blocks
};

}  // namespace swprune::inline v0::quant
