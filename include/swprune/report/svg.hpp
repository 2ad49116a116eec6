// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <string_view>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/report/xml.hpp"

namespace swprune::inline v0::report {

/// A position in a picture: pixels from the upper left corner.
struct svg_point {
  double x = 0;
  double y = 0;
};

/// How a shape is drawn; colours in CSS's words.
struct svg_style {
  std::string fill = "none";
  std::string stroke = "none";
  double width = 1;    ///< of the stroke, pixels
  double opacity = 1;  ///< 0..1
  bool dashed = false;
};

/// Where a text stands and how.
struct svg_text_style {
  double size = 13;              ///< pixels
  std::string anchor = "start";  ///< start, middle or end
  std::string fill = "#1f2933";
  bool bold = false;
  double turn = 0;  ///< degrees, clockwise
};

/// Colours that stay apart for people who do not see red and green (after Okabe and Ito, 2008);
/// repeats after eight.
[[nodiscard]] inline std::string_view palette(index_t i) {
  constexpr std::array<std::string_view, 8> colours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                       "#e69f00", "#56b4e9", "#7a5195", "#5c6770"};
  return colours[static_cast<std::size_t>(floor_mod(i, 8))];
}

/// Collects shapes and gives a stand-alone SVG 1.1 picture on a white ground, which may also stand
/// inside an HTML page. Always well-formed: texts are escaped and numbers that are not finite are
/// refused with errc::report_value.
class svg {
 public:
  /// `width` and `height` in pixels, 1..100,000; `title` is read out by screen readers.
  svg(double width, double height, std::string_view title)
      : width_(width), height_(height), title_(xml_escape(title)) {
    expects(width >= 1 && width <= 100'000 && height >= 1 && height <= 100'000, errc::report_value,
            "a picture needs 1 <= width, height <= 100,000, given {} x {}", width, height);
  }

  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] double height() const { return height_; }

  void rect(svg_point corner, double width, double height, const svg_style& style) {
    body_ +=
        fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}/>\n", number(corner.x),
                    number(corner.y), number(width), number(height), attributes(style));
  }
  void circle(svg_point centre, double radius, const svg_style& style) {
    body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>\n", number(centre.x),
                         number(centre.y), number(radius), attributes(style));
  }
  void line(svg_point from, svg_point to, const svg_style& style) {
    body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{}/>\n", number(from.x),
                         number(from.y), number(to.x), number(to.y), attributes(style));
  }
  void polyline(std::span<const svg_point> points, const svg_style& style) {
    std::string list;
    for (const svg_point& p : points)
      list += fmt::format("{}{},{}", list.empty() ? "" : " ", number(p.x), number(p.y));
    body_ += fmt::format("<polyline points=\"{}\"{} stroke-linejoin=\"round\"/>\n", list,
                         attributes(style));
  }
  /// Quadratic curve.
  void curve(svg_point from, svg_point control, svg_point to, const svg_style& style) {
    body_ += fmt::format("<path d=\"M{} {}Q{} {} {} {}\"{}/>\n", number(from.x), number(from.y),
                         number(control.x), number(control.y), number(to.x), number(to.y),
                         attributes(style));
  }
  /// Any path, from numbers that the caller formatted with number().
  void path(std::string_view data, const svg_style& style) {
    body_ += fmt::format("<path d=\"{}\"{}/>\n", xml_escape(data), attributes(style));
  }
  void text(svg_point at, std::string_view words, const svg_text_style& style = {}) {
    std::string turn;
    if (style.turn != 0)
      turn = fmt::format(" transform=\"rotate({} {} {})\"", number(style.turn), number(at.x),
                         number(at.y));
    body_ += fmt::format(
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\" fill=\"{}\"{}{}>{}</text>\n",
        number(at.x), number(at.y), number(style.size), xml_escape(style.anchor),
        xml_escape(style.fill), style.bold ? " font-weight=\"600\"" : "", turn, xml_escape(words));
  }

  /// Another picture, with its upper left corner at `corner`; its title is read out with it.
  void add(const svg& picture, svg_point corner) {
    body_ += fmt::format("<g transform=\"translate({} {})\">\n<title>{}</title>\n{}</g>\n",
                         number(corner.x), number(corner.y), picture.title_, picture.body_);
  }
  /// A path in cells of a grid: one unit is `cell` pixels, the origin stands at `corner`. Many
  /// small cells cost a few bytes each this way. Edges fall on whole pixels where cells are small.
  void cells(std::string_view data, svg_point corner, svg_point cell, const svg_style& style) {
    expects(std::isfinite(cell.x) && std::isfinite(cell.y), errc::report_value,
            "a cell must have finite sides, given {} x {}", cell.x, cell.y);
    body_ += fmt::format(
        "<path transform=\"translate({} {}) scale({:.5g} {:.5g})\" d=\"{}\"{}{}/>\n",
        number(corner.x), number(corner.y), cell.x, cell.y, xml_escape(data), attributes(style),
        std::min(cell.x, cell.y) < 4 ? " shape-rendering=\"crispEdges\"" : "");
  }

  /// The picture.
  [[nodiscard]] std::string str() const {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" role=\"img\" "
        "font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif\">\n"
        "<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n{3}</svg>\n",
        number(width_), number(height_), title_, body_);
  }

  /// A coordinate: at most two decimals, no trailing zeros, the same in every locale.
  [[nodiscard]] static std::string number(double value) {
    expects(std::isfinite(value) && std::abs(value) < 1e9, errc::report_value,
            "a coordinate must be finite and below 1e9, given {}", value);
    std::string text = fmt::format("{:.2f}", value);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text == "-0" ? "0" : text;
  }

 private:
  [[nodiscard]] static std::string attributes(const svg_style& s) {
    std::string text = fmt::format(" fill=\"{}\"", xml_escape(s.fill));
    if (s.stroke != "none")
      text +=
          fmt::format(" stroke=\"{}\" stroke-width=\"{}\"", xml_escape(s.stroke), number(s.width));
    if (s.opacity < 1) text += fmt::format(" opacity=\"{}\"", number(s.opacity));
    if (s.dashed) text += " stroke-dasharray=\"5 4\"";
    return text;
  }

  double width_;
  double height_;
  std::string title_;
  std::string body_;
};

}  // namespace swprune::inline v0::report
