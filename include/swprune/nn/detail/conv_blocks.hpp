// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/layer_mask.hpp"

namespace swprune::inline v0::nn::detail {

/// One block that exists, with the channels it really has and the taps it keeps.
struct live_block {
  index_t first_output = 0;
  index_t outputs = 0;
  index_t first_input = 0;
  index_t inputs = 0;
  index_t weights = 0;  ///< where its [ci][kept tap][Bo] numbers begin
  index_t taps = 0;     ///< how many taps it keeps, >= 1
  index_t stride = 0;   ///< weights from one ci to the next: taps x Bo
  index_t pattern = 0;  ///< which: index into block_storage::patterns
};

/// Live blocks of each output group, or of each input group.
using block_lists = std::vector<std::vector<live_block>>;

/// The different sets of kept taps (ky * Nkx + kx, ascending) of a layer's blocks. One for a layer
/// that keeps all taps, so what kernels work out for a pattern costs nothing then.
using tap_patterns = std::vector<std::vector<index_t>>;

/// Where the weights of a mask are stored.
struct block_storage {
  block_lists rows;     ///< [output group]
  block_lists columns;  ///< [input group]
  tap_patterns patterns;
  index_t weights = 0;  ///< numbers stored, the padding of a last output group included

  /// Taps that a block keeps, ascending.
  [[nodiscard]] const std::vector<index_t>& taps_of(const live_block& b) const {
    return patterns[static_cast<std::size_t>(b.pattern)];
  }
};

/// Lays the kept weights of `m` out in the order in which the accelerator consumes them: row, live
/// block ascending, ci, kept tap ascending, Bo outputs.
[[nodiscard]] SWPRUNE_SETUP block_storage lay_out(const mask::layer_mask& m);

#if SWPRUNE_BODIES

/// Taps of a live block, ascending.
[[nodiscard]] inline std::vector<index_t> kept_taps_of(const mask::layer_mask& m, index_t out_group,
                                                       index_t in_group) {
  std::vector<index_t> taps;
  for (index_t tap = 0; tap < m.taps(); ++tap)
    if (m.kept_taps.test(out_group, in_group, tap)) taps.push_back(tap);
  return taps;
}

SWPRUNE_SETUP block_storage lay_out(const mask::layer_mask& m) {
  block_storage s;
  s.rows.resize(static_cast<std::size_t>(m.out_groups()));
  s.columns.resize(static_cast<std::size_t>(m.in_groups()));
  std::map<std::vector<index_t>, index_t> numbers;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.blocks.row(j)) {
      const std::vector<index_t> taps = kept_taps_of(m, j, i);
      const auto kept = static_cast<index_t>(taps.size());
      const auto [known, added] = numbers.try_emplace(taps, static_cast<index_t>(numbers.size()));
      if (added) s.patterns.push_back(taps);
      const live_block b{.first_output = j * m.block.outputs,
                         .outputs = m.outputs_of(j),
                         .first_input = i * m.block.inputs,
                         .inputs = m.inputs_of(i),
                         .weights = s.weights,
                         .taps = kept,
                         .stride = kept * m.block.outputs,
                         .pattern = known->second};
      s.rows[static_cast<std::size_t>(j)].push_back(b);
      s.columns[static_cast<std::size_t>(i)].push_back(b);
      s.weights += b.inputs * b.stride;
    }
  return s;
}

#endif

}  // namespace swprune::inline v0::nn::detail
