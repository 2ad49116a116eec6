// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/locality.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/mask/block_mask.hpp"
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
  double beta = 0.1;  ///< fraction of edges moved, in [0, 1]; for small_world and ws_classic
  ring_order order = ring_order::interleaved;
  index_t cluster_size = 1;  ///< q >= 1, see hierarchy_params; not for ws_classic
};

/// The same with a number of blocks instead of a degree: `blocks` in [0, Go * Gi], dealt as evenly
/// over the rows as integers allow. Throws mask_shape for a number outside.
[[nodiscard]] inline generate_params with_blocks(generate_params p, index_t blocks) {
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

/// A mask and what its generation achieved.
struct generated_mask {
  block_mask blocks;
  double beta_achieved = 0.0;  ///< fraction of edges moved; of the clusters where q > 1
  index_t column_spread = 0;   ///< largest minus smallest column degree
};

namespace detail {

/// Adjacency of a graph on n = min(Go, Gi) ring nodes plus the diagonal, stretched to Go x Gi:
/// output group J is node floor(J n / Go), input group I node floor(I n / Gi).
[[nodiscard]] inline graph::bipartite stretch(const graph::undirected& g, index_t out_groups,
                                              index_t in_groups) {
  std::vector<std::vector<graph::node_t>> rows(static_cast<std::size_t>(out_groups));
  for (index_t j = 0; j < out_groups; ++j)
    for (index_t i = 0; i < in_groups; ++i) {
      const index_t a = j * g.nodes() / out_groups;
      const index_t b = i * g.nodes() / in_groups;
      if (a == b || g.has_edge(a, b))
        rows[static_cast<std::size_t>(j)].push_back(static_cast<graph::node_t>(i));
    }
  return graph::bipartite(in_groups, rows);
}

/// Even degree whose density (k + 1) / n is nearest to that of the wanted blocks.
[[nodiscard]] inline index_t classic_degree(const graph::biregular_params& size) {
  const index_t n = std::min(size.out_nodes, size.in_nodes);
  const index_t wide = std::max(size.out_nodes, size.in_nodes);  // blocks n / (Go Gi), halved
  return std::min(2 * (size.edges() / (2 * wide)), (n - 1) / 2 * 2);
}

[[nodiscard]] inline generated_mask classic_mask(const generate_params& p,
                                                 const graph::biregular_params& size, rng& random) {
  const index_t degree = classic_degree(size);
  graph::ws_params ws{.nodes = std::min(p.out_groups, p.in_groups),
                      .degree = degree,
                      .rewire = p.beta,
                      .connected_tries = degree >= 2 ? 100 : 0};
  const auto drawn = stretch(graph::ws_classic(ws, random), p.out_groups, p.in_groups);
  const auto ring = stretch(graph::ring_lattice(ws.nodes, ws.degree), p.out_groups, p.in_groups);
  return {from_ring(drawn, p.order), graph::rewired_fraction(drawn, ring), column_spread(drawn)};
}

}  // namespace detail

/// A block mask [Go x Gi]. Kinds small_world, lattice and random have exactly `degree` blocks in
/// each row (one more in extra_rows rows, spread evenly), columns within one of each other (q = 1)
/// and use every input group if there are enough blocks. ws_classic has the density (k + 1) / n
/// nearest to that, k even and n = min(Go, Gi), on a connected graph (100 tries) unless k = 0, and
/// rows that vary; it always holds the diagonal. dense has all blocks. The same generator state
/// gives the same mask on every platform. Throws graph_nodes, graph_degree, graph_probability,
/// argument_out_of_range, or graph_not_connected (ws_classic).
[[nodiscard]] inline generated_mask generate(const generate_params& p, rng& random) {
  const graph::biregular_params size{.out_nodes = p.out_groups,
                                     .in_nodes = p.in_groups,
                                     .degree = p.kind == mask_kind::dense ? p.in_groups : p.degree,
                                     .extra_rows = p.kind == mask_kind::dense ? 0 : p.extra_rows};
  const hierarchy_params levels{.size = size,
                                .kind = p.kind,
                                .beta = p.beta,
                                .cluster_size = p.cluster_size,
                                .inner_degree = 0};
  detail::check(levels);
  if (p.kind == mask_kind::dense) return {block_mask::dense(p.out_groups, p.in_groups), 0.0, 0};
  if (p.kind == mask_kind::ws_classic) {
    expects(p.cluster_size == 1, errc::argument_out_of_range,
            "kind ws_classic has one level: the cluster size must be 1, given {}", p.cluster_size);
    return detail::classic_mask(p, size, random);
  }
  const hierarchy_result h = hierarchy(levels, random);
  return {from_ring(h.graph, p.order), h.beta_achieved, h.column_spread};
}

/// generate() with the generator's stream "mask" of that layer and stage: what a layer gets does
/// not depend on which other layers there are.
[[nodiscard]] inline generated_mask generate(const generate_params& p, const rng& root,
                                             std::string_view layer_name, std::uint64_t stage = 0) {
  rng random = root.stream("mask", hash64(layer_name), stage);
  return generate(p, random);
}

}  // namespace swprune::inline v0::mask
