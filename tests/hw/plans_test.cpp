// SPDX-License-Identifier: Apache-2.0
// Whole networks by the closed form: the speed-up over the dense control and the efficiency that
// the schedules reach with an ideal memory. All rows: scripts/bench plans.
#include <catch2/catch.hpp>

#include <string>

#include "examples/network_model.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/result.hpp"

using namespace swprune;

namespace {

hw::comparison figures(const std::string& network, double sparsity, hw::array_params array,
                       index_t batch) {
  const auto model = networks::network_model(network, sparsity, array.pof);
  const auto sparse = hw::compile(model, array, batch);
  array.skip = false;
  return hw::compare(sparse, hw::compile(model, array, batch)).total;
}

}  // namespace

TEST_CASE("ResNet-20 at 76 % on 8x8x4, batch 8") {
  const auto f = figures("resnet20", 0.76, {.poy = 8, .pox = 8, .pof = 4, .chains = 4}, 8);
  CAPTURE(f.speedup(), f.speedup_ideal(), f.efficiency(), f.cycles_sparse, f.cycles_dense);
  CHECK(f.speedup() >= 3.7);
  CHECK(f.efficiency() >= 0.97);
  CHECK(f.efficiency() <= 1.0);
}

TEST_CASE("ResNet-18 at 90 % on 4x8x8, batch 8") {
  const auto f = figures("resnet18", 0.90, {}, 8);
  CAPTURE(f.speedup(), f.speedup_ideal(), f.efficiency(), f.cycles_sparse, f.cycles_dense);
  CHECK(f.speedup() >= 8.8);
  CHECK(f.efficiency() >= 0.97);
}

TEST_CASE("VGG-16 at 90 % on 4x8x8, batch 8") {
  const auto f = figures("vgg16", 0.90, {}, 8);
  CAPTURE(f.speedup(), f.speedup_ideal(), f.efficiency(), f.cycles_sparse, f.cycles_dense);
  CHECK(f.speedup() >= 9.0);
  CHECK(f.efficiency() >= 0.97);
}
