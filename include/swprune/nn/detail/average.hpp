// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "swprune/nn/detail/simd.hpp"

namespace swprune::inline v0::nn::detail {

/// Windows whose mean is taken.
struct average_window {
  index_t height = 1;
  index_t width = 1;
  index_t stride = 1;
};

}  // namespace swprune::inline v0::nn::detail

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// One channel of one tile: mean of every window.
template <typename Scalar>
void average_windows(const Scalar* x, Scalar* y, const map_shape& in, const map_shape& out,
                     const average_window& w);

/// One channel of one tile: every input gets its share of the gradients of its windows.
template <typename Scalar>
void spread_average(const Scalar* dy, Scalar* dx, const map_shape& in, const map_shape& out,
                    const average_window& w);

#ifndef SWPRUNE_COMPILED

template <typename Scalar>
void average_windows(const Scalar* x, Scalar* y, const map_shape& in, const map_shape& out,
                     const average_window& w) {
  const Scalar share = Scalar(1) / static_cast<Scalar>(w.height * w.width);
  for (index_t oy = 0; oy < out.height; ++oy)
    for (index_t ox = 0; ox < out.width; ++ox, y += lanes) {
      const Scalar* corner = x + (oy * in.width + ox) * w.stride * lanes;
      vec<Scalar> sum = vec<Scalar>::Zero();
      for (index_t ky = 0; ky < w.height; ++ky)
        for (index_t kx = 0; kx < w.width; ++kx) sum += load(corner + (ky * in.width + kx) * lanes);
      slot(y) = sum * share;
    }
}

template <typename Scalar>
void spread_average(const Scalar* dy, Scalar* dx, const map_shape& in, const map_shape& out,
                    const average_window& w) {
  const Scalar share = Scalar(1) / static_cast<Scalar>(w.height * w.width);
  std::fill(dx, dx + in.pixels() * lanes, Scalar(0));
  for (index_t oy = 0; oy < out.height; ++oy)
    for (index_t ox = 0; ox < out.width; ++ox, dy += lanes) {
      Scalar* corner = dx + (oy * in.width + ox) * w.stride * lanes;
      const vec<Scalar> part = load(dy) * share;
      for (index_t ky = 0; ky < w.height; ++ky)
        for (index_t kx = 0; kx < w.width; ++kx)
          slot(corner + (ky * in.width + kx) * lanes) += part;
    }
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
