// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/raw_vector.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph::detail {

#if SWPRUNE_BODIES

/// Asks the cache for a line that will be needed soon; without a builtin for it, does nothing.
inline void prefetch([[maybe_unused]] const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address, 1);
#endif
}

/// A ring whose edges can change. Every edge is owned by one of its ends and stands once, in a flat
/// array laid out by Share (ring_share.hpp), so a duplicate test is two short scans and no
/// adjacency structure has to change. Besides that only the number of edges that come in at each
/// node is kept, where the row offsets of the final graph will be.
template <typename Share>
class owned_edges {
 public:
  /// Joins every node to its share.count(u) clockwise neighbours.
  explicit owned_edges(Share share)
      : share_(std::move(share)),
        targets_(static_cast<std::size_t>(share_.size())),
        ends_(static_cast<std::size_t>(nodes()) + 1, 0) {
    for (index_t u = 0; u < nodes(); ++u)
      for (index_t j = 0; j < share_.count(u); ++j) {
        const index_t w = u + j + 1 < nodes() ? u + j + 1 : u + j + 1 - nodes();
        targets_[at(u, j)] = static_cast<node_t>(w);
        ++incoming(w);
      }
  }

  [[nodiscard]] index_t nodes() const { return share_.nodes(); }
  [[nodiscard]] const Share& share() const { return share_; }
  [[nodiscard]] index_t degree(index_t u) const {
    return share_.count(u) + ends_[static_cast<std::size_t>(u) + 1];
  }
  [[nodiscard]] bool joined(index_t u, index_t w) const { return owns(u, w) || owns(w, u); }
  /// True if every other node is joined to u.
  [[nodiscard]] bool saturated(index_t u) const { return degree(u) == nodes() - 1; }
  /// True if stranger() draws by rejection.
  [[nodiscard]] bool mostly_strangers(index_t u) const {
    return 2 * (nodes() - 1 - degree(u)) >= nodes();
  }

  /// Uniform among the nodes that are neither u nor joined to u, one of which must exist: by
  /// rejection while these are the majority, by counting once they are few, so that a crowded node
  /// cannot make it loop for long.
  [[nodiscard]] index_t stranger(index_t u, rng& random) const {
    if (mostly_strangers(u)) {
      for (;;) {
        const auto w = static_cast<index_t>(random.below(static_cast<std::uint64_t>(nodes())));
        if (w != u && !joined(u, w)) return w;
      }
    }
    const index_t strangers = nodes() - 1 - degree(u);
    auto skip = static_cast<index_t>(random.below(static_cast<std::uint64_t>(strangers)));
    for (index_t w = 0; w < nodes(); ++w)
      if (w != u && !joined(u, w) && skip-- == 0) return w;
    raise(errc::invariant_broken, "node {} of {} has degree {} but no stranger", u, nodes(),
          degree(u));
  }

  /// Gives the j-th edge that u owns the far end w.
  void replace(index_t u, index_t j, index_t w) {
    node_t& target = targets_[at(u, j)];
    --incoming(target);
    ++incoming(w);
    target = static_cast<node_t>(w);
  }

  /// One more edge of u, to w. For a Share that can grow.
  void add(index_t u, index_t w) {
    targets_[at(u, share_.count(u))] = static_cast<node_t>(w);
    share_.grow(u);
    ++incoming(w);
  }

  /// What joined(u, w) and replace(u, j, w) will read.
  void prefetch_replace(index_t u, index_t j, index_t w) const {
    const node_t* theirs = targets_.data() + share_.first(w);
    prefetch(targets_.data() + at(u, j));
    prefetch(theirs);
    prefetch(theirs + share_.count(w));
    prefetch(&ends_[static_cast<std::size_t>(w) + 1]);
  }

  /// The graph. No list of edges in between: incoming edges are scattered into their rows in the
  /// order of their sources, which sorts them, then every row is merged with what its node owns.
  [[nodiscard]] undirected graph() && {
    reserve_rows();
    raw_vector<node_t> neighbours(static_cast<std::size_t>(rows_end_));
    scatter(neighbours.data());
    merge_owned(neighbours.data());
    return adopt_rows(std::move(ends_), std::move(neighbours));
  }

 private:
  [[nodiscard]] std::size_t at(index_t u, index_t j) const {
    return static_cast<std::size_t>(share_.first(u) + j);
  }
  [[nodiscard]] index_t& incoming(index_t u) { return ends_[static_cast<std::size_t>(u) + 1]; }
  [[nodiscard]] bool owns(index_t u, index_t w) const {
    const auto list = owned(u);
    return std::find(list.begin(), list.end(), static_cast<node_t>(w)) != list.end();
  }

  /// Turns the numbers of incoming edges into the places where rows begin.
  void reserve_rows() {
    rows_end_ = 0;
    for (index_t v = 0; v < nodes(); ++v) {
      const index_t entries = degree(v);
      incoming(v) = rows_end_;
      rows_end_ += entries;
    }
  }

  [[nodiscard]] std::span<const node_t> owned(index_t u) const {
    return std::span<const node_t>(targets_).subspan(static_cast<std::size_t>(share_.first(u)),
                                                     static_cast<std::size_t>(share_.count(u)));
  }

  /// Appends u to the row of every node that u owns an edge to, u ascending. A moved edge goes to a
  /// row far away, hence the two prefetches: of the row's end, then of the place it points to.
  void scatter(node_t* neighbours) {
    const index_t ahead = 32 / std::max<index_t>(share_.most(), 1) + 1;
    for (index_t u = 0; u < nodes(); ++u) {
      if (u + 2 * ahead < nodes()) {
        for (const node_t w : owned(u + 2 * ahead)) prefetch(&incoming(w));
        for (const node_t w : owned(u + ahead)) prefetch(neighbours + incoming(w));
      }
      for (const node_t w : owned(u)) neighbours[incoming(w)++] = static_cast<node_t>(u);
    }
  }

  /// Row by row: what is there came in, ascending; what the node owns is merged in from the back.
  void merge_owned(node_t* neighbours) {
    std::vector<node_t> own(static_cast<std::size_t>(share_.most()));
    index_t begin = 0;
    for (index_t v = 0; v < nodes(); ++v) {
      index_t left = share_.count(v);
      sorted_copy(owned(v), own.data());
      index_t in = incoming(v) - begin;
      node_t* row = neighbours + begin;
      begin = incoming(v) += left;
      while (left > 0) {
        if (in > 0 && row[in - 1] > own[static_cast<std::size_t>(left - 1)]) {
          row[in + left - 1] = row[in - 1];
          --in;
        } else {
          row[in + left - 1] = own[static_cast<std::size_t>(left - 1)];
          --left;
        }
      }
    }
  }

  static void sorted_copy(std::span<const node_t> list, node_t* out) {
    if (list.size() > 32) {
      std::copy(list.begin(), list.end(), out);
      std::sort(out, out + list.size());
      return;
    }
    node_t* end = out;
    for (const node_t w : list) {
      node_t* place = end++;
      for (; place != out && place[-1] > w; --place) *place = place[-1];
      *place = w;
    }
  }

  Share share_;
  index_t rows_end_ = 0;
  raw_vector<node_t> targets_;
  raw_vector<index_t> ends_;
};

#endif

}  // namespace swprune::inline v0::graph::detail
