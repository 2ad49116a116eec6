// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <vector>

#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::train {

/// L2 norm of all gradients together, summed in the order of the parameters.
template <typename Scalar>
[[nodiscard]] double gradient_norm(const std::vector<nn::parameter_view<Scalar>>& parameters) {
  double sum = 0;
  for (const nn::parameter_view<Scalar>& p : parameters)
    for (const Scalar g : p.gradient) sum += static_cast<double>(g) * static_cast<double>(g);
  return std::sqrt(sum);
}

/// Shortens all gradients by one factor so that their norm is at most `most`, > 0 (Pascanu et al.,
/// ICML 2013). Returns the norm before.
template <typename Scalar>
double clip_norm(const std::vector<nn::parameter_view<Scalar>>& parameters, double most) {
  const double norm = gradient_norm(parameters);
  if (!(norm > most)) return norm;
  const auto factor = static_cast<Scalar>(most / norm);
  for (const nn::parameter_view<Scalar>& p : parameters)
    for (Scalar& g : p.gradient) g *= factor;
  return norm;
}

}  // namespace swprune::inline v0::train
