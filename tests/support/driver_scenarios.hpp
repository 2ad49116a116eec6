// SPDX-License-Identifier: Apache-2.0
#pragma once

// What software meets on the registers of swp_top, the same for golden model and RTL: good runs,
// every error, and the run behind each, which must be good again.

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/functional.hpp"
#include "tests/hw/c_driver_probe.h"
#include "tests/support/arrays.hpp"
#include "tests/support/driven_top.hpp"

namespace swprune_test {

/// A small network with its image file.
struct driver_case {
  explicit driver_case(std::uint64_t seed = 5) {
    swprune::rng r(seed);
    for (;;) {
      network = random_model(small_array(), {.layers = 2, .max_uops = 3000, .max_size = 8}, r);
      try {
        program = swprune::hw::compile(network.model, small_array(), network.images);
      } catch (const swprune::mismatch_error&) {
        continue;
      }
      if (swprune::hw::predict(program).total.uops > 300) break;
    }
    file = swprune::hw::image_file(program, network.model);
    expected = swprune::hw::run_functional(network.model, network.input).back();
  }

  random_case network;
  swprune::hw::program program;
  std::vector<std::uint8_t> file;
  std::vector<std::uint8_t> expected;
};

/// Runs the scenarios on one top.
class driver_scenarios {
 public:
  explicit driver_scenarios(swprune::hw::top_device& top) : top_(top, 11), driver_(top_) {}

  void all() {
    good_run();
    start_while_busy();
    aborted();
    bus_errors();
    damaged_records();
    never_answered();
    reset_in_the_middle();
    c_and_cpp_agree();
  }

 private:
  using errc = swprune::errc;

  void load() { top_.load(c_.file, c_.program.initial_activations(c_.network.input)); }
  void start(std::uint32_t watchdog = 0) {
    driver_.start(driver_.check_image(c_.file), driven_top::file_address, driven_top::act_address,
                  watchdog);
  }
  [[nodiscard]] std::vector<std::uint8_t> output() const {
    return c_.program.unpack_output(c_.program.layer_count - 1, top_.slave.region(1));
  }
  /// Waits for the end; id of the exception, 0 without one.
  [[nodiscard]] int end() {
    try {
      driver_.wait(100'000);
      return 0;
    } catch (const swprune::error& e) {
      what_ = e.what();
      return e.id();
    }
  }

  void good_run() {
    INFO("good run");
    top_.slave.fail({}, {});
    load();
    driver_.enable_interrupts(SWPRUNE_IRQ_ENABLE_DONE_MASK);
    start();
    CHECK(driver_.running());
    REQUIRE(end() == 0);
    CHECK(output() == c_.expected);
    CHECK(driver_.error().code == 0);
    CHECK(top_.interrupt());
    CHECK(driver_.take_interrupts() == SWPRUNE_IRQ_STATUS_DONE_MASK);
    top_.idle(2);
    CHECK_FALSE(top_.interrupt());
    const auto counts = swprune::hw::predict(c_.program).total;
    const swprune_counters n = driver_.counters();
    CHECK(n.uops == counts.uops);
    CHECK(n.blocks == counts.blocks);
    CHECK(n.passes == counts.passes);
    CHECK(n.read_beats == counts.read_beats);
    CHECK(n.cycles >= counts.cycles);
    const swprune_image image = driver_.check_image(c_.file);
    CHECK(image.dense_read_beats >= std::uint64_t{n.weight_beats} + n.act_beats);
    CHECK(image.act_bytes == c_.program.act_bytes);
    CHECK(image.images == c_.network.images);
  }

  void start_while_busy() {
    INFO("start while busy");
    load();
    start();
    try {
      start();
      FAIL("a second start was taken");
    } catch (const swprune::device_error& e) {
      CHECK(e.id() == static_cast<int>(errc::device_busy));
    }
    // Behind the driver's back: the accelerator refuses it itself.
    top_.write(SWPRUNE_REG_CTRL, SWPRUNE_CTRL_START_MASK);
    CHECK((top_.read(SWPRUNE_REG_STATUS) & SWPRUNE_STATUS_REFUSED_MASK) != 0);
    CHECK(end() == 0);
    CHECK(output() == c_.expected);
    CHECK((driver_.take_interrupts() & SWPRUNE_IRQ_STATUS_REFUSED_MASK) != 0);
  }

  void failed(unsigned code) {
    CHECK(end() == static_cast<int>(errc::run_failed));
    CHECK_THAT(what_, Catch::Contains(swprune_run_error_text(code)));
    CHECK(driver_.error().code == code);
    CHECK((driver_.take_interrupts() & SWPRUNE_IRQ_STATUS_ERROR_MASK) != 0);
    good_run();
  }

  void aborted() {
    INFO("abort");
    load();
    start();
    top_.idle(150);
    driver_.abort_run();
    failed(SWPRUNE_RUN_ERROR_ABORTED);
    driver_.abort_run();  // without a run nothing happens
    CHECK_FALSE(driver_.running());
  }

  void bus_errors() {
    const auto run = [&](const axi_fault& read, const axi_fault& write, unsigned code) {
      CAPTURE(code);
      load();
      top_.slave.fail(read, write);
      start();
      failed(code);
    };
    run({40, 2}, {}, SWPRUNE_RUN_ERROR_READ_SLAVE);
    run({40, 3}, {}, SWPRUNE_RUN_ERROR_READ_DECODE);
    run({}, {0, 2}, SWPRUNE_RUN_ERROR_WRITE_SLAVE);
    run({}, {0, 3}, SWPRUNE_RUN_ERROR_WRITE_DECODE);
  }

  /// Damage that happens after the driver has checked the file.
  void damaged_records() {
    const auto layers =
        swprune::hw::decode_image(c_.program.image, c_.program.desc_offset, c_.program.layer_count);
    const auto desc = static_cast<std::size_t>(c_.program.desc_offset);
    const auto step = static_cast<std::size_t>(layers[0].descriptor.steps_offset);
    const auto run = [&](std::size_t at, std::uint8_t flip, unsigned code, std::size_t record) {
      CAPTURE(at, code);
      load();
      std::vector<std::uint8_t> file = c_.file;
      file[SWPRUNE_HEADER_BYTES + at] ^= flip;
      top_.load(file, c_.program.initial_activations(c_.network.input));
      start();
      CHECK(end() == static_cast<int>(errc::run_failed));
      CHECK(driver_.error().code == code);
      CHECK(driver_.error().address == driven_top::file_address + SWPRUNE_HEADER_BYTES + record);
      (void)driver_.take_interrupts();
      good_run();
    };
    run(desc, 1, SWPRUNE_RUN_ERROR_MAGIC, desc);
    run(desc + 4, 1, SWPRUNE_RUN_ERROR_VERSION, desc);
    run(desc + 18, 1, SWPRUNE_RUN_ERROR_LAYER_CRC, desc);
    run(step + 4, 1, SWPRUNE_RUN_ERROR_STEP_CRC, step);
  }

  void never_answered() {
    INFO("watchdog");
    load();
    top_.slave.set({.latency = 400});
    start(100);
    CHECK(end() == static_cast<int>(errc::run_failed));
    CHECK(driver_.error().code == SWPRUNE_RUN_ERROR_WATCHDOG);
    (void)driver_.take_interrupts();
    top_.slave.set({.ar = 70, .r = 70, .aw = 70, .w = 70, .b = 70, .latency = 5});
    good_run();
    top_.slave.set({});
  }

  void reset_in_the_middle() {
    INFO("reset");
    load();
    start();
    top_.idle(120);
    top_.reset();
    CHECK(end() == static_cast<int>(errc::run_failed));
    CHECK_THAT(what_, Catch::Contains("since the last reset"));
    good_run();
  }

  void c_and_cpp_agree() {
    INFO("C");
    load();
    start();
    REQUIRE(end() == 0);
    const swprune_counters cpp = driver_.counters();
    (void)driver_.take_interrupts();
    load();
    const swprune_bus bus{
        &top_, [](void* t, std::uint32_t at) { return static_cast<driven_top*>(t)->read(at); },
        [](void* t, std::uint32_t at, std::uint32_t value) {
          static_cast<driven_top*>(t)->write(at, value);
        }};
    const c_run run = c_driver_run(&bus, c_.file.data(), c_.file.size(), driven_top::file_address,
                                   driven_top::act_address, 0);
    CHECK(run.result == SWPRUNE_OK);
    CHECK(run.second_start == SWPRUNE_BUSY);
    CHECK(run.error.code == 0);
    CHECK(run.events == SWPRUNE_IRQ_STATUS_DONE_MASK);
    CHECK(run.counters.uops == cpp.uops);
    CHECK(run.counters.read_beats == cpp.read_beats);
    CHECK(run.counters.write_beats == cpp.write_beats);
    CHECK(output() == c_.expected);
  }

  driver_case c_;
  driven_top top_;
  swprune::hw::driver driver_;
  std::string what_;
};

}  // namespace swprune_test
