// SPDX-License-Identifier: Apache-2.0

// Random layers: golden model against functional reference, closed form and memory counts.

#include "tests/support/arrays.hpp"
#include "tests/support/program_check.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;

std::vector<hw::array_params> arrays() {
  return {
      {},
      {.act_depth = 64, .wgt_depth = 256, .list_depth = 64, .param_depth = 4},
      small_array(),
      narrow_array(),
      {.poy = 4, .pox = 4, .pof = 16, .chains = 1, .bus_bytes = 64, .act_depth = 256},
      {.poy = 1, .pox = 1, .pof = 4, .chains = 1, .bus_bytes = 16, .act_depth = 512, .pool = false},
      {.poy = 2, .pox = 16, .pof = 8, .chains = 16, .bus_bytes = 16, .act_depth = 128},
  };
}

}  // namespace

TEST_CASE("random layers on the golden model", "[golden][random]") {
  const std::uint64_t seed = 7;
  int refused = 0;
  case_coverage coverage;
  for (std::uint64_t round = 0; round < 420; ++round) {
    swprune::rng r = swprune::rng(seed).stream("golden.random", round);
    hw::array_params a = arrays()[round % arrays().size()];
    a.skip = !r.bernoulli(0.2);
    random_layer_params bounds;
    bounds.layers = detail::between(r, 1, 3);
    const random_case c = random_model(a, bounds, r);
    CAPTURE(seed, round, a.to_string(), a.act_depth, a.skip, c.text());
    const auto p = compile_case(c, a, r);
    if (!p) {
      ++refused;
      continue;
    }
    coverage.add(c, *p);
    CAPTURE(p->layers.front().plan);
    const auto expected = hw::run_functional(c.model, c.input);
    hw::golden_core core(a);
    check_program(core, nullptr, *p, c, expected, {.bus_bytes = a.bus_bytes});
    const hw::memory_params slow{.bus_bytes = a.bus_bytes,
                                 .latency = detail::between(r, 1, 60),
                                 .beat_interval = 1 + static_cast<double>(r.below(4)) * r.uniform(),
                                 .fence_latency = detail::between(r, 1, 100)};
    CAPTURE(slow.latency, slow.beat_interval, slow.fence_latency);
    check_program(core, nullptr, *p, c, expected, slow);
    constexpr std::array<double, 3> probabilities{0.1, 0.5, 0.9};
    const double stall = probabilities[round % 3];
    CAPTURE(stall);
    hw::memory_params stalls = hw::memory_params::stalling(a.bus_bytes, stall, r.next());
    stalls.latency = detail::between(r, 1, 20);
    stalls.fence_latency = detail::between(r, 1, 100);
    stalls.data.burst = detail::between(r, 1, 5);
    stalls.writes.long_probability = 0.01;
    stalls.writes.long_cycles = 100;
    check_program(core, nullptr, *p, c, expected, stalls);
  }
  // Layers that do not fit the smallest buffers are refused; most must fit.
  CAPTURE(refused);
  CHECK(coverage.cases >= 300);
  coverage.require(10);
  coverage.require_networks(5);
}

TEST_CASE("dense and sparse cores give the same bytes for one masked model", "[golden]") {
  const std::uint64_t seed = 11;
  int skipped_work = 0;
  for (std::uint64_t round = 0; round < 30; ++round) {
    swprune::rng r = swprune::rng(seed).stream("golden.dense", round);
    hw::array_params sparse = arrays()[round % 3];
    hw::array_params dense = sparse;
    dense.skip = false;
    const random_case c = random_model(sparse, {.layers = 2}, r);
    CAPTURE(seed, round, sparse.to_string(), c.text());
    std::vector<std::vector<std::uint8_t>> outputs;
    std::vector<std::uint32_t> uops;
    for (const hw::array_params& a : {sparse, dense}) {
      const auto p = compile_case(c, a, r);
      if (!p) continue;
      hw::golden_core core(a);
      program_memory m(*p, c, {.bus_bytes = a.bus_bytes});
      const hw::run_result run = hw::run(core, m.memory, m.run_params());
      REQUIRE(run.ok());
      outputs.push_back(m.output(1));
      uops.push_back(run.last.cnt_uops);
    }
    if (outputs.size() < 2) continue;
    CHECK(outputs[0] == outputs[1]);
    skipped_work += uops[0] < uops[1];
  }
  CHECK(skipped_work >= 10);
}

TEST_CASE("the memory of these tests notices wrong reads and writes", "[golden]") {
  // A model with an input group that no row uses, so that there is something to poison.
  const hw::array_params a = arrays()[1];
  std::optional<random_case> found;
  for (std::uint64_t seed = 1; !found; ++seed) {
    swprune::rng r(seed);
    random_case c = random_model(a, {.max_uops = 3000, .max_channels = 24, .max_size = 8}, r);
    const auto& mask = c.model.layers[0].blocks;
    index_t dead = 0;
    for (index_t g = 0; g < mask.in_groups(); ++g) dead += mask.column_degree(g) == 0;
    // As a residual even a dead group may be read.
    if (dead > 0 && mask.count() > 1 && !c.model.layers[0].residual) found = c;
  }
  const auto& mask = found->model.layers[0].blocks;
  const hw::program good = hw::compile(found->model, a, found->images);
  const auto range = [&](hw::image_part part) {
    for (const hw::image_range& r : good.ranges)
      if (r.part == part) return r;
    FAIL("no such range");
    return hw::image_range{};
  };
  const auto run = [&](const hw::program& p) {
    hw::golden_core core(a);
    program_memory m(p, *found, {.bus_bytes = a.bus_bytes});
    hw::run(core, m.memory, m.run_params());
    m.memory.check_canaries();
  };
  CHECK_NOTHROW(run(good));
  SECTION("a fetch list that names a dead group") {
    hw::program bad = good;
    index_t dead = 0;
    while (mask.column_degree(dead) != 0) ++dead;
    const auto offset = static_cast<std::uint32_t>(dead * good.input.group_stride());
    const auto at = static_cast<std::size_t>(range(hw::image_part::fetch_list).offset);
    for (std::size_t i = 0; i < 4; ++i)
      bad.image[at + i] = static_cast<std::uint8_t>(offset >> (8 * i) & 0xff);
    CHECK_THROWS_AS(run(bad), swprune::device_error);
  }
  SECTION("an output written somewhere else") {
    hw::program bad = good;
    const auto at = static_cast<std::size_t>(range(hw::image_part::steps).offset) + 52;
    bad.image[at] = static_cast<std::uint8_t>(bad.image[at] ^ 64);
    bad.image[at + 3] = 0x7f;
    const std::span record(bad.image.data() + at - 52, 60);
    const std::uint32_t crc = hw::crc32_of(record);
    for (std::size_t i = 0; i < 4; ++i)
      bad.image[at + 8 + i] = static_cast<std::uint8_t>(crc >> (8 * i) & 0xff);
    CHECK_THROWS_AS(run(bad), swprune::device_error);
  }
}
