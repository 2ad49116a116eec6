// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/fold.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/mask/dense_layers.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/ring_order.hpp"
#include "swprune/report/density_chart.hpp"
#include "swprune/report/mask_raster.hpp"
#include "swprune/report/ring_drawing.hpp"
#include "swprune/report/svg.hpp"

namespace swprune::inline v0::report {

struct mask_page_params {
  std::string title = {};
  std::vector<std::string> notes = {};                     ///< lines below the title
  mask::ring_order order = mask::ring_order::interleaved;  ///< the masks were made with
  index_t cluster_size = 1;                                ///< q >= 1 that the masks were made with
  double width = 1240;                                     ///< pixels, 600..4000
};

/// One picture of all masks of a network: what every layer keeps, and for each pruned layer its
/// blocks beside its ring. `masks` are those of the pruned layers or of all. Throws
/// errc::report_value for a width outside 600..4000 or a cluster size below 1, and what
/// mask::with_dense_layers() throws for masks that do not belong to `layers`.
[[nodiscard]] SWPRUNE_FUNCTION std::string mask_page(const mask::mask_set& masks,
                                                     const std::vector<mask::layer_spec>& layers,
                                                     const mask_page_params& params);

#if SWPRUNE_BODIES

namespace detail {

/// Longest distance on the ring between joined nodes; 0 without edges.
[[nodiscard]] inline index_t ring_reach(const graph::undirected& g) {
  index_t reach = 0;
  for (const graph::edge& e : g.edge_list()) {
    const index_t apart = std::abs(index_t{e.a} - index_t{e.b});
    reach = std::max(reach, std::min(apart, g.nodes() - apart));
  }
  return reach;
}

/// How one layer is coloured: its groups on the ring, cut into clusters.
struct ring_colours {
  std::vector<index_t> rows;
  std::vector<index_t> columns;
  std::vector<index_t> nodes;  ///< of the folded ring
  index_t reach = 0;           ///< of the lattice of equal density: farther is a shortcut
};

/// Without a hierarchy: about as many arcs of the ring as neighbourhoods fit on it, 8 at most.
[[nodiscard]] inline ring_colours arcs_of(const mask::layer_mask& m, mask::ring_order order) {
  const index_t go = m.out_groups();
  const index_t gi = m.in_groups();
  const index_t n = std::min(go, gi);
  const index_t live = m.blocks.count();
  const double wanted = live == 0 ? 1.0 : static_cast<double>(go * gi) / static_cast<double>(live);
  const auto arcs = std::min<index_t>(std::min<index_t>(n, 8), std::llround(std::min(wanted, 8.0)));
  ring_colours c;
  for (index_t j = 0; j < go; ++j) c.rows.push_back(j * arcs / go);
  for (const index_t p : mask::ring_positions(gi, order)) c.columns.push_back(p * arcs / gi);
  for (index_t v = 0; v < n; ++v) c.nodes.push_back(v * arcs / n);
  const graph::biregular_params size{
      .out_nodes = go, .in_nodes = gi, .degree = live / go, .extra_rows = live % go};
  c.reach = ring_reach(graph::fold(graph::bipartite_lattice(size)));
  return c;
}

/// With one: the clusters of q x q blocks themselves.
[[nodiscard]] inline ring_colours clusters_of(const mask::layer_mask& m, mask::ring_order order,
                                              index_t q) {
  const index_t go = m.out_groups();
  const index_t gi = m.in_groups();
  const index_t n = std::min(go, gi);
  ring_colours c;
  for (index_t j = 0; j < go; ++j) c.rows.push_back(j / q);
  const std::vector<index_t> positions = mask::ring_positions(gi, order);
  for (const index_t p : positions) c.columns.push_back(p / q);
  for (index_t v = 0; v < n; ++v) c.nodes.push_back(v * ceil_div(gi, q) / n);
  mask::block_mask upper(ceil_div(go, q), ceil_div(gi, q));
  for (index_t j = 0; j < go; ++j)
    for (const index_t i : m.blocks.row(j))
      upper.set(j / q, positions[static_cast<std::size_t>(i)] / q);
  const index_t live = upper.count();
  const index_t rows = upper.out_groups();
  const graph::biregular_params size{.out_nodes = rows,
                                     .in_nodes = upper.in_groups(),
                                     .degree = live / rows,
                                     .extra_rows = live % rows};
  const index_t coarse = ring_reach(graph::fold(graph::bipartite_lattice(size)));
  c.reach = ceil_div((coarse + 1) * n, std::min(rows, upper.in_groups()));
  return c;
}

/// Lays the pictures of the layers out from left to right and from top to bottom.
class mask_page_painter {
 public:
  mask_page_painter(const mask::mask_set& masks, const std::vector<mask::layer_spec>& layers,
                    const mask_page_params& params)
      : params_(params), masks_(mask::with_dense_layers(masks, layers)) {
    for (index_t l = 0; l < std::ssize(layers); ++l)
      if (!layers[static_cast<std::size_t>(l)].keep_dense) pruned_.push_back(l);
    for (index_t l = 0; l < std::ssize(layers); ++l) {
      const mask::layer_mask& m = masks_.layers()[static_cast<std::size_t>(l)];
      bars_.push_back(
          {m.name, m.kept_weights(), m.weights(), layers[static_cast<std::size_t>(l)].keep_dense});
    }
    const index_t n = std::ssize(pruned_);
    per_line_ = n <= 4 ? 2 : n <= 30 ? 3 : n <= 60 ? 4 : 6;
    const double wide = (params.width - 2 * margin + gap) / static_cast<double>(per_line_) - gap;
    side_ = std::clamp((wide - between) / 2, 40.0, 270.0);
    tile_ = {2 * side_ + between, side_ + 44};
  }

  [[nodiscard]] svg draw() const {
    const double notes = 18.0 * static_cast<double>(params_.notes.size());
    const double chart_top = 48 + notes;
    const double tiles_top = chart_top + chart_height + 64;
    const auto lines = static_cast<double>(ceil_div(std::ssize(pruned_), per_line_));
    svg page(params_.width, tiles_top + lines * (tile_.y + gap) + margin, params_.title);
    page.text({margin, 32}, params_.title, {.size = 20, .bold = true});
    for (std::size_t k = 0; k < params_.notes.size(); ++k)
      page.text({margin, 54 + 18.0 * static_cast<double>(k)}, params_.notes[k],
                {.size = 13, .fill = "#52606d"});
    page.add(draw_density_chart(bars_, {.title = "Weights of each layer that exist, per cent",
                                        .width = params_.width - 2 * margin,
                                        .height = chart_height}),
             {margin, chart_top});
    draw_legend(page, tiles_top - 32);
    for (index_t k = 0; k < std::ssize(pruned_); ++k)
      draw_tile(page,
                masks_.layers()[static_cast<std::size_t>(pruned_[static_cast<std::size_t>(k)])],
                {margin + (tile_.x + gap) * static_cast<double>(k % per_line_),
                 tiles_top + (tile_.y + gap) * static_cast<double>(k / per_line_)});
    return page;
  }

 private:
  static constexpr double margin = 24, gap = 20, between = 12, chart_height = 280;

  void draw_legend(svg& page, double y) const {
    const auto line = [&](double below, std::string_view words) {
      page.text({margin, y + below}, words, {.size = 12, .fill = "#52606d"});
    };
    if (pruned_.empty()) return line(0, "No layer is pruned.");
    line(0, std::string("Left: the blocks that exist, output groups downwards, input groups to the "
                        "right in memory order; ") +
                (params_.cluster_size > 1
                     ? "a colour for each cluster of input groups, tinted where a live cluster has "
                       "no block."
                     : "coloured within an arc of the ring, dark between arcs."));
    line(17,
         "Right: the same groups on the ring; grey, neighbours as in a lattice; orange, "
         "shortcuts.");
  }

  void draw_tile(svg& page, const mask::layer_mask& m, svg_point corner) const {
    const double letter = side_ >= 120 ? 13 : 11;
    const auto most = static_cast<index_t>(tile_.x / (0.56 * letter));
    page.text({corner.x, corner.y + 12}, shortened(m.name, most), {.size = letter, .bold = true});
    std::string words =
        fmt::format("{} x {} blocks of {}x{}, {:.1f} % kept", m.out_groups(), m.in_groups(),
                    m.block.outputs, m.block.inputs, 100 * m.density());
    page.text({corner.x, corner.y + 28}, words, {.size = letter - 2, .fill = "#52606d"});
    const index_t q = params_.cluster_size;
    const ring_colours colours =
        q > 1 ? clusters_of(m, params_.order, q) : arcs_of(m, params_.order);
    page.add(draw_mask_raster(m, {.size = side_,
                                  .row_clusters = colours.rows,
                                  .column_clusters = colours.columns,
                                  .tint_clusters = q > 1,
                                  .plain = true}),
             {corner.x, corner.y + 38});
    // All rings together stay within a few megabytes.
    const index_t most_curves = std::clamp<index_t>(40'000 / std::ssize(pruned_), 150, 4000);
    page.add(
        draw_ring(graph::fold(mask::to_ring(m.blocks, params_.order)), {.title = m.name,
                                                                        .size = side_,
                                                                        .reach = colours.reach,
                                                                        .clusters = colours.nodes,
                                                                        .most_curves = most_curves,
                                                                        .plain = true}),
        {corner.x + side_ + between, corner.y + 38});
  }

  const mask_page_params& params_;
  mask::mask_set masks_;
  std::vector<index_t> pruned_;
  std::vector<density_bar> bars_;
  double side_ = 0;
  svg_point tile_;
  index_t per_line_ = 1;  ///< tiles
};

}  // namespace detail

SWPRUNE_FUNCTION std::string mask_page(const mask::mask_set& masks,
                                       const std::vector<mask::layer_spec>& layers,
                                       const mask_page_params& params) {
  expects(params.width >= 600 && params.width <= 4000, errc::report_value,
          "a page of masks needs 600 <= width <= 4000, given {}", params.width);
  expects(params.cluster_size >= 1, errc::report_value,
          "a page of masks needs a cluster size >= 1, given {}", params.cluster_size);
  return detail::mask_page_painter(masks, layers, params).draw().str();
}

#endif

}  // namespace swprune::inline v0::report
