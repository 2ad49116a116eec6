// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/hw/compile.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/swprune.hpp"
#include "tests/support/arrays.hpp"

namespace swprune_test {

inline constexpr swprune::index_t whole_images = 104;  ///< not a multiple of the array's 32 pixels
inline constexpr std::uint64_t whole_seed = 7;

/// A trained, pruned, quantised LeNet with its images: a short training, so that the numbers in the
/// network are neither all zero nor all saturated.
struct whole_network {
  swprune::quant::int8_model model;
  swprune::train::dataset test;
  std::vector<std::vector<std::uint8_t>> reference;  ///< of every layer, by the plain reference

  whole_network() {
    const auto data =
        swprune::io::make_builtin({.train = 1500, .test = whole_images, .seed = whole_seed});
    const auto specs = swprune::nn::lenet5_layers(data.train.shape, data.train.classes);
    const swprune::rng random(whole_seed);
    const auto masks = swprune::mask::make_masks(specs, {.sparsity = 0.76}, random);
    auto net = swprune::nn::lenet5(masks, data.train.shape);
    swprune::nn::kaiming_init(net, random);
    swprune::train::fit(net, data.train, {}, swprune::train::lenet5_recipe(2), random);
    model = swprune::quant::quantize(net, data.train);
    test = data.test;
    reference = swprune::hw::run_functional(model, test.images);
  }

  [[nodiscard]] swprune::hw::program program(bool skip) const {
    return swprune::hw::compile(model, headline_array(skip), whole_images);
  }
};

/// Made at the first call.
inline const whole_network& trained_network() {
  static const whole_network made;
  return made;
}

}  // namespace swprune_test
