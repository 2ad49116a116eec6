// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report {

struct mask_raster_params {
  double size = 360;  ///< longer side of the grid in pixels, 40..4000
  /// Cluster of every output group, [Go], and of every input group, [Gi]; both empty: no clusters.
  /// Blocks within a cluster take its colour, blocks between clusters are dark.
  std::vector<index_t> row_clusters = {};
  std::vector<index_t> column_clusters = {};
};

namespace detail {

/// Live blocks of equal colour in a row are one rectangle: a mask of a wide layer stays small.
inline void draw_mask_row(svg& picture, const mask::layer_mask& m, const mask_raster_params& params,
                          index_t j, svg_point cell, svg_point corner) {
  const bool clustered = !params.row_clusters.empty();
  const auto colour = [&](index_t i) -> std::string {
    if (!clustered) return std::string(palette(0));
    const index_t row = params.row_clusters[static_cast<std::size_t>(j)];
    const bool inside = row == params.column_clusters[static_cast<std::size_t>(i)];
    return inside ? std::string(palette(row)) : "#323f4b";
  };
  for (index_t i = 0; i < m.in_groups();) {
    if (!m.blocks.test(j, i)) {
      ++i;
      continue;
    }
    index_t end = i + 1;
    while (end < m.in_groups() && m.blocks.test(j, end) && colour(end) == colour(i)) ++end;
    picture.rect(
        {corner.x + cell.x * static_cast<double>(i), corner.y + cell.y * static_cast<double>(j)},
        cell.x * static_cast<double>(end - i), cell.y, {.fill = colour(i)});
    i = end;
  }
}

}  // namespace detail

/// Picture of a mask: output groups downwards, input groups to the right, one cell per block.
/// Throws errc::report_value for a size out of range or clusters that are not one per group, and
/// what mask::check() throws.
[[nodiscard]] inline std::string mask_raster(const mask::layer_mask& m,
                                             const mask_raster_params& params = {}) {
  mask::check(m);
  expects(params.size >= 40 && params.size <= 4000, errc::report_value,
          "a raster needs 40 <= size <= 4000, given {}", params.size);
  const bool none = params.row_clusters.empty() && params.column_clusters.empty();
  expects(none || (std::ssize(params.row_clusters) == m.out_groups() &&
                   std::ssize(params.column_clusters) == m.in_groups()),
          errc::report_value,
          "layer '{}' has {} x {} groups, given clusters of {} rows and {} columns", m.name,
          m.out_groups(), m.in_groups(), params.row_clusters.size(), params.column_clusters.size());
  const auto rows = static_cast<double>(m.out_groups());
  const auto columns = static_cast<double>(m.in_groups());
  const double square = std::min(params.size / std::max(rows, columns), 24.0);
  // A layer far wider than high gets upright cells instead of a picture like a thread.
  const svg_point cell{std::clamp(params.size / 4 / columns, square, 24.0),
                       std::clamp(params.size / 4 / rows, square, 24.0)};
  const double high = cell.y * rows;
  const double wide = cell.x * columns;
  const std::string title =
      fmt::format("{}: {} x {} blocks of {} x {}, density {:.3f}", m.name, m.out_groups(),
                  m.in_groups(), m.block.outputs, m.block.inputs, m.density());
  const double width = std::max(wide + 48, 7.6 * static_cast<double>(title.size()) + 16);
  svg picture(width, high + 64, title);
  const svg_point corner{32, 34};
  picture.text({8, 20}, title, {.size = 13, .bold = true});
  picture.rect(corner, wide, high, {.fill = "#f3f5f7"});
  for (index_t j = 0; j < m.out_groups(); ++j)
    detail::draw_mask_row(picture, m, params, j, cell, corner);
  if (std::min(cell.x, cell.y) >= 5) {
    std::string grid;
    for (double i = 0; i <= columns; ++i)
      grid += fmt::format("M{0} {1}V{2}", svg::number(corner.x + cell.x * i), svg::number(corner.y),
                          svg::number(corner.y + high));
    for (double j = 0; j <= rows; ++j)
      grid += fmt::format("M{0} {1}H{2}", svg::number(corner.x), svg::number(corner.y + cell.y * j),
                          svg::number(corner.x + wide));
    picture.path(grid, {.stroke = "#ffffff", .width = 0.75});
  }
  picture.rect(corner, wide, high, {.stroke = "#9aa5b1", .width = 1});
  picture.text({corner.x + wide / 2, corner.y + high + 20}, "input groups",
               {.size = 12, .anchor = "middle", .fill = "#52606d"});
  if (high >= 84)
    picture.text({22, corner.y + high / 2}, "output groups",
                 {.size = 12, .anchor = "middle", .fill = "#52606d", .turn = -90});
  return picture.str();
}

}  // namespace swprune::inline v0::report
