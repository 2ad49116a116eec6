// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
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

[[nodiscard]] SWPRUNE_FUNCTION layer_geometry geometry_of(const layer_work& w, index_t seg_y,
                                                          index_t seg_x, layout in, layout out);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION layer_geometry geometry_of(const layer_work& w, index_t seg_y, index_t seg_x,
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

#endif

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

/// Adds the input rows that the strip's valid outputs need; interleaved maps come as a whole.
SWPRUNE_FUNCTION void set_input_rows(const layer_work& w, const layer_geometry& g, tile& t);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void set_input_rows(const layer_work& w, const layer_geometry& g, tile& t) {
  const quant::int8_layer& l = *w.layer;
  if (g.in == layout::interleaved) {
    t.y_first = 0;
    t.y_rows = l.input.height;
    return;
  }
  const index_t first_out = t.sub_row * g.seg_y;
  const index_t last_out = std::min((t.sub_row + t.sub_rows) * g.seg_y, w.needed_rows) - 1;
  t.y_first = std::max<index_t>(0, first_out * l.stride - l.padding);
  const index_t y_last =
      std::min(l.input.height - 1, last_out * l.stride - l.padding + l.kernel_height - 1);
  t.y_rows = y_last - t.y_first + 1;
}

#endif

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
[[nodiscard]] SWPRUNE_FUNCTION std::vector<tile> make_tiles(const layer_work& w,
                                                            const layer_geometry& g, index_t strip,
                                                            index_t lead_in);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::vector<tile> make_tiles(const layer_work& w, const layer_geometry& g,
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

#endif

/// Largest slot of any tile.
[[nodiscard]] inline index_t slot_words_of(const layer_work& w, const layer_geometry& g,
                                           const std::vector<tile>& tiles) {
  index_t words = 0;
  for (const tile& t : tiles) words = std::max(words, slot_words_of(w, g, t));
  return words;
}

namespace detail {

/// Bank that word `i` of a fetched plane goes to, docs/formats.md section 6.
[[nodiscard]] SWPRUNE_FUNCTION index_t bank_of(const layer_work& w, const layer_geometry& g,
                                               const tile& t, index_t i);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION index_t bank_of(const layer_work& w, const layer_geometry& g, const tile& t,
                                 index_t i) {
  if (g.in == layout::interleaved) return i % w.array.pixels();
  const quant::int8_layer& l = *w.layer;
  const index_t v = (t.y_first + i / l.input.width) / l.stride;
  const index_t u = i % l.input.width / l.stride;
  return v % g.seg_y * g.seg_x + u % g.seg_x;
}

/// True if no aligned run of `run` words of the tile's planes meets a bank twice.
[[nodiscard]] inline bool runs_are_free_of_conflicts(const layer_work& w, const layer_geometry& g,
                                                     const tile& t, index_t run) {
  const index_t words = plane_words(w, g, t);
  const index_t lead = plane_lead(w, t);
  std::vector<index_t> last_run(static_cast<std::size_t>(w.array.pixels()), -1);
  for (index_t i = 0; i < words; ++i) {
    index_t& seen = last_run[static_cast<std::size_t>(bank_of(w, g, t, i))];
    const index_t current = (lead + i) / run;
    if (seen == current) return false;
    seen = current;
  }
  return true;
}

#endif

}  // namespace detail

/// U: the largest number of words that can be written into the banks in one cycle for every tile.
[[nodiscard]] SWPRUNE_FUNCTION index_t load_words_of(const layer_work& w, const layer_geometry& g,
                                                     const std::vector<tile>& tiles);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION index_t load_words_of(const layer_work& w, const layer_geometry& g,
                                       const std::vector<tile>& tiles) {
  index_t run = std::min(w.array.bus_words(), w.array.pixels());
  std::set<std::pair<index_t, index_t>> seen;
  for (const tile& t : tiles) {
    if (!seen.emplace(t.y_first, t.y_rows).second) continue;
    while (run > 1 && !detail::runs_are_free_of_conflicts(w, g, t, run)) run /= 2;
  }
  return run;
}

#endif

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

}  // namespace swprune::inline v0::hw
