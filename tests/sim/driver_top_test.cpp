// SPDX-License-Identifier: Apache-2.0
// Both drivers on the simulated accelerator with its bus fronts: compiled networks run from their
// image files, and every fault ends in its documented state, without a hang, with a good run after
// it.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/driver.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/image_file.hpp"
#include "swprune/hw/image_ranges.hpp"
#include "swprune/hw/image_requests.hpp"
#include "tests/sim/top_bus.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/driver_pair.hpp"
#include "tests/support/image_damage.hpp"
#include "tests/support/random_layer.hpp"

using namespace swprune;
using namespace swprune_test;

namespace {

namespace regs = hw::regs;
using bytes = std::vector<std::uint8_t>;
using code = regs::run_error;

constexpr hw::run_place place{
    .image_base = 0x12'3456'7040, .act_base = 0x0'0001'0fc0, .watchdog = 3000};
constexpr std::uint32_t looks = 4000;

/// A network with its file, images and what they must give.
struct network {
  random_case model;
  hw::program program;
  hw::image_file file;
  bytes expected;  // of the last layer

  explicit network(random_case c) : model(std::move(c)) {
    program = hw::compile(model.model, small_array(), model.images);
    file = make_image_file(program, model.model);
    expected = hw::run_functional(model.model, model.input).back();
  }
};

std::optional<network> random_network(std::uint64_t seed) {
  rng r = rng(seed).stream("driver_top");
  try {
    return network(random_model(
        small_array(), {.layers = 2, .max_uops = 3000, .max_channels = 14, .max_size = 9}, r));
  } catch (const mismatch_error&) {
    return std::nullopt;  // does not fit the buffers
  }
}

/// One that is large enough to be disturbed in the middle, and whose first layer reads its input
/// and a residual.
const network& example() {
  static const network n = [] {
    for (std::uint64_t seed = 100;; ++seed) {
      const auto found = random_network(seed);
      if (!found) continue;
      const auto closed = hw::predict(found->program);
      if (closed.cycles > 3500 && closed.layers[0].bytes_of(hw::request_kind::plane) > 0 &&
          closed.layers[0].bytes_of(hw::request_kind::residual) > 0)
        return *found;
    }
  }();
  return n;
}

void load(top_bus& bus, const network& n, const bytes& image) {
  bus.memory.image = {place.image_base, image};
  bus.memory.acts = {place.act_base, n.file.initial_activations(n.model.input)};
}
void load(top_bus& bus, const network& n) { load(bus, n, n.file.bytes); }

/// Some cycles between two looks.
std::function<void()> pause(top_bus& bus) {
  return [&bus] {
    for (int i = 0; i < 20; ++i) bus.step();
  };
}

bytes output(const top_bus& bus, const network& n) {
  return n.file.unpack_output(bus.memory.acts.bytes);
}

/// A whole run with the C++ driver gives what it must, whatever was before.
void check_good_run(top_bus& bus, const network& n) {
  bus.memory.silent = false;
  bus.memory.fail_to = bus.memory.fail_from = 0;
  load(bus, n);
  hw::driver d(bus);
  d.configure(n.file, place);
  (void)d.acknowledge();
  d.enable_interrupts({.done = true, .error = true});
  d.run(looks, pause(bus));
  CHECK(bus.interrupt());
  CHECK(d.acknowledge() == hw::run_events{.done = true});
  CHECK_FALSE(bus.interrupt());
  CHECK(d.status() == hw::run_status{.done = true});
  CHECK(d.fault() == hw::run_fault{});
  CHECK((output(bus, n) == n.expected));
  CHECK(bus.memory.at_rest());
  CHECK(d.counters().uops == static_cast<std::uint32_t>(hw::predict(n.program).total.uops));
}

/// What a run of this image in memory ends with; the C driver must see the same.
hw::run_fault fault_of(top_bus& bus, const network& n, const bytes& image) {
  load(bus, n, image);
  const auto c = c_flow(bus, n.file.bytes, place, looks, pause(bus));
  CHECK(c.status == SWP_RUN_FAILED);
  CHECK(c.events == 3);
  load(bus, n, image);
  hw::driver d(bus);
  d.configure(n.file, place);  // the driver saw the good one
  d.enable_interrupts({.error = true});
  d.start();
  const auto f = d.wait(looks, pause(bus));
  CHECK(bus.interrupt());
  CHECK(d.acknowledge() == hw::run_events{.done = true, .error = true});
  CHECK(d.status() == hw::run_status{.done = true});
  CHECK(bus.memory.at_rest());
  CHECK(c.fault.code == static_cast<std::uint32_t>(f.code));
  CHECK(c.fault.detail == f.detail);
  CHECK(c.fault.address == f.address);
  return f;
}

swp_device c_device(top_bus& bus) {
  swp_device d;
  REQUIRE(swp_probe(&d, c_bus(bus)) == SWP_OK);
  return d;
}

/// Both drivers stop before they write anything but to find out.
void check_refused(top_bus& bus, const bytes& image, swp_status status) {
  const auto before = bus.read(regs::address::layer_count);
  CHECK(c_flow(bus, image, place, looks).status == status);
  CHECK(run_cpp(bus, image, place, looks).error != 0);
  CHECK(bus.read(regs::address::layer_count) == before);
  CHECK_FALSE(hw::driver(bus).status().busy);
}

/// A record of the image with some fields changed and its CRC right.
bytes changed(const bytes& image, index_t record, index_t size, regs::byte_field field,
              std::uint64_t value) {
  bytes b = image;
  put_field(b, {static_cast<unsigned>(record) + field.offset, field.bytes}, value);
  const auto at = static_cast<std::size_t>(record), n = static_cast<std::size_t>(size) - 4;
  put_field(b, {static_cast<unsigned>(at + n), 4}, hw::crc32_of(std::span(b).subspan(at, n)));
  return b;
}

/// The first beat of the first request of every kind, in the first layer: nothing that was written.
std::vector<std::uint64_t> addresses_read(const network& n) {
  std::map<hw::request_kind, std::uint64_t> first;
  for (const hw::read_request& r : hw::requests_of(hw::with_header_room(n.program)))
    if (r.layer == 0)
      first.emplace(r.kind, (r.from_activations() ? place.act_base : place.image_base) +
                                static_cast<std::uint64_t>(r.offset));
  std::vector<std::uint64_t> list;
  for (const auto& [kind, address] : first) list.push_back(address);
  return list;
}

index_t steps_of(const network& n) {
  return hw::decode_descriptor(n.file.bytes, n.file.header.desc_offset, 0).steps_offset;
}

}  // namespace

TEST_CASE("both drivers run compiled networks and see the same") {
  index_t runs = 0;
  std::int64_t most_skipped = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto n = random_network(seed);
    if (!n) continue;
    CAPTURE(seed, n->model.text());
    top_bus bus;
    bus.memory.seed = seed;
    bus.memory.ready = seed % 2 == 0 ? 100 : 60;
    bus.reset();
    load(bus, *n);
    const auto c = c_flow(bus, n->file.bytes, place, looks, pause(bus));
    CHECK(c.status == SWP_OK);
    CHECK(c.events == 1);
    CHECK((output(bus, *n) == n->expected));
    load(bus, *n);
    const auto cpp = run_cpp(bus, n->file.bytes, place, looks, pause(bus));
    CHECK(cpp.error == 0);
    CHECK((output(bus, *n) == n->expected));
    check_same(c, cpp, false);
    CHECK(cpp.caps.array == small_array());
    const auto closed = hw::predict(n->program).total;
    CHECK(cpp.counters.uops == closed.uops);
    CHECK(cpp.counters.blocks == closed.blocks);
    CHECK(cpp.counters.passes == closed.passes);
    CHECK(cpp.counters.read_beats == closed.read_beats);
    CHECK(cpp.counters.write_beats == closed.write_beats);
    CHECK(cpp.counters.cycles > closed.cycles);
    const auto beats = [&](hw::request_kind k) { return closed.bytes_of(k) / 8; };
    using kind = hw::request_kind;
    CHECK(cpp.counters.weight_beats ==
          beats(kind::list) + beats(kind::parameters) + beats(kind::weights));
    CHECK(cpp.counters.act_beats == beats(kind::fetch_list) + beats(kind::plane));
    CHECK(cpp.counters.res_beats == beats(kind::residual));
    CHECK(c.beats_skipped == beats_skipped(n->file.header, cpp.counters));
    most_skipped = std::max(most_skipped, c.beats_skipped);
    CHECK(bus.memory.outside == 0);
    ++runs;
  }
  CHECK(runs > 15);
  CHECK(most_skipped > 0);
}

TEST_CASE("a start while busy is refused and does no harm") {
  const network& n = example();
  top_bus bus;
  load(bus, n);
  hw::driver d(bus);
  d.configure(n.file, place);
  d.enable_interrupts({.refused = true});
  d.start();
  CHECK_FALSE(bus.interrupt());
  CHECK_THROWS_AS(d.start(), device_error);
  CHECK(bus.interrupt());
  CHECK(d.acknowledge() == hw::run_events{.refused = true});
  CHECK(d.status() == hw::run_status{.busy = true, .refused = true});
  CHECK_THROWS_WITH(d.configure(n.file, place), Catch::Contains("a run goes on"));
  const swp_device c = c_device(bus);
  CHECK(swp_start(&c) == SWP_REFUSED);
  CHECK(d.wait(looks, pause(bus)) == hw::run_fault{});
  CHECK((output(bus, n) == n.expected));
  check_good_run(bus, n);
  CHECK_FALSE(d.status().refused);
}

TEST_CASE("errors of the bus: code, address, next run good") {
  const network& n = example();
  for (const unsigned ready : {100u, 50u})
    for (const std::uint8_t response : {std::uint8_t{2}, std::uint8_t{3}}) {
      top_bus bus;
      bus.memory.ready = ready;
      bus.memory.fail_response = response;
      const auto addresses = addresses_read(n);
      REQUIRE(addresses.size() == hw::request_kinds);
      for (const std::uint64_t at : addresses) {
        CAPTURE(ready, response, at);
        bus.memory.fail_from = at;
        bus.memory.fail_to = at + 8;
        const hw::run_fault f{response == 2 ? code::read_slave : code::read_decode, 0, at};
        CHECK(fault_of(bus, n, n.file.bytes).text() == f.text());
        check_good_run(bus, n);
      }
      bus.memory.fail_from = place.act_base + n.file.header.output.offset;
      bus.memory.fail_to = bus.memory.fail_from + n.file.header.act_bytes;
      CHECK(fault_of(bus, n, n.file.bytes) ==
            hw::run_fault{response == 2 ? code::write_slave : code::write_decode, 0, 0});
      check_good_run(bus, n);
    }
}

TEST_CASE("a truncated or damaged image is refused before the device is touched") {
  const network& n = example();
  top_bus bus;
  check_good_run(bus, n);
  bytes cut = n.file.bytes;
  cut.resize(cut.size() - 64);
  check_refused(bus, cut, SWP_IMAGE_CUT_OFF);
  cut.resize(100);
  check_refused(bus, cut, SWP_IMAGE_SHORT);
  for (const std::size_t at : {std::size_t{9}, std::size_t{30}, n.file.bytes.size() / 2}) {
    bytes bad = n.file.bytes;
    bad[at] ^= 4;
    check_refused(bus, bad, at < 128 ? SWP_IMAGE_HEADER_CRC : SWP_IMAGE_BODY_CRC);
  }
  auto other = small_array();
  other.poy = 4;
  other.chains = 2;
  check_refused(
      bus, make_image_file(hw::compile(n.model.model, other, n.model.images), n.model.model).bytes,
      SWP_DEVICE_POY);
  check_good_run(bus, n);
}

TEST_CASE("an image for larger buffers and regions that cannot be are refused") {
  const network& n = example();
  top_bus bus;
  auto deep = small_array();
  deep.act_depth = 4096;
  deep.wgt_depth = 8192;
  deep.list_depth = 4096;
  deep.res_depth = 256;
  const swp_device device = c_device(bus);
  index_t refused = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    rng r = rng(seed).stream("deep");
    const auto c = random_model(deep, {.max_channels = 40}, r);
    const auto file = make_image_file(hw::compile(c.model, deep, c.images), c.model);
    const auto needs = hw::buffer_needs_of(file.bytes, 128, file.header.layer_count);
    swp_image image;
    REQUIRE(swp_check_image(file.bytes.data(), file.bytes.size(), &image) == SWP_OK);
    const auto status = swp_check_buffers(&device, &image, file.bytes.data());
    CAPTURE(seed, status);
    if (status == SWP_OK) {
      CHECK_NOTHROW(check(needs, small_array()));
      continue;
    }
    CHECK((status >= SWP_DEVICE_ACT_DEPTH && status <= SWP_DEVICE_RES_DEPTH));
    CHECK_THROWS_AS(check(needs, small_array()), mismatch_error);
    ++refused;
    check_refused(bus, file.bytes, status);
  }
  CHECK(refused > 5);
  for (const hw::run_place& bad : {hw::run_place{.image_base = 32, .act_base = 0x10000},
                                   hw::run_place{.image_base = 0x10000, .act_base = 0x10040}}) {
    hw::driver d(bus);
    CHECK_THROWS_AS(d.configure(n.file, bad), invalid_argument);
    CHECK(c_flow(bus, n.file.bytes, bad, looks).stage == 4);
    CHECK(bus.read(regs::address::image_base_lo) == 0);
  }
  check_good_run(bus, n);
}

TEST_CASE("memory written over behind the driver's back is caught by the records' CRCs") {
  const network& n = example();
  top_bus bus;
  const auto flipped = [&](index_t at) {
    bytes b = n.file.bytes;
    b[static_cast<std::size_t>(at)] ^= 1;
    return b;
  };
  const std::uint64_t image = place.image_base;
  const index_t steps = steps_of(n);
  CHECK(fault_of(bus, n, flipped(128)) == hw::run_fault{code::magic, 0, image + 128});
  check_good_run(bus, n);
  CHECK(fault_of(bus, n, flipped(132)) == hw::run_fault{code::version, 0, image + 128});
  CHECK(fault_of(bus, n, flipped(128 + 60)) == hw::run_fault{code::layer_crc, 0, image + 128});
  check_good_run(bus, n);
  CHECK(fault_of(bus, n, flipped(128 + 128 + 16)) ==
        hw::run_fault{code::layer_crc, 0, image + 256});
  CHECK(fault_of(bus, n, flipped(steps + 20)) ==
        hw::run_fault{code::step_crc, 0, image + static_cast<std::uint64_t>(steps)});
  check_good_run(bus, n);
}

TEST_CASE("illegal records with a right CRC: code and rule, next run good") {
  const network& n = example();
  const bytes& image = n.file.bytes;
  namespace l = regs::layer;
  namespace s = regs::step;
  const index_t steps = steps_of(n);
  const auto flags = static_cast<std::uint64_t>(image[128 + 12]) | image[128 + 13] << 8;
  struct illegal {
    regs::byte_field field;
    std::uint64_t value;
    std::uint8_t rule;
  };
  top_bus bus;
  for (const illegal& i : std::vector<illegal>{{l::kernel_h, 0, 1},
                                               {l::kernel_w, 9, 1},
                                               {l::stride, 0, 2},
                                               {l::stride, 5, 2},
                                               {l::dilation, 0, 3},
                                               {l::pad, 16, 4},
                                               {l::seg_y_log2, 3, 5},
                                               {l::load_log2, 2, 6},
                                               {l::run_log2, 3, 7},
                                               {l::step_count, 0, 8},
                                               {l::pass_interval, 1, 9},
                                               {l::flags, flags | 0x200, 10},
                                               {l::flags, flags | 8, 11},
                                               {l::res_stride, 3, 12},
                                               {l::res_shift, 0, 12},
                                               {l::res_w, 0, 12}}) {
    CAPTURE(i.field.offset, i.value);
    const auto f = fault_of(bus, n, changed(image, 128, 128, i.field, i.value));
    CHECK(f == hw::run_fault{code::layer_field, i.rule, place.image_base + 128});
    CHECK(f.text().find("rule " + std::to_string(i.rule)) != std::string::npos);
  }
  check_good_run(bus, n);
  for (const illegal& i : std::vector<illegal>{{s::rows, 0, 1},
                                               {s::sub_cols, 0, 1},
                                               {s::flags, 1, 2},
                                               {s::flags, 0x23, 3},
                                               {s::images, 0, 4},
                                               {s::plane_words, 0, 4},
                                               {s::res_words, 0, 5}}) {
    CAPTURE(i.field.offset, i.value);
    CHECK(fault_of(bus, n, changed(image, steps, 64, i.field, i.value)) ==
          hw::run_fault{code::step_field, i.rule,
                        place.image_base + static_cast<std::uint64_t>(steps)});
  }
  check_good_run(bus, n);
}

TEST_CASE("an array without what an image needs says so by itself as well") {
  const network& n = example();
  top_bus bus;
  namespace l = regs::layer;
  for (const auto field : {l::poy, l::pox, l::pof, l::bus_bytes}) {
    CAPTURE(field.offset);
    CHECK(fault_of(bus, n, changed(n.file.bytes, 128, 128, field, 16)) ==
          hw::run_fault{code::array, 0, place.image_base + 128});
  }
  check_good_run(bus, n);
}

TEST_CASE("a list that never ends is ended by the watchdog") {
  const network& n = example();
  bytes endless = n.file.bytes;
  for (const hw::image_range& r : hw::ranges_of(n.file.bytes, 128, n.file.header.layer_count))
    if (r.part == hw::image_part::list)
      for (index_t at = r.offset; at < r.offset + r.bytes; at += 2)
        endless[static_cast<std::size_t>(at) + 1] &= 0x7F;  // the bit `last`
  top_bus bus;  // fresh: nothing of an earlier list is in the buffers
  CHECK(fault_of(bus, n, endless) == hw::run_fault{code::watchdog, 0, 0});
  check_good_run(bus, n);
}

TEST_CASE("a memory that falls silent: the driver's bound ends the wait, the watchdog the run") {
  const network& n = example();
  for (const bool answers_again : {true, false})
    for (const int cycles : {60, 700, 2000}) {
      CAPTURE(answers_again, cycles);
      top_bus bus;
      load(bus, n);
      hw::driver d(bus);
      d.configure(n.file, place);
      d.start();
      for (int i = 0; i < cycles; ++i) bus.step();
      bus.memory.silent = true;
      CHECK_THROWS_WITH(d.wait(400, pause(bus)), Catch::Contains("waits for its memory"));
      CHECK(d.status() == hw::run_status{.busy = true, .stopping = true});
      const swp_device c = c_device(bus);
      CHECK(swp_wait(&c, 10, nullptr, nullptr) == SWP_TIMEOUT);
      CHECK(swp_poll(&c) == (SWP_STATUS_BUSY_MASK | SWP_STATUS_STOPPING_MASK));
      if (answers_again) {
        bus.memory.silent = false;
        CHECK(d.wait(looks, pause(bus)) == hw::run_fault{code::watchdog, 0, 0});
        CHECK(bus.memory.at_rest());
      } else {
        bus.reset();
        CHECK(d.status() == hw::run_status{});
        CHECK_THROWS_AS(d.wait(2), invalid_argument);
        CHECK(swp_outcome(&c) == SWP_NOT_STARTED);
      }
      check_good_run(bus, n);
    }
}

TEST_CASE("an abort at any moment ends the run in order") {
  const network& n = example();
  top_bus bus;
  bus.memory.ready = 70;
  for (int cycles = 0; cycles < 3000; cycles += 211) {
    CAPTURE(cycles);
    load(bus, n);
    hw::driver d(bus);
    d.configure(n.file, place);
    d.start();
    for (int i = 0; i < cycles; ++i) bus.step();
    REQUIRE(d.status().busy);
    const swp_device c = c_device(bus);
    cycles % 2 == 0 ? d.abort_run() : swp_abort(&c);
    CHECK(d.wait(looks, pause(bus)) == hw::run_fault{code::aborted, 0, 0});
    CHECK(swp_outcome(&c) == SWP_RUN_FAILED);
    CHECK(swp_read_error(&c).code == SWP_RUN_ERROR_ABORTED);
    CHECK(bus.memory.at_rest());
    if (cycles % 3 == 0) check_good_run(bus, n);
  }
  const swp_device c = c_device(bus);
  swp_abort(&c);  // nothing runs
  check_good_run(bus, n);
}

TEST_CASE("a reset in the middle of a run: state after reset, next run good") {
  const network& n = example();
  top_bus bus;
  for (int cycles = 3; cycles < 3000; cycles += 379) {
    CAPTURE(cycles);
    load(bus, n);
    hw::driver d(bus);
    d.configure(n.file, place);
    d.enable_interrupts({.done = true, .error = true, .refused = true});
    d.start();
    for (int i = 0; i < cycles; ++i) bus.step();
    REQUIRE(d.status().busy);
    bus.reset();
    CHECK_FALSE(bus.interrupt());
    CHECK(d.status() == hw::run_status{});
    const swp_device c = c_device(bus);
    CHECK(swp_outcome(&c) == SWP_NOT_STARTED);
    CHECK(d.fault() == hw::run_fault{});
    CHECK(d.counters() == hw::run_counters{});
    CHECK(d.acknowledge() == hw::run_events{});
    for (const unsigned r :
         {regs::address::image_base_lo, regs::address::act_base_hi, regs::address::desc_offset,
          regs::address::layer_count, regs::address::watchdog, regs::address::irq_enable})
      CHECK(bus.read(r) == 0);
    check_good_run(bus, n);
  }
}
