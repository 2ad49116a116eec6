// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/mask/block_mask.hpp"

namespace swprune::inline v0::mask {

/// Where the input groups of a layer stand on the ring.
enum class ring_order {
  aligned,     ///< input group I at position I: clusters persist from layer to layer
  interleaved  ///< input group I at position (I * stride) mod Gi: every layer mixes the clusters
};

[[nodiscard]] constexpr std::string_view to_string(ring_order order) {
  return order == ring_order::aligned ? "aligned" : "interleaved";
}

/// Stride of the interleaved order: near sqrt(Gi) and coprime to Gi. Of the strides within a factor
/// of two of the root it is the nearest one that mixes even rows of two blocks (Gi = 16 takes 3,
/// not 5, which would leave a chain of such layers in two halves for ever); if there is none, the
/// nearest of all, the larger of two equally near. 1 and Gi - 1 keep neighbours together, so they
/// are taken only where nothing else is coprime: for Gi = 1, 2, 3, 4 and 6, where the order mixes
/// nothing. in_groups in [1, 2^31 - 1]; throws graph_nodes.
[[nodiscard]] SWPRUNE_SETUP index_t interleave_stride(index_t in_groups);

/// Ring position of every input group, [Gi]; a permutation. Throws graph_nodes as
/// interleave_stride.
[[nodiscard]] SWPRUNE_SETUP std::vector<index_t> ring_positions(index_t in_groups,
                                                                ring_order order);

/// Mask of a graph whose input nodes are ring positions: block (J, I) lives iff the graph joins J
/// and the position of I. Only columns are permuted.
[[nodiscard]] SWPRUNE_SETUP block_mask from_ring(const graph::bipartite& g, ring_order order);

/// The graph in ring coordinates that from_ring() turns into `mask`: on it small-worldness and
/// locality are measured.
[[nodiscard]] SWPRUNE_SETUP graph::bipartite to_ring(const block_mask& mask, ring_order order);

#if SWPRUNE_BODIES

namespace detail {

/// v with s v = 1 (mod n); s and n coprime, n >= 2.
[[nodiscard]] inline index_t inverse_modulo(index_t s, index_t n) {
  index_t a = s, b = n, x = 1, y = 0;  // x s = a, y s = b (mod n)
  while (b != 0) {
    const index_t q = a / b;
    std::swap(a, b);
    b -= q * a;
    std::swap(x, y);
    y -= q * x;
  }
  return floor_mod(x, n);
}

/// Whether rows of two neighbours mix over layers of Gi = 2 Go groups, where a row's positions
/// 2 J, 2 J + 1 come from the output groups v J and v J + (v - 1) / 2 of the layer before (v the
/// inverse of the stride): only if these differences reach all Go groups.
[[nodiscard]] inline bool mixes_pairs(index_t stride, index_t in_groups) {
  const index_t v = inverse_modulo(stride, in_groups);
  return in_groups % 2 != 0 || std::gcd((v - 1) / 2, in_groups / 2) == 1;
}

}  // namespace detail

SWPRUNE_SETUP index_t interleave_stride(index_t in_groups) {
  graph::check_node_count(in_groups, "the number of input groups");
  if (in_groups <= 2) return 1;
  index_t root = 1;
  while ((2 * root + 1) * (2 * root + 1) <= 4 * in_groups) ++root;  // sqrt(Gi) rounded
  const auto usable = [&](index_t s) {
    return s > 1 && s < in_groups - 1 && std::gcd(s, in_groups) == 1;
  };
  const auto good = [&](index_t s) {
    return usable(s) && 2 * s >= root && s <= 2 * root && detail::mixes_pairs(s, in_groups);
  };
  for (index_t away = 0; away <= root; ++away) {
    if (good(root + away)) return root + away;
    if (good(root - away)) return root - away;
  }
  for (index_t away = 0; away < in_groups; ++away) {
    if (usable(root + away)) return root + away;
    if (usable(root - away)) return root - away;
  }
  return in_groups - 1;
}

SWPRUNE_SETUP std::vector<index_t> ring_positions(index_t in_groups, ring_order order) {
  const index_t stride = order == ring_order::aligned ? 1 : interleave_stride(in_groups);
  std::vector<index_t> position(static_cast<std::size_t>(in_groups));
  for (index_t i = 0; i < in_groups; ++i)
    position[static_cast<std::size_t>(i)] = i * stride % in_groups;
  return position;
}

SWPRUNE_SETUP block_mask from_ring(const graph::bipartite& g, ring_order order) {
  const std::vector<index_t> position = ring_positions(g.in_nodes(), order);
  block_mask mask(g.out_nodes(), g.in_nodes());
  for (index_t i = 0; i < g.in_nodes(); ++i)
    for (index_t j = 0; j < g.out_nodes(); ++j)
      if (g.has_edge(j, position[static_cast<std::size_t>(i)])) mask.set(j, i);
  return mask;
}

SWPRUNE_SETUP graph::bipartite to_ring(const block_mask& mask, ring_order order) {
  const std::vector<index_t> position = ring_positions(mask.in_groups(), order);
  std::vector<std::vector<graph::node_t>> rows(static_cast<std::size_t>(mask.out_groups()));
  for (index_t j = 0; j < mask.out_groups(); ++j)
    for (const index_t i : mask.row(j))
      rows[static_cast<std::size_t>(j)].push_back(
          static_cast<graph::node_t>(position[static_cast<std::size_t>(i)]));
  return graph::bipartite(mask.in_groups(), rows);
}

#endif

}  // namespace swprune::inline v0::mask
