// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs hand-written images on a device, against the plainest loop and the closed form.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/hw/lockstep.hpp"
#include "tests/support/hand_cycles.hpp"
#include "tests/support/hand_random.hpp"

namespace swprune_test {

/// A chain of layers, its image and a batch of random bytes.
class hand_case {
 public:
  static constexpr std::uint64_t image_base = 0x10000;
  static constexpr std::uint64_t act_base = 0x4000000;

  hand_case(std::vector<hand_layer> layers, const swprune::hw::array_params& a,
            swprune::rng& random)
      : layers_(std::move(layers)), a_(a), image_(write_hand_image(layers_, a)) {
    const hand_layer& first = layers_.front();
    input_ = random_bytes(first.images * first.in_channels * first.in_h * first.in_w, random);
    for (const hand_layer& l : layers_)
      residuals_.push_back(random_bytes(
          l.residual.on ? l.images * l.out_channels * l.res_h() * l.res_w() : 0, random));
  }

  const hand_image& image() const { return image_; }
  const std::vector<hand_layer>& layers() const { return layers_; }
  /// The image's bytes, to be damaged.
  std::vector<std::uint8_t>& bytes() { return image_.image; }
  /// Changes a record's bytes and makes its CRC right again.
  void change(std::size_t record, std::size_t size,
              const std::vector<std::pair<std::size_t, std::uint8_t>>& edits) {
    for (const auto& [at, value] : edits) bytes()[record + at] = value;
    const std::uint32_t crc = plain_crc(bytes().data() + record, size - 4);
    for (std::size_t i = 0; i < 4; ++i)
      bytes()[record + size - 4 + i] = static_cast<std::uint8_t>(crc >> (8 * i) & 0xff);
  }
  /// Offset of a layer's first step record.
  std::size_t steps_of(std::size_t layer) const {
    const std::uint8_t* d = image_.image.data() + 128 * layer + 52;
    return static_cast<std::size_t>(d[0]) | static_cast<std::size_t>(d[1]) << 8 |
           static_cast<std::size_t>(d[2]) << 16;
  }
  void set_input(std::vector<std::uint8_t> bytes) { input_ = std::move(bytes); }

  swprune::hw::run_params run_params() const {
    return {.image_base = image_base,
            .act_base = act_base,
            .layer_count = static_cast<std::uint16_t>(layers_.size())};
  }

  /// Image, input and residuals; canaries before and behind every map.
  swprune::hw::memory_model memory(const swprune::hw::memory_params& timing) const {
    swprune::hw::memory_model m(timing);
    m.add_region("image", image_base, static_cast<index_t>(image_.image.size()), false);
    m.write(image_base, image_.image);
    m.mark_initialised(image_base, (image_.image.size() + 63) / 64 * 64);
    m.add_region("activations", act_base, image_.act_bytes, true);
    write_map(m, image_.layers.front().in, input_, layers_.front().in_channels);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const hand_layer& l = layers_[i];
      if (l.residual.on) write_map(m, image_.layers[i].res, residuals_[i], l.out_channels);
      mark_padding(m, image_.layers[i].out, 4 * l.out_h() * l.out_w());
    }
    return m;
  }

  /// `[image][channel][pixel]` of a layer's output.
  std::vector<std::uint8_t> output(const swprune::hw::memory_model& m, std::size_t layer) const {
    const hand_layer& l = layers_[layer];
    const hand_map& map = image_.layers[layer].out;
    const auto region = m.read(at(map.offset), static_cast<std::size_t>(map.bytes));
    std::vector<std::uint8_t> out;
    for (index_t n = 0; n < l.images; ++n)
      for (index_t f = 0; f < l.out_channels; ++f)
        for (index_t p = 0; p < l.out_h() * l.out_w(); ++p)
          out.push_back(region[static_cast<std::size_t>(n * map.image_stride +
                                                        f / 4 * map.group_stride + p * 4 + f % 4)]);
    return out;
  }

  /// Runs the device; what is wrong with the run, empty when nothing is.
  std::string fault(swprune::hw::device& device, const swprune::hw::memory_params& timing) const {
    swprune::hw::memory_model m = memory(timing);
    try {
      return fault_of(swprune::hw::run(device, m, run_params()), m, timing);
    } catch (const swprune::error& e) {
      return e.what();
    }
  }

  /// What is wrong with the results of a run that ended in memory `m`; empty when nothing is.
  std::string fault_of(const swprune::hw::run_result& run, const swprune::hw::memory_model& m,
                       const swprune::hw::memory_params& timing) const {
    if (!run.ok()) return fmt::format("error {}", run.error);
    m.check_canaries();
    std::vector<std::uint8_t> in = input_;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      in = hand_reference(layers_[i], a_.pof, in, residuals_[i]);
      if (output(m, i) != in) return fmt::format("output of layer {}", i);
    }
    return wrong_counts(run, timing);
  }

 private:
  static std::vector<std::uint8_t> random_bytes(index_t count, swprune::rng& random) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
    for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random.below(256));
    return bytes;
  }
  static std::uint64_t at(index_t offset) { return act_base + static_cast<std::uint64_t>(offset); }

  /// Planes of four channels; channels beyond the last one are garbage, as they may be. Behind the
  /// map comes a canary.
  void write_map(swprune::hw::memory_model& m, const hand_map& map,
                 const std::vector<std::uint8_t>& plain, index_t channels) const {
    const index_t images = layers_.front().images;
    const index_t pixels = static_cast<index_t>(plain.size()) / images / channels;
    std::vector<std::uint8_t> planes(static_cast<std::size_t>(map.bytes), 0xa5);
    std::size_t i = 0;
    for (index_t n = 0; n < images; ++n)
      for (index_t c = 0; c < channels; ++c)
        for (index_t p = 0; p < pixels; ++p)
          planes[static_cast<std::size_t>(n * map.image_stride + c / 4 * map.group_stride + p * 4 +
                                          c % 4)] = plain[i++];
    m.write(at(map.offset), planes);
    m.forbid_writes("input", at(map.offset), planes.size());
    m.add_canary("behind a map", at(map.offset + map.bytes), 64);
  }
  /// The last beat of an output plane reads what nobody writes.
  static void mark_padding(swprune::hw::memory_model& m, const hand_map& map, index_t used) {
    for (index_t plane = 0; plane < map.bytes; plane += map.group_stride)
      if (used < map.group_stride)
        m.add_canary("padding", at(map.offset + plane + used),
                     static_cast<std::size_t>(map.group_stride - used));
    m.add_canary("behind an output", at(map.offset + map.bytes), 64);
  }

  std::string wrong_counts(const swprune::hw::run_result& run,
                           const swprune::hw::memory_params& timing) const {
    index_t uops = 0;
    for (const hand_placed& l : image_.layers)
      for (const hand_step& s : l.steps)
        for (const index_t n : s.pass_uops) uops += n;
    if (run.last.cnt_uops != uops)
      return fmt::format("{} micro-ops, expected {}", run.last.cnt_uops, uops);
    const bool ideal = timing.latency == 1 && timing.requests.probability == 0 &&
                       timing.data.probability == 0 && timing.writes.probability == 0 &&
                       timing.fence_latency == 1 && timing.fences.probability == 0;
    const auto cycles = static_cast<std::uint64_t>(hand_cycles(image_, a_));
    if (ideal ? run.busy_cycles != cycles : run.busy_cycles < cycles)
      return fmt::format("{} cycles, ideal {}", run.busy_cycles, cycles);
    return {};
  }

  std::vector<hand_layer> layers_;
  swprune::hw::array_params a_;
  hand_image image_;
  std::vector<std::uint8_t> input_;
  std::vector<std::vector<std::uint8_t>> residuals_;
};

/// Arrays of the random hand-written images; their buffers hold any of them.
inline std::vector<swprune::hw::array_params> hand_arrays() {
  std::vector<swprune::hw::array_params> arrays{
      {.poy = 2, .pox = 2, .pof = 4, .chains = 1, .bus_bytes = 8},
      {},
      {.poy = 8, .pox = 8, .pof = 4, .chains = 4, .bus_bytes = 16},
      {.poy = 4, .pox = 4, .pof = 16, .chains = 1, .bus_bytes = 64},
      {.poy = 8, .pox = 8, .pof = 4, .chains = 1, .bus_bytes = 64}};
  for (swprune::hw::array_params& a : arrays) a.res_depth = 256;
  arrays.push_back(
      {.poy = 1, .pox = 1, .pof = 1, .chains = 1, .bus_bytes = 16, .res_depth = 0, .pool = false});
  for (swprune::hw::array_params& a : arrays) a.act_depth = 16384;
  return arrays;
}

/// One to three random layers that fit the array's buffers, or a layer that is nothing but a
/// residual. Throws invariant_broken when the buffers are too small for all that is drawn.
inline hand_case random_hand_case(const swprune::hw::array_params& a, swprune::rng& random) {
  hand_random draw(a, random);
  for (int attempt = 0; attempt < 10'000; ++attempt) {
    const bool alone = a.res_depth > 0 && random.below(10) == 0;
    const auto layers =
        alone ? draw.residual_alone() : draw.chain(1 + static_cast<index_t>(random.below(3)));
    hand_case c(layers, a, random);
    if (c.image().fits()) return c;
  }
  swprune::raise(swprune::errc::invariant_broken, "no random layer fits {}", a.to_string());
}

/// Ideal memory first, then ones that make the device wait, longest for their fences.
inline std::vector<swprune::hw::memory_params> hand_timings(index_t bus_bytes,
                                                            swprune::rng& random) {
  std::vector<swprune::hw::memory_params> timings{{.bus_bytes = bus_bytes}};
  for (const double p : {0.1, 0.5, 0.9}) {
    auto t = swprune::hw::memory_params::stalling(bus_bytes, p, random.next());
    t.latency = 1 + static_cast<index_t>(random.below(10));
    t.fence_latency = 1 + static_cast<index_t>(random.below(200));
    timings.push_back(t);
  }
  return timings;
}

}  // namespace swprune_test
