// SPDX-License-Identifier: Apache-2.0
#pragma once

// The recipe of this experiment, once for all of its programs (train.py has it for PyTorch).

#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/train/augment.hpp"
#include "swprune/train/fit.hpp"

namespace cifar10_resnet20 {

/// Blocks of 4x2, the widest that cover 16 channels at 76 % (docs/masks.md, "Coverage"). A dense
/// network, sparsity 0, has the same blocks, all of them.
inline swprune::mask::mask_set make_masks(double sparsity, const swprune::rng& seed) {
  swprune::mask::mask_params params{.sparsity = sparsity, .block = {4, 2}, .beta = 0.1};
  if (sparsity == 0) params.kind = swprune::mask::mask_kind::dense;
  return swprune::mask::make_masks(swprune::nn::resnet20_layers(), params, seed);
}

inline constexpr swprune::train::augment_params augmentation{.crop = 4, .flip = true};

inline swprune::train::fit_params recipe(swprune::index_t epochs) {
  return {.epochs = epochs,
          .batch = 128,
          .schedule = {.kind = swprune::train::schedule_kind::cosine,
                       .rate = 0.1,
                       .warmup_share = 0.15,
                       .warmup_rate = 0.01},
          .sgd = {.momentum = 0.9, .nesterov = true, .weight_decay = 5e-4, .decay_all = true},
          .augment = augmentation};
}

}  // namespace cifar10_resnet20
