// SPDX-License-Identifier: Apache-2.0

// Both drivers on swp_top in simulation: a compiled network from its image file, and everything
// that can go wrong on the way. Each fault must end in the documented state, never hang, and leave
// an accelerator whose next run is right.

#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/driver.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/image_file.hpp"
#include "tests/sim/axi_memory.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/c_driver_flow.h"
#include "tests/support/random_graph.hpp"

using namespace swprune;
using hw::regs::run_error;
using swprune_test::axi_bench;

namespace {

using bytes = std::vector<std::uint8_t>;
constexpr std::uint64_t image_base = 0x12'3456'7000, act_base = 0x9'8765'4040;
constexpr std::uint64_t polls = 20'000;
constexpr std::uint32_t watchdog = 4000;

/// A network of several layers and its file.
struct job {
  swprune_test::random_case network;
  std::optional<hw::program> program;
  hw::image_file file;
  bytes output;
};

job make_job() {
  const auto array = swprune_test::small_array();
  for (std::uint64_t seed = 1;; ++seed) {
    rng r = rng(seed).stream("driver_top");
    job j;
    j.network = swprune_test::random_graph(array, {.layers = 3, .max_uops = 1500}, r);
    try {
      j.program = hw::compile(j.network.model, array, j.network.images);
    } catch (const mismatch_error&) {
      continue;  // does not fit the buffers
    }
    if (hw::predict(*j.program).total.cycles < 2000) continue;
    j.file =
        hw::decode_image_file(hw::encode_image_file(*j.program, hw::numbers_of(j.network.model)));
    j.output = hw::run_functional(j.network.model, j.network.input).back();
    return j;
  }
}
const job& the_job() {
  static const job j = make_job();
  return j;
}

void load(axi_bench& b, const job& j) {
  b.clear_memory();
  b.place(image_base, j.file.bytes, false);
  b.place(act_base, j.file.initial_activations(j.network.input), true);
}
std::size_t descriptor_of(const job& j, std::size_t layer) {
  return j.file.header.desc_offset + 128 * layer;
}
std::size_t step_of(const job& j, std::size_t layer) {
  return j.file.layers[layer].descriptor.steps_offset;
}

/// One of the two drivers, as a test uses it.
class front {
 public:
  explicit front(axi_bench& b) : bench_(b) {}
  virtual ~front() = default;
  virtual void prepare(const hw::image_file& f) = 0;
  virtual bool start() = 0;  ///< false: refused
  virtual void stop() = 0;
  virtual std::optional<hw::run_outcome> outcome(std::uint64_t most) = 0;  ///< nothing: timeout
  virtual bool idle() = 0;  ///< no run since the last reset
  virtual hw::device_events events() = 0;
  virtual hw::device_counters counters() = 0;

 protected:
  axi_bench& bench_;
};

class cpp_front : public front {
 public:
  explicit cpp_front(axi_bench& b) : front(b), driver_(b) {}
  void prepare(const hw::image_file& f) override {
    driver_.prepare(f, {image_base, act_base, f.header.act_bytes}, watchdog);
    driver_.enable_interrupts({true, true, true});
  }
  bool start() override {
    try {
      driver_.start();
      return true;
    } catch (const device_error& e) {
      CHECK(e.id() == static_cast<int>(errc::device_busy));
      return false;
    }
  }
  void stop() override { driver_.stop(); }
  std::optional<hw::run_outcome> outcome(std::uint64_t most) override {
    try {
      return driver_.outcome(most);
    } catch (const device_error& e) {
      CHECK(e.id() == static_cast<int>(errc::device_timeout));
      return std::nullopt;
    }
  }
  bool idle() override {
    try {
      (void)driver_.outcome(1);
      return false;
    } catch (const device_error& e) {
      return e.id() == static_cast<int>(errc::device_busy);
    }
  }
  hw::device_events events() override { return driver_.take_events(); }
  hw::device_counters counters() override { return driver_.counters(); }

 private:
  hw::driver driver_;
};

swp_bus c_bus(axi_bench& bench) {
  return {
      &bench, [](void* b, std::uint32_t at) { return static_cast<axi_bench*>(b)->read(at); },
      [](void* b, std::uint32_t at, std::uint32_t v) { static_cast<axi_bench*>(b)->write(at, v); },
      [](void* b) { static_cast<axi_bench*>(b)->relax(); }};
}

class c_front : public front {
 public:
  explicit c_front(axi_bench& b) : front(b), bus_(c_bus(b)) {}
  void prepare(const hw::image_file& f) override {
    swp_image image;
    REQUIRE(swp_image_read(f.bytes.data(), f.bytes.size(), &image) == SWP_OK);
    REQUIRE(swp_prepare(&bus_, &image, image_base, act_base, image.act_bytes, watchdog) == SWP_OK);
    swp_irq_enable(&bus_, SWP_IRQ_ALL);
  }
  bool start() override {
    const swp_status s = swp_start(&bus_);
    CHECK((s == SWP_OK || s == SWP_REFUSED));
    return s == SWP_OK;
  }
  void stop() override { swp_abort(&bus_); }
  std::optional<hw::run_outcome> outcome(std::uint64_t most) override {
    swp_result r{};
    const swp_status s = swp_wait(&bus_, most, &r);
    if (s == SWP_TIMEOUT) return std::nullopt;
    CHECK((s == SWP_OK) == (r.code == 0));
    return hw::run_outcome{static_cast<run_error>(r.code), static_cast<std::uint8_t>(r.detail),
                           r.address};
  }
  bool idle() override {
    swp_result r;
    return swp_poll(&bus_, &r) == SWP_NOT_STARTED;
  }
  hw::device_events events() override {
    const std::uint32_t e = swp_irq_take(&bus_);
    return {(e & SWP_IRQ_DONE) != 0, (e & SWP_IRQ_ERROR) != 0, (e & SWP_IRQ_REFUSED) != 0};
  }
  hw::device_counters counters() override {
    swp_counters c;
    swp_counters_read(&bus_, &c);
    return c;
  }

 private:
  swp_bus bus_;
};

/// The test's body with each driver, on a memory that is always and one that is seldom ready.
void with_both(const std::function<void(axi_bench&, front&)>& body) {
  for (const unsigned ready : {100u, 45u})
    for (const bool is_c : {false, true}) {
      CAPTURE(ready, is_c);
      axi_bench bench(ready + is_c, ready);
      std::unique_ptr<front> f;
      if (is_c)
        f = std::make_unique<c_front>(bench);
      else
        f = std::make_unique<cpp_front>(bench);
      body(bench, *f);
    }
}

/// The run is over, and everything says that it went well.
void check_good_end(axi_bench& b, front& f, const job& j) {
  CHECK(f.outcome(polls) == hw::run_outcome{});
  CHECK(b.interrupt());
  CHECK(b.at_rest());
  CHECK(j.file.unpack_output(b.region(1)) == j.output);
  CHECK(b.region(0) == j.file.bytes);
  const auto expected = hw::predict(*j.program).total;
  const auto c = f.counters();
  CHECK(c.uops == expected.uops);
  CHECK(c.blocks == expected.blocks);
  CHECK(c.passes == expected.passes);
  CHECK(c.read_beats == expected.read_beats);
  CHECK(c.write_beats == expected.write_beats);
  CHECK(c.cycles > expected.cycles);
  CHECK(b.read(0x1C) % 8 == 2);
}

void check_good_run(axi_bench& b, front& f, const job& j) {
  load(b, j);
  f.prepare(j.file);
  CHECK_FALSE(b.interrupt());
  REQUIRE(f.start());
  check_good_end(b, f, j);
  CHECK(f.events() == hw::device_events{.done = true});
  CHECK_FALSE(b.interrupt());
}

/// The run ended as expected, and says so everywhere.
void check_bad_end(axi_bench& b, front& f, const hw::run_outcome& expected) {
  const auto end = f.outcome(polls);
  REQUIRE(end);
  INFO(end->to_string());
  CHECK(*end == expected);
  CHECK(b.interrupt());
  CHECK(b.at_rest());
  CHECK(b.read(0x1C) == 2);  // done, neither busy nor stopping
  CHECK(f.events() == hw::device_events{.done = true, .error = true});
  CHECK_FALSE(b.interrupt());
}

void start(axi_bench& b, front& f, const job& j) {
  load(b, j);
  f.prepare(j.file);
  REQUIRE(f.start());
}

void put(bytes& b, std::size_t at, std::uint32_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) b[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}
void seal(bytes& b, std::size_t at, std::size_t size) {
  put(b, at + size - 4, hw::crc32_of(std::span(b).subspan(at, size - 4)), 4);
}

}  // namespace

TEST_CASE("drivers: a compiled network runs on swp_top, again and again") {
  const job& j = the_job();
  REQUIRE(j.file.layers.size() == 3);
  with_both([&](axi_bench& b, front& f) {
    CHECK(hw::driver(b).probe() == swprune_test::small_array());
    check_good_run(b, f, j);
    check_good_run(b, f, j);
  });
}

TEST_CASE("drivers: the flow that was compiled as C99") {
  const job& j = the_job();
  axi_bench b(3, 70);
  load(b, j);
  const swp_bus bus = c_bus(b);
  const c_flow_job flow{.file = j.file.bytes.data(),
                        .file_bytes = j.file.bytes.size(),
                        .image_base = image_base,
                        .act_base = act_base,
                        .act_bytes = j.file.header.act_bytes,
                        .polls = polls,
                        .watchdog = watchdog,
                        .interrupts = SWP_IRQ_DONE};
  c_flow_report report;
  REQUIRE(c_driver_flow(&bus, &flow, &report) == SWP_OK);
  CHECK(report.events == SWP_IRQ_DONE);
  CHECK(j.file.unpack_output(b.region(1)) == j.output);
  const auto expected = hw::predict(*j.program).total;
  const auto beats = [&](hw::request_kind k) { return expected.bytes_of(k) / 8; };
  CHECK(report.skipped == index_t(j.file.header.dense_read_beats) - beats(hw::request_kind::list) -
                              beats(hw::request_kind::parameters) -
                              beats(hw::request_kind::weights) -
                              beats(hw::request_kind::fetch_list) - beats(hw::request_kind::plane));
}

TEST_CASE("drivers: a start while busy is refused and disturbs nothing") {
  const job& j = the_job();
  with_both([&](axi_bench& b, front& f) {
    start(b, f, j);
    CHECK_FALSE(f.start());
    CHECK(b.interrupt());
    CHECK(f.events() == hw::device_events{.refused = true});
    b.steps(500);
    CHECK_FALSE(f.start());
    check_good_end(b, f, j);
    CHECK(f.events() == hw::device_events{.done = true, .refused = true});
    check_good_run(b, f, j);
  });
}

TEST_CASE("drivers: SLVERR and DECERR of reads and writes") {
  const job& j = the_job();
  with_both([&](axi_bench& b, front& f) {
    for (const std::uint8_t response : {std::uint8_t{2}, std::uint8_t{3}}) {
      CAPTURE(response);
      const bool slave = response == 2;
      const auto input = act_base + std::uint64_t(j.file.input.offset);
      for (const std::uint64_t bad : {image_base + descriptor_of(j, 1) + 8, input}) {
        start(b, f, j);
        b.fail(bad, bad + 8, response);
        check_bad_end(b, f, {slave ? run_error::read_slave : run_error::read_decode, 0, bad});
      }
      start(b, f, j);
      const auto out = act_base + std::uint64_t(j.file.output.offset);
      b.fail(out, out + 8, response);
      check_bad_end(b, f, {slave ? run_error::write_slave : run_error::write_decode, 0, 0});
      b.fail(0, 0, 0);
      check_good_run(b, f, j);
    }
  });
}

TEST_CASE("drivers: an address without memory") {
  const job& j = the_job();
  with_both([&](axi_bench& b, front& f) {
    b.clear_memory();
    f.prepare(j.file);
    REQUIRE(f.start());
    check_bad_end(b, f, {run_error::read_decode, 0, image_base + descriptor_of(j, 0)});
    check_good_run(b, f, j);
  });
}

TEST_CASE("drivers: a damaged file is refused before anything is written") {
  const job& j = the_job();
  axi_bench b(1, 100);
  const hw::driver d(b);
  for (const std::size_t at :
       {std::size_t{20}, descriptor_of(j, 0) + 40, j.file.bytes.size() - 1}) {
    hw::image_file bad = j.file;
    bad.bytes[at] ^= 16;
    CHECK_THROWS_AS(d.prepare(bad, {image_base, act_base, j.file.header.act_bytes}), format_error);
    CHECK(b.read(0x24) == 0);
    CHECK(b.read(0x1C) == 0);
  }
  cpp_front f(b);
  check_good_run(b, f, j);
}

TEST_CASE("drivers: records damaged in memory, behind the driver's back") {
  const job& j = the_job();
  struct damage {
    run_error error;
    std::uint8_t rule;
    bool in_step;
    std::size_t at;
    std::uint8_t value;
    bool sealed;
  };
  const std::vector<damage> damages{{run_error::magic, 0, false, 0, 0, true},
                                    {run_error::version, 0, false, 4, 3, true},
                                    {run_error::layer_crc, 0, false, 32, 0xEE, false},
                                    {run_error::array, 0, false, 8, 4, true},
                                    {run_error::layer_field, 1, false, 16, 9, true},
                                    {run_error::layer_field, 2, false, 18, 0, true},
                                    {run_error::layer_field, 10, false, 14, 1, true},
                                    {run_error::step_crc, 0, true, 50, 0xEE, false},
                                    {run_error::step_field, 1, true, 6, 0, true},
                                    {run_error::step_field, 2, true, 0, 1, true}};
  with_both([&](axi_bench& b, front& f) {
    for (const std::size_t layer : {std::size_t{0}, std::size_t{2}})
      for (const damage& d : damages) {
        CAPTURE(layer, int(d.error), int(d.rule));
        load(b, j);
        const std::size_t at = d.in_step ? step_of(j, layer) : descriptor_of(j, layer);
        put(b.region(0), at + d.at, d.value, d.in_step && d.at == 6 ? 2 : 1);
        if (d.sealed) seal(b.region(0), at, d.in_step ? 64 : 128);
        f.prepare(j.file);
        REQUIRE(f.start());
        check_bad_end(b, f, {d.error, d.rule, image_base + at});
      }
    check_good_run(b, f, j);
  });
}

TEST_CASE("drivers: an index list without an end is ended by the watchdog") {
  const job& j = the_job();
  with_both([&](axi_bench& b, front& f) {
    load(b, j);
    const hw::step_record& s = j.file.layers[0].steps[0];
    for (std::size_t i = 1; i < std::size_t{s.list_beats} * 8; i += 2)
      b.region(0)[s.list_offset + i] &= 0x7F;
    f.prepare(j.file);
    REQUIRE(f.start());
    const auto end = f.outcome(polls);
    REQUIRE(end);
    INFO(end->to_string());
    CHECK(end->error == run_error::watchdog);
    CHECK(f.events() == hw::device_events{.done = true, .error = true});
    check_good_run(b, f, j);
  });
}

TEST_CASE("drivers: a memory that falls silent, and one that comes back") {
  const job& j = the_job();
  with_both([&](axi_bench& b, front& f) {
    for (const std::uint64_t when : {30u, 400u, 1500u}) {
      CAPTURE(when);
      start(b, f, j);
      b.steps(when);
      b.freeze(true);
      CHECK_FALSE(f.outcome(1000));  // no hang of the driver, and the accelerator says what it does
      CHECK(b.read(0x1C) == 5);      // busy, stopping
      b.freeze(false);
      check_bad_end(b, f, {run_error::watchdog, 0, 0});
      check_good_run(b, f, j);
      start(b, f, j);
      b.steps(when);
      b.freeze(true);
      for (int i = 0; i < 2000 && !b.reading(); ++i) b.steps(1);
      REQUIRE(b.reading());  // else the abort would succeed
      f.stop();
      CHECK_FALSE(f.outcome(1000));
      CHECK(b.read(0x1C) == 5);
      b.reset();  // only that helps
      b.freeze(false);
      CHECK(f.idle());
      check_good_run(b, f, j);
    }
  });
}

TEST_CASE("drivers: an abort at any time") {
  const job& j = the_job();
  with_both([&](axi_bench& b, front& f) {
    for (std::uint64_t when = 0; when < 2000; when += 97) {
      CAPTURE(when);
      start(b, f, j);
      b.steps(when);
      f.stop();
      check_bad_end(b, f, {run_error::aborted, 0, 0});
      f.stop();  // nothing to end: no effect
      CHECK(b.read(0x1C) == 2);
      if (when % 2 == 0) check_good_run(b, f, j);
    }
    check_good_run(b, f, j);
  });
}

TEST_CASE("drivers: a reset in the middle of a run") {
  const job& j = the_job();
  with_both([&](axi_bench& b, front& f) {
    for (std::uint64_t when = 1; when < 2000; when += 211) {
      CAPTURE(when);
      start(b, f, j);
      b.steps(when);
      b.reset();
      CHECK(f.idle());
      CHECK_FALSE(b.interrupt());
      CHECK(b.read(0x34) == 0);
      check_good_run(b, f, j);
    }
  });
}
