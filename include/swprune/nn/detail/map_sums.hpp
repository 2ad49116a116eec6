// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/nn/activations.hpp"
#include "swprune/nn/aligned_vector.hpp"
#include "swprune/nn/detail/map_columns.hpp"
#include "swprune/nn/detail/simd.hpp"

namespace swprune::inline v0::nn::detail {

/// What mean and variance of every channel of some maps are made of, summed up while the maps are
/// written: for every tile, column and channel the sums, over the column's pixels, of each image's
/// numbers and of their squares, after the column's first number has been taken from them. Without
/// that the variance would drown in the square of the mean. With it no more is lost than in a plain
/// sum of as many squares: that number is one of them, so its distance from their mean is part of
/// the variance.
template <typename Scalar>
class map_sums {
 public:
  /// Makes room for the sums of `maps`; they hold anything.
  void resize(const activations<Scalar>& maps) {
    columns_ = column_count(maps.shape());
    channels_ = maps.shape().channels;
    sums_.resize(static_cast<std::size_t>(maps.tiles() * columns_ * channels_ * 2 * lanes));
  }

  /// [sum, sum of squares][lane].
  [[nodiscard]] Scalar* data(index_t tile, index_t column, index_t channel) {
    return sums_.data() + offset(tile, column, channel);
  }
  [[nodiscard]] const Scalar* data(index_t tile, index_t column, index_t channel) const {
    return sums_.data() + offset(tile, column, channel);
  }

 private:
  [[nodiscard]] index_t offset(index_t tile, index_t column, index_t channel) const {
    return ((tile * columns_ + column) * channels_ + channel) * 2 * lanes;
  }

  index_t columns_ = 0;
  index_t channels_ = 0;
  aligned_vector<Scalar> sums_;
};

}  // namespace swprune::inline v0::nn::detail

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

#ifndef SWPRUNE_COMPILED

/// Sums up some rows of a column of one channel, `map`, whose rows have `width` pixels. The rows of
/// a column must come in order: the first ones begin its sums.
template <typename Scalar>
void add_rows(const Scalar* map, index_t width, tap_range rows, tap_range column, Scalar* sums) {
  const vec<Scalar> first = load(map + column.begin * lanes);
  vec<Scalar> sum = vec<Scalar>::Zero(), squares = vec<Scalar>::Zero();
  if (rows.begin > 0) {
    sum = load(sums);
    squares = load(sums + lanes);
  }
  for (index_t y = rows.begin; y < rows.end; ++y) {
    const Scalar* row = map + y * width * lanes;
    for (index_t x = column.begin; x < column.end; ++x) {
      const vec<Scalar> difference = load(row + x * lanes) - first;
      sum += difference;
      squares += difference.square();
    }
  }
  slot(sums) = sum;
  slot(sums + lanes) = squares;
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
