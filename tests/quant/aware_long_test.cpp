// SPDX-License-Identifier: Apache-2.0

// Aware training against rounding afterwards on real images: the same trained network goes on for
// two epochs, once in floating point and once aware, and both become int8 models.
#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <array>

#include "swprune/hw/functional.hpp"
#include "swprune/io/mnist_like.hpp"
#include "swprune/quant/aware.hpp"
#include "swprune/quant/evaluate.hpp"
#include "swprune/train/evaluate.hpp"
#include "swprune/train/fit.hpp"
#include "swprune/train/recipes.hpp"
#include "tests/support/require.hpp"
#include "tests/train/pruned_lenet.hpp"

using namespace swprune;

namespace {

double int8_accuracy(const nn::network<float>& plain, const train::dataset& train_set,
                     const train::dataset& test_set) {
  const auto model = quant::quantize(plain, train_set);
  return quant::accuracy(model, hw::run_functional(model, test_set.images).back(), test_set.labels);
}

}  // namespace

TEST_CASE("aware training on Fashion-MNIST is at least as good as rounding afterwards", "[aware]") {
  const auto dir = swprune_test::find_data("fashion-mnist");
  if (!dir) SWPRUNE_SKIP_DATA("no Fashion-MNIST");
  const auto data = io::load_mnist_like(*dir, "fashion-mnist");
  const auto images = data.train.subset(0, 6000);
  const auto recipe = train::lenet5_fine_tune_recipe(2);
  constexpr std::array bits{8, 3, 2};
  constexpr int seeds = 3;
  std::array<double, 3> afterwards{}, aware_sum{};
  for (int s = 1; s <= seeds; ++s) {
    const rng seed(static_cast<std::uint64_t>(s));
    auto net = swprune_test::pruned_lenet(mask::mask_kind::small_world, seed);
    train::fit(net, images, {}, train::lenet5_recipe(4), seed);
    auto tuned = net.clone();
    train::fit(tuned, images, {}, recipe, seed.stream("tune"));
    const double real = train::evaluate(tuned, data.test).accuracy();
    for (std::size_t k = 0; k < bits.size(); ++k) {
      const quant::aware_params p{.weight_bits = bits[k]};
      const double rounded = int8_accuracy(
          quant::plain_network(quant::make_aware(tuned, images, p)), images, data.test);
      auto aware = quant::make_aware(net, images, p);
      train::fit(aware, images, {}, recipe, seed.stream("tune"));
      const double trained = int8_accuracy(quant::plain_network(aware), images, data.test);
      afterwards[k] += rounded / seeds;
      aware_sum[k] += trained / seeds;
      fmt::print("seed {}, {} bits: float {:.4f}, rounded afterwards {:.4f}, aware {:.4f}\n", s,
                 bits[k], real, rounded, trained);
    }
  }
  for (std::size_t k = 0; k < bits.size(); ++k) {
    fmt::print("mean of {} seeds, {} bits: afterwards {:.4f}, aware {:.4f}\n", seeds, bits[k],
               afterwards[k], aware_sum[k]);
    // At 8 bits rounding costs next to nothing; 0.3 points are the noise of three seeds.
    CHECK(aware_sum[k] > afterwards[k] - 0.003);
  }
  CHECK(aware_sum[2] > afterwards[2] + 0.02);
}
