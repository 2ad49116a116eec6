// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random programs on two tops in lockstep: what the lockstep test and the test of the mutants run.

#include <algorithm>
#include <array>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "tests/support/hand_check.hpp"
#include "tests/support/program_check.hpp"
#include "tests/support/random_graph.hpp"
#include "tests/support/top_driver.hpp"

namespace swprune_test {

inline unsigned any_percent(swprune::rng& r) {
  constexpr std::array<unsigned, 5> choices{100, 90, 60, 30, 8};
  return choices[r.below(choices.size())];
}

inline axi_slave_params random_slave(swprune::rng& r) {
  if (r.below(5) == 0) return {};
  return {.ar = any_percent(r),
          .r = any_percent(r),
          .aw = any_percent(r),
          .w = any_percent(r),
          .b = any_percent(r),
          .latency = 1 + r.below(r.below(2) == 0 ? 4 : 60)};
}

inline top_trouble random_trouble(swprune::rng& r) {
  top_trouble t;
  t.nagging = r.below(5) == 0;
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
      t.write = {r.below(r.below(2) == 0 ? 4 : 60), response, r.below(2) == 0};
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

/// A program and what must hold behind a good run of it.
struct top_case {
  top_program program;
  std::string text;
  std::function<void(top_lockstep&, const std::vector<std::uint8_t>& activations)> check;
};

inline random_case random_network(const swprune::hw::array_params& a, swprune::rng& r) {
  if (r.bernoulli(0.3)) return random_graph(a, {.layers = 3, .max_uops = 2000, .max_images = 3}, r);
  random_layer_params bounds;
  bounds.max_uops = 2500;
  bounds.layers = detail::between(r, 1, 3);
  return random_model(a, bounds, r);
}

/// A compiled network, against functional reference and closed form; nothing if it does not fit.
inline std::optional<top_case> compiled_case(const swprune::hw::array_params& a, swprune::rng& r) {
  const random_case c = random_network(a, r);
  const auto p = compile_case(c, a, r);
  if (!p) return std::nullopt;
  const auto check = [c, p](top_lockstep& tops, const std::vector<std::uint8_t>& activations) {
    namespace at = swprune::hw::regs::address;
    const auto expected = swprune::hw::run_functional(c.model, c.input);
    for (index_t i = 0; i < p->layer_count; ++i)
      CHECK(p->unpack_output(i, activations) == expected[static_cast<std::size_t>(i)]);
    const swprune::hw::cycle_counts counts = swprune::hw::predict(*p).total;
    CHECK(tops.read(at::cnt_uops) == counts.uops);
    CHECK(tops.read(at::cnt_blocks) == counts.blocks);
    CHECK(tops.read(at::cnt_read_beats) == counts.read_beats);
    CHECK(tops.read(at::cnt_write_beats) == counts.write_beats);
    CHECK(tops.read(at::cnt_cycles) >= counts.cycles);
  };
  return top_case{top_program_of(*p, c.input), c.text(), check};
}

/// Breaks a record of the image: a bit, or a field with the CRC made right again.
inline void damage(hand_case& c, swprune::rng& r) {
  const std::size_t layer = r.below(c.layers().size());
  const bool descriptor = r.bernoulli(0.5);
  const std::size_t at = descriptor ? 128 * layer : c.steps_of(layer);
  if (r.bernoulli(0.5))
    c.bytes()[at + r.below(descriptor ? 128 : 64)] ^= static_cast<std::uint8_t>(1u << r.below(8));
  else if (descriptor)
    c.change(at, 128, {{std::size_t{18}, std::uint8_t{0}}});  // stride
  else
    c.change(at, 64, {{std::size_t{6}, std::uint8_t{0}}});  // sub_rows
}

/// An image made by hand, in one of three cases with a broken record.
inline top_case written_case(const swprune::hw::array_params& a, swprune::rng& r) {
  hand_case c = random_hand_case(a, r);
  if (r.below(3) == 0) damage(c, r);
  const swprune::hw::memory_params timing{.bus_bytes = a.bus_bytes, .latency = 2};
  const auto check = [c, timing](top_lockstep& tops, const std::vector<std::uint8_t>& activations) {
    swprune::hw::memory_model m = c.memory(timing);
    m.write(hand_case::act_base, activations);
    swprune::hw::run_result run;
    run.last.cnt_uops = tops.read(swprune::hw::regs::address::cnt_uops);
    run.busy_cycles = tops.read(swprune::hw::regs::address::cnt_cycles);
    CHECK(c.fault_of(run, m, timing) == "");
  };
  const auto size = static_cast<std::size_t>(c.image().act_bytes);
  return {{.image = c.image().image,
           .activations = c.memory(timing).read(hand_case::act_base, size),
           .desc_offset = 0,
           .layer_count = static_cast<std::uint16_t>(c.layers().size())},
          "written by hand",
          check};
}

struct top_totals {
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
    for (const std::uint32_t code : {0u, 4u, 5u, 6u, 7u, 8u, 9u, 10u, 11u, 12u, 13u}) {
      CAPTURE(code);
      CHECK(seen.ends.count(code) == 1);
      CHECK(seen.ends.at(code) >= 3);
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

/// One run; its faults are those of the memory's contents and of the buses' rules.
inline void run_once(top_lockstep& tops, const top_case& c, swprune::rng& r, std::uint64_t number,
                     top_totals& sum) {
  namespace at = swprune::hw::regs::address;
  top_driver driver(tops, c.program, r.stream("driver", number));
  const top_trouble trouble = random_trouble(r);
  driver.set_up(trouble);
  const std::uint64_t before = tops.slave.traffic().write_beats;
  const std::uint32_t code = driver.run(trouble, sum.coverage);
  ++sum.runs;
  if (code == top_driver::none) return;
  driver.rest();
  CHECK(tops.slave.at_rest());
  CHECK(tops.slave.broken().empty());
  CHECK(tops.master.broken().empty());
  if (code != 0) return;
  CHECK(tops.slave.traffic().strays == 0);
  CHECK((tops.read(at::status) & 7) == 2);
  c.check(tops, driver.activations());
  const std::uint64_t writes = tops.read(at::cnt_write_beats);
  const std::uint64_t sent = tops.slave.traffic().write_beats - before;
  if (writes > sent) sum.coverage.merged += writes - sent;
}

/// One program, run some times behind each other on the same tops.
inline void run_program(swprune::hw::golden_top& golden, swprune::hw::top_device& dut,
                        const top_case& c, std::uint64_t seed, swprune::rng& r, top_totals& sum) {
  top_lockstep tops(golden, dut, seed);
  tops.slave.set(random_slave(r));
  tops.master.set(any_percent(r));
  const std::uint64_t runs = 1 + r.below(3);
  for (std::uint64_t i = 0; i < runs; ++i) {
    CAPTURE(i);
    run_once(tops, c, r, i, sum);
  }
  sum.add(tops);
}

/// Round `round` of the rounds of `seed`; nothing if its program does not fit the buffers.
inline void run_top_round(swprune::hw::golden_top& golden, swprune::hw::top_device& dut,
                          std::uint64_t seed, std::uint64_t round, top_totals& sum) {
  const swprune::hw::array_params& a = dut.params();
  swprune::rng r = swprune::rng(seed).stream("lockstep.top", round);
  const bool compiled = a.pof > 1 && r.below(4) != 0;  // the compiler needs Pof >= 4
  const auto c = compiled ? compiled_case(a, r) : std::optional(written_case(a, r));
  if (!c) return;
  CAPTURE(seed, round, a.to_string(), c->text);
  run_program(golden, dut, *c, seed + round, r, sum);
}

}  // namespace swprune_test
