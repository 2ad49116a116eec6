// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/detail/control_graph.hpp"
#include "swprune/mask/hierarchy.hpp"
#include "swprune/mask/mask_kind.hpp"
#include "swprune/mask/ring_order.hpp"

namespace swprune::inline v0::mask {

struct generate_params {
  index_t out_groups = 1;  ///< Go >= 1
  index_t in_groups = 1;   ///< Gi >= 1
  index_t degree = 1;      ///< blocks of a row, in [0, Gi]; ignored for kind dense
  index_t extra_rows = 0;  ///< rows with one block more, in [0, Go - 1]; 0 where degree = Gi
  mask_kind kind = mask_kind::small_world;
  /// Fraction of edges moved (small_world), probability that one is (ws_classic, ws_flex) or that a
  /// shortcut is added for one (newman_watts), in [0, 1]; no other kind uses it.
  double beta = 0.1;
  ring_order order = ring_order::interleaved;
  index_t cluster_size = 1;  ///< q >= 1, see hierarchy_params; 1 for kinds that are not balanced
  index_t inner_degree = 0;  ///< in [1, q], or 0 for half: see hierarchy_params
};

/// The same with a number of blocks instead of a degree: `blocks` in [0, Go * Gi], dealt as evenly
/// over the rows as integers allow. Throws mask_shape for a number outside.
[[nodiscard]] SWPRUNE_SETUP generate_params with_blocks(generate_params p, index_t blocks);

#if SWPRUNE_BODIES

SWPRUNE_SETUP generate_params with_blocks(generate_params p, index_t blocks) {
  expects(p.out_groups >= 1 && p.in_groups >= 1, errc::mask_shape,
          "a block mask needs out_groups >= 1 and in_groups >= 1, given {} x {}", p.out_groups,
          p.in_groups);
  expects(blocks >= 0 && blocks <= p.out_groups * p.in_groups, errc::mask_shape,
          "a {} x {} mask has between 0 and {} blocks, given {}", p.out_groups, p.in_groups,
          p.out_groups * p.in_groups, blocks);
  p.degree = blocks / p.out_groups;
  p.extra_rows = blocks % p.out_groups;
  return p;
}

#endif

/// A mask and what its generation achieved.
struct generated_mask {
  block_mask blocks;
  double beta_achieved = 0.0;  ///< fraction of edges off the lattice; of the clusters where q > 1
  index_t column_spread = 0;   ///< largest minus smallest column degree
};

/// A block mask [Go x Gi]. What a kind promises of rows, columns and use of the input groups:
/// - small_world, lattice, random: exactly `degree` blocks in each row (one more in extra_rows
/// rows,
///   spread evenly), columns within one of each other (q = 1), every input group used if there are
///   enough blocks.
/// - ws_classic: density (k + 1) / n nearest to that, k even and n = min(Go, Gi); ws_flex: the same
///   with real k, hence nearer; newman_watts: k even such that (k (1 + beta) + 1) / n comes
///   nearest. All on a connected graph (100 tries; k < 2: any graph) stretched to Go x Gi with its
///   diagonal, so every input group is used; rows vary.
/// - erdos_renyi: exactly the number of blocks, uniform but for one in each row (if there are
///   enough); columns vary, and some may be empty.
/// - barabasi_albert: rows of the whole degree nearest to the number of blocks; columns are hubs
/// and
///   hangers-on, and some may be empty.
/// - dense: all blocks.
/// The same generator state gives the same mask on every platform. Throws graph_nodes,
/// graph_degree, graph_probability, argument_out_of_range (q > 1 for a kind that is not balanced;
/// unstructured, which has no blocks: see unstructured_mask()), or graph_not_connected.
[[nodiscard]] SWPRUNE_SETUP generated_mask generate(const generate_params& p, rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP generated_mask generate(const generate_params& p, rng& random) {
  const bool dense = p.kind == mask_kind::dense;
  const graph::biregular_params size{.out_nodes = p.out_groups,
                                     .in_nodes = p.in_groups,
                                     .degree = dense ? p.in_groups : p.degree,
                                     .extra_rows = dense ? 0 : p.extra_rows};
  const hierarchy_params levels{.size = size,
                                .kind = p.kind,
                                .beta = p.beta,
                                .cluster_size = p.cluster_size,
                                .inner_degree = p.inner_degree};
  detail::check(levels);
  if (dense) return {block_mask::dense(p.out_groups, p.in_groups), 0.0, 0};
  if (!is_balanced(p.kind)) {
    expects(p.cluster_size == 1, errc::argument_out_of_range,
            "kind {} has one level: the cluster size must be 1, given {}", to_string(p.kind),
            p.cluster_size);
    const detail::control_graph drawn = detail::draw_control(p.kind, size, p.beta, random);
    return {from_ring(drawn.graph, p.order), drawn.moved, column_spread(drawn.graph)};
  }
  const hierarchy_result h = hierarchy(levels, random);
  return {from_ring(h.graph, p.order), h.beta_achieved, h.column_spread};
}

#endif

/// generate() with the generator's stream "mask" of that layer and stage: what a layer gets does
/// not depend on which other layers there are.
[[nodiscard]] inline generated_mask generate(const generate_params& p, const rng& root,
                                             std::string_view layer_name, std::uint64_t stage = 0) {
  rng random = root.stream("mask", hash64(layer_name), stage);
  return generate(p, random);
}

}  // namespace swprune::inline v0::mask
