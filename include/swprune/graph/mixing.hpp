// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// How information spreads through a chain of masks.
struct mixing_result {
  /// After each mask of the chain: share of the pairs (output node, input node of the first mask)
  /// that are joined by a path, in [0, 1].
  std::vector<double> reach;
  /// Masks after which every output node depends on every input node; 0 if the chain is too short
  /// or never mixes.
  index_t depth = 0;
};

namespace detail {

/// Which inputs of the chain each node depends on: one row of bits per node.
class reach_sets {
 public:
  explicit reach_sets(index_t inputs)
      : inputs_(inputs), words_(static_cast<std::size_t>(ceil_div(inputs, 64))) {
    rows_.assign(static_cast<std::size_t>(inputs), std::vector<std::uint64_t>(words_, 0));
    for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i][i / 64] |= std::uint64_t{1} << (i % 64);
  }

  void pass(const bipartite& g) {
    std::vector<std::vector<std::uint64_t>> next(static_cast<std::size_t>(g.out_nodes()),
                                                 std::vector<std::uint64_t>(words_, 0));
    for (index_t j = 0; j < g.out_nodes(); ++j)
      for (const node_t i : g.row(j))
        for (std::size_t w = 0; w < words_; ++w)
          next[static_cast<std::size_t>(j)][w] |= rows_[static_cast<std::size_t>(i)][w];
    rows_ = std::move(next);
  }

  /// What this depends on through `before`, whose nodes are the inputs here.
  [[nodiscard]] reach_sets after(const reach_sets& before) const {
    reach_sets both(before.inputs_);
    both.rows_.assign(rows_.size(), std::vector<std::uint64_t>(before.words_, 0));
    for (std::size_t j = 0; j < rows_.size(); ++j)
      for (std::size_t i = 0; i < before.rows_.size(); ++i)
        if ((rows_[j][i / 64] >> (i % 64) & 1) != 0)
          for (std::size_t w = 0; w < before.words_; ++w) both.rows_[j][w] |= before.rows_[i][w];
    return both;
  }

  [[nodiscard]] index_t nodes() const { return static_cast<index_t>(rows_.size()); }
  [[nodiscard]] index_t joined() const {
    index_t n = 0;
    for (const auto& row : rows_)
      for (const std::uint64_t word : row) n += std::popcount(word);
    return n;
  }
  [[nodiscard]] index_t pairs() const { return nodes() * inputs_; }
  [[nodiscard]] bool full() const { return joined() == pairs(); }

 private:
  index_t inputs_;
  std::size_t words_;
  std::vector<std::vector<std::uint64_t>> rows_;
};

inline void check_follows(const bipartite& g, const reach_sets& sets, index_t layer) {
  expects(g.in_nodes() == sets.nodes(), errc::graph_nodes,
          "mask {} of the chain has {} input nodes but {} come in", layer, g.in_nodes(),
          sets.nodes());
}

}  // namespace detail

/// Boolean product of a chain of masks, first layer first. Throws graph_nodes, naming the place,
/// if the outputs of one mask are not the inputs of the next.
[[nodiscard]] SWPRUNE_FUNCTION mixing_result mixing(std::span<const bipartite> chain);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION mixing_result mixing(std::span<const bipartite> chain) {
  mixing_result result;
  if (chain.empty()) return result;
  detail::reach_sets sets(chain.front().in_nodes());
  for (const bipartite& g : chain) {
    const auto layer = static_cast<index_t>(result.reach.size());
    detail::check_follows(g, sets, layer);
    sets.pass(g);
    result.reach.push_back(static_cast<double>(sets.joined()) / static_cast<double>(sets.pairs()));
    if (result.depth == 0 && sets.full()) result.depth = layer + 1;
  }
  return result;
}

#endif

/// Masks of a chain until every output node depends on every input node of the first; 0 if `most`
/// masks are not enough. next_mask(l) gives mask l = 0, 1, ...; only as many are asked for as are
/// needed. `inputs` in [1, 2^31 - 1]; throws graph_nodes, naming the place, if a mask does not take
/// what comes in.
template <typename NextMask>
[[nodiscard]] index_t mixing_depth(index_t inputs, index_t most, NextMask&& next_mask) {
  check_node_count(inputs, "the number of inputs of a chain");
  detail::reach_sets sets(inputs);
  for (index_t layer = 0; layer < most; ++layer) {
    const bipartite g = next_mask(layer);
    detail::check_follows(g, sets, layer);
    sets.pass(g);
    if (sets.full()) return layer + 1;
  }
  return 0;
}

/// Masks that a chain of copies of one square mask needs until every output node depends on every
/// input node; 0 if it never mixes, however long. Decided, not given up on: an n x n matrix of
/// which no power up to (n - 1)^2 + 1 is positive has no positive power (Wielandt 1950). O(n^3 log
/// n) bits. Throws graph_nodes unless there are as many output as input nodes.
[[nodiscard]] SWPRUNE_FUNCTION index_t repeated_mixing_depth(const bipartite& g);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION index_t repeated_mixing_depth(const bipartite& g) {
  expects(g.out_nodes() == g.in_nodes(), errc::graph_nodes,
          "a mask can follow itself only with as many output as input nodes, given {} x {}",
          g.out_nodes(), g.in_nodes());
  const index_t bound = (g.in_nodes() - 1) * (g.in_nodes() - 1) + 1;
  std::vector<detail::reach_sets> powers;  // after 1, 2, 4, ... masks
  powers.emplace_back(g.in_nodes());
  powers.back().pass(g);
  if (powers.back().full()) return 1;
  for (index_t masks = 1; masks < bound && !powers.back().full(); masks *= 2)
    powers.push_back(powers.back().after(powers.back()));
  if (!powers.back().full()) return 0;
  powers.pop_back();  // a full chain stays full, so the longest one that is not can be put together
  detail::reach_sets longest = powers.back();
  index_t depth = index_t{1} << (powers.size() - 1);
  for (std::size_t k = powers.size() - 1; k-- > 0;) {
    detail::reach_sets longer = powers[k].after(longest);
    if (longer.full()) continue;
    longest = std::move(longer);
    depth += index_t{1} << k;
  }
  return depth + 1;
}

#endif

}  // namespace swprune::inline v0::graph
