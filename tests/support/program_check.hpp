// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs a compiled program on a device, or on two in lockstep, in a memory that
// is poisoned wherever nothing may be touched, and checks everything that can
// be known beforehand.

#include <catch2/catch.hpp>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/lockstep.hpp"
#include "swprune/quant/model_tensors.hpp"
#include "tests/support/random_layer.hpp"

namespace swprune_test {

/// Bases that are no round powers of two, so that a base left out or added
/// twice shows.
inline constexpr std::uint64_t check_image_base = 0x12'3456'7000;
inline constexpr std::uint64_t check_act_base = 0xa9'0000'0540;

/// The memory of one run of a program.
class program_memory {
 public:
  program_memory(const swprune::hw::program& p, const random_case& c,
                 const swprune::hw::memory_params& timing)
      : program_(p), case_(c), memory(timing) {
    place_image();
    place_activations();
    for (std::size_t t = 1; t < p.tensors.size(); ++t) place_output(p.tensors[t]);
    if (p.array.skip)
      for (std::size_t t = 0; t < p.tensors.size(); ++t) poison_dead_planes(t);
  }

 private:
  const swprune::hw::program& program_;
  const random_case& case_;

 public:
  swprune::hw::memory_model memory;

  [[nodiscard]] swprune::hw::run_params run_params() const {
    return {.image_base = check_image_base,
            .act_base = check_act_base,
            .desc_offset = program_.desc_offset,
            .layer_count = program_.layer_count};
  }

  /// Output of a layer, `[n][C][H][W]`.
  [[nodiscard]] std::vector<std::uint8_t> output(index_t layer) const {
    const auto region = memory.read(check_act_base, static_cast<std::size_t>(program_.act_bytes));
    return program_.unpack_output(layer, region);
  }

  /// Canaries, and every word of every output written exactly once.
  void check_writes() const {
    CHECK_NOTHROW(memory.check_canaries());
    const auto uses = swprune::quant::tensors_of(case_.model);
    for (std::size_t t = 1; t < program_.tensors.size(); ++t) {
      const swprune::hw::tensor_placement& whole = program_.tensors[t];
      index_t words = 0;
      for (std::size_t i = 0; i < uses.layers.size(); ++i)
        if (static_cast<std::size_t>(uses.layers[i].out.tensor) == t)
          words += whole.images * program_.outputs[i].groups() * whole.shape.pixels();
      CAPTURE(whole.name);
      CHECK(memory.bytes_written(at(whole.offset), static_cast<std::size_t>(whole.bytes())) ==
            static_cast<std::uint64_t>(4 * words));
    }
  }

  /// Every list, parameter and weight byte of the image was read, whole ranges
  /// equally often.
  void check_reads() const {
    const index_t bus = program_.array.bus_bytes;
    for (const swprune::hw::image_range& r : program_.ranges) {
      if (r.part == swprune::hw::image_part::steps || r.part == swprune::hw::image_part::fetch_list)
        continue;
      const auto base = check_image_base + static_cast<std::uint64_t>(r.offset);
      const auto fetched = static_cast<std::size_t>(swprune::round_up(r.bytes, bus));
      const std::uint64_t first = memory.bytes_read(base, 1);
      CAPTURE(r.name, r.bytes, first);
      CHECK(first >= 1);
      CHECK(memory.bytes_read(base, fetched) == first * fetched);
    }
  }

 private:
  [[nodiscard]] static std::uint64_t at(index_t offset) {
    return check_act_base + static_cast<std::uint64_t>(offset);
  }

  void place_image() {
    const auto size = static_cast<index_t>(program_.image.size());
    memory.add_region("image", check_image_base, size, false);
    memory.write(check_image_base, program_.image);
    index_t end = 0;
    for (const swprune::hw::image_range& r : program_.ranges) {
      poison(end, r.offset);
      // The last beat may reach further than the range, no other one.
      end = swprune::round_up(r.offset + r.bytes, program_.array.bus_bytes);
    }
    poison(end, size);
  }

  void poison(index_t from, index_t to) {
    if (from < to)
      memory.forbid_reads("gap of the image", check_image_base + static_cast<std::uint64_t>(from),
                          static_cast<std::size_t>(to - from));
  }

  void place_activations() {
    memory.add_region("activations", check_act_base - 64,
                      static_cast<index_t>(program_.act_bytes) + 128, true);
    memory.add_canary("before the activations", check_act_base - 64, 64);
    memory.add_canary("behind the activations", at(static_cast<index_t>(program_.act_bytes)), 64);
    const auto region = program_.initial_activations(case_.input);
    const auto& t = program_.input;
    memory.write(at(t.offset), std::span(region).subspan(static_cast<std::size_t>(t.offset),
                                                         static_cast<std::size_t>(t.bytes())));
    memory.forbid_writes("input", at(t.offset), static_cast<std::size_t>(t.bytes()));
  }

  /// The padding behind every plane is a canary: readable, never written. Words
  /// of images that do not exist are the same.
  void place_output(const swprune::hw::tensor_placement& t) {
    const index_t used = t.shape.height * t.row_stride();
    for (index_t plane = 0; plane < t.bytes() / t.group_stride(); ++plane) {
      const index_t start = t.offset + plane * t.group_stride();
      if (used < t.group_stride())
        memory.add_canary("padding of " + t.name, at(start + used),
                          static_cast<std::size_t>(t.group_stride() - used));
      const index_t batch_images = std::min(t.batch(), t.images - plane / t.groups() * t.batch());
      for (index_t pixel = 0; pixel < t.shape.pixels() && batch_images < t.batch(); ++pixel)
        memory.add_canary("absent image of " + t.name,
                          at(start + pixel * t.pixel_stride() + 4 * batch_images),
                          static_cast<std::size_t>(4 * (t.batch() - batch_images)));
    }
  }

  /// Planes of a tensor that no live block and no residual uses must not be fetched.
  void poison_dead_planes(std::size_t tensor) {
    const swprune::hw::tensor_placement& t = program_.tensors[tensor];
    const std::vector<bool> used = used_planes(tensor);
    for (index_t g = 0; g < t.groups(); ++g) {
      if (used[static_cast<std::size_t>(g)]) continue;
      for (index_t b = 0; b * t.batch() < t.images; ++b)
        memory.forbid_reads("dead plane of " + t.name,
                            at(t.offset + b * t.batch_stride() + g * t.group_stride()),
                            static_cast<std::size_t>(t.group_stride()));
    }
  }
  [[nodiscard]] std::vector<bool> used_planes(std::size_t tensor) const {
    const auto uses = swprune::quant::tensors_of(case_.model);
    std::vector<bool> used(static_cast<std::size_t>(program_.tensors[tensor].groups()), false);
    const auto use = [&](index_t plane) { used[static_cast<std::size_t>(plane)] = true; };
    for (std::size_t i = 0; i < uses.layers.size(); ++i) {
      const swprune::quant::layer_tensors& l = uses.layers[i];
      const auto& blocks = case_.model.layers[i].blocks;
      if (static_cast<std::size_t>(l.in.tensor) == tensor)
        for (index_t g = 0; g < blocks.in_groups(); ++g)
          if (blocks.column_degree(g) > 0) use(l.in.first_channel / 4 + g);
      if (l.residual && static_cast<std::size_t>(l.residual->tensor) == tensor)
        for (index_t c = l.residual->first_channel; c < l.residual->end(); ++c) use(c / 4);
    }
    return used;
  }
};

/// Multiplications with live weights for pixels that reach the output (a pooled
/// layer's odd last row and column do not).
inline index_t needed_macs(const random_case& c) {
  index_t sum = 0;
  for (const swprune::quant::int8_layer& l : c.model.layers) {
    const index_t pixels = l.output.pixels() * (l.pool ? 4 : 1) * c.images;
    for (index_t row = 0; row < l.blocks.out_groups(); ++row)
      for (const index_t g : l.blocks.row(row))
        sum += pixels * std::min(l.block.outputs, l.output.channels - row * l.block.outputs) *
               l.channels_of(g) * l.kernel_height * l.kernel_width;
  }
  return sum;
}

/// Runs a case and checks: outputs of every layer against `expected`, cycles
/// and beats of a memory without stalls against the closed form, the bound by kept
/// MACs, reads, writes, canaries, poison. With `dut` both devices run in
/// lockstep. Returns the clock edges.
inline std::uint64_t check_program(swprune::hw::device& golden, swprune::hw::device* dut,
                                   const swprune::hw::program& p, const random_case& c,
                                   const std::vector<std::vector<std::uint8_t>>& expected,
                                   const swprune::hw::memory_params& timing) {
  namespace hw = swprune::hw;
  program_memory m(p, c, timing);
  hw::run_result run;
  if (dut == nullptr) {
    run = hw::run(golden, m.memory, m.run_params());
  } else {
    const hw::lockstep_result both = hw::run_lockstep(golden, *dut, m.memory, m.run_params());
    INFO(both.text());
    REQUIRE(both.mismatches == 0);
    run = both.run;
  }
  REQUIRE(run.ok());
  for (index_t i = 0; i < p.layer_count; ++i) {
    CAPTURE(i);
    CHECK(m.output(i) == expected[static_cast<std::size_t>(i)]);
  }
  m.check_writes();
  m.check_reads();
  const hw::cycle_counts counts = hw::predict(p).total;
  CHECK(run.last.cnt_uops == counts.uops);
  CHECK(run.last.cnt_blocks == counts.blocks);
  CHECK(run.last.cnt_read_beats == counts.read_beats);
  CHECK(run.last.cnt_write_beats == counts.write_beats);
  const auto bus = static_cast<std::uint64_t>(p.array.bus_bytes);
  CHECK(m.memory.total_bytes_read() == run.last.cnt_read_beats * bus);
  const index_t kept = needed_macs(c);
  CHECK(static_cast<index_t>(run.busy_cycles) * p.array.pes() >= kept);
  if (timing.steady()) {
    const hw::cycle_counts steady = hw::predict(p, timing.timing()).total;
    CHECK(run.busy_cycles == static_cast<std::uint64_t>(steady.cycles));
    CHECK(run.last.cnt_drain_stalls == steady.drain_stalls);
    CHECK(run.last.cnt_load_stalls == steady.load_stalls);
  } else {
    CHECK(run.busy_cycles >= static_cast<std::uint64_t>(counts.cycles));
  }
  return run.cycles;
}

/// The case compiled with a random schedule; nothing when it does not fit the
/// buffers.
inline std::optional<swprune::hw::program> compile_case(const random_case& c,
                                                        const swprune::hw::array_params& a,
                                                        swprune::rng& r) {
  namespace hw = swprune::hw;
  hw::compile_params params;
  if (r.bernoulli(0.4)) params.plan.max_rows = detail::between(r, 1, 3);
  if (r.bernoulli(0.4)) params.plan.max_strip = detail::between(r, 1, 2);
  // One layer in six takes its images side by side word by word, if it can.
  if (r.bernoulli(0.17)) params.input = hw::layout::interleaved;
  const std::uint64_t order = r.below(4);
  params.plan.chunk_outer = order != 0;
  params.plan.tile_outer = order != 1;
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      return hw::compile(c.model, a, c.images, params);
    } catch (const swprune::mismatch_error&) {
      params = {};  // without the wishes it may fit
    }
  }
  return std::nullopt;
}

/// What a set of random cases has exercised; a test that claims it must have
/// seen it.
struct case_coverage {
  int cases = 0, stepped = 0, chunked = 0, tile_outer = 0, interleaved = 0, side_by_side = 0;
  int empty = 0, dense = 0, empty_row = 0, partial_in = 0, partial_out = 0, pooled = 0;
  int odd_pool = 0, stride2 = 0, kernel8 = 0, rectangular = 0, padded = 0, batch = 0;
  int signed_in = 0, signed_out = 0, pixel = 0;
  int stride34 = 0, dilated = 0, wide_pad = 0, strided = 0, phase_zero = 0;
  int residual = 0, residual_stride2 = 0, residual_part = 0, stored = 0, but_last = 0;

  void add(const random_case& c, const swprune::hw::program& p) {
    ++cases;
    batch += c.images > 1;
    for (const swprune::quant::int8_layer& l : c.model.layers) add_layer(l);
    for (index_t i = 0; i < p.layer_count; ++i) add_schedule(p, i);
  }

  /// Fails the test when a kind was seen fewer than `least` times.
  void require(int least) const {
    CAPTURE(cases, stepped, chunked, tile_outer, interleaved, side_by_side);
    CAPTURE(empty, dense, empty_row, partial_in, partial_out, pooled, odd_pool);
    CAPTURE(stride34, dilated, wide_pad, strided, phase_zero, residual, residual_stride2,
            residual_part, stored, but_last);
    CAPTURE(stride2, kernel8, rectangular, padded, batch, signed_in, signed_out, pixel);
    for (const int seen :
         {stepped,     chunked,    tile_outer,  interleaved, side_by_side, empty,   dense,
          empty_row,   partial_in, partial_out, pooled,      odd_pool,     stride2, kernel8,
          rectangular, padded,     batch,       signed_in,   signed_out,   pixel,   stride34,
          dilated,     wide_pad,   strided,     phase_zero})
      CHECK(seen >= least);
  }

  /// The same for what needs several layers.
  void require_networks(int least) const {
    CAPTURE(residual, residual_stride2, residual_part, stored, but_last);
    for (const int seen : {residual, residual_stride2, residual_part, stored, but_last})
      CHECK(seen >= least);
  }

 private:
  void add_layer(const swprune::quant::int8_layer& l) {
    empty += l.blocks.count() == 0;
    dense += l.blocks.density() == 1;
    bool has_empty_row = false;
    for (index_t r = 0; r < l.blocks.out_groups(); ++r)
      has_empty_row = has_empty_row || l.blocks.row_degree(r) == 0;
    empty_row += has_empty_row && l.blocks.count() > 0;
    partial_in += l.input.channels % 4 != 0;
    partial_out += l.output.channels % l.block.outputs != 0;
    pooled += l.pool;
    odd_pool += l.pool && (l.conv_height() % 2 != 0 || l.conv_width() % 2 != 0);
    stride2 += l.stride == 2;
    stride34 += l.stride > 2;
    dilated += l.dilation > 1 && l.kernel_height * l.kernel_width > 1;
    wide_pad += l.padding >= l.kernel_height && l.padding >= l.kernel_width;
    residual += l.residual.has_value();
    residual_stride2 += l.residual && l.residual->stride == 2;
    residual_part += l.residual && l.residual->input.channels < l.output.channels;
    kernel8 += l.kernel_height == 8 || l.kernel_width == 8;
    rectangular += l.kernel_height != l.kernel_width;
    padded += l.padding > 0;
    signed_in += l.input_signed;
    signed_out += l.output_signed;
    pixel += l.input.height == 1 && l.input.width == 1;
  }

  void add_schedule(const swprune::hw::program& p, index_t i) {
    std::array<std::uint8_t, 128> bytes{};
    std::copy_n(p.image.begin() + p.desc_offset + 128 * i, 128, bytes.begin());
    const auto d = swprune::hw::golden::decode_layer(bytes, p.array);
    stepped += d.step_count > 1;
    interleaved += d.interleaved;
    strided += d.load_strided;
    phase_zero += d.phase_zero;
    bool kept_tile = false;
    std::uint32_t last_og = 0;
    for (std::uint32_t s = 0; s < d.step_count; ++s) {
      std::array<std::uint8_t, 64> record{};
      std::copy_n(p.image.begin() + d.steps_offset + 64 * s, 64, record.begin());
      const auto step = swprune::hw::golden::decode_step(record);
      stored += step.wait_stored;
      but_last += step.wait_but_last;
      kept_tile = kept_tile || !step.new_activations;
      last_og = std::max(last_og, step.og_first);
      side_by_side += step.images > 1 && !d.interleaved && s == 0;
    }
    chunked += last_og > 0;
    tile_outer += kept_tile;
  }
};

}  // namespace swprune_test
