// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report {

/// One layer of a density chart.
struct density_bar {
  std::string name;
  index_t kept = 0;    ///< weights that exist, in [0, all]
  index_t all = 1;     ///< weights of the dense layer, >= 1
  bool dense = false;  ///< kept dense on purpose: drawn in another colour
};

struct density_chart_params {
  std::string title = {};
  double width = 900;   ///< pixels, 240..4000
  double height = 300;  ///< pixels, 160..4000
};

namespace detail {

/// `text`, or if it has more than `most` >= 3 characters, its two ends around an ellipsis: long
/// names of layers differ at their ends. Cuts UTF-8 between characters only.
[[nodiscard]] SWPRUNE_FUNCTION std::string shortened(std::string_view text, index_t most);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::string shortened(std::string_view text, index_t most) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0u) != 0x80u) starts.push_back(i);
  if (std::ssize(starts) <= std::max<index_t>(most, 3)) return std::string(text);
  const auto tail = static_cast<std::size_t>(std::max<index_t>(most, 3) / 2);
  const auto head = static_cast<std::size_t>(std::max<index_t>(most, 3)) - 1 - tail;
  return std::string(text.substr(0, starts[head])) + "\xe2\x80\xa6" +
         std::string(text.substr(starts[starts.size() - tail]));
}

/// Draws one chart; all lengths in pixels.
class density_painter {
 public:
  density_painter(svg& picture, const std::vector<density_bar>& bars,
                  const density_chart_params& params)
      : picture_(picture), bars_(bars), params_(params) {}

  void draw() {
    picture_.text({left, 22}, params_.title, {.size = 15, .bold = true});
    legend();
    for (const int percent : {0, 25, 50, 75, 100}) {
      const double y = at(percent / 100.0);
      picture_.line({left, y}, {params_.width - right, y}, {.stroke = "#e1e6eb", .width = 1});
      picture_.text({left - 8, y + 4}, fmt::format("{} %", percent),
                    {.size = 12, .anchor = "end", .fill = "#52606d"});
    }
    for (index_t b = 0; b < std::ssize(bars_); ++b) bar(b);
  }

 private:
  static constexpr double left = 56, right = 12, top = 36;

  /// Names fit side by side below the bars; else they stand upright.
  [[nodiscard]] bool flat() const { return pitch() >= 64; }
  [[nodiscard]] double at(double share) const {
    const double bottom = flat() ? 28 : 102;
    return params_.height - bottom - share * (params_.height - top - bottom);
  }
  [[nodiscard]] double pitch() const {
    return (params_.width - left - right) /
           static_cast<double>(std::max<std::size_t>(1, bars_.size()));
  }
  void legend() {
    double x = params_.width - right;
    const auto entry = [&](std::string_view words, std::string_view colour) {
      x -= 24 + 6.6 * static_cast<double>(words.size());
      picture_.rect({x, 13}, 11, 11, {.fill = std::string(colour)});
      picture_.text({x + 15, 23}, words, {.size = 12});
    };
    entry("pruned", pruned);
    entry("kept dense", dense);
    entry("kept", palette(0));
  }
  void bar(index_t index) {
    const density_bar& b = bars_[static_cast<std::size_t>(index)];
    const double share = static_cast<double>(b.kept) / static_cast<double>(b.all);
    const double wide = std::clamp(0.78 * pitch(), 0.5, 48.0);
    const double middle = left + pitch() * (static_cast<double>(index) + 0.5);
    const double x = middle - wide / 2;
    picture_.rect({x, at(1)}, wide, at(share) - at(1), {.fill = std::string(pruned)});
    picture_.rect({x, at(share)}, wide, at(0) - at(share),
                  {.fill = std::string(b.dense ? dense : palette(0))});
    if (pitch() >= 30)
      picture_.text({middle, at(share) + (share > 0.9 ? 14 : -4)},
                    fmt::format("{:.3g}", 100 * share),
                    {.size = 11, .anchor = "middle", .fill = share > 0.9 ? "#ffffff" : "#1f2933"});
    // Names side by side where they fit, else upright, and only as many as can be read.
    const auto every = static_cast<index_t>(std::max(1.0, 10.0 / pitch() + 0.999));
    if (index % every != 0) return;
    const std::string words = shortened(b.name, flat() ? static_cast<index_t>(pitch() / 6.6) : 17);
    if (flat()) {
      picture_.text({middle, at(0) + 16}, words, {.size = 11, .anchor = "middle"});
    } else {
      picture_.text({middle + 3.5, at(0) + 8}, words, {.size = 10, .anchor = "end", .turn = -90});
    }
  }

  static constexpr std::string_view pruned = "#dfe5ec";
  static constexpr std::string_view dense = "#7b8794";

  svg& picture_;
  const std::vector<density_bar>& bars_;
  const density_chart_params& params_;
};

#endif

}  // namespace detail

/// How much of every layer is left: one bar per layer, in order, kept weights below, pruned ones
/// above. Throws errc::report_value for sizes out of range and for a bar with all < 1 or kept
/// outside [0, all].
[[nodiscard]] SWPRUNE_FUNCTION svg draw_density_chart(const std::vector<density_bar>& bars,
                                                      const density_chart_params& params = {});

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION svg draw_density_chart(const std::vector<density_bar>& bars,
                                        const density_chart_params& params) {
  expects(
      params.width >= 240 && params.width <= 4000 && params.height >= 160 && params.height <= 4000,
      errc::report_value,
      "a chart needs 240 <= width <= 4000 and 160 <= height <= 4000, given {} x {}", params.width,
      params.height);
  for (const density_bar& b : bars)
    expects(b.all >= 1 && b.kept >= 0 && b.kept <= b.all, errc::report_value,
            "layer '{}' keeps {} of {} weights, must keep between 0 and all of at least 1", b.name,
            b.kept, b.all);
  svg picture(params.width, params.height, params.title);
  detail::density_painter(picture, bars, params).draw();
  return picture;
}

#endif

/// draw_density_chart() as the text of an SVG file.
[[nodiscard]] inline std::string density_chart(const std::vector<density_bar>& bars,
                                               const density_chart_params& params = {}) {
  return draw_density_chart(bars, params).str();
}

}  // namespace swprune::inline v0::report
