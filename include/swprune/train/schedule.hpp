// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::train {

enum class schedule_kind {
  constant,   ///< `rate`
  step,       ///< `rate`, times `factor` from every milestone on
  cosine,     ///< half a cosine from `rate` to `final_rate`
  one_cycle,  ///< half a cosine up from `warmup_rate` to `rate`, half a cosine down to `final_rate`
};

/// Learning rate over a run. Every kind can begin with a warm-up, by epochs or by a share of the
/// run, not both. It is linear from `warmup_rate` to `rate`; of one_cycle it is the way up.
struct schedule_params {
  schedule_kind kind = schedule_kind::cosine;
  double rate = 0.1;                    ///< > 0, the greatest rate
  double final_rate = 0;                ///< 0 <= final_rate <= rate, where cosine and one_cycle end
  double warmup_epochs = 0;             ///< >= 0, may be a fraction
  double warmup_share = 0;              ///< 0 <= warmup_share < 1, of all steps
  double warmup_rate = 0;               ///< 0 <= warmup_rate <= rate, of the first step
  std::vector<double> milestones = {};  ///< of step: epochs > 0, ascending, may be fractions
  double factor = 0.1;                  ///< of step: 0 < factor <= 1
};

/// How long a run is.
struct run_length {
  index_t epochs = 0;
  index_t steps_per_epoch = 1;  ///< >= 1

  [[nodiscard]] index_t steps() const { return epochs * steps_per_epoch; }
};

/// Throws train_parameter.
SWPRUNE_FUNCTION void check(const schedule_params& p);

/// Rate of step `step`, 0 <= step < run.steps(). Cosine (Loshchilov and Hutter, ICLR 2017):
/// final + (rate - final) * (1 + cos(pi * progress)) / 2 over the steps that follow the warm-up.
[[nodiscard]] SWPRUNE_FUNCTION double learning_rate(const schedule_params& p, index_t step,
                                                    const run_length& run);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const schedule_params& p) {
  expects(p.rate > 0 && std::isfinite(p.rate), errc::train_parameter,
          "the learning rate must be > 0, given {}", p.rate);
  expects(p.final_rate >= 0 && p.final_rate <= p.rate, errc::train_parameter,
          "0 <= final_rate <= rate must hold, given {} and {}", p.final_rate, p.rate);
  expects(p.warmup_epochs >= 0 && std::isfinite(p.warmup_epochs), errc::train_parameter,
          "warmup_epochs must be >= 0, given {}", p.warmup_epochs);
  expects(p.warmup_share >= 0 && p.warmup_share < 1, errc::train_parameter,
          "0 <= warmup_share < 1 must hold, given {}", p.warmup_share);
  expects(p.warmup_epochs == 0 || p.warmup_share == 0, errc::train_parameter,
          "a warm-up has warmup_epochs or warmup_share, given both: {} and {}", p.warmup_epochs,
          p.warmup_share);
  expects(p.warmup_rate >= 0 && p.warmup_rate <= p.rate, errc::train_parameter,
          "0 <= warmup_rate <= rate must hold, given {} and {}", p.warmup_rate, p.rate);
  expects(p.factor > 0 && p.factor <= 1, errc::train_parameter,
          "0 < factor <= 1 must hold, given {}", p.factor);
  double last = 0;
  for (const double m : p.milestones) {
    expects(m > last && std::isfinite(m), errc::train_parameter,
            "milestones must be > 0 and ascending, given {} after {}", m, last);
    last = m;
  }
}

namespace detail {

/// From `from` at share 0 to `to` at share 1 along half a cosine.
[[nodiscard]] inline double half_cosine(double from, double to, double share) {
  return to + (from - to) * 0.5 * (1.0 + std::cos(std::numbers::pi * share));
}

/// Steps of the warm-up, may be a fraction.
[[nodiscard]] inline double warmup_steps(const schedule_params& p, const run_length& run) {
  return p.warmup_share > 0 ? p.warmup_share * static_cast<double>(run.steps())
                            : p.warmup_epochs * static_cast<double>(run.steps_per_epoch);
}

/// Smith and Topin (2019) as PyTorch's OneCycleLR has it with two phases: the first step has
/// warmup_rate and the very last has final_rate.
[[nodiscard]] inline double one_cycle_rate(const schedule_params& p, double step,
                                           const run_length& run) {
  const double top = warmup_steps(p, run) - 1;
  if (step <= top) return top > 0 ? half_cosine(p.warmup_rate, p.rate, step / top) : p.rate;
  const double from = std::max(top, 0.0);
  const double fall = static_cast<double>(run.steps()) - 1 - from;
  return half_cosine(p.rate, p.final_rate, fall > 0 ? std::min(1.0, (step - from) / fall) : 1.0);
}

[[nodiscard]] inline double stepped_rate(const schedule_params& p, double epoch) {
  double rate = p.rate;
  for (const double m : p.milestones)
    if (epoch >= m) rate *= p.factor;
  return rate;
}

}  // namespace detail

SWPRUNE_FUNCTION double learning_rate(const schedule_params& p, index_t step,
                                      const run_length& run) {
  const auto now = static_cast<double>(step);
  if (p.kind == schedule_kind::one_cycle) return detail::one_cycle_rate(p, now, run);
  const double warm = detail::warmup_steps(p, run);
  if (now < warm) return p.warmup_rate + (p.rate - p.warmup_rate) * (now / warm);
  if (p.kind == schedule_kind::constant) return p.rate;
  if (p.kind == schedule_kind::step)
    return detail::stepped_rate(p, now / static_cast<double>(run.steps_per_epoch));
  const double left = static_cast<double>(run.steps()) - warm;
  return detail::half_cosine(p.rate, p.final_rate, left > 0 ? (now - warm) / left : 1.0);
}

#endif

}  // namespace swprune::inline v0::train
