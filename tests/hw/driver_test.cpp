// SPDX-License-Identifier: Apache-2.0
// The drivers in C99 and C++ on registers made from docs/registers.md: both see the same, every
// mismatch and every end of a run has its own error, and nothing waits for ever.
#include "swprune/hw/driver.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "tests/support/driver_pair.hpp"
#include "tests/support/image_damage.hpp"
#include "tests/support/register_fake.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using namespace swprune;
using namespace swprune_test;

namespace {

using error_of_run = hw::regs::run_error;

constexpr hw::run_place place{
    .image_base = 0x12'3456'7840, .act_base = 0xFF'0000'0000, .watchdog = 5000};

const hw::image_file& file() {
  static const hw::image_file f = example_file();
  return f;
}

/// Both drivers on two fakes of the same kind.
struct both {
  flow_output c;
  cpp_flow cpp;
};

both run_both(const hw::array_params& a, const std::function<void(register_fake&)>& change = {},
              const hw::run_place& where = place, std::uint32_t looks = 100) {
  register_fake one(a), two(a);
  if (change) {
    change(one);
    change(two);
  }
  return {c_flow(one, file().bytes, where, looks), run_cpp(two, file().bytes, where, looks)};
}

}  // namespace

TEST_CASE("a good run: both drivers write the same registers and read the same numbers") {
  register_fake one(example_array), two(example_array);
  const auto c = c_flow(one, file().bytes, place, 100);
  const auto cpp = run_cpp(two, file().bytes, place, 100);
  CHECK(c.status == SWP_OK);
  CHECK(c.stage == 7);
  CHECK(cpp.error == 0);
  check_same(c, cpp);
  CHECK(cpp.caps.array == example_array);
  CHECK(c.events == 1);
  CHECK(cpp.counters.cycles == 100);
  CHECK(cpp.counters.res_beats == 117);
  CHECK(c.beats_skipped == beats_skipped(file().header, cpp.counters));
  CHECK(one.written == two.written);
  const std::vector<std::pair<unsigned, std::uint32_t>> expected{
      {0x24, 0x34567840}, {0x28, 0x12}, {0x2C, 0}, {0x30, 0xFF}, {0x34, 128},
      {0x38, 1},          {0x3C, 5000}, {0x90, 3}, {0x18, 1},    {0x94, 1}};
  CHECK(one.written == expected);
  CHECK(c.image.dense_read_beats == file().header.dense_read_beats);
  CHECK(c.image.input.scale == file().header.input.scale);
  CHECK(c.image.input.zero == file().header.input.zero);
  CHECK(c.image.output.channels == file().header.output.channels);
}

TEST_CASE("what is no accelerator is refused and not written to") {
  const auto check = [](unsigned offset, std::uint32_t value, swp_status status) {
    register_fake one(example_array), two(example_array);
    one.constants[offset] = two.constants[offset] = value;
    const auto c = c_flow(one, file().bytes, place, 100);
    const auto cpp = run_cpp(two, file().bytes, place, 100);
    CAPTURE(offset, cpp.text);
    CHECK(c.status == status);
    CHECK(cpp.error == static_cast<int>(errc::device_unknown));
    CHECK(one.written.empty());
    CHECK(two.written.empty());
  };
  check(0, 0, SWP_NOT_SWPRUNE);
  check(0, 0xFFFFFFFF, SWP_NOT_SWPRUNE);
  check(4, 0x00000900, SWP_MAP_VERSION);
  check(4, 0x00020000, SWP_MAP_VERSION);
  const auto newer = run_both(example_array, [](register_fake& f) { f.constants[4] = 0x1FFFF; });
  CHECK(newer.c.status == SWP_OK);
  CHECK(newer.cpp.error == 0);
}

TEST_CASE("every parameter of another array has its own error") {
  struct other {
    swp_status status;
    std::string name;
    std::function<void(hw::array_params&)> change;
  };
  const std::vector<other> all{
      {SWP_DEVICE_POY, "Poy = 2", [](auto& a) { a.poy = 4; }},
      {SWP_DEVICE_POX, "Pox = 2", [](auto& a) { a.pox = 4; }},
      {SWP_DEVICE_POF, "Pof = 4", [](auto& a) { a.pof = 8; }},
      {SWP_DEVICE_CHAINS, "Chains = 1", [](auto& a) { a.chains = 2; }},
      {SWP_DEVICE_BUS_BYTES, "BusBytes = 8", [](auto& a) { a.bus_bytes = 32; }},
      {SWP_DEVICE_SKIP, "SkipEn = 1", [](auto& a) { a.skip = false; }},
      {SWP_DEVICE_POOL, "needs pooling", [](auto& a) { a.pool = false; }},
      {SWP_DEVICE_ACT_DEPTH, "ActDepth", [](auto& a) { a.act_depth = 1; }},
      {SWP_DEVICE_WGT_DEPTH, "WgtDepth", [](auto& a) { a.wgt_depth = 2; }},
      {SWP_DEVICE_LIST_DEPTH, "ListDepth", [](auto& a) { a.list_depth = 2; }},
      {SWP_DEVICE_PARAM_DEPTH, "ParamDepth", [](auto& a) { a.param_depth = 1; }}};
  for (const other& o : all) {
    auto array = example_array;
    o.change(array);
    const auto r = run_both(array);
    CAPTURE(o.name, r.cpp.text, r.c.status_text);
    CHECK(r.c.status == o.status);
    CHECK(r.cpp.error == static_cast<int>(errc::device_mismatch));
    CHECK(r.cpp.text.find(o.name) != std::string::npos);
  }
  const auto version =
      run_both(example_array, [](register_fake& f) { f.constants[0x14] += 1u << 8; });
  CHECK(version.c.status == SWP_DEVICE_IMAGE_VERSION);
  CHECK(version.cpp.text.find("image version") != std::string::npos);
}

TEST_CASE("a residual needs a device with the residual add, and deep enough") {
  hw::image_header h = file().header;
  h.residual = true;
  auto array = example_array;
  array.res_depth = 0;
  register_fake fake(array);
  CHECK_THROWS_WITH(hw::driver(fake).check_array(h), Catch::Contains("residual"));
  swp_device d;
  REQUIRE(swp_probe(&d, c_bus(fake)) == SWP_OK);
  swp_image image;
  REQUIRE(swp_check_image(file().bytes.data(), file().bytes.size(), &image) == SWP_OK);
  image.residual = 1;
  CHECK(swp_check_array(&d, &image) == SWP_DEVICE_RESIDUAL);
  CHECK_THROWS_WITH(check(hw::buffer_needs{.res_depth = 65}, example_array),
                    Catch::Contains("ResDepth >= 65, the device has 64"));
}

TEST_CASE("regions that the device cannot have are refused before anything is written") {
  const std::uint64_t top = std::uint64_t{1} << 40;
  struct bad {
    swp_status status;
    std::uint64_t image, act;
  };
  for (const bad& b : std::vector<bad>{{SWP_IMAGE_BASE, 32, 0x1'0000},
                                       {SWP_IMAGE_BASE, top, 0x1'0000},
                                       {SWP_IMAGE_BASE, top - 64, 0x1'0000},
                                       {SWP_ACT_BASE, 0x1'0000, 1},
                                       {SWP_ACT_BASE, 0x1'0000, top - 64},
                                       {SWP_ACT_BASE, 0x1'0000, ~std::uint64_t{63}},
                                       {SWP_OVERLAP, 0x1'0000, 0x1'0040},
                                       {SWP_OVERLAP, 0x1'0000, 0x1'0000 - 64}}) {
    CAPTURE(b.status, b.image, b.act);
    register_fake one(example_array), two(example_array);
    const hw::run_place where{.image_base = b.image, .act_base = b.act};
    CHECK(c_flow(one, file().bytes, where, 100).status == b.status);
    CHECK(run_cpp(two, file().bytes, where, 100).error == static_cast<int>(errc::region_address));
    CHECK(one.written.empty());
    CHECK(two.written.empty());
  }
  const hw::run_place close{.image_base = 0x1'0000,
                            .act_base = 0x1'0000 + file().header.image_bytes};
  const hw::run_place last{.image_base = top - file().header.image_bytes,
                           .act_base = 0x1'0000 - file().header.act_bytes};
  for (const hw::run_place& where : {close, last}) {
    const auto r = run_both(example_array, {}, where);
    CHECK(r.c.status == SWP_OK);
    CHECK(r.cpp.error == 0);
  }
}

TEST_CASE("buffers that are just deep enough are accepted, half of each is not") {
  const auto needs = hw::buffer_needs_of(file().bytes, 128, 1);
  const auto depth = [](index_t need) {
    index_t d = 1;
    while (d < need) d *= 2;
    return d;
  };
  auto exact = example_array;
  exact.act_depth = depth(needs.act_depth);
  exact.wgt_depth = depth(needs.wgt_depth);
  exact.list_depth = depth(needs.list_depth);
  exact.param_depth = depth(needs.param_depth);
  const auto good = run_both(exact);
  CHECK(good.c.status == SWP_OK);
  CHECK(good.cpp.error == 0);
  const auto half = [&](index_t hw::array_params::*member, swp_status status) {
    auto array = exact;
    array.*member /= 2;
    const auto r = run_both(array);
    CAPTURE(r.cpp.text);
    CHECK(r.c.status == status);
    CHECK(r.cpp.error == static_cast<int>(errc::device_mismatch));
  };
  half(&hw::array_params::act_depth, SWP_DEVICE_ACT_DEPTH);
  half(&hw::array_params::wgt_depth, SWP_DEVICE_WGT_DEPTH);
  half(&hw::array_params::list_depth, SWP_DEVICE_LIST_DEPTH);
  half(&hw::array_params::param_depth, SWP_DEVICE_PARAM_DEPTH);
}

TEST_CASE("every damage of an image has its own error in the C driver as well") {
  std::set<swp_status> seen;
  CHECK(flow_check_image(file().bytes.data(), file().bytes.size()) == SWP_OK);
  for (const image_damage& d : image_damages()) {
    const auto bad = d.apply(file().bytes);
    CAPTURE(d.text);
    CHECK(flow_check_image(bad.data(), bad.size()) == d.c);
    seen.insert(d.c);
  }
  for (int s = SWP_IMAGE_SHORT; s <= SWP_IMAGE_OUTPUT; ++s) {
    if (s == SWP_IMAGE_STEPS) continue;  // needs the records
    CAPTURE(s);
    CHECK(seen.count(static_cast<swp_status>(s)) == 1);
  }
}

TEST_CASE("both drivers judge random damage alike") {
  rng r = rng(5).stream("damage");
  for (int i = 0; i < 2000; ++i) {
    auto bad = file().bytes;
    for (std::uint64_t n = 1 + r.below(3); n > 0; --n)
      bad[r.below(128)] = static_cast<std::uint8_t>(r.below(256));
    if (r.bernoulli(0.9)) seal_file(bad);
    const bool c = flow_check_image(bad.data(), bad.size()) == SWP_OK;
    bool cpp = true;
    try {
      check(hw::decode_header(bad));
    } catch (const format_error&) {
      cpp = false;
    }
    CAPTURE(i);
    REQUIRE(c == cpp);
  }
}

TEST_CASE("step records that leave the image are refused by the C driver") {
  register_fake fake(example_array);
  swp_device d;
  REQUIRE(swp_probe(&d, c_bus(fake)) == SWP_OK);
  for (const auto field : {hw::regs::layer::steps_offset, hw::regs::layer::step_count}) {
    auto bad = file().bytes;
    put_field(bad, {128 + field.offset, 4}, 0xFFFFFFFF);
    seal_file(bad);
    swp_image image;
    REQUIRE(swp_check_image(bad.data(), bad.size(), &image) == SWP_OK);
    CHECK(swp_check_buffers(&d, &image, bad.data()) == SWP_IMAGE_STEPS);
  }
}

TEST_CASE("every error of a run is decoded, and the next run is good") {
  struct fault {
    std::uint32_t code, detail;
    std::uint64_t address;
  };
  std::vector<fault> all;
  for (std::uint32_t code = 1; code <= 13; ++code) {
    const std::uint32_t rules = code == 6 ? 12 : code == 7 ? 5 : 0;
    for (std::uint32_t rule = rules == 0 ? 0 : 1; rule <= rules; ++rule)
      all.push_back({code, rule, code < 10 ? 0xAB'CDEF'0123u : 0});
  }
  CHECK(all.size() == 28);
  std::set<std::string> texts;
  for (const fault& f : all) {
    const auto set = [&](register_fake& fake) {
      fake.next.error = f.code;
      fake.next.detail = f.detail;
      fake.next.address = f.address;
    };
    register_fake one(example_array), two(example_array);
    set(one);
    set(two);
    const auto c = c_flow(one, file().bytes, place, 100);
    const auto cpp = run_cpp(two, file().bytes, place, 100);
    CAPTURE(f.code, f.detail, cpp.fault.text());
    CHECK(c.status == SWP_RUN_FAILED);
    CHECK(c.stage == 6);
    check_same(c, cpp);
    CHECK(c.fault.code == f.code);
    CHECK(c.fault.detail == f.detail);
    CHECK(c.fault.address == f.address);
    CHECK(c.events == 3);
    texts.insert(cpp.fault.text());
    hw::driver d(two);
    CHECK_THROWS_AS(d.run(100), device_error);
    CHECK_THROWS_WITH(d.run(100), Catch::Contains(std::string(hw::text_of(cpp.fault.code))));
    two.next = {};
    CHECK_NOTHROW(d.run(100));
    CHECK(d.fault() == hw::run_fault{});
    one.next = {};
    CHECK(c_flow(one, file().bytes, place, 100).status == SWP_OK);
  }
  CHECK(texts.size() == all.size());
  const hw::run_fault rule{error_of_run::layer_field, 2, 0x1000};
  CHECK(rule.text() ==
        "error 6: a field of a layer descriptor is out of its range; the detail is the rule; rule "
        "2: stride must be 1 to 4; at 0x1000");
  CHECK(hw::rule_text(error_of_run::step_field, 6) == "unknown rule");
  CHECK(hw::text_of(static_cast<error_of_run>(99)) == "unknown error code");
  CHECK(std::string(swp_run_error_text(99)) == "unknown error code");
  CHECK(std::string(swp_rule_text(6, 13)) == "unknown rule");
}

TEST_CASE("a start while busy is refused, the run goes on undisturbed") {
  register_fake fake(example_array);
  fake.next.accesses = 60;
  hw::driver d(fake);
  d.configure(file(), place);
  d.enable_interrupts({.refused = true});
  d.start();
  CHECK(d.status() == hw::run_status{.busy = true});
  CHECK_FALSE(fake.interrupt());
  try {
    d.start();
    FAIL("the start was not refused");
  } catch (const error& e) {
    CHECK(e.id() == static_cast<int>(errc::device_busy));
  }
  CHECK(d.status() == hw::run_status{.busy = true, .refused = true});
  CHECK(fake.interrupt());
  CHECK(d.acknowledge() == hw::run_events{.refused = true});
  CHECK_FALSE(fake.interrupt());
  swp_device c;
  REQUIRE(swp_probe(&c, c_bus(fake)) == SWP_OK);
  swp_image image;
  REQUIRE(swp_check_image(file().bytes.data(), file().bytes.size(), &image) == SWP_OK);
  CHECK(swp_start(&c) == SWP_REFUSED);
  fake.written.clear();
  CHECK(swp_configure(&c, &image, place.image_base, place.act_base, 0) == SWP_BUSY);
  CHECK_THROWS_AS(d.configure(file(), place), device_error);
  CHECK(fake.written.empty());
  CHECK(d.wait(100) == hw::run_fault{});
  CHECK(d.acknowledge() == hw::run_events{.done = true, .refused = true});
  d.start();
  CHECK(d.wait(100) == hw::run_fault{});
  CHECK_FALSE(d.status().refused);
}

TEST_CASE("waiting is bounded, can go on, and an abort ends the run") {
  register_fake fake(example_array);
  fake.next.accesses = 200;
  hw::driver d(fake);
  CHECK_THROWS_AS(d.wait(3), invalid_argument);
  swp_device c;
  REQUIRE(swp_probe(&c, c_bus(fake)) == SWP_OK);
  CHECK(swp_wait(&c, 3, nullptr, nullptr) == SWP_NOT_STARTED);
  d.configure(file(), place);
  d.start();
  int pauses = 0;
  CHECK_THROWS_AS(d.wait(10, [&] { ++pauses; }), device_error);
  CHECK(pauses == 9);
  CHECK(swp_wait(&c, 0, nullptr, nullptr) == SWP_TIMEOUT);
  register_fake slow(example_array);
  slow.next.accesses = 200;
  pauses = 0;
  CHECK(c_flow(slow, file().bytes, place, 10, [&] { ++pauses; }).status == SWP_TIMEOUT);
  CHECK(pauses == 9);
  CHECK(swp_wait(&c, 10, nullptr, nullptr) == SWP_TIMEOUT);
  CHECK(d.wait(1000) == hw::run_fault{});
  for (const bool with_c : {false, true}) {
    d.start();
    with_c ? swp_abort(&c) : d.abort_run();
    CHECK(d.status().stopping);
    CHECK(d.wait(10).code == error_of_run::aborted);
    CHECK(swp_outcome(&c) == SWP_RUN_FAILED);
    CHECK(d.status() == hw::run_status{.done = true});
  }
  d.abort_run();  // nothing runs: nothing happens
  CHECK(d.status() == hw::run_status{.done = true});
}

TEST_CASE("a memory that never answers is told apart, and a reset helps") {
  register_fake fake(example_array);
  fake.next.hangs = true;
  hw::driver d(fake);
  d.configure(file(), place);
  d.start();
  CHECK_THROWS_WITH(d.wait(50), Catch::Contains("the run goes on"));
  d.abort_run();
  CHECK_THROWS_WITH(d.wait(50), Catch::Contains("waits for its memory"));
  fake.reset();
  fake.next.hangs = false;
  const auto c = c_flow(fake, file().bytes, place, 100);
  CHECK(c.status == SWP_OK);
  CHECK(run_cpp(fake, file().bytes, place, 100).error == 0);
}

TEST_CASE("every status of the C driver has a sentence of its own") {
  std::set<std::string> texts;
  for (int s = 0; s < SWP_STATUS_COUNT; ++s)
    texts.insert(swp_status_text(static_cast<swp_status>(s)));
  CHECK(texts.size() == static_cast<std::size_t>(SWP_STATUS_COUNT));
  CHECK(std::string(swp_status_text(SWP_STATUS_COUNT)) == "unknown status");
}

TEST_CASE("the C headers compile alone, as C99 and as C++, and so does the program of the page") {
  const temp_dir dir;
  std::ifstream page(SWPRUNE_SOURCE_DIR "/docs/drivers.md");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  const auto begin = text.find("```c\n") + 5;
  REQUIRE(begin != std::string::npos + 5);
  write_text(dir / "page.c", text.substr(begin, text.find("```", begin) - begin));
  const std::string header = "#include \"swprune/c/swprune_driver.h\"\n";
  write_text(dir / "twice.c", header + header + "int main(void) { return 0; }\n");
  const std::string flags =
      " -Wall -Wextra -pedantic -Wconversion -Wno-sign-conversion -Werror -fsyntax-only "
      "-I " SWPRUNE_SOURCE_DIR "/include ";
  const auto compiles = [&](const std::string& compiler, const char* file) {
    const auto r = run(compiler + flags + quoted((dir / file).string()) + " 2>&1");
    CAPTURE(compiler, file, r.output);
    CHECK(r.exit_code == 0);
  };
  compiles(SWPRUNE_CC " -std=c99", "page.c");
  compiles(SWPRUNE_CC " -std=c99", "twice.c");
  compiles(SWPRUNE_CXX " -x c++ -std=c++11 -Wold-style-cast", "twice.c");
  compiles(SWPRUNE_CXX " -x c++ -std=c++20 -Wold-style-cast", "twice.c");
}

TEST_CASE("the C header has the numbers of the C++ constants") {
  namespace a = hw::regs::address;
  CHECK(SWP_REG_CAP4 == a::cap4);
  CHECK(SWP_RESET_ID == hw::regs::reset::id);
  CHECK(SWP_CAP3_RES_DEPTH_LOG2_P1_MASK == hw::regs::field::cap3_res_depth_log2_p1.put(255));
  CHECK(SWP_HEADER_MAGIC == hw::header_magic);
  CHECK(SWP_HEADER_OUTPUT_OFFSET_AT == hw::regs::header::output_offset.offset);
  CHECK(SWP_RUN_ERROR_WATCHDOG == static_cast<unsigned>(error_of_run::watchdog));
  unsigned counters = 0, next = SWP_REG_CNT_CYCLES;
#define SWPRUNE_TEST_COUNTER(name, offset) \
  CHECK(offset == next);                   \
  ++counters;                              \
  next += 4;
  SWP_COUNTER_TABLE(SWPRUNE_TEST_COUNTER)
#undef SWPRUNE_TEST_COUNTER
  CHECK(counters == 18);
}
