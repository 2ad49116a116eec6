// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "swprune/train/adamw.hpp"
#include "swprune/train/optimiser.hpp"
#include "swprune/train/sgd.hpp"

namespace swprune::inline v0::train {

enum class optimiser_kind { sgd, adamw };

/// The optimiser of that kind, made with its own of the two parameter sets.
template <typename Scalar>
[[nodiscard]] std::unique_ptr<optimiser<Scalar>> make_optimiser(
    optimiser_kind kind, const sgd_params& sgd_p, const adamw_params& adamw_p,
    const std::vector<nn::parameter_view<Scalar>>& parameters) {
  if (kind == optimiser_kind::adamw) return std::make_unique<adamw<Scalar>>(parameters, adamw_p);
  return std::make_unique<sgd<Scalar>>(parameters, sgd_p);
}

}  // namespace swprune::inline v0::train
