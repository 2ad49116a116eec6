// SPDX-License-Identifier: Apache-2.0

// A trained, pruned, quantised LeNet on more than a hundred images: plain reference, golden model
// and RTL in lockstep, and the dense control.

#include <catch2/catch.hpp>
#include <set>

#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/result.hpp"
#include "swprune/hw/run_program.hpp"
#include "swprune_sim/verilated_core.hpp"
#include "tests/sim/whole_network.hpp"

namespace {

namespace hw = swprune::hw;
using swprune::index_t;

constexpr std::uint64_t seed = swprune_test::whole_seed;

const swprune_test::whole_network& net() { return swprune_test::trained_network(); }
hw::program program_of(bool skip) { return net().program(skip); }

}  // namespace

TEST_CASE("whole network: the reference is worth comparing with", "[whole]") {
  CAPTURE(seed);
  for (const auto& layer : net().reference) {
    const std::set<std::uint8_t> values(layer.begin(), layer.end());
    CHECK(values.size() > 40);
  }
  CHECK(swprune::quant::accuracy(net().model, net().reference.back(), net().test.labels) > 0.6);
}

TEST_CASE("whole network: lockstep, outputs, closed form and bytes", "[whole]") {
  CAPTURE(seed);
  const auto p = program_of(true);
  hw::golden_core golden(p.array);
  const auto rtl = swprune::sim::make_device(p.array);
  const auto ideal = hw::run_program_lockstep(golden, *rtl, p, net().test.images,
                                              {.bus_bytes = p.array.bus_bytes});
  INFO(ideal.lockstep.text());
  REQUIRE(ideal.lockstep.ok());
  CHECK((ideal.run.outputs == net().reference));

  const hw::cycle_report closed = hw::predict(p);
  CHECK(ideal.run.cycles == closed.cycles);
  REQUIRE(ideal.run.layers.size() == closed.layers.size());
  for (std::size_t l = 0; l < closed.layers.size(); ++l) {
    const auto& measured = ideal.run.layers[l];
    const auto& expected = closed.layers[l];
    CAPTURE(measured.name);
    const index_t done = l + 1 == closed.layers.size() ? 1 : 0;  // the Done cycle
    CHECK(measured.cycles == expected.cycles + done);
    CHECK(measured.uops == expected.uops);
    CHECK(measured.blocks == expected.blocks);
    CHECK(measured.weight_bytes == expected.bytes_of(hw::request_kind::weights));
    CHECK(measured.parameter_bytes == expected.bytes_of(hw::request_kind::parameters));
    CHECK(measured.list_bytes == expected.bytes_of(hw::request_kind::list) +
                                     expected.bytes_of(hw::request_kind::fetch_list));
    CHECK(measured.activation_bytes == expected.bytes_of(hw::request_kind::plane));
  }
}

TEST_CASE("whole network: back-pressure changes no output", "[whole]") {
  const auto p = program_of(true);
  hw::golden_core golden(p.array);
  const auto rtl = swprune::sim::make_device(p.array);
  const index_t quiet = hw::predict(p).cycles;
  for (const double probability : {0.1, 0.5}) {
    CAPTURE(seed, probability);
    const auto stalled = hw::run_program_lockstep(
        golden, *rtl, p, net().test.images,
        hw::memory_params::stalling(p.array.bus_bytes, probability, seed, 5));
    INFO(stalled.lockstep.text());
    REQUIRE(stalled.lockstep.ok());
    CHECK((stalled.run.outputs == net().reference));
    CHECK(stalled.run.cycles > quiet);
  }
}

TEST_CASE("whole network: the dense control gives the same outputs, slower", "[whole]") {
  const auto sparse = program_of(true);
  const auto dense = program_of(false);
  const auto control = swprune::sim::make_device(dense.array);
  const auto run =
      hw::run_program(*control, dense, net().test.images, {.bus_bytes = dense.array.bus_bytes});
  CHECK(run.error == 0);
  CHECK((run.outputs == net().reference));
  CHECK(run.cycles == hw::predict(dense).cycles);
  const auto total = hw::compare(sparse, dense).total;
  CHECK(total.speedup_ideal() >= 3.0);
  CHECK(total.speedup() >= 0.95 * total.speedup_ideal());
}
