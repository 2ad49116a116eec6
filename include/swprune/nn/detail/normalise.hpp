// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "swprune/nn/detail/map_sums.hpp"
#include "swprune/nn/detail/simd.hpp"

namespace swprune::inline v0::nn::detail {

/// Mean and variance of one channel of a batch.
template <typename Scalar>
struct channel_statistics {
  Scalar mean{};
  Scalar variance{};
  Scalar inverse_deviation{};  ///< 1 / sqrt(variance + epsilon)
  index_t count = 0;           ///< images x pixels
};

/// y = factor * x + offset.
template <typename Scalar>
struct affine_map {
  Scalar factor{};
  Scalar offset{};
};

/// Sums over one channel that the gradients of a normalisation need.
template <typename Scalar>
struct normalise_sums {
  Scalar plain{};          ///< sum of the gradients: that of the shift
  Scalar by_normalised{};  ///< sum of gradient x normalised input: that of the scale
};

}  // namespace swprune::inline v0::nn::detail

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

template <typename Scalar>
[[nodiscard]] affine_map<Scalar> normalising_map(Scalar scale, Scalar shift, Scalar mean,
                                                 Scalar inverse_deviation) {
  const Scalar factor = scale * inverse_deviation;
  return {factor, shift - mean * factor};
}

/// Sums up one channel, where the layer that wrote it did not.
template <typename Scalar>
void sum_channel(const activations<Scalar>& in, index_t c, map_sums<Scalar>& sums);

/// Statistics of one channel from its sums, in the order of tiles and columns: the squares of the
/// differences from the mean of each image's column, and that mean's from the mean of all.
template <typename Scalar>
[[nodiscard]] channel_statistics<Scalar> statistics_of(const activations<Scalar>& in,
                                                       const map_sums<Scalar>& sums, index_t c,
                                                       Scalar epsilon);

template <typename Scalar>
void apply_affine(const activations<Scalar>& in, activations<Scalar>& out, index_t c,
                  affine_map<Scalar> map);

/// Dead lanes add nothing: their gradient is zero.
template <typename Scalar>
[[nodiscard]] normalise_sums<Scalar> gradient_sums(const activations<Scalar>& in,
                                                   const activations<Scalar>& grad_out, index_t c,
                                                   const channel_statistics<Scalar>& s);

/// dx = scale / deviation * (dy - mean(dy) - normalised x * mean(dy * normalised x)).
template <typename Scalar>
void backward_channel(const activations<Scalar>& in, const activations<Scalar>& grad_out,
                      activations<Scalar>& grad_in, index_t c, const channel_statistics<Scalar>& s,
                      Scalar scale, const normalise_sums<Scalar>& sums);

#ifndef SWPRUNE_COMPILED

template <typename Scalar>
void sum_channel(const activations<Scalar>& in, index_t c, map_sums<Scalar>& sums) {
  const map_shape& map = in.shape();
  for (index_t t = 0; t < in.tiles(); ++t)
    for (index_t k = 0; k < column_count(map); ++k)
      add_rows<Scalar>(in.data(t, c), map.width, {0, map.height}, column_of(map, k),
                       sums.data(t, k, c));
}

/// Sum over tiles, columns and live lanes of `term(first, sum, squares, pixels)`: the column's
/// first number, its sums and its pixels.
template <typename Scalar, typename Term>
SWPRUNE_INLINE Scalar sum_over_columns(const activations<Scalar>& in, const map_sums<Scalar>& sums,
                                       index_t c, const Term& term) {
  const map_shape& map = in.shape();
  Scalar total(0);
  for (index_t t = 0; t < in.tiles(); ++t) {
    vec<Scalar> part = vec<Scalar>::Zero();
    for (index_t k = 0; k < column_count(map); ++k) {
      const tap_range column = column_of(map, k);
      const Scalar* sum = sums.data(t, k, c);
      const auto pixels = static_cast<Scalar>((column.end - column.begin) * map.height);
      part +=
          term(load(in.data(t, c) + column.begin * lanes), load(sum), load(sum + lanes), pixels);
    }
    total += live_sum<Scalar>(part, in.live_lanes(t));
  }
  return total;
}

template <typename Scalar>
channel_statistics<Scalar> statistics_of(const activations<Scalar>& in,
                                         const map_sums<Scalar>& sums, index_t c, Scalar epsilon) {
  using v = const vec<Scalar>&;
  channel_statistics<Scalar> s;
  s.count = in.batch() * in.shape().pixels();
  const auto n = static_cast<Scalar>(s.count);
  s.mean = sum_over_columns(in, sums, c,
                            [](v first, v sum, v, Scalar pixels) -> vec<Scalar> {
                              return first * pixels + sum;
                            }) /
           n;
  const auto deviation = [mean = s.mean](v first, v sum, v squares, Scalar pixels) -> vec<Scalar> {
    const vec<Scalar> own = sum / pixels;
    return (squares - own * sum).max(Scalar(0)) + pixels * (first - mean + own).square();
  };
  s.variance = sum_over_columns(in, sums, c, deviation) / n;
  s.inverse_deviation = Scalar(1) / std::sqrt(s.variance + epsilon);
  return s;
}

template <typename Scalar>
void apply_affine(const activations<Scalar>& in, activations<Scalar>& out, index_t c,
                  affine_map<Scalar> map) {
  for (index_t t = 0; t < in.tiles(); ++t) {
    const Scalar* x = in.data(t, c);
    Scalar* y = out.data(t, c);
    for (index_t i = 0; i < in.channel_size(); i += lanes) {
      will_need(x + i);
      will_need(y + i);
      slot(y + i) = load(x + i) * map.factor + map.offset;
    }
  }
}

/// gradient_sums() of gradients that may be worked out on the way: `gradients_in(t)` gives for tile
/// t a function from where a vector begins to that vector.
template <typename Scalar, typename GradientsIn>
SWPRUNE_INLINE normalise_sums<Scalar> sums_of_gradients(const activations<Scalar>& in, index_t c,
                                                        const channel_statistics<Scalar>& s,
                                                        const GradientsIn& gradients_in) {
  normalise_sums<Scalar> sums;
  for (index_t t = 0; t < in.tiles(); ++t) {
    const Scalar* x = in.data(t, c);
    const auto gradient = gradients_in(t);
    vec<Scalar> plain = vec<Scalar>::Zero();
    vec<Scalar> product = vec<Scalar>::Zero();
    for (index_t i = 0; i < in.channel_size(); i += lanes) {
      will_need(x + i);
      const vec<Scalar> g = gradient(i);
      plain += g;
      product += g * (load(x + i) - s.mean);
    }
    sums.plain += lane_sum<Scalar>(plain);
    sums.by_normalised += lane_sum<Scalar>(product) * s.inverse_deviation;
  }
  return sums;
}

/// backward_channel() of such gradients.
template <typename Scalar, typename GradientsIn>
SWPRUNE_INLINE void backward_gradients(const activations<Scalar>& in, activations<Scalar>& grad_in,
                                       index_t c, const channel_statistics<Scalar>& s, Scalar scale,
                                       const normalise_sums<Scalar>& sums,
                                       const GradientsIn& gradients_in) {
  const Scalar n = static_cast<Scalar>(s.count);
  const Scalar factor = scale * s.inverse_deviation;
  const Scalar by_x = factor * s.inverse_deviation * sums.by_normalised / n;
  const Scalar constant = factor * sums.plain / n;
  for (index_t t = 0; t < in.tiles(); ++t) {
    const Scalar* x = in.data(t, c);
    const auto gradient = gradients_in(t);
    Scalar* dx = grad_in.data(t, c);
    for (index_t i = 0; i < in.channel_size(); i += lanes) {
      will_need(dx + i);
      slot(dx + i) = gradient(i) * factor - (load(x + i) - s.mean) * by_x - constant;
    }
  }
}

/// The gradients that a channel of maps holds.
template <typename Scalar>
SWPRUNE_INLINE auto gradients_of(const activations<Scalar>& grad_out, index_t c) {
  return [&grad_out, c](index_t t) {
    return [dy = grad_out.data(t, c)](index_t i) -> vec<Scalar> {
      will_need(dy + i);
      return load(dy + i);
    };
  };
}

template <typename Scalar>
normalise_sums<Scalar> gradient_sums(const activations<Scalar>& in,
                                     const activations<Scalar>& grad_out, index_t c,
                                     const channel_statistics<Scalar>& s) {
  return sums_of_gradients(in, c, s, gradients_of(grad_out, c));
}

template <typename Scalar>
void backward_channel(const activations<Scalar>& in, const activations<Scalar>& grad_out,
                      activations<Scalar>& grad_in, index_t c, const channel_statistics<Scalar>& s,
                      Scalar scale, const normalise_sums<Scalar>& sums) {
  backward_gradients(in, grad_in, c, s, scale, sums, gradients_of(grad_out, c));
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
