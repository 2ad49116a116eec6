// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/undirected.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report {

struct ring_drawing_params {
  std::string title = {};
  double size = 420;  ///< width in pixels, 120..4000
  /// Edges between nodes that are at most this far apart on the ring are lattice edges, the others
  /// shortcuts; >= 0. Half the degree for a Watts-Strogatz graph.
  index_t reach = 2;
  /// Cluster of every node, for its colour; empty: one colour.
  std::vector<index_t> clusters = {};
};

/// Graph with its nodes on a circle in their order: lattice edges as a thin outer band, shortcuts
/// as bright chords, so that one look tells how small a world it is. Throws errc::report_value for
/// a size or reach out of range and for clusters that are not one per node.
[[nodiscard]] inline std::string ring_drawing(const graph::undirected& g,
                                              const ring_drawing_params& params) {
  expects(params.size >= 120 && params.size <= 4000 && params.reach >= 0, errc::report_value,
          "a ring needs 120 <= size <= 4000 and reach >= 0, given {} and {}", params.size,
          params.reach);
  expects(params.clusters.empty() || std::ssize(params.clusters) == g.nodes(), errc::report_value,
          "the ring has {} nodes, given clusters of {}", g.nodes(), params.clusters.size());
  svg picture(params.size, params.size + 52, params.title);
  const svg_point centre{params.size / 2, params.size / 2 + 30};
  const double radius = params.size / 2 - 20;
  const auto place = [&](index_t v) {
    const double angle =
        2 * std::numbers::pi * static_cast<double>(v) / static_cast<double>(g.nodes()) -
        std::numbers::pi / 2;
    return svg_point{centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)};
  };
  picture.text({14, 22}, params.title, {.size = 14, .bold = true});
  const auto inward = [&](svg_point p, double share) {
    return svg_point{centre.x + (p.x - centre.x) * share, centre.y + (p.y - centre.y) * share};
  };
  index_t shortcuts = 0;
  const std::vector<graph::edge> edges = g.edge_list();
  // Shortcuts last, on top.
  for (const bool shortcut : {false, true})
    for (const graph::edge& e : edges) {
      const index_t apart = std::abs(index_t{e.a} - index_t{e.b});
      const index_t distance = std::min(apart, g.nodes() - apart);
      if ((distance > params.reach) != shortcut) continue;
      shortcuts += shortcut;
      const svg_point a = place(e.a);
      const svg_point b = place(e.b);
      const svg_point middle{(a.x + b.x) / 2, (a.y + b.y) / 2};
      // Lattice edges bulge inwards: those of different length do not cover one another.
      picture.curve(a, inward(middle, shortcut ? 0.85 : 0.94), b,
                    shortcut ? svg_style{.stroke = "#d55e00", .width = 1.3, .opacity = 0.8}
                             : svg_style{.stroke = "#9fb3c8", .width = 1, .opacity = 0.75});
    }
  const double dot = std::clamp(1.6 * radius / static_cast<double>(g.nodes()), 1.2, 6.0);
  for (index_t v = 0; v < g.nodes(); ++v) {
    const index_t cluster =
        params.clusters.empty() ? 0 : params.clusters[static_cast<std::size_t>(v)];
    picture.circle(place(v), dot, {.fill = std::string(palette(cluster))});
  }
  picture.text(
      {14, params.size + 44},
      fmt::format("{} nodes, {} edges, {} of them shortcuts", g.nodes(), g.edges(), shortcuts),
      {.size = 12, .fill = "#52606d"});
  return picture.str();
}

}  // namespace swprune::inline v0::report
