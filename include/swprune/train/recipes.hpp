// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/detail/bodies.hpp"
#include "swprune/train/fit.hpp"

namespace swprune::inline v0::train {

/// Training of nn::lenet5 on MNIST-like images, dense or pruned: Nesterov momentum, cosine from
/// 0.05 to 0, batch 64, label smoothing 0.1, no augmentation: within a dozen epochs shifts and
/// mirrors cost more than they bring, while the smoothing brings the pruned network nearer to its
/// dense control and keeps the logits, hence the ranges to quantise, small.
[[nodiscard]] SWPRUNE_SETUP fit_params lenet5_recipe(index_t epochs = 12);

#if SWPRUNE_BODIES

SWPRUNE_SETUP fit_params lenet5_recipe(index_t epochs) {
  fit_params p;
  p.epochs = epochs;
  p.batch = 64;
  p.schedule = {.kind = schedule_kind::cosine, .rate = 0.05};
  p.sgd = {.momentum = 0.9, .nesterov = true, .weight_decay = 5e-4};
  p.label_smoothing = 0.1;
  return p;
}

#endif

/// Fine-tuning after it: a tenth of the rate, so that what was learnt is not shaken loose.
[[nodiscard]] inline fit_params lenet5_fine_tune_recipe(index_t epochs = 2) {
  fit_params p = lenet5_recipe(epochs);
  p.schedule.rate = 0.005;
  return p;
}

}  // namespace swprune::inline v0::train
