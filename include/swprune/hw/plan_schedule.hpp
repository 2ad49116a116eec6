// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <vector>

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
  load_mode load;                            ///< of the planes
  index_t residual_load_words = 1;           ///< Ur
  store_wait first_wait = store_wait::none;  ///< of the first step, for the layer before
  index_t cycles = 0;  ///< of the layer, from the end of the Flush before to the end of its own
  index_t fill = 0;    ///< of them before the first StepGo
  index_t load_stalls = 0;
  index_t drain_stalls = 0;
};

namespace detail {

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
/// second tile the chunks, so that what is in the buffers at the turn is used again. `backwards`
/// turns the tiles of all panels round: the first one may be what the layer before has stored
/// already while it computes its last.
[[nodiscard]] inline std::vector<planned_step> steps_of(
    index_t tiles, const std::vector<chunk>& chunks,
    const std::vector<std::vector<index_t>>& panels, bool backwards) {
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
      const index_t t = (p % 2 == 0) != backwards ? i : tiles - 1 - i;
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

/// Rows of a chunk as runs of equal passes for a tile.
[[nodiscard]] inline std::vector<pass_run> passes_of(const layer_work& w, const layer_geometry& g,
                                                     const tile& t, const chunk& c) {
  std::vector<pass_run> runs;
  for (index_t r = c.row_begin; r < c.row_end; ++r)
    runs.push_back({w.row(r).uops, t.sub_rows * g.sub_cols});
  return runs;
}

/// Cycles of the requests for list, parameters and weights of each chunk.
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

}  // namespace detail

/// Cycles of reading a record of `bytes` word by word, and of its check.
[[nodiscard]] constexpr index_t record_load_cycles(index_t bytes) {
  return request_cycles(bytes / 4, 1) + 1;
}

namespace detail {

/// Load of a step, `chunk_cycles` from chunk_loads().
[[nodiscard]] inline load_job load_of(const layer_work& w, const schedule& s,
                                      const planned_step& step,
                                      const std::vector<index_t>& chunk_cycles) {
  const chunk& c = s.chunks[static_cast<std::size_t>(step.chunk)];
  const tile& t = s.tiles[static_cast<std::size_t>(step.tile)];
  load_job job;
  job.before = record_load_cycles(step_bytes);
  if (step.new_weights) job.before += chunk_cycles[static_cast<std::size_t>(step.chunk)];
  if (step.new_activations) {
    const auto slots = s.panels[static_cast<std::size_t>(c.panel)].size();
    job.after = tile_load_cycles(w, s.geometry, t, s.load.words, static_cast<index_t>(slots));
  }
  job.residual = w.row(c.row_begin).residual;
  if (job.residual)
    job.after +=
        residual_load_cycles(w, s.geometry, t, s.residual_load_words, c.row_begin, c.row_end);
  return job;
}

}  // namespace detail

/// Counts the cycles of planned layers one after the other, exactly as predict() finds them in the
/// image. A layer is complete only when the next one is known, whose first step is loaded during
/// its last.
class schedule_clock {
 public:
  /// Runs a layer up to its last retire; `s` tells what it loads first.
  void run(const layer_work& w, const schedule& s) {
    const auto chunk_cycles = detail::chunk_loads(w, s.chunks);
    const auto load = [&](std::size_t i) {
      return detail::load_of(w, s, s.steps[i], chunk_cycles);
    };
    begin(first_job(s, load(0)));
    time_.layer(s.geometry.drain);
    for (std::size_t i = 0; i < s.steps.size(); ++i) {
      if (i > 0) {
        time_.load(load(i));
        time_.next_step();
      }
      time_.step(detail::passes_of(w, s.geometry,
                                   s.tiles[static_cast<std::size_t>(s.steps[i].tile)],
                                   s.chunks[static_cast<std::size_t>(s.steps[i].chunk)]));
    }
  }

  /// End of the Flush of the layer that ran last if none followed.
  [[nodiscard]] index_t end() const {
    if (!running_) return 0;
    timeline last = time_;
    last.end_layer();
    return last.total_cycles() - 1;
  }

  /// Writes the cycles of the layer that ran last; `next` is the layer behind it, null at the end.
  void report(schedule& s, const layer_work* next_work, const schedule* next) const {
    timeline time = time_;
    if (next != nullptr)
      time.load(first_job(*next, detail::load_of(*next_work, *next, next->steps[0],
                                                 detail::chunk_loads(*next_work, next->chunks))));
    time.end_layer();
    s.cycles = time.layer_cycles();
    s.fill = time.fill_cycles();
    s.load_stalls = time.load_stalls();
    s.drain_stalls = time.drain_stalls();
  }

 private:
  /// The load of a layer: descriptor, its check, first step.
  [[nodiscard]] static load_job first_job(const schedule& s, load_job job) {
    job.before += record_load_cycles(descriptor_bytes);
    const chunk& c = s.chunks[static_cast<std::size_t>(s.steps[0].chunk)];
    // Without a plane or a residual there is nothing to wait for.
    if (!s.panels[static_cast<std::size_t>(c.panel)].empty() || job.residual)
      job.wait = s.first_wait;
    return job;
  }
  void begin(const load_job& job) {
    if (!running_) {
      time_.start(job);
    } else {
      time_.load(job);
      time_.end_layer();
    }
    running_ = true;
  }

  timeline time_;
  bool running_ = false;
};

/// The schedule of chunks over tiles; cycles are not counted yet.
[[nodiscard]] inline schedule make_schedule(const layer_work& w, const layer_geometry& g,
                                            std::vector<tile> tiles, std::vector<chunk> chunks,
                                            bool backwards = false) {
  schedule s;
  s.geometry = g;
  s.tiles = std::move(tiles);
  s.chunks = std::move(chunks);
  s.panels = detail::panels_of(w, s.chunks);
  s.steps = detail::steps_of(static_cast<index_t>(s.tiles.size()), s.chunks, s.panels, backwards);
  s.slot_words = slot_words_of(w, g, s.tiles);
  s.load = load_mode_of(w, g, s.tiles);
  if (w.layer->residual) s.residual_load_words = residual_load_words_of(w, g, s.tiles);
  return s;
}

}  // namespace swprune::inline v0::hw
