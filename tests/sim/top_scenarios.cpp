// SPDX-License-Identifier: Apache-2.0

#include "tests/sim/top_scenarios.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "tests/support/program_check.hpp"
#include "tests/support/random_graph.hpp"
#include "tests/support/top_driver.hpp"

namespace swprune_test {

namespace {

unsigned any_percent(swprune::rng& r) {
  constexpr std::array<unsigned, 5> choices{100, 90, 60, 30, 8};
  return choices[r.below(choices.size())];
}

axi_slave_params random_slave(swprune::rng& r) {
  if (r.below(5) == 0) return {};
  return {.ar = any_percent(r),
          .r = any_percent(r),
          .aw = any_percent(r),
          .w = any_percent(r),
          .b = any_percent(r),
          .latency = 1 + r.below(r.below(2) == 0 ? 4 : 60)};
}

top_trouble random_trouble(swprune::rng& r) {
  top_trouble t;
  const auto response = static_cast<std::uint8_t>(2 + r.below(2));
  switch (r.below(13)) {
    case 0:
      t.abort_cycle = r.below(8000);
      break;
    case 1:
      t.abort_cycle = r.below(300);
      break;
    case 2:
    case 3:
      t.read = {r.below(r.below(2) == 0 ? 60 : 800), response, r.below(3)};
      break;
    case 4:
      t.write = {r.below(r.below(2) == 0 ? 4 : 60), response, r.below(3)};
      break;
    case 5:
      t.watchdog = static_cast<std::uint32_t>(1 + r.below(60));
      break;
    case 6:
      t.reset_cycle = r.below(4000);
      break;
    case 7:  // the abort comes while the answers of failed writes are on their way
      if (r.below(2) == 0)
        t.write = {r.below(4), response, r.below(3)};
      else
        t.after_abort = response;
      t.abort_cycle = r.below(4000);
      break;
    case 8:
      t.mute = true;
      break;
    default:
      t.watchdog = r.below(2) == 0 ? 0 : 1'000'000;
      break;
  }
  return t;
}

random_case random_network(const swprune::hw::array_params& a, swprune::rng& r) {
  if (r.bernoulli(0.3)) return random_graph(a, {.layers = 3, .max_uops = 2000, .max_images = 3}, r);
  random_layer_params bounds;
  bounds.max_uops = 2500;
  bounds.layers = detail::between(r, 1, 3);
  return random_model(a, bounds, r);
}

/// A run that ended well left the right bytes and counters behind.
void check_good(top_lockstep& tops, const top_driver& driver, const random_case& c,
                const swprune::hw::program& p) {
  namespace at = swprune::hw::regs::address;
  const auto expected = swprune::hw::run_functional(c.model, c.input);
  for (index_t i = 0; i < p.layer_count; ++i)
    CHECK(driver.output(i) == expected[static_cast<std::size_t>(i)]);
  const swprune::hw::cycle_counts counts = swprune::hw::predict(p).total;
  CHECK(tops.read(at::cnt_uops) == counts.uops);
  CHECK(tops.read(at::cnt_blocks) == counts.blocks);
  CHECK(tops.read(at::cnt_read_beats) == counts.read_beats);
  CHECK(tops.read(at::cnt_write_beats) == counts.write_beats);
  CHECK(tops.read(at::cnt_cycles) >= counts.cycles);
  CHECK((tops.read(at::status) & 7) == 2);
  CHECK(tops.slave.at_rest());
}

/// A program once, with trouble or without.
void run_once(top_lockstep& tops, const swprune::hw::program& p, const random_case& c,
              swprune::rng& r, std::uint64_t number, top_totals& sum) {
  top_driver driver(tops, p, c, r.stream("driver", number));
  const top_trouble trouble = random_trouble(r);
  driver.set_up(trouble);
  const std::uint64_t beats = tops.slave.traffic().write_beats;
  const std::uint32_t code = driver.run(trouble, sum.coverage);
  ++sum.runs;
  if (code == top_driver::none) return;
  driver.rest();
  sum.mute_runs += trouble.mute;
  if (code == 0 && !trouble.mute) check_good(tops, driver, c, p);
  const std::uint64_t writes = tops.read(swprune::hw::regs::address::cnt_write_beats);
  const std::uint64_t sent = tops.slave.traffic().write_beats - beats;
  if (code == 0 && !trouble.mute && writes > sent) sum.coverage.merged += writes - sent;
  CHECK(tops.slave.broken().empty());
  CHECK(tops.master.broken().empty());
  CHECK(tops.slave.traffic().strays == 0);
}

}  // namespace

std::uint64_t chosen_top_seed() {
  const char* text = std::getenv("SWPRUNE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 2027;
}

void top_totals::add(const top_lockstep& t) {
  cycles += t.cycles();
  interrupts += t.interrupts;
  data_fences += t.data_fences;
  bare_fences += t.bare_fences;
  most_parts = std::max(most_parts, t.most_parts);
  held_answers += t.held_answers;
  last_writes += t.last_writes;
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

void top_totals::require(std::uint64_t often, const swprune::hw::axi_params& axi) const {
  std::cout << text() << '\n';
  INFO(text());
  for (const std::uint64_t n : {data_fences, bare_fences, held_answers, interrupts,
                                coverage.refused, traffic.split_reads, traffic.long_writes})
    CHECK(n >= often);
  for (const std::uint64_t n : {traffic.split_writes, last_writes, mute_runs, coverage.resets})
    CHECK(n >= often / 10);
  CHECK(traffic.most_reads == static_cast<std::uint64_t>(axi.rd_outstanding));
  CHECK(traffic.most_writes >= static_cast<std::uint64_t>(axi.wr_outstanding));
  for (const std::uint32_t code : {0u, 8u, 9u, 10u, 11u, 12u, 13u}) {
    CAPTURE(code);
    REQUIRE(coverage.ends.count(code) == 1);
    CHECK(static_cast<std::uint64_t>(coverage.ends.at(code)) >= often / 10);
  }
}

std::string top_totals::text() const {
  const axi_traffic& t = traffic;
  std::string s = fmt::format(
      "{} cycles in {} runs, {} with mute steps; {} read bursts ({} split at 4 KiB, {} open at "
      "most), {} beats; writes of up to {} beats; "
      "{} write bursts ({} split, {} open, {} of several beats), {} beats, {} writes merged; "
      "{} fences with data, {} bare; bready 0 in {} cycles; {} interrupts, {} refused starts, "
      "{} writes in a last cycle, {} resets; runs by error:",
      cycles, runs, mute_runs, t.read_bursts, t.split_reads, t.most_reads, t.read_beats, most_parts,
      t.write_bursts, t.split_writes, t.most_writes, t.long_writes, t.write_beats, coverage.merged,
      data_fences, bare_fences, held_answers, interrupts, coverage.refused, last_writes,
      coverage.resets);
  for (const auto& [code, n] : coverage.ends) s += fmt::format(" {}: {}", code, n);
  return s;
}

void run_top_round(swprune::hw::golden_top& golden, swprune::hw::top_device& dut,
                   std::uint64_t seed, std::uint64_t round, top_totals& sum) {
  swprune::rng r = swprune::rng(seed).stream("lockstep.top", round);
  const random_case c = random_network(golden.params(), r);
  const auto p = compile_case(c, golden.params(), r);
  if (!p) return;  // does not fit the buffers
  CAPTURE(seed, round, golden.params().to_string(), c.text());
  top_lockstep tops(golden, dut, seed + round);
  tops.slave.set(random_slave(r));
  tops.master.set(any_percent(r));
  const std::uint64_t runs = 1 + r.below(3);
  for (std::uint64_t i = 0; i < runs; ++i) {
    CAPTURE(i);
    run_once(tops, *p, c, r, i, sum);
  }
  sum.add(tops);
}

}  // namespace swprune_test
