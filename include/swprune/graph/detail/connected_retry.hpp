// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/components.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph::detail {

#if SWPRUNE_BODIES

/// Throws argument_out_of_range unless 0 <= tries <= 100.
inline void check_tries(index_t tries) {
  expects(tries >= 0 && tries <= 100, errc::argument_out_of_range,
          "connected_tries must lie in [0, 100], given {}", tries);
}

/// draw() once if tries = 0, else until the graph is connected. Throws graph_not_connected, with
/// what() for the parameters, when the tries are used up.
template <typename Draw, typename What>
[[nodiscard]] undirected connected_retry(index_t tries, const Draw& draw, const What& what) {
  if (tries == 0) return draw();
  for (index_t t = 0; t < tries; ++t) {
    undirected g = draw();
    if (is_connected(g)) return g;
  }
  raise(errc::graph_not_connected,
        "{} tries with {} gave no connected graph; raise the degree or connected_tries (at most "
        "100)",
        tries, what());
}

#endif

}  // namespace swprune::inline v0::graph::detail
