// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/train/optimiser.hpp"

namespace swprune::inline v0::train {

struct adamw_params {
  double beta1 = 0.9;          ///< 0 <= beta1 < 1, memory of the mean
  double beta2 = 0.999;        ///< 0 <= beta2 < 1, memory of the square
  double epsilon = 1e-8;       ///< > 0, added to the root of the square
  double weight_decay = 1e-2;  ///< >= 0, times rate is the share a weight loses per step
  bool decay_all = false;      ///< also of biases, and of scales and shifts of batch norm
};

/// Throws train_parameter.
SWPRUNE_SETUP void check(const adamw_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const adamw_params& p) {
  expects(p.beta1 >= 0 && p.beta1 < 1 && p.beta2 >= 0 && p.beta2 < 1, errc::train_parameter,
          "0 <= beta1 < 1 and 0 <= beta2 < 1 must hold, given {} and {}", p.beta1, p.beta2);
  expects(p.epsilon > 0 && std::isfinite(p.epsilon), errc::train_parameter,
          "epsilon must be > 0, given {}", p.epsilon);
  expects(p.weight_decay >= 0 && std::isfinite(p.weight_decay), errc::train_parameter,
          "weight_decay must be >= 0, given {}", p.weight_decay);
}

#endif

/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019). With g the gradient and t
/// the number of the step, from 1:
/// w -= rate * weight_decay * w; m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) *
/// g^2; w -= rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon). A weight that a
/// change of masks brings in starts with m = v = 0 and the t of all.
template <typename Scalar>
class adamw final : public optimiser<Scalar> {
 public:
  /// Moments zero. `parameters` stays the caller's and must be given to step() again. Throws
  /// train_parameter.
  explicit adamw(const std::vector<nn::parameter_view<Scalar>>& parameters,
                 const adamw_params& params = {})
      : optimiser<Scalar>(parameters, {"mean", "square"}), params_(params) {
    check(params_);
  }

 private:
  void update(const nn::parameter_view<Scalar>& p, std::size_t i, double rate) override {
    const auto t = static_cast<double>(this->steps());
    const auto beta1 = static_cast<Scalar>(params_.beta1);
    const auto beta2 = static_cast<Scalar>(params_.beta2);
    const auto rest1 = static_cast<Scalar>(1 - params_.beta1);
    const auto rest2 = static_cast<Scalar>(1 - params_.beta2);
    const auto epsilon = static_cast<Scalar>(params_.epsilon);
    const auto rate1 = static_cast<Scalar>(rate / (1 - std::pow(params_.beta1, t)));
    const auto root2 = static_cast<Scalar>(std::sqrt(1 - std::pow(params_.beta2, t)));
    const bool decays = p.decays || params_.decay_all;
    const auto keep = static_cast<Scalar>(1 - (decays ? rate * params_.weight_decay : 0.0));
    Scalar* w = p.values.data();
    std::vector<Scalar>& mean = this->arrays(0)[i];
    std::vector<Scalar>& square = this->arrays(1)[i];
    for (std::size_t k = 0; k < mean.size(); ++k) {
      const Scalar g = p.gradient[k];
      mean[k] = beta1 * mean[k] + rest1 * g;
      square[k] = beta2 * square[k] + rest2 * g * g;
      w[k] = keep * w[k] - rate1 * mean[k] / (std::sqrt(square[k]) / root2 + epsilon);
    }
  }

  adamw_params params_;
};

}  // namespace swprune::inline v0::train
