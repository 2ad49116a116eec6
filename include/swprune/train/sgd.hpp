// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/train/optimiser.hpp"

namespace swprune::inline v0::train {

struct sgd_params {
  double momentum = 0.9;       ///< 0 <= momentum < 1
  bool nesterov = true;        ///< look ahead along the velocity
  double weight_decay = 5e-4;  ///< >= 0, added as weight_decay * w to the gradient of weights
  bool decay_all = false;      ///< also of biases, and of scales and shifts of batch norm
};

/// Throws train_parameter.
SWPRUNE_SETUP void check(const sgd_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const sgd_params& p) {
  expects(p.momentum >= 0 && p.momentum < 1, errc::train_parameter,
          "0 <= momentum < 1 must hold, given {}", p.momentum);
  expects(p.weight_decay >= 0 && std::isfinite(p.weight_decay), errc::train_parameter,
          "weight_decay must be >= 0, given {}", p.weight_decay);
}

#endif

/// Stochastic gradient descent with momentum (Sutskever et al., ICML 2013):
/// g = gradient + weight_decay * w; v = momentum * v + g;
/// w -= rate * (nesterov ? g + momentum * v : v).
template <typename Scalar>
class sgd final : public optimiser<Scalar> {
 public:
  /// Velocities zero. `parameters` stays the caller's and must be given to step() again. Throws
  /// train_parameter.
  explicit sgd(const std::vector<nn::parameter_view<Scalar>>& parameters,
               const sgd_params& params = {})
      : optimiser<Scalar>(parameters, {"velocity"}), params_(params) {
    check(params_);
  }

  /// One velocity array for each parameter.
  [[nodiscard]] std::vector<std::vector<Scalar>>& velocities() { return this->arrays(0); }

 private:
  void update(const nn::parameter_view<Scalar>& p, std::size_t i, double step_rate) override {
    const auto rate = static_cast<Scalar>(step_rate);
    const auto momentum = static_cast<Scalar>(params_.momentum);
    const bool decays = p.decays || params_.decay_all;
    const auto decay = static_cast<Scalar>(decays ? params_.weight_decay : 0.0);
    Scalar* w = p.values.data();
    const Scalar* gradient = p.gradient.data();
    std::vector<Scalar>& velocity = velocities()[i];
    for (std::size_t k = 0; k < velocity.size(); ++k) {
      const Scalar g = gradient[k] + decay * w[k];
      velocity[k] = momentum * velocity[k] + g;
      w[k] -= rate * (params_.nesterov ? g + momentum * velocity[k] : velocity[k]);
    }
  }

  sgd_params params_;
};

}  // namespace swprune::inline v0::train
