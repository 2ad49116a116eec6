// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <functional>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// What taking an edge costs: a smaller `first` is better, `second` decides between equal sums of
/// `first`. Integers, so that the optimum is exact and the same on every platform.
struct edge_cost {
  std::int64_t first = 0;
  std::int64_t second = 0;

  friend auto operator<=>(const edge_cost&, const edge_cost&) = default;
};

/// How many of the chosen edges an input node should have.
struct column_target {
  index_t low = 0;    ///< >= 0
  index_t high = 0;   ///< >= low
  index_t least = 0;  ///< in [0, low]: being below this is worse than any imbalance elsewhere
};

/// The chosen edges and how far their columns miss the targets.
struct b_matching_result {
  bipartite graph;
  index_t below_least = 0;  ///< edges that columns lack to their `least`
  index_t outside = 0;      ///< edges by which columns lie outside [low, high]
};

namespace detail {

/// Cost of a path, compared in this order.
struct path_cost {
  std::int64_t balance = 0;
  std::int64_t first = 0;
  std::int64_t second = 0;

  friend auto operator<=>(const path_cost&, const path_cost&) = default;
  friend constexpr path_cost operator+(const path_cost& a, const path_cost& b) {
    return {a.balance + b.balance, a.first + b.first, a.second + b.second};
  }
  friend constexpr path_cost operator-(const path_cost& a, const path_cost& b) {
    return {a.balance - b.balance, a.first - b.first, a.second - b.second};
  }
};

#if SWPRUNE_BODIES

/// Successive shortest paths. Flow runs row -> column -> sink; the arc from a column to the sink
/// has a convex cost that is 0 inside the column's target. The start takes the cheapest edges of
/// every row and as much of them through the columns as the targets like: optimal but for columns
/// whose inflow and outflow differ. Every path then carries one edge from a column with too many to
/// one with too few (or to the sink), so that there are as many paths as misplaced edges and not as
/// many as edges; one search for distances serves many paths.
class b_matcher {
 public:
  b_matcher(const bipartite& support, std::span<const edge_cost> costs,
            std::span<const index_t> row_degrees, std::span<const column_target> columns)
      : out_(support.out_nodes()),
        in_(support.in_nodes()),
        costs_(costs),
        columns_(columns),
        taken_(costs.size(), 0),
        flow_(static_cast<std::size_t>(in_), 0),
        excess_(nodes(), 0),
        potential_(nodes()),
        distance_(nodes()),
        state_(nodes()),
        next_arc_(nodes()) {
    index_edges(support);
    for (index_t j = 0; j < out_; ++j) take_cheapest(j, row_degrees[static_cast<std::size_t>(j)]);
    fill_columns();
  }

  [[nodiscard]] b_matching_result run() {
    while (find_distances()) push_paths();
    b_matching_result result{graph(), 0, 0};
    for (std::size_t i = 0; i < flow_.size(); ++i) {
      const column_target& c = columns_[i];
      result.below_least += std::max<index_t>(0, c.least - flow_[i]);
      result.outside += std::max<index_t>({0, c.low - flow_[i], flow_[i] - c.high});
    }
    return result;
  }

 private:
  using count_t = std::size_t;
  enum class visit : unsigned char { unseen, seen, done };
  static constexpr std::int64_t missing_least = std::int64_t{1} << 40;

  [[nodiscard]] count_t nodes() const { return static_cast<count_t>(out_ + in_ + 1); }
  [[nodiscard]] count_t column_node(count_t i) const { return static_cast<count_t>(out_) + i; }
  [[nodiscard]] count_t sink() const { return static_cast<count_t>(out_ + in_); }

  void index_edges(const bipartite& support) {
    row_first_.push_back(0);
    column_first_.assign(static_cast<count_t>(in_) + 1, 0);
    for (index_t j = 0; j < out_; ++j) {
      for (const node_t i : support.row(j)) {
        row_of_.push_back(static_cast<node_t>(j));
        column_of_.push_back(i);
        ++column_first_[static_cast<count_t>(i) + 1];
      }
      row_first_.push_back(column_of_.size());
    }
    for (count_t i = 0; i + 1 < column_first_.size(); ++i) column_first_[i + 1] += column_first_[i];
    by_column_.resize(column_of_.size());
    std::vector<count_t> next(column_first_.begin(), column_first_.end() - 1);
    for (count_t e = 0; e < column_of_.size(); ++e)
      by_column_[next[static_cast<count_t>(column_of_[e])]++] = e;
  }

  /// The row's potential lies between its dearest edge taken and its cheapest edge left.
  void take_cheapest(index_t j, index_t degree) {
    const count_t first = row_first_[static_cast<count_t>(j)];
    const count_t last = row_first_[static_cast<count_t>(j) + 1];
    std::vector<count_t> order;
    for (count_t e = first; e < last; ++e) order.push_back(e);
    std::sort(order.begin(), order.end(), [&](count_t a, count_t b) {
      return costs_[a] != costs_[b] ? costs_[a] < costs_[b] : a < b;
    });
    for (count_t t = 0; t < static_cast<count_t>(degree); ++t) taken_[order[t]] = 1;
    if (order.empty()) return;
    const edge_cost limit = costs_[order[degree > 0 ? static_cast<count_t>(degree) - 1 : 0]];
    potential_[static_cast<count_t>(j)] = {0, -limit.first, -limit.second};
  }

  void fill_columns() {
    std::vector<index_t> count(static_cast<count_t>(in_), 0);
    for (count_t e = 0; e < taken_.size(); ++e)
      if (taken_[e] != 0) ++count[static_cast<count_t>(column_of_[e])];
    for (count_t i = 0; i < flow_.size(); ++i) {
      flow_[i] = std::clamp(count[i], columns_[i].low, columns_[i].high);
      excess_[column_node(i)] = count[i] - flow_[i];
      excess_[sink()] -= excess_[column_node(i)];
    }
  }

  /// Cost of one edge more through column `i`, whose outflow is `flow`: non-decreasing in `flow`.
  [[nodiscard]] path_cost slope(count_t i, index_t flow) const {
    const column_target& c = columns_[i];
    if (flow >= c.high) return {flow + 1 - c.high, 0, 0};
    if (flow < c.low) return {flow - c.low - (flow < c.least ? missing_least : 0), 0, 0};
    return {};
  }

  /// The k-th arc that can leave a node: over an edge, or between a column and the sink.
  struct arc {
    count_t to = 0;
    count_t edge = 0;      ///< or the column, for an arc to or from the sink
    bool carries = false;  ///< one unit more
    path_cost cost{};
  };

  [[nodiscard]] count_t arcs(count_t v) const {
    if (v == sink()) return flow_.size();
    if (v < static_cast<count_t>(out_)) return row_first_[v + 1] - row_first_[v];
    const count_t i = v - static_cast<count_t>(out_);
    return column_first_[i + 1] - column_first_[i] + 1;
  }

  [[nodiscard]] arc arc_of(count_t v, count_t k) const {
    if (v == sink()) return {column_node(k), k, flow_[k] > 0, path_cost{} - slope(k, flow_[k] - 1)};
    if (v < static_cast<count_t>(out_)) {
      const count_t e = row_first_[v] + k;
      return {column_node(static_cast<count_t>(column_of_[e])),
              e,
              taken_[e] == 0,
              {0, costs_[e].first, costs_[e].second}};
    }
    const count_t i = v - static_cast<count_t>(out_);
    if (column_first_[i] + k == column_first_[i + 1]) return {sink(), i, true, slope(i, flow_[i])};
    const count_t e = by_column_[column_first_[i] + k];
    return {static_cast<count_t>(row_of_[e]),
            e,
            taken_[e] != 0,
            {0, -costs_[e].first, -costs_[e].second}};
  }

  /// Cost of an arc as the potentials see it: never negative, 0 on a shortest path.
  [[nodiscard]] path_cost reduced(count_t v, const arc& a) const {
    return a.cost + potential_[v] - potential_[a.to];
  }

  /// Dijkstra from all nodes with too much until all with too little are reached; the distances go
  /// into the potentials. False if no node has too much.
  bool find_distances() {
    std::fill(state_.begin(), state_.end(), visit::unseen);
    queue_ = {};
    count_t lacking = 0;
    for (count_t v = 0; v < nodes(); ++v) {
      if (excess_[v] > 0) reach(v, {});
      lacking += excess_[v] < 0 ? 1 : 0;
    }
    path_cost farthest;
    while (lacking > 0 && !queue_.empty()) {
      const auto [distance, v] = queue_.top();
      queue_.pop();
      if (state_[v] == visit::done) continue;
      state_[v] = visit::done;
      farthest = distance;
      lacking -= excess_[v] < 0 ? 1 : 0;
      for (count_t k = 0; k < arcs(v); ++k)
        if (const arc a = arc_of(v, k); a.carries) reach(a.to, distance + reduced(v, a));
    }
    for (count_t v = 0; v < nodes(); ++v)
      potential_[v] = potential_[v] + (state_[v] == visit::done ? distance_[v] : farthest);
    return std::any_of(excess_.begin(), excess_.end(), [](index_t e) { return e > 0; });
  }

  void reach(count_t v, const path_cost& distance) {
    if (state_[v] == visit::done || (state_[v] == visit::seen && distance_[v] <= distance)) return;
    state_[v] = visit::seen;
    distance_[v] = distance;
    queue_.push({distance, v});
  }

  /// As many shortest paths as depth-first search finds one after another; nodes that led nowhere
  /// are not tried again. The first one that there is, is found.
  void push_paths() {
    std::fill(state_.begin(), state_.end(), visit::unseen);
    std::fill(next_arc_.begin(), next_arc_.end(), count_t{0});
    for (count_t v = 0; v < nodes(); ++v)
      while (excess_[v] > 0 && state_[v] == visit::unseen && search_from(v)) push_path();
  }

  /// Leaves a path of arcs of reduced cost 0 to a node with too little in path_.
  bool search_from(count_t source) {
    path_.assign(1, source);
    state_[source] = visit::seen;
    while (!path_.empty()) {
      const count_t v = path_.back();
      if (excess_[v] < 0) return true;
      bool deeper = false;
      for (count_t& k = next_arc_[v]; k < arcs(v); ++k) {
        const arc a = arc_of(v, k);
        if (!a.carries || state_[a.to] == visit::seen || reduced(v, a) != path_cost{}) continue;
        state_[a.to] = visit::seen;
        path_.push_back(a.to);
        deeper = true;
        break;
      }
      if (!deeper) path_.pop_back();
    }
    return false;
  }

  void push_path() {
    --excess_[path_.front()];
    ++excess_[path_.back()];
    for (std::size_t s = 0; s + 1 < path_.size(); ++s) {
      const arc a = arc_of(path_[s], next_arc_[path_[s]]);
      if (a.to == sink()) {
        ++flow_[a.edge];
      } else if (path_[s] == sink()) {
        --flow_[a.edge];
      } else {
        taken_[a.edge] = taken_[a.edge] == 0;
      }
    }
    for (const count_t v : path_) state_[v] = visit::unseen;
  }

  [[nodiscard]] bipartite graph() const {
    std::vector<std::vector<node_t>> rows(static_cast<count_t>(out_));
    for (count_t e = 0; e < taken_.size(); ++e)
      if (taken_[e] != 0) rows[static_cast<count_t>(row_of_[e])].push_back(column_of_[e]);
    return bipartite(in_, rows);
  }

  using entry = std::pair<path_cost, count_t>;

  index_t out_;
  index_t in_;
  std::span<const edge_cost> costs_;
  std::span<const column_target> columns_;
  std::vector<count_t> row_first_;
  std::vector<node_t> row_of_;
  std::vector<node_t> column_of_;
  std::vector<count_t> column_first_;
  std::vector<count_t> by_column_;
  std::vector<unsigned char> taken_;
  std::vector<index_t> flow_;    ///< column -> sink
  std::vector<index_t> excess_;  ///< inflow - outflow
  std::vector<path_cost> potential_;
  std::vector<path_cost> distance_;
  std::vector<visit> state_;
  std::vector<count_t> next_arc_;
  std::vector<count_t> path_;
  std::priority_queue<entry, std::vector<entry>, std::greater<entry>> queue_;
};

inline void check_b_matching(const bipartite& support, std::span<const edge_cost> costs,
                             std::span<const index_t> row_degrees,
                             std::span<const column_target> columns) {
  const auto size = [](const auto& list) { return static_cast<index_t>(list.size()); };
  expects(size(costs) == support.edges() && size(row_degrees) == support.out_nodes() &&
              size(columns) == support.in_nodes(),
          errc::graph_nodes,
          "a {} x {} graph of {} edges needs as many row degrees, column targets and edge costs, "
          "given {}, {} and {}",
          support.out_nodes(), support.in_nodes(), support.edges(), size(row_degrees),
          size(columns), size(costs));
  for (index_t j = 0; j < support.out_nodes(); ++j) {
    const index_t degree = row_degrees[static_cast<std::size_t>(j)];
    expects(degree >= 0 && degree <= support.row_degree(j), errc::graph_degree,
            "output node {} can take between 0 and {} of its edges, asked for {}", j,
            support.row_degree(j), degree);
  }
  for (index_t i = 0; i < support.in_nodes(); ++i) {
    const column_target& c = columns[static_cast<std::size_t>(i)];
    expects(c.least >= 0 && c.least <= c.low && c.low <= c.high, errc::graph_degree,
            "input node {}: a column target needs 0 <= least <= low <= high, given {}, {}, {}", i,
            c.least, c.low, c.high);
  }
  const std::int64_t most =
      (std::int64_t{1} << 60) / (support.out_nodes() + support.in_nodes() + 1);
  for (const edge_cost& c : costs)
    expects(c.first >= -most && c.first <= most && c.second >= -most && c.second <= most,
            errc::argument_out_of_range,
            "an edge cost must lie in [-{}, {}] (2^60 / nodes), given ({}, {})", most, most,
            c.first, c.second);
}

#endif

}  // namespace detail

/// Chooses edges of `support`: exactly row_degrees[j] of output node j, so that, in this order of
/// importance, (1) columns lack as little as possible to their `least`; (2) columns lie inside
/// [low, high], a column k edges outside counting 1 + 2 + ... + k; (3) the sum of costs is as small
/// as possible. `costs` belong to the edges row by row, input nodes ascending. Always has a
/// solution, is exact, and the same on every platform. Time: rounds that each
/// search all edges once; masks take some tens of rounds (128 x 128 groups: milliseconds).
/// Method: convex-cost flow by the primal-dual method, shortest paths with potentials (Ahuja,
/// Magnanti, Orlin, Network Flows, 1993, chapters 9 and 14). Throws graph_nodes unless the lists
/// have one entry for each edge, output and input node; graph_degree for a row degree outside [0,
/// edges of the row] or a target without 0 <= least <= low <= high; argument_out_of_range for a
/// cost beyond 2^60 / (Go + Gi + 1).
[[nodiscard]] SWPRUNE_SETUP b_matching_result
min_cost_b_matching(const bipartite& support, std::span<const edge_cost> costs,
                    std::span<const index_t> row_degrees, std::span<const column_target> columns);

#if SWPRUNE_BODIES

SWPRUNE_SETUP b_matching_result min_cost_b_matching(const bipartite& support,
                                                    std::span<const edge_cost> costs,
                                                    std::span<const index_t> row_degrees,
                                                    std::span<const column_target> columns) {
  detail::check_b_matching(support, costs, row_degrees, columns);
  return detail::b_matcher(support, costs, row_degrees, columns).run();
}

#endif

}  // namespace swprune::inline v0::graph
