// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_encode.hpp"
#include "swprune/hw/image_records.hpp"
#include "swprune/hw/plan.hpp"
#include "swprune/quant/check_model.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/model_tensors.hpp"

namespace swprune::inline v0::hw {

/// What compile() can be told beside the model and the array.
struct compile_params {
  layout input = layout::planar;  ///< how the first layer's images lie
  plan_params plan{};
};

namespace detail {

/// A number as the field that holds it; throws layer_does_not_fit if it is too large.
template <typename Field>
[[nodiscard]] Field field(const std::string& layer, const char* name, index_t value) {
  expects(value >= index_t{std::numeric_limits<Field>::min()} &&
              value <= index_t{std::numeric_limits<Field>::max()},
          errc::layer_does_not_fit, "layer '{}': {} must be {}..{} in the image, needs {}", layer,
          name, std::numeric_limits<Field>::min(), std::numeric_limits<Field>::max(), value);
  return static_cast<Field>(value);
}

/// log2 of a power of two.
[[nodiscard]] constexpr std::uint8_t log2_of(index_t v) {
  std::uint8_t log = 0;
  while ((index_t{1} << log) < v) ++log;
  return log;
}

/// Grows the image region piece by piece, each at a multiple of 64.
class image_builder {
 public:
  explicit image_builder(program& p) : program_(p) {}

  /// Room for `bytes`, zero, to be filled by write(); returns the offset.
  index_t reserve(image_part part, std::string name, index_t layer, index_t bytes) {
    const auto offset = static_cast<index_t>(program_.image.size());
    if (bytes == 0) return offset;
    program_.image.resize(static_cast<std::size_t>(offset + round_up(bytes, image_alignment)));
    program_.ranges.push_back({part, std::move(name), layer, offset, bytes});
    return offset;
  }
  void write(index_t offset, const std::vector<std::uint8_t>& bytes) {
    std::copy(bytes.begin(), bytes.end(), program_.image.begin() + offset);
  }
  index_t add(image_part part, std::string name, index_t layer,
              const std::vector<std::uint8_t>& bytes) {
    const index_t offset =
        reserve(part, std::move(name), layer, static_cast<index_t>(bytes.size()));
    write(offset, bytes);
    return offset;
  }

 private:
  program& program_;
};

/// Where the data of a chunk lies.
struct chunk_place {
  index_t list_offset = 0;
  index_t param_offset = 0;
  index_t weight_offset = 0;
  chunk_load load;
};

/// Turns one planned layer into bytes.
class layer_compiler {
 public:
  /// `residual` is null for a layer without one.
  layer_compiler(const layer_work& work, const schedule& plan, const tensor_placement& in,
                 const tensor_placement* residual, const tensor_placement& out, index_t number)
      : work_(work),
        layer_(*work.layer),
        plan_(plan),
        in_(in),
        residual_(residual),
        out_(out),
        number_(number) {}

  /// Adds lists, parameters, weights, fetch lists and steps; returns the descriptor.
  [[nodiscard]] layer_descriptor emit(image_builder& image) {
    const auto steps = static_cast<index_t>(plan_.steps.size());
    const index_t steps_offset =
        image.reserve(image_part::steps, title("step records"), number_, steps * step_bytes);
    for (const chunk& c : plan_.chunks) chunks_.push_back(emit_chunk(image, c));
    for (const auto& panel : plan_.panels) fetch_.push_back(emit_fetch_list(image, panel));
    for (index_t i = 0; i < steps; ++i)
      image.write(steps_offset + i * step_bytes,
                  encode(record_of(plan_.steps[static_cast<std::size_t>(i)], i == 0)));
    return descriptor(steps_offset);
  }

 private:
  [[nodiscard]] std::string title(const std::string& what) const {
    return fmt::format("layer {} ({}): {}", number_, layer_.name, what);
  }
  [[nodiscard]] std::string title(const char* what, const chunk& c) const {
    return title(fmt::format("{} of rows {}..{}", what, c.row_begin, c.row_end - 1));
  }
  template <typename Field>
  [[nodiscard]] Field fit(const char* name, index_t value) const {
    return field<Field>(layer_.name, name, value);
  }
  [[nodiscard]] const std::vector<index_t>& slots_of(const chunk& c) const {
    return plan_.panels[static_cast<std::size_t>(c.panel)];
  }

  [[nodiscard]] chunk_place emit_chunk(image_builder& image, const chunk& c) {
    const std::vector<std::uint8_t> list = list_bytes(c);
    const std::vector<std::uint8_t> params = parameter_bytes_of(c);
    const std::vector<std::uint8_t> weights = weight_bytes(c);
    chunk_place place;
    place.list_offset = image.add(image_part::list, title("index list", c), number_, list);
    place.param_offset = image.add(image_part::parameters, title("parameters", c), number_, params);
    place.weight_offset = image.add(image_part::weights, title("weights", c), number_, weights);
    const auto beats = [&](const std::vector<std::uint8_t>& bytes) {
      return ceil_div(static_cast<index_t>(bytes.size()), work_.array.bus_bytes);
    };
    place.load = {beats(list), beats(params), beats(weights)};
    return place;
  }

  /// Live blocks of the chunk's rows, by slot; nothing without skip.
  [[nodiscard]] std::vector<std::uint8_t> list_bytes(const chunk& c) const {
    std::vector<std::uint8_t> bytes;
    if (!work_.array.skip) return bytes;
    byte_writer out(bytes);
    const auto& slots = slots_of(c);
    for (index_t r = c.row_begin; r < c.row_end; ++r) {
      const auto& groups = work_.row(r).groups;
      if (groups.empty()) out.put(encode(list_entry{0, 1, true, true}));
      for (const index_t g : groups) {
        const auto at = std::lower_bound(slots.begin(), slots.end(), g);
        out.put(encode(
            list_entry{at - slots.begin(), layer_.channels_of(g), false, g == groups.back()}));
      }
    }
    return bytes;
  }

  [[nodiscard]] std::vector<std::uint8_t> parameter_bytes_of(const chunk& c) const {
    std::vector<std::uint8_t> bytes;
    byte_writer out(bytes);
    const index_t pof = work_.array.pof;
    for (index_t o = c.row_begin * pof; o < c.row_end * pof; ++o) {
      const bool real = o < layer_.output.channels;
      const auto i = static_cast<std::size_t>(o);
      out.put(real ? layer_.bias[i] : std::int32_t{0});
      out.put(real ? layer_.multiplier[i] : std::int16_t{0});
      out.put(real ? layer_.shift[i] : std::uint8_t{1});
      out.zeros(5);
    }
    return bytes;
  }

  /// The model's weights are in the order of the image already; the dense control gets zeros where
  /// a block is absent.
  [[nodiscard]] std::vector<std::uint8_t> weight_bytes(const chunk& c) const {
    std::vector<std::uint8_t> bytes;
    auto from = layer_.weights.begin() + first_weight(c.row_begin);
    for (index_t r = c.row_begin; r < c.row_end; ++r)
      for (const index_t g : work_.row(r).groups) {
        const index_t count = block_bytes(g);
        if (r < layer_.blocks.out_groups() && layer_.blocks.test(r, g)) {
          std::transform(from, from + count, std::back_inserter(bytes),
                         [](std::int8_t w) { return static_cast<std::uint8_t>(w); });
          from += count;
        } else {
          bytes.insert(bytes.end(), static_cast<std::size_t>(count), 0);
        }
      }
    return bytes;
  }
  [[nodiscard]] index_t block_bytes(index_t group) const {
    return layer_.channels_of(group) * layer_.kernel_height * layer_.kernel_width * work_.array.pof;
  }
  /// Index of a row's first live weight.
  [[nodiscard]] index_t first_weight(index_t row) const {
    index_t at = 0;
    for (index_t r = 0; r < std::min(row, layer_.blocks.out_groups()); ++r)
      for (const index_t g : layer_.blocks.row(r)) at += block_bytes(g);
    return at;
  }

  [[nodiscard]] index_t emit_fetch_list(image_builder& image, const std::vector<index_t>& panel) {
    std::vector<std::uint8_t> bytes;
    byte_writer out(bytes);
    for (const index_t g : panel)
      out.put(fit<std::uint32_t>("a fetch list entry", g * in_.group_stride()));
    return image.add(image_part::fetch_list,
                     title(fmt::format("fetch list of {} input groups", panel.size())), number_,
                     bytes);
  }

  [[nodiscard]] step_record record_of(const planned_step& step, bool first) const {
    const chunk& c = plan_.chunks[static_cast<std::size_t>(step.chunk)];
    const tile& t = plan_.tiles[static_cast<std::size_t>(step.tile)];
    step_record r;
    r.new_weights = step.new_weights;
    r.new_activations = step.new_activations;
    if (first) {
      r.wait_stored = plan_.first_wait == store_wait::all;
      r.wait_but_last = plan_.first_wait == store_wait::but_last;
    }
    set_chunk(r, c, chunks_[static_cast<std::size_t>(step.chunk)]);
    set_tile(r, t);
    if (work_.row(c.row_begin).residual) set_residual(r, c, t);
    const index_t first_row = t.sub_row * plan_.geometry.seg_y / work_.shrink;
    r.out_offset = fit<std::uint32_t>(
        "out_offset", out_.image_offset(t.first_image) + first_row * out_.row_stride() +
                          work_.first_word(c.row_begin) * out_.group_stride());
    return r;
  }

  void set_chunk(step_record& r, const chunk& c, const chunk_place& place) const {
    const auto& slots = slots_of(c);
    r.rows = fit<std::uint16_t>("rows", c.rows());
    r.og_first = fit<std::uint16_t>("og_first", c.row_begin);
    r.slots = fit<std::uint16_t>("slots", static_cast<index_t>(slots.size()));
    r.last_channels = slots.empty()
                          ? std::uint8_t{0}
                          : fit<std::uint8_t>("last_channels", layer_.channels_of(slots.back()));
    r.list_beats = fit<std::uint16_t>("list_beats", place.load.list_beats);
    r.param_beats = fit<std::uint16_t>("param_beats", place.load.param_beats);
    r.weight_beats = fit<std::uint16_t>("weight_beats", place.load.weight_beats);
    r.list_offset = fit<std::uint32_t>("list_offset", work_.array.skip ? place.list_offset : 0);
    r.param_offset = fit<std::uint32_t>("param_offset", place.param_offset);
    r.weight_offset = fit<std::uint32_t>("weight_offset", place.weight_offset);
    r.fetch_offset = fit<std::uint32_t>("fetch_offset", fetch_[static_cast<std::size_t>(c.panel)]);
  }

  void set_tile(step_record& r, const tile& t) const {
    const layer_geometry& g = plan_.geometry;
    r.sub_rows = fit<std::uint16_t>("sub_rows", t.sub_rows);
    r.sub_cols = fit<std::uint16_t>("sub_cols", g.sub_cols);
    r.images = fit<std::uint16_t>("images", t.images);
    r.y_start = y_start_of(t.y_first, layer_.stride, g.seg_y);
    r.oy_first = fit<std::uint16_t>("oy_first", t.sub_row * g.seg_y);
    r.row_idx0 = fit<std::int16_t>("row_idx0", t.sub_row - bank_row_base(work_, g, t));
    r.plane_words = fit<std::uint16_t>("plane_words", plane_words(work_, g, t));
    r.act_offset = fit<std::uint32_t>(
        "act_offset", in_.image_offset(t.first_image) + t.y_first * in_.row_stride());
    (void)fit<std::uint16_t>("the beats of a plane", plane_beats(work_, g, t));
  }

  /// The planes of the residual that belong to the chunk's channels.
  void set_residual(step_record& r, const chunk& c, const tile& t) const {
    const layer_geometry& g = plan_.geometry;
    const index_t plane = (c.row_begin * work_.array.pof - layer_.residual->first_channel) / 4;
    r.residual = true;
    r.res_words = fit<std::uint16_t>("res_words", residual_words(work_, g, t));
    r.res_offset = fit<std::uint32_t>(
        "res_offset", residual_->image_offset(t.first_image) + plane * residual_->group_stride() +
                          residual_first_row(work_, g, t) * residual_->row_stride());
  }

  [[nodiscard]] layer_descriptor descriptor(index_t steps_offset) const {
    const layer_geometry& g = plan_.geometry;
    layer_descriptor d;
    set_array_and_types(d);
    d.seg_y_log2 = log2_of(g.seg_y);
    d.seg_x_log2 = log2_of(g.seg_x);
    d.load_log2 = log2_of(plan_.load.words);
    d.load_strided = plan_.load.strided;
    d.phase_zero = plan_.load.phase_zero;
    d.run_log2 = log2_of(g.run);
    d.in_h = fit<std::uint16_t>("in_h", layer_.input.height);
    d.in_w = fit<std::uint16_t>("in_w", layer_.input.width);
    d.conv_h = fit<std::uint16_t>("conv_h", layer_.conv_height());
    d.conv_w = fit<std::uint16_t>("conv_w", layer_.conv_width());
    d.out_groups4 = fit<std::uint16_t>("out_groups4", out_.groups());
    d.bank_cols = fit<std::uint16_t>("bank_cols", g.bank_cols);
    d.slot_words = fit<std::uint16_t>("slot_words", plan_.slot_words);
    d.step_count = fit<std::uint32_t>("step_count", static_cast<index_t>(plan_.steps.size()));
    d.steps_offset = fit<std::uint32_t>("steps_offset", steps_offset);
    d.out_px_stride = fit<std::uint32_t>("out_px_stride", out_.pixel_stride());
    d.out_row_stride = fit<std::uint32_t>("out_row_stride", out_.row_stride());
    d.out_group_stride = fit<std::uint32_t>("out_group_stride", out_.group_stride());
    d.out_image_stride = fit<std::uint32_t>("out_image_stride", image_stride(out_, 4));
    d.in_image_stride = fit<std::uint32_t>("in_image_stride", image_stride(in_, 0));
    d.pass_interval = fit<std::uint16_t>("pass_interval", g.drain.interval());
    set_structure(d);
    if (residual_ != nullptr) set_residual(d);
    return d;
  }
  /// What the largest row of a dense layer has.
  void set_structure(layer_descriptor& d) const {
    for (index_t r = 0; r < work_.row_count(); ++r) {
      d.in_groups =
          std::max(d.in_groups, fit<std::uint16_t>("in_groups", work_.structure.row_degree(r)));
      d.row_uops = std::max(d.row_uops, fit<std::uint32_t>("row_uops", work_.structural_words(r)));
    }
  }
  void set_residual(layer_descriptor& d) const {
    const quant::residual_add& add = *layer_.residual;
    d.residual = true;
    d.residual_signed = add.is_signed;
    d.res_load_log2 = log2_of(plan_.residual_load_words);
    d.res_stride = static_cast<std::uint8_t>(add.stride);
    d.res_group_stride = fit<std::uint32_t>("res_group_stride", residual_->group_stride());
    d.res_image_stride = fit<std::uint32_t>("res_image_stride", residual_->batch_stride());
    d.res_zero = static_cast<std::int16_t>(add.zero);
    d.res_multiplier = add.multiplier;
    d.res_shift = add.shift;
    d.res_w = fit<std::uint16_t>("res_w", add.input.width);
  }
  [[nodiscard]] static index_t image_stride(const tensor_placement& t, index_t interleaved) {
    return t.kind == layout::planar ? t.batch_stride() : interleaved;
  }

  void set_array_and_types(layer_descriptor& d) const {
    const array_params& a = work_.array;
    d.poy = static_cast<std::uint8_t>(a.poy);
    d.pox = static_cast<std::uint8_t>(a.pox);
    d.pof = static_cast<std::uint8_t>(a.pof);
    d.bus_bytes = static_cast<std::uint8_t>(a.bus_bytes);
    d.skip = a.skip;
    d.pool = layer_.pool;
    d.input_signed = layer_.input_signed;
    d.output_signed = layer_.output_signed;
    d.interleaved = plan_.geometry.in == layout::interleaved;
    d.kernel_h = static_cast<std::uint8_t>(layer_.kernel_height);
    d.kernel_w = static_cast<std::uint8_t>(layer_.kernel_width);
    d.stride = static_cast<std::uint8_t>(layer_.stride);
    d.dilation = static_cast<std::uint8_t>(layer_.dilation);
    d.pad = static_cast<std::uint8_t>(layer_.padding);
    d.zero_in = static_cast<std::int16_t>(layer_.input_zero);
    d.zero_out = static_cast<std::int16_t>(layer_.output_zero);
    d.clamp_lo = static_cast<std::int16_t>(layer_.clamp_lo);
    d.clamp_hi = static_cast<std::int16_t>(layer_.clamp_hi);
  }

  const layer_work& work_;
  const quant::int8_layer& layer_;
  const schedule& plan_;
  const tensor_placement& in_;
  const tensor_placement* residual_;
  const tensor_placement& out_;
  index_t number_;
  std::vector<chunk_place> chunks_;
  std::vector<index_t> fetch_;
};

/// Bytes of a region that its offsets, of 32 bits, reach.
inline constexpr std::uint64_t most_region_bytes = std::uint64_t{1} << 32;

/// Throws layer_does_not_fit for more images than the activation region could hold if their maps
/// lay close together, before anything is planned for them.
inline void check_images(const quant::model_tensors& m, index_t images) {
  index_t bytes = 0;
  for (const auto& t : m.tensors) bytes += 4 * ceil_div(t.shape.channels, 4) * t.shape.pixels();
  const index_t most = static_cast<index_t>(most_region_bytes) / bytes;
  expects(images <= most, errc::layer_does_not_fit,
          "the maps of an image take {} bytes and the activation region 2^32: compile() needs "
          "images <= {}, given {}",
          bytes, most, images);
}

/// Puts the tensor behind what the activation region holds already. Throws layer_does_not_fit where
/// offsets do not reach.
inline tensor_placement place(program& p, std::string name, layout kind, const map_shape& shape,
                              bool is_signed) {
  tensor_placement t;
  t.name = std::move(name);
  t.kind = kind;
  t.shape = shape;
  t.images = p.images;
  t.is_signed = is_signed;
  t.pixels = p.array.pixels();
  t.offset = static_cast<index_t>(p.act_bytes);
  p.act_bytes += static_cast<std::uint64_t>(t.bytes());
  expects(p.act_bytes <= most_region_bytes, errc::layer_does_not_fit,
          "tensor '{}' ends at byte {} of the activation region, which has 2^32: compile() needs "
          "fewer images than {}",
          t.name, p.act_bytes, p.images);
  return t;
}

/// Input groups that some row of a chunk would use if no block were absent.
[[nodiscard]] inline index_t structural_slots(const layer_work& w, const chunk& c) {
  index_t slots = 0;
  for (index_t g = 0; g < w.in_groups; ++g) {
    bool used = false;
    for (index_t r = c.row_begin; r < c.row_end && !used; ++r) used = w.structure.test(r, g);
    slots += used;
  }
  return slots;
}

/// Planes that a step with this tile fetches of each slot.
[[nodiscard]] inline index_t planes_of_slot(const schedule& s, const tile& t) {
  return s.geometry.in == layout::interleaved ? 1 : t.images;
}

/// Beats of the same steps if every structural block were live; without skip every one is.
[[nodiscard]] inline index_t dense_read_beats(const layer_work& w, const schedule& s) {
  index_t beats = 0;
  for (const planned_step& step : s.steps) {
    const chunk& c = s.chunks[static_cast<std::size_t>(step.chunk)];
    const tile& t = s.tiles[static_cast<std::size_t>(step.tile)];
    const auto& panel = s.panels[static_cast<std::size_t>(c.panel)];
    if (step.new_weights) {
      index_t words = 0;
      for (index_t r = c.row_begin; r < c.row_end; ++r) words += w.structural_words(r);
      const chunk_load load = load_of_chunk(w.array, c.rows(), 0, words);
      beats += load.param_beats + load.weight_beats;
    }
    if (!step.new_activations) continue;
    index_t slots = static_cast<index_t>(panel.size());
    if (w.array.skip) slots = s.panels.size() == 1 ? w.in_groups : structural_slots(w, c);
    beats += ceil_div(slots, w.array.bus_words()) +
             slots * planes_of_slot(s, t) * plane_beats(w, s.geometry, t);
  }
  return beats;
}

/// Weights of absent blocks and planes of groups without a slot, step by step.
inline void count_skipped_loads(const layer_work& w, const schedule& s, layer_summary& summary) {
  if (!w.array.skip) return;
  for (const planned_step& step : s.steps) {
    const chunk& c = s.chunks[static_cast<std::size_t>(step.chunk)];
    const tile& t = s.tiles[static_cast<std::size_t>(step.tile)];
    if (step.new_weights)
      for (index_t r = c.row_begin; r < c.row_end; ++r)
        summary.weight_bytes_skipped +=
            (w.structural_words(r) - w.row(r).words) * w.layer->block.outputs;
    if (!step.new_activations) continue;
    const auto slots = static_cast<index_t>(s.panels[static_cast<std::size_t>(c.panel)].size());
    const index_t dense = s.panels.size() == 1 ? w.in_groups : structural_slots(w, c);
    summary.activation_bytes_skipped +=
        (dense - slots) * planes_of_slot(s, t) * plane_beats(w, s.geometry, t) * w.array.bus_bytes;
  }
}

/// Multiplications for one output pixel of all live (or all structural) blocks. Channels of a block
/// that belong to different groups of a grouped convolution do not count.
[[nodiscard]] inline index_t macs_of_pixel(const quant::int8_layer& l,
                                           const mask::block_mask& blocks) {
  index_t pairs = 0;
  for (index_t r = 0; r < blocks.out_groups(); ++r)
    for (const index_t g : blocks.row(r)) {
      const index_t outputs = std::min(l.block.outputs, l.output.channels - r * l.block.outputs);
      if (l.groups == 1) {
        pairs += outputs * l.channels_of(g);
        continue;
      }
      for (index_t o = r * l.block.outputs; o < r * l.block.outputs + outputs; ++o)
        for (index_t i = g * l.block.inputs; i < g * l.block.inputs + l.channels_of(g); ++i)
          pairs += l.connects(o, i);
    }
  return pairs * l.kernel_height * l.kernel_width;
}

[[nodiscard]] inline layer_summary summarise(const layer_work& w, const schedule& s) {
  const quant::int8_layer& l = *w.layer;
  const index_t pixels = l.output.pixels() * w.shrink * w.shrink * w.images;
  layer_summary summary;
  summary.name = l.name;
  summary.plan = describe(w, s);
  const mask::block_mask structure = quant::structural_blocks(l);
  summary.live_blocks = l.blocks.count();
  summary.blocks = structure.count();
  summary.macs_dense = macs_of_pixel(l, structure) * pixels;
  summary.macs_kept = macs_of_pixel(l, l.blocks) * pixels;
  summary.seg_y = s.geometry.seg_y;
  summary.seg_x = s.geometry.seg_x;
  summary.planned_cycles = s.cycles;
  summary.dense_read_beats = dense_read_beats(w, s);
  count_skipped_loads(w, s, summary);
  return summary;
}

/// Puts all tensors of the model into the activation region, and notes what each layer uses.
inline void place_tensors(program& p, const quant::int8_model& model, const model_plan& plan,
                          layout input) {
  const quant::model_tensors& m = plan.tensors;
  std::vector<layout> kinds(m.tensors.size(), layout::planar);
  kinds[0] = input;
  for (std::size_t i = 0; i < m.layers.size(); ++i)
    if (plan.schedules[i].geometry.out == layout::interleaved)
      kinds[static_cast<std::size_t>(m.layers[i].out.tensor)] = layout::interleaved;
  for (std::size_t t = 0; t < m.tensors.size(); ++t)
    p.tensors.push_back(
        place(p, m.tensors[t].name, kinds[t], m.tensors[t].shape, m.tensors[t].is_signed));
  p.input = p.tensors[0];
  const auto part = [&](const quant::tensor_use& use, const std::string& name) {
    const tensor_placement& whole = p.tensors[static_cast<std::size_t>(use.tensor)];
    return part_of(whole, name.empty() ? whole.name : name, use.first_channel, use.channels);
  };
  for (std::size_t i = 0; i < m.layers.size(); ++i) {
    const quant::layer_tensors& use = m.layers[i];
    p.inputs.push_back(part(use.in, ""));
    p.outputs.push_back(part(use.out, model.layers[i].name));
    p.residuals.emplace_back();
    if (use.residual) p.residuals.back() = part(*use.residual, "");
  }
}

}  // namespace detail

/// The accelerator image of a model for an array and a batch of `images`. With array.skip only the
/// live blocks are stored and only input groups that some row of a chunk uses are fetched; without
/// skip the absent blocks of the same model are stored as zeros: the dense control. (In a grouped
/// or diagonal layer only the blocks that a dense layer would have.) Every tensor gets its own
/// place in the activation region; layers that write one together (concatenation) each write their
/// planes.
///
/// Throws what quant::check() throws for the model and hw::check() for the array,
/// argument_out_of_range unless images >= 1, and layer_does_not_fit, which names the layer, what it
/// needs and what the accelerator has, or how many images the activation region holds.
[[nodiscard]] inline program compile(const quant::int8_model& model, const array_params& array,
                                     index_t images, const compile_params& params = {}) {
  check(array);
  quant::check(model);
  expects(images >= 1, errc::argument_out_of_range, "compile() needs images >= 1, given {}",
          images);
  detail::check_images(quant::tensors_of(model), images);
  const model_plan plan = plan_model(model, array, images, params.input, params.plan);
  program p;
  p.array = array;
  p.images = images;
  p.layer_count = detail::field<std::uint16_t>(model.layers.front().name, "layer_count",
                                               static_cast<index_t>(model.layers.size()));
  detail::place_tensors(p, model, plan, params.input);
  detail::image_builder image(p);
  const index_t descriptors =
      image.reserve(image_part::descriptors, "descriptors", 0, p.layer_count * descriptor_bytes);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto number = static_cast<index_t>(i);
    detail::layer_compiler compiler(plan.works[i], plan.schedules[i], p.inputs[i],
                                    p.residuals[i] ? &*p.residuals[i] : nullptr, p.outputs[i],
                                    number);
    image.write(descriptors + number * descriptor_bytes, encode(compiler.emit(image)));
    p.layers.push_back(detail::summarise(plan.works[i], plan.schedules[i]));
  }
  return p;
}

}  // namespace swprune::inline v0::hw
