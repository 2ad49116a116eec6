// SPDX-License-Identifier: Apache-2.0

// The RTL by itself: images written byte by byte from docs/formats.md and docs/accelerator.md,
// without the compiler, run on the Verilated core; outputs against a plain loop, cycles against
// docs/accelerator.md section 11.

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/device.hpp"
#include "swprune/hw/registers.hpp"
#include "swprune_sim/verilated_core.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/tiny_image.hpp"

namespace {

using namespace swprune_test;

/// A memory with two regions; `stall` of 100 cycles refuse or hold back something.
class memory {
 public:
  memory(bytes image, bytes acts, index_t bus_bytes, unsigned stall, std::uint64_t seed)
      : image_(std::move(image)),
        acts_(std::move(acts)),
        bus_bytes_(bus_bytes),
        stall_(stall),
        rng_(rng{seed}.stream("stalls")) {}

  /// What the core sees in the cycle in which it shows `out`.
  hw::core_inputs answer(const hw::core_outputs& out) {
    ++cycle_;
    hw::core_inputs in;
    in.image_base = image_base;
    in.act_base = act_base;
    in.rd_req_ready = go();
    in.wr_ready = go();
    in.wr_fenced = fences_ != 0 && go();
    fences_ -= in.wr_fenced;
    if (!beats_.empty() && (offered_ || go())) {
      offered_ = true;
      in.rd_valid = true;
      in.rd_error = beat_ == fail_beat_ ? fail_response_ : std::uint8_t{0};
      for (index_t i = 0; i < bus_bytes_; ++i)
        in.rd_data[static_cast<std::size_t>(i)] =
            byte(beats_.front() + static_cast<std::uint64_t>(i));
      if (out.rd_ready) {
        if (beat_++ == fail_beat_) failed_address_ = beats_.front();
        beats_.pop_front();
        offered_ = false;
      }
    }
    if (out.rd_req_valid && in.rd_req_ready)
      for (std::uint64_t b = 0; b < out.rd_req_beats; ++b)
        beats_.push_back(out.rd_req_addr + b * static_cast<std::uint64_t>(bus_bytes_));
    if (out.wr_valid && in.wr_ready) write(out);
    fences_ += out.wr_valid && in.wr_ready && out.wr_fence;
    return in;
  }

  /// Beat number `beat` of the run is answered with an error.
  void fail_read(index_t beat, std::uint8_t response) {
    fail_beat_ = beat;
    fail_response_ = response;
  }
  /// Nothing is taken or given in these cycles.
  void pause(index_t from, index_t to) {
    pause_from_ = from;
    pause_to_ = to;
  }
  [[nodiscard]] std::uint64_t failed_address() const { return failed_address_; }

  [[nodiscard]] const bytes& acts() const { return acts_; }
  [[nodiscard]] index_t bad_accesses() const { return bad_; }

 private:
  bool go() {
    if (cycle_ >= pause_from_ && cycle_ < pause_to_) return false;
    return stall_ == 0 || rng_.below(100) >= stall_;
  }

  std::uint8_t byte(std::uint64_t address) {
    if (address - image_base < image_.size()) return image_[address - image_base];
    if (address - act_base < acts_.size()) return acts_[address - act_base];
    ++bad_;
    return 0xEE;
  }

  void write(const hw::core_outputs& out) {
    for (unsigned i = 0; i < 64; ++i) {
      if ((out.wr_strb >> i & 1) == 0) continue;
      const std::uint64_t at = out.wr_addr + i - act_base;
      if (at < acts_.size())
        acts_[at] = out.wr_data[i];
      else
        ++bad_;
    }
  }

  bytes image_, acts_;
  index_t bus_bytes_;
  unsigned stall_;
  rng rng_;
  std::deque<std::uint64_t> beats_;
  bool offered_ = false;
  index_t bad_ = 0, fences_ = 0, beat_ = 0, fail_beat_ = -1;
  index_t cycle_ = 0, pause_from_ = 0, pause_to_ = 0;
  std::uint8_t fail_response_ = 0;
  std::uint64_t failed_address_ = 0;
};

/// Changes what the core sees in a cycle of the run: 0 is that of the start.
using disturbance = std::function<void(hw::core_inputs&, index_t)>;

/// Runs to the end; nothing if the core is still busy after `limit` cycles.
std::optional<hw::core_outputs> run(hw::device& dev, memory& mem, index_t limit,
                                    std::uint16_t layers = 1, const disturbance& disturb = {}) {
  for (index_t i = 0; i <= limit; ++i) {
    if (i != 0 && !dev.outputs().busy) return dev.outputs();
    hw::core_inputs in = mem.answer(dev.outputs());
    in.start = i == 0;
    in.layer_count = layers;
    if (disturb) disturb(in, i);
    dev.step(in);
  }
  return std::nullopt;
}

std::uint16_t layers_of(const tiny_layer& l) { return static_cast<std::uint16_t>(l.layers); }

struct smoke_case {
  std::string name;
  hw::array_params array;
  tiny_layer layer;
};

std::vector<smoke_case> cases() {
  std::vector<smoke_case> all;
  for (const bool skip : {true, false}) {
    all.push_back({"3x3", small_array(skip), {.live = {{0, 1}, {1}}}});
    all.push_back({"empty row", small_array(skip), {.live = {{}, {0}}}});
    all.push_back({"pooled", small_array(skip), {.in_h = 6, .pool = true, .live = {{0}, {0, 1}}}});
    all.push_back({"stride 2, signed, pooled",
                   small_array(skip),
                   {.in_h = 7,
                    .in_w = 9,
                    .stride = 2,
                    .pool = true,
                    .in_signed = true,
                    .out_signed = true,
                    .live = {{1}, {0, 1}}}});
    all.push_back(
        {"stride 3, in strips",
         small_array(skip),
         {.in_c = 4, .in_h = 17, .in_w = 8, .stride = 3, .strip = 1, .live = {{0}, {0}}}});
    all.push_back({"stride 4, dilation 3, strips",
                   small_array(skip),
                   {.in_c = 4,
                    .in_h = 19,
                    .in_w = 13,
                    .kernel = 2,
                    .stride = 4,
                    .dilation = 3,
                    .pad = 2,
                    .strip = 1,
                    .live = {{0}, {0}}}});
    all.push_back({"stride 3, dilation 2, 4x4, pad beyond the kernel, pooled",
                   small_array(skip),
                   {.in_c = 3,
                    .in_h = 8,
                    .in_w = 7,
                    .out_c = 4,
                    .kernel = 4,
                    .stride = 3,
                    .dilation = 2,
                    .pad = 5,
                    .pool = true,
                    .live = {{0}}}});
    all.push_back({"8x8, dilation 1",
                   small_array(skip),
                   {.in_c = 4,
                    .in_h = 9,
                    .in_w = 8,
                    .out_c = 4,
                    .kernel = 8,
                    .pad = 3,
                    .strip = 1,
                    .load_log2 = 1,
                    .in_signed = true,
                    .live = {{0}}}});
    all.push_back({"dilation 4, pad 15",
                   small_array(skip),
                   {.in_c = 4,
                    .in_h = 3,
                    .in_w = 4,
                    .out_c = 4,
                    .kernel = 8,
                    .dilation = 4,
                    .pad = 15,
                    .live = {{0}}}});
    for (const int wait : {0, 4, 8}) {
      all.push_back({"three layers, wait " + std::to_string(wait),
                     small_array(skip),
                     {.layers = 3, .wait = wait, .strip = 1, .live = {{0, 1}, {1}}}});
      all.push_back({"layers of one pass, wait " + std::to_string(wait),
                     small_array(skip),
                     {.in_c = 1,
                      .in_h = 2,
                      .in_w = 1,
                      .out_c = 1,
                      .kernel = 1,
                      .pad = 0,
                      .layers = 4,
                      .wait = wait,
                      .res_stride = 1,
                      .live = {{0}}}});
    }
    all.push_back({"residual",
                   small_array(skip),
                   {.in_c = 4, .in_h = 4, .in_w = 4, .res_stride = 1, .live = {{0}, {}}}});
    all.push_back({"residual, stride 2, signed, some steps, pooled",
                   small_array(skip),
                   {.in_c = 4,
                    .in_h = 12,
                    .in_w = 3,
                    .out_c = 7,
                    .strip = 2,
                    .pool = true,
                    .out_signed = true,
                    .res_stride = 2,
                    .res_load_log2 = 1,
                    .res_signed = true,
                    .res_steps = 5,
                    .live = {{0}, {0}}}});
    all.push_back({"residual, one pass a step",
                   small_array(skip),
                   {.in_c = 1,
                    .in_h = 16,
                    .in_w = 2,
                    .out_c = 4,
                    .kernel = 1,
                    .pad = 0,
                    .strip = 1,
                    .res_stride = 1,
                    .live = {{0}}}});
    all.push_back({"4x8x8, residual",
                   headline_array(skip),
                   {.in_c = 8,
                    .in_h = 13,
                    .in_w = 20,
                    .out_c = 20,
                    .strip = 2,
                    .res_stride = 1,
                    .res_load_log2 = 1,
                    .res_steps = 1,
                    .live = {{0, 1}, {1}, {0}}}});
    all.push_back({"4x8x8, stride 2, strided load",
                   headline_array(skip),
                   {.in_c = 8,
                    .in_h = 13,
                    .in_w = 32,
                    .out_c = 16,
                    .stride = 2,
                    .strip = 1,
                    .load_log2 = 2,
                    .load_strided = true,
                    .live = {{0, 1}, {1}}}});
    all.push_back({"4x8x8, 1x1, stride 2, phase 0 only",
                   headline_array(skip),
                   {.in_c = 8,
                    .in_h = 15,
                    .in_w = 32,
                    .out_c = 16,
                    .kernel = 1,
                    .stride = 2,
                    .pad = 0,
                    .strip = 1,
                    .load_log2 = 3,
                    .phase_zero = true,
                    .live = {{0, 1}, {1}}}});
    all.push_back(
        {"4x8x8",
         headline_array(skip),
         {.in_c = 14, .in_h = 10, .in_w = 19, .out_c = 21, .live = {{0, 3}, {1, 2, 3}, {}}}});
    all.push_back({"4x8x8, 5x5, pooled",
                   headline_array(skip),
                   {.in_c = 8,
                    .in_h = 13,
                    .in_w = 13,
                    .out_c = 16,
                    .kernel = 5,
                    .pad = 2,
                    .pool = true,
                    .live = {{0, 1}, {1}}}});
    all.push_back({"4x8x8, 1x1, drain-bound",
                   headline_array(skip),
                   {.in_c = 4,
                    .in_h = 9,
                    .in_w = 17,
                    .out_c = 12,
                    .kernel = 1,
                    .pad = 0,
                    .live = {{0}, {0}}}});
  }
  all.push_back({"1x1x1",
                 single_array(),
                 {.in_h = 5,
                  .in_w = 4,
                  .out_c = 6,
                  .layers = 2,
                  .wait = 4,
                  .strip = 3,
                  .live = {{0, 1}, {1}, {}, {0}, {0}, {0, 1}, {}, {}}}});
  all.push_back({"8x8x4", narrow_array(), {.in_h = 12, .in_w = 15, .live = {{0, 1}, {1}}}});
  return all;
}

}  // namespace

TEST_CASE("the RTL computes a convolution in the cycles that the specification gives") {
  for (const smoke_case& c : cases()) {
    const std::uint64_t seed = 20;
    CAPTURE(c.name, c.array.to_string(), c.array.skip, seed);
    const tiny_data data = random_numbers(c.layer, c.array, seed);
    const tiny_image t = tiny_writer(c.layer, data, c.array).write();
    const auto dev = sim::make_device(c.array);
    memory mem(t.image, t.acts, c.array.bus_bytes, 0, seed);
    const auto end = run(*dev, mem, 2 * t.cycles + 1000, layers_of(c.layer));
    REQUIRE(end.has_value());
    CHECK(end->error == 0);
    CHECK(mem.bad_accesses() == 0);
    CHECK(read_output(c.layer, t, mem.acts()) == expected_output(c.layer, data, c.array));
    CHECK(strays(c.layer, t, t.acts, mem.acts()) == 0);
    CHECK(end->cnt_cycles == t.cycles);
    CHECK(end->cnt_uops == t.uops);
    CHECK(end->cnt_blocks == t.blocks);
    CHECK(end->cnt_passes == t.passes);
    const index_t all = t.passes * c.layer.in_groups();
    CHECK(end->cnt_blocks_skipped == all - t.blocks);
    CHECK(end->cnt_load_stalls ==
          end->cnt_weight_stalls + end->cnt_act_stalls + end->cnt_hazard_stalls);
  }
}

TEST_CASE("back-pressure changes the time and nothing else") {
  for (const smoke_case& c : cases())
    for (const unsigned stall : {20u, 70u, 95u}) {
      const std::uint64_t seed = 100 + stall;
      CAPTURE(c.name, c.array.to_string(), c.array.skip, stall, seed);
      const tiny_data data = random_numbers(c.layer, c.array, seed);
      const tiny_image t = tiny_writer(c.layer, data, c.array).write();
      const auto dev = sim::make_device(c.array);
      memory mem(t.image, t.acts, c.array.bus_bytes, stall, seed);
      const auto end = run(*dev, mem, 100 * t.cycles, layers_of(c.layer));
      REQUIRE(end.has_value());
      CHECK(mem.bad_accesses() == 0);
      CHECK(read_output(c.layer, t, mem.acts()) == expected_output(c.layer, data, c.array));
      CHECK(strays(c.layer, t, t.acts, mem.acts()) == 0);
      CHECK(end->cnt_cycles > t.cycles);
      CHECK(end->cnt_uops == t.uops);
    }
}

TEST_CASE("a device runs again, after a reset in the middle of a run too") {
  const hw::array_params array = small_array(true);
  const tiny_layer layer{.live = {{0, 1}, {1}}};
  const tiny_data data = random_numbers(layer, array, 7);
  const tiny_image t = tiny_writer(layer, data, array).write();
  const auto dev = sim::make_device(array);
  for (int i = 0; i < 3; ++i) {
    memory mem(t.image, t.acts, array.bus_bytes, 0, 1);
    const auto end = run(*dev, mem, 2 * t.cycles);
    REQUIRE(end.has_value());
    CHECK(end->cnt_cycles == t.cycles);
    CHECK(read_output(layer, t, mem.acts()) == expected_output(layer, data, array));
    memory half(t.image, t.acts, array.bus_bytes, 0, 1);
    CHECK_FALSE(run(*dev, half, t.cycles / 2 + 50 * i).has_value());
    dev->reset();
    CHECK(dev->outputs() == sim::make_device(array)->outputs());
  }
}

TEST_CASE("a record that does not fit ends the run with its error code") {
  using regs::run_error;
  const hw::array_params array = small_array(true);
  const tiny_layer layer{.live = {{0, 1}, {1}}};
  const tiny_data data = random_numbers(layer, array, 7);
  const tiny_image good = tiny_writer(layer, data, array).write();
  struct fault {
    bool step;
    regs::byte_field field;
    index_t value;
    bool sealed;
    run_error code;
    int detail;
  };
  const std::vector<fault> faults = {
      {false, regs::layer::magic, 1, true, run_error::magic, 0},
      {false, regs::layer::version, 1, false, run_error::version, 0},
      {false, regs::layer::bytes, 64, true, run_error::version, 0},
      {false, regs::layer::poy, 4, false, run_error::layer_crc, 0},
      {false, regs::layer::poy, 4, true, run_error::array, 0},
      {false, regs::layer::pox, 4, true, run_error::array, 0},
      {false, regs::layer::pof, 8, true, run_error::array, 0},
      {false, regs::layer::bus_bytes, 16, true, run_error::array, 0},
      {false, regs::layer::flags, 0, true, run_error::array, 0},
      {false, regs::layer::kernel_h, 9, true, run_error::layer_field, 1},
      {false, regs::layer::kernel_w, 0, true, run_error::layer_field, 1},
      {false, regs::layer::stride, 5, true, run_error::layer_field, 2},
      {false, regs::layer::dilation, 0, true, run_error::layer_field, 3},
      {false, regs::layer::pad, 16, true, run_error::layer_field, 4},
      {false, regs::layer::seg_x_log2, 2, true, run_error::layer_field, 5},
      {false, regs::layer::load_log2, 2, true, run_error::layer_field, 6},
      {false, regs::layer::run_log2, 2, true, run_error::layer_field, 7},
      {false, regs::layer::step_count, 0, true, run_error::layer_field, 8},
      {false, regs::layer::pass_interval, 3, true, run_error::layer_field, 9},
      {false, regs::layer::flags, 16 + 512, true, run_error::layer_field, 10},
      {false, regs::layer::flags, 16 + 8, true, run_error::layer_field, 11},
      {false, regs::layer::flags, 16 + 32, true, run_error::layer_field, 12},
      {true, regs::step::slots, 3, false, run_error::step_crc, 0},
      {true, regs::step::rows, 0, true, run_error::step_field, 1},
      {true, regs::step::flags, 2, true, run_error::step_field, 2},
      {true, regs::step::flags, 35, true, run_error::step_field, 3},
      {true, regs::step::images, 0, true, run_error::step_field, 4},
      {true, regs::step::flags, 19, true, run_error::step_field, 5}};
  const auto dev = sim::make_device(array);
  for (const fault& f : faults) {
    CAPTURE(f.step, f.field.offset, f.value, f.sealed);
    tiny_image t = good;
    const index_t at = f.step ? 128 : 0;
    put(t.image, at, f.field, f.value);
    if (f.sealed) seal(t.image, at, f.step ? 64 : 128);
    memory mem(t.image, t.acts, array.bus_bytes, 0, 1);
    const auto end = run(*dev, mem, 1000);
    REQUIRE(end.has_value());
    CHECK(end->error == static_cast<std::uint8_t>(f.code));
    CHECK(end->error_detail == f.detail);
    CHECK(end->error_addr == image_base + static_cast<std::uint64_t>(at));
    CHECK(end->cnt_write_beats == 0);
    // FillGo, the request, Check, for a step record request and Check again; then the error is
    // seen, the state left for Stop, and Error.
    CHECK(end->cnt_cycles == 1 + 34 + 1 + (f.step ? 18 + 1 : 0) + 4);
  }
  memory mem(good.image, good.acts, array.bus_bytes, 0, 1);
  const auto end = run(*dev, mem, 2 * good.cycles);
  REQUIRE(end.has_value());
  CHECK(end->error == 0);  // the next start clears it
  CHECK(end->error_detail == 0);
  CHECK(end->error_addr == 0);
}

TEST_CASE("a run that is stopped leaves a core that runs as after a reset") {
  using regs::run_error;
  const hw::array_params array = small_array(true);
  const tiny_layer layer{.layers = 2, .wait = 4, .strip = 1, .live = {{0, 1}, {1}}};
  const tiny_data data = random_numbers(layer, array, 7);
  const tiny_image t = tiny_writer(layer, data, array).write();
  const auto dev = sim::make_device(array);
  const auto stopped = [&](memory& mem, run_error code, const disturbance& disturb) {
    const auto end = run(*dev, mem, 200 * t.cycles, 2, disturb);
    REQUIRE(end.has_value());
    CHECK(end->error == static_cast<std::uint8_t>(code));
    memory again(t.image, t.acts, array.bus_bytes, 0, 1);
    const auto good = run(*dev, again, 2 * t.cycles, 2);
    REQUIRE(good.has_value());
    CHECK(good->error == 0);
    CHECK(good->cnt_cycles == t.cycles);
    CHECK(read_output(layer, t, again.acts()) == expected_output(layer, data, array));
    return *end;
  };
  for (index_t at = 1; at < t.cycles - 1; at += 7)
    for (const unsigned stall : {0u, 60u}) {
      CAPTURE(at, stall);
      memory mem(t.image, t.acts, array.bus_bytes, stall, static_cast<std::uint64_t>(at));
      const auto end = stopped(mem, run_error::aborted,
                               [&](hw::core_inputs& in, index_t i) { in.abort = i == at; });
      CHECK(end.error_addr == 0);
    }
  for (index_t beat = 0; beat < 200; beat += 7)
    for (const std::uint8_t response : {std::uint8_t{2}, std::uint8_t{3}}) {
      CAPTURE(beat, response);
      memory mem(t.image, t.acts, array.bus_bytes, beat % 2 == 0 ? 0 : 30, 5);
      mem.fail_read(beat, response);
      const auto end = stopped(mem, response == 2 ? run_error::read_slave : run_error::read_decode,
                               disturbance{});
      CHECK(end.error_addr == mem.failed_address());
    }
  for (const std::uint8_t response : {std::uint8_t{2}, std::uint8_t{3}}) {
    memory mem(t.image, t.acts, array.bus_bytes, 0, 5);
    stopped(mem, response == 2 ? run_error::write_slave : run_error::write_decode,
            [&](hw::core_inputs& in, index_t) { in.wr_error = in.wr_fenced ? response : 0; });
  }
  {
    memory mem(t.image, t.acts, array.bus_bytes, 0, 5);
    mem.pause(100, 900);
    stopped(mem, run_error::watchdog, [](hw::core_inputs& in, index_t) { in.watchdog = 400; });
  }
}

TEST_CASE("the watchdog ends a walk over a list without an end") {
  const hw::array_params array = small_array(true);
  const tiny_layer layer{.live = {{0, 1}, {1}}};
  const tiny_data data = random_numbers(layer, array, 7);
  tiny_image t = tiny_writer(layer, data, array).write();
  const auto list_at = t.image[128 + regs::step::list_offset.offset] +
                       256u * t.image[128 + regs::step::list_offset.offset + 1];
  for (unsigned i = 0; i < 64; ++i) t.image[list_at + 2 * i + 1] &= 0x3F;
  const auto dev = sim::make_device(array);
  memory mem(t.image, t.acts, array.bus_bytes, 0, 1);
  const auto end =
      run(*dev, mem, 100000, 1, [](hw::core_inputs& in, index_t) { in.watchdog = 5000; });
  REQUIRE(end.has_value());
  CHECK(end->error == static_cast<std::uint8_t>(regs::run_error::watchdog));
  CHECK(end->cnt_passes == 0);
}

TEST_CASE("the checks of this test can fail") {
  const hw::array_params array = small_array(true);
  const tiny_layer layer{.live = {{0, 1}, {1}}};
  const tiny_data data = random_numbers(layer, array, 7);
  tiny_image t = tiny_writer(layer, data, array).write();
  const auto dev = sim::make_device(array);
  const auto weights_at = t.image[128 + regs::step::weight_offset.offset] +
                          256u * t.image[128 + regs::step::weight_offset.offset + 1];
  t.image[weights_at] ^= 0x80;
  memory mem(t.image, t.acts, array.bus_bytes, 0, 1);
  REQUIRE(run(*dev, mem, 2 * t.cycles).has_value());
  CHECK(read_output(layer, t, mem.acts()) != expected_output(layer, data, array));
  t.image[128 + regs::step::out_offset.offset] ^= 0x40;
  seal(t.image, 128, 64);
  memory moved(t.image, t.acts, array.bus_bytes, 0, 1);
  REQUIRE(run(*dev, moved, 2 * t.cycles).has_value());
  CHECK(strays(layer, t, t.acts, moved.acts()) != 0);
}

TEST_CASE("every model is what it is registered as, and others are refused") {
  for (const hw::array_params& p : sim::built_devices()) CHECK(sim::make_device(p)->params() == p);
  hw::array_params other = small_array(true);
  other.act_depth = 128;
  CHECK_THROWS_AS(sim::make_device(other), mismatch_error);
  CHECK_THROWS_WITH(sim::make_device(other), Catch::Contains("2x2x4, 1 chains, 8-byte bus"));
  other.act_depth = 100;
  CHECK_THROWS_AS(sim::make_device(other), invalid_argument);
}
