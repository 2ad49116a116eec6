// SPDX-License-Identifier: Apache-2.0

// Both drivers against a fake of the registers: what they write, what they refuse (every status of
// the C driver occurs), how they report, wait, stop and take interrupts.

#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "swprune/hw/driver.hpp"
#include "swprune/hw/image_file.hpp"
#include "tests/hw/register_fake.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/c_driver_flow.h"
#include "tests/support/example_program.hpp"

using namespace swprune;
using swprune_test::register_fake;

namespace {

using bytes = std::vector<std::uint8_t>;
constexpr std::uint64_t image_base = 0x12'3456'7000, act_base = 0x40;

swp_bus c_bus(register_fake& fake) {
  return {&fake, [](void* f, std::uint32_t at) { return static_cast<register_fake*>(f)->read(at); },
          [](void* f, std::uint32_t at, std::uint32_t v) {
            static_cast<register_fake*>(f)->write(at, v);
          },
          [](void* f) { static_cast<register_fake*>(f)->relax(); }};
}

const bytes& good_file() {
  static const bytes file = hw::encode_image_file(
      hw::compile(swprune_test::example_model(), swprune_test::small_array(), 1),
      hw::numbers_of(swprune_test::example_model()));
  return file;
}

void put(bytes& b, std::size_t at, std::uint32_t value, std::size_t size = 4) {
  for (std::size_t i = 0; i < size; ++i) b[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}
void seal_header(bytes& b) { put(b, 124, hw::crc32_of(std::span(b).first(124))); }
void seal(bytes& b) {
  put(b, 112, hw::crc32_of(std::span(b).subspan(128)));
  seal_header(b);
}
std::size_t step_of(const bytes& b) { return b[128 + 52] | std::size_t{b[128 + 53]} << 8; }

struct setting {
  register_fake fake;
  bytes file = good_file();
  c_flow_job job{.file = nullptr,
                 .file_bytes = 0,
                 .image_base = image_base,
                 .act_base = act_base,
                 .act_bytes = 1 << 20,
                 .polls = 1000,
                 .watchdog = 5000,
                 .interrupts = SWP_IRQ_ALL};

  c_flow_report run() {
    job.file = file.data();
    job.file_bytes = file.size();
    const swp_bus bus = c_bus(fake);
    c_flow_report report;
    CHECK(c_driver_flow(&bus, &job, &report) == report.status);
    return report;
  }
};

struct fault {
  swp_status expected;
  const char* stage;
  std::function<void(setting&)> make;
};

std::function<void(setting&)> constant(std::uint32_t offset, std::uint32_t value) {
  return [=](setting& s) { s.fake.constants[offset] = value; };
}
std::function<void(setting&)> header(std::size_t at, std::uint32_t value, std::size_t size = 1) {
  return [=](setting& s) {
    put(s.file, at, value, size);
    seal_header(s.file);
  };
}
std::function<void(setting&)> body(std::size_t at, std::uint32_t value) {
  return [=](setting& s) {
    put(s.file, 128 + at, value);
    seal(s.file);
  };
}

const std::vector<fault> faults = {
    {SWP_DEVICE_ID, "probe", constant(0x00, 0xFFFFFFFF)},
    {SWP_DEVICE_MAP_VERSION, "probe", constant(0x04, 0x00020000)},
    {SWP_DEVICE_MAP_VERSION, "probe", constant(0x04, 0x00010000)},
    {SWP_OK, "wait", constant(0x04, 0x00010203)},
    {SWP_DEVICE_NO_FRONT, "probe", constant(0x14, 0x00040203)},
    {SWP_DEVICE_IMAGE_VERSION, "probe", constant(0x14, 0x00040307)},
    {SWP_IMAGE_SHORT, "image", [](setting& s) { s.file.resize(127); }},
    {SWP_IMAGE_MAGIC, "image", [](setting& s) { s.file[1] ^= 1; }},
    {SWP_IMAGE_VERSION, "image", [](setting& s) { s.file[4] = 1; }},
    {SWP_IMAGE_HEADER_BYTES, "image", [](setting& s) { s.file[6] = 0; }},
    {SWP_IMAGE_HEADER_CRC, "image", [](setting& s) { s.file[30] ^= 4; }},
    {SWP_IMAGE_SIZE, "image", [](setting& s) { s.file.pop_back(); }},
    {SWP_IMAGE_SIZE, "image", [](setting& s) { s.file.push_back(0); }},
    {SWP_IMAGE_BODY_CRC, "image", [](setting& s) { s.file[500] ^= 1; }},
    {SWP_IMAGE_RESERVED, "image", header(37, 15)},
    {SWP_IMAGE_RESERVED, "image", header(39, 1)},
    {SWP_IMAGE_RESERVED, "image", header(56, 2)},
    {SWP_IMAGE_RESERVED, "image", header(64, 1)},
    {SWP_IMAGE_RESERVED, "image", header(103, 1)},
    {SWP_IMAGE_RESERVED, "image", header(123, 1)},
    {SWP_IMAGE_COUNTS, "image", header(28, 0, 2)},
    {SWP_IMAGE_COUNTS, "image", header(30, 0, 2)},
    {SWP_IMAGE_ALIGNMENT, "image", header(24, 160, 4)},
    {SWP_IMAGE_DESCRIPTORS, "image", header(24, 64, 4)},
    {SWP_IMAGE_DESCRIPTORS, "image", header(24, 0x10000, 4)},
    {SWP_IMAGE_STEPS, "image", body(48, 0)},
    {SWP_IMAGE_STEPS, "image", body(48, 1000)},
    {SWP_IMAGE_STEPS, "image", body(52, 0xFFFFFFC0)},
    {SWP_IMAGE_TENSOR, "image", header(40, 32)},
    {SWP_IMAGE_TENSOR, "image", header(74, 1)},
    {SWP_ARRAY_POY, "prepare", constant(0x08, 0x01040204)},
    {SWP_ARRAY_POX, "prepare", constant(0x08, 0x01040402)},
    {SWP_ARRAY_POF, "prepare", constant(0x08, 0x01080202)},
    {SWP_ARRAY_CHAINS, "prepare", constant(0x08, 0x02040202)},
    {SWP_ARRAY_BUS, "prepare", constant(0x0C, 0x00080610)},
    {SWP_ARRAY_SKIP, "prepare", constant(0x14, 0x00040206)},
    {SWP_ARRAY_POOL, "prepare", constant(0x14, 0x00040205)},
    {SWP_OK, "wait", constant(0x14, 0x00000207)},
    {SWP_ARRAY_RESIDUAL, "prepare",
     [](setting& s) {
       s.fake.constants[0x14] = 0x00000207;
       header(37, 7)(s);
     }},
    {SWP_DEPTH_ACT, "prepare", constant(0x0C, 0x00080208)},
    {SWP_DEPTH_WEIGHT, "prepare", constant(0x0C, 0x00040608)},
    {SWP_DEPTH_LIST, "prepare", constant(0x10, 0x00000201)},
    {SWP_DEPTH_PARAM, "prepare",
     [](setting& s) {
       put(s.file, step_of(s.file) + 4, 5, 2);
       seal(s.file);
     }},
    {SWP_DEPTH_PARAM, "prepare",
     [](setting& s) {
       put(s.file, step_of(s.file) + 64 + 4, 5, 2);  // of the second step
       seal(s.file);
     }},
    {SWP_DEPTH_RESIDUAL, "prepare",
     [](setting& s) {
       const std::size_t step = step_of(s.file);
       s.file[step] |= 16;
       put(s.file, step + 6, 9, 2);
       seal(s.file);
     }},
    {SWP_BASE_IMAGE_ALIGNMENT, "prepare", [](setting& s) { s.job.image_base += 32; }},
    {SWP_BASE_ACT_ALIGNMENT, "prepare", [](setting& s) { s.job.act_base += 8; }},
    {SWP_BASE_RANGE, "prepare", [](setting& s) { s.job.image_base = (1ull << 40) - 64; }},
    {SWP_BASE_RANGE, "prepare", [](setting& s) { s.job.act_base = ~std::uint64_t{63}; }},
    {SWP_BASE_OVERLAP, "prepare", [](setting& s) { s.job.act_base = image_base + 64; }},
    {SWP_BASE_OVERLAP, "prepare", [](setting& s) { s.job.image_base = act_base + 64; }},
    {SWP_ACT_SIZE, "prepare", [](setting& s) { s.job.act_bytes = 64; }},
    {SWP_BUSY, "prepare", [](setting& s) { s.fake.run_accesses = 99, s.fake.write(0x18, 1); }},
    {SWP_TIMEOUT, "wait", [](setting& s) { s.fake.run_accesses = 5000; }},
    {SWP_RUN_FAILED, "wait", [](setting& s) { s.fake.end_code = 5; }},
};

}  // namespace

TEST_CASE("the C driver runs an image: registers, interrupts, counters") {
  setting s;
  s.fake.run_accesses = 40;
  const c_flow_report r = s.run();
  CHECK(r.status == SWP_OK);
  CHECK(s.fake.at(0x24) == 0x34567000);
  CHECK(s.fake.at(0x28) == 0x12);
  CHECK(s.fake.at(0x2C) == 0x40);
  CHECK(s.fake.at(0x30) == 0);
  CHECK(s.fake.at(0x34) == 128);
  CHECK(s.fake.at(0x38) == 1);
  CHECK(s.fake.at(0x3C) == 5000);
  CHECK(s.fake.at(0x90) == 7);
  CHECK(r.events == SWP_IRQ_DONE);
  CHECK_FALSE(s.fake.interrupt());
  CHECK(s.fake.relaxed > 30);
  CHECK(r.counters.cycles == 1000 + 0x40);
  CHECK(r.counters.write_stalls == 1000 + 0x5C);
  CHECK(r.counters.res_beats == 1000 + 0x84);
  CHECK(r.skipped == 76 - (1000 + 0x7C) - (1000 + 0x80));
  CHECK(s.fake.writes.back() == 0x94);
}

TEST_CASE("every fault has its own status, at its own stage, and nothing is written before") {
  std::set<int> seen{SWP_REFUSED, SWP_NOT_STARTED};  // in the next test
  for (const fault& f : faults) {
    setting s;
    f.make(s);
    s.fake.writes.clear();
    CAPTURE(swp_status_text(f.expected));
    const c_flow_report r = s.run();
    CAPTURE(swp_status_text(r.status));
    CHECK(r.status == f.expected);
    CHECK(std::string(r.stage) == f.stage);
    CHECK(s.fake.writes.empty() == (std::string(f.stage) != "wait"));
    seen.insert(r.status);
  }
  CHECK(seen.size() == SWP_STATUS_COUNT);
  std::set<std::string> texts;
  for (int i = 0; i <= SWP_STATUS_COUNT; ++i)
    texts.insert(swp_status_text(static_cast<swp_status>(i)));
  CHECK(texts.size() == SWP_STATUS_COUNT + 1);
}

TEST_CASE("the C driver: starts while busy, aborts, resets") {
  register_fake fake;
  const swp_bus bus = c_bus(fake);
  swp_result r{};
  CHECK(swp_poll(&bus, &r) == SWP_NOT_STARTED);
  CHECK(swp_start(&bus) == SWP_OK);
  CHECK(swp_start(&bus) == SWP_REFUSED);
  CHECK(swp_irq_take(&bus) == SWP_IRQ_REFUSED);
  CHECK(swp_irq_take(&bus) == 0);
  CHECK(swp_wait(&bus, 100, &r) == SWP_OK);
  CHECK(swp_start(&bus) == SWP_OK);  // the refusal is forgotten
  swp_abort(&bus);
  CHECK(swp_wait(&bus, 100, &r) == SWP_RUN_FAILED);
  CHECK(r.code == SWP_RUN_ERROR_ABORTED);
  CHECK(swp_irq_take(&bus) == (SWP_IRQ_DONE | SWP_IRQ_ERROR));
  swp_abort(&bus);  // nothing to abort
  CHECK(swp_poll(&bus, &r) == SWP_RUN_FAILED);
  CHECK(swp_start(&bus) == SWP_OK);
  fake.reset();
  CHECK(swp_wait(&bus, 100, &r) == SWP_NOT_STARTED);
  fake.end_code = 7;
  fake.end_detail = 2;
  fake.end_address = 0xAB'1234'5678;
  CHECK(swp_start(&bus) == SWP_OK);
  CHECK(swp_wait(&bus, 100, &r) == SWP_RUN_FAILED);
  CHECK(r.code == 7);
  CHECK(r.detail == 2);
  CHECK(r.address == 0xAB'1234'5678);
}

TEST_CASE("events of an earlier run do not reach the next one") {
  setting s;
  const swp_bus bus = c_bus(s.fake);
  s.fake.write(0x90, 7);
  swp_result r{};
  CHECK(swp_start(&bus) == SWP_OK);
  CHECK(swp_start(&bus) == SWP_REFUSED);
  CHECK(swp_wait(&bus, 100, &r) == SWP_OK);
  CHECK(s.fake.interrupt());
  CHECK(s.run().events == SWP_IRQ_DONE);
}

TEST_CASE("every error code has a name and a text, every rule one of its own") {
  std::set<std::string> names, texts, rules;
  for (unsigned code = 0; code <= 13; ++code) {
    names.insert(swp_run_error_name(code));
    texts.insert(swp_run_error_text(code));
    for (unsigned rule = 0; rule < 20; ++rule) rules.insert(swp_rule_text(code, rule));
  }
  CHECK(names.size() == 14);
  CHECK(texts.size() == 14);
  CHECK(rules.size() == 12 + 5);  // "" is one; that unknown flags must be 0 is said by two
  CHECK(std::string(swp_run_error_name(14)) == "unknown");
}

TEST_CASE("the C++ driver finds the array and runs an image") {
  register_fake fake;
  const hw::driver d(fake);
  CHECK(d.probe() == swprune_test::small_array());
  const auto file = hw::decode_image_file(good_file());
  d.enable_interrupts({.error = true});
  d.prepare(file, {image_base, act_base, 1 << 20}, 77);
  CHECK(fake.at(0x3C) == 77);
  CHECK(fake.at(0x90) == 2);
  d.start();
  CHECK_FALSE(d.poll());
  CHECK_NOTHROW(d.wait(100));
  CHECK(d.poll() == hw::run_outcome{});
  CHECK_FALSE(fake.interrupt());  // done is not enabled
  CHECK(d.take_events() == hw::device_events{.done = true});
  CHECK(d.take_events() == hw::device_events{});
  CHECK(d.counters().passes == 1000 + 0x6C);
  CHECK(hw::beats_skipped(file, d.counters()) == 76 - (1000 + 0x7C) - (1000 + 0x80));
}

namespace {

/// Id and text of what is thrown.
template <typename Call>
std::string thrown(errc expected, const Call& call) {
  try {
    call();
  } catch (const error& e) {
    CHECK(e.id() == static_cast<int>(expected));
    return e.what();
  }
  FAIL("nothing was thrown");
  return "";
}

}  // namespace

TEST_CASE("the C++ driver throws what is wrong in words") {
  using Catch::Contains;
  register_fake fake;
  const hw::driver d(fake);
  auto file = hw::decode_image_file(good_file());
  const hw::memory_places places{image_base, act_base, 1 << 20};
  CHECK_THAT(thrown(errc::device_busy, [&] { (void)d.poll(); }), Contains("none has ended"));
  fake.end_code = 6;
  fake.end_detail = 1;
  fake.end_address = image_base + 128;
  fake.run_accesses = 60;
  d.prepare(file, places);
  d.start();
  CHECK_THAT(thrown(errc::device_busy, [&] { d.start(); }), Contains("refused"));
  CHECK_THAT(thrown(errc::device_busy, [&] { d.prepare(file, places); }),
             Contains("a run goes on"));
  CHECK_THAT(thrown(errc::device_timeout, [&] { d.wait(3); }), Contains("busy after 3 polls"));
  CHECK_THAT(thrown(errc::run_failed, [&] { d.wait(100); }),
             Contains("layer_field (6), rule 1: kernel_h and kernel_w must be 1-8, at "
                      "0x1234567080: a field of a layer descriptor"));
  CHECK(d.take_events() == hw::device_events{.done = true, .error = true, .refused = true});
  fake.run_accesses = 60;
  d.start();
  d.stop();
  CHECK(d.stopping());
  CHECK(d.outcome(100).error == hw::regs::run_error::aborted);
  CHECK(d.outcome(1).to_string() == "aborted (13): the run was stopped by an abort");

  file.bytes[200] ^= 1;
  CHECK_THAT(thrown(errc::image_format, [&] { d.prepare(file, places); }), Contains("checksum"));
  file.bytes[200] ^= 1;
  CHECK_THAT(thrown(errc::memory_place,
                    [&] {
                      d.prepare(file, {image_base, 1, 1 << 20});
                    }),
             Contains("no multiple of 64"));
  fake.constants[0x08] = 0x01040204;
  CHECK_THAT(thrown(errc::device_mismatch, [&] { d.prepare(file, places); }),
             Contains("another Poy"));
  fake.constants[0x00] = 0;
  CHECK_THAT(thrown(errc::device_unknown, [&] { (void)d.probe(); }), Contains("SWP1"));
}
