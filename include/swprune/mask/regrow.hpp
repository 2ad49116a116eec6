// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/b_matching.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/ring_distance.hpp"
#include "swprune/mask/detail/edge_sets.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/ring_order.hpp"

namespace swprune::inline v0::mask {

/// How regrown() weighs blocks.
struct regrow_choice {
  double share = 0.3;     ///< 0 <= share <= 1: of d blocks a row gives up ceil(share * d)
  double locality = 0.0;  ///< >= 0: what half the ring away costs, in largest gradient norms
  ring_order ring = ring_order::interleaved;  ///< the one that the mask was made with
};

/// The mask after one round of dropping and growing (RigL: Evci et al., ICML 2020, here of whole
/// blocks with rows of constant degree, cf. SRigL: Lasby et al., ICLR 2024): every row gives up its
/// ceil(share * d) live blocks of smallest weight norm, at most as many as are absent, and takes as
/// many others of large gradient norm. Which ones is a matching over the layer, so that, in this
/// order of importance, (1) every input group stays in use as far as can be; (2) columns are even,
/// floor(E / Gi) to ceil(E / Gi) of E blocks; (3) the sum of gradient norms, less `locality` times
/// the ring distances, is the largest. Where (1) and (2) need it, a block that was given up stays;
/// so a mask with even columns always has an answer with even columns.
/// weight_norms, gradient_norms: of every block, row-major [Go x Gi]; those of the weights are read
/// for live blocks. Throws mask_shape or mask_block for a mask or list that does not fit,
/// mask_stages for a mask whose blocks lack taps, argument_out_of_range for share, locality or a
/// negative norm, not_finite.
[[nodiscard]] SWPRUNE_SETUP layer_mask regrown(const layer_mask& current,
                                               std::span<const double> weight_norms,
                                               std::span<const double> gradient_norms,
                                               const regrow_choice& choice = {});

#if SWPRUNE_BODIES

namespace detail {

/// Throws mask_shape unless there is a norm for every block, not_finite or argument_out_of_range
/// unless all are finite and >= 0.
SWPRUNE_COLD inline void check_norms(const layer_mask& m, std::span<const double> norms) {
  expects(static_cast<index_t>(norms.size()) == m.out_groups() * m.in_groups(), errc::mask_shape,
          "layer '{}': {} x {} blocks need as many norms, given {}", m.name, m.out_groups(),
          m.in_groups(), norms.size());
  for (const double n : norms) {
    expects(std::isfinite(n), errc::not_finite, "layer '{}': a norm must be finite, given {}",
            m.name, n);
    expects(n >= 0, errc::argument_out_of_range, "layer '{}': a norm must be >= 0, given {}",
            m.name, n);
  }
}

/// The live blocks of each row without the `share` of smallest norm; of equals the first stays.
[[nodiscard]] SWPRUNE_COLD inline block_mask without_smallest(const layer_mask& m,
                                                              std::span<const double> norms,
                                                              double share) {
  block_mask kept(m.out_groups(), m.in_groups());
  for (index_t j = 0; j < m.out_groups(); ++j) {
    std::vector<index_t> live = m.blocks.row(j);
    const auto degree = static_cast<double>(live.size());
    const index_t absent = m.in_groups() - static_cast<index_t>(live.size());
    const index_t gone = std::min(absent, static_cast<index_t>(std::ceil(share * degree)));
    std::stable_sort(live.begin(), live.end(), [&](index_t a, index_t b) {
      const auto norm = [&](index_t i) {
        return norms[static_cast<std::size_t>(j * m.in_groups() + i)];
      };
      return norm(a) > norm(b);
    });
    live.resize(live.size() - static_cast<std::size_t>(gone));
    for (const index_t i : live) kept.set(j, i);
  }
  return kept;
}

/// Cost of every edge of `support`: little where the gradient is large and the ring distance small;
/// blocks that were just given up come last, they only serve to keep columns even.
[[nodiscard]] SWPRUNE_COLD inline std::vector<graph::edge_cost> growth_costs(
    const graph::bipartite& support, const graph::bipartite& before,
    std::span<const double> gradients, const regrow_choice& choice) {
  const std::vector<index_t> position = ring_positions(support.in_nodes(), choice.ring);
  std::vector<index_t> group_at(position.size());
  for (std::size_t i = 0; i < position.size(); ++i)
    group_at[static_cast<std::size_t>(position[i])] = static_cast<index_t>(i);
  const double largest = *std::max_element(gradients.begin(), gradients.end());
  const auto farthest = static_cast<double>(support.out_nodes() * support.in_nodes());
  std::vector<graph::edge_cost> costs;
  for (index_t j = 0; j < support.out_nodes(); ++j)
    for (const graph::node_t y : support.row(j)) {
      const index_t i = group_at[static_cast<std::size_t>(y)];
      const double gradient = gradients[static_cast<std::size_t>(j * support.in_nodes() + i)];
      const index_t way = graph::ring_distance(j, y, support.out_nodes(), support.in_nodes());
      const double gain = (largest > 0 ? gradient / largest : 0) -
                          std::min(choice.locality, 1000.0) * static_cast<double>(way) / farthest;
      const double again = before.has_edge(j, y) ? 2000.0 : 0.0;
      costs.push_back({std::llround((again - gain) * 0x1p20), way});
    }
  return costs;
}

}  // namespace detail

SWPRUNE_SETUP layer_mask regrown(const layer_mask& current, std::span<const double> weight_norms,
                                 std::span<const double> gradient_norms,
                                 const regrow_choice& choice) {
  check(current);
  expects(choice.share >= 0 && choice.share <= 1 && choice.locality >= 0 &&
              std::isfinite(choice.locality),
          errc::argument_out_of_range,
          "0 <= share <= 1 and locality >= 0 must hold, given {} and {}", choice.share,
          choice.locality);
  expects(current.kept_taps.keeps_all(), errc::mask_stages,
          "layer '{}': blocks grow whole, the mask has blocks that lack taps", current.name);
  detail::check_norms(current, weight_norms);
  detail::check_norms(current, gradient_norms);
  const graph::bipartite before = to_ring(current.blocks, choice.ring);
  const graph::bipartite kept =
      to_ring(detail::without_smallest(current, weight_norms, choice.share), choice.ring);
  const graph::bipartite support = detail::complement(kept);
  std::vector<index_t> more;
  for (index_t j = 0; j < before.out_nodes(); ++j)
    more.push_back(before.row_degree(j) - kept.row_degree(j));
  const index_t low = before.edges() / before.in_nodes();
  const index_t high = ceil_div(before.edges(), before.in_nodes());
  std::vector<graph::column_target> columns;
  for (const index_t d : kept.column_degrees())
    columns.push_back({.low = std::max<index_t>(0, low - d),
                       .high = std::max<index_t>(0, high - d),
                       .least = std::max<index_t>(0, std::min<index_t>(1, low) - d)});
  const auto costs = detail::growth_costs(support, before, gradient_norms, choice);
  const auto added = graph::min_cost_b_matching(support, costs, more, columns).graph;
  layer_mask result = current;
  result.blocks = from_ring(detail::united(kept, added), choice.ring);
  return result;
}

#endif

}  // namespace swprune::inline v0::mask
