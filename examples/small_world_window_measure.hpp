// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the program small_world_window measures on block masks: small-worldness, locality and mixing
// over block counts, densities and rewired fractions.

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/graph/metrics.hpp"
#include "swprune/graph/small_world_curve.hpp"
#include "swprune/graph/ws_balanced.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/mask/mask_metrics.hpp"
#include "swprune/mask/ring_order.hpp"

namespace small_world_window {

namespace sp = swprune;
using sp::index_t;
using sp::graph::estimate;

/// A chain longer than this is given up, unless it can be shown that it never mixes.
inline constexpr index_t longest_chain = 1000;

/// Masks until every output depends on every input.
struct mixing_depth {
  estimate masks{};    ///< mean over the chains; infinite where one is longer than longest_chain
  bool never = false;  ///< shown, not given up on

  [[nodiscard]] std::string text() const {
    if (never) return "never";
    if (std::isinf(masks.value)) return fmt::format("> {}", longest_chain);
    return fmt::format("{:.{}f}", masks.value, masks.error == 0.0 ? 0 : 1);
  }
};

/// One line of the table of block masks.
struct block_row {
  index_t groups = 1;  ///< Go = Gi
  index_t degree = 1;
  double beta = 0.0;
  estimate clustering{};  ///< of the folded graph in ring coordinates, as the next three
  estimate path_length{};
  estimate sigma{};     ///< NaN where a realisation has no triangle
  estimate omega{};     ///< NaN where the mean degree is at most 2
  estimate union4{};    ///< share of the inputs that 4 adjacent rows need
  estimate singular{};  ///< second singular value over the Ramanujan bound; NaN for degree 1
  mixing_depth aligned{};
  mixing_depth interleaved{};
};

/// Mean of depths, of which none is 0.
[[nodiscard]] inline mixing_depth depth_of(const std::vector<double>& depths) {
  if (std::any_of(depths.begin(), depths.end(), [](double d) { return std::isinf(d); }))
    return {{std::numeric_limits<double>::infinity(), 0.0, std::ssize(depths)}, false};
  return {sp::graph::mean_estimate(depths), false};
}

/// The mask as a graph of its own with the ring order put in place.
[[nodiscard]] inline sp::graph::bipartite placed(const sp::graph::bipartite& ring,
                                                 sp::mask::ring_order order) {
  return sp::mask::to_ring(sp::mask::from_ring(ring, order), sp::mask::ring_order::aligned);
}

/// Depth of `chains` chains of square masks with independent draws. Lattices are the same mask
/// again and again, of which it is known when none will do; a row of degree 1 reaches one input
/// however long the chain.
[[nodiscard]] inline mixing_depth chain_depth(index_t groups, index_t degree, double beta,
                                              sp::mask::ring_order order, index_t chains,
                                              const sp::rng& root) {
  const sp::graph::ws_balanced_params p{{groups, groups, degree, 0}, beta};
  if (degree == 1 && groups > 1) return {.never = true};
  if (beta == 0.0) {
    const auto lattice = sp::graph::bipartite_lattice(p.size);
    const index_t depth = sp::graph::repeated_mixing_depth(placed(lattice, order));
    return {{static_cast<double>(depth), 0.0, 1}, depth == 0};
  }
  std::vector<double> depths;
  for (index_t c = 0; c < chains; ++c) {
    sp::rng random = root.stream("chain", static_cast<std::uint64_t>(c));
    const index_t depth = sp::graph::mixing_depth(groups, longest_chain, [&](index_t) {
      return placed(sp::graph::ws_balanced(p, random).graph, order);
    });
    depths.push_back(depth == 0 ? std::numeric_limits<double>::infinity()
                                : static_cast<double>(depth));
  }
  return depth_of(depths);
}

/// Standard deviation of what a mean was taken of.
[[nodiscard]] inline double spread(const estimate& mean) {
  return mean.error * std::sqrt(static_cast<double>(mean.samples));
}

/// The stream of one line of the tables: a line does not depend on which others are measured.
[[nodiscard]] inline sp::rng stream_of(const block_row& row, const sp::rng& root) {
  return root.stream(fmt::format("blocks {}", row.beta), static_cast<std::uint64_t>(row.groups),
                     static_cast<std::uint64_t>(row.degree));
}

/// `seeds` chains of masks in either ring order.
inline void measure_chains(block_row& row, index_t seeds, const sp::rng& root) {
  const sp::rng own = stream_of(row, root);
  using sp::mask::ring_order;
  row.aligned = chain_depth(row.groups, row.degree, row.beta, ring_order::aligned, seeds, own);
  row.interleaved =
      chain_depth(row.groups, row.degree, row.beta, ring_order::interleaved, seeds, own);
}

/// `seeds` masks of one kind and as many chains of them.
inline void measure_blocks(block_row& row, index_t seeds, const sp::rng& root) {
  const sp::rng own = stream_of(row, root);
  const auto d = static_cast<double>(row.degree);
  const double bound =
      row.degree > 1 ? sp::graph::ramanujan_bound(d, d) : std::numeric_limits<double>::quiet_NaN();
  std::vector<double> c, l, sigma, omega, union4, singular;
  for (index_t s = 0; s < seeds; ++s) {
    sp::rng random = own.stream("mask", static_cast<std::uint64_t>(s));
    const sp::graph::biregular_params size{row.groups, row.groups, row.degree, 0};
    const auto g = sp::graph::ws_balanced({size, row.beta}, random).graph;
    const auto world = sp::graph::measure_small_world(sp::graph::fold(g), random);
    c.push_back(world.clustering);
    l.push_back(world.path_length);
    sigma.push_back(world.clustering == 0.0 ? std::numeric_limits<double>::quiet_NaN()
                                            : world.sigma);
    omega.push_back(world.omega);
    union4.push_back(sp::graph::row_union(g, std::min<index_t>(4, row.groups)));
    singular.push_back(sp::graph::second_singular_value(g) / bound);
  }
  row.clustering = sp::graph::mean_estimate(c);
  row.path_length = sp::graph::mean_estimate(l);
  row.sigma = sp::graph::mean_estimate(sigma);
  row.omega = sp::graph::mean_estimate(omega);
  row.union4 = sp::graph::mean_estimate(union4);
  row.singular = sp::graph::mean_estimate(singular);
  measure_chains(row, seeds, root);
}

inline constexpr double betas[] = {0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0};

/// The whole table: 4 to 128 groups at densities .16 and .24, and (128, 32), where whole degrees
/// give the same mask once.
[[nodiscard]] inline std::vector<block_row> measure_block_table(index_t seeds,
                                                                const sp::rng& root) {
  std::vector<block_row> rows;
  for (const index_t groups : {4, 8, 16, 32, 64, 128}) {
    std::vector<index_t> degrees;
    for (const double density : {0.16, 0.24})
      degrees.push_back(std::max<index_t>(1, std::llround(density * static_cast<double>(groups))));
    if (groups == 128) degrees.push_back(32);
    degrees.erase(std::unique(degrees.begin(), degrees.end()), degrees.end());
    for (const index_t degree : degrees)
      for (const double beta : betas)
        rows.push_back({.groups = groups, .degree = degree, .beta = beta});
  }
  sp::parallel_for(std::ssize(rows), [&](index_t i) {
    measure_blocks(rows[static_cast<std::size_t>(i)], seeds, root);
  });
  return rows;
}

/// C and L over beta of the masks of one size, for the picture of their window.
[[nodiscard]] inline sp::graph::small_world_curve curve_of(const std::vector<block_row>& rows,
                                                           index_t groups, index_t degree) {
  sp::graph::small_world_curve curve;
  for (const block_row& row : rows) {
    if (row.groups != groups || row.degree != degree) continue;
    if (row.beta == 0.0) {
      curve.lattice_clustering = row.clustering.value;
      curve.lattice_path_length = row.path_length.value;
    }
    curve.points.push_back(
        {.rewire = row.beta, .clustering = row.clustering, .path_length = row.path_length});
  }
  return curve;
}

/// What a prototype in Python, made before this library, measured on masks of the same model; NaN
/// where it gave no figure.
struct prototype_row {
  index_t groups;
  index_t degree;
  double beta;
  double clustering;
  double path_length;
  double sigma;
  double omega;
};

inline constexpr prototype_row prototype_rows[] = {
    {32, 8, 0.0, 0.643, 2.45, 2.29, -0.27},   {32, 8, 0.05, 0.567, 1.99, 2.14, 0.01},
    {32, 8, 0.1, 0.502, 1.82, 1.85, 0.18},    {32, 8, 0.2, 0.444, 1.71, 1.42, 0.32},
    {32, 8, 1.0, 0.399, 1.56, 0.98, 0.42},    {64, 10, 0.0, 0.667, 3.67, 2.79, -0.46},
    {64, 10, 0.05, 0.568, 2.33, 3.12, -0.01}, {64, 10, 0.1, 0.497, 2.12, 2.78, 0.16},
    {64, 10, 1.0, 0.266, 1.71, 0.99, 0.62},   {128, 20, 0.05, 0.605, 2.13, 3.28, 0.01},
    {128, 32, 0.05, 0.624, 1.76, 2.30, 0.12}, {16, 4, 0.1, 0.482, 2.06, 1.91, 0.0}};

/// Its mean depths of chains of 32 groups, aligned.
struct prototype_depth {
  index_t degree;
  double beta;
  double masks;
};

inline constexpr prototype_depth prototype_depths[] = {
    {8, 0.0, 5.0}, {8, 0.05, 4.2}, {8, 0.1, 3.7}, {8, 0.2, 3.1}, {8, 1.0, 3.0},
    {4, 0.0, 11},  {4, 0.05, 7.8}, {4, 0.1, 6.5}, {4, 0.2, 5.3}, {4, 1.0, 4.3},
    {2, 0.0, 31},  {2, 0.05, 17},  {2, 0.1, 15},  {2, 0.2, 12},  {2, 1.0, 8}};

/// One line of the table of the quarter-width VGG.
struct vgg_row {
  std::string name;
  sp::mask::mask_kind kind = sp::mask::mask_kind::lattice;
  double beta = 0.0;
  sp::mask::ring_order order = sp::mask::ring_order::aligned;
  double prototype_depth = 0.0;
  double prototype_union = 0.0;
  mixing_depth depth{};
  estimate widening_union{};  ///< of 4 rows, in the layer from 64 to 128 channels
  estimate late_union{};      ///< of 4 rows, mean over the layers with 128 channels on both sides
};

/// The masked layers of a VGG-16 of a quarter of the width, in 2 x 2 blocks at density 1/4.
[[nodiscard]] inline std::vector<sp::mask::layer_mask> quarter_vgg(sp::mask::mask_kind kind,
                                                                   double beta,
                                                                   sp::mask::ring_order order,
                                                                   const sp::rng& root) {
  constexpr index_t widths[] = {16, 16, 32, 32, 64, 64, 64, 128, 128, 128, 128, 128, 128};
  std::vector<sp::mask::layer_mask> layers;
  for (std::size_t l = 1; l < std::size(widths); ++l) {
    const std::string name = fmt::format("conv{}", l + 1);
    const sp::mask::generate_params p{.out_groups = widths[l] / 2,
                                      .in_groups = widths[l - 1] / 2,
                                      .degree = widths[l - 1] / 8,
                                      .kind = kind,
                                      .beta = beta,
                                      .order = order};
    sp::mask::layer_mask m{.name = name,
                           .block = {2, 2},
                           .out_channels = widths[l],
                           .in_channels = widths[l - 1],
                           .kernel_height = 3,
                           .kernel_width = 3};
    m.blocks = sp::mask::generate(p, root, name).blocks;
    layers.push_back(std::move(m));
  }
  return layers;
}

/// Mean union of 4 rows over the layers with 128 outputs and that many inputs.
[[nodiscard]] inline double union_of_layers(const std::vector<sp::mask::layer_mask>& layers,
                                            index_t inputs, sp::mask::ring_order order) {
  std::vector<double> unions;
  for (const auto& m : layers)
    if (m.out_channels == 128 && m.in_channels == inputs)
      unions.push_back(sp::graph::row_union(sp::mask::to_ring(m.blocks, order), 4));
  return sp::graph::mean_estimate(unions).value;
}

inline void measure_vgg(vgg_row& row, index_t seeds, const sp::rng& root) {
  std::vector<double> depths, widening, late;
  for (index_t s = 0; s < seeds; ++s) {
    const auto layers = quarter_vgg(row.kind, row.beta, row.order,
                                    root.stream("quarter vgg", static_cast<std::uint64_t>(s)));
    const index_t depth = sp::mask::mixing(layers).depth;
    depths.push_back(depth == 0 ? std::numeric_limits<double>::infinity()
                                : static_cast<double>(depth));
    widening.push_back(union_of_layers(layers, 64, row.order));
    late.push_back(union_of_layers(layers, 128, row.order));
  }
  row.depth = depth_of(depths);
  row.widening_union = sp::graph::mean_estimate(widening);
  row.late_union = sp::graph::mean_estimate(late);
}

[[nodiscard]] inline std::vector<vgg_row> measure_vgg_table(index_t seeds, const sp::rng& root) {
  using sp::mask::mask_kind;
  using sp::mask::ring_order;
  std::vector<vgg_row> rows{
      {"aligned lattice", mask_kind::lattice, 0.0, ring_order::aligned, 6, 0.28},
      {"interleaved lattice", mask_kind::lattice, 0.0, ring_order::interleaved, 3, 0.28},
      {"aligned small-world, beta 0.1", mask_kind::small_world, 0.1, ring_order::aligned, 5, 0.36},
      {"interleaved small-world, beta 0.1", mask_kind::small_world, 0.1, ring_order::interleaved, 4,
       0.36},
      {"every edge moved once, beta 1", mask_kind::small_world, 1.0, ring_order::aligned, 4, 0.65},
      {"random bi-regular", mask_kind::random, 1.0, ring_order::aligned, 4, 0.65}};
  for (vgg_row& row : rows) measure_vgg(row, seeds, root);
  return rows;
}

}  // namespace small_world_window
