// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
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
  /// With clusters: a pair (row cluster, column cluster) that has a live block is a live cluster of
  /// the hierarchy. Its blocks take the colour of the column cluster, the places in it that no
  /// block fills a light tint.
  bool tint_clusters = false;
  bool plain = false;  ///< the grid alone, without title and words, for pages of many
};

/// Picture of a mask: output groups downwards, input groups to the right, one cell per block.
/// Throws errc::report_value for a size out of range or clusters that are not one per group, and
/// what mask::check() throws.
[[nodiscard]] SWPRUNE_FUNCTION svg draw_mask_raster(const mask::layer_mask& m,
                                                    const mask_raster_params& params = {});

#if SWPRUNE_BODIES

namespace detail {

/// Colour of every cell of a raster.
class raster_colours {
 public:
  raster_colours(const mask::layer_mask& m, const mask_raster_params& params)
      : mask_(m), params_(params) {
    if (!params.tint_clusters || params.row_clusters.empty()) return;
    for (index_t j = 0; j < m.out_groups(); ++j)
      for (const index_t i : m.blocks.row(j)) live_.insert(cluster_of(j, i));
  }

  /// A key of style(); -1 where nothing is painted.
  [[nodiscard]] int at(index_t j, index_t i) const {
    const bool lives = mask_.blocks.test(j, i);
    if (params_.row_clusters.empty()) return lives ? 0 : -1;
    const auto [row, column] = cluster_of(j, i);
    const auto colour = static_cast<int>(floor_mod(column, 8));
    if (params_.tint_clusters) {
      if (lives) return colour;
      return live_.contains({row, column}) ? tint + colour : -1;
    }
    if (!lives) return -1;
    return row == column ? colour : between;
  }

  [[nodiscard]] static svg_style style(int key) {
    if (key == between) return {.fill = "#323f4b"};
    if (key >= tint) return {.fill = std::string(palette(key - tint)), .opacity = 0.22};
    return {.fill = std::string(palette(key))};
  }

 private:
  static constexpr int between = 8;
  static constexpr int tint = 16;

  [[nodiscard]] std::pair<index_t, index_t> cluster_of(index_t j, index_t i) const {
    return {params_.row_clusters[static_cast<std::size_t>(j)],
            params_.column_clusters[static_cast<std::size_t>(i)]};
  }

  const mask::layer_mask& mask_;
  const mask_raster_params& params_;
  std::set<std::pair<index_t, index_t>> live_;
};

/// One path per colour; neighbours of equal colour in a row are one rectangle. The mask of a wide
/// layer stays small in the file.
inline void draw_cells(svg& picture, const mask::layer_mask& m, const mask_raster_params& params,
                       svg_point cell, svg_point corner) {
  const raster_colours colours(m, params);
  std::map<int, std::string> paths;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups();) {
      const int colour = colours.at(j, i);
      index_t end = i + 1;
      while (end < m.in_groups() && colours.at(j, end) == colour) ++end;
      if (colour >= 0) paths[colour] += fmt::format("M{} {}h{}v1h-{}z", i, j, end - i, end - i);
      i = end;
    }
  for (const auto& [colour, data] : paths)
    picture.cells(data, corner, cell, raster_colours::style(colour));
}

inline void draw_grid_lines(svg& picture, const mask::layer_mask& m, svg_point cell,
                            svg_point corner) {
  const auto rows = static_cast<double>(m.out_groups());
  const auto columns = static_cast<double>(m.in_groups());
  std::string grid;
  for (double i = 0; i <= columns; ++i)
    grid += fmt::format("M{0} {1}V{2}", svg::number(corner.x + cell.x * i), svg::number(corner.y),
                        svg::number(corner.y + cell.y * rows));
  for (double j = 0; j <= rows; ++j)
    grid += fmt::format("M{0} {1}H{2}", svg::number(corner.x), svg::number(corner.y + cell.y * j),
                        svg::number(corner.x + cell.x * columns));
  picture.path(grid, {.stroke = "#ffffff", .width = 0.75});
}

inline void check(const mask::layer_mask& m, const mask_raster_params& params) {
  mask::check(m);
  expects(params.size >= 40 && params.size <= 4000, errc::report_value,
          "a raster needs 40 <= size <= 4000, given {}", params.size);
  const bool none = params.row_clusters.empty() && params.column_clusters.empty();
  expects(none || (std::ssize(params.row_clusters) == m.out_groups() &&
                   std::ssize(params.column_clusters) == m.in_groups()),
          errc::report_value,
          "layer '{}' has {} x {} groups, given clusters of {} rows and {} columns", m.name,
          m.out_groups(), m.in_groups(), params.row_clusters.size(), params.column_clusters.size());
}

/// Size of a cell. A layer far wider than high gets upright cells instead of a picture like a
/// thread.
[[nodiscard]] inline svg_point raster_cell(const mask::layer_mask& m, double size) {
  const auto rows = static_cast<double>(m.out_groups());
  const auto columns = static_cast<double>(m.in_groups());
  const double square = std::min(size / std::max(rows, columns), 24.0);
  return {std::clamp(size / 4 / columns, square, 24.0), std::clamp(size / 4 / rows, square, 24.0)};
}

}  // namespace detail

SWPRUNE_FUNCTION svg draw_mask_raster(const mask::layer_mask& m, const mask_raster_params& params) {
  detail::check(m, params);
  const svg_point cell = detail::raster_cell(m, params.size);
  const double high = cell.y * static_cast<double>(m.out_groups());
  const double wide = cell.x * static_cast<double>(m.in_groups());
  const std::string title =
      fmt::format("{}: {} x {} blocks of {} x {}, density {:.3f}", m.name, m.out_groups(),
                  m.in_groups(), m.block.outputs, m.block.inputs, m.density());
  const double titled = std::max(wide + 48, 7.6 * static_cast<double>(title.size()) + 16);
  svg picture(params.plain ? wide + 2 : titled, params.plain ? high + 2 : high + 64, title);
  const svg_point corner = params.plain ? svg_point{1, 1} : svg_point{32, 34};
  picture.rect(corner, wide, high, {.fill = "#f3f5f7"});
  detail::draw_cells(picture, m, params, cell, corner);
  if (std::min(cell.x, cell.y) >= 5) detail::draw_grid_lines(picture, m, cell, corner);
  picture.rect(corner, wide, high, {.stroke = "#9aa5b1", .width = 1});
  if (params.plain) return picture;
  picture.text({8, 20}, title, {.size = 13, .bold = true});
  picture.text({corner.x + wide / 2, corner.y + high + 20}, "input groups",
               {.size = 12, .anchor = "middle", .fill = "#52606d"});
  if (high >= 84)
    picture.text({22, corner.y + high / 2}, "output groups",
                 {.size = 12, .anchor = "middle", .fill = "#52606d", .turn = -90});
  return picture;
}

#endif

/// draw_mask_raster() as the text of an SVG file.
[[nodiscard]] inline std::string mask_raster(const mask::layer_mask& m,
                                             const mask_raster_params& params = {}) {
  return draw_mask_raster(m, params).str();
}

}  // namespace swprune::inline v0::report
