// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <cmath>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"

namespace swprune::inline v0::report {

/// A logarithmic scale from one power of ten to another.
class log_axis {
 public:
  /// Covers low..high, both in [1e-30, 1e30] with low <= high, in whole decades. Throws
  /// errc::report_value.
  log_axis(double low, double high) {
    expects(low >= 1e-30 && high <= 1e30 && low <= high, errc::report_value,
            "a logarithmic axis needs 1e-30 <= low <= high <= 1e30, given {} and {}", low, high);
    first_ = std::floor(std::log10(low) + 1e-9);
    last_ = std::ceil(std::log10(high) - 1e-9);
    if (first_ == last_) ++last_;
  }

  [[nodiscard]] double low() const { return std::pow(10.0, first_); }
  [[nodiscard]] double high() const { return std::pow(10.0, last_); }

  /// The powers of ten; every second, third, ... of them where there are more than ten.
  [[nodiscard]] std::vector<double> ticks() const {
    const double step = std::ceil((last_ - first_) / 10);
    std::vector<double> values;
    for (double k = first_; k <= last_; k += step) values.push_back(std::pow(10.0, k));
    return values;
  }

  /// Share of the way from low() to high(), 0..1 inside; `value` > 0.
  [[nodiscard]] double share(double value) const {
    return (std::log10(value) - first_) / (last_ - first_);
  }

  /// A tick's label: "0.001", "1", "1000", "1e-05".
  [[nodiscard]] static std::string label(double value) { return fmt::format("{:.4g}", value); }

 private:
  double first_ = 0;  // exponents
  double last_ = 1;
};

}  // namespace swprune::inline v0::report
