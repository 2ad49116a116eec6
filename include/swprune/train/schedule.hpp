// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <numbers>

#include "swprune/core/error.hpp"

namespace swprune::inline v0::train {

enum class schedule_kind { constant, cosine };

/// Learning rate over a run.
struct schedule_params {
  schedule_kind kind = schedule_kind::cosine;
  double rate = 0.1;         ///< > 0, the greatest rate
  double final_rate = 0;     ///< 0 <= final_rate <= rate, where the cosine ends
  double warmup_epochs = 0;  ///< >= 0, epochs of linear rise to `rate`, may be a fraction
};

/// Throws train_parameter.
inline void check(const schedule_params& p) {
  expects(p.rate > 0 && std::isfinite(p.rate), errc::train_parameter,
          "the learning rate must be > 0, given {}", p.rate);
  expects(p.final_rate >= 0 && p.final_rate <= p.rate, errc::train_parameter,
          "0 <= final_rate <= rate must hold, given {} and {}", p.final_rate, p.rate);
  expects(p.warmup_epochs >= 0 && std::isfinite(p.warmup_epochs), errc::train_parameter,
          "warmup_epochs must be >= 0, given {}", p.warmup_epochs);
}

/// Rate at `epoch` (fractional, 0 <= epoch < epochs). Cosine (Loshchilov and Hutter, ICLR 2017):
/// final + (rate - final) * (1 + cos(pi * progress)) / 2 over what follows the warm-up.
[[nodiscard]] inline double learning_rate(const schedule_params& p, double epoch, double epochs) {
  if (epoch < p.warmup_epochs) return p.rate * (epoch + 1e-3) / (p.warmup_epochs + 1e-3);
  if (p.kind == schedule_kind::constant) return p.rate;
  const double span = epochs - p.warmup_epochs;
  const double progress = span > 0 ? (epoch - p.warmup_epochs) / span : 1.0;
  return p.final_rate +
         (p.rate - p.final_rate) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace swprune::inline v0::train
