// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/bipartite_random.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/locality.hpp"
#include "swprune/graph/newman_watts.hpp"
#include "swprune/graph/stretch.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/graph/ws_flex.hpp"
#include "swprune/mask/mask_kind.hpp"

namespace swprune::inline v0::mask::detail {

/// A graph of a kind that is not balanced, and its share of edges that are off the lattice.
struct control_graph {
  graph::bipartite graph;
  double moved = 0.0;
};

#if SWPRUNE_BODIES

/// Nodes of the undirected graph behind a mask.
[[nodiscard]] inline index_t ring_nodes(const graph::biregular_params& size) {
  return std::min(size.out_nodes, size.in_nodes);
}

/// Even degree whose density (k + 1) / n is nearest to that of the wanted blocks.
[[nodiscard]] inline index_t classic_degree(const graph::biregular_params& size) {
  const index_t wide = std::max(size.out_nodes, size.in_nodes);  // blocks n / (Go Gi), halved
  return std::min(2 * (size.edges() / (2 * wide)), (ring_nodes(size) - 1) / 2 * 2);
}

/// Edges of an undirected graph whose density (2 E / n + 1) / n is nearest to that of the wanted
/// blocks: n (blocks / max(Go, Gi) - 1) / 2, rounded.
[[nodiscard]] inline index_t ring_edges(const graph::biregular_params& size) {
  const index_t n = ring_nodes(size);
  const index_t wide = std::max(size.out_nodes, size.in_nodes);
  const index_t doubled = size.edges() * n - n * wide;  // 2 E wide
  return std::clamp<index_t>(floor_div(doubled + wide, 2 * wide), 0, n * (n - 1) / 2);
}

[[nodiscard]] inline control_graph stretched(const graph::undirected& drawn,
                                             const graph::undirected& ring,
                                             const graph::biregular_params& size) {
  graph::bipartite g = graph::stretch(drawn, size.out_nodes, size.in_nodes);
  const double moved =
      graph::rewired_fraction(g, graph::stretch(ring, size.out_nodes, size.in_nodes));
  return {std::move(g), moved};
}

[[nodiscard]] inline control_graph draw_classic(const graph::biregular_params& size, double beta,
                                                rng& random) {
  const index_t degree = classic_degree(size);
  const graph::ws_params p{.nodes = ring_nodes(size),
                           .degree = degree,
                           .rewire = beta,
                           .connected_tries = degree >= 2 ? 100 : 0};
  return stretched(graph::ws_classic(p, random), graph::ring_lattice(p.nodes, degree), size);
}

[[nodiscard]] SWPRUNE_COLD inline control_graph draw_flex(const graph::biregular_params& size,
                                                          double beta, rng& random) {
  const index_t n = ring_nodes(size);
  const index_t edges = ring_edges(size);
  graph::ws_flex_params p{.nodes = n,
                          .degree = 2.0 * static_cast<double>(edges) / static_cast<double>(n),
                          .rewire = beta,
                          .connected_tries = edges >= n ? 100 : 0};
  const graph::undirected drawn = graph::ws_flex(p, random);
  p.rewire = 0.0;
  p.connected_tries = 0;
  return stretched(drawn, graph::ws_flex(p, random), size);
}

[[nodiscard]] inline control_graph draw_newman(const graph::biregular_params& size, double beta,
                                               rng& random) {
  const index_t n = ring_nodes(size);
  const double ring = static_cast<double>(ring_edges(size)) / (static_cast<double>(n) * (1 + beta));
  const index_t degree = std::min(2 * static_cast<index_t>(std::llround(ring)), (n - 1) / 2 * 2);
  const graph::newman_watts_params p{
      .nodes = n, .degree = degree, .shortcut = beta, .connected_tries = 0};
  return stretched(graph::newman_watts(p, random), graph::ring_lattice(n, degree), size);
}

#endif

[[nodiscard]] inline control_graph compared(graph::bipartite g,
                                            const graph::biregular_params& size) {
  const double moved = graph::rewired_fraction(g, graph::bipartite_lattice(size));
  return {std::move(g), moved};
}

#if SWPRUNE_BODIES

/// A graph of kind ws_classic, ws_flex, newman_watts, erdos_renyi or barabasi_albert, as generate()
/// describes them.
[[nodiscard]] SWPRUNE_COLD inline control_graph draw_control(mask_kind kind,
                                                             const graph::biregular_params& size,
                                                             double beta, rng& random) {
  switch (kind) {
    case mask_kind::ws_classic:
      return draw_classic(size, beta, random);
    case mask_kind::ws_flex:
      return draw_flex(size, beta, random);
    case mask_kind::newman_watts:
      return draw_newman(size, beta, random);
    case mask_kind::erdos_renyi:
      return compared(graph::bipartite_erdos_renyi({.out_nodes = size.out_nodes,
                                                    .in_nodes = size.in_nodes,
                                                    .edges = size.edges(),
                                                    .every_row = size.edges() >= size.out_nodes},
                                                   random),
                      size);
    case mask_kind::barabasi_albert: {
      const index_t degree = size.degree + (2 * size.extra_rows >= size.out_nodes ? 1 : 0);
      return compared(
          graph::bipartite_barabasi_albert(
              {.out_nodes = size.out_nodes, .in_nodes = size.in_nodes, .degree = degree}, random),
          {.out_nodes = size.out_nodes, .in_nodes = size.in_nodes, .degree = degree});
    }
    default:
      raise(errc::argument_out_of_range, "kind {} has no graph of blocks", to_string(kind));
  }
}

#endif

}  // namespace swprune::inline v0::mask::detail
