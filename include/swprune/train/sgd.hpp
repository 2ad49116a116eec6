// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::train {

struct sgd_params {
  double momentum = 0.9;       ///< 0 <= momentum < 1
  bool nesterov = true;        ///< look ahead along the velocity
  double weight_decay = 5e-4;  ///< >= 0, added as weight_decay * w to the gradient of weights
};

/// Throws train_parameter.
inline void check(const sgd_params& p) {
  expects(p.momentum >= 0 && p.momentum < 1, errc::train_parameter,
          "0 <= momentum < 1 must hold, given {}", p.momentum);
  expects(p.weight_decay >= 0 && std::isfinite(p.weight_decay), errc::train_parameter,
          "weight_decay must be >= 0, given {}", p.weight_decay);
}

/// Stochastic gradient descent with momentum (Sutskever et al., ICML 2013):
/// g = gradient + weight_decay * w; v = momentum * v + g;
/// w -= rate * (nesterov ? g + momentum * v : v).
/// Only parameters that exist have a velocity, so a pruned weight has nothing to come back with.
template <typename Scalar>
class sgd {
 public:
  /// Velocities zero. `parameters` stays the caller's and must be given to step() again.
  explicit sgd(const std::vector<nn::parameter_view<Scalar>>& parameters,
               const sgd_params& params = {})
      : params_(params) {
    check(params_);
    for (const nn::parameter_view<Scalar>& p : parameters)
      velocities_.emplace_back(p.values.size(), Scalar(0));
  }

  /// One step along the gradients. Throws train_parameter when the parameters are not those of the
  /// constructor.
  void step(const std::vector<nn::parameter_view<Scalar>>& parameters, double rate) {
    expects(parameters.size() == velocities_.size(), errc::train_parameter,
            "the optimiser was made for {} parameters, given {}", velocities_.size(),
            parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i)
      expects(parameters[i].values.size() == velocities_[i].size(), errc::train_parameter,
              "parameter '{}' had {} numbers when the optimiser was made, has {} now",
              parameters[i].name, velocities_[i].size(), parameters[i].values.size());
    for (std::size_t i = 0; i < parameters.size(); ++i)
      update(parameters[i], velocities_[i], static_cast<Scalar>(rate));
  }

  /// One velocity array for each parameter, for checkpoints.
  [[nodiscard]] std::vector<std::vector<Scalar>>& velocities() { return velocities_; }

 private:
  void update(const nn::parameter_view<Scalar>& p, std::vector<Scalar>& velocity,
              Scalar rate) const {
    const auto momentum = static_cast<Scalar>(params_.momentum);
    const auto decay = static_cast<Scalar>(p.decays ? params_.weight_decay : 0.0);
    Scalar* w = p.values.data();
    const Scalar* gradient = p.gradient.data();
    for (std::size_t i = 0; i < velocity.size(); ++i) {
      const Scalar g = gradient[i] + decay * w[i];
      velocity[i] = momentum * velocity[i] + g;
      w[i] -= rate * (params_.nesterov ? g + momentum * velocity[i] : velocity[i]);
    }
  }

  sgd_params params_;
  std::vector<std::vector<Scalar>> velocities_;
};

}  // namespace swprune::inline v0::train
