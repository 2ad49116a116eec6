// SPDX-License-Identifier: Apache-2.0

// Runs random layers, hand-written and compiled ones, on the golden model and compares with a
// reference and the closed form. Prints CAUGHT and ends with 1 at the first difference, with 0 when
// there is none. Built against the real headers (must find nothing) and against mutated ones (must
// find something): it shows that these comparisons can fail.

#include <cstdio>
#include <optional>
#include <string>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/lockstep.hpp"
#include "tests/support/hand_check.hpp"
#include "tests/support/random_layer.hpp"

namespace {

namespace hw = swprune::hw;
using namespace swprune_test;

constexpr std::uint64_t image_base = 0x40000;
constexpr std::uint64_t act_base = 0x8000000;

std::optional<hw::program> compiled(const random_case& c, const hw::array_params& a) {
  try {
    return hw::compile(c.model, a, c.images);
  } catch (const swprune::mismatch_error&) {
    return std::nullopt;  // does not fit these buffers
  }
}

/// What is wrong with one case; empty when nothing is.
std::string fault(const random_case& c, const hw::array_params& a, const hw::program& p) {
  hw::memory_model memory({.bus_bytes = a.bus_bytes});
  memory.add_region("image", image_base, static_cast<index_t>(p.image.size()), false);
  memory.write(image_base, p.image);
  memory.add_region("activations", act_base, static_cast<index_t>(p.act_bytes), true);
  memory.write(act_base, p.initial_activations(c.input));
  hw::golden_core core(a);
  hw::run_params run_params{.image_base = image_base,
                            .act_base = act_base,
                            .desc_offset = p.desc_offset,
                            .layer_count = p.layer_count};
  run_params.quiet_cycles = 10'000;
  run_params.max_cycles = 1'000'000;
  const hw::run_result run = hw::run(core, memory, run_params);
  if (!run.ok()) return "error code " + std::to_string(run.error);
  const auto region = memory.read(act_base, static_cast<std::size_t>(p.act_bytes));
  const auto expected = hw::run_functional(c.model, c.input);
  for (index_t i = 0; i < p.layer_count; ++i)
    if (p.unpack_output(i, region) != expected[static_cast<std::size_t>(i)])
      return "wrong output of layer " + std::to_string(i);
  const auto cycles = static_cast<std::uint64_t>(hw::predict(p).total.cycles);
  if (run.busy_cycles != cycles)
    return "cycles " + std::to_string(run.busy_cycles) + " instead of " + std::to_string(cycles);
  return {};
}

std::string fault_or_error(const random_case& c, const hw::array_params& a) {
  try {
    const std::optional<hw::program> p = compiled(c, a);
    return p ? fault(c, a, *p) : std::string();
  } catch (const swprune::error& e) {
    return e.what();
  }
}

/// What the golden model does wrong with hand-written images; empty when nothing.
std::string hand_fault(std::uint64_t round) {
  swprune::rng r = swprune::rng(1).stream("mutants.hand", round);
  hw::array_params a = hand_arrays()[round % hand_arrays().size()];
  const hand_case c = random_hand_case(a, r);
  hw::golden_core core(a);
  for (const hw::memory_params& timing : hand_timings(a.bus_bytes, r)) {
    const std::string what = c.fault(core, timing);
    if (!what.empty()) return what;
  }
  return {};
}

/// A descriptor with a wrong bit, and a run that is aborted: each must end as it should, and the
/// run behind it must be good.
std::string stop_fault(std::uint64_t round) {
  swprune::rng r = swprune::rng(1).stream("mutants.stop", round);
  const hw::array_params a = hand_arrays()[round % hand_arrays().size()];
  const hand_case good = random_hand_case(a, r);
  hand_case bad = good;
  bad.bytes()[8 + r.below(120)] ^= static_cast<std::uint8_t>(1u << r.below(8));
  hw::run_params aborted = good.run_params();
  aborted.abort_cycle = static_cast<index_t>(100 + r.below(2000));
  hw::run_params next = good.run_params();
  next.reset = false;
  next.max_cycles = aborted.max_cycles = 10'000'000;
  const hw::memory_params ideal{.bus_bytes = a.bus_bytes};
  hw::golden_core core(a);
  try {
    hw::memory_model first = bad.memory(ideal), second = good.memory(ideal);
    if (hw::run(core, first, good.run_params()).error != 4) return "a wrong CRC was not noticed";
    const std::uint8_t end = hw::run(core, second, aborted).error;
    if (end != 0 && end != 13) return "error " + std::to_string(end) + " after an abort";
    hw::memory_model third = good.memory(ideal);
    return good.fault_of(hw::run(core, third, next), third, ideal);
  } catch (const swprune::error& e) {
    return e.what();
  }
}

}  // namespace

int main() {
  for (std::uint64_t round = 0; round < 40; ++round) {
    const std::string what = stop_fault(round);
    if (what.empty()) continue;
    std::printf("CAUGHT in stopped run %d: %s\n", static_cast<int>(round), what.c_str());
    return 1;
  }
  for (std::uint64_t round = 0; round < 120; ++round) {
    const std::string what = hand_fault(round);
    if (what.empty()) continue;
    std::printf("CAUGHT in hand-written image %d: %s\n", static_cast<int>(round), what.c_str());
    return 1;
  }
  const hw::array_params small{.poy = 2,
                               .pox = 2,
                               .pof = 4,
                               .chains = 1,
                               .bus_bytes = 8,
                               .act_depth = 256,
                               .wgt_depth = 1024,
                               .list_depth = 64,
                               .param_depth = 4};
  for (std::uint64_t round = 0; round < 150; ++round) {
    swprune::rng r = swprune::rng(1).stream("mutants", round);
    const hw::array_params a = round % 2 == 0 ? small : hw::array_params{};
    const random_case c = random_model(a, {.layers = 1 + static_cast<index_t>(round % 2)}, r);
    const std::string what = fault_or_error(c, a);
    if (what.empty()) continue;
    std::printf("CAUGHT in round %d: %s\n  %s\n", static_cast<int>(round), what.c_str(),
                c.text().c_str());
    return 1;
  }
  std::printf("no difference\n");
  return 0;
}
