// SPDX-License-Identifier: Apache-2.0
// Random networks that are more than a chain on the golden model: outputs are those of the
// functional reference, cycles those of the closed form.
#include <catch2/catch.hpp>

#include <cstdint>
#include <optional>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/run_program.hpp"
#include "tests/hw/compile_models.hpp"
#include "tests/support/random_graph.hpp"

using namespace swprune;

namespace {

std::optional<hw::program> compile_if_it_fits(const swprune_test::random_case& c,
                                    const hw::array_params& array,
                                    const hw::compile_params& params) {
  try {
    return hw::compile(c.model, array, c.images, params);
  } catch (const mismatch_error&) {
    return std::nullopt;  // does not fit the buffers
  }
}

}  // namespace

TEST_CASE("random graphs on the golden model: outputs and cycles") {
  index_t runs = 0;
  swprune_test::graph_features seen;
  for (const auto& array : swprune_test::test_arrays())
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      rng r = rng(seed).stream("golden_graphs");
      const auto c = swprune_test::random_graph(array, {.max_uops = 3000}, r);
      const auto p = compile_if_it_fits(c, array, swprune_test::random_params(array, r));
      if (!p) continue;
      ++runs;
      seen.count(c.model);
      CAPTURE(seed, array.to_string(), array.skip, c.text());
      hw::golden_core golden(array);
      const auto run = hw::run_program(golden, *p, c.input, {.bus_bytes = array.bus_bytes});
      REQUIRE(run.error == 0);
      REQUIRE((run.outputs == hw::run_functional(c.model, c.input)));
      const auto closed = hw::predict(*p);
      REQUIRE(run.cycles == closed.cycles);
      for (std::size_t l = 0; l + 1 < closed.layers.size(); ++l) {
        CAPTURE(l);
        REQUIRE(run.layers[l].cycles == closed.layers[l].cycles);
        REQUIRE(run.layers[l].load_stalls == closed.layers[l].load_stalls);
        REQUIRE(run.layers[l].drain_stalls == closed.layers[l].drain_stalls);
      }
    }
  CHECK(runs > 100);
  CHECK(seen.residuals > 20);
  CHECK(seen.concatenations > 20);
  CHECK(seen.diagonal > 20);
}
