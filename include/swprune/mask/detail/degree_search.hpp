// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <tuple>
#include <utility>
#include <vector>

#include "swprune/core/types.hpp"

namespace swprune::inline v0::mask::detail {

/// One way to fill a layer.
struct degree_choice {
  index_t blocks = 0;
  index_t kept = 0;  ///< weights
  index_t macs = 0;
};

/// The ways to fill one layer.
struct degree_choices {
  std::vector<degree_choice> whole;  ///< equal rows
  std::vector<degree_choice> all;    ///< rows of d and d + 1 too
  index_t block_weights = 0;         ///< exact mode allows half of it as error
};

struct degree_target {
  index_t kept = 0;       ///< weights to keep
  index_t tolerance = 0;  ///< weights within which multiply-accumulates decide
};

/// The outcome of a search.
struct degree_vector {
  std::vector<index_t> blocks;  ///< per layer
  index_t kept = 0;
  bool near_enough = true;  ///< exact mode: within half a block
};

/// All sums of kept weights that layers can make, with the fewest multiply-accumulates for each: a
/// knapsack over layers.
class degree_sums {
 public:
  /// A sum and how it came about.
  struct state {
    index_t kept = 0;
    index_t macs = 0;
    std::uint32_t parent = 0;
    std::uint32_t choice = 0;
  };

  explicit degree_sums(std::size_t limit) : limit_(limit), levels_{{state{}}} {}

  void add_layer(const std::vector<degree_choice>& choices) {
    const std::vector<state>& before = levels_.back();
    std::vector<state> after;
    after.reserve(before.size() * choices.size());
    for (std::uint32_t s = 0; s < before.size(); ++s)
      for (std::uint32_t c = 0; c < choices.size(); ++c)
        after.push_back({before[s].kept + choices[c].kept, before[s].macs + choices[c].macs, s, c});
    merge(after);
    levels_.push_back(std::move(after));
  }

  [[nodiscard]] const std::vector<state>& sums() const { return levels_.back(); }

  /// The choice of every layer that leads to sums()[index].
  [[nodiscard]] std::vector<std::size_t> path(std::size_t index) const {
    std::vector<std::size_t> choices(levels_.size() - 1);
    for (std::size_t l = levels_.size() - 1; l > 0; --l) {
      choices[l - 1] = levels_[l][index].choice;
      index = levels_[l][index].parent;
    }
    return choices;
  }

 private:
  /// Keeps the cheapest state of each sum; of each of `limit_` intervals if there are more sums.
  void merge(std::vector<state>& states) const {
    const auto order = [](const state& a, const state& b) {
      return std::tie(a.kept, a.macs, a.parent, a.choice) <
             std::tie(b.kept, b.macs, b.parent, b.choice);
    };
    std::sort(states.begin(), states.end(), order);
    const auto same = [](const state& a, const state& b) { return a.kept == b.kept; };
    states.erase(std::unique(states.begin(), states.end(), same), states.end());
    if (states.size() <= limit_) return;
    const index_t low = states.front().kept;
    const index_t width = ceil_div(states.back().kept - low + 1, static_cast<index_t>(limit_));
    std::size_t kept = 0;
    for (std::size_t s = 1; s < states.size(); ++s) {
      const bool same_interval =
          (states[s].kept - low) / width == (states[kept].kept - low) / width;
      if (!same_interval)
        states[++kept] = states[s];
      else if (states[s].macs < states[kept].macs)
        states[kept] = states[s];
    }
    states.resize(kept + 1);
  }

  std::size_t limit_;
  std::vector<std::vector<state>> levels_;
};

/// How good a candidate is: smaller is better.
using degree_rank = std::tuple<int, index_t, index_t>;

[[nodiscard]] inline degree_rank rank_of(index_t error, index_t macs, bool allowed,
                                         index_t tolerance) {
  if (allowed && error <= tolerance) return {0, macs, error};
  return {allowed ? 1 : 2, error, macs};
}

inline constexpr degree_rank worst_rank{3, 0, 0};

/// Equal rows everywhere.
[[nodiscard]] inline degree_vector search_strict(const std::vector<degree_choices>& layers,
                                                 const degree_target& target) {
  degree_sums sums(65536);
  for (const degree_choices& l : layers) sums.add_layer(l.whole);
  degree_rank best = worst_rank;
  std::size_t best_state = 0;
  for (std::size_t s = 0; s < sums.sums().size(); ++s) {
    const auto& state = sums.sums()[s];
    const auto rank =
        rank_of(std::abs(state.kept - target.kept), state.macs, true, target.tolerance);
    if (rank < best) {
      best = rank;
      best_state = s;
    }
  }
  degree_vector result;
  const auto path = sums.path(best_state);
  for (std::size_t l = 0; l < layers.size(); ++l)
    result.blocks.push_back(layers[l].whole[path[l]].blocks);
  result.kept = sums.sums()[best_state].kept;
  return result;
}

/// Equal rows in all layers but one, which takes up the rest.
[[nodiscard]] inline degree_vector search_exact(const std::vector<degree_choices>& layers,
                                                const degree_target& target) {
  degree_rank best = worst_rank;
  degree_vector result;
  if (layers.empty()) return result;
  for (std::size_t f = 0; f < layers.size(); ++f) {
    degree_sums sums(2048);
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (l != f) sums.add_layer(layers[l].whole);
    std::size_t best_state = sums.sums().size();
    degree_choice best_rest;
    for (std::size_t s = 0; s < sums.sums().size(); ++s) {
      const auto& state = sums.sums()[s];
      for (const degree_choice& rest : layers[f].all) {
        const index_t error = std::abs(state.kept + rest.kept - target.kept);
        const auto rank = rank_of(error, state.macs + rest.macs,
                                  2 * error <= layers[f].block_weights, target.tolerance);
        if (rank >= best) continue;
        best = rank;
        best_state = s;
        best_rest = rest;
      }
    }
    if (best_state == sums.sums().size()) continue;  // no better than an earlier layer's best
    result.blocks.clear();
    const auto path = sums.path(best_state);
    for (std::size_t l = 0, next = 0; l < layers.size(); ++l)
      result.blocks.push_back(l == f ? best_rest.blocks : layers[l].whole[path[next++]].blocks);
    result.kept = sums.sums()[best_state].kept + best_rest.kept;
  }
  result.near_enough = std::get<0>(best) < 2;
  return result;
}

}  // namespace swprune::inline v0::mask::detail
