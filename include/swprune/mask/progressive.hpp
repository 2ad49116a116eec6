// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/growth.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/progressive_params.hpp"
#include "swprune/mask/prune_by_norm.hpp"
#include "swprune/mask/ramp.hpp"
#include "swprune/mask/ring_order.hpp"
#include "swprune/mask/tap_mask.hpp"

namespace swprune::inline v0::mask {

namespace detail {

[[nodiscard]] inline std::vector<index_t> row_degrees(const block_mask& m) {
  std::vector<index_t> rows;
  for (index_t j = 0; j < m.out_groups(); ++j) rows.push_back(m.row_degree(j));
  return rows;
}

#if SWPRUNE_BODIES

[[nodiscard]] inline index_t least_of(const std::vector<index_t>& degrees) {
  return *std::min_element(degrees.begin(), degrees.end());
}

#endif

}  // namespace detail

/// Number of blocks of every row of a network: [layer][row].
using network_rows = std::vector<std::vector<index_t>>;

/// Number of blocks of every row of every layer at every stage, [n + 1]: what order block_norm
/// prunes down to. Row j of a layer has r_j + d_k - r blocks at stage k, at most Gi: r_j its final
/// number, r the smallest of these, d_k of ramp_degrees(r, Gi). Throws mask_stages (see
/// progressive_params).
[[nodiscard]] SWPRUNE_SETUP std::vector<network_rows> stage_row_degrees(
    const mask_set& final_masks, const progressive_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP std::vector<network_rows> stage_row_degrees(const mask_set& final_masks,
                                                          const progressive_params& p) {
  check(p);
  std::vector<network_rows> stages(static_cast<std::size_t>(p.stages) + 1);
  for (const layer_mask& m : final_masks) {
    const std::vector<index_t> rows = detail::row_degrees(m.blocks);
    const index_t least = detail::least_of(rows);
    const std::vector<index_t> degrees = ramp_degrees(least, m.in_groups(), p);
    for (std::size_t k = 0; k < stages.size(); ++k) {
      std::vector<index_t> now = rows;
      for (index_t& r : now) r = std::min(m.in_groups(), r + degrees[k] - least);
      stages[k].push_back(std::move(now));
    }
  }
  return stages;
}

#endif

namespace detail {

SWPRUNE_SETUP void check_nested(const layer_mask& before, const layer_mask& after,
                                std::size_t stage);

#if SWPRUNE_BODIES

/// The layer's masks, first stage first.
[[nodiscard]] SWPRUNE_COLD inline std::vector<layer_mask> layer_stages(
    const layer_mask& final_mask, const progressive_params& p) {
  const graph::bipartite ring = to_ring(final_mask.blocks, p.ring);
  std::vector<index_t> degrees = ramp_degrees(least_row_degree(ring), ring.in_nodes(), p);
  std::reverse(degrees.begin(), degrees.end());
  const std::vector<growth_step> steps = grow(ring, degrees);
  std::vector<layer_mask> stages;
  for (auto step = steps.rbegin(); step + 1 != steps.rend(); ++step) {
    stages.push_back(final_mask);
    stages.back().blocks = from_ring(step->graph, p.ring);
    stages.back().kept_taps = tap_mask();
  }
  stages.push_back(final_mask);
  return stages;
}

SWPRUNE_SETUP void check_nested(const layer_mask& before, const layer_mask& after,
                                std::size_t stage) {
  layer_mask same_shape = after;
  same_shape.blocks = before.blocks;
  same_shape.kept_taps = before.kept_taps;
  expects(same_shape == before, errc::mask_stages,
          "stage {}: layer '{}' has another name or shape than '{}' of stage {}", stage, after.name,
          before.name, stage - 1);
  for (index_t j = 0; j < after.out_groups(); ++j)
    for (const index_t i : after.blocks.row(j)) {
      expects(before.blocks.test(j, i), errc::mask_stages,
              "stage {}: layer '{}' has block ({}, {}), which stage {} lacks", stage, after.name, j,
              i, stage - 1);
      for (index_t t = 0; t < after.taps(); ++t)
        expects(!after.kept_taps.test(j, i, t) || before.kept_taps.test(j, i, t), errc::mask_stages,
                "stage {}: layer '{}' keeps tap {} of block ({}, {}), which stage {} lacks", stage,
                after.name, t, j, i, stage - 1);
    }
}

/// S_0 must leave some layer with something to prune.
SWPRUNE_COLD inline void check_initial_sparsity(const mask_set& final_masks,
                                                const progressive_params& p) {
  index_t sparsest = 0;  // in millionths of a layer's blocks, rounded up
  for (const layer_mask& m : final_masks) {
    const index_t absent = m.in_groups() - least_of(row_degrees(m.blocks));
    sparsest = std::max(sparsest, ceil_div(absent * 1'000'000, m.in_groups()));
  }
  expects(final_masks.size() == 0 || initial_millionths(p) <= sparsest, errc::mask_stages,
          "the initial sparsity must lie in [0, {:.6f}], the sparsity of the sparsest layer, given "
          "{}",
          static_cast<double>(sparsest) / 1e6, p.initial_sparsity);
}

#endif

}  // namespace detail

/// Nested masks of a network, stage 0 .. n: every stage holds the next, the last is `final_masks`,
/// bit for bit. Blocks: grow() in ring coordinates through ramp_degrees() of each layer, so that
/// all rows of a layer (with equal final rows) are equal at every stage, and the blocks that go
/// first are the farthest on the ring. Taps: every stage but the last has all taps of its blocks,
/// the last has those of final_masks. Dense layers stay as they are. Trained on the last stage only
/// (P0), this is one-shot pruning with final_masks.
/// Throws mask_stages as progressive_params says, for an initial sparsity above that of the blocks
/// of every layer, and for order block_norm, whose later stages follow from the weights: take
/// initial_stage() and next_stage_by_norm().
[[nodiscard]] SWPRUNE_SETUP std::vector<mask_set> make_stages(const mask_set& final_masks,
                                                              const progressive_params& p);

/// Stage 0 of make_stages(), for either order: where training with removal by norm starts. With an
/// initial sparsity of 0 every block. Removal by norm takes whole blocks: with order block_norm the
/// final masks may have no tap masks. Throws mask_stages for these, else as make_stages().
[[nodiscard]] SWPRUNE_SETUP mask_set initial_stage(const mask_set& final_masks,
                                                   progressive_params p);

/// The next stage in order block_norm: of every layer of `current` the blocks with the largest
/// norms, see prune_by_norm() of several steps. rows: numbers of blocks of the next stage,
/// final_rows of the last one: [k] and back() of stage_row_degrees(). norms: [layer][Go x Gi].
/// Throws mask_shape for lists that do not have one entry per layer, and as prune_by_norm().
[[nodiscard]] SWPRUNE_SETUP mask_set
next_stage_by_norm(const mask_set& current, const std::vector<std::vector<double>>& norms,
                   const network_rows& rows, const network_rows& final_rows,
                   ring_order ring = ring_order::interleaved);

/// Throws mask_stages, naming layer and stage, unless every stage has the layers of the first, in
/// the same order and of the same shape, and no block or tap that the stage before lacks (I6).
SWPRUNE_SETUP void check_nested(const std::vector<mask_set>& stages);

#if SWPRUNE_BODIES

SWPRUNE_SETUP std::vector<mask_set> make_stages(const mask_set& final_masks,
                                                const progressive_params& p) {
  check(p);
  detail::check_initial_sparsity(final_masks, p);
  expects(p.order == removal_order::ring_distance, errc::mask_stages,
          "stages can be made in advance in order ring_distance only, given {}: prune the "
          "initial_stage() with prune_by_norm() as training goes",
          to_string(p.order));
  std::vector<std::vector<layer_mask>> stages(static_cast<std::size_t>(p.stages) + 1);
  for (const layer_mask& m : final_masks) {
    std::vector<layer_mask> layer = detail::layer_stages(m, p);
    for (std::size_t k = 0; k < stages.size(); ++k) stages[k].push_back(std::move(layer[k]));
  }
  std::vector<mask_set> sets;
  for (std::vector<layer_mask>& layers : stages) sets.emplace_back(std::move(layers));
  return sets;
}

SWPRUNE_SETUP mask_set initial_stage(const mask_set& final_masks, progressive_params p) {
  for (const layer_mask& m : final_masks)
    expects(p.order != removal_order::block_norm || m.kept_taps.keeps_all(), errc::mask_stages,
            "layer '{}': order block_norm removes whole blocks, given a tap mask; take order "
            "ring_distance",
            m.name);
  p.order = removal_order::ring_distance;
  return make_stages(final_masks, p).front();
}

SWPRUNE_SETUP mask_set next_stage_by_norm(const mask_set& current,
                                          const std::vector<std::vector<double>>& norms,
                                          const network_rows& rows, const network_rows& final_rows,
                                          ring_order ring) {
  const std::size_t layers = current.layers().size();
  expects(norms.size() == layers && rows.size() == layers && final_rows.size() == layers,
          errc::mask_shape,
          "{} layers need as many lists of norms and of row degrees, now and in the end, given {}, "
          "{} and {}",
          layers, norms.size(), rows.size(), final_rows.size());
  std::vector<layer_mask> next;
  for (std::size_t l = 0; l < layers; ++l)
    next.push_back(prune_by_norm(current.layers()[l], norms[l], rows[l], final_rows[l], ring));
  return mask_set(std::move(next));
}

SWPRUNE_SETUP void check_nested(const std::vector<mask_set>& stages) {
  for (std::size_t k = 1; k < stages.size(); ++k) {
    expects(stages[k].size() == stages[0].size(), errc::mask_stages,
            "stage {} has {} layers, stage 0 has {}", k, stages[k].size(), stages[0].size());
    for (std::size_t l = 0; l < stages[k].layers().size(); ++l)
      detail::check_nested(stages[k - 1].layers()[l], stages[k].layers()[l], k);
  }
}

#endif

}  // namespace swprune::inline v0::mask
