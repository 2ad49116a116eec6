// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

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

  [[nodiscard]] index_t nodes() const { return static_cast<index_t>(rows_.size()); }
  [[nodiscard]] index_t joined() const {
    index_t n = 0;
    for (const auto& row : rows_)
      for (const std::uint64_t word : row) n += std::popcount(word);
    return n;
  }
  [[nodiscard]] index_t pairs() const { return nodes() * inputs_; }

 private:
  index_t inputs_;
  std::size_t words_;
  std::vector<std::vector<std::uint64_t>> rows_;
};

}  // namespace detail

/// Boolean product of a chain of masks, first layer first. Throws graph_nodes, naming the place,
/// if the outputs of one mask are not the inputs of the next.
[[nodiscard]] inline mixing_result mixing(std::span<const bipartite> chain) {
  mixing_result result;
  if (chain.empty()) return result;
  detail::reach_sets sets(chain.front().in_nodes());
  for (const bipartite& g : chain) {
    const auto layer = static_cast<index_t>(result.reach.size());
    expects(g.in_nodes() == sets.nodes(), errc::graph_nodes,
            "mask {} of the chain has {} input nodes but {} come in", layer, g.in_nodes(),
            sets.nodes());
    sets.pass(g);
    result.reach.push_back(static_cast<double>(sets.joined()) / static_cast<double>(sets.pairs()));
    if (result.depth == 0 && sets.joined() == sets.pairs()) result.depth = layer + 1;
  }
  return result;
}

}  // namespace swprune::inline v0::graph
