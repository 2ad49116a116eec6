// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/cycles_timeline.hpp"
#include "swprune/hw/image_layout.hpp"
#include "swprune/hw/image_records.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/structural_blocks.hpp"

namespace swprune::inline v0::hw {

/// What one output group of a layer costs, before any schedule.
struct row_work {
  std::vector<index_t> groups;  ///< input groups that are walked, ascending
  index_t words = 0;            ///< weight words of Pof bytes
  index_t uops = 1;             ///< P: micro-ops of a pass, >= 1
  index_t entries = 0;          ///< list entries; 0 without skip
  bool residual = false;        ///< its channels have a partner in the residual
  /// Rows of different sections are never in one chunk: some have a residual and some not, or,
  /// without lists, they walk different slots.
  index_t section = 0;
};

/// One layer as the planner sees it: which blocks are walked and how large they are. With skip the
/// live blocks, without skip all that a dense layer has.
struct layer_work {
  const quant::int8_layer* layer = nullptr;
  array_params array;
  index_t images = 1;
  std::vector<row_work> rows;
  mask::block_mask structure{1, 1};  ///< blocks that a dense layer has
  index_t in_groups = 1;             ///< G
  index_t needed_rows = 1;           ///< conv_h, without an odd last row that pooling drops
  index_t shrink = 1;                ///< 2 with pool, else 1

  [[nodiscard]] index_t row_count() const { return static_cast<index_t>(rows.size()); }
  [[nodiscard]] const row_work& row(index_t i) const { return rows[static_cast<std::size_t>(i)]; }
  /// Weight words of a row with all its structural blocks.
  [[nodiscard]] index_t structural_words(index_t r) const {
    index_t words = 0;
    for (const index_t g : structure.row(r)) words += words_of(g);
    return words;
  }
  /// Weight words of a block.
  [[nodiscard]] index_t words_of(index_t group) const {
    return layer->channels_of(group) * layer->kernel_height * layer->kernel_width;
  }
  /// 4-channel words of the output that rows [begin, end) really have.
  [[nodiscard]] index_t out_words(index_t begin, index_t end) const {
    const index_t words =
        std::min(ceil_div(end * array.pof, 4), ceil_div(layer->output.channels, 4));
    return words - first_word(begin);
  }
  /// 4-channel word of the output that holds the first channel of row `r`.
  [[nodiscard]] index_t first_word(index_t r) const { return r * array.pof / 4; }
};

namespace detail {

/// The residual unit works on whole output groups.
inline void check_residual_supported(const quant::int8_layer& l, const array_params& a) {
  if (!l.residual) return;
  const quant::residual_add& r = *l.residual;
  const index_t end = r.first_channel + r.input.channels;
  expects(a.res_depth >= 1, errc::layer_does_not_fit,
          "layer '{}' adds a residual, this accelerator cannot (ResDepth = 0)", l.name);
  expects(r.first_channel % a.pof == 0 && (end % a.pof == 0 || end == l.output.channels),
          errc::layer_does_not_fit,
          "layer '{}': its residual must cover whole groups of {} output channels, given {}..{}",
          l.name, a.pof, r.first_channel, end - 1);
  expects(r.input.width <= 65535, errc::layer_does_not_fit,
          "layer '{}': the width of its residual must be <= 65535, given {}", l.name,
          r.input.width);
}

}  // namespace detail

/// Throws layer_does_not_fit for what no schedule can make fit: block size, map sizes, residuals
/// that do not go by output groups.
inline void check_supported(const quant::int8_layer& l, const array_params& a) {
  const auto need = [&](bool ok, const char* rule, index_t given) {
    expects(ok, errc::layer_does_not_fit, "layer '{}': {}, given {}", l.name, rule, given);
  };
  expects(l.block.outputs == a.pof && l.block.inputs == 4, errc::layer_does_not_fit,
          "layer '{}' has {}x{} blocks, the array {} needs {}x4", l.name, l.block.outputs,
          l.block.inputs, a.to_string(), a.pof);
  need(!l.pool || a.pool, "this accelerator has no pooling unit (PoolEn = 0), pool must be 0",
       l.pool);
  need(l.input.height <= 65535 && l.input.width <= 65535, "input height and width must be <= 65535",
       std::max(l.input.height, l.input.width));
  need(l.blocks.in_groups() <= (a.skip ? 4096 : 65535),
       "a list entry names at most 4096 input groups", l.blocks.in_groups());
  need(ceil_div(l.output.channels, 4) <= 65535, "output channels must be <= 262140",
       l.output.channels);
  detail::check_residual_supported(l, a);
}

namespace detail {

/// The blocks with rows added behind until there are `rows`: without blocks, or with those of the
/// last row.
[[nodiscard]] inline mask::block_mask with_rows(const mask::block_mask& blocks, index_t rows,
                                                bool like_last) {
  mask::block_mask padded(rows, blocks.in_groups());
  for (index_t r = 0; r < rows; ++r) {
    if (r >= blocks.out_groups() && !like_last) break;
    for (const index_t g : blocks.row(std::min(r, blocks.out_groups() - 1))) padded.set(r, g);
  }
  return padded;
}

[[nodiscard]] inline row_work row_of(const layer_work& w, index_t r) {
  const quant::int8_layer& l = *w.layer;
  row_work row;
  const bool live_only = w.array.skip && r < l.blocks.out_groups();
  row.groups = live_only ? l.blocks.row(r) : w.structure.row(r);
  for (const index_t g : row.groups) row.words += w.words_of(g);
  row.uops = std::max<index_t>(1, row.words);
  row.entries = w.array.skip ? std::max<index_t>(1, static_cast<index_t>(row.groups.size())) : 0;
  const index_t channel = r * l.block.outputs;
  row.residual = l.residual && channel >= l.residual->first_channel &&
                 channel < l.residual->first_channel + l.residual->input.channels;
  return row;
}

/// True if the two rows may be in one chunk.
[[nodiscard]] inline bool same_section(const layer_work& w, const row_work& a, const row_work& b) {
  return a.residual == b.residual && (w.array.skip || a.groups == b.groups);
}

}  // namespace detail

/// The work of a layer on an array. Throws layer_does_not_fit as check_supported() does.
[[nodiscard]] inline layer_work work_of(const quant::int8_layer& l, const array_params& a,
                                        index_t images) {
  check_supported(l, a);
  layer_work w;
  w.layer = &l;
  w.array = a;
  w.images = images;
  // With Pof = 1 four rows fill a word, and every byte of a word is written: rows of channels that
  // do not exist are empty. Without skip they must walk what the others walk.
  const index_t rows = round_up(l.blocks.out_groups() * a.pof, 4) / a.pof;
  w.structure = detail::with_rows(quant::structural_blocks(l), rows, !a.skip);
  w.in_groups = l.blocks.in_groups();
  w.shrink = l.pool ? 2 : 1;
  w.needed_rows = l.conv_height() / w.shrink * w.shrink;
  for (index_t r = 0; r < rows; ++r) {
    row_work row = detail::row_of(w, r);
    if (r > 0)
      row.section = w.rows.back().section + (detail::same_section(w, w.rows.back(), row) ? 0 : 1);
    w.rows.push_back(std::move(row));
  }
  return w;
}

/// Beats and cycles of the parts of a chunk, docs/accelerator.md section 3.
struct chunk_load {
  index_t list_beats = 0;
  index_t param_beats = 0;
  index_t weight_beats = 0;

  [[nodiscard]] index_t cycles(const array_params& a) const {
    return request_cycles(list_beats, a.bus_bytes / 2) +
           request_cycles(param_beats, a.bus_bytes / 4) + request_cycles(weight_beats, 1);
  }
};

/// `rows` output groups with together `entries` list entries and `words` weight words.
[[nodiscard]] constexpr chunk_load load_of_chunk(const array_params& a, index_t rows,
                                                 index_t entries, index_t words) {
  return {ceil_div(2 * entries, a.bus_bytes), ceil_div(rows * a.pof * parameter_bytes, a.bus_bytes),
          ceil_div(words * a.pof, a.bus_bytes)};
}

/// True if a chunk fits a half of the list, parameter and weight buffers and the fields of a step
/// record. A last, partly filled beat must not reach round into the first records.
[[nodiscard]] constexpr bool chunk_fits(const array_params& a, index_t rows, index_t entries,
                                        index_t words) {
  const chunk_load load = load_of_chunk(a, rows, entries, words);
  const index_t param_groups =
      ceil_div(load.param_beats * a.bus_words() * 4, a.pof * parameter_bytes);
  return param_groups <= a.param_depth && load.list_beats * (a.bus_bytes / 2) <= a.list_depth &&
         load.weight_beats * (a.bus_bytes / a.pof) <= a.wgt_depth && rows <= 65535 &&
         load.weight_beats <= 65535 && load.list_beats <= 65535 && load.param_beats <= 65535;
}

}  // namespace swprune::inline v0::hw
