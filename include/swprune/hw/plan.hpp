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

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/plan_chunks.hpp"
#include "swprune/hw/plan_hazards.hpp"
#include "swprune/hw/plan_schedule.hpp"
#include "swprune/hw/plan_tiles.hpp"
#include "swprune/hw/plan_work.hpp"
#include "swprune/quant/model_tensors.hpp"

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
inline void check(const plan_params& p, const array_params& a) {
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

/// A layer in its place between others.
struct planned_layer {
  const layer_work* work = nullptr;
  layer_places places;
  schedule steps;
  schedule_clock clock;  ///< after its last step
};

/// Searches the schedules of one layer for given layouts, behind `before` (null for the first one).
class layer_planner {
 public:
  layer_planner(const layer_work& work, const plan_params& params, const layer_places& places,
                const planned_layer* before)
      : work_(work),
        params_(params),
        places_(places),
        in_(places.in.kind),
        out_(places.out.kind),
        before_(before) {
    if (before != nullptr) {
      start_ = before->clock.end();
      stored_ = writes_of_layer(*before->work, before->places);
      stored_last_ =
          writes_of_step(*before->work, before->steps, before->steps.steps.back(), before->places);
    }
  }

  /// The schedule with the fewest cycles, or nothing if none fits.
  [[nodiscard]] std::optional<planned_layer> best() {
    for (const layer_geometry& g : geometries())
      if (!best_ || compute_cycles(g) < best_->steps.cycles) try_geometry(g);
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
    if (slot_words > 65535 || !fields_hold(g, tiles)) return;
    const chunk_planner chunks(work_, costs_of(g, tiles, slot_words));
    if (params_.chunk_outer) try_chunks(g, tiles, chunks.best(loop_order::chunk_outer), strip);
    if (params_.tile_outer) try_chunks(g, tiles, chunks.best(loop_order::tile_outer), strip);
  }

  /// True if the records can say how much a tile loads, and the residual buffer holds a row of it.
  [[nodiscard]] bool fields_hold(const layer_geometry& g, const std::vector<tile>& tiles) const {
    return std::all_of(tiles.begin(), tiles.end(), [&](const tile& t) {
      if (plane_words(work_, g, t) > 65535) return false;
      return !work_.layer->residual ||
             (residual_words(work_, g, t) <= 65535 && rows_with_residual(g, t) >= 1);
    });
  }

  /// Output groups whose passes over a tile fit a half of the residual buffer.
  [[nodiscard]] index_t rows_with_residual(const layer_geometry& g, const tile& t) const {
    return work_.array.res_depth / (t.sub_rows * g.sub_cols);
  }

  /// Most output groups of a chunk, 0: as many as fit.
  [[nodiscard]] index_t most_rows(const layer_geometry& g, const std::vector<tile>& tiles) const {
    index_t most = params_.max_rows;
    if (work_.layer->residual)
      for (const tile& t : tiles) {
        const index_t rows = rows_with_residual(g, t);
        if (most == 0 || rows < most) most = rows;
      }
    return most;
  }

  [[nodiscard]] chunk_costs costs_of(const layer_geometry& g, const std::vector<tile>& tiles,
                                     index_t slot_words) const {
    chunk_costs c;
    c.tiles = static_cast<index_t>(tiles.size());
    const index_t load_words = load_mode_of(work_, g, tiles).words;
    const bool residual = work_.layer->residual.has_value();
    const index_t residual_words = residual ? residual_load_words_of(work_, g, tiles) : 1;
    const index_t many = 64;  // slots, so that fetch list beats are shared as they are in use
    for (const tile& t : tiles) {
      c.cycles_per_slot += static_cast<double>(tile_load_cycles(work_, g, t, load_words, many)) /
                           static_cast<double>(many * c.tiles);
      if (residual)
        c.cycles_per_residual_word +=
            static_cast<double>(residual_load_cycles(work_, g, t, residual_words, 0, 1)) /
            static_cast<double>(work_.out_words(0, 1) * c.tiles);
      c.passes_per_tile += static_cast<double>(t.sub_rows * g.sub_cols);
    }
    c.passes_per_tile = (c.passes_per_tile - 1) / static_cast<double>(c.tiles);
    c.step_load = record_load_cycles(step_bytes);
    c.interval = g.drain.interval();
    c.max_slots = std::min<index_t>(work_.array.act_depth / slot_words, 4096);
    c.max_rows = most_rows(g, tiles);
    return c;
  }

  void try_chunks(const layer_geometry& g, const std::vector<tile>& tiles,
                  std::optional<std::vector<chunk>> chunks, index_t strip) {
    if (!chunks) return;
    if (offer(make_schedule(work_, g, tiles, *std::move(chunks)))) strip_ = strip;
  }

  /// Takes the schedule if it is the best so far: cycles from the end of the layer before, if
  /// nothing followed that one, to the end of this one, if nothing follows.
  bool offer(schedule s) {
    planned_layer l{&work_, places_, std::move(s), {}};
    if (before_ != nullptr) {
      l.clock = before_->clock;
      l.steps.first_wait =
          wait_for(reads_of_step(work_, l.steps, l.steps.steps[0], places_), stored_, stored_last_);
    }
    l.clock.run(work_, l.steps);
    l.steps.cycles = l.clock.end() - start_;
    if (best_ && l.steps.cycles >= best_->steps.cycles) return false;
    best_ = std::move(l);
    return true;
  }

  /// A short first strip shortens the time in which nothing computes; tiles the other way round may
  /// begin with what the layer before has stored already.
  void refine() {
    const layer_geometry g = best_->steps.geometry;
    const std::vector<chunk> chunks = best_->steps.chunks;
    const index_t slots = most_slots(best_->steps);
    if (g.in == layout::interleaved) return;
    offer(make_schedule(work_, g, make_tiles(work_, g, strip_, 0), chunks, true));
    for (index_t lead = 1; lead < strip_; lead *= 2) {
      std::vector<tile> tiles = make_tiles(work_, g, strip_, lead);
      if (slots * slot_words_of(work_, g, tiles) > work_.array.act_depth) continue;
      if (!fields_hold(g, tiles) || !chunks_hold(g, tiles, chunks)) continue;
      offer(make_schedule(work_, g, std::move(tiles), chunks));
    }
  }

  /// True if the residual buffer holds every chunk of these tiles.
  [[nodiscard]] bool chunks_hold(const layer_geometry& g, const std::vector<tile>& tiles,
                                 const std::vector<chunk>& chunks) const {
    const index_t most = most_rows(g, tiles);
    return !work_.layer->residual || std::all_of(chunks.begin(), chunks.end(),
                                                 [&](const chunk& c) { return c.rows() <= most; });
  }

  [[nodiscard]] static index_t most_slots(const schedule& s) {
    std::size_t most = 0;
    for (const auto& panel : s.panels) most = std::max(most, panel.size());
    return static_cast<index_t>(most);
  }

  const layer_work& work_;
  const plan_params& params_;
  const layer_places& places_;
  layout in_;
  layout out_;
  const planned_layer* before_;
  index_t start_ = 0;                   ///< end of the layer before
  std::vector<byte_span> stored_;       ///< what it stores
  std::vector<byte_span> stored_last_;  ///< what its last step stores
  std::optional<planned_layer> best_;
  index_t strip_ = 1;  ///< of the best schedule
};

}  // namespace detail

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
  const quant::int8_layer& l = *w.layer;
  if (l.residual && ceil_div(l.conv_width(), a.pox) > a.res_depth)
    raise(errc::layer_does_not_fit,
          "layer '{}': its residual needs {} passes for a row of sub-tiles, half a buffer has {} "
          "(ResDepth)",
          name, ceil_div(l.conv_width(), a.pox), a.res_depth);
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

namespace detail {

/// True if the layer's output may be interleaved: it is a tensor of its own, and nothing but the
/// next layer reads it, all of it, to convolve it.
[[nodiscard]] inline bool may_interleave(const quant::model_tensors& m, std::size_t layer) {
  const quant::tensor_use& out = m.layers[layer].out;
  const quant::tensor_use whole{out.tensor, 0,
                                m.tensors[static_cast<std::size_t>(out.tensor)].shape.channels};
  if (out != whole) return false;
  for (std::size_t i = 0; i < m.layers.size(); ++i) {
    const quant::layer_tensors& use = m.layers[i];
    if (use.in.tensor == out.tensor && (i != layer + 1 || use.in != whole)) return false;
    if (use.residual && use.residual->tensor == out.tensor) return false;
  }
  return true;
}

/// True if the layer convolves what the one before wrote, in the layout that was chosen for it.
[[nodiscard]] inline bool follows_layout(const quant::model_tensors& m, std::size_t layer) {
  return layer > 0 && m.layers[layer].in.tensor == m.layers[layer - 1].out.tensor &&
         may_interleave(m, layer - 1);
}

}  // namespace detail

/// How the layers of a model run: the schedules, and what they read and write.
struct model_plan {
  quant::model_tensors tensors;
  std::vector<layer_work> works;
  std::vector<schedule> schedules;
};

namespace detail {

/// Shortest path through the layouts between the layers, in cycles.
class model_planner {
 public:
  model_planner(const quant::int8_model& model, const array_params& a, index_t images, layout input,
                const plan_params& params)
      : model_(model), input_(input), params_(params) {
    plan_.tensors = quant::tensors_of(model);
    for (const quant::int8_layer& l : model.layers) plan_.works.push_back(work_of(l, a, images));
    roads_[input == layout::planar ? 0 : 1].emplace();
  }

  [[nodiscard]] model_plan take() && {
    for (std::size_t i = 0; i < model_.layers.size(); ++i) add_layer(i);
    const bool planar = !roads_[1] || (roads_[0] && end_of(*roads_[0]) <= end_of(*roads_[1]));
    for (planned_layer& l : *roads_[planar ? 0 : 1]) plan_.schedules.push_back(std::move(l.steps));
    count();
    return std::move(plan_);
  }

 private:
  using road = std::vector<planned_layer>;

  [[nodiscard]] static index_t end_of(const road& r) {
    return r.empty() ? 0 : r.back().clock.end();
  }

  void add_layer(std::size_t i) {
    const quant::layer_tensors& use = plan_.tensors.layers[i];
    expects(!use.residual || use.residual->tensor != 0 || input_ == layout::planar,
            errc::layer_does_not_fit, "layer '{}': a residual must be planar, the input is not",
            model_.layers[i].name);
    std::optional<road> next[2];
    bool planar_possible = false;
    for (const std::size_t before : {0, 1})
      for (const std::size_t out : {0, 1}) {
        if (!roads_[before] || (out == 1 && !may_interleave(plan_.tensors, i))) continue;
        layout in = use.in.tensor == 0 ? input_ : layout::planar;
        if (follows_layout(plan_.tensors, i)) in = kinds[before];
        planar_possible = planar_possible || in == layout::planar;
        extend(*roads_[before], i, in, kinds[out], next[out]);
      }
    if (!next[0] && !next[1]) raise_does_not_fit(plan_.works[i], planar_possible, params_);
    roads_[0] = std::move(next[0]);
    roads_[1] = std::move(next[1]);
  }

  /// Puts the road with layer `i` behind it into `best` if it is the shorter one.
  void extend(const road& before, std::size_t i, layout in, layout out, std::optional<road>& best) {
    const layer_work& w = plan_.works[i];
    const layer_places places = places_of(w, plan_.tensors, i, in, out);
    auto l = layer_planner(w, params_, places, before.empty() ? nullptr : &before.back()).best();
    if (!l || (best && end_of(*best) <= l->clock.end())) return;
    best = before;
    best->push_back(*std::move(l));
  }

  /// The cycles of every layer between its neighbours.
  void count() {
    schedule_clock clock;
    for (std::size_t i = 0; i < plan_.schedules.size(); ++i) {
      clock.run(plan_.works[i], plan_.schedules[i]);
      const bool last = i + 1 == plan_.schedules.size();
      clock.report(plan_.schedules[i], last ? nullptr : &plan_.works[i + 1],
                   last ? nullptr : &plan_.schedules[i + 1]);
    }
  }

  static constexpr layout kinds[] = {layout::planar, layout::interleaved};
  const quant::int8_model& model_;
  layout input_;
  const plan_params& params_;
  model_plan plan_;
  std::optional<road> roads_[2];  ///< by the layout of what the layer before wrote
};

}  // namespace detail

/// Chooses the schedules of all layers and the layouts between them for the fewest cycles together:
/// a shortest path, because a layer's output layout is the next one's input layout. (What others
/// than the next layer read is planar.) Throws layer_does_not_fit, which names the layer, what it
/// needs and what the buffer has.
[[nodiscard]] inline model_plan plan_model(const quant::int8_model& model, const array_params& a,
                                           index_t images, layout input,
                                           const plan_params& params = {}) {
  check(params, a);
  return detail::model_planner(model, a, images, input, params).take();
}

/// The schedule in words: segments, tiles, chunks, where the cycles go.
[[nodiscard]] inline std::string describe(const layer_work& w, const schedule& s) {
  const layer_geometry& g = s.geometry;
  index_t passes = 0;
  for (const row_work& row : w.rows) passes += row.uops;
  passes *= g.sub_rows * g.sub_cols * ceil_div(w.images, g.images_per_step);
  const bool one_panel = s.panels.size() == 1;
  return fmt::format(
      "segments {}x{} ({} images side by side), {} input, {} output, {} tiles of up to {} "
      "sub-tile rows x {}, {} chunks, {}, {} steps; load {} words a cycle{}{}, write {}{}; {} "
      "cycles: "
      "{} of passes, {} before the first, {} waiting for loads, {} for the drain",
      g.seg_y, g.seg_x, g.images_per_step, to_string(g.in), to_string(g.out), s.tiles.size(),
      std::max_element(s.tiles.begin(), s.tiles.end(),
                       [](const tile& l, const tile& r) { return l.sub_rows < r.sub_rows; })
          ->sub_rows,
      g.sub_cols, s.chunks.size(),
      one_panel ? "slots hold what any row uses" : "slots of their own for each chunk",
      s.steps.size(), s.load.words, s.load.strided ? " (strided)" : "",
      s.load.phase_zero ? " (phase 0 only)" : "", g.run,
      w.layer->residual ? fmt::format(", residual {}", s.residual_load_words) : "", s.cycles,
      passes, s.fill, s.load_stalls, s.drain_stalls);
}

}  // namespace swprune::inline v0::hw
