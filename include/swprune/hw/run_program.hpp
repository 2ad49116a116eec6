// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/hw/device.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/lockstep.hpp"
#include "swprune/hw/memory_model.hpp"

namespace swprune::inline v0::hw {

/// Where load_program() puts the two regions; far apart, and not at 0, so that a forgotten base
/// shows.
inline constexpr std::uint64_t program_image_base = 0x1000'0000;
inline constexpr std::uint64_t program_act_base = 0x8000'0000;

/// What the device did for one layer, from its first StepGo (of the first layer: FillGo) to the
/// next layer's (the last layer includes Done, so that the layers' cycles add up to cnt_cycles).
/// What is loaded ahead counts for the layer that computes meanwhile.
struct layer_measurement {
  std::string name;
  index_t cycles = 0;
  index_t uops = 0;
  index_t blocks = 0;  ///< blocks walked: loads of weights and activations into the array
  index_t drain_stalls = 0;
  index_t load_stalls = 0;
  index_t list_bytes = 0;        ///< read: index lists and fetch lists
  index_t parameter_bytes = 0;   ///< read: parameters
  index_t weight_bytes = 0;      ///< read: weights
  index_t activation_bytes = 0;  ///< read: the layer's input
};

/// A whole run: figures by layer and the output of every layer, `[n][C][H][W]` bytes.
struct program_run {
  index_t cycles = 0;  ///< cnt_cycles
  std::uint8_t error = 0;
  std::vector<layer_measurement> layers;
  std::vector<std::vector<std::uint8_t>> outputs;
};

/// Puts image and packed input (`plain`: `[n][C][H][W]` bytes) into `memory`. Reading what no range
/// of the image reaches, or an output before it was written, and writing to the image or the input
/// throw memory_access later; a tensor with interleaved images that do not exist counts as written
/// as a whole. Throws what memory_model and program::pack_input() throw.
SWPRUNE_FUNCTION void load_program(memory_model& memory, const program& p,
                                   std::span<const std::uint8_t> plain);

/// Runs a program on one device. `progress`, may be empty, is told the cycle now and then.
/// Throws what run() and load_program() throw.
[[nodiscard]] SWPRUNE_FUNCTION program_run
run_program(device& d, const program& p, std::span<const std::uint8_t> plain,
            const memory_params& timing, const std::function<void(index_t)>& progress = {});

#if SWPRUNE_BODIES

namespace detail {

/// Counts as initialised what a layer reads of its input though nobody writes it: the padding
/// behind each plane (last beats reach into it) and interleaved images that do not exist.
inline void mark_unwritten(memory_model& memory, const tensor_placement& t, std::uint64_t address) {
  if (t.kind == layout::interleaved && t.images % t.pixels != 0) {
    memory.mark_initialised(address, static_cast<std::size_t>(t.bytes()));
    return;
  }
  const index_t used = t.shape.height * t.row_stride();
  for (index_t plane = 0; plane < t.bytes(); plane += t.group_stride())
    if (used < t.group_stride())
      memory.mark_initialised(address + static_cast<std::uint64_t>(plane + used),
                              static_cast<std::size_t>(t.group_stride() - used));
}

}  // namespace detail

SWPRUNE_FUNCTION void load_program(memory_model& memory, const program& p,
                                   std::span<const std::uint8_t> plain) {
  memory.add_region("image", program_image_base, static_cast<index_t>(p.image.size()), false);
  memory.add_region("activations", program_act_base, static_cast<index_t>(p.act_bytes), true);
  memory.write(program_image_base, p.image);
  index_t end = 0;
  const auto poison = [&](index_t from, index_t to) {
    if (from < to)
      memory.forbid_reads("gap of the image", program_image_base + static_cast<std::uint64_t>(from),
                          static_cast<std::size_t>(to - from));
  };
  for (const image_range& r : p.ranges) {
    poison(end, r.offset);
    end = round_up(r.offset + r.bytes, 64);
  }
  poison(end, static_cast<index_t>(p.image.size()));

  const auto address = [](const tensor_placement& t) {
    return program_act_base + static_cast<std::uint64_t>(t.offset);
  };
  const auto region = p.initial_activations(plain);
  const auto bytes = static_cast<std::size_t>(p.input.bytes());
  memory.write(address(p.input),
               std::span(region).subspan(static_cast<std::size_t>(p.input.offset), bytes));
  memory.forbid_writes("input", address(p.input), bytes);
  for (std::size_t t = 1; t < p.tensors.size(); ++t)
    detail::mark_unwritten(memory, p.tensors[t], address(p.tensors[t]));
}

namespace detail {

/// Notices where one layer ends and the next begins.
class layer_clock {
 public:
  void look(const core_outputs& out) {
    const auto now = probe_view{out.probe}.controller();
    if (now == "FillGo" || (now == "StepGo" && before_ == "Flush")) starts_.push_back(out);
    before_ = now;
    last_ = out;
  }

  [[nodiscard]] std::vector<layer_measurement> layers(const program& p,
                                                      const run_result& run) const {
    expects(starts_.size() <= p.layers.size(), errc::invariant_broken,
            "the device began {} layers of {}", starts_.size(), p.layers.size());
    std::vector<layer_measurement> list;
    for (std::size_t l = 0; l < starts_.size(); ++l) {
      const bool final_layer = l + 1 == starts_.size();
      const core_outputs& from = starts_[l];
      const core_outputs& to = final_layer ? last_ : starts_[l + 1];
      layer_measurement m;
      m.name = p.layers[l].name;
      m.cycles = (final_layer ? static_cast<index_t>(run.busy_cycles) : to.cnt_cycles) -
                 static_cast<index_t>(from.cnt_cycles);
      m.uops = to.cnt_uops - from.cnt_uops;
      m.blocks = to.cnt_blocks - from.cnt_blocks;
      m.drain_stalls = to.cnt_drain_stalls - from.cnt_drain_stalls;
      m.load_stalls = to.cnt_load_stalls - from.cnt_load_stalls;
      list.push_back(std::move(m));
    }
    return list;
  }

 private:
  std::vector<core_outputs> starts_;
  std::string_view before_;  ///< state of the controller
  core_outputs last_;
};

/// Bytes that the memory saw being read, by layer and kind.
inline void count_bytes(const program& p, const memory_model& memory,
                        std::vector<layer_measurement>& layers) {
  const auto read = [&](std::uint64_t base, index_t offset, index_t bytes) {
    return static_cast<index_t>(memory.bytes_read(base + static_cast<std::uint64_t>(offset),
                                                  static_cast<std::size_t>(bytes)));
  };
  for (const image_range& r : p.ranges) {
    if (r.part == image_part::descriptors || r.layer >= std::ssize(layers)) continue;
    layer_measurement& m = layers[static_cast<std::size_t>(r.layer)];
    const index_t bytes = read(program_image_base, r.offset, round_up(r.bytes, 64));
    if (r.part == image_part::weights) m.weight_bytes += bytes;
    if (r.part == image_part::parameters) m.parameter_bytes += bytes;
    if (r.part == image_part::list || r.part == image_part::fetch_list) m.list_bytes += bytes;
  }
  // Of a tensor that several layers read, the bytes of all of them.
  for (std::size_t l = 0; l < layers.size(); ++l)
    layers[l].activation_bytes = read(program_act_base, p.inputs[l].offset, p.inputs[l].bytes());
}

[[nodiscard]] inline run_params run_params_of(const program& p, layer_clock& clock,
                                              const std::function<void(index_t)>& progress) {
  run_params run{.image_base = program_image_base,
                 .act_base = program_act_base,
                 .desc_offset = p.desc_offset,
                 .layer_count = p.layer_count,
                 .observe_every = 1};
  run.observe = [&clock, progress](const run_progress& now) {
    clock.look(*now.outputs);
    if (progress && now.cycle % 65'536 == 0) progress(static_cast<index_t>(now.cycle));
    return true;
  };
  return run;
}

[[nodiscard]] inline program_run collect(const program& p, const memory_model& memory,
                                         const layer_clock& clock, const run_result& run) {
  program_run result;
  result.cycles = static_cast<index_t>(run.busy_cycles);
  result.error = run.error;
  result.layers = clock.layers(p, run);
  count_bytes(p, memory, result.layers);
  const auto region = memory.read(program_act_base, static_cast<std::size_t>(p.act_bytes));
  for (index_t l = 0; l < p.layer_count; ++l) result.outputs.push_back(p.unpack_output(l, region));
  return result;
}

}  // namespace detail

SWPRUNE_FUNCTION program_run run_program(device& d, const program& p,
                                         std::span<const std::uint8_t> plain,
                                         const memory_params& timing,
                                         const std::function<void(index_t)>& progress) {
  memory_model memory(timing);
  load_program(memory, p, plain);
  detail::layer_clock clock;
  const run_result run = hw::run(d, memory, detail::run_params_of(p, clock, progress));
  return detail::collect(p, memory, clock, run);
}

#endif

/// A program on two devices at once, every port compared in every cycle.
struct lockstep_program_run {
  program_run run;
  lockstep_result lockstep;
};

/// Throws what run_lockstep() and load_program() throw; a mismatch is a result.
[[nodiscard]] SWPRUNE_FUNCTION lockstep_program_run run_program_lockstep(
    device& golden, device& dut, const program& p, std::span<const std::uint8_t> plain,
    const memory_params& timing, const std::function<void(index_t)>& progress = {});

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION lockstep_program_run run_program_lockstep(
    device& golden, device& dut, const program& p, std::span<const std::uint8_t> plain,
    const memory_params& timing, const std::function<void(index_t)>& progress) {
  memory_model memory(timing);
  load_program(memory, p, plain);
  detail::layer_clock clock;
  lockstep_program_run result;
  result.lockstep = run_lockstep(golden, dut, memory, detail::run_params_of(p, clock, progress));
  if (result.lockstep.ok()) result.run = detail::collect(p, memory, clock, result.lockstep.run);
  return result;
}

#endif

}  // namespace swprune::inline v0::hw
