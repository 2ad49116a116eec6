// SPDX-License-Identifier: Apache-2.0
#pragma once

// A convolution as its definition says it: masked dense weights, plain loops, double. Shares no
// index arithmetic with the kernels it checks.

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/conv2d.hpp"

namespace swprune_test {

using swprune::index_t;
using swprune::map_shape;

/// Numbers [a][b][c][d] with bounds.
struct tensor {
  index_t a = 1, b = 1, c = 1, d = 1;
  std::vector<double> values;

  tensor(index_t a_, index_t b_, index_t c_, index_t d_)
      : a(a_), b(b_), c(c_), d(d_), values(static_cast<std::size_t>(a * b * c * d), 0.0) {}
  double& operator()(index_t i, index_t j, index_t k, index_t l) {
    return values.at(static_cast<std::size_t>(((i * b + j) * c + k) * d + l));
  }
  double operator()(index_t i, index_t j, index_t k, index_t l) const {
    return values.at(static_cast<std::size_t>(((i * b + j) * c + k) * d + l));
  }
};

/// A sum, the sum of the magnitudes of its terms and their number: what an error bound needs.
struct bounded_sum {
  tensor value, magnitude, terms;
  bounded_sum(index_t a, index_t b, index_t c, index_t d)
      : value(a, b, c, d), magnitude(a, b, c, d), terms(a, b, c, d) {}
  void add(index_t i, index_t j, index_t k, index_t l, double term) {
    value(i, j, k, l) += term;
    magnitude(i, j, k, l) += std::abs(term);
    terms(i, j, k, l) += 1;
  }
};

struct naive_conv {
  swprune::mask::layer_mask mask;
  index_t stride = 1, padding = 0;

  [[nodiscard]] bool live(index_t o, index_t i) const {
    return mask.blocks.test(o / mask.block.outputs, i / mask.block.inputs);
  }
  [[nodiscard]] bool kept(index_t o, index_t i, index_t ky, index_t kx) const {
    return mask.kept_taps.test(o / mask.block.outputs, i / mask.block.inputs,
                               ky * mask.kernel_width + kx);
  }

  /// body(n, o, i, ky, kx, oy, ox, iy, ix) for every product of the masked dense convolution.
  template <typename Body>
  void for_each_product(index_t batch, const map_shape& in, const map_shape& out,
                        const Body& body) const {
    for (index_t n = 0; n < batch; ++n)
      for (index_t o = 0; o < mask.out_channels; ++o)
        for (index_t i = 0; i < mask.in_channels; ++i) {
          if (!live(o, i)) continue;
          for (index_t oy = 0; oy < out.height; ++oy)
            for (index_t ox = 0; ox < out.width; ++ox)
              for (index_t ky = 0; ky < mask.kernel_height; ++ky)
                for (index_t kx = 0; kx < mask.kernel_width; ++kx) {
                  if (!kept(o, i, ky, kx)) continue;
                  const index_t iy = oy * stride - padding + ky;
                  const index_t ix = ox * stride - padding + kx;
                  if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
                  body(n, o, i, ky, kx, oy, ox, iy, ix);
                }
        }
  }
};

/// Error bound of a sum of n rounded terms in float, relative to the sum of their magnitudes: the
/// smaller of the certain n u / (1 - n u) and the probabilistic exp(lambda sqrt(n) u + n u^2 /
/// (1 - u)) - 1 of Higham and Mary (SIAM J. Sci. Comput. 41, 2019, theorem 2.4), which fails with
/// probability at most 2 n exp(-lambda^2 (1 - u)^2 / 2). lambda = 10: below 1e-12 for all the sums
/// that one test makes.
inline double rounding_bound(double n) {
  constexpr double u = std::numeric_limits<float>::epsilon() / 2;
  constexpr double lambda = 10;
  const double certain = n * u / (1 - n * u);
  const double likely = std::expm1(lambda * std::sqrt(n) * u + n * u * u / (1 - u));
  return std::min(certain, likely);
}

/// Greatest |computed - exact| / bound over all numbers; <= 1 means within the bounds. A sum of no
/// terms must be exactly zero.
template <typename Get>
double worst_against_bound(const bounded_sum& exact, const Get& computed) {
  double worst = 0;
  const tensor& t = exact.value;
  for (index_t i = 0; i < t.a; ++i)
    for (index_t j = 0; j < t.b; ++j)
      for (index_t k = 0; k < t.c; ++k)
        for (index_t l = 0; l < t.d; ++l) {
          const double error = std::abs(static_cast<double>(computed(i, j, k, l)) - t(i, j, k, l));
          // One more rounding: the product may be rounded before it is added.
          const double bound =
              rounding_bound(exact.terms(i, j, k, l) + 1) * exact.magnitude(i, j, k, l);
          if (!(error <= bound))
            worst = std::max(worst, bound > 0 ? error / bound : 1e30);
          else if (bound > 0)
            worst = std::max(worst, error / bound);
        }
  return worst;
}

/// Random maps, dead lanes zero.
template <typename Scalar>
swprune::nn::activations<Scalar> random_maps(index_t batch, const map_shape& shape,
                                             swprune::rng& random) {
  swprune::nn::activations<Scalar> maps(batch, shape);
  for (index_t n = 0; n < batch; ++n)
    for (index_t c = 0; c < shape.channels; ++c)
      for (index_t y = 0; y < shape.height; ++y)
        for (index_t x = 0; x < shape.width; ++x)
          maps.at(n, c, y, x) = static_cast<Scalar>(random.normal());
  return maps;
}

/// A mask whose blocks are there with probability `density`; some rows empty at low densities.
inline swprune::mask::layer_mask random_mask(index_t in, index_t out, index_t kh, index_t kw,
                                             swprune::mask::block_shape block, double density,
                                             swprune::rng& random) {
  swprune::mask::layer_mask m = swprune::nn::dense_mask("layer", in, out, kh, kw, block);
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i) m.blocks.set(j, i, random.uniform() < density);
  return m;
}

/// Lets every live block keep each tap with probability `share`, at least one; no table if it turns
/// out that all are kept.
inline void thin_taps(swprune::mask::layer_mask& m, double share, swprune::rng& random) {
  swprune::mask::tap_mask taps(m.out_groups(), m.in_groups(), m.taps());
  bool lacking = false;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i) {
      if (!m.blocks.test(j, i)) continue;
      for (index_t tap = 0; tap < m.taps(); ++tap) taps.set(j, i, tap, random.uniform() < share);
      taps.set(j, i, static_cast<index_t>(random.below(static_cast<std::uint64_t>(m.taps()))));
      lacking = lacking || taps.count(j, i) < m.taps();
    }
  m.kept_taps = lacking ? taps : swprune::mask::tap_mask();
}

/// visit(o, i, ky, kx, index) for every number of a layer's weight storage, padding outputs too, as
/// the format says: row, live block ascending, ci, kept ky, kx, Bo outputs.
template <typename Visit>
index_t walk_storage(const swprune::mask::layer_mask& m, const Visit& visit) {
  index_t at = 0;
  for (index_t j = 0; j < swprune::ceil_div(m.out_channels, m.block.outputs); ++j)
    for (index_t g = 0; g < swprune::ceil_div(m.in_channels, m.block.inputs); ++g) {
      if (!m.blocks.test(j, g)) continue;
      for (index_t i = g * m.block.inputs; i < (g + 1) * m.block.inputs && i < m.in_channels; ++i)
        for (index_t ky = 0; ky < m.kernel_height; ++ky)
          for (index_t kx = 0; kx < m.kernel_width; ++kx)
            for (index_t o = 0;
                 o < m.block.outputs && m.kept_taps.test(j, g, ky * m.kernel_width + kx); ++o)
              visit(j * m.block.outputs + o, i, ky, kx, at++);
    }
  return at;
}

}  // namespace swprune_test
