// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/detail/for_each_map.hpp"
#include "swprune/nn/detail/simd.hpp"

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// sum = a + b, and negative sums become zero if `rectified`; NaN stays, as in relu. All of one
/// shape.
template <typename Scalar>
void add_maps(const activations<Scalar>& a, const activations<Scalar>& b, bool rectified,
              activations<Scalar>& sum) {
  const index_t count = a.channel_size();
  for_each_map(a, [&](index_t t, index_t c) {
    const Scalar* x = a.data(t, c);
    const Scalar* y = b.data(t, c);
    Scalar* z = sum.data(t, c);
    if (!rectified) {
      for (index_t i = 0; i < count; ++i) z[i] = x[i] + y[i];
      return;
    }
    for (index_t i = 0; i < count; ++i) {
      const Scalar v = x[i] + y[i];
      z[i] = v < Scalar(0) ? Scalar(0) : v;
    }
  });
}

/// to += from; of `from` only the first channels, as many as `to` has.
template <typename Scalar>
void accumulate_maps(const activations<Scalar>& from, activations<Scalar>& to) {
  add_maps<Scalar>(to, from, false, to);
}

/// Copies channels from `first_from` on to those from `first_to` on, as many as fit.
template <typename Scalar>
void copy_channels(const activations<Scalar>& from, index_t first_from, activations<Scalar>& to,
                   index_t first_to) {
  const index_t channels =
      std::min(from.shape().channels - first_from, to.shape().channels - first_to);
  parallel_for(channels, [&](index_t c) {
    for (index_t t = 0; t < from.tiles(); ++t) {
      const Scalar* x = from.data(t, first_from + c);
      std::copy(x, x + from.channel_size(), to.data(t, first_to + c));
    }
  });
}

/// masked = gradient where out > 0, else zero: backward of a rectified sum.
template <typename Scalar>
void mask_gradient(const activations<Scalar>& out, const activations<Scalar>& gradient,
                   activations<Scalar>& masked) {
  const index_t count = out.channel_size();
  for_each_map(out, [&](index_t t, index_t c) {
    const Scalar* y = out.data(t, c);
    const Scalar* dy = gradient.data(t, c);
    Scalar* dz = masked.data(t, c);
    for (index_t i = 0; i < count; ++i) dz[i] = y[i] > Scalar(0) ? dy[i] : Scalar(0);
  });
}

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
