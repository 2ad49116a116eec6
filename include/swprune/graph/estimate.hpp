// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>
#include <span>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::graph {

/// A number known from a sample.
struct estimate {
  double value = 0.0;
  double error = 0.0;   ///< standard error: 0 if all was measured, NaN if one sample says nothing
  index_t samples = 0;  ///< how many were drawn
};

/// Mean of `values` with its standard error sqrt((1 - m / N) s^2 / m), where m values of variance
/// s^2 (divided by m - 1) were drawn without replacement from a population of N, so that a complete
/// sample has error 0 (Cochran, Sampling Techniques, 2.6). population 0: N is infinite. At least
/// one value, and not more than the population; throws argument_out_of_range.
[[nodiscard]] SWPRUNE_FUNCTION estimate mean_estimate(std::span<const double> values,
                                                      index_t population = 0);

#if SWPRUNE_BODIES

namespace detail {

/// Share of the variance that is left when `samples` of `population` were drawn without
/// replacement; an infinite population is given as 0.
[[nodiscard]] inline double unseen_share(index_t samples, index_t population) {
  if (population == 0) return 1.0;
  return 1.0 - static_cast<double>(samples) / static_cast<double>(population);
}

}  // namespace detail

SWPRUNE_FUNCTION estimate mean_estimate(std::span<const double> values, index_t population) {
  const auto samples = static_cast<index_t>(values.size());
  expects(samples >= 1 && population >= 0 && (population == 0 || samples <= population),
          errc::argument_out_of_range,
          "a mean needs at least one value, and not more than the population, given {} of {}",
          samples, population);
  const auto m = static_cast<double>(samples);
  estimate e{.value = 0.0, .error = 0.0, .samples = samples};
  for (const double v : values) e.value += v;
  e.value /= m;
  const double unseen = detail::unseen_share(samples, population);
  if (unseen == 0.0) return e;
  double square = 0.0;
  for (const double v : values) square += (v - e.value) * (v - e.value);
  e.error = samples == 1 ? std::numeric_limits<double>::quiet_NaN()
                         : std::sqrt(unseen * square / (m - 1.0) / m);
  return e;
}

#endif

}  // namespace swprune::inline v0::graph
