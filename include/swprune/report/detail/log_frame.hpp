// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>

#include "swprune/core/error.hpp"
#include "swprune/report/axis.hpp"
#include "swprune/report/detail/value_range.hpp"
#include "swprune/report/log_axis.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report::detail {

/// `v` itself; throws errc::report_value unless it lies in [1e-30, 1e30].
[[nodiscard]] inline double log_value(double v) {
  expects(v >= 1e-30 && v <= 1e30, errc::report_value,
          "a value on a logarithmic axis must lie in [1e-30, 1e30], given {}", v);
  return v;
}

/// The axis for a range; 1..10 without data.
[[nodiscard]] inline log_axis log_scale(const value_range& data) {
  return data.empty() ? log_axis(1, 10) : log_axis(data.low, data.high, log_ends::steps);
}

/// The frame of charts with two logarithmic axes: title, grid, labels. Maps values to pixels.
class log_frame {
 public:
  static constexpr double left = 64, right = 22, top = 58, bottom = 48;

  log_frame(svg& picture, const log_axis& x, const log_axis& y) : picture_(picture), x_(x), y_(y) {}

  [[nodiscard]] const log_axis& x() const { return x_; }
  [[nodiscard]] const log_axis& y() const { return y_; }
  [[nodiscard]] double right_edge() const { return picture_.width() - right; }
  [[nodiscard]] double bottom_edge() const { return picture_.height() - bottom; }
  [[nodiscard]] svg_point at(double x, double y) const {
    return {left + x_.share(x) * (right_edge() - left),
            bottom_edge() - y_.share(y) * (bottom_edge() - top)};
  }

  void draw(const std::string& title, const std::string& x_label, const std::string& y_label) {
    const svg_text_style soft{.size = 12, .anchor = "middle", .fill = "#52606d"};
    picture_.text({left, 22}, title, {.size = 15, .bold = true});
    for (const double tick : x_.ticks()) {
      const double x = at(tick, y_.low()).x;
      picture_.line({x, top}, {x, bottom_edge()}, {.stroke = "#e1e6eb"});
      picture_.text({x, bottom_edge() + 18}, short_number(tick), soft);
    }
    for (const double tick : y_.ticks()) {
      const double y = at(x_.low(), tick).y;
      picture_.line({left, y}, {right_edge(), y}, {.stroke = "#e1e6eb"});
      picture_.text({left - 8, y + 4}, short_number(tick),
                    {.size = 12, .anchor = "end", .fill = soft.fill});
    }
    picture_.text({(left + right_edge()) / 2, picture_.height() - 10}, x_label, soft);
    picture_.text({16, (top + bottom_edge()) / 2}, y_label,
                  {.size = 12, .anchor = "middle", .fill = soft.fill, .turn = -90});
  }

  /// One entry of the legend, a dot and its name, in the line under the title, from the right.
  void legend(const std::string& name, const std::string& colour) {
    legend_end_ -= 24 + 6.8 * static_cast<double>(name.size());
    const double x = right_edge() + legend_end_;
    picture_.circle({x + 4, 40}, 4, {.fill = colour});
    picture_.text({x + 12, 44}, name, {.size = 12});
  }

 private:
  svg& picture_;
  log_axis x_;
  log_axis y_;
  double legend_end_ = 12;
};

}  // namespace swprune::inline v0::report::detail
