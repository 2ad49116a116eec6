// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/hw/cycles_timeline.hpp"
#include "swprune/hw/image_layout.hpp"
#include "swprune/hw/plan_schedule.hpp"
#include "swprune/hw/plan_tiles.hpp"
#include "swprune/hw/plan_work.hpp"
#include "swprune/quant/model_tensors.hpp"

namespace swprune::inline v0::hw {

/// Where a layer's maps lie in their tensors; offsets are from the first byte of the tensor.
struct layer_places {
  quant::layer_tensors use;
  tensor_placement in;
  tensor_placement out;
  std::optional<tensor_placement> residual;
};

/// Bytes of a tensor.
struct byte_span {
  index_t tensor = 0;
  index_t begin = 0;
  index_t end = 0;

  friend constexpr bool operator==(const byte_span&, const byte_span&) = default;
};

namespace detail {

[[nodiscard]] inline tensor_placement place_in_tensor(const layer_work& w,
                                                      const quant::model_tensors& m,
                                                      const quant::tensor_use& use, layout kind) {
  const quant::model_tensor& t = m.tensors[static_cast<std::size_t>(use.tensor)];
  tensor_placement whole;
  whole.kind = kind;
  whole.shape = t.shape;
  whole.images = w.images;
  whole.is_signed = t.is_signed;
  whole.pixels = w.array.pixels();
  return part_of(whole, t.name, use.first_channel, use.channels);
}

}  // namespace detail

/// Places of layer `number` with these layouts of its input and output; a residual is planar.
[[nodiscard]] inline layer_places places_of(const layer_work& w, const quant::model_tensors& m,
                                            std::size_t number, layout in, layout out) {
  layer_places p;
  p.use = m.layers[number];
  p.in = detail::place_in_tensor(w, m, p.use.in, in);
  p.out = detail::place_in_tensor(w, m, p.use.out, out);
  if (p.use.residual) p.residual = detail::place_in_tensor(w, m, *p.use.residual, layout::planar);
  return p;
}

namespace detail {

/// Appends the rows [y, y + rows) of the planes [first, end) of some images.
inline void add_rows(std::vector<byte_span>& spans, index_t tensor, const tensor_placement& t,
                     index_t first_image, index_t images, index_t first_plane, index_t end_plane,
                     index_t y, index_t rows) {
  // Interleaved images share their rows.
  for (index_t n = first_image - first_image % t.batch(); n < first_image + images; n += t.batch())
    for (index_t plane = first_plane; plane < end_plane; ++plane) {
      const index_t begin = t.image_offset(n) + plane * t.group_stride() + y * t.row_stride();
      spans.push_back({tensor, begin, begin + rows * t.row_stride()});
    }
}

/// Appends whole beats from `begin` on.
inline void add_beats(std::vector<byte_span>& spans, const layer_work& w, index_t tensor,
                      index_t begin, index_t beats) {
  const index_t bus = w.array.bus_bytes;
  spans.push_back({tensor, begin - begin % bus, begin - begin % bus + beats * bus});
}

}  // namespace detail

/// Bytes that a step stores, in ascending order; of interleaved images whole rows.
[[nodiscard]] inline std::vector<byte_span> writes_of_step(const layer_work& w, const schedule& s,
                                                           const planned_step& step,
                                                           const layer_places& p) {
  const tile& t = s.tiles[static_cast<std::size_t>(step.tile)];
  const chunk& c = s.chunks[static_cast<std::size_t>(step.chunk)];
  const index_t y = t.sub_row * s.geometry.seg_y / w.shrink;
  const index_t end =
      std::min((t.sub_row + t.sub_rows) * s.geometry.seg_y / w.shrink, w.layer->output.height);
  std::vector<byte_span> spans;
  const index_t first = w.first_word(c.row_begin);
  detail::add_rows(spans, p.use.out.tensor, p.out, t.first_image, t.images, first,
                   first + w.out_words(c.row_begin, c.row_end), y, end - y);
  return spans;
}

/// Bytes that a layer stores.
[[nodiscard]] inline std::vector<byte_span> writes_of_layer(const layer_work& w,
                                                            const layer_places& p) {
  std::vector<byte_span> spans;
  detail::add_rows(spans, p.use.out.tensor, p.out, 0, w.images, 0, p.out.groups(), 0,
                   w.layer->output.height);
  return spans;
}

/// Bytes of the planes and of the residual that loading a step reads: whole beats.
[[nodiscard]] inline std::vector<byte_span> reads_of_step(const layer_work& w, const schedule& s,
                                                          const planned_step& step,
                                                          const layer_places& p) {
  const tile& t = s.tiles[static_cast<std::size_t>(step.tile)];
  const chunk& c = s.chunks[static_cast<std::size_t>(step.chunk)];
  const layer_geometry& g = s.geometry;
  const index_t images = g.in == layout::interleaved ? 1 : t.images;
  std::vector<byte_span> spans;
  for (const index_t group : s.panels[static_cast<std::size_t>(c.panel)])
    for (index_t b = 0; b < images; ++b)
      detail::add_beats(spans, w, p.use.in.tensor,
                        p.in.image_offset(t.first_image + b) + group * p.in.group_stride() +
                            t.y_first * p.in.row_stride(),
                        plane_beats(w, g, t));
  if (!w.row(c.row_begin).residual) return spans;
  const index_t first = (c.row_begin * w.array.pof - w.layer->residual->first_channel) / 4;
  for (index_t word = 0; word < w.out_words(c.row_begin, c.row_end); ++word)
    for (index_t b = 0; b < t.images; ++b)
      detail::add_beats(spans, w, p.use.residual->tensor,
                        p.residual->image_offset(t.first_image + b) +
                            (first + word) * p.residual->group_stride() +
                            residual_first_row(w, g, t) * p.residual->row_stride(),
                        residual_beats(w, g, t));
  return spans;
}

/// True if some byte is in both; the spans of `sorted` ascend and do not overlap.
[[nodiscard]] inline bool overlap(const std::vector<byte_span>& spans,
                                  const std::vector<byte_span>& sorted) {
  const auto ends_before = [](const byte_span& s, const byte_span& wanted) {
    return s.tensor < wanted.tensor || (s.tensor == wanted.tensor && s.end <= wanted.begin);
  };
  return std::any_of(spans.begin(), spans.end(), [&](const byte_span& s) {
    const auto at = std::lower_bound(sorted.begin(), sorted.end(), s, ends_before);
    return at != sorted.end() && at->tensor == s.tensor && at->begin < s.end;
  });
}

/// What the first step of a layer must wait for, by what the layer before stores in all and in its
/// last step.
[[nodiscard]] inline store_wait wait_for(const std::vector<byte_span>& reads,
                                         const std::vector<byte_span>& stored,
                                         const std::vector<byte_span>& stored_last) {
  if (!overlap(reads, stored)) return store_wait::none;
  return overlap(reads, stored_last) ? store_wait::all : store_wait::but_last;
}

}  // namespace swprune::inline v0::hw
