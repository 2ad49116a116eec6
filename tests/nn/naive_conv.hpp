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
  swprune::nn::conv2d_params params{};

  [[nodiscard]] bool live(index_t o, index_t i) const {
    return mask.blocks.test(o / mask.block.outputs, i / mask.block.inputs);
  }
  [[nodiscard]] bool kept(index_t o, index_t i, index_t ky, index_t kx) const {
    return mask.kept_taps.test(o / mask.block.outputs, i / mask.block.inputs,
                               ky * mask.kernel_width + kx);
  }

  /// Whether some output pixel reads the image with tap (ky, kx).
  [[nodiscard]] bool uses(index_t ky, index_t kx, const map_shape& in, const map_shape& out) const {
    const auto reads = [&](index_t tap, index_t outputs, index_t size) {
      for (index_t o = 0; o < outputs; ++o) {
        const index_t at = o * params.stride - params.padding + tap * params.dilation;
        if (at >= 0 && at < size) return true;
      }
      return false;
    };
    return reads(ky, out.height, in.height) && reads(kx, out.width, in.width);
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
                  const index_t iy = oy * params.stride - params.padding + ky * params.dilation;
                  const index_t ix = ox * params.stride - params.padding + kx * params.dilation;
                  if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
                  body(n, o, i, ky, kx, oy, ox, iy, ix);
                }
        }
  }
};

/// Error bound of a sum of n rounded terms in float, relative to the sum of their magnitudes,
/// whatever the order of the additions (the kernels add over strips, lanes and slices of the
/// batch): a term goes through at most n roundings (1 + d), |d| <= u = 2^-24. Certain: product of n
/// of them - 1 <= n u / (1 - n u). Likely, if the d have mean zero and are independent (Higham and
/// Mary, SIAM J. Sci. Comput. 41, 2019, theorem 2.4): |product - 1| <= exp(lambda sqrt(n) u + n u^2
/// / (1 - u)) - 1 except with probability 2 exp(-lambda^2 (1 - u)^2 / 2) for each term, hence at
/// most n times that for a sum. The smaller of the two is taken. lambda = 10 makes 2 exp(-50) =
/// 4e-22 a term: with the some 10^9 terms of all trials together, below 1e-12.
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
