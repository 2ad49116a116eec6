// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whole networks by name, pruned and quantised with their initial weights: numbers that differ from
// pixel to pixel, as far as the accelerator can tell, without a training.

#include <cstdint>
#include <string>
#include <vector>

#include "network_model.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/quantize.hpp"
#include "swprune/train/dataset.hpp"

namespace networks {

struct quantised_network {
  swprune::quant::int8_model model;
  std::vector<std::uint8_t> images;  ///< `[n][C][H][W]`
};

/// Images whose neighbouring pixels resemble each other, as in photographs.
inline swprune::train::dataset smooth_images(const swprune::map_shape& shape,
                                             swprune::index_t count, swprune::rng random) {
  swprune::train::dataset set;
  set.shape = shape;
  set.classes = 10;
  set.labels.assign(static_cast<std::size_t>(count), 0);
  for (swprune::index_t plane = 0; plane < count * shape.channels; ++plane) {
    int value = static_cast<int>(random.below(256));
    for (swprune::index_t i = 0; i < shape.pixels(); ++i) {
      value += static_cast<int>(random.below(41)) - 20;
      value = value < 0 ? -value : value > 255 ? 510 - value : value;
      set.images.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return set;
}

/// The network of nn::model_by_name() with uniform masks of blocks that fit an array of `pof`
/// output channels, and a batch of images for it.
inline quantised_network quantise_by_name(const std::string& name, double sparsity,
                                          swprune::index_t pof, swprune::index_t images,
                                          std::uint64_t seed = 1) {
  const swprune::rng random(seed);
  const swprune::map_shape shape = image_of(name);
  const auto masks = swprune::mask::make_masks(swprune::nn::layers_by_name(name, {.image = shape}),
                                               {.sparsity = sparsity, .block = {pof, 4}}, random);
  auto net = swprune::nn::model_by_name(name, masks, shape);
  swprune::nn::kaiming_init(net, random);
  const auto calibration = smooth_images(shape, 16, random.stream("calibration"));
  return {swprune::quant::quantize(net, calibration),
          smooth_images(shape, images, random.stream("images")).images};
}

}  // namespace networks
