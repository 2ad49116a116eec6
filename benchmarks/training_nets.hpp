// SPDX-License-Identifier: Apache-2.0
#pragma once

// The networks that training.cpp measures, with random images, and their training step.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/sgd.hpp"

namespace swprune_bench {

namespace sp = swprune;
namespace nn = swprune::nn;
using sp::index_t;

/// VGG-16 or ResNet-20 for 32 x 32 images, pruned in the blocks that the accelerator uses for it;
/// sparsity 0: dense, in blocks that suit the kernels.
inline sp::mask::mask_set masks_of(const std::string& net, double sparsity, const sp::rng& random) {
  if (sparsity == 0)
    return sp::mask::make_masks(nn::layers_by_name(net),
                                {.block = {8, 8}, .kind = sp::mask::mask_kind::dense}, random);
  const bool vgg = net == "vgg16";
  return sp::mask::make_masks(
      nn::layers_by_name(net),
      {.sparsity = sparsity,
       .block = vgg ? sp::mask::block_shape{8, 4} : sp::mask::block_shape{4, 4},
       .allow_uncovered = !vgg},
      random);
}

inline nn::network<float> made(const std::string& net, const sp::mask::mask_set& masks) {
  const sp::map_shape image{3, 32, 32};
  return net == "vgg16" ? nn::vgg16<float>(masks, image) : nn::resnet20<float>(masks, image);
}

/// Share of the weights that is kept.
inline double density_of(const sp::mask::mask_set& masks) {
  double kept = 0, all = 0;
  for (const sp::mask::layer_mask& m : masks) {
    kept += static_cast<double>(m.kept_weights());
    all += static_cast<double>(m.weights());
  }
  return kept / all;
}

inline nn::activations<float> random_maps(index_t batch, const sp::map_shape& shape,
                                          sp::rng random) {
  nn::activations<float> maps(batch, shape);
  for (float& v : maps.values()) v = static_cast<float>(random.normal());
  maps.clear_dead_lanes();
  return maps;
}

/// A network in training on one batch of random images.
class training {
 public:
  training(nn::network<float> net, index_t batch, const sp::rng& random)
      : net_(std::move(net)),
        images_(random_maps(batch, net_.input_shape(), random.stream("images"))),
        optimiser_((nn::kaiming_init(net_, random), net_.parameters())) {
    for (index_t n = 0; n < batch; ++n) labels_.push_back(static_cast<std::uint8_t>(n % 10));
  }

  /// Forward, loss, backward, momentum; returns the loss.
  double step() {
    const auto& logits = net_.forward_training(images_);
    const double loss = nn::softmax_cross_entropy<float>(logits, labels_, &gradient_).loss;
    net_.backward(gradient_);
    net_.commit_statistics();
    optimiser_.step(net_.parameters(), 1e-3);
    return loss;
  }
  /// Inference; returns the first logit.
  float infer() const { return net_.forward(images_).values().front(); }

 private:
  nn::network<float> net_;
  nn::activations<float> images_, gradient_;
  std::vector<std::uint8_t> labels_;
  sp::train::sgd<float> optimiser_;
};

}  // namespace swprune_bench
