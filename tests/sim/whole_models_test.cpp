// SPDX-License-Identifier: Apache-2.0

// Images through whole networks on the RTL: outputs of every layer equal to the plain reference,
// cycles equal to the golden model in every cycle and, with an ideal memory, to the closed form.

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "examples/quantised_network.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/run_program.hpp"
#include "swprune_sim/verilated_core.hpp"
#include "tests/support/arrays.hpp"

namespace {

namespace hw = swprune::hw;
using swprune::index_t;
using outputs = std::vector<std::vector<std::uint8_t>>;

hw::program_run in_lockstep(const hw::program& p, const std::vector<std::uint8_t>& images,
                            const hw::memory_params& timing) {
  hw::golden_core golden(p.array);
  const auto rtl = swprune::sim::make_device(p.array);
  const auto both = hw::run_program_lockstep(golden, *rtl, p, images, timing);
  INFO(both.lockstep.text());
  REQUIRE(both.lockstep.ok());
  return both.run;
}

/// Most distinct bytes of a layer's output: not a network of zeros.
std::size_t variety(const outputs& layers) {
  std::size_t most = 0;
  for (const auto& bytes : layers)
    most = std::max(most, std::set<std::uint8_t>(bytes.begin(), bytes.end()).size());
  return most;
}

void check_network(const std::string& name, const hw::array_params& array, index_t images) {
  const auto net = networks::quantise_by_name(name, 0.76, array.pof, images);
  const outputs expected = hw::run_functional(net.model, net.images);
  CHECK(variety(expected) > 100);
  const std::set<std::uint8_t> classes(expected.back().begin(), expected.back().end());
  CHECK(classes.size() > 4);
  const auto p = hw::compile(net.model, array, images);

  const auto ideal = in_lockstep(p, net.images, {.bus_bytes = array.bus_bytes});
  CHECK((ideal.outputs == expected));
  const hw::cycle_report closed = hw::predict(p);
  CHECK(ideal.cycles == closed.cycles);
  REQUIRE(ideal.layers.size() == closed.layers.size());
  for (std::size_t l = 0; l < closed.layers.size(); ++l) {
    const index_t done = l + 1 == closed.layers.size() ? 1 : 0;  // the Done cycle
    CAPTURE(ideal.layers[l].name);
    CHECK(ideal.layers[l].cycles == closed.layers[l].cycles + done);
    CHECK(ideal.layers[l].load_stalls == closed.layers[l].load_stalls);
  }

  auto slow = hw::memory_params::stalling(array.bus_bytes, 0.1, 7);
  slow.latency = 20;
  slow.fence_latency = 30;
  const auto stalled = in_lockstep(p, net.images, slow);
  CHECK((stalled.outputs == expected));
  CHECK(stalled.cycles > ideal.cycles);
}

}  // namespace

TEST_CASE("LeNet-5 whole", "[whole]") { check_network("lenet5", {}, 2); }
TEST_CASE("VGG-16 whole", "[whole]") { check_network("vgg16", {}, 1); }
TEST_CASE("ResNet-18 whole", "[whole]") { check_network("resnet18", {}, 1); }
TEST_CASE("ResNet-20 whole", "[whole]") {
  check_network("resnet20", swprune_test::tall_array(), 1);
}
