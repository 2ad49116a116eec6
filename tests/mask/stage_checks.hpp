// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of progressive schedules share: verdicts that look at masks from outside, so that
// a test can show that they fail.

#include <cstdint>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/ws_balanced.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/mask_set.hpp"

namespace swprune_test {

using swprune::index_t;

/// I6: every edge of `small` is one of `large`.
inline bool contains(const swprune::graph::bipartite& large,
                     const swprune::graph::bipartite& small) {
  for (index_t j = 0; j < small.out_nodes(); ++j)
    for (const auto i : small.row(j))
      if (!large.has_edge(j, i)) return false;
  return true;
}

/// Sizes up to `widest`, any degree, half of them with rows of one edge more.
inline swprune::graph::biregular_params any_biregular(swprune::rng& random, index_t widest,
                                                      bool square) {
  const auto below = [&](index_t n) {
    return static_cast<index_t>(random.below(static_cast<std::uint64_t>(n)));
  };
  swprune::graph::biregular_params p;
  p.out_nodes = 1 + below(widest);
  p.in_nodes = square ? p.out_nodes : 1 + below(widest);
  p.degree = below(p.in_nodes + 1);
  if (p.degree < p.in_nodes && below(2) == 0) p.extra_rows = below(p.out_nodes);
  return p;
}

inline swprune::graph::bipartite any_small_world(const swprune::graph::biregular_params& size,
                                                 swprune::rng& random) {
  const double beta = static_cast<double>(random.below(101)) / 100.0;
  return swprune::graph::ws_balanced({.size = size, .beta = beta}, random).graph;
}

/// One text for a set of masks, for hashes.
inline std::string text_of(const swprune::mask::mask_set& masks) {
  std::string text;
  for (const auto& m : masks) {
    text += m.name + ":";
    for (const std::uint8_t b : m.blocks.bytes()) text += b != 0 ? '1' : '0';
    for (const std::uint8_t b : m.kept_taps.bytes()) text += b != 0 ? 'x' : '.';
  }
  return text;
}

}  // namespace swprune_test
