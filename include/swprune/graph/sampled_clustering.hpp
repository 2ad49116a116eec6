// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/estimate.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/node_sample.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph {

namespace detail {

/// 2 t / (k (k - 1)) of one node; 0 with fewer than two neighbours.
[[nodiscard]] SWPRUNE_FUNCTION double clustering_at(const undirected& g, index_t v);

#if SWPRUNE_BODIES

/// Numbers that two ascending lists share: by binary search where one is far shorter, so that a hub
/// among the neighbours does not cost its whole degree.
[[nodiscard]] inline index_t shared(std::span<const node_t> a, std::span<const node_t> b) {
  if (a.size() > b.size()) std::swap(a, b);
  index_t count = 0;
  if (a.size() * 16 < b.size()) {
    auto from = b.begin();
    for (const node_t v : a) {
      from = std::lower_bound(from, b.end(), v);
      if (from == b.end()) break;
      count += *from == v;
    }
    return count;
  }
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    const node_t left = *x;
    const node_t right = *y;
    count += left == right;
    x += left <= right;
    y += right <= left;
  }
  return count;
}

SWPRUNE_FUNCTION double clustering_at(const undirected& g, index_t v) {
  const auto row = g.neighbours(v);
  const auto k = static_cast<double>(row.size());
  if (row.size() < 2) return 0.0;
  index_t twice = 0;  // every joined pair of neighbours is seen from both
  for (const node_t w : row) twice += shared(row, g.neighbours(w));
  return static_cast<double>(twice) / (k * (k - 1.0));
}

#endif

}  // namespace detail

/// Clustering coefficient C from `samples` nodes drawn without replacement: the mean of their
/// local_clustering(), with its standard error. samples >= 2; at least as many as nodes measure all
/// of them: then the value is clustering_coefficient() and the error 0. Work and memory of a
/// sample: the neighbours of its neighbours. The result does not depend on the number of threads.
/// Throws argument_out_of_range.
[[nodiscard]] SWPRUNE_FUNCTION estimate sampled_clustering(const undirected& g, index_t samples,
                                                           rng& random);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION estimate sampled_clustering(const undirected& g, index_t samples, rng& random) {
  const std::vector<index_t> nodes = node_sample(g.nodes(), samples, random);
  std::vector<double> local(nodes.size());
  constexpr index_t chunk = 256;
  const auto count = static_cast<index_t>(nodes.size());
  parallel_for(ceil_div(count, chunk), [&](index_t c) {
    for (index_t i = c * chunk; i < std::min(count, (c + 1) * chunk); ++i)
      local[static_cast<std::size_t>(i)] =
          detail::clustering_at(g, nodes[static_cast<std::size_t>(i)]);
  });
  return mean_estimate(local, g.nodes());
}

#endif

}  // namespace swprune::inline v0::graph
