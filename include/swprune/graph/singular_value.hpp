// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/node.hpp"

namespace swprune::inline v0::graph {

/// Singular values of the 0/1 matrix [Go x Gi] of a bipartite graph, descending, [min(Go, Gi)];
/// each within about 1e-15 of the largest times the root of the side. Go and Gi at most 4096 (the
/// matrix is dense: 8 Go Gi bytes, 8/3 min^2 max operations); throws graph_nodes.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<double> singular_values(const bipartite& g);

/// The second singular value of the 0/1 matrix of a bipartite graph, 0 where one side has a single
/// node. The first of a bi-regular graph is sqrt(dr dc), the square root of its two degrees; the
/// further the second lies below it, the sooner a chain of such graphs mixes. Go and Gi at most
/// 4096; throws graph_nodes.
[[nodiscard]] SWPRUNE_FUNCTION double second_singular_value(const bipartite& g);

/// sqrt(dr - 1) + sqrt(dc - 1): a bi-regular bipartite graph with degrees dr and dc whose second
/// singular value is at most this is called Ramanujan; no infinite family does better (Feng and Li
/// 1996), and random bi-regular graphs come close (Brito, Dumitriu and Harris 2022). Degrees may be
/// means. out_degree >= 1 and in_degree >= 1; throws graph_degree.
[[nodiscard]] SWPRUNE_FUNCTION double ramanujan_bound(double out_degree, double in_degree);

#if SWPRUNE_BODIES

namespace detail {

/// The singular values of a dense matrix: Householder reflections from both sides make it
/// bidiagonal, and a bisection on the number of values above x finds each to the last bits of the
/// largest (Golub and Kahan 1965). Eigen's solvers would do as well, but cost every unit that
/// includes this header several seconds of compile time.
class bidiagonal_form {
 public:
  explicit bidiagonal_form(const bipartite& g)
      : rows_(static_cast<std::size_t>(std::max(g.out_nodes(), g.in_nodes()))),
        columns_(static_cast<std::size_t>(std::min(g.out_nodes(), g.in_nodes()))),
        a_(rows_ * columns_, 0.0) {
    const bool flat = g.out_nodes() < g.in_nodes();  // the transpose has the same values
    for (index_t j = 0; j < g.out_nodes(); ++j)
      for (const node_t i : g.row(j))
        at(static_cast<std::size_t>(flat ? i : j), static_cast<std::size_t>(flat ? j : i)) = 1.0;
    for (std::size_t k = 0; k < columns_; ++k) {
      band_.push_back(reflect_column(k));
      if (k + 1 < columns_) band_.push_back(reflect_row(k));
    }
  }

  /// The k-th largest singular value, k = 1 .. min(Go, Gi).
  [[nodiscard]] double value(std::size_t k) const {
    double low = 0.0;
    double high = 0.0;  // Gershgorin, with the neighbours of each entry of the band
    for (std::size_t i = 0; i < band_.size(); ++i)
      high = std::max(high, std::abs(band_[i]) + (i > 0 ? std::abs(band_[i - 1]) : 0.0));
    const double enough = high * std::numeric_limits<double>::epsilon() / 4;
    while (high - low > enough) {
      const double middle = low + (high - low) / 2;
      if (middle <= low || middle >= high) break;  // neighbours among the doubles
      (above(middle) >= k ? low : high) = middle;
    }
    return low;
  }

 private:
  [[nodiscard]] double& at(std::size_t r, std::size_t c) { return a_[r * columns_ + c]; }

  /// Reflects column k from row k down onto its first entry, and applies that to the rest; returns
  /// the entry.
  double reflect_column(std::size_t k) {
    double square = 0.0;
    for (std::size_t r = k; r < rows_; ++r) square += at(r, k) * at(r, k);
    const double head = at(k, k);
    const double target = head > 0.0 ? -std::sqrt(square) : std::sqrt(square);
    const double half = square - head * target;  // half of |v|^2, v = x - target e
    if (half == 0.0) return head;
    at(k, k) -= target;
    std::vector<double> dots(columns_, 0.0);
    for (std::size_t r = k; r < rows_; ++r)
      for (std::size_t c = k + 1; c < columns_; ++c) dots[c] += at(r, k) * at(r, c);
    for (std::size_t r = k; r < rows_; ++r)
      for (std::size_t c = k + 1; c < columns_; ++c) at(r, c) -= at(r, k) * dots[c] / half;
    return target;
  }

  /// The same for row k from column k + 1 on.
  double reflect_row(std::size_t k) {
    const std::size_t first = k + 1;
    double square = 0.0;
    for (std::size_t c = first; c < columns_; ++c) square += at(k, c) * at(k, c);
    const double head = at(k, first);
    const double target = head > 0.0 ? -std::sqrt(square) : std::sqrt(square);
    const double half = square - head * target;
    if (half == 0.0) return head;
    at(k, first) -= target;
    for (std::size_t r = k + 1; r < rows_; ++r) {
      double dot = 0.0;
      for (std::size_t c = first; c < columns_; ++c) dot += at(k, c) * at(r, c);
      for (std::size_t c = first; c < columns_; ++c) at(r, c) -= at(k, c) * dot / half;
    }
    return target;
  }

  /// Singular values >= x > 0, by Sturm's count: plus and minus the singular values are the
  /// eigenvalues of the tridiagonal matrix with diagonal 0 and the band beside it.
  [[nodiscard]] std::size_t above(double x) const {
    constexpr double least = std::numeric_limits<double>::min();
    std::size_t below = 1;
    double pivot = -x;
    for (const double b : band_) {
      pivot = -x - b * b / pivot;
      if (std::abs(pivot) < least) pivot = -least;
      below += pivot < 0.0;
    }
    return 2 * columns_ - below;
  }

  std::size_t rows_;
  std::size_t columns_;
  std::vector<double> a_;     // [rows x columns], rows >= columns
  std::vector<double> band_;  // diagonal and superdiagonal in turn, [2 columns - 1]
};

inline void check_matrix(const bipartite& g) {
  constexpr index_t most = 4096;
  expects(g.out_nodes() <= most && g.in_nodes() <= most, errc::graph_nodes,
          "singular values need at most {} nodes on either side, given {} x {}", most,
          g.out_nodes(), g.in_nodes());
}

}  // namespace detail

SWPRUNE_FUNCTION std::vector<double> singular_values(const bipartite& g) {
  detail::check_matrix(g);
  const detail::bidiagonal_form form(g);
  std::vector<double> values(static_cast<std::size_t>(std::min(g.out_nodes(), g.in_nodes())));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = form.value(k + 1);
  return values;
}

SWPRUNE_FUNCTION double second_singular_value(const bipartite& g) {
  detail::check_matrix(g);
  if (std::min(g.out_nodes(), g.in_nodes()) < 2) return 0.0;
  return detail::bidiagonal_form(g).value(2);
}

SWPRUNE_FUNCTION double ramanujan_bound(double out_degree, double in_degree) {
  expects(out_degree >= 1.0 && in_degree >= 1.0 && std::isfinite(out_degree + in_degree),
          errc::graph_degree,
          "the Ramanujan bound needs out_degree >= 1 and in_degree >= 1, given {} and {}",
          out_degree, in_degree);
  return std::sqrt(out_degree - 1.0) + std::sqrt(in_degree - 1.0);
}

#endif

}  // namespace swprune::inline v0::graph
