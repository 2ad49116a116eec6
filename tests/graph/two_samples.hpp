// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether two samples of numbers have the same mean.

#include <cmath>
#include <vector>

namespace swprune_test {

struct moments {
  double mean = 0.0;
  double error = 0.0;  ///< standard error of the mean
};

inline moments moments_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  moments m;
  for (const double v : values) m.mean += v / n;
  double square = 0.0;
  for (const double v : values) square += (v - m.mean) * (v - m.mean) / (n - 1.0);
  m.error = std::sqrt(square / n);
  return m;
}

/// |difference of the means| in standard errors. 3.3 and more comes once in 1000 by chance. Samples
/// that do not vary are 0 apart if they are equal, else infinitely far.
inline double mean_distance(const std::vector<double>& a, const std::vector<double>& b) {
  const moments x = moments_of(a);
  const moments y = moments_of(b);
  const double error = std::hypot(x.error, y.error);
  return x.mean == y.mean ? 0.0 : std::abs(x.mean - y.mean) / error;
}

}  // namespace swprune_test
