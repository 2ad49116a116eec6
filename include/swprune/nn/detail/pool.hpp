// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "swprune/nn/detail/simd.hpp"

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// One channel of one tile. `Size` and `Stride` are the constants if the compiler may know them,
/// else 0 and those of the arguments hold.
template <int Size, int Stride, typename Scalar>
void pool_channel(const Scalar* x, Scalar* y, const map_shape& in, const map_shape& out,
                  index_t size, index_t stride);

template <int Size, int Stride, typename Scalar>
void unpool_channel(const Scalar* x, const Scalar* dy, Scalar* dx, const map_shape& in,
                    const map_shape& out, index_t size, index_t stride);

#ifndef SWPRUNE_COMPILED

/// Takes for each lane the later value if it is greater than the best so far or NaN. In place, and
/// a plain loop over local arrays: g++ 12 copies arrays in pieces, and Eigen 3.4's select() is not
/// vectorised.
template <typename Scalar>
SWPRUNE_INLINE void take_greater(vec<Scalar>& best, const vec<Scalar>& later) {
  SWPRUNE_LANE_LOOP
  for (int l = 0; l < static_cast<int>(lanes); ++l)
    best[l] = later[l] <= best[l] ? best[l] : later[l];
}

/// Where value equals best, moves what is left of the gradient there and takes it from `left`.
template <typename Scalar>
SWPRUNE_INLINE vec<Scalar> take_where_equal(const vec<Scalar>& value, const vec<Scalar>& best,
                                            vec<Scalar>& left) {
  vec<Scalar> here;  // 0 or 1: a product vectorises where a second choice becomes a branch
  SWPRUNE_LANE_LOOP
  for (int l = 0; l < static_cast<int>(lanes); ++l)
    here[l] = value[l] == best[l] ? Scalar(1) : Scalar(0);
  const vec<Scalar> taken = left * here;
  left -= taken;
  return taken;
}

/// Greatest of a size x size window whose rows are `row` scalars apart.
template <typename Scalar>
SWPRUNE_INLINE vec<Scalar> window_maximum(const Scalar* x, index_t row, index_t size) {
  vec<Scalar> best = load(x);
  for (index_t ky = 0; ky < size; ++ky)
    for (index_t kx = 0; kx < size; ++kx)
      take_greater<Scalar>(best, load(x + ky * row + kx * lanes));
  return best;
}

/// Adds dy to dx at the first greatest of the window, lane by lane.
template <typename Scalar>
SWPRUNE_INLINE void spread_window(const Scalar* x, const Scalar* dy, Scalar* dx, index_t row,
                                  index_t size) {
  const vec<Scalar> best = window_maximum(x, row, size);
  vec<Scalar> left = load(dy);
  for (index_t ky = 0; ky < size; ++ky)
    for (index_t kx = 0; kx < size; ++kx) {
      const index_t at = ky * row + kx * lanes;
      slot(dx + at) += take_where_equal<Scalar>(load(x + at), best, left);
    }
}

template <int Size, int Stride, typename Scalar>
void pool_channel(const Scalar* x, Scalar* y, const map_shape& in, const map_shape& out,
                  index_t size, index_t stride) {
  const index_t k = Size > 0 ? Size : size;
  const index_t s = Stride > 0 ? Stride : stride;
  const index_t row = in.width * lanes;
  for (index_t oy = 0; oy < out.height; ++oy)
    for (index_t ox = 0; ox < out.width; ++ox, y += lanes)
      slot(y) = window_maximum(x + oy * s * row + ox * s * lanes, row, k);
}

template <int Size, int Stride, typename Scalar>
void unpool_channel(const Scalar* x, const Scalar* dy, Scalar* dx, const map_shape& in,
                    const map_shape& out, index_t size, index_t stride) {
  const index_t k = Size > 0 ? Size : size;
  const index_t s = Stride > 0 ? Stride : stride;
  const index_t row = in.width * lanes;
  std::fill(dx, dx + in.pixels() * lanes, Scalar(0));
  for (index_t oy = 0; oy < out.height; ++oy)
    for (index_t ox = 0; ox < out.width; ++ox, dy += lanes) {
      const index_t at = oy * s * row + ox * s * lanes;
      spread_window(x + at, dy, dx + at, row, k);
    }
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
