// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/raw_vector.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph::detail {

#if SWPRUNE_BODIES

/// A set of up to 64 * Words sources.
template <std::size_t Words>
struct source_set {
  std::array<std::uint64_t, Words> word{};

  void insert(std::size_t s) { word[s / 64] |= std::uint64_t{1} << (s % 64); }
  void unite(const source_set& other) {
    for (std::size_t i = 0; i < Words; ++i) word[i] |= other.word[i];
  }
  /// This without `other`.
  [[nodiscard]] source_set without(const source_set& other) const {
    source_set rest;
    for (std::size_t i = 0; i < Words; ++i) rest.word[i] = word[i] & ~other.word[i];
    return rest;
  }
  [[nodiscard]] bool empty() const {
    std::uint64_t any = 0;
    for (const std::uint64_t w : word) any |= w;
    return any == 0;
  }
  [[nodiscard]] index_t size() const {
    index_t n = 0;
    for (const std::uint64_t w : word) n += std::popcount(w);
    return n;
  }
  friend bool operator==(const source_set&, const source_set&) = default;
};

/// Breadth-first search from up to 64 * Words sources at once (Then, Kaufmann, Chirigati et al.,
/// PVLDB 8(4), 2014): every node has the set of sources that have seen it. A level goes from its
/// frontier outwards while that is small, and asks every unfinished node for its neighbours'
/// frontier once that is large: then all writing is in order.
template <std::size_t Words>
class multi_source_search {
 public:
  using set = source_set<Words>;
  static constexpr std::size_t capacity = 64 * Words;

  explicit multi_source_search(const undirected& g)
      : graph_(g), seen_(nodes(), set{}), frontier_(nodes(), set{}), next_(nodes(), set{}) {}

  /// Calls found(level, sources) for every node and level >= 1 at which some of the sources reach
  /// it, level by level. Once for an object; sources.size() <= capacity.
  template <typename Found>
  void run(std::span<const index_t> sources, const Found& found) {
    for (std::size_t s = 0; s < sources.size(); ++s) {
      set& first = frontier_[static_cast<std::size_t>(sources[s])];
      if (first.empty()) active_.push_back(static_cast<node_t>(sources[s]));
      first.insert(s);
      seen_[static_cast<std::size_t>(sources[s])].insert(s);
      all_.insert(s);
    }
    active_count_ = active_.size();
    for (index_t level = 1; active_count_ > 0; ++level) {
      const auto report = [&](const set& fresh) { found(level, fresh); };
      if (active_count_ >= nodes() / 8)
        pull(report);
      else
        push(report);
    }
  }

 private:
  [[nodiscard]] std::size_t nodes() const { return static_cast<std::size_t>(graph_.nodes()); }

  template <typename Report>
  void push(const Report& report) {
    if (!listed_) list_frontier();
    for (const node_t v : active_) {
      const set from = std::exchange(frontier_[static_cast<std::size_t>(v)], set{});
      for (const node_t w : graph_.neighbours(v)) {
        set& to = next_[static_cast<std::size_t>(w)];
        if (to.empty()) touched_.push_back(w);
        to.unite(from);
      }
    }
    active_.clear();
    for (const node_t w : touched_) {
      const auto v = static_cast<std::size_t>(w);
      const set fresh = std::exchange(next_[v], set{}).without(seen_[v]);
      if (fresh.empty()) continue;
      settle(v, fresh, report);
      frontier_[v] = fresh;
      active_.push_back(w);
    }
    touched_.clear();
    active_count_ = active_.size();
  }

  template <typename Report>
  void pull(const Report& report) {
    active_count_ = 0;
    for (std::size_t v = 0; v < nodes(); ++v) {
      next_[v] = set{};
      if (seen_[v] == all_) continue;
      set around;
      for (const node_t w : graph_.neighbours(static_cast<index_t>(v)))
        around.unite(frontier_[static_cast<std::size_t>(w)]);
      const set fresh = around.without(seen_[v]);
      if (fresh.empty()) continue;
      settle(v, fresh, report);
      next_[v] = fresh;
      ++active_count_;
    }
    std::swap(frontier_, next_);
    listed_ = false;
  }

  template <typename Report>
  void settle(std::size_t v, const set& fresh, const Report& report) {
    seen_[v].unite(fresh);
    report(fresh);
  }

  /// From the form that pull() leaves to the one that push() needs: next_ empty, frontier listed.
  void list_frontier() {
    next_.assign(nodes(), set{});
    active_.clear();
    for (std::size_t v = 0; v < nodes(); ++v)
      if (!frontier_[v].empty()) active_.push_back(static_cast<node_t>(v));
    listed_ = true;
  }

  const undirected& graph_;
  raw_vector<set> seen_;
  raw_vector<set> frontier_;     ///< empty sets but for the nodes of the last level
  raw_vector<set> next_;         ///< all empty between levels, while listed_
  std::vector<node_t> active_;   ///< the nodes of the last level, while listed_
  std::vector<node_t> touched_;  ///< nodes whose next_ is not empty, within push()
  set all_;
  std::size_t active_count_ = 0;
  bool listed_ = true;
};

#endif

}  // namespace swprune::inline v0::graph::detail
