// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/b_matching.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/ring_distance.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/detail/edge_sets.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/ring_order.hpp"
#include "swprune/mask/tap_mask.hpp"

namespace swprune::inline v0::mask {

/// Removes blocks of small norm: row j of the result keeps row_degrees[j] blocks of `current`. Of
/// all such masks it is the one that, in this order of importance, (1) uses as many input groups as
/// can be; (2) has the most even columns, floor(E / Gi) to ceil(E / Gi) of E blocks, a column k
/// blocks outside counting 1 + 2 + ... + k; (3) keeps the largest sum of norms; (4) has the
/// smallest sum of ring distances. If `current` has equal rows and equal columns, columns end
/// equal or one apart: with weight d'/d each its blocks are a fractional solution, and the corners
/// of a transportation polytope are integral. norms: L1 norm of every block, row-major [Go x Gi],
/// those of absent blocks are not read; compared on a grid of 2^-45 of the largest or finer
/// (coarser beyond 2^13 groups). Blocks that stay keep their taps. `ring` is the order that the
/// mask was made with.
/// Throws mask_shape or mask_block for a mask that does not fit its shape or a list of the wrong
/// length, mask_stages for a row degree outside [0, blocks of the row], not_finite for NaN or
/// infinity, argument_out_of_range for a negative norm.
[[nodiscard]] SWPRUNE_SETUP layer_mask prune_by_norm(const layer_mask& current,
                                                     std::span<const double> norms,
                                                     std::span<const index_t> row_degrees,
                                                     ring_order ring = ring_order::interleaved);

/// The same as one of several steps: the result holds the best mask of the last step that is in
/// `current`, with final_row_degrees[j] blocks in row j; (1) to (4) then decide about the others.
/// So every step leaves a last one that is as even, and uses as many input groups, as the first
/// could. Single steps may not: where d Go = Gi a step that looks no further can leave several
/// input groups to one row. Throws also mask_stages for a final row degree above row_degrees[j].
[[nodiscard]] SWPRUNE_SETUP layer_mask prune_by_norm(const layer_mask& current,
                                                     std::span<const double> norms,
                                                     std::span<const index_t> row_degrees,
                                                     std::span<const index_t> final_row_degrees,
                                                     ring_order ring = ring_order::interleaved);

/// One step down to rows of `degree` blocks, `extra_rows` of them with one more: the rows that
/// graph::biregular_params gives one more, as in the masks of make_masks(). Throws also graph_nodes
/// or graph_degree (see graph::biregular_params).
[[nodiscard]] SWPRUNE_SETUP layer_mask prune_by_norm(const layer_mask& current,
                                                     std::span<const double> norms, index_t degree,
                                                     index_t extra_rows,
                                                     ring_order ring = ring_order::interleaved);

#if SWPRUNE_BODIES

namespace detail {

/// Largest norm of a live block, after checking them all.
[[nodiscard]] SWPRUNE_COLD inline double largest_norm(const layer_mask& m,
                                                      std::span<const double> norms) {
  expects(static_cast<index_t>(norms.size()) == m.out_groups() * m.in_groups(), errc::mask_shape,
          "layer '{}': {} x {} blocks need as many norms, given {}", m.name, m.out_groups(),
          m.in_groups(), norms.size());
  double largest = 0.0;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.blocks.row(j)) {
      const double norm = norms[static_cast<std::size_t>(j * m.in_groups() + i)];
      expects(std::isfinite(norm), errc::not_finite,
              "layer '{}': the norm of block ({}, {}) must be finite, given {}", m.name, j, i,
              norm);
      expects(norm >= 0.0, errc::argument_out_of_range,
              "layer '{}': the norm of block ({}, {}) must be >= 0, given {}", m.name, j, i, norm);
      largest = std::max(largest, norm);
    }
  return largest;
}

/// Norms as integers: multiples of a power of two, 2^45 to 2^46 for the largest (less for more than
/// 2^13 groups, so that sums along a path fit). Moving a binary exponent changes no digit: float
/// norms down to 2^-22 of the largest stay exact.
class norm_scale {
 public:
  norm_scale(double largest, index_t groups) {
    int bits = 45;
    for (index_t n = groups >> 13; n > 0; n /= 2) --bits;
    if (largest > 0.0) shift_ = bits - std::ilogb(largest);
  }
  [[nodiscard]] std::int64_t operator()(double norm) const {
    return std::llround(std::ldexp(norm, shift_));
  }

 private:
  int shift_ = 0;
};

/// Chooses the blocks to keep of one layer, in ring coordinates.
class norm_chooser {
 public:
  norm_chooser(const layer_mask& m, std::span<const double> norms, ring_order ring)
      : norms_(norms),
        scale_(largest_norm(m, norms), m.out_groups() + m.in_groups()),
        group_at_(static_cast<std::size_t>(m.in_groups())) {
    const std::vector<index_t> position = ring_positions(m.in_groups(), ring);
    for (std::size_t i = 0; i < position.size(); ++i)
      group_at_[static_cast<std::size_t>(position[i])] = static_cast<index_t>(i);
  }

  /// `chosen` and, of `live`, as many more as rows of these degrees take.
  [[nodiscard]] graph::bipartite choose(const graph::bipartite& live,
                                        std::span<const index_t> row_degrees,
                                        const graph::bipartite& chosen) const {
    const graph::bipartite rest = without(live, chosen);
    std::vector<index_t> more;
    index_t kept = 0;
    for (index_t j = 0; j < live.out_nodes(); ++j) {
      more.push_back(row_degrees[static_cast<std::size_t>(j)] - chosen.row_degree(j));
      kept += row_degrees[static_cast<std::size_t>(j)];
    }
    const index_t low = kept / live.in_nodes();
    const auto missing = [](index_t wanted, index_t there) {
      return std::max<index_t>(0, wanted - there);
    };
    std::vector<graph::column_target> columns;
    for (const index_t d : chosen.column_degrees())
      columns.push_back({.low = missing(low, d),
                         .high = missing(ceil_div(kept, live.in_nodes()), d),
                         .least = missing(std::min<index_t>(1, low), d)});
    return united(chosen, graph::min_cost_b_matching(rest, costs(rest), more, columns).graph);
  }

 private:
  /// Keeping a block gains its norm; of equal gains the nearer block stays.
  [[nodiscard]] std::vector<graph::edge_cost> costs(const graph::bipartite& live) const {
    std::vector<graph::edge_cost> list;
    for (index_t j = 0; j < live.out_nodes(); ++j)
      for (const graph::node_t y : live.row(j)) {
        const index_t i = group_at_[static_cast<std::size_t>(y)];
        const double norm = norms_[static_cast<std::size_t>(j * live.in_nodes() + i)];
        list.push_back(
            {-scale_(norm), graph::ring_distance(j, y, live.out_nodes(), live.in_nodes())});
      }
    return list;
  }

  std::span<const double> norms_;
  norm_scale scale_;
  std::vector<index_t> group_at_;  ///< input group at each ring position
};

SWPRUNE_COLD inline void check_row_degrees(const layer_mask& m,
                                           std::span<const index_t> row_degrees) {
  expects(static_cast<index_t>(row_degrees.size()) == m.out_groups(), errc::mask_shape,
          "layer '{}': {} rows need as many row degrees, given {}", m.name, m.out_groups(),
          row_degrees.size());
  for (index_t j = 0; j < m.out_groups(); ++j) {
    const index_t degree = row_degrees[static_cast<std::size_t>(j)];
    const index_t live = m.blocks.row_degree(j);
    expects(degree >= 0 && degree <= live, errc::mask_stages,
            "layer '{}': row {} has {} blocks and can keep between 0 and {}, asked for {}", m.name,
            j, live, live, degree);
  }
}

inline void check_final_row_degrees(const layer_mask& m, std::span<const index_t> row_degrees,
                                    std::span<const index_t> final_row_degrees) {
  check_row_degrees(m, final_row_degrees);
  for (std::size_t j = 0; j < row_degrees.size(); ++j)
    expects(final_row_degrees[j] <= row_degrees[j], errc::mask_stages,
            "layer '{}': row {} is to have {} blocks now and more, {}, in the end", m.name, j,
            row_degrees[j], final_row_degrees[j]);
}

/// `m` with fewer blocks: the taps of blocks that go, go with them.
[[nodiscard]] SWPRUNE_COLD inline layer_mask with_blocks_of(const layer_mask& m,
                                                            block_mask blocks) {
  layer_mask result = m;
  result.blocks = std::move(blocks);
  if (m.kept_taps.keeps_all()) return result;
  bool some_absent = false;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i)
      for (index_t t = 0; t < m.taps(); ++t) {
        if (!result.blocks.test(j, i)) result.kept_taps.set(j, i, t, false);
        some_absent = some_absent || (result.blocks.test(j, i) && !result.kept_taps.test(j, i, t));
      }
  if (!some_absent) result.kept_taps = tap_mask();
  return result;
}

}  // namespace detail

SWPRUNE_SETUP layer_mask prune_by_norm(const layer_mask& current, std::span<const double> norms,
                                       std::span<const index_t> row_degrees, ring_order ring) {
  check(current);
  const detail::norm_chooser chooser(current, norms, ring);
  detail::check_row_degrees(current, row_degrees);
  const graph::bipartite live = to_ring(current.blocks, ring);
  const graph::bipartite kept = chooser.choose(live, row_degrees, detail::no_edges(live));
  return detail::with_blocks_of(current, from_ring(kept, ring));
}

SWPRUNE_SETUP layer_mask prune_by_norm(const layer_mask& current, std::span<const double> norms,
                                       std::span<const index_t> row_degrees,
                                       std::span<const index_t> final_row_degrees,
                                       ring_order ring) {
  check(current);
  const detail::norm_chooser chooser(current, norms, ring);
  detail::check_row_degrees(current, row_degrees);
  detail::check_final_row_degrees(current, row_degrees, final_row_degrees);
  const graph::bipartite live = to_ring(current.blocks, ring);
  const graph::bipartite last = chooser.choose(live, final_row_degrees, detail::no_edges(live));
  return detail::with_blocks_of(current, from_ring(chooser.choose(live, row_degrees, last), ring));
}

SWPRUNE_SETUP layer_mask prune_by_norm(const layer_mask& current, std::span<const double> norms,
                                       index_t degree, index_t extra_rows, ring_order ring) {
  const graph::biregular_params size{.out_nodes = current.out_groups(),
                                     .in_nodes = current.in_groups(),
                                     .degree = degree,
                                     .extra_rows = extra_rows};
  graph::check(size);
  std::vector<index_t> row_degrees;
  for (index_t j = 0; j < size.out_nodes; ++j) row_degrees.push_back(size.row_degree(j));
  return prune_by_norm(current, norms, row_degrees, ring);
}

#endif

}  // namespace swprune::inline v0::mask
