// SPDX-License-Identifier: Apache-2.0

// The RTL's swp_top and the golden top in lockstep on every AXI port in every cycle, over random
// programs between a random driver and a random memory.

#include <cstdlib>
#include <iostream>
#include <optional>

#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "tests/sim/top_small_device.hpp"
#include "tests/support/program_check.hpp"
#include "tests/support/random_graph.hpp"
#include "tests/support/top_driver.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

/// Seed of the run, printed with every failure; SWPRUNE_SEED=n tries another one.
std::uint64_t chosen_seed() {
  const char* text = std::getenv("SWPRUNE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 2027;
}

unsigned percent(swprune::rng& r) {
  constexpr std::array<unsigned, 5> choices{100, 90, 60, 30, 8};
  return choices[r.below(choices.size())];
}

axi_slave_params random_slave(swprune::rng& r) {
  if (r.below(5) == 0) return {};
  return {.ar = percent(r),
          .r = percent(r),
          .aw = percent(r),
          .w = percent(r),
          .b = percent(r),
          .latency = 1 + r.below(r.below(2) == 0 ? 4 : 60)};
}

top_trouble random_trouble(swprune::rng& r) {
  top_trouble t;
  const auto response = static_cast<std::uint8_t>(2 + r.below(2));
  switch (r.below(12)) {
    case 0:
      t.abort_cycle = r.below(8000);
      break;
    case 1:
      t.abort_cycle = r.below(300);
      break;
    case 2:
    case 3:
      t.read = {r.below(r.below(2) == 0 ? 60 : 800), response};
      break;
    case 4:
      t.write = {r.below(r.below(2) == 0 ? 4 : 60), response};
      break;
    case 5:
      t.watchdog = static_cast<std::uint32_t>(1 + r.below(60));
      break;
    case 6:
      t.reset_cycle = r.below(4000);
      break;
    case 7:  // the abort comes while the answers of failed writes are on their way
      t.write = {r.below(4), response};
      t.abort_cycle = r.below(4000);
      break;
    default:
      t.watchdog = r.below(2) == 0 ? 0 : 1'000'000;
      break;
  }
  return t;
}

random_case random_network(const hw::array_params& a, swprune::rng& r) {
  if (r.bernoulli(0.3)) return random_graph(a, {.layers = 3, .max_uops = 2000, .max_images = 3}, r);
  random_layer_params bounds;
  bounds.max_uops = 2500;
  bounds.layers = detail::between(r, 1, 3);
  return random_model(a, bounds, r);
}

/// A run that ended well left the right bytes and counters behind.
void check_good(top_lockstep& tops, const top_driver& driver, const random_case& c,
                const hw::program& p) {
  const auto expected = hw::run_functional(c.model, c.input);
  for (index_t i = 0; i < p.layer_count; ++i)
    CHECK(driver.output(i) == expected[static_cast<std::size_t>(i)]);
  namespace at = hw::regs::address;
  const hw::cycle_counts counts = hw::predict(p).total;
  CHECK(tops.read(at::cnt_uops) == counts.uops);
  CHECK(tops.read(at::cnt_blocks) == counts.blocks);
  CHECK(tops.read(at::cnt_read_beats) == counts.read_beats);
  CHECK(tops.read(at::cnt_write_beats) == counts.write_beats);
  CHECK(tops.read(at::cnt_cycles) >= counts.cycles);
  CHECK((tops.read(at::status) & 7) == 2);
  CHECK(tops.slave.at_rest());
}

struct totals {
  std::uint64_t cycles = 0, runs = 0, interrupts = 0, data_fences = 0, bare_fences = 0;
  axi_traffic traffic;
  top_coverage coverage;

  /// Fails the test when something was seen too seldom.
  void require() const {
    const top_coverage& seen = coverage;
    std::cout << text() << '\n';
    INFO(text());
    CHECK(cycles >= 1'000'000);
    for (const std::uint64_t n : {traffic.split_reads, data_fences, bare_fences, interrupts,
                                  seen.refused, seen.merged, traffic.long_writes})
      CHECK(n >= 50);
    CHECK(traffic.split_writes >= 10);
    CHECK(seen.resets >= 5);
    CHECK(traffic.most_reads >= 4);  // all that may be open
    CHECK(traffic.most_writes >= 8);
    for (const std::uint32_t code : {0u, 8u, 9u, 10u, 11u, 12u, 13u}) {
      CAPTURE(code);
      CHECK(seen.ends.count(code) == 1);
      CHECK(seen.ends.at(code) >= 5);
    }
  }

  [[nodiscard]] std::string text() const {
    const axi_traffic& t = traffic;
    std::string s = fmt::format(
        "{} cycles in {} runs; {} read bursts ({} split at 4 KiB, {} open at most), {} beats; "
        "{} write bursts ({} split, {} open, {} of several beats), {} beats, {} writes merged; "
        "{} fences with data, {} bare; {} interrupts, {} refused starts, {} resets; runs by error:",
        cycles, runs, t.read_bursts, t.split_reads, t.most_reads, t.read_beats, t.write_bursts,
        t.split_writes, t.most_writes, t.long_writes, t.write_beats, coverage.merged, data_fences,
        bare_fences, interrupts, coverage.refused, coverage.resets);
    for (const auto& [code, n] : coverage.ends) s += fmt::format(" {}: {}", code, n);
    return s;
  }

  void add(const top_lockstep& t) {
    cycles += t.cycles();
    interrupts += t.interrupts;
    data_fences += t.data_fences;
    bare_fences += t.bare_fences;
    const axi_traffic& a = t.slave.traffic();
    traffic.read_bursts += a.read_bursts;
    traffic.write_bursts += a.write_bursts;
    traffic.read_beats += a.read_beats;
    traffic.write_beats += a.write_beats;
    traffic.split_reads += a.split_reads;
    traffic.split_writes += a.split_writes;
    traffic.long_writes += a.long_writes;
    traffic.most_reads = std::max(traffic.most_reads, a.most_reads);
    traffic.most_writes = std::max(traffic.most_writes, a.most_writes);
  }
};

/// One program, run some times behind each other on the same tops.
void run_program(hw::golden_top& golden, hw::top_device& dut, const hw::program& p,
                 const random_case& c, std::uint64_t seed, swprune::rng& r, totals& sum) {
  top_lockstep tops(golden, dut, seed);
  tops.slave.set(random_slave(r));
  tops.master.set(percent(r));
  const std::uint64_t runs = 1 + r.below(3);
  for (std::uint64_t i = 0; i < runs; ++i) {
    CAPTURE(i);
    top_driver driver(tops, p, c, r.stream("driver", i));
    const top_trouble trouble = random_trouble(r);
    driver.set_up(trouble);
    const std::uint64_t beats = tops.slave.traffic().write_beats;
    const std::uint32_t code = driver.run(trouble, sum.coverage);
    ++sum.runs;
    if (code == top_driver::none) continue;
    driver.rest();
    if (code == 0) check_good(tops, driver, c, p);
    const std::uint64_t writes = tops.read(hw::regs::address::cnt_write_beats);
    const std::uint64_t sent = tops.slave.traffic().write_beats - beats;
    if (code == 0 && writes > sent) sum.coverage.merged += writes - sent;
    CHECK(tops.slave.broken().empty());
    CHECK(tops.master.broken().empty());
    CHECK(tops.slave.traffic().strays == 0);
  }
  sum.add(tops);
}

}  // namespace

TEST_CASE("RTL and golden top agree on every AXI port in every cycle", "[lockstep][random]") {
  const std::uint64_t seed = chosen_seed();
  top_small_device dut;
  hw::golden_top golden(dut.params(), dut.axi());
  totals sum;
  for (std::uint64_t round = 0; round < 300; ++round) {
    swprune::rng r = swprune::rng(seed).stream("lockstep.top", round);
    const random_case c = random_network(dut.params(), r);
    const auto p = compile_case(c, dut.params(), r);
    if (!p) continue;  // does not fit the buffers
    CAPTURE(seed, round, c.text());
    run_program(golden, dut, *p, c, seed + round, r, sum);
  }
  sum.require();
}
