// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/cycles_timeline.hpp"
#include "swprune/hw/plan_work.hpp"

namespace swprune::inline v0::hw {

/// How the array is cut and in which layout the maps lie; fixed for a layer.
struct layer_geometry {
  index_t seg_y = 1;  ///< SegY
  index_t seg_x = 1;  ///< SegX
  layout in = layout::planar;
  layout out = layout::planar;
  index_t images_per_step = 1;  ///< segments of the array
  index_t sub_rows = 1;         ///< sub-tile rows of the whole map
  index_t sub_cols = 1;         ///< sub-tile columns
  index_t bank_cols = 1;        ///< words of one bank row
  index_t run = 1;              ///< output words a write
  drain_timing drain;
};

/// Output words that one write can hold: those of pixels side by side that are neighbours in
/// memory. Planar: pixels of one segment. Interleaved: neighbouring images, one pixel each.
[[nodiscard]] constexpr index_t run_of(const layer_work& w, index_t seg_x, layout out) {
  const index_t width = seg_x / w.shrink;
  if (out == layout::planar) return width;
  return width == 1 ? w.array.pox / w.shrink : 1;
}

[[nodiscard]] inline layer_geometry geometry_of(const layer_work& w, index_t seg_y, index_t seg_x,
                                                layout in, layout out) {
  const quant::int8_layer& l = *w.layer;
  layer_geometry g;
  g.seg_y = seg_y;
  g.seg_x = seg_x;
  g.in = in;
  g.out = out;
  g.images_per_step = w.array.pixels() / (seg_y * seg_x);
  g.sub_rows = ceil_div(w.needed_rows, seg_y);
  g.sub_cols = ceil_div(l.conv_width(), seg_x);
  g.bank_cols = ceil_div(ceil_div(l.input.width, l.stride), seg_x) * l.stride;
  g.run = run_of(w, seg_x, out);
  g.drain = drain_of(w.array, l.pool, g.run);
  return g;
}

/// A strip of output rows of one or several images.
struct tile {
  index_t first_image = 0;
  index_t images = 1;
  index_t sub_row = 0;   ///< first sub-tile row
  index_t sub_rows = 1;  ///< sub-tile rows
  index_t y_first = 0;   ///< first input row loaded
  index_t y_rows = 1;    ///< input rows loaded

  friend constexpr bool operator==(const tile&, const tile&) = default;
};

/// Adds the input rows that the strip's valid outputs need, at least one (a strip may lie in the
/// padding altogether); interleaved maps come as a whole.
inline void set_input_rows(const layer_work& w, const layer_geometry& g, tile& t) {
  const quant::int8_layer& l = *w.layer;
  if (g.in == layout::interleaved) {
    t.y_first = 0;
    t.y_rows = l.input.height;
    return;
  }
  const index_t first_out = t.sub_row * g.seg_y;
  const index_t last_out = std::min((t.sub_row + t.sub_rows) * g.seg_y, w.needed_rows) - 1;
  const index_t bottom = l.input.height - 1;
  t.y_first = std::clamp<index_t>(first_out * l.stride - l.padding, 0, bottom);
  const index_t y_last = std::clamp<index_t>(
      last_out * l.stride - l.padding + l.reach(l.kernel_height) - 1, t.y_first, bottom);
  t.y_rows = y_last - t.y_first + 1;
}

/// Words of a plane that a tile fetches.
[[nodiscard]] inline index_t plane_words(const layer_work& w, const layer_geometry& g,
                                         const tile& t) {
  const index_t batch = g.in == layout::interleaved ? w.array.pixels() : 1;
  return t.y_rows * w.layer->input.width * batch;
}

/// Words between the start of the first beat and the plane's first word.
[[nodiscard]] inline index_t plane_lead(const layer_work& w, const tile& t) {
  return t.y_first * w.layer->input.width % w.array.bus_words();
}

/// vbase of docs/formats.md section 6: bank row that the first loaded row falls into.
[[nodiscard]] inline index_t bank_row_base(const layer_work& w, const layer_geometry& g,
                                           const tile& t) {
  return t.y_first / w.layer->stride / g.seg_y;
}

/// Words of one slot in one bank that a tile needs.
[[nodiscard]] inline index_t slot_words_of(const layer_work& w, const layer_geometry& g,
                                           const tile& t) {
  const index_t s = w.layer->stride;
  const index_t y_last = t.y_first + t.y_rows - 1;
  return (y_last / s / g.seg_y - bank_row_base(w, g, t) + 1) * s * g.bank_cols;
}

/// All tiles of a layer: images in order, strips from top to bottom, each of at most `strip`
/// sub-tile rows and of even size. `lead_in` >= 1 makes the very first strip that short, because
/// nothing computes while it is loaded.
[[nodiscard]] inline std::vector<tile> make_tiles(const layer_work& w, const layer_geometry& g,
                                                  index_t strip, index_t lead_in) {
  std::vector<tile> tiles;
  const auto cut = [&](index_t image, index_t from, index_t to) {
    const index_t count = ceil_div(to - from, strip);
    for (index_t i = 0; i < count; ++i) {
      tile t;
      t.first_image = image;
      t.images = std::min(g.images_per_step, w.images - image);
      t.sub_row = from + (to - from) * i / count;
      t.sub_rows = from + (to - from) * (i + 1) / count - t.sub_row;
      set_input_rows(w, g, t);
      tiles.push_back(t);
    }
  };
  for (index_t image = 0; image < w.images; image += g.images_per_step) {
    const index_t lead = image == 0 && lead_in < g.sub_rows ? lead_in : 0;
    if (lead > 0) cut(image, 0, lead);
    cut(image, lead, g.sub_rows);
  }
  return tiles;
}

/// Largest slot of any tile.
[[nodiscard]] inline index_t slot_words_of(const layer_work& w, const layer_geometry& g,
                                           const std::vector<tile>& tiles) {
  index_t words = 0;
  for (const tile& t : tiles) words = std::max(words, slot_words_of(w, g, t));
  return words;
}

/// How the words of a beat are written into banks, docs/accelerator.md section 3.3.
struct load_mode {
  index_t words = 1;        ///< U, or Ur of a residual: words written per cycle
  bool strided = false;     ///< a part holds every n-th word of its beat
  bool phase_zero = false;  ///< only words of phase 0 in both directions are kept

  friend constexpr bool operator==(const load_mode&, const load_mode&) = default;
};

/// True if all taps of the layer read phase 0 of the input: x and y multiples of the stride.
[[nodiscard]] inline bool reads_phase_zero(const quant::int8_layer& l) {
  const auto zero = [&](index_t kernel) { return kernel == 1 || l.dilation % l.stride == 0; };
  return l.stride > 1 && l.padding % l.stride == 0 && zero(l.kernel_height) && zero(l.kernel_width);
}

namespace detail {

inline constexpr index_t dropped = -1;

/// Bank that word `i` of a fetched plane goes to, docs/formats.md section 6, or `dropped`.
[[nodiscard]] inline index_t bank_of(const layer_work& w, const layer_geometry& g, const tile& t,
                                     bool phase_zero, index_t i) {
  if (g.in == layout::interleaved) return i % w.array.pixels();
  const quant::int8_layer& l = *w.layer;
  const index_t y = t.y_first + i / l.input.width;
  const index_t x = i % l.input.width;
  if (phase_zero && (y % l.stride != 0 || x % l.stride != 0)) return dropped;
  return y / l.stride % g.seg_y * g.seg_x + x / l.stride % g.seg_x;
}

/// True if no part of a beat has two kept words for one place. `words` words come, the first one
/// `lead` words behind the start of its beat; place(i) < `places` is where word i goes, or
/// `dropped`.
template <typename Place>
[[nodiscard]] bool parts_are_free_of_conflicts(index_t words, index_t lead, index_t bus_words,
                                               const load_mode& mode, index_t places,
                                               const Place& place) {
  struct use {
    index_t beat = -1;
    std::uint32_t parts = 0;  ///< of that beat, which have a word for the place
  };
  const index_t parts = bus_words / mode.words;
  std::vector<use> uses(static_cast<std::size_t>(places));
  for (index_t i = 0; i < words; ++i) {
    const index_t at = place(i);
    if (at == dropped) continue;
    const index_t in_beat = (lead + i) % bus_words;
    const auto bit = std::uint32_t{1} << (mode.strided ? in_beat % parts : in_beat / mode.words);
    use& u = uses[static_cast<std::size_t>(at)];
    if (u.beat != (lead + i) / bus_words) u = {(lead + i) / bus_words, 0};
    if ((u.parts & bit) != 0) return false;
    u.parts |= bit;
  }
  return true;
}

/// True if all planes of the tile can be loaded that way.
[[nodiscard]] inline bool can_load(const layer_work& w, const layer_geometry& g, const tile& t,
                                   const load_mode& mode) {
  return parts_are_free_of_conflicts(
      plane_words(w, g, t), plane_lead(w, t), w.array.bus_words(), mode, w.array.pixels(),
      [&](index_t i) { return bank_of(w, g, t, mode.phase_zero, i); });
}

/// The tiles that differ in the rows they load.
[[nodiscard]] inline std::vector<tile> different_strips(const std::vector<tile>& tiles) {
  std::set<std::pair<index_t, index_t>> seen;
  std::vector<tile> strips;
  for (const tile& t : tiles)
    if (seen.emplace(t.sub_row, t.sub_rows).second) strips.push_back(t);
  return strips;
}

}  // namespace detail

/// The largest number of words that can be written into the banks in one cycle for every tile, and
/// how; of equal ones not strided.
[[nodiscard]] inline load_mode load_mode_of(const layer_work& w, const layer_geometry& g,
                                            const std::vector<tile>& tiles) {
  const auto strips = detail::different_strips(tiles);
  load_mode mode;
  mode.phase_zero = reads_phase_zero(*w.layer);
  for (mode.words = w.array.bus_words(); mode.words > 1; mode.words /= 2)
    for (const bool strided : {false, true}) {
      mode.strided = strided;
      if (std::all_of(strips.begin(), strips.end(),
                      [&](const tile& t) { return detail::can_load(w, g, t, mode); }))
        return mode;
    }
  mode.strided = false;
  return mode;
}

/// Beats of one plane of a tile.
[[nodiscard]] inline index_t plane_beats(const layer_work& w, const layer_geometry& g,
                                         const tile& t) {
  return ceil_div(plane_lead(w, t) + plane_words(w, g, t), w.array.bus_words());
}

/// Cycles that loading `slots` planes of a tile takes, fetch list included.
[[nodiscard]] inline index_t tile_load_cycles(const layer_work& w, const layer_geometry& g,
                                              const tile& t, index_t load_words, index_t slots) {
  const index_t per_slot = g.in == layout::interleaved ? 1 : t.images;
  const index_t plane = request_cycles(plane_beats(w, g, t), w.array.bus_words() / load_words);
  return ceil_div(slots, w.array.bus_words()) * request_cycles(1, 1) + slots * per_slot * plane;
}

/// Output rows of a tile that exist (without an odd last one that pooling drops).
[[nodiscard]] inline index_t valid_rows(const layer_work& w, const layer_geometry& g,
                                        const tile& t) {
  return std::min((t.sub_row + t.sub_rows) * g.seg_y, w.needed_rows) - t.sub_row * g.seg_y;
}

/// First row of the residual's map that a tile adds.
[[nodiscard]] inline index_t residual_first_row(const layer_work& w, const layer_geometry& g,
                                                const tile& t) {
  return w.layer->residual->stride * t.sub_row * g.seg_y;
}

/// Words that a tile fetches of each plane of the residual.
[[nodiscard]] inline index_t residual_words(const layer_work& w, const layer_geometry& g,
                                            const tile& t) {
  const quant::residual_add& r = *w.layer->residual;
  return (r.stride * (valid_rows(w, g, t) - 1) + 1) * r.input.width;
}

/// Words between the start of the first beat and the first word of the residual.
[[nodiscard]] inline index_t residual_lead(const layer_work& w, const layer_geometry& g,
                                           const tile& t) {
  return residual_first_row(w, g, t) * w.layer->residual->input.width % w.array.bus_words();
}

/// Beats of one plane of the residual.
[[nodiscard]] inline index_t residual_beats(const layer_work& w, const layer_geometry& g,
                                            const tile& t) {
  return ceil_div(residual_lead(w, g, t) + residual_words(w, g, t), w.array.bus_words());
}

namespace detail {

/// Lane of the residual buffer that word `i` of a plane goes to, or `dropped`; for the first image
/// of a step, the lanes of another one are shifted all alike.
[[nodiscard]] inline index_t lane_of(const layer_work& w, const layer_geometry& g, index_t i) {
  const quant::residual_add& r = *w.layer->residual;
  const index_t y = i / r.input.width;
  const index_t x = i % r.input.width;
  if (y % r.stride != 0 || x % r.stride != 0) return dropped;
  return x / r.stride % g.seg_x % w.array.chains;
}

}  // namespace detail

/// Ur: the largest number of words of the residual that can be written in one cycle for every tile.
[[nodiscard]] inline index_t residual_load_words_of(const layer_work& w, const layer_geometry& g,
                                                    const std::vector<tile>& tiles) {
  const auto strips = detail::different_strips(tiles);
  load_mode mode;
  for (mode.words = w.array.bus_words(); mode.words > 1; mode.words /= 2)
    if (std::all_of(strips.begin(), strips.end(), [&](const tile& t) {
          return detail::parts_are_free_of_conflicts(
              residual_words(w, g, t), residual_lead(w, g, t), w.array.bus_words(), mode,
              w.array.chains, [&](index_t i) { return detail::lane_of(w, g, i); });
        }))
      break;
  return mode.words;
}

/// Cycles that loading the residual of rows [begin, end) for a tile takes.
[[nodiscard]] inline index_t residual_load_cycles(const layer_work& w, const layer_geometry& g,
                                                  const tile& t, index_t load_words,
                                                  index_t row_begin, index_t row_end) {
  return w.out_words(row_begin, row_end) * t.images *
         request_cycles(residual_beats(w, g, t), w.array.bus_words() / load_words);
}

}  // namespace swprune::inline v0::hw
