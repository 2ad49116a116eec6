// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/report/detail/log_frame.hpp"
#include "swprune/report/line_chart.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report {

/// Points of one colour: y over x, equally many, all in [1e-30, 1e30].
struct scatter_series {
  std::string name = {};
  std::vector<double> x = {};
  std::vector<double> y = {};
  bool faint = false;  ///< small and grey, for what the others stand out from
};

struct scatter_chart_params {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  double width = 520;   ///< pixels, 240..4000
  double height = 340;  ///< pixels, 160..4000
};

namespace detail {

/// Widens the ranges by all points.
inline void take_points(const std::vector<scatter_series>& series, value_range& xs,
                        value_range& ys) {
  for (const scatter_series& s : series) {
    expects(s.x.size() == s.y.size(), errc::report_value,
            "points '{}' have {} x and {} y values, expected equally many", s.name, s.x.size(),
            s.y.size());
    for (const double v : s.x) xs.take(log_value(v));
    for (const double v : s.y) ys.take(log_value(v));
  }
}

/// Points and legend, the first series last and so on top.
inline void draw_points(svg& picture, log_frame& frame, const std::vector<scatter_series>& series) {
  index_t colour = 0;
  std::vector<std::string> colours;
  for (const scatter_series& s : series)
    colours.emplace_back(s.faint ? "#b4bec8" : palette(colour++));
  for (std::size_t k = series.size(); k-- > 0;) {
    const scatter_series& s = series[k];
    frame.legend(s.name, colours[k]);
    for (std::size_t i = 0; i < s.x.size(); ++i)
      picture.circle(frame.at(s.x[i], s.y[i]), s.faint ? 2.5 : 4, {.fill = colours[k]});
  }
}

}  // namespace detail

/// Points on two logarithmic axes; the first series lies on top. Throws errc::report_value for
/// sizes out of range, for a series whose x and y are not equally many, and for values outside
/// [1e-30, 1e30].
[[nodiscard]] inline std::string scatter_chart(const std::vector<scatter_series>& series,
                                               const scatter_chart_params& params) {
  line_chart_params{.width = params.width, .height = params.height}.validate();
  detail::value_range xs, ys;
  detail::take_points(series, xs, ys);
  svg picture(params.width, params.height, params.title);
  detail::log_frame frame(picture, detail::log_scale(xs), detail::log_scale(ys));
  frame.draw(params.title, params.x_label, params.y_label);
  detail::draw_points(picture, frame, series);
  return picture.str();
}

}  // namespace swprune::inline v0::report
