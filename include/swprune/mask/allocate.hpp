// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/allocate_params.hpp"
#include "swprune/mask/density_rule.hpp"
#include "swprune/mask/detail/degree_search.hpp"
#include "swprune/mask/detail/density_shares.hpp"
#include "swprune/mask/detail/prunable_layer.hpp"
#include "swprune/mask/layer_spec.hpp"

namespace swprune::inline v0::mask {

/// What one layer gets. Unstructured: groups are channels, and degree, extra rows and blocks()
/// count weights.
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
  index_t taps = 1;       ///< Nky * Nkx
  index_t kept_taps = 1;  ///< of each live block

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
  double gamma = 0.0;      ///< exponent of the density rule, in [0, 1]: what by_macs found
};

namespace detail {

/// Sums over a network, and what is left for its prunable layers.
struct network_totals {
  index_t weights = 0;
  index_t macs = 0;
  index_t dense_weights = 0;  ///< of the layers kept dense
  index_t dense_macs = 0;
};

[[nodiscard]] SWPRUNE_SETUP network_totals totals_of(const std::vector<layer_spec>& layers);

#if SWPRUNE_BODIES

SWPRUNE_SETUP network_totals totals_of(const std::vector<layer_spec>& layers) {
  network_totals t;
  for (const layer_spec& l : layers) {
    t.weights += l.weights();
    t.macs += l.macs();
    if (!l.keep_dense) continue;
    t.dense_weights += l.weights();
    t.dense_macs += l.macs();
  }
  return t;
}

/// Weights to keep of the prunable layers.
[[nodiscard]] SWPRUNE_COLD inline index_t prunable_target(const network_totals& t,
                                                          const allocate_params& p,
                                                          index_t target) {
  const index_t prunable = t.weights - t.dense_weights;
  const index_t left = target - t.dense_weights;
  expects(left >= 0 && (prunable > 0 || left == 0), errc::mask_density,
          "sparsity {} cannot be reached: the layers kept dense hold {} of {} weights, so the "
          "sparsity must be below {:.6f}",
          p.sparsity, t.dense_weights, t.weights,
          static_cast<double>(prunable) / static_cast<double>(t.weights));
  return left;
}

/// A layer whose rounded degree leaves input groups without use is refused, with the smallest
/// density that would do. Rules that keep such a layer denser never come to that.
SWPRUNE_COLD inline void check_coverage(const prunable_layer& l, const allocate_params& p,
                                        const block_share& share) {
  const index_t wanted = share.of(l.in_groups()) * l.out_groups();
  if (wanted >= l.fewest_blocks()) return;
  const double taps = static_cast<double>(l.kept_taps()) / static_cast<double>(l.taps());
  const double density = share.value() * taps;
  const double feasible =
      static_cast<double>(l.fewest_blocks()) / static_cast<double>(l.blocks()) * taps;
  const std::string origin =
      share.by_hand ? fmt::format("density {:.4f} was given by hand", density)
                    : fmt::format("sparsity {} leaves density {:.4f}", p.sparsity, density);
  expects(!p.allow_uncovered, errc::mask_density,
          "layer '{}': {}, but one block in each of {} rows needs density >= {:.4f}", l.spec().name,
          origin, l.out_groups(), feasible);
  raise(errc::mask_coverage,
        "layer '{}': {}, but a use for each of {} input groups in {} rows needs density >= {:.4f}; "
        "ask for {}, take narrower blocks (Bo = {}), keep the layer dense, or set "
        "allow_uncovered",
        l.spec().name, origin, l.in_groups(), l.out_groups(), feasible,
        share.by_hand ? "that" : "less sparsity", p.block.outputs);
}

/// The degrees of one layer within one step of the rounding, and all numbers of blocks between; of
/// a layer given by hand the rounded degree alone.
[[nodiscard]] SWPRUNE_COLD inline degree_choices choices_of(const prunable_layer& l,
                                                            const allocate_params& p,
                                                            const block_share& share) {
  const index_t go = l.out_groups();
  const index_t gi = l.in_groups();
  const index_t fewest = l.fewest_blocks();
  const index_t rounded = std::clamp(share.of(gi), ceil_div(fewest, go), gi);
  const index_t steps = share.by_hand ? 0 : 1;
  degree_choices c;
  c.block_weights = l.block_weights();
  const index_t low = std::max(fewest, (rounded - steps) * go);
  const index_t high = std::min(gi, rounded + steps) * go;
  for (index_t blocks = low; blocks <= high; ++blocks) {
    const bool whole = blocks % go == 0;
    if (!whole && p.mode == degree_mode::strict) continue;
    const index_t kept = l.kept_weights(blocks);
    const degree_choice choice{blocks, kept, kept * l.spec().out_pixels};
    if (whole) c.whole.push_back(choice);
    if (p.mode == degree_mode::exact) c.all.push_back(choice);
  }
  return c;
}

/// Numbers of blocks of the prunable layers.
[[nodiscard]] SWPRUNE_COLD inline std::vector<index_t> share_out_blocks(
    const std::vector<prunable_layer>& layers, const density_shares& shares,
    const allocate_params& p, const degree_target& wanted) {
  std::vector<degree_choices> choices;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    check_coverage(layers[l], p, shares.shares()[l]);
    choices.push_back(choices_of(layers[l], p, shares.shares()[l]));
  }
  if (p.mode == degree_mode::strict || shares.all_by_hand())
    return search_strict(choices, wanted).blocks;
  degree_vector best = search_exact(choices, wanted);
  expects(best.near_enough, errc::mask_density,
          "sparsity {} has no mask within half a block that uses every input group; the nearest "
          "keeps {} weights of the prunable layers instead of {}",
          p.sparsity, best.kept, wanted.kept);
  return std::move(best.blocks);
}

/// Numbers of single weights of the prunable layers: their shares rounded down, and what is then
/// left of the target one by one to those that have room, the first ones first.
[[nodiscard]] SWPRUNE_COLD inline std::vector<index_t> share_out_weights(
    const std::vector<prunable_layer>& layers, const density_shares& shares, index_t target) {
  std::vector<index_t> kept;
  index_t left = target;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    kept.push_back(shares.kept(l));
    left -= kept.back();
  }
  for (std::size_t l = 0; l < layers.size() && left > 0; ++l)
    if (kept[l] < layers[l].spec().weights()) {
      ++kept[l];
      --left;
    }
  return kept;
}

[[nodiscard]] SWPRUNE_COLD inline layer_allocation describe(const prunable_layer& l,
                                                            const allocate_params& p,
                                                            index_t units) {
  const layer_spec& spec = l.spec();
  layer_allocation a;
  a.name = spec.name;
  a.out_groups = l.out_groups();
  a.in_groups = l.in_groups();
  a.degree = units / a.out_groups;
  a.extra_rows = units % a.out_groups;
  a.weights = spec.weights();
  a.kept_weights = p.unstructured && !spec.keep_dense ? units : l.kept_weights(units);
  a.macs_dense = spec.macs();
  a.macs_kept = a.kept_weights * spec.out_pixels;
  a.keep_dense = spec.keep_dense;
  a.taps = l.taps();
  a.kept_taps = l.kept_taps();
  return a;
}

SWPRUNE_COLD inline void add_totals(allocation& a) {
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

#endif

}  // namespace detail

/// Shares a sparsity of the whole network out to row degrees of its layers. The density rule gives
/// every prunable layer a density, in integer arithmetic; with a of its taps kept in each block,
/// the layer's blocks must then have the density times taps / a. Degrees are rounded; then, among
/// all degree vectors within one step of the rounding whose sparsity is within 0.05 points of the
/// target, the one with the fewest multiply-accumulates is taken, or the nearest to the target if
/// none is so near. In exact mode one layer may have a number of blocks between (rows of d and
/// d + 1), and the kept weights are within half a block of that layer of the target. The search is
/// complete while the different sums of kept weights stay below 65536 (exact: 2048 for the layers
/// before the uneven one and 2048 for those behind it); beyond, near-equal sums are merged.
///
/// Coverage: every input group must be used, hence blocks >= Gi (strict: in equal rows).
/// - Rule uniform promises one density, so a layer whose rounded degree is too low throws
///   mask_coverage, naming it and its smallest feasible density; one that is rounded up to enough
///   is made good for by the others. The same holds for densities given by hand.
/// - Every other rule keeps such a layer at its smallest feasible density and lets the other layers
///   make good for it, as it lets them make good for layers that are full (density 1, or all blocks
///   on a of the taps). It throws mask_coverage, naming the layer that takes most, only if all
///   layers at their smallest densities keep too much.
/// - allow_uncovered lifts the rule down to one block a row.
/// - unstructured knows no coverage: single weights are shared out and the target is met exactly.
///
/// Throws mask_shape or mask_block for bad layers, mask_density for a sparsity outside [0, 1) or
/// one that no mask of the layers has, for names of by_hand() that are no prunable layers,
/// densities by hand that leave another sparsity than the one asked for, and a by_macs() ratio that
/// even gamma = 0 misses.
[[nodiscard]] SWPRUNE_SETUP allocation allocate(const std::vector<layer_spec>& layers,
                                                const allocate_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP allocation allocate(const std::vector<layer_spec>& layers, const allocate_params& p) {
  check(layers);
  check(p);
  const detail::network_totals total = detail::totals_of(layers);
  allocation a;
  a.target_weights =
      static_cast<index_t>(std::llround((1.0 - p.sparsity) * static_cast<double>(total.weights)));
  const index_t target = detail::prunable_target(total, p, a.target_weights);
  std::vector<detail::prunable_layer> prunable;
  for (const layer_spec& l : layers)
    if (!l.keep_dense) prunable.emplace_back(l, p);
  const detail::density_shares shares(prunable, p,
                                      {.target = target,
                                       .total = total.weights,
                                       .dense_macs = total.dense_macs,
                                       .macs = total.macs});
  const detail::degree_target wanted{target, total.weights / 2000};  // 0.05 points
  const std::vector<index_t> units = p.unstructured
                                         ? detail::share_out_weights(prunable, shares, target)
                                         : detail::share_out_blocks(prunable, shares, p, wanted);
  std::size_t next = 0;
  for (const layer_spec& l : layers) {
    const detail::prunable_layer x(l, p);
    a.layers.push_back(detail::describe(x, p, l.keep_dense ? x.blocks() : units[next++]));
  }
  detail::add_totals(a);
  a.gamma = static_cast<double>(shares.gamma()) / 1048576.0;
  return a;
}

#endif

}  // namespace swprune::inline v0::mask
