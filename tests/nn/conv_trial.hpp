// SPDX-License-Identifier: Apache-2.0
#pragma once

// One convolution with random numbers, by the layer and by its definition.

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "swprune/nn/conv2d.hpp"
#include "tests/nn/naive_conv.hpp"

namespace swprune_test {

namespace nn = swprune::nn;
namespace mask = swprune::mask;
using swprune::rng;

/// Weights of a layer in storage order from `dense` [o][i][ky][kx].
inline void fill_weights(nn::conv2d<float>& conv, const tensor& dense) {
  const index_t out = conv.mask().out_channels;
  walk_storage(conv.mask(), [&](index_t o, index_t i, index_t ky, index_t kx, index_t at) {
    conv.weights()[static_cast<std::size_t>(at)] =
        o < out ? static_cast<float>(dense(o, i, ky, kx)) : 0.0f;
  });
}

/// One convolution with random numbers, computed by the layer and by definition.
struct trial {
  naive_conv naive;
  nn::conv2d<float> conv;
  nn::activations<float> in, out, grad_out, grad_in;
  tensor dense;

  /// Weights and maps are drawn from `random`.
  trial(const mask::layer_mask& m, const nn::conv2d_params& params, index_t batch,
        const map_shape& image, rng& random)
      : naive{m, params},
        conv(m, params),
        dense(m.out_channels, m.in_channels, m.kernel_height, m.kernel_width) {
    // Rounded to float first: both sides then start from the same numbers. Absent weights are not
    // zero here: whoever reads one gives himself away.
    for (double& w : dense.values) w = static_cast<float>(random.normal());
    fill_weights(conv, dense);
    in = random_maps<float>(batch, image, random);
    conv.forward(in, out);
    grad_out = random_maps<float>(batch, out.shape(), random);
    conv.backward(in, out, grad_out, &grad_in);
  }

  [[nodiscard]] double forward_error() const {
    const map_shape& s = out.shape();
    bounded_sum exact(out.batch(), s.channels, s.height, s.width);
    naive.for_each_product(
        out.batch(), in.shape(), s,
        [&](index_t n, index_t o, index_t i, index_t ky, index_t kx, index_t oy, index_t ox,
            index_t iy, index_t ix) {
          exact.add(n, o, oy, ox, dense(o, i, ky, kx) * static_cast<double>(in.at(n, i, iy, ix)));
        });
    return worst_against_bound(
        exact, [&](index_t n, index_t c, index_t y, index_t x) { return out.at(n, c, y, x); });
  }

  [[nodiscard]] double backward_data_error() const {
    const map_shape& s = in.shape();
    bounded_sum exact(in.batch(), s.channels, s.height, s.width);
    naive.for_each_product(
        in.batch(), s, out.shape(),
        [&](index_t n, index_t o, index_t i, index_t ky, index_t kx, index_t oy, index_t ox,
            index_t iy, index_t ix) {
          exact.add(n, i, iy, ix,
                    dense(o, i, ky, kx) * static_cast<double>(grad_out.at(n, o, oy, ox)));
        });
    return worst_against_bound(
        exact, [&](index_t n, index_t c, index_t y, index_t x) { return grad_in.at(n, c, y, x); });
  }

  /// Also checks that padding outputs have no gradient.
  [[nodiscard]] double backward_weights_error() {
    const mask::layer_mask& m = conv.mask();
    bounded_sum exact(m.out_channels, m.in_channels, m.kernel_height, m.kernel_width);
    naive.for_each_product(in.batch(), in.shape(), out.shape(),
                           [&](index_t n, index_t o, index_t i, index_t ky, index_t kx, index_t oy,
                               index_t ox, index_t iy, index_t ix) {
                             exact.add(o, i, ky, kx,
                                       static_cast<double>(in.at(n, i, iy, ix)) *
                                           static_cast<double>(grad_out.at(n, o, oy, ox)));
                           });
    tensor computed(m.out_channels, m.in_channels, m.kernel_height, m.kernel_width);
    const auto gradient = conv.parameters().front().gradient;
    walk_storage(m, [&](index_t o, index_t i, index_t ky, index_t kx, index_t at) {
      const float g = gradient[static_cast<std::size_t>(at)];
      if (o < m.out_channels)
        computed(o, i, ky, kx) = static_cast<double>(g);
      else if (g != 0.0f)
        FAIL("padding output " << o << " has gradient " << g);
    });
    return worst_against_bound(exact, [&](index_t o, index_t i, index_t ky, index_t kx) {
      return computed(o, i, ky, kx);
    });
  }
};

/// out, by in and by weights in one list, for a comparison bit by bit.
inline std::vector<float> results_of(trial& t) {
  std::vector<float> all(t.out.values().begin(), t.out.values().end());
  all.insert(all.end(), t.grad_in.values().begin(), t.grad_in.values().end());
  const auto g = t.conv.parameters().front().gradient;
  all.insert(all.end(), g.begin(), g.end());
  return all;
}

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// A random layer that exercises strides, dilations, paddings, odd sizes, rectangular kernels,
/// blocks of any size, partial groups and empty rows.
struct random_case {
  mask::layer_mask mask;
  nn::conv2d_params params;
  map_shape image;

  explicit random_case(rng& r) {
    const mask::block_shape blocks[] = {{8, 4}, {4, 4}, {16, 4},  {8, 8}, {1, 1},
                                        {3, 5}, {2, 1}, {32, 32}, {7, 12}};
    const double densities[] = {0.0, 0.15, 0.4, 1.0};
    const auto pick = [&](index_t low, index_t high) {
      return low + static_cast<index_t>(r.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    const index_t kh = pick(1, 5), kw = pick(1, 5);
    params.stride = pick(1, 5);
    params.dilation = r.bernoulli(0.5) ? 1 : pick(2, 3);
    const index_t high = (kh - 1) * params.dilation + 1, wide = (kw - 1) * params.dilation + 1;
    params.padding = pick(0, std::min(high, wide) - 1);
    const auto size = [&](index_t reach) {
      const index_t least = std::max<index_t>(1, reach - 2 * params.padding);
      return pick(least, std::max<index_t>(least, r.bernoulli(0.05) ? 37 : 9));
    };
    const index_t inputs = pick(1, r.bernoulli(0.05) ? 40 : 18);
    image = {inputs, size(high), size(wide)};
    mask = random_mask(image.channels, pick(1, r.bernoulli(0.05) ? 70 : 22), kh, kw,
                       blocks[r.below(9)], densities[r.below(4)], r);
  }
};

}  // namespace swprune_test
