// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/node.hpp"

// How the edges of a ring are dealt to its nodes. Node u owns the edges to its count(u) clockwise
// neighbours u + 1, u + 2, ...; they lie in one flat array of size() places from first(u) on.

namespace swprune::inline v0::graph::detail {

#if SWPRUNE_BODIES

/// The same number for every node.
class equal_share {
 public:
  equal_share(index_t nodes, index_t half) : nodes_(nodes), half_(half) {}
  [[nodiscard]] index_t nodes() const { return nodes_; }
  [[nodiscard]] index_t size() const { return nodes_ * half_; }
  [[nodiscard]] index_t most() const { return half_; }
  [[nodiscard]] index_t first(index_t u) const { return u * half_; }
  [[nodiscard]] index_t count(index_t /*u*/) const { return half_; }

 private:
  index_t nodes_;
  index_t half_;
};

/// Any number of edges, floor or ceiling of the mean for every node, the larger shares spread
/// evenly over the ring; over its first half when they reach as far as the node opposite, because
/// two opposite nodes would own the same edge.
class dealt_share {
 public:
  /// 0 <= edges <= nodes (nodes - 1) / 2.
  dealt_share(index_t nodes, index_t edges)
      : nodes_(nodes), edges_(edges), low_(edges / nodes), extra_(edges % nodes), arc_(nodes) {
    if (2 * (low_ + 1) == nodes) arc_ = nodes / 2;
  }
  [[nodiscard]] index_t nodes() const { return nodes_; }
  [[nodiscard]] index_t size() const { return edges_; }
  [[nodiscard]] index_t most() const { return low_ + (extra_ > 0 ? 1 : 0); }
  [[nodiscard]] index_t first(index_t u) const { return u * low_ + extras_before(u); }
  [[nodiscard]] index_t count(index_t u) const {
    return low_ + extras_before(u + 1) - extras_before(u);
  }

 private:
  [[nodiscard]] index_t extras_before(index_t u) const { return std::min(u, arc_) * extra_ / arc_; }

  index_t nodes_;
  index_t edges_;
  index_t low_;
  index_t extra_;
  index_t arc_;
};

/// The same number for every node, and room for as many more, which come one by one.
class growing_share {
 public:
  growing_share(index_t nodes, index_t half)
      : nodes_(nodes), half_(half), added_(static_cast<std::size_t>(nodes), 0) {}
  [[nodiscard]] index_t nodes() const { return nodes_; }
  [[nodiscard]] index_t size() const { return nodes_ * 2 * half_; }
  [[nodiscard]] index_t most() const { return 2 * half_; }
  [[nodiscard]] index_t first(index_t u) const { return u * 2 * half_; }
  [[nodiscard]] index_t count(index_t u) const {
    return half_ + added_[static_cast<std::size_t>(u)];
  }
  void grow(index_t u) { ++added_[static_cast<std::size_t>(u)]; }

 private:
  index_t nodes_;
  index_t half_;
  std::vector<node_t> added_;
};

#endif

}  // namespace swprune::inline v0::graph::detail
