// SPDX-License-Identifier: Apache-2.0

// Random compiled programs through the Python executor, which was written from docs/formats.md
// alone: every layer's output must be that of the functional reference.

#include <catch2/catch.hpp>

#include "swprune/io/file.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/program_check.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace swprune_test;
namespace hw = swprune::hw;
using swprune::index_t;

constexpr std::uint64_t seed = 2026;

std::vector<hw::array_params> arrays() {
  return {headline_array(), small_array(), narrow_array(), headline_array(false)};
}

/// Output region of the executor; fails the test when it refuses the image.
std::vector<std::uint8_t> execute(const std::string& python, const hw::program& p,
                                  std::span<const std::uint8_t> input) {
  const temp_dir dir;
  swprune::io::write_file(dir / "image.bin", std::span<const std::uint8_t>(p.image));
  const auto region = p.initial_activations(input);
  swprune::io::write_file(dir / "act.bin", std::span<const std::uint8_t>(region));
  const auto word = [&](const char* name) { return quoted((dir / name).string()); };
  const auto done = run(
      python + " -B " + quoted(std::string(SWPRUNE_SOURCE_DIR) + "/tests/oracle/execute_image.py") +
      " " + word("image.bin") + " " + word("act.bin") +
      fmt::format(" --desc-offset {} --layers {} ", p.desc_offset, p.layer_count) +
      word("out.bin"));
  INFO(done.output);
  REQUIRE(done.exit_code == 0);
  return swprune::io::read_file(dir / "out.bin");
}

}  // namespace

TEST_CASE("the Python executor agrees with the functional reference", "[oracle][random]") {
  const auto python = find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("numpy is not installed for /usr/bin/python3");
  int done = 0;
  for (std::uint64_t round = 0; done < 60 && round < 400; ++round) {
    swprune::rng r = swprune::rng(seed).stream("python.executor", round);
    const hw::array_params a = arrays()[round % arrays().size()];
    random_layer_params bounds;
    bounds.max_uops = 3000;
    bounds.layers = r.bernoulli(0.3) ? 2 : 1;
    const random_case c = random_model(a, bounds, r);
    const auto p = compile_case(c, a, r);
    if (!p) continue;  // does not fit the buffers
    ++done;
    CAPTURE(seed, round, a.to_string());
    const auto region = execute(*python, *p, c.input);
    const auto reference = hw::run_functional(c.model, c.input);
    for (index_t l = 0; l < p->layer_count; ++l)
      CHECK((p->unpack_output(l, region) == reference[static_cast<std::size_t>(l)]));
  }
  CHECK(done >= 60);
}
