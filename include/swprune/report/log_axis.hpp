// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <cmath>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"

namespace swprune::inline v0::report {

/// Where a logarithmic scale may begin and end: at powers of ten, or also at 2 and 5 times these.
enum class log_ends { decades, steps };

/// A logarithmic scale from one round number to another.
class log_axis {
 public:
  /// Covers low..high, both in [1e-30, 1e30] with low <= high. Throws errc::report_value.
  log_axis(double low, double high, log_ends ends = log_ends::decades) {
    expects(low >= 1e-30 && high <= 1e30 && low <= high, errc::report_value,
            "a logarithmic axis needs 1e-30 <= low <= high <= 1e30, given {} and {}", low, high);
    first_ = std::floor(std::log10(low) + 1e-9);
    last_ = std::ceil(std::log10(high) - 1e-9);
    if (ends == log_ends::steps) narrow(std::log10(low), std::log10(high));
    if (first_ == last_) ++last_;
  }

  [[nodiscard]] double low() const { return std::pow(10.0, first_); }
  [[nodiscard]] double high() const { return std::pow(10.0, last_); }

  /// The powers of ten; every second, third, ... of them where there are more than ten. On a scale
  /// that ends at steps, of up to three decades, 2 and 5 times these as well.
  [[nodiscard]] std::vector<double> ticks() const {
    const double step = std::ceil((last_ - first_) / 10);
    std::vector<double> values;
    for (double k = std::floor(first_ + 1e-9); k <= last_ + 1e-9; k += step)
      for (const double part : {0.0, log_of_2, log_of_5})
        if ((part == 0 || (steps_ && last_ - first_ <= 3)) && k + part >= first_ - 1e-9 &&
            k + part <= last_ + 1e-9)
          values.push_back(std::pow(10.0, k + part));
    return values;
  }

  /// Share of the way from low() to high(), 0..1 inside; `value` > 0.
  [[nodiscard]] double share(double value) const {
    return (std::log10(value) - first_) / (last_ - first_);
  }

  /// A tick's label: "0.001", "1", "1000", "1e-05".
  [[nodiscard]] static std::string label(double value) { return fmt::format("{:.4g}", value); }

 private:
  static constexpr double log_of_2 = 0.30102999566398120;
  static constexpr double log_of_5 = 0.69897000433601880;

  /// Moves the ends inwards, to steps that still cover these exponents.
  void narrow(double low, double high) {
    steps_ = true;
    const double below = first_, above = last_ - 1;
    for (const double part : {log_of_2, log_of_5})
      if (below + part <= low + 1e-9) first_ = below + part;
    for (const double part : {log_of_5, log_of_2})
      if (above + part >= high - 1e-9) last_ = above + part;
  }

  double first_ = 0;  // exponents
  double last_ = 1;
  bool steps_ = false;
};

}  // namespace swprune::inline v0::report
