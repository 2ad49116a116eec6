// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/nn/mask_change.hpp"

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

  /// Carries the velocities over a change of masks: numbers that are still there keep theirs, those
  /// that are gone take theirs with them, new ones start without. Throws train_parameter when the
  /// change is not one of the parameters of the constructor; nothing is changed then.
  void change_masks(const nn::mask_change& change) {
    check_change(change);
    for (std::size_t i = 0; i < change.size(); ++i) {
      const nn::parameter_change& c = change[i];
      std::vector<Scalar> moved(static_cast<std::size_t>(c.size), Scalar(0));
      for (std::size_t k = 0; k < c.old_to_new.size(); ++k)
        if (c.old_to_new[k] >= 0)
          moved[static_cast<std::size_t>(c.old_to_new[k])] = velocities_[i][k];
      velocities_[i] = std::move(moved);
    }
  }

  /// One velocity array for each parameter, for checkpoints.
  [[nodiscard]] std::vector<std::vector<Scalar>>& velocities() { return velocities_; }

 private:
  void check_change(const nn::mask_change& change) const {
    expects(change.size() == velocities_.size(), errc::train_parameter,
            "the optimiser was made for {} parameters, the masks of {} changed", velocities_.size(),
            change.size());
    for (std::size_t i = 0; i < change.size(); ++i) {
      const nn::parameter_change& c = change[i];
      expects(c.old_to_new.size() == velocities_[i].size(), errc::train_parameter,
              "parameter '{}' had {} numbers when the optimiser was made, {} before the change",
              c.name, velocities_[i].size(), c.old_to_new.size());
      for (const index_t to : c.old_to_new)
        expects(to >= -1 && to < c.size, errc::train_parameter,
                "parameter '{}' has {} numbers after the change, number {} of them is named",
                c.name, c.size, to);
    }
  }

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
