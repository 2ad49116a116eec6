// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "swprune/nn/detail/normalise.hpp"
#include "swprune/nn/detail/pool.hpp"

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// One channel of one tile: rectified, and pooled if `pooled`.
template <typename Scalar>
void fused_apply(const Scalar* x, Scalar* y, const map_shape& in, bool pooled,
                 affine_map<Scalar> map);

/// One channel of one tile: gradient by the output of the normalisation, through ReLU and pooling.
template <typename Scalar>
void fused_gradient(const Scalar* x, const Scalar* dy, Scalar* dz, const map_shape& in,
                    affine_map<Scalar> map);

/// gradient_sums() where a ReLU follows, which the gradients pass on the way.
template <typename Scalar>
[[nodiscard]] normalise_sums<Scalar> rectified_sums(const activations<Scalar>& in,
                                                    const activations<Scalar>& grad_out, index_t c,
                                                    const channel_statistics<Scalar>& s,
                                                    affine_map<Scalar> map);

/// backward_channel() where a ReLU follows.
template <typename Scalar>
void rectified_backward(const activations<Scalar>& in, const activations<Scalar>& grad_out,
                        activations<Scalar>& grad_in, index_t c,
                        const channel_statistics<Scalar>& s, Scalar scale,
                        const normalise_sums<Scalar>& sums, affine_map<Scalar> map);

/// gradient_sums() where a sum follows, and after it a ReLU if `rectify`, which gave `out`:
/// `grad_sum` becomes the gradient by the sum.
template <typename Scalar>
[[nodiscard]] normalise_sums<Scalar> residual_sums(const activations<Scalar>& in,
                                                   const activations<Scalar>& out,
                                                   const activations<Scalar>& grad_out,
                                                   bool rectify, activations<Scalar>& grad_sum,
                                                   index_t c, const channel_statistics<Scalar>& s);

/// `count` numbers: sum = normalised x + other, rectified if `rectify`.
template <typename Scalar>
void fused_sum(const Scalar* x, const Scalar* other, Scalar* sum, index_t count, bool rectify,
               affine_map<Scalar> map);

#ifndef SWPRUNE_COMPILED

// Batch norm, ReLU and 2 x 2 max pooling one channel at a time: the maps between them are never
// written, and the channel stays in the second-level cache from the first pass to the last.

/// max(z, 0); NaN passes on, as in relu.
template <typename Scalar>
SWPRUNE_INLINE vec<Scalar> rectified(const vec<Scalar>& z) {
  vec<Scalar> v;
  SWPRUNE_LANE_LOOP
  for (int l = 0; l < static_cast<int>(lanes); ++l) v[l] = z[l] < Scalar(0) ? Scalar(0) : z[l];
  return v;
}

/// max(factor * x + offset, 0).
template <typename Scalar>
SWPRUNE_INLINE vec<Scalar> rectified(const Scalar* x, affine_map<Scalar> map) {
  return rectified<Scalar>(load(x) * map.factor + map.offset);
}

template <typename Scalar>
void fused_apply(const Scalar* x, Scalar* y, const map_shape& in, bool pooled,
                 affine_map<Scalar> map) {
  if (!pooled) {
    for (index_t i = 0; i < in.pixels() * lanes; i += lanes) {
      will_need(x + i);
      will_need(y + i);
      slot(y + i) = rectified(x + i, map);
    }
    return;
  }
  const index_t row = in.width * lanes;
  for (index_t oy = 0; oy < in.height / 2; ++oy)
    for (index_t ox = 0; ox < in.width / 2; ++ox, y += lanes) {
      const Scalar* corner = x + 2 * oy * row + 2 * ox * lanes;
      will_need(corner);
      will_need(corner + lanes);
      will_need(corner + row);
      will_need(corner + row + lanes);
      vec<Scalar> best = rectified(corner, map);
      take_greater<Scalar>(best, rectified(corner + lanes, map));
      take_greater<Scalar>(best, rectified(corner + row, map));
      take_greater<Scalar>(best, rectified(corner + row + lanes, map));
      slot(y) = best;
    }
}

/// The gradient where the rectified value is positive, else zero.
template <typename Scalar>
SWPRUNE_INLINE vec<Scalar> where_positive(const vec<Scalar>& value, const vec<Scalar>& gradient) {
  vec<Scalar> passed;
  SWPRUNE_LANE_LOOP
  for (int l = 0; l < static_cast<int>(lanes); ++l)
    passed[l] = value[l] > Scalar(0) ? gradient[l] : Scalar(0);
  return passed;
}

/// One window: the gradient goes to the first greatest value, if that is positive.
template <typename Scalar>
SWPRUNE_INLINE void fused_spread(const Scalar* x, const Scalar* dy, Scalar* dz, index_t row,
                                 affine_map<Scalar> map) {
  const index_t at[4] = {0, lanes, row, row + lanes};
  const vec<Scalar> value[4] = {rectified(x + at[0], map), rectified(x + at[1], map),
                                rectified(x + at[2], map), rectified(x + at[3], map)};
  vec<Scalar> best = value[0] + Scalar(0);  // a copy would be made in pieces
  SWPRUNE_UNROLL
  for (int k = 1; k < 4; ++k) take_greater<Scalar>(best, value[k]);
  vec<Scalar> left = load(dy);
  SWPRUNE_UNROLL
  for (int k = 0; k < 4; ++k) {
    will_need(x + at[k]);
    will_need(dz + at[k]);
    const vec<Scalar> taken = take_where_equal<Scalar>(value[k], best, left);
    slot(dz + at[k]) = where_positive<Scalar>(value[k], taken);
  }
}

template <typename Scalar>
void fused_gradient(const Scalar* x, const Scalar* dy, Scalar* dz, const map_shape& in,
                    affine_map<Scalar> map) {
  const index_t row = in.width * lanes;
  if (in.height % 2 != 0 || in.width % 2 != 0)  // the last row and column are in no window
    std::fill(dz, dz + in.pixels() * lanes, Scalar(0));
  for (index_t oy = 0; oy < in.height / 2; ++oy)
    for (index_t ox = 0; ox < in.width / 2; ++ox, dy += lanes) {
      const index_t corner = 2 * oy * row + 2 * ox * lanes;
      fused_spread(x + corner, dy, dz + corner, row, map);
    }
}

/// Gradients by the output of the normalisation.
template <typename Scalar>
SWPRUNE_INLINE auto rectified_gradients(const activations<Scalar>& in,
                                        const activations<Scalar>& grad_out, index_t c,
                                        affine_map<Scalar> map) {
  return [&in, &grad_out, c, map](index_t t) {
    return [x = in.data(t, c), dy = grad_out.data(t, c), map](index_t i) {
      will_need(dy + i);
      return where_positive<Scalar>(rectified(x + i, map), load(dy + i));
    };
  };
}

template <typename Scalar>
normalise_sums<Scalar> rectified_sums(const activations<Scalar>& in,
                                      const activations<Scalar>& grad_out, index_t c,
                                      const channel_statistics<Scalar>& s, affine_map<Scalar> map) {
  return sums_of_gradients(in, c, s, rectified_gradients(in, grad_out, c, map));
}

template <typename Scalar>
void rectified_backward(const activations<Scalar>& in, const activations<Scalar>& grad_out,
                        activations<Scalar>& grad_in, index_t c,
                        const channel_statistics<Scalar>& s, Scalar scale,
                        const normalise_sums<Scalar>& sums, affine_map<Scalar> map) {
  backward_gradients(in, grad_in, c, s, scale, sums, rectified_gradients(in, grad_out, c, map));
}

template <typename Scalar>
normalise_sums<Scalar> residual_sums(const activations<Scalar>& in, const activations<Scalar>& out,
                                     const activations<Scalar>& grad_out, bool rectify,
                                     activations<Scalar>& grad_sum, index_t c,
                                     const channel_statistics<Scalar>& s) {
  return sums_of_gradients(in, c, s, [&](index_t t) {
    return [y = out.data(t, c), dy = grad_out.data(t, c), dz = grad_sum.data(t, c),
            rectify](index_t i) {
      will_need(y + i);
      will_need(dy + i);
      will_need(dz + i);
      const vec<Scalar> g =
          rectify ? where_positive<Scalar>(load(y + i), load(dy + i)) : vec<Scalar>(load(dy + i));
      slot(dz + i) = g;
      return g;
    };
  });
}

template <typename Scalar>
void fused_sum(const Scalar* x, const Scalar* other, Scalar* sum, index_t count, bool rectify,
               affine_map<Scalar> map) {
  for (index_t i = 0; i < count; i += lanes) {
    will_need(x + i);
    will_need(other + i);
    will_need(sum + i);
    const auto v = load(x + i) * map.factor + map.offset + load(other + i);
    if (rectify)
      slot(sum + i) = rectified<Scalar>(v);
    else
      slot(sum + i) = v;
  }
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
