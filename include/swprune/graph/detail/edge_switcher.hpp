// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph::detail {

#if SWPRUNE_BODIES

/// A bipartite graph under 2-switches: edges (J1, I1), (J2, I2) become (J1, I2), (J2, I1). No
/// row or column degree ever changes.
class edge_switcher {
 public:
  explicit edge_switcher(const bipartite& g) : in_nodes_(g.in_nodes()), rows_(g.rows()) {
    for (index_t j = 0; j < g.out_nodes(); ++j)
      for (index_t t = 0; t < g.row_degree(j); ++t) edges_.push_back({j, t});
  }

  [[nodiscard]] index_t edges() const { return static_cast<index_t>(edges_.size()); }
  [[nodiscard]] index_t row_of(index_t e) const { return edges_[static_cast<std::size_t>(e)].row; }
  [[nodiscard]] node_t column_of(index_t e) const {
    const slot& s = edges_[static_cast<std::size_t>(e)];
    return rows_[static_cast<std::size_t>(s.row)][static_cast<std::size_t>(s.place)];
  }

  /// Switches two edges, given by number, if the result is simple and differs; else false.
  bool try_switch(index_t e, index_t f) {
    node_t& a = column(e);
    node_t& b = column(f);
    const index_t j = row_of(e);
    const index_t k = row_of(f);
    if (j == k || a == b || uses(j, b) || uses(k, a)) return false;
    std::swap(a, b);
    return true;
  }

  [[nodiscard]] bipartite graph() const { return bipartite(in_nodes_, rows_); }

 private:
  struct slot {
    index_t row;
    index_t place;
  };

  [[nodiscard]] node_t& column(index_t e) {
    const slot& s = edges_[static_cast<std::size_t>(e)];
    return rows_[static_cast<std::size_t>(s.row)][static_cast<std::size_t>(s.place)];
  }
  [[nodiscard]] bool uses(index_t j, node_t i) const {
    const std::vector<node_t>& row = rows_[static_cast<std::size_t>(j)];
    return std::find(row.begin(), row.end(), i) != row.end();
  }

  index_t in_nodes_;
  std::vector<std::vector<node_t>> rows_;
  std::vector<slot> edges_;
};

#endif

}  // namespace swprune::inline v0::graph::detail
