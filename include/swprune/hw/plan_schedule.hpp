// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/cycles_timeline.hpp"
#include "swprune/hw/plan_chunks.hpp"
#include "swprune/hw/plan_tiles.hpp"
#include "swprune/hw/plan_work.hpp"

namespace swprune::inline v0::hw {

/// One step: a chunk applied to a tile, and what has to be loaded before.
struct planned_step {
  index_t tile = 0;
  index_t chunk = 0;
  bool new_weights = true;
  bool new_activations = true;
};

/// Everything that a layer's descriptor and step records are made from.
struct schedule {
  layer_geometry geometry;
  std::vector<tile> tiles;
  std::vector<chunk> chunks;
  std::vector<std::vector<index_t>> panels;  ///< input groups in the slots, ascending
  std::vector<planned_step> steps;
  index_t slot_words = 1;
  index_t load_words = 1;  ///< U
  index_t cycles = 0;      ///< of the layer, DescGo to the end of Flush
  index_t fill = 0;        ///< of them before the first StepGo
  index_t load_stalls = 0;
  index_t drain_stalls = 0;
};

namespace detail {

/// True if the last write slot of the layer's last pass has a word to write.
[[nodiscard]] SWPRUNE_FUNCTION bool last_slot_writes(const layer_work& w, const layer_geometry& g,
                                                     const tile& t, const chunk& c);

#if SWPRUNE_BODIES

/// Union of the input groups that the rows of each panel use.
[[nodiscard]] inline std::vector<std::vector<index_t>> panels_of(const layer_work& w,
                                                                 const std::vector<chunk>& chunks) {
  std::vector<std::set<index_t>> sets(static_cast<std::size_t>(chunks.back().panel + 1));
  for (const chunk& c : chunks)
    for (index_t r = c.row_begin; r < c.row_end; ++r)
      sets[static_cast<std::size_t>(c.panel)].insert(w.row(r).groups.begin(),
                                                     w.row(r).groups.end());
  std::vector<std::vector<index_t>> panels;
  for (const auto& s : sets) panels.emplace_back(s.begin(), s.end());
  return panels;
}

/// Steps in order: panels, tiles, chunks; every second panel walks the tiles backwards and every
/// second tile the chunks, so that what is in the buffers at the turn is used again.
[[nodiscard]] inline std::vector<planned_step> steps_of(
    index_t tiles, const std::vector<chunk>& chunks,
    const std::vector<std::vector<index_t>>& panels) {
  std::vector<planned_step> steps;
  index_t loaded_tile = -1;
  index_t loaded_panel = -1;
  index_t loaded_chunk = -1;
  index_t first = 0;
  for (index_t p = 0; first < static_cast<index_t>(chunks.size()); ++p) {
    index_t end = first;
    while (end < static_cast<index_t>(chunks.size()) &&
           chunks[static_cast<std::size_t>(end)].panel == p)
      ++end;
    for (index_t i = 0; i < tiles; ++i) {
      const index_t t = p % 2 == 0 ? i : tiles - 1 - i;
      for (index_t k = 0; k < end - first; ++k) {
        const index_t c = i % 2 == 0 ? first + k : end - 1 - k;
        const bool same_slots =
            loaded_tile == t &&
            panels[static_cast<std::size_t>(loaded_panel)] == panels[static_cast<std::size_t>(p)];
        steps.push_back({t, c, loaded_chunk != c, !same_slots});
        loaded_tile = t;
        loaded_panel = p;
        loaded_chunk = c;
      }
    }
    first = end;
  }
  return steps;
}

SWPRUNE_FUNCTION bool last_slot_writes(const layer_work& w, const layer_geometry& g, const tile& t,
                                       const chunk& c) {
  const quant::int8_layer& l = *w.layer;
  const index_t seg_h = g.seg_y / w.shrink;
  const index_t seg_w = g.seg_x / w.shrink;
  const index_t py = w.array.poy / w.shrink - 1;
  const index_t px = w.array.pox / w.shrink - g.run;  // the run's first word is valid if any is
  const index_t image = py / seg_h * (w.array.pox / g.seg_x) + px / seg_w;
  const index_t y = (t.sub_row + t.sub_rows - 1) * seg_h + py % seg_h;
  const index_t x = (g.sub_cols - 1) * seg_w + px % seg_w;
  const index_t word = c.row_end * (w.array.pof / 4) - 1;
  return image < t.images && y < l.output.height && x < l.output.width &&
         word < ceil_div(l.output.channels, 4);
}

/// Rows of a chunk as runs of equal passes for a tile.
[[nodiscard]] inline std::vector<pass_run> passes_of(const layer_work& w, const layer_geometry& g,
                                                     const tile& t, const chunk& c) {
  std::vector<pass_run> runs;
  for (index_t r = c.row_begin; r < c.row_end; ++r)
    runs.push_back({w.row(r).uops, t.sub_rows * g.sub_cols});
  return runs;
}

/// Cycles that the requests of each chunk take.
[[nodiscard]] inline std::vector<index_t> chunk_loads(const layer_work& w,
                                                      const std::vector<chunk>& chunks) {
  std::vector<index_t> loads;
  for (const chunk& c : chunks) {
    index_t entries = 0;
    index_t words = 0;
    for (index_t r = c.row_begin; r < c.row_end; ++r) {
      entries += w.row(r).entries;
      words += w.row(r).words;
    }
    loads.push_back(load_of_chunk(w.array, c.rows(), entries, words).cycles(w.array));
  }
  return loads;
}

#endif

}  // namespace detail

/// Cycles of reading `bytes` at an aligned place in one request.
[[nodiscard]] constexpr index_t record_load_cycles(const array_params& a, index_t bytes) {
  return request_cycles(ceil_div(bytes, a.bus_bytes), 1);
}

/// Fills in the cycles of a schedule, exactly as predict() finds them in the image.
SWPRUNE_FUNCTION void count_cycles(const layer_work& w, schedule& s);

/// The schedule of chunks over tiles, cycles counted.
[[nodiscard]] SWPRUNE_FUNCTION schedule make_schedule(const layer_work& w, const layer_geometry& g,
                                                      std::vector<tile> tiles,
                                                      std::vector<chunk> chunks);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void count_cycles(const layer_work& w, schedule& s) {
  const auto chunk_cycles = detail::chunk_loads(w, s.chunks);
  const auto load = [&](const planned_step& step) {
    const chunk& c = s.chunks[static_cast<std::size_t>(step.chunk)];
    index_t cycles = record_load_cycles(w.array, step_bytes);
    if (step.new_weights) cycles += chunk_cycles[static_cast<std::size_t>(step.chunk)];
    if (step.new_activations) {
      const auto slots = s.panels[static_cast<std::size_t>(c.panel)].size();
      cycles += tile_load_cycles(w, s.geometry, s.tiles[static_cast<std::size_t>(step.tile)],
                                 s.load_words, static_cast<index_t>(slots));
    }
    return cycles;
  };
  timeline time;
  time.layer(s.geometry.drain, record_load_cycles(w.array, descriptor_bytes), load(s.steps[0]));
  for (std::size_t i = 0; i < s.steps.size(); ++i) {
    const tile& t = s.tiles[static_cast<std::size_t>(s.steps[i].tile)];
    const chunk& c = s.chunks[static_cast<std::size_t>(s.steps[i].chunk)];
    time.step(detail::passes_of(w, s.geometry, t, c),
              i + 1 < s.steps.size() ? std::optional<index_t>(load(s.steps[i + 1])) : std::nullopt);
    if (i + 1 == s.steps.size()) time.end_layer(detail::last_slot_writes(w, s.geometry, t, c));
  }
  s.cycles = time.layer_cycles();
  s.fill = time.fill_cycles();
  s.load_stalls = time.load_stalls();
  s.drain_stalls = time.drain_stalls();
}

SWPRUNE_FUNCTION schedule make_schedule(const layer_work& w, const layer_geometry& g,
                                        std::vector<tile> tiles, std::vector<chunk> chunks) {
  schedule s;
  s.geometry = g;
  s.tiles = std::move(tiles);
  s.chunks = std::move(chunks);
  s.panels = detail::panels_of(w, s.chunks);
  s.steps = detail::steps_of(static_cast<index_t>(s.tiles.size()), s.chunks, s.panels);
  s.slot_words = slot_words_of(w, g, s.tiles);
  s.load_words = load_words_of(w, g, s.tiles);
  count_cycles(w, s);
  return s;
}

#endif

}  // namespace swprune::inline v0::hw
