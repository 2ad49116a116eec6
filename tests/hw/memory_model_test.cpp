// SPDX-License-Identifier: Apache-2.0

#include <catch2/catch.hpp>
#include <cmath>

#include "swprune/hw/memory_model.hpp"

namespace {

namespace hw = swprune::hw;
using swprune::index_t;

constexpr std::uint64_t base = 0x1000;

/// A memory of 1024 initialised and writable bytes at `base`, byte i holds i mod 251.
hw::memory_model make(const hw::memory_params& params = {.fenced_writes = false}) {
  hw::memory_model m(params);
  m.add_region("data", base, 1024, true);
  std::vector<std::uint8_t> bytes(1024);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i % 251);
  m.write(base, bytes);
  return m;
}

/// A well-behaved reader: asks for `beats` beats at `address` and takes them. Returns the bytes and
/// the number of the cycle in which each beat came, cycle 0 being the first with the request.
struct read_log {
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint64_t> cycles;
};
read_log read(hw::memory_model& m, std::uint64_t address, std::uint16_t beats) {
  read_log log;
  hw::core_inputs in;
  bool taken = false;
  for (std::uint64_t cycle = 0; cycle < 100'000 && log.cycles.size() < beats; ++cycle) {
    hw::core_outputs out;
    out.rd_req_valid = !taken;
    if (!taken) {
      out.rd_req_addr = address;
      out.rd_req_beats = beats;
    }
    out.rd_ready = taken;
    m.drive(in);
    if (in.rd_valid && out.rd_ready) {
      log.cycles.push_back(cycle);
      log.bytes.insert(log.bytes.end(), in.rd_data.begin(),
                       in.rd_data.begin() + m.params().bus_bytes);
    }
    if (out.rd_req_valid && in.rd_req_ready) taken = true;
    m.clock(in, out);
  }
  return log;
}

/// One write of a word; returns the cycles until it was taken.
int write(hw::memory_model& m, std::uint64_t address, std::uint8_t value, bool fence = false) {
  hw::core_inputs in;
  hw::core_outputs out;
  out.wr_valid = true;
  out.wr_addr = address;
  out.wr_strb = 0xf;
  out.wr_fence = fence;
  std::fill_n(out.wr_data.begin(), 4, value);
  for (int cycles = 1; cycles < 100'000; ++cycles) {
    m.drive(in);
    m.clock(in, out);
    if (in.wr_ready) return cycles;
  }
  return -1;
}

/// Runs `action`; the text of the error with this id that it throws.
template <typename Action>
std::string message(swprune::errc code, Action&& action) {
  try {
    action();
  } catch (const swprune::error& e) {
    CHECK(e.id() == static_cast<int>(code));
    return e.what();
  }
  FAIL("no error was thrown");
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an ideal memory answers in the next cycle and then every cycle", "[memory]") {
  hw::memory_model m = make();
  const read_log log = read(m, base + 64, 4);
  CHECK(log.cycles == std::vector<std::uint64_t>{1, 2, 3, 4});
  CHECK(log.bytes == m.read(base + 64, 128));
  CHECK(write(m, base + 4, 9) == 1);
  CHECK(m.read(base + 4, 4) == std::vector<std::uint8_t>(4, 9));
  CHECK(m.read(base + 8, 1)[0] == 8);
}

TEST_CASE("a fence is answered once, and what was written before it can be read from then on",
          "[memory]") {
  for (const index_t latency : {1, 2, 30}) {
    CAPTURE(latency);
    hw::memory_model m({.bus_bytes = 8, .fence_latency = latency});
    m.add_region("map", base, 64, true);
    write(m, base, 1);
    write(m, base + 4, 2, true);
    write(m, base + 8, 3);
    write(m, base + 12, 4, true);
    hw::core_inputs in;
    std::vector<int> answers;
    for (int cycle = 1; cycle < 100; ++cycle) {
      m.drive(in);
      if (in.wr_fenced) answers.push_back(cycle);
      m.clock(in, {});
    }
    // The first one was answered while the two later writes went on, if it could be.
    const int second = static_cast<int>(latency);
    if (latency <= 2) CHECK(answers == std::vector<int>{second});
    if (latency > 2) CHECK(answers == std::vector<int>{second - 2, second});
    CHECK(read(m, base, 2).bytes ==
          std::vector<std::uint8_t>{1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4});
  }
}

TEST_CASE("before the answer of its fence a write is not there", "[memory]") {
  hw::memory_model m({.bus_bytes = 8, .fence_latency = 50});
  m.add_region("map", base, 64, true);
  m.write(base + 8, std::vector<std::uint8_t>(8, 7));
  write(m, base, 1);
  write(m, base + 4, 1, true);
  write(m, base + 8, 9, true);
  CHECK(read(m, base + 8, 1).bytes == std::vector<std::uint8_t>(8, 7));
  CHECK(contains(message(swprune::errc::memory_access, [&] { read(m, base, 1); }),
                 "was never written"));
}

TEST_CASE("latency is the distance from a taken request to its first beat", "[memory]") {
  for (const index_t latency : {1, 2, 7, 100}) {
    hw::memory_model m = make({.bus_bytes = 8, .latency = latency});
    const read_log log = read(m, base, 3);
    const auto first = static_cast<std::uint64_t>(latency);
    CHECK(log.cycles == std::vector<std::uint64_t>{first, first + 1, first + 2});
  }
}

TEST_CASE("beats of a request come no faster than the memory gives them", "[memory]") {
  hw::memory_model m = make({.bus_bytes = 8, .latency = 3, .beat_interval = 2.5});
  const read_log log = read(m, base, 5);
  CHECK(log.cycles == std::vector<std::uint64_t>{3, 5, 8, 10, 13});
  CHECK(hw::beat_interval_of(3.2, 32, 200) == 2);
  CHECK(hw::beat_interval_of(100, 32, 200) == 1);
  for (const double interval : {0.9, 65537.0, std::nan("")}) {
    const std::string text = message(swprune::errc::argument_out_of_range, [&] {
      hw::memory_model bad({.bus_bytes = 8, .beat_interval = interval});
    });
    CHECK(contains(text, "1 <= beat_interval <= 65536"));
  }
  CHECK(contains(
      message(swprune::errc::argument_out_of_range, [] { (void)hw::beat_interval_of(0, 32, 200); }),
      "0 GB/s, 32 bytes, 200 MHz"));
}

TEST_CASE("stalls have the asked probability and come again with the seed", "[memory]") {
  for (const double p : {0.1, 0.5, 0.9}) {
    hw::stall_source source(hw::stall_params::bernoulli(p), swprune::rng(5));
    hw::stall_source again(hw::stall_params::bernoulli(p), swprune::rng(5));
    int stalled = 0;
    constexpr int cycles = 20'000;
    for (int i = 0; i < cycles; ++i) {
      const bool now = source.stalls();
      REQUIRE(again.stalls() == now);
      stalled += now;
    }
    // Five standard deviations of a binomial.
    CHECK(std::abs(stalled - cycles * p) < 5 * std::sqrt(cycles * p * (1 - p)));
  }
}

TEST_CASE("bursts and long stalls have their lengths", "[memory]") {
  hw::stall_source source({.probability = 0.05, .burst = 6}, swprune::rng(3));
  hw::stall_source lengthy({.long_probability = 0.02, .long_cycles = 40}, swprune::rng(4));
  int run = 0;
  int shortest_long = 1 << 20;
  std::array<int, 7> lengths{};
  int other = 0;
  for (int i = 0; i < 50'000; ++i) {
    if (source.stalls()) {
      ++run;
    } else {
      if (run > 0 && run <= 6) ++lengths[static_cast<std::size_t>(run)];
      run = 0;
    }
    if (lengthy.stalls()) {
      ++other;
    } else {
      if (other > 0) shortest_long = std::min(shortest_long, other);
      other = 0;
    }
  }
  for (std::size_t n = 1; n <= 6; ++n) CHECK(lengths[n] > 100);
  CHECK(shortest_long == 40);
}

TEST_CASE("with stalls the same bytes come, later", "[memory]") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    hw::memory_model m = make(hw::memory_params::stalling(16, 0.7, seed, 3));
    const read_log log = read(m, base + 32, 20);
    CHECK(log.bytes == m.read(base + 32, 320));
    CHECK(log.cycles.back() > 22);
    hw::memory_model again = make(hw::memory_params::stalling(16, 0.7, seed, 3));
    CHECK(read(again, base + 32, 20).cycles == log.cycles);
  }
}

TEST_CASE("an offered beat stays offered", "[memory]") {
  hw::memory_model m = make(hw::memory_params::stalling(32, 0.8, 3));
  hw::core_inputs in;
  hw::core_outputs request;
  request.rd_req_valid = true;
  request.rd_req_addr = base;
  request.rd_req_beats = 1;
  bool taken = false;
  while (!taken) {
    m.drive(in);
    taken = in.rd_req_ready;
    m.clock(in, request);
  }
  const hw::core_outputs waiting;  // never ready for data
  bool offered = false;
  for (int i = 0; i < 500; ++i) {
    m.drive(in);
    CHECK((!offered || in.rd_valid));
    offered = in.rd_valid;
    m.clock(in, waiting);
  }
  CHECK(offered);
}

TEST_CASE("reads and writes are counted by address", "[memory]") {
  hw::memory_model m = make();
  read(m, base + 32, 2);
  read(m, base + 64, 1);
  write(m, base + 8, 1);
  write(m, base + 8, 2);
  CHECK(m.bytes_read(base, 32) == 0);
  CHECK(m.bytes_read(base + 32, 32) == 32);
  CHECK(m.bytes_read(base + 64, 32) == 64);
  CHECK(m.bytes_read(base + 40, 40) == 24 + 2 * 16);
  CHECK(m.total_bytes_read() == 96);
  CHECK(m.bytes_written(base, 1024) == 8);
  CHECK(m.bytes_written(base + 10, 1) == 2);
  CHECK(m.total_bytes_written() == 8);
  m.clear_counts();
  CHECK(m.bytes_read(base, 1024) + m.bytes_written(base, 1024) + m.total_bytes_read() == 0);
}

TEST_CASE("poison names address, range and cycle", "[memory]") {
  hw::memory_model m = make();
  m.forbid_reads("secret", base + 96, 8);
  CHECK_NOTHROW(read(m, base + 64, 1));
  const std::string text = message(swprune::errc::memory_access, [&] { read(m, base + 64, 2); });
  CHECK(contains(text, "'secret'"));
  CHECK(contains(text, "0x1060"));
  CHECK(contains(text, "cycle 4"));  // two cycles for the first read, then request and one beat

  hw::memory_model w = make();
  w.forbid_writes("weights", base + 16, 16);
  CHECK_NOTHROW(write(w, base + 12, 1));
  const std::string refused =
      message(swprune::errc::memory_access, [&] { write(w, base + 16, 1); });
  CHECK(contains(refused, "'weights'"));
  CHECK(contains(refused, "0x1010"));
  CHECK(contains(refused, "cycle 1"));
}

TEST_CASE("bytes that nobody wrote are not readable", "[memory]") {
  hw::memory_model m({.bus_bytes = 8});
  m.add_region("map", base, 64, true);
  m.write(base, std::vector<std::uint8_t>(12, 1));
  CHECK_NOTHROW(read(m, base, 1));
  CHECK(contains(message(swprune::errc::memory_access, [&] { read(m, base + 8, 1); }), "0x100c"));
  hw::memory_model n({.bus_bytes = 8, .fenced_writes = false});
  n.add_region("map", base, 64, true);
  n.write(base, std::vector<std::uint8_t>(12, 1));
  n.mark_initialised(base + 12, 4);
  CHECK_NOTHROW(read(n, base + 8, 1));
  write(n, base + 16, 5);
  write(n, base + 20, 6);
  CHECK(read(n, base + 16, 1).bytes == std::vector<std::uint8_t>{5, 5, 5, 5, 6, 6, 6, 6});
}

TEST_CASE("accesses outside the regions and writes to the image are errors", "[memory]") {
  hw::memory_model m = make();
  m.add_region("image", 0x8000, 64, false);
  CHECK(
      contains(message(swprune::errc::memory_access, [&] { read(m, base + 1024, 1); }), "outside"));
  hw::memory_model w = make();
  w.add_region("image", 0x8000, 64, false);
  CHECK(contains(message(swprune::errc::memory_access, [&] { write(w, 0x8000, 1); }),
                 "'image' is read only"));
  CHECK(contains(message(swprune::errc::memory_access, [&] { write(w, 0x7ffc, 1); }), "outside"));
}

TEST_CASE("a canary that dies is named", "[memory]") {
  hw::memory_model m = make();
  m.add_canary("behind", base + 128, 16);
  CHECK_NOTHROW(m.check_canaries());
  CHECK_NOTHROW(read(m, base + 128, 1));
  const std::uint8_t old = m.read(base + 132, 1)[0];
  write(m, base + 132, static_cast<std::uint8_t>(~old));
  const std::string text = message(swprune::errc::memory_access, [&] { m.check_canaries(); });
  CHECK(contains(text, "'behind'"));
  CHECK(contains(text, "0x1084"));
}

TEST_CASE("ports that break their rules are caught", "[memory]") {
  const auto broken = [](auto change, bool waiting) {
    // A memory that takes nothing in its first cycles: long stalls with certainty nearly 1.
    const hw::stall_params never{.long_probability = 0.999999, .long_cycles = 1000};
    hw::memory_model m = make({.requests = waiting ? never : hw::stall_params{},
                               .writes = waiting ? never : hw::stall_params{}});
    hw::core_inputs in;
    hw::core_outputs out;
    out.rd_req_valid = out.wr_valid = true;
    out.rd_req_addr = base;
    out.rd_req_beats = 2;
    out.wr_addr = base;
    out.wr_strb = 0xf;
    for (int cycle = 0; cycle < 2; ++cycle) {
      m.drive(in);
      if (cycle == 1) change(out);
      m.clock(in, out);
    }
  };
  const auto nothing = [](hw::core_outputs&) {};
  CHECK_NOTHROW(broken(nothing, true));
  CHECK_NOTHROW(broken(nothing, false));
  const auto caught = [&](auto change, bool waiting) {
    message(swprune::errc::port_protocol, [&] { broken(change, waiting); });
  };
  caught([](hw::core_outputs& o) { o.rd_req_addr += 32; }, true);
  caught([](hw::core_outputs& o) { o.rd_req_beats = 1; }, true);
  caught([](hw::core_outputs& o) { o.rd_req_valid = false; }, true);
  caught([](hw::core_outputs& o) { o.wr_addr += 4; }, true);
  caught([](hw::core_outputs& o) { o.wr_data[2] = 1; }, true);
  caught([](hw::core_outputs& o) { o.wr_strb = 0xff; }, true);
  caught([](hw::core_outputs& o) { o.wr_fence = true; }, true);
  caught([](hw::core_outputs& o) { o.wr_valid = false; }, true);
  caught([](hw::core_outputs& o) { o.rd_req_addr += 8; }, false);
  caught([](hw::core_outputs& o) { o.rd_req_beats = 0; }, false);
  caught([](hw::core_outputs& o) { o.wr_addr += 2; }, false);
  caught([](hw::core_outputs& o) { o.wr_strb = 0; }, false);
  CHECK_NOTHROW(broken(
      [](hw::core_outputs& o) {
        o.wr_strb = 0;
        o.wr_fence = true;
      },
      false));
  caught(
      [](hw::core_outputs& o) {
        o.wr_valid = false;
        o.wr_fence = true;
      },
      false);
  caught([](hw::core_outputs& o) { o.rd_req_valid = false; }, false);
}

TEST_CASE("parameters outside their ranges are refused", "[memory]") {
  const auto refused = [](const hw::memory_params& p) {
    message(swprune::errc::argument_out_of_range, [&] { hw::memory_model m(p); });
  };
  refused({.bus_bytes = 12});
  refused({.latency = 0});
  refused({.fence_latency = 0});
  refused({.fences = {.probability = 1}});
  refused(hw::memory_params::stalling(32, 1.0, 1));
  refused(hw::memory_params::stalling(32, -0.1, 1));
  refused({.data = {.burst = 0}});
  refused({.writes = {.long_probability = 1}});
  refused({.writes = {.long_cycles = -1}});
  hw::memory_model m = make();
  const auto bad = [&](auto action) { message(swprune::errc::argument_out_of_range, action); };
  bad([&] { m.add_region("odd", 0x9001, 64, true); });
  bad([&] { m.add_region("none", 0x9000, 0, true); });
  bad([&] { m.add_region("over", base + 960, 64, true); });
  bad([&] { (void)m.read(base + 1000, 100); });
  bad([&] { m.write(0, std::vector<std::uint8_t>(1)); });
  bad([&] { m.forbid_reads("nowhere", 0, 4); });
}
