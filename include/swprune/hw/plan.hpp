// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/plan_chunks.hpp"
#include "swprune/hw/plan_schedule.hpp"
#include "swprune/hw/plan_tiles.hpp"
#include "swprune/hw/plan_work.hpp"

namespace swprune::inline v0::hw {

/// What the planner must do instead of choosing by cycles. The defaults leave everything to it; the
/// rest is for experiments and for tests that want unusual schedules.
struct plan_params {
  index_t seg_y = 0;        ///< SegY of planar layers, 0: free; else a power of two <= Poy
  index_t seg_x = 0;        ///< SegX of planar layers, 0: free; else a power of two <= Pox
  index_t max_rows = 0;     ///< most output groups in a chunk, 0: as many as fit
  index_t max_strip = 0;    ///< most sub-tile rows in a tile, 0: as many as fit
  bool chunk_outer = true;  ///< allow all tiles for a chunk
  bool tile_outer = true;   ///< allow all chunks for a tile; one of the two must be allowed
};

/// Throws argument_out_of_range unless the parameters leave something to choose from.
SWPRUNE_FUNCTION void check(const plan_params& p, const array_params& a);

/// The schedule of a layer with the fewest cycles of the closed form for these layouts, or nothing
/// if the layer does not fit the buffers that way.
[[nodiscard]] SWPRUNE_FUNCTION std::optional<schedule> plan_layer(const layer_work& work, layout in,
                                                                  layout out,
                                                                  const plan_params& params = {});

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const plan_params& p, const array_params& a) {
  const auto segment = [](index_t v, index_t most) {
    return v == 0 || (v >= 1 && v <= most && (v & (v - 1)) == 0);
  };
  expects(segment(p.seg_y, a.poy) && segment(p.seg_x, a.pox), errc::argument_out_of_range,
          "segments must be 0 or powers of two up to {} x {}, given {} x {}", a.poy, a.pox, p.seg_y,
          p.seg_x);
  expects(p.max_rows >= 0 && p.max_strip >= 0, errc::argument_out_of_range,
          "max_rows and max_strip must be >= 0, given {} and {}", p.max_rows, p.max_strip);
  expects(p.chunk_outer || p.tile_outer, errc::argument_out_of_range,
          "one loop order must be allowed, given neither");
}

namespace detail {

/// Searches the schedules of one layer for given layouts.
class layer_planner {
 public:
  layer_planner(const layer_work& work, const plan_params& params, layout in, layout out)
      : work_(work), params_(params), in_(in), out_(out) {}

  /// The schedule with the fewest cycles, or nothing if none fits.
  [[nodiscard]] std::optional<schedule> best() {
    for (const layer_geometry& g : geometries())
      if (!best_ || compute_cycles(g) < best_->cycles) try_geometry(g);
    if (best_) refine();
    return best_;
  }

 private:
  /// Possible segments, those with the least work first.
  [[nodiscard]] std::vector<layer_geometry> geometries() const {
    std::vector<layer_geometry> all;
    const array_params& a = work_.array;
    const bool flat = in_ == layout::interleaved;
    if (flat && (work_.layer->stride != 1 || work_.layer->pool)) return all;
    for (index_t y = a.poy; y >= work_.shrink; y /= 2)
      for (index_t x = a.pox; x >= work_.shrink; x /= 2) {
        if (flat && (y != 1 || x != 1)) continue;
        if (!flat && params_.seg_y != 0 && y != params_.seg_y) continue;
        if (!flat && params_.seg_x != 0 && x != params_.seg_x) continue;
        all.push_back(geometry_of(work_, y, x, in_, out_));
      }
    std::stable_sort(all.begin(), all.end(), [&](const auto& l, const auto& r) {
      return compute_cycles(l) < compute_cycles(r);
    });
    return all;
  }

  /// Cycles of all passes: no schedule needs fewer.
  [[nodiscard]] index_t compute_cycles(const layer_geometry& g) const {
    index_t cycles = 0;
    for (const row_work& row : work_.rows) cycles += std::max(row.uops, g.drain.interval());
    return cycles * g.sub_rows * g.sub_cols * ceil_div(work_.images, g.images_per_step);
  }

  /// Strip heights worth a try: the whole map and even divisions of it.
  [[nodiscard]] std::vector<index_t> strips(const layer_geometry& g) const {
    if (g.in == layout::interleaved) return {g.sub_rows};
    std::vector<index_t> all;
    for (index_t pieces = 1;; pieces += std::max<index_t>(1, pieces / 3)) {
      const index_t strip = ceil_div(g.sub_rows, pieces);
      const bool allowed = params_.max_strip == 0 || strip <= params_.max_strip || strip == 1;
      if (allowed && (all.empty() || all.back() != strip)) all.push_back(strip);
      if (strip == 1) return all;
    }
  }

  void try_geometry(const layer_geometry& g) {
    if (g.bank_cols > 65535) return;
    for (const index_t strip : strips(g)) try_tiles(g, make_tiles(work_, g, strip, 0), strip);
  }

  void try_tiles(const layer_geometry& g, const std::vector<tile>& tiles, index_t strip) {
    const index_t slot_words = slot_words_of(work_, g, tiles);
    if (slot_words > 65535) return;
    const chunk_planner chunks(work_, costs_of(g, tiles, slot_words));
    if (params_.chunk_outer) try_chunks(g, tiles, chunks.best(loop_order::chunk_outer), strip);
    if (params_.tile_outer) try_chunks(g, tiles, chunks.best(loop_order::tile_outer), strip);
  }

  [[nodiscard]] chunk_costs costs_of(const layer_geometry& g, const std::vector<tile>& tiles,
                                     index_t slot_words) const {
    chunk_costs c;
    c.tiles = static_cast<index_t>(tiles.size());
    const index_t load_words = load_words_of(work_, g, tiles);
    const index_t many = 64;  // slots, so that fetch list beats are shared as they are in use
    for (const tile& t : tiles) {
      c.cycles_per_slot += static_cast<double>(tile_load_cycles(work_, g, t, load_words, many)) /
                           static_cast<double>(many * c.tiles);
      c.passes_per_tile += static_cast<double>(t.sub_rows * g.sub_cols);
    }
    c.passes_per_tile = (c.passes_per_tile - 1) / static_cast<double>(c.tiles);
    c.step_load = record_load_cycles(work_.array, step_bytes);
    c.interval = g.drain.interval();
    c.max_slots = std::min<index_t>(work_.array.act_depth / slot_words, 4096);
    c.max_rows = params_.max_rows;
    return c;
  }

  void try_chunks(const layer_geometry& g, const std::vector<tile>& tiles,
                  std::optional<std::vector<chunk>> chunks, index_t strip) {
    if (!chunks) return;
    if (offer(make_schedule(work_, g, tiles, *std::move(chunks)))) strip_ = strip;
  }

  /// Takes the schedule if it is the best so far.
  bool offer(schedule s) {
    if (best_ && s.cycles >= best_->cycles) return false;
    best_ = std::move(s);
    return true;
  }

  /// A short first strip shortens the time in which nothing computes.
  void refine() {
    const layer_geometry g = best_->geometry;
    const std::vector<chunk> chunks = best_->chunks;
    const index_t slots = most_slots(*best_);
    if (g.in == layout::interleaved) return;
    for (index_t lead = 1; lead < strip_; lead *= 2) {
      std::vector<tile> tiles = make_tiles(work_, g, strip_, lead);
      if (slots * slot_words_of(work_, g, tiles) > work_.array.act_depth) continue;
      offer(make_schedule(work_, g, std::move(tiles), chunks));
    }
  }

  [[nodiscard]] static index_t most_slots(const schedule& s) {
    std::size_t most = 0;
    for (const auto& panel : s.panels) most = std::max(most, panel.size());
    return static_cast<index_t>(most);
  }

  const layer_work& work_;
  const plan_params& params_;
  layout in_;
  layout out_;
  std::optional<schedule> best_;
  index_t strip_ = 1;  ///< of the best schedule
};

}  // namespace detail

SWPRUNE_FUNCTION std::optional<schedule> plan_layer(const layer_work& work, layout in, layout out,
                                                    const plan_params& params) {
  return detail::layer_planner(work, params, in, out).best();
}

namespace detail {

/// Fewest words a bank that one input group needs in a planar strip of one sub-tile row.
[[nodiscard]] inline index_t least_slot_words(const layer_work& w, const plan_params& params) {
  index_t least = std::numeric_limits<index_t>::max();
  for (index_t y = w.array.poy; y >= w.shrink; y /= 2)
    for (index_t x = w.array.pox; x >= w.shrink; x /= 2) {
      if ((params.seg_y != 0 && y != params.seg_y) || (params.seg_x != 0 && x != params.seg_x))
        continue;
      const layer_geometry g = geometry_of(w, y, x, layout::planar, layout::planar);
      least = std::min(least, slot_words_of(w, g, make_tiles(w, g, 1, 0)));
    }
  return least;
}

/// Says why a layer does not fit: what it needs and what the buffers have.
[[noreturn]] inline void raise_does_not_fit(const layer_work& w, bool planar_possible,
                                            const plan_params& params) {
  const array_params& a = w.array;
  const std::string& name = w.layer->name;
  const auto& largest =
      *std::max_element(w.rows.begin(), w.rows.end(),
                        [](const row_work& l, const row_work& r) { return l.words < r.words; });
  if (!chunk_fits(a, 1, largest.entries, largest.words))
    raise(errc::layer_does_not_fit,
          "layer '{}': its largest output group needs {} weight words of {} bytes and {} list "
          "entries, half a buffer has {} and {} (WgtDepth, ListDepth)",
          name, largest.words, a.pof, largest.entries, a.wgt_depth, a.list_depth);
  const auto& widest = *std::max_element(
      w.rows.begin(), w.rows.end(),
      [](const row_work& l, const row_work& r) { return l.groups.size() < r.groups.size(); });
  const auto groups = static_cast<index_t>(widest.groups.size());
  const index_t words = least_slot_words(w, params);
  if (planar_possible && groups * words > a.act_depth)
    raise(errc::layer_does_not_fit,
          "layer '{}': its largest output group reads {} input groups of at least {} words a bank, "
          "{} together; half an activation buffer has {} (ActDepth)",
          name, groups, words, groups * words, a.act_depth);
  if (!planar_possible)
    raise(errc::layer_does_not_fit,
          "layer '{}': interleaved input needs stride 1, no pooling and room for whole maps; given "
          "stride {}, pool {}, and {} input groups of {} words a bank for {} (ActDepth)",
          name, w.layer->stride, w.layer->pool, groups, w.layer->input.pixels(), a.act_depth);
  raise(errc::layer_does_not_fit,
        "layer '{}': no schedule within the planner's limits (segments {}x{}, chunks of {} rows, "
        "strips of {}, chunk_outer {}, tile_outer {}) fits an activation buffer of {} words a bank "
        "(ActDepth)",
        name, params.seg_y, params.seg_x, params.max_rows, params.max_strip, params.chunk_outer,
        params.tile_outer, a.act_depth);
}

}  // namespace detail

#endif

/// How the layers of a model run: the schedules, and in words why.
struct model_plan {
  std::vector<layer_work> works;
  std::vector<schedule> schedules;
};

/// Chooses the schedules of all layers and the layouts between them for the fewest cycles together:
/// a shortest path, because a layer's output layout is the next one's input layout. Throws
/// layer_does_not_fit, which names the layer, what it needs and what the buffer has.
[[nodiscard]] SWPRUNE_FUNCTION model_plan plan_model(const quant::int8_model& model,
                                                     const array_params& a, index_t images,
                                                     layout input, const plan_params& params = {});

/// The schedule in words: segments, tiles, chunks, where the cycles go.
[[nodiscard]] SWPRUNE_FUNCTION std::string describe(const layer_work& w, const schedule& s);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION model_plan plan_model(const quant::int8_model& model, const array_params& a,
                                       index_t images, layout input, const plan_params& params) {
  check(params, a);
  struct road {
    index_t cycles = -1;  ///< -1: there is none
    std::vector<schedule> schedules;
  };
  constexpr layout kinds[] = {layout::planar, layout::interleaved};
  road roads[2];
  roads[input == layout::planar ? 0 : 1].cycles = 0;
  model_plan plan;
  for (const quant::int8_layer& l : model.layers) {
    plan.works.push_back(work_of(l, a, images));
    road next[2];
    for (const std::size_t in : {0, 1})
      for (const std::size_t out : {0, 1}) {
        if (roads[in].cycles < 0) continue;
        auto s = plan_layer(plan.works.back(), kinds[in], kinds[out], params);
        if (!s) continue;
        const index_t cycles = roads[in].cycles + s->cycles;
        if (next[out].cycles >= 0 && next[out].cycles <= cycles) continue;
        next[out].cycles = cycles;
        next[out].schedules = roads[in].schedules;
        next[out].schedules.push_back(*std::move(s));
      }
    if (next[0].cycles < 0 && next[1].cycles < 0)
      detail::raise_does_not_fit(plan.works.back(), roads[0].cycles >= 0, params);
    roads[0] = std::move(next[0]);
    roads[1] = std::move(next[1]);
  }
  const bool planar =
      roads[1].cycles < 0 || (roads[0].cycles >= 0 && roads[0].cycles <= roads[1].cycles);
  plan.schedules = std::move(roads[planar ? 0 : 1].schedules);
  return plan;
}

SWPRUNE_FUNCTION std::string describe(const layer_work& w, const schedule& s) {
  const layer_geometry& g = s.geometry;
  index_t passes = 0;
  for (const row_work& row : w.rows) passes += row.uops;
  passes *= g.sub_rows * g.sub_cols * ceil_div(w.images, g.images_per_step);
  const bool one_panel = s.panels.size() == 1;
  return fmt::format(
      "segments {}x{} ({} images side by side), {} input, {} output, {} tiles of up to {} "
      "sub-tile rows x {}, {} chunks, {}, {} steps; load {} words a cycle, write {}; {} cycles: {} "
      "of passes, {} before the first, {} waiting for loads, {} for the drain",
      g.seg_y, g.seg_x, g.images_per_step, to_string(g.in), to_string(g.out), s.tiles.size(),
      std::max_element(s.tiles.begin(), s.tiles.end(),
                       [](const tile& l, const tile& r) { return l.sub_rows < r.sub_rows; })
          ->sub_rows,
      g.sub_cols, s.chunks.size(),
      one_panel ? "slots hold what any row uses" : "slots of their own for each chunk",
      s.steps.size(), s.load_words, g.run, s.cycles, passes, s.fill, s.load_stalls, s.drain_stalls);
}

#endif

}  // namespace swprune::inline v0::hw
