// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/mask/detail/degree_search.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/ring_order.hpp"

namespace swprune::inline v0::mask {

/// How closely the rows of the network's masks follow the wanted sparsity.
enum class degree_mode {
  strict,  ///< all rows of a layer have the same degree
  exact    ///< one layer may have rows of d and d + 1 blocks: within half a block of the target
};

struct allocate_params {
  double sparsity = 0.76;  ///< wanted share of the network's weights that are pruned, in [0, 1)
  block_shape block{};     ///< Bo >= 1, Bi >= 1
  degree_mode mode = degree_mode::strict;
  bool allow_uncovered = false;  ///< permit densities at which some input groups are not used
  /// Order in which the masks will be made: where the last, incomplete input group stands.
  ring_order order = ring_order::interleaved;
};

/// What one layer gets.
struct layer_allocation {
  std::string name;
  index_t out_groups = 1;    ///< Go = ceil(Nof / Bo)
  index_t in_groups = 1;     ///< Gi = ceil(Nif / Bi)
  index_t degree = 1;        ///< blocks of a row
  index_t extra_rows = 0;    ///< rows with one block more, in [0, Go - 1]
  index_t weights = 0;       ///< of the dense layer, without bias
  index_t kept_weights = 0;  ///< padding of incomplete groups not counted
  index_t macs_dense = 0;    ///< multiply-accumulates of one image
  index_t macs_kept = 0;
  bool keep_dense = false;

  [[nodiscard]] index_t blocks() const { return degree * out_groups + extra_rows; }
  [[nodiscard]] double density() const {
    return static_cast<double>(kept_weights) / static_cast<double>(weights);
  }
};

/// What a network gets. Biases and normalisation are not counted anywhere.
struct allocation {
  std::vector<layer_allocation> layers;
  index_t weights = 0;
  index_t kept_weights = 0;
  index_t target_weights = 0;      ///< what would have been kept at exactly the wanted sparsity
  double sparsity = 0.0;           ///< over all weights
  double sparsity_prunable = 0.0;  ///< over the layers that are not kept dense; 0 if there are none
  index_t macs_dense = 0;
  index_t macs_kept = 0;
  double mac_ratio = 1.0;  ///< macs_dense / macs_kept
};

namespace detail {

[[nodiscard]] inline index_t out_groups(const layer_spec& l, const block_shape& b) {
  return ceil_div(l.out_channels, b.outputs);
}
[[nodiscard]] inline index_t in_groups(const layer_spec& l, const block_shape& b) {
  return ceil_div(l.in_channels, b.inputs);
}

/// Weights that a lattice of that many blocks keeps. Switches keep row and column degrees, so a
/// small-world mask keeps the same; only where both the last output group and the last input group
/// are incomplete can it differ, by the missing corner of one block.
[[nodiscard]] inline index_t kept_weights(const layer_spec& l, const allocate_params& p,
                                          index_t blocks) {
  const graph::biregular_params size{.out_nodes = out_groups(l, p.block),
                                     .in_nodes = in_groups(l, p.block),
                                     .degree = blocks / out_groups(l, p.block),
                                     .extra_rows = blocks % out_groups(l, p.block)};
  if (l.in_channels % p.block.inputs != 0) {
    const layer_mask m{l.name,
                       p.block,
                       l.out_channels,
                       l.in_channels,
                       l.kernel_height,
                       l.kernel_width,
                       from_ring(graph::bipartite_lattice(size), p.order)};
    return m.kept_weights();
  }
  const index_t absent = size.out_nodes * p.block.outputs - l.out_channels;
  const index_t output_rows =
      p.block.outputs * blocks - absent * size.row_degree(size.out_nodes - 1);
  return output_rows * p.block.inputs * l.kernel_height * l.kernel_width;
}

/// round(factor * share / whole) without overflow, halves up.
[[nodiscard]] inline index_t rounded_part(index_t factor, index_t share, index_t whole) {
  __extension__ using wide = __int128;
  return static_cast<index_t>((2 * static_cast<wide>(factor) * share + whole) /
                              (2 * static_cast<wide>(whole)));
}

inline void check(const allocate_params& p) {
  expects(p.sparsity >= 0.0 && p.sparsity < 1.0, errc::mask_density,
          "the sparsity must lie in [0, 1), given {}", p.sparsity);
  expects(p.block.outputs >= 1 && p.block.inputs >= 1, errc::mask_block,
          "a block needs Bo >= 1 and Bi >= 1, given {}x{}", p.block.outputs, p.block.inputs);
}

/// Uniform density: how the prunable layers share what is to be kept of them.
struct prunable_share {
  index_t weights = 0;  ///< of all prunable layers
  index_t target = 0;   ///< to be kept of these
};

[[nodiscard]] inline prunable_share share_of(const std::vector<layer_spec>& layers,
                                             const allocate_params& p, index_t target) {
  prunable_share share;
  index_t total = 0;
  for (const layer_spec& l : layers) {
    total += l.weights();
    if (!l.keep_dense) share.weights += l.weights();
  }
  const index_t dense = total - share.weights;
  share.target = target - dense;
  expects(share.target >= 0 && (share.weights > 0 || share.target == 0), errc::mask_density,
          "sparsity {} cannot be reached: the layers kept dense hold {} of {} weights, so the "
          "sparsity must be below {:.6f}",
          p.sparsity, dense, total,
          static_cast<double>(share.weights) / static_cast<double>(total));
  return share;
}

[[nodiscard]] inline index_t fewest_blocks(const layer_spec& l, const allocate_params& p) {
  const index_t go = out_groups(l, p.block);
  const index_t gi = in_groups(l, p.block);
  if (p.allow_uncovered) return go;
  return p.mode == degree_mode::exact ? std::max(go, gi) : ceil_div(gi, go) * go;
}

inline void check_coverage(const layer_spec& l, const allocate_params& p,
                           const prunable_share& share) {
  const index_t go = out_groups(l, p.block);
  const index_t gi = in_groups(l, p.block);
  const index_t fewest = fewest_blocks(l, p);
  const index_t wanted = rounded_part(gi, share.target, share.weights) * go;
  const double density = static_cast<double>(share.target) / static_cast<double>(share.weights);
  const double feasible = static_cast<double>(fewest) / static_cast<double>(go * gi);
  if (p.allow_uncovered) {
    expects(wanted >= fewest, errc::mask_density,
            "layer '{}': sparsity {} leaves density {:.4f}, but one block in each of {} rows needs "
            "density >= {:.4f}",
            l.name, p.sparsity, density, go, feasible);
    return;
  }
  expects(wanted >= fewest, errc::mask_coverage,
          "layer '{}': sparsity {} leaves density {:.4f}, but a use for each of {} input groups in "
          "{} rows needs density >= {:.4f}; ask for less sparsity, take narrower blocks (Bo = {}), "
          "keep the layer dense, or set allow_uncovered",
          l.name, p.sparsity, density, gi, go, feasible, p.block.outputs);
}

/// The degrees of one layer within one step of the rounding, and all numbers of blocks between.
[[nodiscard]] inline degree_choices choices_of(const layer_spec& l, const allocate_params& p,
                                               const prunable_share& share) {
  const index_t go = out_groups(l, p.block);
  const index_t gi = in_groups(l, p.block);
  const index_t fewest = fewest_blocks(l, p);
  const index_t rounded =
      std::clamp(rounded_part(gi, share.target, share.weights), ceil_div(fewest, go), gi);
  degree_choices c;
  c.block_weights = p.block.outputs * p.block.inputs * l.kernel_height * l.kernel_width;
  const index_t low = std::max(fewest, (rounded - 1) * go);
  const index_t high = std::min(gi, rounded + 1) * go;
  for (index_t blocks = low; blocks <= high; ++blocks) {
    const bool whole = blocks % go == 0;
    if (!whole && p.mode == degree_mode::strict) continue;
    const index_t kept = kept_weights(l, p, blocks);
    const degree_choice choice{blocks, kept, kept * l.out_pixels};
    if (whole) c.whole.push_back(choice);
    if (p.mode == degree_mode::exact) c.all.push_back(choice);
  }
  return c;
}

[[nodiscard]] inline layer_allocation describe(const layer_spec& l, const allocate_params& p,
                                               index_t blocks) {
  layer_allocation a;
  a.name = l.name;
  a.out_groups = out_groups(l, p.block);
  a.in_groups = in_groups(l, p.block);
  a.degree = blocks / a.out_groups;
  a.extra_rows = blocks % a.out_groups;
  a.weights = l.weights();
  a.kept_weights = kept_weights(l, p, blocks);
  a.macs_dense = l.macs();
  a.macs_kept = a.kept_weights * l.out_pixels;
  a.keep_dense = l.keep_dense;
  return a;
}

inline void add_totals(allocation& a) {
  index_t prunable = 0;
  index_t prunable_kept = 0;
  for (const layer_allocation& l : a.layers) {
    a.weights += l.weights;
    a.kept_weights += l.kept_weights;
    a.macs_dense += l.macs_dense;
    a.macs_kept += l.macs_kept;
    prunable += l.keep_dense ? 0 : l.weights;
    prunable_kept += l.keep_dense ? 0 : l.kept_weights;
  }
  const auto pruned = [](index_t kept, index_t all) {
    return all == 0 ? 0.0 : static_cast<double>(all - kept) / static_cast<double>(all);
  };
  a.sparsity = pruned(a.kept_weights, a.weights);
  a.sparsity_prunable = pruned(prunable_kept, prunable);
  a.mac_ratio = static_cast<double>(a.macs_dense) / static_cast<double>(a.macs_kept);
}

}  // namespace detail

/// Shares a sparsity of the whole network out to row degrees of its layers. All prunable layers
/// aim at one density; degrees are rounded; then, among all degree vectors within one step of the
/// rounding whose sparsity is within 0.05 points of the target, the one with the fewest
/// multiply-accumulates is taken, or the nearest to the target if none is so near. In exact mode
/// one layer may have a number of blocks between (rows of d and d + 1), and the kept weights are
/// within half a block of that layer of the target. The search is complete while the different
/// sums of kept weights stay below 65536 (exact: 2048); beyond, near-equal sums are merged.
/// Coverage: every input group must be used, hence blocks >= Gi. A layer whose rounded degree is
/// too low for that throws mask_coverage, naming it and its smallest feasible density; one that is
/// rounded up to enough is made good for by the others. allow_uncovered lifts the rule down to one
/// block a row. Throws mask_shape or mask_block for bad layers, mask_density for a sparsity outside
/// [0, 1) or one that no mask of the layers has.
[[nodiscard]] inline allocation allocate(const std::vector<layer_spec>& layers,
                                         const allocate_params& p) {
  check(layers);
  detail::check(p);
  allocation a;
  index_t total = 0;
  for (const layer_spec& l : layers) total += l.weights();
  a.target_weights =
      static_cast<index_t>(std::llround((1.0 - p.sparsity) * static_cast<double>(total)));
  const detail::prunable_share share = detail::share_of(layers, p, a.target_weights);
  std::vector<detail::degree_choices> choices;
  for (const layer_spec& l : layers) {
    if (l.keep_dense) continue;
    detail::check_coverage(l, p, share);
    choices.push_back(detail::choices_of(l, p, share));
  }
  const detail::degree_target wanted{share.target, total / 2000};  // 0.05 points
  const detail::degree_vector best = p.mode == degree_mode::exact
                                         ? detail::search_exact(choices, wanted)
                                         : detail::search_strict(choices, wanted);
  expects(best.near_enough, errc::mask_density,
          "sparsity {} has no mask within half a block that uses every input group; the nearest "
          "keeps {} weights of the prunable layers instead of {}",
          p.sparsity, best.kept, share.target);
  std::size_t next = 0;
  for (const layer_spec& l : layers) {
    const index_t all = detail::out_groups(l, p.block) * detail::in_groups(l, p.block);
    a.layers.push_back(detail::describe(l, p, l.keep_dense ? all : best.blocks[next++]));
  }
  detail::add_totals(a);
  return a;
}

}  // namespace swprune::inline v0::mask
