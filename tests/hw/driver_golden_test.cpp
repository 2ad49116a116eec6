// SPDX-License-Identifier: Apache-2.0
// Both drivers on the golden model of swp_top, whose handshakes are random: what a machine without
// Verilator can see of tests/sim/driver_top_test.cpp.
#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/driver.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/golden/golden_top.hpp"
#include "swprune/hw/image_file.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/driven_top.hpp"
#include "tests/support/driver_pair.hpp"
#include "tests/support/random_layer.hpp"

using namespace swprune;
using namespace swprune_test;

namespace {

using bytes = std::vector<std::uint8_t>;
using code = hw::regs::run_error;

constexpr hw::run_place place{
    .image_base = driven_top::file_address, .act_base = driven_top::act_address, .watchdog = 3000};
constexpr std::uint32_t looks = 4000;

/// A network with its image file and what it must give.
struct network {
  explicit network(std::uint64_t seed = 5) {
    rng r(seed);
    for (;;) {
      model = random_model(small_array(), {.layers = 2, .max_uops = 3000, .max_size = 8}, r);
      try {
        program = hw::compile(model.model, small_array(), model.images);
      } catch (const mismatch_error&) {
        continue;  // does not fit the buffers
      }
      if (hw::predict(program).total.uops > 300) break;
    }
    file = hw::make_image_file(program, model.model);
    expected = hw::run_functional(model.model, model.input).back();
  }

  random_case model;
  hw::program program;
  hw::image_file file;
  bytes expected;
};

/// A golden top, its memory and a network in it.
struct bench {
  network net;
  hw::golden_top top{small_array()};
  driven_top bus{top, 11};

  void load() { load(net.file.bytes); }
  void load(const bytes& image) {
    bus.slave.fail({}, {});
    bus.load(image, net.file.initial_activations(net.model.input));
  }
  [[nodiscard]] std::function<void()> pause() {
    return [this] { bus.idle(20); };
  }
  [[nodiscard]] bytes output() const {
    return net.file.unpack_output(bus.activations().first(net.file.header.act_bytes));
  }

  /// Both drivers run the network well and see the same, whatever was before.
  void check_good_run() {
    load();
    const auto c = c_flow(bus, net.file.bytes, place, looks, pause());
    CHECK(c.status == SWP_OK);
    CHECK((output() == net.expected));
    load();
    const auto cpp = run_cpp(bus, net.file.bytes, place, looks, pause());
    CAPTURE(cpp.text);
    CHECK(cpp.error == 0);
    CHECK((output() == net.expected));
    CHECK(cpp.fault == hw::run_fault{});
    CHECK(cpp.events == hw::run_events{.done = true});
    check_same(c, cpp, false);
  }

  /// What a run of this image in memory ends with, the same for both drivers.
  [[nodiscard]] hw::run_fault fault_of(const bytes& image, const axi_fault& read = {},
                                       const axi_fault& write = {}) {
    load(image);
    bus.slave.fail(read, write);
    const auto c = c_flow(bus, net.file.bytes, place, looks, pause());
    CHECK(c.status == SWP_RUN_FAILED);
    CHECK(c.events == 3);
    load(image);
    bus.slave.fail(read, write);
    const auto cpp = run_cpp(bus, net.file.bytes, place, looks, pause());
    CHECK(cpp.error == 0);  // the run failed, the driver did not
    CHECK(cpp.events == hw::run_events{.done = true, .error = true});
    CHECK(c.fault.code == static_cast<std::uint32_t>(cpp.fault.code));
    CHECK(c.fault.address == cpp.fault.address);
    return cpp.fault;
  }
};

}  // namespace

TEST_CASE("golden top: good runs, with the numbers of the closed form") {
  bench b;
  b.check_good_run();
  b.bus.slave.set({.ar = 70, .r = 70, .aw = 70, .w = 70, .b = 70, .latency = 5});
  b.check_good_run();
  hw::driver d(b.bus);
  CHECK(d.caps().array == small_array());
  CHECK(d.caps().axi);
  const auto closed = hw::predict(b.net.program).total;
  const hw::run_counters n = d.counters();
  CHECK(n.uops == closed.uops);
  CHECK(n.blocks == closed.blocks);
  CHECK(n.passes == closed.passes);
  CHECK(n.read_beats == closed.read_beats);
  CHECK(n.write_beats == closed.write_beats);
  CHECK(n.cycles >= closed.cycles);
}

TEST_CASE("golden top: a start during a run is refused and does no harm") {
  bench b;
  b.load();
  hw::driver d(b.bus);
  d.configure(b.net.file, place);
  d.enable_interrupts({.refused = true});
  d.start();
  CHECK_FALSE(b.bus.interrupt());
  CHECK_THROWS_AS(d.start(), device_error);
  CHECK_THROWS_AS(d.configure(b.net.file, place), device_error);
  CHECK(b.bus.interrupt());
  CHECK(d.acknowledge() == hw::run_events{.refused = true});
  CHECK(d.wait(looks, b.pause()) == hw::run_fault{});
  CHECK((b.output() == b.net.expected));
}

TEST_CASE("golden top: abort and reset in the middle, the next run is good") {
  bench b;
  hw::driver d(b.bus);
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    b.load();
    d.configure(b.net.file, place);
    d.start();
    b.bus.idle(150);
    REQUIRE(d.status().busy);
    if (reset) {
      b.bus.reset();
      CHECK(d.status() == hw::run_status{});
      CHECK_THROWS_AS(d.wait(2), invalid_argument);
    } else {
      d.abort_run();
      CHECK(d.wait(looks, b.pause()) == hw::run_fault{code::aborted, 0, 0});
    }
    (void)d.acknowledge();
    b.check_good_run();
  }
}

TEST_CASE("golden top: errors of bus and records, the next run is good") {
  bench b;
  const auto fault = [&](const axi_fault& read, const axi_fault& write) {
    return b.fault_of(b.net.file.bytes, read, write).code;
  };
  CHECK(fault({40, 2}, {}) == code::read_slave);
  b.check_good_run();
  CHECK(fault({40, 3}, {}) == code::read_decode);
  CHECK(fault({}, {0, 2}) == code::write_slave);
  CHECK(fault({}, {0, 3}) == code::write_decode);
  b.check_good_run();
  const auto flipped = [&](index_t at) {
    bytes image = b.net.file.bytes;
    image[static_cast<std::size_t>(at)] ^= 1;
    return b.fault_of(image);
  };
  const index_t desc = b.net.file.header.desc_offset;
  const index_t steps = hw::decode_descriptor(b.net.file.bytes, desc, 0).steps_offset;
  const auto address = [](index_t at) { return place.image_base + static_cast<std::uint64_t>(at); };
  CHECK(flipped(desc) == hw::run_fault{code::magic, 0, address(desc)});
  CHECK(flipped(desc + 4) == hw::run_fault{code::version, 0, address(desc)});
  CHECK(flipped(desc + 18) == hw::run_fault{code::layer_crc, 0, address(desc)});
  CHECK(flipped(steps + 4) == hw::run_fault{code::step_crc, 0, address(steps)});
  b.check_good_run();
}

TEST_CASE("golden top: the watchdog ends a run whose memory is too slow") {
  bench b;
  b.load();
  b.bus.slave.set({.latency = 400});
  hw::driver d(b.bus);
  hw::run_place impatient = place;
  impatient.watchdog = 100;
  d.configure(b.net.file, impatient);
  d.start();
  CHECK(d.wait(looks, b.pause()) == hw::run_fault{code::watchdog, 0, 0});
  (void)d.acknowledge();
  b.bus.slave.set({});
  b.check_good_run();
}
