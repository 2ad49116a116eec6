// SPDX-License-Identifier: Apache-2.0

// A trained, pruned, quantised LeNet on more than a hundred images, four ways: plain reference,
// golden model and RTL in lockstep, the dense control, and the executor in Python that knows the
// format page only.

#include <catch2/catch.hpp>
#include <set>

#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/result.hpp"
#include "swprune/hw/run_program.hpp"
#include "swprune/swprune.hpp"
#include "swprune_sim/verilated_core.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

namespace hw = swprune::hw;
using swprune::index_t;

constexpr index_t images = 104;  // not a multiple of the array's 32 pixels
constexpr std::uint64_t seed = 7;

/// Model and images, made once: a short training, so that the numbers in the network are neither
/// all zero nor all saturated.
struct network {
  swprune::quant::int8_model model;
  swprune::train::dataset test;
  std::vector<std::vector<std::uint8_t>> reference;  ///< of every layer

  network() {
    const auto data = swprune::io::make_builtin({.train = 1500, .test = images, .seed = seed});
    const auto specs = swprune::nn::lenet5_layers(data.train.shape, data.train.classes);
    const swprune::rng random(seed);
    const auto masks = swprune::mask::make_masks(specs, {.sparsity = 0.76}, random);
    auto net = swprune::nn::lenet5(masks, data.train.shape);
    swprune::nn::kaiming_init(net, random);
    swprune::train::fit(net, data.train, {}, swprune::train::lenet5_recipe(2), random);
    model = swprune::quant::quantize(net, data.train);
    test = data.test;
    reference = hw::run_functional(model, test.images);
  }
};

const network& net() {
  static const network made;
  return made;
}

hw::program program_of(bool skip) {
  return hw::compile(net().model, swprune_test::headline_array(skip), images);
}

void write_bytes(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  swprune::io::write_file(path, bytes);
}

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

TEST_CASE("whole network: the Python executor agrees bit by bit", "[whole][oracle]") {
  const auto python = swprune_test::find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("numpy is not installed for /usr/bin/python3");
  for (const bool skip : {true, false}) {
    CAPTURE(seed, skip);
    const auto p = program_of(skip);
    const swprune_test::temp_dir dir;
    const auto file = [&](const char* name) { return dir.path() / name; };
    write_bytes(file("image.bin"), p.image);
    write_bytes(file("act.bin"), p.initial_activations(net().test.images));
    const auto quoted = [&](const char* name) { return swprune_test::quoted(file(name).string()); };
    const auto run = swprune_test::run(
        *python + " -B " +
        swprune_test::quoted(std::string(SWPRUNE_SOURCE_DIR) + "/tests/oracle/execute_image.py") +
        " " + quoted("image.bin") + " " + quoted("act.bin") +
        fmt::format(" --desc-offset {} --layers {} ", p.desc_offset, p.layer_count) +
        quoted("out.bin"));
    INFO(run.output);
    REQUIRE(run.exit_code == 0);
    const auto region = swprune::io::read_file(file("out.bin"));
    REQUIRE(region.size() == p.act_bytes);
    for (index_t l = 0; l < p.layer_count; ++l) {
      CAPTURE(l);
      CHECK((p.unpack_output(l, region) == net().reference[static_cast<std::size_t>(l)]));
    }
  }
}
