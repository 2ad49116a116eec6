// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// An immutable bipartite graph between output nodes (rows) and input nodes (columns), in
/// compressed rows: the input nodes of every output node, ascending, none twice. What every mask
/// generator gives; as a 0/1 matrix it is [out_nodes x in_nodes].
class bipartite {
 public:
  /// rows[j] lists the input nodes of output node j in any order. Throws graph_nodes for an empty
  /// side, graph_edge for an input node out of range or given twice in a row.
  bipartite(index_t in_nodes, const std::vector<std::vector<node_t>>& rows) : in_nodes_(in_nodes) {
    check_node_count(static_cast<index_t>(rows.size()), "the number of output nodes");
    check_node_count(in_nodes, "the number of input nodes");
    offsets_.reserve(rows.size() + 1);
    offsets_.push_back(0);
    for (const std::vector<node_t>& row : rows) append(row);
  }

  [[nodiscard]] index_t out_nodes() const { return static_cast<index_t>(offsets_.size()) - 1; }
  [[nodiscard]] index_t in_nodes() const { return in_nodes_; }
  [[nodiscard]] index_t edges() const { return static_cast<index_t>(inputs_.size()); }

  /// Input nodes of output node `j`, ascending; 0 <= j < out_nodes() is not checked.
  [[nodiscard]] std::span<const node_t> row(index_t j) const {
    const auto first = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(j)]);
    const auto last = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(j) + 1]);
    return std::span<const node_t>(inputs_).subspan(first, last - first);
  }
  [[nodiscard]] index_t row_degree(index_t j) const { return static_cast<index_t>(row(j).size()); }
  [[nodiscard]] bool has_edge(index_t j, index_t i) const {
    const auto r = row(j);
    return std::binary_search(r.begin(), r.end(), static_cast<node_t>(i));
  }

  /// Number of output nodes that use each input node.
  [[nodiscard]] std::vector<index_t> column_degrees() const {
    std::vector<index_t> degrees(static_cast<std::size_t>(in_nodes_), 0);
    for (const node_t i : inputs_) ++degrees[static_cast<std::size_t>(i)];
    return degrees;
  }

  /// The rows as lists, for building another graph from this one.
  [[nodiscard]] std::vector<std::vector<node_t>> rows() const {
    std::vector<std::vector<node_t>> lists;
    lists.reserve(offsets_.size() - 1);
    for (index_t j = 0; j < out_nodes(); ++j) lists.emplace_back(row(j).begin(), row(j).end());
    return lists;
  }

  friend bool operator==(const bipartite&, const bipartite&) = default;

 private:
  void append(const std::vector<node_t>& row) {
    const auto j = static_cast<index_t>(offsets_.size()) - 1;
    const auto first = inputs_.insert(inputs_.end(), row.begin(), row.end());
    std::sort(first, inputs_.end());
    for (auto i = first; i != inputs_.end(); ++i) {
      expects(*i >= 0 && *i < in_nodes_, errc::graph_edge,
              "output node {} uses input node {}, but there are {} input nodes", j, *i, in_nodes_);
      expects(i == first || *i != *(i - 1), errc::graph_edge,
              "output node {} uses input node {} twice", j, *i);
    }
    offsets_.push_back(static_cast<index_t>(inputs_.size()));
  }

  index_t in_nodes_;
  std::vector<index_t> offsets_;
  std::vector<node_t> inputs_;
};

/// Largest minus smallest column degree; <= 1 means that the input side is balanced.
[[nodiscard]] inline index_t column_spread(const bipartite& g) {
  const std::vector<index_t> degrees = g.column_degrees();
  const auto [low, high] = std::minmax_element(degrees.begin(), degrees.end());
  return *high - *low;
}

}  // namespace swprune::inline v0::graph
