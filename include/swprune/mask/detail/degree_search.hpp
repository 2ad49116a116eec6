// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::mask::detail {

#if SWPRUNE_BODIES

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
    /// Choices of the first 32 layers added, the first one foremost.
    std::uint64_t history = 0;
  };
  /// Of several ways to one sum at one price: the largest choice of the layer that was added last,
  /// then of the one before it and so on, or the other way round.
  enum class preference { last_added, first_added };

  degree_sums(std::size_t limit, preference prefer)
      : limit_(limit), prefer_(prefer), levels_{{state{}}} {}

  /// The choices' kept weights ascend.
  SWPRUNE_COLD void add_layer(const std::vector<degree_choice>& choices) {
    const std::vector<state>& before = levels_.back();
    std::vector<state> after;
    after.reserve(std::min(before.size() * choices.size(), 4 * limit_));
    std::vector<std::uint32_t> next(choices.size(), 0);
    for (;;) {  // merges the lists "sum + choice", each of which ascends
      state best{std::numeric_limits<index_t>::max(), 0, 0, 0, 0};
      for (std::uint32_t c = 0; c < choices.size(); ++c) {
        if (next[c] == before.size()) continue;
        const state& s = before[next[c]];
        const state sum{s.kept + choices[c].kept, s.macs + choices[c].macs, next[c], c,
                        levels_.size() <= 32 ? 4 * s.history + c : s.history};
        if (precedes(sum, best)) best = sum;
      }
      if (best.kept == std::numeric_limits<index_t>::max()) break;
      ++next[best.choice];
      if (after.empty() || after.back().kept != best.kept) after.push_back(best);
    }
    thin_out(after);
    levels_.push_back(std::move(after));
  }

  /// Sums of the first `layers` layers, ascending.
  [[nodiscard]] const std::vector<state>& sums(std::size_t layers) const { return levels_[layers]; }

  /// The choice of each of the first `layers` layers that leads to sums(layers)[index].
  [[nodiscard]] SWPRUNE_COLD std::vector<std::size_t> path(std::size_t layers,
                                                           std::size_t index) const {
    std::vector<std::size_t> choices(layers);
    for (std::size_t l = layers; l > 0; --l) {
      choices[l - 1] = levels_[l][index].choice;
      index = levels_[l][index].parent;
    }
    return choices;
  }

 private:
  [[nodiscard]] bool precedes(const state& a, const state& b) const {
    if (a.kept != b.kept || a.macs != b.macs)
      return std::tie(a.kept, a.macs) < std::tie(b.kept, b.macs);
    if (prefer_ == preference::first_added && a.history != b.history) return a.history > b.history;
    return std::tie(a.parent, a.choice) < std::tie(b.parent, b.choice);
  }

  /// Keeps the cheapest state of each of `limit_` intervals if there are more states.
  void thin_out(std::vector<state>& states) const {
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
  preference prefer_;
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
[[nodiscard]] SWPRUNE_COLD inline degree_vector search_strict(
    const std::vector<degree_choices>& layers, const degree_target& target) {
  degree_sums all(65536, degree_sums::preference::last_added);
  for (const degree_choices& l : layers) all.add_layer(l.whole);
  const std::vector<degree_sums::state>& sums = all.sums(layers.size());
  degree_rank best = worst_rank;
  std::size_t best_state = 0;
  for (std::size_t s = 0; s < sums.size(); ++s) {
    const auto rank =
        rank_of(std::abs(sums[s].kept - target.kept), sums[s].macs, true, target.tolerance);
    if (rank < best) {
      best = rank;
      best_state = s;
    }
  }
  degree_vector result;
  const auto path = all.path(layers.size(), best_state);
  for (std::size_t l = 0; l < layers.size(); ++l)
    result.blocks.push_back(layers[l].whole[path[l]].blocks);
  result.kept = sums[best_state].kept;
  return result;
}

/// Equal rows in all layers but one, which takes up the rest. Sums of the layers before and behind
/// that one are made once for all of them and then put together.
class exact_search {
 public:
  exact_search(const std::vector<degree_choices>& layers, const degree_target& target)
      : layers_(layers),
        target_(target),
        before_(2048, degree_sums::preference::last_added),
        behind_(2048, degree_sums::preference::first_added) {
    for (const degree_choices& l : layers) before_.add_layer(l.whole);
    for (auto l = layers.rbegin(); l != layers.rend(); ++l) behind_.add_layer(l->whole);
  }

  [[nodiscard]] degree_vector run() {
    degree_vector result;
    if (layers_.empty()) return result;
    for (uneven_ = 0; uneven_ < layers_.size(); ++uneven_) try_layer(true);
    if (std::get<0>(best_) > 0)
      for (uneven_ = 0; uneven_ < layers_.size(); ++uneven_) try_layer(false);
    const auto early = before_.path(found_.uneven, found_.before);
    const auto late = behind_.path(layers_.size() - 1 - found_.uneven, found_.behind);
    for (std::size_t l = 0; l < layers_.size(); ++l)
      result.blocks.push_back(l == found_.uneven ? found_.rest.blocks
                              : l < found_.uneven
                                  ? layers_[l].whole[early[l]].blocks
                                  : layers_[l].whole[late[layers_.size() - 1 - l]].blocks);
    result.kept = found_.kept;
    result.near_enough = std::get<0>(best_) < 2;
    return result;
  }

 private:
  using sums = std::vector<degree_sums::state>;
  struct candidate {
    std::size_t uneven = 0;
    std::size_t before = 0;
    std::size_t behind = 0;
    degree_choice rest{};
    index_t kept = 0;
  };

  /// All fillings of the uneven layer with the sums of the others: those within the tolerance if
  /// `near`, else the nearest.
  void try_layer(bool near) {
    const sums& before = before_.sums(uneven_);
    const sums& behind = behind_.sums(layers_.size() - 1 - uneven_);
    const index_t half = layers_[uneven_].block_weights / 2;
    const index_t reach = std::min(half, target_.tolerance);
    for (const degree_choice& rest : layers_[uneven_].all) {
      std::size_t end = behind.size();  // first sum behind that is too large
      for (std::size_t b = 0; b < before.size(); ++b) {
        const index_t wanted = target_.kept - rest.kept - before[b].kept;
        while (end > 0 && behind[end - 1].kept > wanted + (near ? reach : 0)) --end;
        if (near)
          for (std::size_t s = end; s-- > 0 && behind[s].kept >= wanted - reach;)
            consider(b, s, rest);
        else
          for (std::size_t s = end > 0 ? end - 1 : 0; s < std::min(end + 1, behind.size()); ++s)
            consider(b, s, rest);
      }
    }
  }

  void consider(std::size_t b, std::size_t s, const degree_choice& rest) {
    const auto& before = before_.sums(uneven_)[b];
    const auto& behind = behind_.sums(layers_.size() - 1 - uneven_)[s];
    const index_t kept = before.kept + behind.kept + rest.kept;
    const index_t error = std::abs(kept - target_.kept);
    const auto rank = rank_of(error, before.macs + behind.macs + rest.macs,
                              2 * error <= layers_[uneven_].block_weights, target_.tolerance);
    if (rank > best_) return;
    const std::pair tie{before.kept + behind.kept, ~behind.history};
    if (rank == best_ && (found_.uneven != uneven_ || tie >= tie_)) return;
    best_ = rank;
    tie_ = tie;
    found_ = {uneven_, b, s, rest, kept};
  }

  const std::vector<degree_choices>& layers_;
  const degree_target& target_;
  degree_sums before_;
  degree_sums behind_;
  std::size_t uneven_ = 0;
  degree_rank best_ = worst_rank;
  /// Of equally good candidates: the uneven layer first in the network, then the smaller sum of the
  /// others, then the larger choices of the last layers.
  std::pair<index_t, std::uint64_t> tie_{};
  candidate found_;
};

[[nodiscard]] inline degree_vector search_exact(const std::vector<degree_choices>& layers,
                                                const degree_target& target) {
  return exact_search(layers, target).run();
}

#endif

}  // namespace swprune::inline v0::mask::detail
