// SPDX-License-Identifier: Apache-2.0

// The golden top and the Verilated swp_top in lockstep: every output port of AXI4, AXI4-Lite and
// the interrupt compared in every cycle, over random layers and graphs, in a memory and with a
// driver that do anything the protocols allow.

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "swprune/hw/functional.hpp"
#include "swprune/hw/image_encode.hpp"
#include "swprune/hw/registers.hpp"
#include "tests/sim/top_lockstep.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/program_check.hpp"
#include "tests/support/random_graph.hpp"
#include "top_long/Vswp_top_long.h"
#include "top_small/Vswp_top_small.h"
#include "top_wide/Vswp_top_wide.h"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;
namespace regs = swprune::hw::regs;
namespace address = swprune::hw::regs::address;

/// What comes into a run's way.
enum class trouble : std::uint8_t {
  none,
  abort,
  read_error,
  write_error,
  watchdog,
  corrupt,
  mute,  ///< steps that write nothing: their fences have no burst in front of them
  reset
};
constexpr std::uint64_t troubles = 8;

/// What a set of runs has seen; a test that claims it must have.
struct tally {
  std::uint64_t cycles = 0, runs = 0, good = 0, graphs = 0, resets = 0, again = 0, last_writes = 0,
                lone_fences = 0;
  std::array<std::uint64_t, 256> errors{};  ///< runs by error code
  std::array<std::uint64_t, 3> irqs{};      ///< cycles in which the interrupt began, by IRQ_STATUS
  std::array<std::uint64_t, 64> reads{};    ///< of each word while busy
  std::uint64_t writes = 0, bare_fences = 0, straddling = 0, blocked = 0, queue_full = 0;
  std::uint64_t long_writes = 0, read_cuts = 0, write_cuts = 0, refused = 0, readers_full = 0;
  std::size_t most_reads = 0, most_answers = 0;
  std::uint64_t most_parts = 0;  ///< beats of one write
  case_coverage coverage;

  template <typename Model>
  void add_cycle(const top_lockstep<Model>& both) {
    const hw::top_params& p = both.golden().params();
    const auto bus = static_cast<std::uint64_t>(p.array.bus_bytes);
    const hw::core_outputs& core = both.golden().core().outputs();
    const auto& writer = both.golden().writer();
    blocked += core.wr_valid && !writer.write_ready();
    queue_full += writer.open() == static_cast<std::size_t>(p.wr_outstanding);
    readers_full += both.golden().reader().open() == static_cast<std::uint32_t>(p.rd_outstanding);
    lone_fences += !both.golden().outputs().w.b_ready;
    if (!core.wr_valid || !writer.write_ready()) return;
    bare_fences += core.wr_fence && core.wr_strb == 0;
    const auto bytes = static_cast<std::uint64_t>(std::bit_width(core.wr_strb));
    const std::uint64_t parts = (core.wr_addr % bus + bytes + bus - 1) / bus;
    straddling += parts > 1;
    most_parts = std::max(most_parts, parts);
  }
  template <typename Model>
  void add_bench(const top_lockstep<Model>& both) {
    cycles += both.cycles();
    for (std::size_t i = 0; i < reads.size(); ++i) reads[i] += both.driver.reads[i];
    writes += both.driver.writes;
    long_writes += both.memory.long_writes;
    read_cuts += both.memory.read_cuts;
    write_cuts += both.memory.write_cuts;
    most_reads = std::max(most_reads, both.memory.most_reads);
    most_answers = std::max(most_answers, both.memory.most_answers);
  }
};

/// A program with its input and what must come out.
struct compiled_case {
  random_case c;
  hw::program p;
  std::vector<std::vector<std::uint8_t>> expected;
};

std::optional<compiled_case> draw_case(const hw::array_params& a, swprune::rng& r, tally& t) {
  const bool graph = r.bernoulli(0.4);
  random_case c;
  if (graph) {
    c = random_graph(a, {.layers = detail::between(r, 2, 5), .max_uops = 1500}, r);
  } else {
    random_layer_params bounds;
    bounds.max_uops = 2500;
    bounds.layers = r.bernoulli(0.4) ? detail::between(r, 2, 3) : 1;
    c = random_model(a, bounds, r);
  }
  auto p = compile_case(c, a, r);
  if (!p) return std::nullopt;  // does not fit the buffers
  t.graphs += graph;
  t.coverage.add(c, *p);
  auto expected = hw::run_functional(c.model, c.input);
  return compiled_case{std::move(c), std::move(*p), std::move(expected)};
}

/// Every other step of an image, those with a residual left out, gets output groups that the layer
/// does not have: it writes nothing. No compiled step is so.
void mute_steps(const hw::program& p, std::vector<std::uint8_t>& image) {
  for (index_t l = 0; l < p.layer_count; ++l) {
    std::array<std::uint8_t, 128> record{};
    std::copy_n(image.begin() + p.desc_offset + 128 * l, 128, record.begin());
    const auto layer = hw::golden::decode_layer(record, p.array);
    for (std::uint32_t s = 0; s < layer.step_count; s += 2) {
      const auto step = std::span(image).subspan(layer.steps_offset + 64 * s, 64);
      if ((step[0] & regs::step_flag::residual) != 0) continue;
      step[regs::step::og_first.offset + 1] = 0x40;
      const std::uint32_t crc = hw::crc32_of(step.first(regs::step::crc.offset));
      for (unsigned i = 0; i < 4; ++i)
        step[regs::step::crc.offset + i] = static_cast<std::uint8_t>(crc >> 8 * i);
    }
  }
}

/// Programs one after the other on both devices.
template <typename Model>
class campaign {
 public:
  campaign(const hw::top_params& p, swprune::rng r, tally& t)
      : both(p, r), any_(r.stream("campaign")), tally_(t) {}

  top_lockstep<Model> both;

  /// One program with what is in its way; false when the devices differ.
  bool run(const compiled_case& what, trouble t) {
    prepare_memory(what, t);
    both.driver.set_pace(5 + any_.below(96));
    if (!set_up(what.p, t) || !begin() || !play(t) || !rest()) return false;
    finish(what, t);
    return true;
  }

 private:
  [[nodiscard]] bool running() const { return both.golden().registers().running(); }

  bool step(bool reset = false) {
    tally_.add_cycle(both);
    const std::uint32_t before = both.golden().registers().irq_status();
    const hw::golden::axil_outputs out = both.golden().outputs().registers;
    const bool ended = both.golden().registers().ended();
    if (!both.step(reset)) return false;
    tally_.last_writes +=
        ended && !running() && !reset && !out.aw_ready && !out.w_ready && !out.b_valid;
    const std::uint32_t risen = both.golden().registers().irq_status() & ~before;
    for (std::size_t i = 0; i < tally_.irqs.size(); ++i)
      tally_.irqs[i] += (risen >> i & 1) != 0 && both.golden().registers().interrupt();
    return true;
  }
  bool steps(std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      if (!step()) return false;
    return true;
  }
  /// Until the driver's writes are done.
  bool settle() {
    while (!both.driver.at_rest())
      if (!step()) return false;
    return true;
  }

  void prepare_memory(const compiled_case& what, trouble t) {
    axi_memory& m = both.memory;
    m.image = {check_image_base, what.p.image};
    m.activations = {check_act_base, what.p.initial_activations(what.c.input)};
    m.manner = memory_manner::random(any_);
    if (t == trouble::read_error) m.manner.read_errors = 1 + any_.below(100);
    if (t == trouble::write_error) m.manner.write_errors = 1 + any_.below(2000);
    if (t == trouble::watchdog) m.manner.read_latency = 200;
    if (t == trouble::corrupt)
      m.image.bytes[what.p.desc_offset + any_.below(128)] ^=
          static_cast<std::uint8_t>(1u << any_.below(8));
    if (t == trouble::mute) mute_steps(what.p, m.image.bytes);
    m.bad_accesses = 0;
  }

  void write_any(unsigned reg) {
    both.driver.push(reg + static_cast<unsigned>(any_.below(4)),
                     static_cast<std::uint32_t>(any_.next()),
                     static_cast<unsigned>(any_.below(16)));
  }
  void write_masked(unsigned reg, std::uint32_t keep, std::uint32_t set) {
    both.driver.push(reg, (static_cast<std::uint32_t>(any_.next()) & keep) | set,
                     static_cast<unsigned>(any_.below(16)));
  }
  /// In one write, or every other byte in each of two.
  void write_value(unsigned reg, std::uint32_t value) {
    if (any_.bernoulli(0.5)) return both.driver.push(reg, value);
    for (const unsigned strobes : {5u, 10u}) {
      std::uint32_t noise = static_cast<std::uint32_t>(any_.next());
      for (unsigned byte = 0; byte < 4; ++byte)
        if ((strobes >> byte & 1) != 0)
          noise = (noise & ~(0xFFu << 8 * byte)) | (value & (0xFFu << 8 * byte));
      both.driver.push(reg, noise, strobes);
    }
  }

  /// Any values first, then those of the program.
  bool set_up(const hw::program& p, trouble t) {
    for (const unsigned reg :
         {address::image_base_lo, address::image_base_hi, address::act_base_lo,
          address::act_base_hi, address::desc_offset, address::layer_count, address::watchdog,
          address::irq_enable, address::irq_status, address::cap0, address::status, 0xE0u})
      if (any_.bernoulli(0.5)) write_any(reg);
    if (!settle() || !steps(any_.below(100))) return false;
    write_value(address::image_base_lo, static_cast<std::uint32_t>(check_image_base));
    write_value(address::image_base_hi, static_cast<std::uint32_t>(check_image_base >> 32));
    write_value(address::act_base_lo, static_cast<std::uint32_t>(check_act_base));
    write_value(address::act_base_hi, static_cast<std::uint32_t>(check_act_base >> 32));
    write_value(address::desc_offset, p.desc_offset);
    write_value(address::layer_count, p.layer_count);
    const bool watched = t == trouble::watchdog;
    write_value(address::watchdog, watched ? 40 + static_cast<std::uint32_t>(any_.below(200)) : 0);
    both.driver.push(address::irq_enable, static_cast<std::uint32_t>(any_.below(8)));
    both.driver.push(address::irq_status, 7);
    return settle();
  }

  bool begin() {
    both.driver.push(address::ctrl, 1, 1 + 2 * static_cast<unsigned>(any_.below(8)));
    while (!running())
      if (!step()) return false;
    return true;
  }

  /// The run, while the driver interferes.
  bool play(trouble t) {
    const std::uint64_t from = both.cycles();
    const std::uint64_t when = any_.below(1 + any_.below(5000));  // of abort or reset
    const bool meddles = any_.bernoulli(0.3);
    bool came = false;
    while (running()) {
      if (both.cycles() - from >= 2'000'000) FAIL("the run does not end");
      const bool now = !came && both.cycles() - from >= when;
      came = came || now;
      if (now && t == trouble::abort)
        both.driver.push(address::ctrl, 2 | static_cast<std::uint32_t>(any_.below(2)));
      if (any_.below(200) == 0 && both.driver.at_rest()) interfere();
      if (meddles && closing() && both.driver.at_rest()) meddle();
      const bool reset = now && t == trouble::reset;
      tally_.resets += reset;
      if (!step(reset)) return false;
    }
    return true;
  }

  /// The run may end at any time.
  [[nodiscard]] bool closing() const {
    const auto state = regs::probe::ctrl.get(both.golden().core().outputs().probe);
    return both.golden().registers().ended() ||
           state == static_cast<std::uint64_t>(regs::ctrl_state::flush) ||
           state == static_cast<std::uint64_t>(regs::ctrl_state::stop);
  }
  /// Writes that meet the run's last cycle.
  void meddle() {
    if (any_.bernoulli(0.2)) return both.driver.push(address::ctrl, 1);
    both.driver.push(address::irq_status, 7);
  }

  /// What may be written while busy: values that were sampled with start, commands, interrupts.
  void interfere() {
    switch (any_.below(7)) {
      case 0:  // refused, unless byte 0 has no strobe
        tally_.refused += 1;
        both.driver.push(address::ctrl, 1, static_cast<unsigned>(any_.below(16)));
        break;
      case 1:
        both.driver.push(address::ctrl, 0xFFFF'FFFC);
        break;
      // A start behind the run's end would begin a run with these, so they are legal.
      case 2:
        write_masked(address::desc_offset, ~63u, 0);
        break;
      case 5:
        write_masked(address::layer_count, ~0u, 1);
        break;
      case 3:
        write_any(address::irq_enable);
        break;
      case 4:
        write_any(address::irq_status);
        break;
      default:
        write_any(4 * static_cast<unsigned>(any_.below(2) == 0 ? 7 : 40));
        break;
    }
  }

  /// The driver's last writes, which may begin another run.
  bool rest() {
    again_ = false;
    while (!both.driver.at_rest() || running()) {
      again_ = again_ || running();
      if (!step()) return false;
    }
    return steps(any_.below(60));
  }

  void finish(const compiled_case& what, trouble t) {
    const hw::core_outputs& core = both.golden().core().outputs();
    ++tally_.runs;
    ++tally_.errors[core.error];
    tally_.again += again_;
    if (t == trouble::reset) return;
    CHECK(both.memory.at_rest());
    if (again_) return;  // over the results of the run that was meant
    if (t == trouble::none) CHECK(core.error == 0);
    if (core.error != 0 || t == trouble::write_error || t == trouble::mute) return;
    ++tally_.good;
    for (index_t i = 0; i < what.p.layer_count; ++i)
      CHECK(what.p.unpack_output(i, both.memory.activations.bytes) ==
            what.expected[static_cast<std::size_t>(i)]);
    CHECK(both.memory.bad_accesses == 0);
  }

  swprune::rng any_;
  tally& tally_;
  bool again_ = false;  ///< a start meant to be refused came behind the run's end
};

/// SWPRUNE_SEED=n tries another one, SWPRUNE_TIMES=n makes n times as many rounds.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// A round: a run with trouble, then one without on the same devices.
template <typename Model>
void compare_round(const hw::top_params& p, std::uint64_t seed, std::uint64_t round, tally& t) {
  swprune::rng r = swprune::rng(seed).stream("top.lockstep", round);
  campaign<Model> devices(p, r, t);
  for (const trouble way : {static_cast<trouble>(round % troubles), trouble::none}) {
    const auto what = draw_case(p.array, r, t);
    if (!what) continue;
    CAPTURE(seed, round, static_cast<int>(way), p.array.to_string(), what->c.text());
    const bool same = devices.run(*what, way);
    INFO((same ? "equal" : devices.both.mismatch()->text()));
    REQUIRE(same);
    REQUIRE_FALSE(devices.both.asserted());
  }
  t.add_bench(devices.both);
}

void require_features(const tally& t) {
  CAPTURE(t.runs, t.good, t.graphs, t.resets, t.again, t.last_writes, t.lone_fences, t.writes,
          t.bare_fences, t.straddling, t.blocked, t.queue_full, t.readers_full, t.long_writes,
          t.read_cuts, t.write_cuts, t.refused, t.most_reads, t.most_answers);
  for (const std::uint64_t n :
       {t.good, t.graphs, t.resets, t.last_writes, t.lone_fences, t.writes, t.bare_fences,
        t.straddling, t.blocked, t.queue_full, t.readers_full, t.long_writes, t.read_cuts,
        t.write_cuts, t.refused})
    CHECK(n >= 5);
  CHECK(t.most_reads == 4);
  CHECK(t.most_answers >= 3);
  for (const regs::run_error code :
       {regs::run_error::layer_crc, regs::run_error::read_slave, regs::run_error::read_decode,
        regs::run_error::write_slave, regs::run_error::write_decode, regs::run_error::watchdog,
        regs::run_error::aborted}) {
    CAPTURE(static_cast<int>(code));
    CHECK(t.errors[static_cast<std::size_t>(code)] >= 1);
  }
  for (const std::uint64_t n : t.irqs) CHECK(n >= 5);
  for (std::size_t word = 0; word < 64; ++word) {
    CAPTURE(4 * word);
    CHECK(t.reads[word] >= 5);
  }
  const case_coverage& c = t.coverage;
  for (const int n : {c.stepped, c.chunked, c.tile_outer, c.interleaved, c.pooled, c.stride34,
                      c.dilated, c.residual, c.stored, c.but_last, c.batch})
    CHECK(n >= 5);
}

/// What sim/CMakeLists.txt builds.
hw::top_params small_top() { return {.array = small_array()}; }
hw::top_params wide_top() {
  hw::top_params p{.array = narrow_array()};
  p.array.bus_bytes = 64;
  return p;
}
hw::top_params long_top() {
  hw::top_params p{.array = small_array(),
                   .rd_burst = 4,
                   .rd_outstanding = 2,
                   .wr_burst = 4,
                   .wr_outstanding = 3};
  p.array.pox = 16;
  return p;
}

template <typename Model>
tally compare(const hw::top_params& p, std::uint64_t rounds) {
  const std::uint64_t seed = from_environment("SWPRUNE_SEED", 2026);
  rounds *= from_environment("SWPRUNE_TIMES", 1);
  tally t;
  for (std::uint64_t round = 0; round < rounds; ++round) compare_round<Model>(p, seed, round, t);
  WARN(p.array.to_string() << ", cycles compared: " << t.cycles << ", runs: " << t.runs);
  return t;
}

}  // namespace

TEST_CASE("golden top and swp_top agree on every AXI port in every cycle") {
  require_features(compare<Vswp_top_small>(small_top(), 420));
}

TEST_CASE("golden top and swp_top agree on a bus of 64 bytes") {
  const tally t = compare<Vswp_top_wide>(wide_top(), 105);
  for (const std::uint64_t n : {t.good, t.bare_fences, t.straddling, t.blocked, t.long_writes,
                                t.queue_full, t.readers_full})
    CHECK(n >= 5);
}

TEST_CASE("golden top and swp_top agree with short bursts, few of them, and writes of nine beats") {
  const tally t = compare<Vswp_top_long>(long_top(), 105);
  for (const std::uint64_t n : {t.good, t.bare_fences, t.straddling, t.blocked, t.long_writes,
                                t.queue_full, t.readers_full, t.read_cuts, t.write_cuts})
    CHECK(n >= 5);
  CHECK(t.most_parts == 9);
  CHECK(t.most_reads == 2);
}

TEST_CASE("a port that differs in one cycle is found") {
  tally t;
  const hw::top_params p = small_top();
  swprune::rng r = swprune::rng(1).stream("top.flip");
  std::optional<compiled_case> what;
  while (!what) what = draw_case(p.array, r, t);
  for (std::size_t port = 0; port < top_ports.size(); ++port) {
    CAPTURE(top_ports[port].name, top_ports[port].word);
    campaign<Vswp_top_small> devices(p, r, t);
    const std::uint64_t cycle = 300 + r.below(300);
    devices.both.flip(port, cycle);
    CHECK_FALSE(devices.run(*what, trouble::none));
    REQUIRE(devices.both.mismatch());
    CHECK(devices.both.mismatch()->port == port);
    CHECK(devices.both.mismatch()->cycle == cycle);
  }
}
