// SPDX-License-Identifier: Apache-2.0
#pragma once

// A convolution layer as plain numbers, and what it gives by the plainest loop, straight from
// docs/formats.md section 7: for tests of the golden model that must not lean on the compiler.

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"

namespace swprune_test {

using swprune::index_t;

/// The residual of a layer: a map of its own, as many channels as the layer's output.
struct hand_residual {
  bool on = false, is_signed = false;
  index_t stride = 1;  // Sr
  index_t extra = 0;   // columns and rows behind the last one used, < Sr
  int zero = 0, multiplier = 1, shift = 1;
  index_t load_log2 = 0;
  std::vector<std::uint8_t> groups;  // [out group of Pof]: the group has a residual
};

/// A layer and its numbers. Weights of absent blocks are ignored.
struct hand_layer {
  index_t in_channels = 4, in_h = 4, in_w = 4;
  index_t out_channels = 4;
  index_t kernel_h = 1, kernel_w = 1, stride = 1, dilation = 1, pad = 0;
  bool pool = false, in_signed = false, out_signed = false;
  int zero_in = 0, zero_out = 0, clamp_lo = 0, clamp_hi = 255;
  std::vector<std::uint8_t> live;        // [out group of Pof][in group of 4]
  std::vector<std::int8_t> weights;      // [out][in][ky][kx]
  std::vector<std::int32_t> bias;        // [out]
  std::vector<std::int16_t> multiplier;  // [out]
  std::vector<std::uint8_t> shift;       // [out]
  index_t images = 1;
  // --- how it is run ---
  index_t seg_y = 0, seg_x = 0;  // 0: the array
  index_t strip = 1;             // sub-tile rows of a strip
  index_t chunk = 99;            // output groups of a chunk
  index_t load_log2 = 0, run_log2 = 0;
  bool load_strided = false, phase_zero = false;
  hand_residual residual;

  index_t res_h() const { return residual.stride * (conv_h() - 1) + 1 + residual.extra; }
  index_t res_w() const { return residual.stride * (conv_w() - 1) + 1 + residual.extra; }
  index_t conv_h() const { return (in_h + 2 * pad - dilation * (kernel_h - 1) - 1) / stride + 1; }
  index_t conv_w() const { return (in_w + 2 * pad - dilation * (kernel_w - 1) - 1) / stride + 1; }
  index_t out_h() const { return pool ? conv_h() / 2 : conv_h(); }
  index_t out_w() const { return pool ? conv_w() / 2 : conv_w(); }
  index_t in_groups() const { return (in_channels + 3) / 4; }
  index_t group_channels(index_t g) const { return std::min<index_t>(4, in_channels - 4 * g); }
  index_t kernel() const { return kernel_h * kernel_w; }
  std::int8_t weight(index_t f, index_t c, index_t tap) const {
    return weights[static_cast<std::size_t>((f * in_channels + c) * kernel() + tap)];
  }
  /// True when all taps read phase 0 of both directions.
  bool reads_phase_zero() const {
    return pad % stride == 0 && (kernel() == 1 || dilation % stride == 0);
  }
};

namespace detail {

/// floor((value + half) / 2^shift) without a shift of a negative number.
inline std::int64_t rounded_shift(std::int64_t value, int shift) {
  const std::int64_t divisor = std::int64_t{1} << shift;
  const std::int64_t sum = value + divisor / 2;
  return sum / divisor - (sum % divisor < 0 ? 1 : 0);
}

inline int byte_value(std::uint8_t byte, bool is_signed) {
  return is_signed ? static_cast<std::int8_t>(byte) : byte;
}

/// Sum of products of one output pixel before pooling.
inline std::int64_t hand_sum(const hand_layer& l, index_t pof, const std::vector<std::uint8_t>& in,
                             index_t n, index_t f, index_t oy, index_t ox) {
  std::int64_t sum = 0;
  for (index_t c = 0; c < l.in_channels; ++c) {
    if (l.live[static_cast<std::size_t>(f / pof * l.in_groups() + c / 4)] == 0) continue;
    for (index_t ky = 0; ky < l.kernel_h; ++ky)
      for (index_t kx = 0; kx < l.kernel_w; ++kx) {
        const index_t y = oy * l.stride + ky * l.dilation - l.pad;
        const index_t x = ox * l.stride + kx * l.dilation - l.pad;
        const bool inside = y >= 0 && y < l.in_h && x >= 0 && x < l.in_w;
        const auto at =
            static_cast<std::size_t>(((n * l.in_channels + c) * l.in_h + y) * l.in_w + x);
        const int a = inside ? byte_value(in[at], l.in_signed) : l.zero_in;
        sum += a * l.weight(f, c, ky * l.kernel_w + kx);
      }
  }
  return sum;
}

}  // namespace detail

/// What the residual adds to one output pixel before pooling; `res`: `[image][channel][y][x]`.
inline std::int64_t hand_residual_of(const hand_layer& l, index_t pof,
                                     const std::vector<std::uint8_t>& res, index_t n, index_t f,
                                     index_t oy, index_t ox) {
  const hand_residual& r = l.residual;
  if (!r.on || r.groups[static_cast<std::size_t>(f / pof)] == 0) return 0;
  const index_t row = (n * l.out_channels + f) * l.res_h() + r.stride * oy;
  const std::uint8_t byte = res[static_cast<std::size_t>(row * l.res_w() + r.stride * ox)];
  const std::int64_t value = detail::byte_value(byte, r.is_signed) - r.zero;
  return detail::rounded_shift(value * r.multiplier, r.shift);
}

/// The layer computed by the plainest loop, `[image][out channel][y][x]`; `res`: its residual.
inline std::vector<std::uint8_t> hand_reference(const hand_layer& l, index_t pof,
                                                const std::vector<std::uint8_t>& in,
                                                const std::vector<std::uint8_t>& res = {}) {
  const auto conv = [&](index_t n, index_t f, index_t oy, index_t ox) {
    const auto i = static_cast<std::size_t>(f);
    const std::int64_t scaled =
        (detail::hand_sum(l, pof, in, n, f, oy, ox) + l.bias[i]) * l.multiplier[i];
    const std::int64_t r =
        detail::rounded_shift(scaled, l.shift[i]) + hand_residual_of(l, pof, res, n, f, oy, ox);
    return static_cast<int>(std::clamp<std::int64_t>(r + l.zero_out, l.clamp_lo, l.clamp_hi));
  };
  std::vector<std::uint8_t> out;
  for (index_t n = 0; n < l.images; ++n)
    for (index_t f = 0; f < l.out_channels; ++f)
      for (index_t y = 0; y < l.out_h(); ++y)
        for (index_t x = 0; x < l.out_w(); ++x) {
          int v = conv(n, f, l.pool ? 2 * y : y, l.pool ? 2 * x : x);
          if (l.pool)
            for (const auto& [dy, dx] : {std::pair{0, 1}, std::pair{1, 0}, std::pair{1, 1}})
              v = std::max(v, conv(n, f, 2 * y + dy, 2 * x + dx));
          out.push_back(static_cast<std::uint8_t>(v & 0xff));
        }
  return out;
}

/// Random numbers for a layer whose sizes are set.
inline void fill_random(hand_layer& l, index_t pof, double density, swprune::rng& random) {
  const index_t groups = (l.out_channels + pof - 1) / pof;
  l.live.assign(static_cast<std::size_t>(groups * l.in_groups()), 0);
  for (std::uint8_t& b : l.live) b = random.bernoulli(density);
  l.weights.resize(static_cast<std::size_t>(l.out_channels * l.in_channels * l.kernel()));
  for (std::int8_t& w : l.weights)
    w = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
  for (index_t f = 0; f < l.out_channels; ++f) {
    l.bias.push_back(static_cast<std::int32_t>(random.below(60000)) - 30000);
    l.multiplier.push_back(static_cast<std::int16_t>(1 + random.below(32767)));
    l.shift.push_back(static_cast<std::uint8_t>(18 + random.below(8)));
  }
}

}  // namespace swprune_test
