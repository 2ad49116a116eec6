// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/report/axis.hpp"
#include "swprune/report/detail/log_frame.hpp"
#include "swprune/report/line_chart.hpp"
#include "swprune/report/scatter_chart.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report {

struct roofline_params {
  std::string title = {};
  double peak = 1;       ///< GOPS with every multiplier at work in every cycle, > 0
  double bandwidth = 1;  ///< gigabytes per second of the bus, > 0
  double width = 520;    ///< pixels, 240..4000
  double height = 340;   ///< pixels, 160..4000
};

namespace detail {

/// The axes cover the points and where the two roofs meet, with room to both sides.
inline void cover_roofs(const roofline_params& p, value_range& xs, value_range& ys) {
  const double ridge = p.peak / p.bandwidth;
  xs.take(std::max(ridge / 8, 1e-30));
  xs.take(std::min(ridge * 8, 1e30));
  ys.take(std::max(p.peak / 8, 1e-30));
  ys.take(std::min(p.peak * 1.4, 1e30));  // for the word above the roof
}

/// Both roofs with their words. The slope begins where it enters the frame.
inline void draw_roofs(svg& picture, const log_frame& frame, const roofline_params& p) {
  const double from = std::max(frame.x().low(), frame.y().low() / p.bandwidth);
  const double ridge = p.peak / p.bandwidth;
  const std::vector<svg_point> roof{frame.at(from, from * p.bandwidth), frame.at(ridge, p.peak),
                                    frame.at(frame.x().high(), p.peak)};
  picture.polyline(roof, {.stroke = "#1f2933", .width = 2});
  picture.text({frame.right_edge() - 6, roof[1].y - 10},
               fmt::format("{} GOPS", short_number(p.peak)), {.size = 12, .anchor = "end"});
  const double along = std::atan2(roof[1].y - roof[0].y, roof[1].x - roof[0].x);
  const svg_point middle{(roof[0].x + roof[1].x) / 2 + 8 * std::sin(along),
                         (roof[0].y + roof[1].y) / 2 - 8 * std::cos(along)};
  picture.text(middle, fmt::format("{} GB/s", short_number(p.bandwidth)),
               {.size = 12, .anchor = "middle", .turn = along * 180 / std::numbers::pi});
}

}  // namespace detail

/// A roofline (Williams, Waterman and Patterson, CACM 2009): giga-operations per second over
/// operations per byte, both logarithmic, under the roof that bus and multipliers make:
/// min(bandwidth * x, peak). The first series lies on top. Throws errc::report_value for sizes out
/// of range, a peak or bandwidth outside [1e-9, 1e9], and for series as scatter_chart().
[[nodiscard]] inline std::string roofline_chart(const std::vector<scatter_series>& series,
                                                const roofline_params& params) {
  line_chart_params{.width = params.width, .height = params.height}.validate();
  for (const double roof : {params.peak, params.bandwidth})
    expects(roof >= 1e-9 && roof <= 1e9, errc::report_value,
            "peak and bandwidth of a roofline must lie in [1e-9, 1e9], given {} and {}",
            params.peak, params.bandwidth);
  detail::value_range xs, ys;
  detail::take_points(series, xs, ys);
  detail::cover_roofs(params, xs, ys);
  svg picture(params.width, params.height, params.title);
  detail::log_frame frame(picture, detail::log_scale(xs), detail::log_scale(ys));
  frame.draw(params.title, "operations per byte fetched", "GOPS");
  detail::draw_roofs(picture, frame, params);
  detail::draw_points(picture, frame, series);
  return picture.str();
}

}  // namespace swprune::inline v0::report
