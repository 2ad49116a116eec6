// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/locality.hpp"
#include "swprune/graph/small_world.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/mask/dense_layers.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/mask_metrics.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/mixing.hpp"
#include "swprune/mask/ring_order.hpp"
#include "swprune/report/detail/text_table.hpp"

namespace swprune::inline v0::report {

/// What the mask of one layer comes to.
struct mask_row {
  std::string name;
  bool prunable = true;  ///< not kept dense
  index_t in_channels = 1;
  index_t out_channels = 1;
  index_t kernel_height = 1;
  index_t kernel_width = 1;
  index_t out_pixels = 1;
  mask::block_shape block{};
  index_t out_groups = 1;   ///< Go
  index_t in_groups = 1;    ///< Gi
  index_t degree = 0;       ///< blocks of the emptiest row
  index_t worst_row = 0;    ///< blocks of the fullest row
  double worst_load = 1.0;  ///< multiplications of the fullest row / of the mean row, >= 1
  index_t weights = 0;
  index_t weights_kept = 0;
  index_t macs = 0;  ///< per image, taps on padding counted
  index_t macs_kept = 0;
  double tap_density = 1.0;  ///< kept taps / taps, over the live blocks
  double union4 = 1.0;       ///< graph::row_union of 4 rows (all, if there are fewer)
  /// Of the folded ring (mask::measure_small_world); NaN throughout for a layer kept dense.
  graph::small_world_stats small_world{};

  [[nodiscard]] double density() const {
    return static_cast<double>(weights_kept) / static_cast<double>(weights);
  }
};

/// What the masks of a network come to.
struct mask_table {
  std::vector<mask_row> rows;  ///< all layers, in order
  mask::network_mixing mixing;

  /// Sum of a column over all rows, or over the prunable ones.
  [[nodiscard]] index_t total(index_t mask_row::*column, bool prunable_only = false) const {
    index_t sum = 0;
    for (const mask_row& r : rows)
      if (r.prunable || !prunable_only) sum += r.*column;
    return sum;
  }
  /// 1 - kept weights / weights, over all layers.
  [[nodiscard]] double sparsity() const { return sparsity_of(false); }
  /// The same over the prunable layers; 0 if there are none.
  [[nodiscard]] double sparsity_prunable() const { return sparsity_of(true); }
  /// Multiply-accumulates of the dense network / of the masked one.
  [[nodiscard]] double mac_ratio() const {
    const index_t kept = total(&mask_row::macs_kept);
    return kept == 0 ? std::numeric_limits<double>::infinity()
                     : static_cast<double>(total(&mask_row::macs)) / static_cast<double>(kept);
  }

 private:
  [[nodiscard]] double sparsity_of(bool prunable_only) const {
    const index_t all = total(&mask_row::weights, prunable_only);
    const index_t kept = total(&mask_row::weights_kept, prunable_only);
    return all == 0 ? 0.0 : static_cast<double>(all - kept) / static_cast<double>(all);
  }
};

struct mask_table_params {
  mask::ring_order order = mask::ring_order::interleaved;  ///< the masks were made with
  /// Measure sigma and omega as well; else they are NaN. On graphs of thousands of nodes, or of
  /// hundreds that are nearly complete, as unstructured masks give, this takes minutes.
  bool graphs = true;
};

/// Measures the masks of a network. `masks` are those of the prunable layers or of all. The random
/// references of sigma and omega come from the stream "metrics" of `root` and the layer's name.
/// Throws what mask::with_dense_layers(), mask::measure_small_world() and mask::mixing_report()
/// throw.
[[nodiscard]] SWPRUNE_FUNCTION mask_table measure_masks(const mask::mask_set& masks,
                                                        const std::vector<mask::layer_spec>& layers,
                                                        const mask_table_params& p,
                                                        const rng& root);

/// The table for people: one line a layer (a star marks layers kept dense), then the totals.
[[nodiscard]] SWPRUNE_FUNCTION std::string to_text(const mask_table& t);

#if SWPRUNE_BODIES

namespace detail {

[[nodiscard]] inline graph::small_world_stats no_small_world() {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  return {.clustering = none,
          .path_length = none,
          .random_clustering = none,
          .random_path_length = none,
          .lattice_clustering = none,
          .sigma = none,
          .omega = none,
          .components = 0};
}

/// Degrees and loads of the rows, and the taps.
inline void measure_rows(const mask::layer_mask& m, mask_row& r) {
  r.degree = m.in_groups();
  index_t taps = 0;
  index_t sum = 0;
  index_t most = 0;
  for (index_t j = 0; j < m.out_groups(); ++j) {
    const std::vector<index_t> row = m.blocks.row(j);
    r.degree = std::min<index_t>(r.degree, std::ssize(row));
    r.worst_row = std::max<index_t>(r.worst_row, std::ssize(row));
    index_t load = 0;  // multiplications of one output, what a lane does for one pixel
    for (const index_t i : row) {
      taps += m.taps_of(j, i);
      load += m.taps_of(j, i) * m.inputs_of(i);
    }
    sum += load;
    most = std::max(most, load);
  }
  const index_t live = m.blocks.count();
  if (live == 0) return;
  r.tap_density = static_cast<double>(taps) / static_cast<double>(live * m.taps());
  r.worst_load =
      static_cast<double>(most) * static_cast<double>(m.out_groups()) / static_cast<double>(sum);
}

[[nodiscard]] inline mask_row measure_row(const mask::layer_mask& m, const mask::layer_spec& l,
                                          const mask_table_params& p, const rng& root) {
  mask_row r;
  r.name = m.name;
  r.prunable = !l.keep_dense;
  r.in_channels = m.in_channels;
  r.out_channels = m.out_channels;
  r.kernel_height = m.kernel_height;
  r.kernel_width = m.kernel_width;
  r.out_pixels = l.out_pixels;
  r.block = m.block;
  r.out_groups = m.out_groups();
  r.in_groups = m.in_groups();
  r.weights = m.weights();
  r.weights_kept = m.kept_weights();
  r.macs = l.macs();
  r.macs_kept = m.kept_weights() * l.out_pixels;
  measure_rows(m, r);
  r.union4 = graph::row_union(mask::to_ring(m.blocks, mask::ring_order::aligned),
                              std::min<index_t>(4, m.out_groups()));
  r.small_world = no_small_world();
  if (!r.prunable || !p.graphs) return r;
  rng random = root.stream("metrics", hash64(m.name));
  r.small_world = mask::measure_small_world(m.blocks, p.order, random);
  return r;
}

}  // namespace detail

SWPRUNE_FUNCTION mask_table measure_masks(const mask::mask_set& masks,
                                          const std::vector<mask::layer_spec>& layers,
                                          const mask_table_params& p, const rng& root) {
  const mask::mask_set all = mask::with_dense_layers(masks, layers);
  mask_table t;
  for (std::size_t l = 0; l < layers.size(); ++l)
    t.rows.push_back(detail::measure_row(all.layers()[l], layers[l], p, root));
  t.mixing = mask::mixing_report(all, layers);
  return t;
}

namespace detail {

[[nodiscard]] inline std::string measured(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "-";
}

[[nodiscard]] inline std::vector<std::string> table_line(const mask_row& r) {
  const bool even = r.degree == r.worst_row;
  return {r.prunable ? r.name : r.name + " *",
          fmt::format("{}x{}", r.out_groups, r.in_groups),
          even ? std::to_string(r.degree) : fmt::format("{}..{}", r.degree, r.worst_row),
          fmt::format("{:.4f}", r.density()),
          counted(r.weights_kept),
          counted(r.weights),
          counted(r.macs_kept),
          counted(r.macs),
          measured(r.small_world.sigma, 2),
          measured(r.small_world.omega, 2),
          measured(r.union4, 3),
          fmt::format("{} ({:.2f}x)", r.worst_row, r.worst_load)};
}

/// Whether the masks join inputs and outputs. A last layer kept dense sees everything as soon as
/// every group is used, so the reach of the layer before it is said, too.
[[nodiscard]] inline std::string mixing_words(const mask_table& t) {
  const mask::network_mixing& m = t.mixing;
  std::string text =
      m.all_reached ? "every output reaches every input" : "NOT every output reaches every input";
  for (std::size_t l = t.rows.size(); l-- > 0;) {
    if (!t.rows[l].prunable) continue;
    text += fmt::format(" ({}: {:.1f} % of the pairs)", t.rows[l].name, 100 * m.reach[l]);
    break;
  }
  if (m.unmixed.empty()) return text + "; every pair of layers mixes\n";
  text += "; pairs that do not mix:";
  for (std::size_t k = 0; k < m.unmixed.size(); ++k)
    text += fmt::format("{} {} -> {}", k == 0 ? "" : ",", m.unmixed[k].before, m.unmixed[k].after);
  return text + '\n';
}

}  // namespace detail

SWPRUNE_FUNCTION std::string to_text(const mask_table& t) {
  std::vector<std::vector<std::string>> lines{{"layer", "groups", "degree", "density", "kept",
                                               "weights", "MACs kept", "MACs", "sigma", "omega",
                                               "union4", "worst row"}};
  for (const mask_row& r : t.rows) lines.push_back(detail::table_line(r));
  return detail::aligned_columns(lines) +
         fmt::format(
             "\nsparsity {:.3f} % of all weights, {:.3f} % of the prunable layers' (* kept "
             "dense)\nweights {} of {}, MACs {} of {}: {:.3f}x fewer\n",
             100 * t.sparsity(), 100 * t.sparsity_prunable(), t.total(&mask_row::weights_kept),
             t.total(&mask_row::weights), t.total(&mask_row::macs_kept), t.total(&mask_row::macs),
             t.mac_ratio()) +
         detail::mixing_words(t);
}

#endif

}  // namespace swprune::inline v0::report
