// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/undirected.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report {

struct ring_drawing_params {
  std::string title = {};
  double size = 420;  ///< width in pixels, 40..4000
  /// Edges between nodes that are at most this far apart on the ring are lattice edges, the others
  /// shortcuts; >= 0. Half the degree for a Watts-Strogatz graph.
  index_t reach = 2;
  /// Cluster of every node, for its colour; empty: one colour.
  std::vector<index_t> clusters = {};
  /// At most this many curves of a kind, >= 1. More lattice edges become one band; of more
  /// shortcuts every second, third, ... is drawn, and the line below says so.
  index_t most_curves = 4000;
  bool plain = false;  ///< the ring alone, without title and words, for pages of many
};

/// Graph with its nodes on a circle in their order: lattice edges as a thin outer band, shortcuts
/// as bright chords, so that one look tells how small a world it is. Throws errc::report_value for
/// a size, reach or number of curves out of range and for clusters that are not one per node.
[[nodiscard]] SWPRUNE_FUNCTION svg draw_ring(const graph::undirected& g,
                                             const ring_drawing_params& params);

#if SWPRUNE_BODIES

namespace detail {

/// Nodes of a ring and the curves between them.
class ring_painter {
 public:
  ring_painter(const graph::undirected& g, const ring_drawing_params& params, svg_point centre,
               double radius)
      : nodes_(g.nodes()), params_(params), centre_(centre), radius_(radius) {
    for (const graph::edge& e : g.edge_list()) (is_shortcut(e) ? far_ : near_).push_back(e);
  }

  [[nodiscard]] index_t shortcuts() const { return std::ssize(far_); }
  /// Every step-th shortcut is drawn.
  [[nodiscard]] index_t step() const {
    return std::max<index_t>(1, ceil_div(shortcuts(), params_.most_curves));
  }

  void draw(svg& picture) const {
    if (std::ssize(near_) <= params_.most_curves) {
      draw_curves(picture, near_, 1, 0.94, {.stroke = "#9fb3c8", .width = thin(), .opacity = 0.75});
    } else {
      draw_band(picture);
    }
    // Shortcuts last, on top.
    draw_curves(picture, far_, step(), 0.85,
                {.stroke = "#d55e00", .width = 1.3 * thin(), .opacity = 0.8});
    const double dot = std::clamp(1.6 * radius_ / static_cast<double>(nodes_), 1.2, 6.0);
    for (index_t v = 0; v < nodes_; ++v) {
      const index_t cluster =
          params_.clusters.empty() ? 0 : params_.clusters[static_cast<std::size_t>(v)];
      picture.circle(place(v), dot, {.fill = std::string(palette(cluster))});
    }
  }

 private:
  [[nodiscard]] bool is_shortcut(const graph::edge& e) const {
    const index_t apart = std::abs(index_t{e.a} - index_t{e.b});
    return std::min(apart, nodes_ - apart) > params_.reach;
  }
  /// Small rings with many edges need thin lines.
  [[nodiscard]] double thin() const {
    const auto edges = static_cast<double>(near_.size() + far_.size());
    return std::clamp(2.5 * radius_ / (edges + 1), 0.25, 1.0);
  }
  [[nodiscard]] svg_point place(index_t v) const {
    const double angle =
        2 * std::numbers::pi * static_cast<double>(v) / static_cast<double>(nodes_) -
        std::numbers::pi / 2;
    return {centre_.x + radius_ * std::cos(angle), centre_.y + radius_ * std::sin(angle)};
  }
  /// One path for all curves of a kind. They bulge inwards by `share`: lattice edges of different
  /// length do not cover one another.
  void draw_curves(svg& picture, const std::vector<graph::edge>& edges, index_t every, double share,
                   const svg_style& style) const {
    std::string data;
    for (index_t k = 0; k < std::ssize(edges); k += every) {
      const graph::edge& e = edges[static_cast<std::size_t>(k)];
      const svg_point a = place(e.a);
      const svg_point b = place(e.b);
      const svg_point middle{(a.x + b.x) / 2, (a.y + b.y) / 2};
      data += fmt::format("M{} {}Q{} {} {} {}", svg::number(a.x), svg::number(a.y),
                          svg::number(centre_.x + (middle.x - centre_.x) * share),
                          svg::number(centre_.y + (middle.y - centre_.y) * share), svg::number(b.x),
                          svg::number(b.y));
    }
    if (!data.empty()) picture.path(data, style);
  }
  /// The ring between the nodes and the middle of the longest lattice edge.
  void draw_band(svg& picture) const {
    const double turn =
        std::min(0.5, static_cast<double>(params_.reach) / static_cast<double>(nodes_));
    const double inner = radius_ * std::max(0.1, std::cos(std::numbers::pi * turn) * 0.94);
    picture.circle(centre_, (radius_ + inner) / 2,
                   {.stroke = "#9fb3c8", .width = radius_ - inner, .opacity = 0.6});
  }

  index_t nodes_;
  const ring_drawing_params& params_;
  svg_point centre_;
  double radius_;
  std::vector<graph::edge> near_;
  std::vector<graph::edge> far_;
};

}  // namespace detail

SWPRUNE_FUNCTION svg draw_ring(const graph::undirected& g, const ring_drawing_params& params) {
  expects(params.size >= 40 && params.size <= 4000 && params.reach >= 0, errc::report_value,
          "a ring needs 40 <= size <= 4000 and reach >= 0, given {} and {}", params.size,
          params.reach);
  expects(params.most_curves >= 1, errc::report_value, "a ring needs most_curves >= 1, given {}",
          params.most_curves);
  expects(params.clusters.empty() || std::ssize(params.clusters) == g.nodes(), errc::report_value,
          "the ring has {} nodes, given clusters of {}", g.nodes(), params.clusters.size());
  svg picture(params.size, params.plain ? params.size : params.size + 52, params.title);
  const svg_point centre{params.size / 2, params.size / 2 + (params.plain ? 0 : 30)};
  const double radius = params.size / 2 - (params.plain ? 5 : 20);
  const detail::ring_painter ring(g, params, centre, radius);
  ring.draw(picture);
  if (params.plain) return picture;
  picture.text({14, 22}, params.title, {.size = 14, .bold = true});
  std::string words = fmt::format("{} nodes, {} edges, {} of them shortcuts", g.nodes(), g.edges(),
                                  ring.shortcuts());
  if (ring.step() > 1) words += fmt::format(" (1 in {} drawn)", ring.step());
  picture.text({14, params.size + 44}, words, {.size = 12, .fill = "#52606d"});
  return picture;
}

#endif

/// draw_ring() as the text of an SVG file.
[[nodiscard]] inline std::string ring_drawing(const graph::undirected& g,
                                              const ring_drawing_params& params) {
  return draw_ring(g, params).str();
}

}  // namespace swprune::inline v0::report
