// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/report/line_chart.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report {

/// One value per category, >= 0; bars of one colour.
struct bar_series {
  std::string name;
  std::vector<double> values;
};

struct bar_chart_params {
  std::string title = {};
  std::string y_label = {};
  double width = 520;   ///< pixels, 240..4000
  double height = 340;  ///< pixels, 160..4000
};

/// Bars side by side, one group per category, with values and legend. Throws errc::report_value for
/// sizes out of range, a series that has not one value per category, and a value that is negative
/// or not finite.
[[nodiscard]] SWPRUNE_FUNCTION std::string bar_chart(const std::vector<std::string>& categories,
                                                     const std::vector<bar_series>& series,
                                                     const bar_chart_params& params);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::string bar_chart(const std::vector<std::string>& categories,
                                       const std::vector<bar_series>& series,
                                       const bar_chart_params& params) {
  line_chart_params{.width = params.width, .height = params.height}.validate();
  detail::value_range ys;
  ys.take(0);
  for (const bar_series& s : series) {
    expects(s.values.size() == categories.size(), errc::report_value,
            "bars '{}' have {} values for {} categories", s.name, s.values.size(),
            categories.size());
    for (const double v : s.values) {
      expects(std::isfinite(v) && v >= 0, errc::report_value,
              "bars '{}' have the value {}, must be finite and >= 0", s.name, v);
      ys.take(v);
    }
  }
  svg picture(params.width, params.height, params.title);
  const axis y = detail::value_axis(ys, 0.0, ys.high > 0 ? ys.high * 1.04 : 1.0);
  detail::chart_frame frame(picture, params.width, params.height, y);
  frame.draw(params.title, "", params.y_label);
  const double group = frame.plot_width() / std::max(1.0, static_cast<double>(categories.size()));
  const double bar = 0.8 * group / std::max(1.0, static_cast<double>(series.size()));
  for (std::size_t c = 0; c < categories.size(); ++c) {
    const double x0 = detail::chart_frame::left + group * static_cast<double>(c);
    frame.x_tick(x0 + group / 2, categories[c]);
    for (std::size_t k = 0; k < series.size(); ++k) {
      const double v = series[k].values[c];
      const double x = x0 + 0.1 * group + bar * static_cast<double>(k);
      picture.rect({x, frame.at_y(v)}, std::max(bar - 2, 0.5), frame.at_y(0) - frame.at_y(v),
                   {.fill = std::string(palette(static_cast<index_t>(k)))});
      if (bar >= 26)
        picture.text({x + bar / 2 - 1, frame.at_y(v) - 4}, short_number(v),
                     {.size = 11, .anchor = "middle"});
    }
  }
  for (std::size_t k = series.size(); k-- > 0;)
    frame.legend(series[k].name,
                 {.stroke = std::string(palette(static_cast<index_t>(k))), .width = 8});
  return picture.str();
}

#endif

}  // namespace swprune::inline v0::report
