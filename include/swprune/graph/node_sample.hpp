// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <numeric>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/sample.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// `samples` of the numbers 0 .. nodes - 1, drawn without replacement, every set equally likely,
/// ascending. More samples than nodes take all nodes, without a draw. samples >= 2, because one
/// says nothing about its error; throws argument_out_of_range, and graph_nodes for nodes outside
/// [1, 2^31 - 1].
[[nodiscard]] SWPRUNE_SETUP std::vector<index_t> node_sample(index_t nodes, index_t samples,
                                                             rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP std::vector<index_t> node_sample(index_t nodes, index_t samples, rng& random) {
  check_node_count(nodes, "the number of nodes");
  expects(samples >= 2, errc::argument_out_of_range,
          "a sample needs at least 2 nodes (more than there are takes all), given {}", samples);
  if (samples < nodes) return detail::sample(nodes, samples, random);
  std::vector<index_t> all(static_cast<std::size_t>(nodes));
  std::iota(all.begin(), all.end(), index_t{0});
  return all;
}

#endif

}  // namespace swprune::inline v0::graph
