// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/report/axis.hpp"
#include "swprune/report/detail/value_range.hpp"
#include "swprune/report/log_axis.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report {

/// One line: y over x, equally many. A y that is NaN is a gap.
struct line_series {
  std::string name = {};
  std::vector<double> x = {};
  std::vector<double> y = {};
  bool dashed = false;
};

struct line_chart_params {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  double width = 520;                 ///< pixels, 240..4000
  double height = 340;                ///< pixels, 160..4000
  std::optional<double> y_low = {};   ///< fixed lower end of the y axis, else from the data
  std::optional<double> y_high = {};  ///< fixed upper end
  bool log_x = false;                 ///< logarithmic x axis: every x drawn must be > 0

  /// Throws errc::report_value unless 240 <= width <= 4000 and 160 <= height <= 4000.
  void validate() const {
    expects(width >= 240 && width <= 4000 && height >= 160 && height <= 4000, errc::report_value,
            "a chart needs 240 <= width <= 4000 and 160 <= height <= 4000, given {} x {}", width,
            height);
  }
};

/// Lines with axes, grid and legend. Points that are not finite are gaps; no series, or empty ones,
/// give the bare axes. Throws errc::report_value for sizes out of range, for a series whose x and y
/// are not equally many, and for x outside [1e-30, 1e30] on a logarithmic axis.
[[nodiscard]] SWPRUNE_FUNCTION std::string line_chart(const std::vector<line_series>& series,
                                                      const line_chart_params& params);

#if SWPRUNE_BODIES

namespace detail {

/// The frame that charts share: title, axes with ticks and grid, labels. Maps values to pixels.
class chart_frame {
 public:
  static constexpr double left = 64, right = 18, top = 40, bottom = 48;

  chart_frame(svg& picture, double width, double height, const axis& y)
      : picture_(picture), width_(width), height_(height), y_(y) {}

  [[nodiscard]] double plot_width() const { return width_ - left - right; }
  [[nodiscard]] double at_y(double value) const {
    return height_ - bottom - y_.share(value) * (height_ - top - bottom);
  }
  void draw(const std::string& title, const std::string& x_label, const std::string& y_label) {
    picture_.text({left, 24}, title, {.size = 15, .bold = true});
    for (const double tick : y_.ticks()) {
      picture_.line({left, at_y(tick)}, {width_ - right, at_y(tick)},
                    {.stroke = "#e1e6eb", .width = 1});
      picture_.text({left - 8, at_y(tick) + 4}, y_.label(tick),
                    {.size = 12, .anchor = "end", .fill = "#52606d"});
    }
    picture_.line({left, height_ - bottom}, {width_ - right, height_ - bottom},
                  {.stroke = "#7b8794", .width = 1});
    picture_.text({left + plot_width() / 2, height_ - 10}, x_label,
                  {.size = 12, .anchor = "middle", .fill = "#52606d"});
    picture_.text({16, top + (height_ - top - bottom) / 2}, y_label,
                  {.size = 12, .anchor = "middle", .fill = "#52606d", .turn = -90});
  }
  void x_tick(double x, const std::string& label) {
    picture_.line({x, height_ - bottom}, {x, height_ - bottom + 4},
                  {.stroke = "#7b8794", .width = 1});
    picture_.text({x, height_ - bottom + 18}, label,
                  {.size = 12, .anchor = "middle", .fill = "#52606d"});
  }
  /// One entry of the legend, right of the title; entries are placed from the right.
  void legend(const std::string& name, const svg_style& style) {
    const double wide = 34 + 7.0 * static_cast<double>(name.size());
    legend_end_ -= wide;
    const double x = width_ - right + legend_end_;
    picture_.line({x, 20}, {x + 20, 20}, style);
    picture_.text({x + 25, 24}, name, {.size = 12});
  }

 private:
  svg& picture_;
  double width_;
  double height_;
  axis y_;
  double legend_end_ = 0;
};

/// The axis that fixed ends and data ask for; 0..1 without data.
[[nodiscard]] inline axis value_axis(const value_range& data, std::optional<double> low,
                                     std::optional<double> high) {
  double from = low.value_or(data.empty() ? std::min(0.0, high.value_or(0.0)) : data.low);
  double to = high.value_or(data.empty() ? from + 1 : data.high);
  if (from > to && !low) from = to;
  if (from > to && !high) to = from;
  return {from, to};
}

/// Where the x axis puts its ticks and values: a linear or a logarithmic scale.
class x_scale {
 public:
  x_scale(const value_range& data, bool logarithmic)
      : logarithmic_(logarithmic),
        linear_(value_axis(logarithmic ? value_range{} : data, {}, {})),
        log_(data.empty() || !logarithmic ? log_axis(0.1, 1) : log_axis(data.low, data.high)) {}

  [[nodiscard]] double share(double v) const {
    return logarithmic_ ? log_.share(v) : linear_.share(v);
  }
  [[nodiscard]] std::vector<double> ticks() const {
    return logarithmic_ ? log_.ticks() : linear_.ticks();
  }
  [[nodiscard]] std::string label(double v) const {
    return logarithmic_ ? log_axis::label(v) : linear_.label(v);
  }

 private:
  bool logarithmic_;
  axis linear_;
  log_axis log_;
};

}  // namespace detail

SWPRUNE_FUNCTION std::string line_chart(const std::vector<line_series>& series,
                                        const line_chart_params& params) {
  params.validate();
  detail::value_range xs, ys;
  for (const line_series& s : series) {
    expects(s.x.size() == s.y.size(), errc::report_value,
            "line '{}' has {} x and {} y values, expected equally many", s.name, s.x.size(),
            s.y.size());
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!std::isfinite(s.x[i]) || !std::isfinite(s.y[i])) continue;
      xs.take(s.x[i]);
      ys.take(s.y[i]);
    }
  }
  const axis y = detail::value_axis(ys, params.y_low, params.y_high);
  const detail::x_scale x(xs, params.log_x);
  svg picture(params.width, params.height, params.title);
  detail::chart_frame frame(picture, params.width, params.height, y);
  frame.draw(params.title, params.x_label, params.y_label);
  const auto at_x = [&](double v) {
    return detail::chart_frame::left + x.share(v) * frame.plot_width();
  };
  for (const double tick : x.ticks()) frame.x_tick(at_x(tick), x.label(tick));
  for (std::size_t k = series.size(); k-- > 0;) {
    const line_series& s = series[k];
    const svg_style style{
        .stroke = std::string(palette(static_cast<index_t>(k))), .width = 2, .dashed = s.dashed};
    frame.legend(s.name, style);
    std::vector<svg_point> run;
    const auto flush = [&] {
      if (run.size() > 1) picture.polyline(run, style);
      if (run.size() <= 40)
        for (const svg_point& p : run) picture.circle(p, 2.5, {.fill = style.stroke});
      run.clear();
    };
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (!std::isfinite(s.x[i]) || !std::isfinite(s.y[i])) {
        flush();
        continue;
      }
      // A fixed axis cuts values off at its ends rather than drawing over the title.
      run.push_back({at_x(s.x[i]), frame.at_y(std::clamp(s.y[i], y.low(), y.high()))});
    }
    flush();
  }
  return picture.str();
}

#endif

}  // namespace swprune::inline v0::report
