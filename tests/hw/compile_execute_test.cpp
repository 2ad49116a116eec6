// SPDX-License-Identifier: Apache-2.0
// Compiled programs, run bank by bank, give what the functional reference gives.
#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/functional.hpp"
#include "tests/hw/compile_executor.hpp"
#include "tests/hw/compile_models.hpp"
#include "tests/support/random_graph.hpp"

using namespace swprune;
using swprune_test::image_executor;

namespace {

/// Every layer's output as the executor finds it, compared with the reference.
void require_equal_outputs(const hw::program& p, const swprune_test::random_case& c) {
  image_executor executor(p, p.initial_activations(c.input));
  const auto& region = executor.run();
  const auto expected = hw::run_functional(c.model, c.input);
  for (std::size_t l = 0; l < expected.size(); ++l) {
    CAPTURE(l);
    REQUIRE(p.unpack_output(static_cast<index_t>(l), region) == expected[l]);
  }
}

}  // namespace

TEST_CASE("compiled random models compute what the functional reference computes") {
  index_t compiled = 0;
  index_t refused = 0;
  for (const auto& array : swprune_test::test_arrays())
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      rng r = rng(seed).stream("compile_execute_test");
      const auto c = swprune_test::random_model(
          array, {.layers = 1 + static_cast<index_t>(seed % 3), .max_uops = 4000}, r);
      const auto params = swprune_test::random_params(array, r);
      CAPTURE(seed, array.to_string(), array.skip, c.text());
      try {
        const hw::program p = hw::compile(c.model, array, c.images, params);
        require_equal_outputs(p, c);
        ++compiled;
      } catch (const mismatch_error& e) {
        CAPTURE(std::string(e.what()));
        REQUIRE(e.id() == static_cast<int>(errc::layer_does_not_fit));
        ++refused;
      }
    }
  CAPTURE(compiled, refused);
  CHECK(compiled > 5 * refused);
}

TEST_CASE("compiled random graphs compute what the functional reference computes") {
  index_t compiled = 0;
  index_t refused = 0;
  swprune_test::graph_features seen;
  for (const auto& array : swprune_test::test_arrays())
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      rng r = rng(seed).stream("compile_execute_graphs");
      const auto c = swprune_test::random_graph(array, {}, r);
      const auto params = swprune_test::random_params(array, r);
      CAPTURE(seed, array.to_string(), array.skip, c.text());
      try {
        const hw::program p = hw::compile(c.model, array, c.images, params);
        require_equal_outputs(p, c);
        seen.count(c.model);
        ++compiled;
      } catch (const mismatch_error& e) {
        CAPTURE(std::string(e.what()));
        REQUIRE(e.id() == static_cast<int>(errc::layer_does_not_fit));
        ++refused;
      }
    }
  CAPTURE(compiled, refused);
  CHECK(compiled > refused);
  for (const index_t n : {1, 2, 3, 4}) {
    CAPTURE(n);
    CHECK(seen.strides[n] > 20);
    CHECK(seen.dilations[n] > 20);
  }
  CHECK(seen.grouped > 10);
  CHECK(seen.straddling > 5);
  CHECK(seen.diagonal > 20);
  CHECK(seen.residuals > 50);
  CHECK(seen.strided_residuals > 5);
  CHECK(seen.partial_residuals > 5);
  CHECK(seen.pooled_residuals > 3);
  CHECK(seen.concatenations > 20);
  CHECK(seen.part_reads > 10);
}

TEST_CASE("batches that fill segments, and more than one group of images") {
  for (const index_t images : {1, 7, 8, 33}) {
    rng r(static_cast<std::uint64_t>(images));
    swprune_test::random_case c;
    c.images = images;
    c.model.input = {5, 6, 6};
    c.model.layers.push_back(
        swprune_test::lattice_layer({"conv", {5, 6, 6}, 12, 3, 1, true, 1.5}, r));
    c.model.layers.push_back(
        swprune_test::lattice_layer({"fc1", {12, 3, 3}, 20, 3, 0, false, 1.5}, r));
    c.model.layers.push_back(
        swprune_test::lattice_layer({"fc2", {20, 1, 1}, 10, 1, 0, false, 3}, r));
    c.input = swprune_test::detail::random_bytes(images * c.model.input.size(), false, r);
    CAPTURE(images);
    for (const bool skip : {true, false})
      require_equal_outputs(hw::compile(c.model, {.skip = skip}, images), c);
  }
}

TEST_CASE("the executor notices a wrong byte of the image") {
  rng r(11);
  swprune_test::random_case c;
  c.model.input = {8, 9, 9};
  c.images = 3;
  c.model.layers.push_back(swprune_test::lattice_layer({"conv", {8, 9, 9}, 16, 3, 1, false, 1}, r));
  c.input = swprune_test::detail::random_bytes(c.images * c.model.input.size(), false, r);
  const hw::program good = hw::compile(c.model, {}, c.images);
  const auto expected = hw::run_functional(c.model, c.input).back();
  const auto differs = [&](const hw::program& p) {
    try {
      image_executor executor(p, p.initial_activations(c.input));
      return p.unpack_output(0, executor.run()) != expected;
    } catch (const swprune_test::rule_broken&) {
      return true;
    } catch (const format_error&) {
      return true;
    }
  };
  REQUIRE_FALSE(differs(good));
  int caught = 0;
  for (const hw::image_range& range : good.ranges) {
    hw::program bad = good;
    bad.image[static_cast<std::size_t>(range.offset)] ^= 0x41;
    CAPTURE(range.name);
    CHECK(differs(bad));
    ++caught;
  }
  CHECK(caught >= 6);
}
