// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/cycles_timeline.hpp"
#include "swprune/hw/image_layout.hpp"
#include "swprune/hw/image_records.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::hw {

/// What one output group of a layer costs, before any schedule.
struct row_work {
  std::vector<index_t> groups;  ///< input groups that are walked, ascending
  index_t words = 0;            ///< weight words of Pof bytes
  index_t uops = 1;             ///< P: micro-ops of a pass, >= 1
  index_t entries = 0;          ///< list entries; 0 without skip
};

/// One layer as the planner sees it: which blocks are walked and how large they are. With skip the
/// live blocks, without skip all of them.
struct layer_work {
  const quant::int8_layer* layer = nullptr;
  array_params array;
  index_t images = 1;
  std::vector<row_work> rows;
  index_t in_groups = 1;    ///< G
  index_t needed_rows = 1;  ///< conv_h, without an odd last row that pooling drops
  index_t shrink = 1;       ///< 2 with pool, else 1

  [[nodiscard]] index_t row_count() const { return static_cast<index_t>(rows.size()); }
  [[nodiscard]] const row_work& row(index_t i) const { return rows[static_cast<std::size_t>(i)]; }
};

/// Throws layer_does_not_fit for what no schedule can make fit: block size, stride, map sizes.
SWPRUNE_FUNCTION void check_supported(const quant::int8_layer& l, const array_params& a);

/// The work of a layer on an array. Throws layer_does_not_fit as check_supported() does.
[[nodiscard]] SWPRUNE_FUNCTION layer_work work_of(const quant::int8_layer& l, const array_params& a,
                                                  index_t images);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check_supported(const quant::int8_layer& l, const array_params& a) {
  const auto need = [&](bool ok, const char* rule, index_t given) {
    expects(ok, errc::layer_does_not_fit, "layer '{}': {}, given {}", l.name, rule, given);
  };
  expects(l.block.outputs == a.pof && l.block.inputs == 4, errc::layer_does_not_fit,
          "layer '{}' has {}x{} blocks, the array {} needs {}x4", l.name, l.block.outputs,
          l.block.inputs, a.to_string(), a.pof);
  need(l.stride <= 2, "the accelerator's stride is 1 or 2", l.stride);
  need(!l.pool || a.pool, "this accelerator has no pooling unit (PoolEn = 0), pool must be 0",
       l.pool);
  need(l.input.height <= 65535 && l.input.width <= 65535, "input height and width must be <= 65535",
       std::max(l.input.height, l.input.width));
  need(l.blocks.in_groups() <= (a.skip ? 4096 : 65535),
       "a list entry names at most 4096 input groups", l.blocks.in_groups());
  need(ceil_div(l.output.channels, 4) <= 65535, "output channels must be <= 262140",
       l.output.channels);
}

SWPRUNE_FUNCTION layer_work work_of(const quant::int8_layer& l, const array_params& a,
                                    index_t images) {
  check_supported(l, a);
  layer_work w;
  w.layer = &l;
  w.array = a;
  w.images = images;
  w.in_groups = l.blocks.in_groups();
  w.shrink = l.pool ? 2 : 1;
  w.needed_rows = l.conv_height() / w.shrink * w.shrink;
  for (index_t r = 0; r < l.blocks.out_groups(); ++r) {
    row_work row;
    for (index_t g = 0; g < w.in_groups; ++g) {
      if (a.skip && !l.blocks.test(r, g)) continue;
      row.groups.push_back(g);
      row.words += l.channels_of(g) * l.kernel_height * l.kernel_width;
    }
    row.uops = std::max<index_t>(1, row.words);
    row.entries = a.skip ? std::max<index_t>(1, static_cast<index_t>(row.groups.size())) : 0;
    w.rows.push_back(std::move(row));
  }
  return w;
}

#endif

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
