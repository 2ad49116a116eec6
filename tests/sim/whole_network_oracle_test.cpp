// SPDX-License-Identifier: Apache-2.0

// The network of whole_network_test through the executor in Python, which knows the format page
// only: every layer of every image must be the plain reference's, hence the RTL's, bit by bit.

#include <catch2/catch.hpp>

#include "swprune/io/file.hpp"
#include "tests/sim/whole_network.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

namespace hw = swprune::hw;
using swprune::index_t;

constexpr std::uint64_t seed = swprune_test::whole_seed;

const swprune_test::whole_network& net() { return swprune_test::trained_network(); }
hw::program program_of(bool skip) { return net().program(skip); }

}  // namespace

TEST_CASE("whole network: the Python executor agrees bit by bit", "[whole][oracle]") {
  const auto python = swprune_test::find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("numpy is not installed for /usr/bin/python3");
  for (const bool skip : {true, false}) {
    CAPTURE(seed, skip);
    const auto p = program_of(skip);
    const swprune_test::temp_dir dir;
    const auto file = [&](const char* name) { return dir.path() / name; };
    swprune::io::write_file(file("image.bin"), std::span<const std::uint8_t>(p.image));
    const auto region_before = p.initial_activations(net().test.images);
    swprune::io::write_file(file("act.bin"), std::span<const std::uint8_t>(region_before));
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
