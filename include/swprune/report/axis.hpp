// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::report {

/// A number in four digits at most, with k, M, G for thousands: "1.5M", "40.2k", "-3", "0.25".
[[nodiscard]] SWPRUNE_FUNCTION std::string short_number(double v);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::string short_number(double v) {
  const double size = std::abs(v);
  if (size >= 1e13) return fmt::format("{:.3g}", v);
  if (size >= 1e9) return fmt::format("{:.4g}G", v / 1e9);
  if (size >= 1e6) return fmt::format("{:.4g}M", v / 1e6);
  if (size >= 1e4) return fmt::format("{:.4g}k", v / 1e3);
  return fmt::format("{:.4g}", v == 0 ? 0.0 : v);
}

#endif

/// A linear scale whose ends and ticks are round numbers: 1, 2 or 5 times a power of ten.
class axis {
 public:
  /// Covers low..high with about `ticks` steps. Both ends must be finite with low <= high; a range
  /// of one value is widened. Throws errc::report_value.
  axis(double low, double high, int ticks = 5) {
    expects(std::isfinite(low) && std::isfinite(high) && low <= high && std::abs(low) < 1e300 &&
                std::abs(high) < 1e300,
            errc::report_value, "an axis needs finite ends with low <= high, given {} and {}", low,
            high);
    // Below a billionth of the values a range is only rounding: ticks would not differ in print.
    const double least = std::max({std::abs(low), std::abs(high), 1e-290}) * 1e-9;
    if (high - low < least) {
      const double pad = low == 0 && high == 0 ? 0.5 : std::max(std::abs(low), std::abs(high)) / 2;
      low -= pad;
      high += pad;
    }
    step_ = round_step((high - low) / std::max(ticks, 1));
    first_ = std::floor(low / step_ + 1e-9);
    last_ = std::ceil(high / step_ - 1e-9);
  }

  [[nodiscard]] double low() const { return first_ * step_; }
  [[nodiscard]] double high() const { return last_ * step_; }
  [[nodiscard]] std::vector<double> ticks() const {
    std::vector<double> values;
    for (double k = first_; k <= last_; ++k) values.push_back(k * step_);
    return values;
  }
  /// Share of the way from low() to high(), 0..1 inside.
  [[nodiscard]] double share(double value) const { return (value - low()) / (high() - low()); }

  /// A tick's label, with as many decimals as the step needs.
  [[nodiscard]] std::string label(double value) const {
    const double largest = std::max(std::abs(low()), std::abs(high()));
    if (largest >= 1e4) return short_number(value);
    if (step_ < 1e-4) return fmt::format("{:.4g}", value == 0 ? 0.0 : value);
    const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step_) - 1e-9)));
    const std::string text = fmt::format("{:.{}f}", value, decimals);
    return text.find_first_not_of("-0.") == std::string::npos && text[0] == '-' ? text.substr(1)
                                                                                : text;
  }

 private:
  [[nodiscard]] static double round_step(double rough) {
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0})
      if (factor * power >= rough * (1 - 1e-9)) return factor * power;
    return 10 * power;
  }

  double step_ = 1;
  double first_ = 0;  // in steps
  double last_ = 1;
};

}  // namespace swprune::inline v0::report
