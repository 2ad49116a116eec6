// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/mask/allocate_params.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/ring_order.hpp"
#include "swprune/mask/taps.hpp"

namespace swprune::inline v0::mask::detail {

/// A layer seen as what can be kept of it. Unstructured: its blocks are single weights.
class prunable_layer {
 public:
  prunable_layer(const layer_spec& l, const allocate_params& p)
      : spec_(&l), order_(p.order), single_(p.unstructured && !l.keep_dense) {
    block_ = single_ ? block_shape{1, 1} : p.block;
    taps_ = l.kernel_height * l.kernel_width;
    kept_taps_ = l.keep_dense ? taps_ : kept_tap_count(taps_, p.tap_density);
    if (l.keep_dense || single_) return;
    fewest_ = fewest_blocks(p);
  }

  [[nodiscard]] const layer_spec& spec() const { return *spec_; }
  [[nodiscard]] index_t out_groups() const { return ceil_div(spec_->out_channels, block_.outputs); }
  [[nodiscard]] index_t in_groups() const { return ceil_div(spec_->in_channels, block_.inputs); }
  [[nodiscard]] index_t taps() const { return taps_; }
  [[nodiscard]] index_t kept_taps() const { return kept_taps_; }
  [[nodiscard]] index_t blocks() const { return out_groups() * in_groups(); }
  /// Blocks that coverage needs: a use for every input group in equal rows (strict) or in rows that
  /// differ by one (exact), or one block in every row (allow_uncovered).
  [[nodiscard]] index_t fewest_blocks() const { return fewest_; }
  /// Weights of a whole block, on its kept taps.
  [[nodiscard]] index_t block_weights() const {
    return block_.outputs * block_.inputs * kept_taps_;
  }
  /// Weights that all blocks keep on their kept taps.
  [[nodiscard]] index_t most_weights() const { return spec_->weights() / taps_ * kept_taps_; }

  /// Weights that a lattice of that many blocks keeps, padding of incomplete groups not counted.
  /// Switches keep row and column degrees, so a small-world mask keeps the same; only where both
  /// the last output group and the last input group are incomplete can it differ, by the missing
  /// corner of one block.
  [[nodiscard]] index_t kept_weights(index_t blocks) const {
    const graph::biregular_params size{.out_nodes = out_groups(),
                                       .in_nodes = in_groups(),
                                       .degree = blocks / out_groups(),
                                       .extra_rows = blocks % out_groups()};
    const index_t absent_out = size.out_nodes * block_.outputs - spec_->out_channels;
    const index_t absent_in = size.in_nodes * block_.inputs - spec_->in_channels;
    index_t channels = block_.outputs * block_.inputs * blocks -
                       absent_out * block_.inputs * size.row_degree(size.out_nodes - 1);
    if (absent_in > 0)
      for (const index_t j : rows_of_last_input(size))
        channels -= absent_in * (block_.outputs - (j == size.out_nodes - 1 ? absent_out : 0));
    return channels * kept_taps_;
  }

 private:
  [[nodiscard]] index_t fewest_blocks(const allocate_params& p) const {
    const index_t go = out_groups();
    const index_t gi = in_groups();
    if (p.allow_uncovered) return go;
    return p.mode == degree_mode::exact ? std::max(go, gi) : ceil_div(gi, go) * go;
  }

  /// Output groups of the lattice that use the last input group.
  [[nodiscard]] std::vector<index_t> rows_of_last_input(const graph::biregular_params& size) const {
    const index_t last = size.in_nodes - 1;
    const index_t stride = order_ == ring_order::aligned ? 1 : interleave_stride(size.in_nodes);
    const index_t position = last * stride % size.in_nodes;
    const graph::bipartite lattice = graph::bipartite_lattice(size);
    std::vector<index_t> rows;
    for (index_t j = 0; j < size.out_nodes; ++j)
      if (lattice.has_edge(j, position)) rows.push_back(j);
    return rows;
  }

  const layer_spec* spec_;
  block_shape block_{};
  ring_order order_;
  bool single_;
  index_t taps_ = 1;
  index_t kept_taps_ = 1;
  index_t fewest_ = 0;
};

}  // namespace swprune::inline v0::mask::detail
