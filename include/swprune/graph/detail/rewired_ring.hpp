// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/detail/owned_edges.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/graph/undirected.hpp"

namespace swprune::inline v0::graph::detail {

#if SWPRUNE_BODIES

/// One rewiring of a ring: for distance j = 1, 2, ..., for node u clockwise, the edge that began as
/// (u, u + j) gets with probability p a new far end, uniform among the strangers of u.
///
/// In a large sparse graph the time goes into waiting for the memory of far nodes. Therefore the
/// generator's next draws are computed ahead, read as if every new end will be a stranger at the
/// first draw, and the memory of all these moves is fetched together. The moves are then made one
/// by one; at the first that needs more draws (once in n / k moves) the rest of the plan is dropped
/// and the generator continues behind that move. The draws are used in the same order either way,
/// so the graph is that of the plain loop.
template <typename Share>
class ring_rewiring {
 public:
  ring_rewiring(Share share, double p, rng& random)
      : edges_(std::move(share)), p_(p), random_(random) {}

  [[nodiscard]] undirected run() && {
    const index_t crowd = 256 * edges_.share().most();
    if (edges_.nodes() >= 1024 && edges_.nodes() >= crowd)
      run_ahead();
    else
      run_plain();
    return std::move(edges_).graph();
  }

 private:
  /// An edge by its turn: the (j + 1)-th of node u.
  struct turn {
    index_t u = 0;
    index_t j = 0;
  };
  struct planned_move {
    turn edge;
    index_t w = 0;
    std::size_t drawn = 0;  ///< draws of the window used before w
  };

  static constexpr std::size_t window = 1024;

  [[nodiscard]] bool over(const turn& t) const { return t.j >= edges_.share().most(); }
  [[nodiscard]] turn first() const {
    turn t;
    if (!over(t) && edges_.share().count(0) == 0) advance(t);
    return t;
  }
  void advance(turn& t) const {
    do {
      if (++t.u == edges_.nodes()) t = {0, t.j + 1};
    } while (t.j >= edges_.share().count(t.u) && !over(t));
  }

  void move(const turn& t) {
    if (edges_.saturated(t.u)) return;  // there is no other node to join
    edges_.replace(t.u, t.j, edges_.stranger(t.u, random_));
  }

  void run_plain() {
    for (turn t = first(); !over(t); advance(t))
      if (random_.bernoulli(p_)) move(t);
  }

  void run_ahead() {
    // uniform() < p for integers: 53 random bits below p 2^53.
    const auto limit = static_cast<std::uint64_t>(std::ceil(p_ * 0x1p53));
    for (turn t = first(); !over(t);) {
      rng ahead = random_;
      for (std::uint64_t& draw : draws_) draw = ahead.next();
      const turn planned = plan(t, limit);
      t = planned;
      for (std::size_t i = 0; i < moves_; ++i) {
        const planned_move& m = plan_[i];
        if (possible(m)) {
          edges_.replace(m.edge.u, m.edge.j, m.w);
          continue;
        }
        used_ = m.drawn;
        skip_used();
        move(m.edge);
        used_ = 0;
        t = m.edge;
        advance(t);
        break;
      }
      skip_used();
    }
  }

  /// Reads the window from edge t on; returns the first edge that it does not settle.
  [[nodiscard]] turn plan(turn t, std::uint64_t limit) {
    moves_ = 0;
    used_ = 0;
    const auto n = static_cast<std::uint64_t>(edges_.nodes());
    for (; used_ < window && !over(t); advance(t)) {
      if (draws_[used_] >> 11 >= limit) {
        ++used_;
        continue;
      }
      if (used_ + 1 == window) break;  // its second draw lies in the next window
      __extension__ using wide = unsigned __int128;
      const wide product = static_cast<wide>(draws_[used_ + 1]) * n;
      planned_move& m = plan_[moves_++];
      m = {t, static_cast<index_t>(product >> 64), used_ + 1};
      // rng::below(n) may reject a product this small: leave it to stranger().
      if (static_cast<std::uint64_t>(product) < n) m.w = t.u;
      edges_.prefetch_replace(t.u, t.j, m.w);
      used_ += 2;
    }
    return t;
  }

  [[nodiscard]] bool possible(const planned_move& m) const {
    return !edges_.saturated(m.edge.u) && edges_.mostly_strangers(m.edge.u) && m.w != m.edge.u &&
           !edges_.joined(m.edge.u, m.w);
  }

  void skip_used() {
    for (std::size_t i = 0; i < used_; ++i) random_.next();
  }

  owned_edges<Share> edges_;
  double p_;
  rng& random_;
  std::array<std::uint64_t, window> draws_{};
  std::array<planned_move, window / 2> plan_{};
  std::size_t moves_ = 0;
  std::size_t used_ = 0;
};

/// The ring that `share` describes, rewired with probability p.
template <typename Share>
[[nodiscard]] undirected rewired_ring(Share share, double p, rng& random) {
  return ring_rewiring<Share>(std::move(share), p, random).run();
}

#endif

}  // namespace swprune::inline v0::graph::detail
