// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/detail/conv_blocks.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"
#include "swprune/nn/detail/conv_taps.hpp"
#include "swprune/nn/detail/simd.hpp"

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// acc[o][t] += w[o] * x[t] over the kept taps of one channel.
template <int Outputs, int Tiles, typename Scalar>
SWPRUNE_INLINE void accumulate_steps(vec<Scalar> (&acc)[Outputs * Tiles], tap_steps steps,
                                     const Scalar* weights, const Scalar* map, index_t origin,
                                     index_t x_tile) {
  for (const tap_step& step : steps) {
    const Scalar* w = weights + step.weight;
    const Scalar* x = map + (origin + step.map);
    vec<Scalar> value[Tiles];
    SWPRUNE_UNROLL
    for (int t = 0; t < Tiles; ++t) value[t] = load(x + t * x_tile);
    SWPRUNE_UNROLL
    for (int o = 0; o < Outputs; ++o) {
      const Scalar weight = w[o];
      SWPRUNE_UNROLL
      for (int t = 0; t < Tiles; ++t) acc[o * Tiles + t] += weight * value[t];
    }
  }
}

/// One output pixel: `Outputs` channels of `Tiles` tiles in registers from the first live block of
/// the row to the last; each is written once.
template <int Outputs, int Tiles, typename Scalar>
void forward_pixel(std::span<const live_block> row, const Scalar* weights,
                   const pixel_window& window, const Scalar* x, index_t x_channel, index_t x_tile,
                   Scalar* y, index_t y_channel, index_t y_tile) {
  vec<Scalar> acc[Outputs * Tiles];
  SWPRUNE_UNROLL
  for (int i = 0; i < Outputs * Tiles; ++i) acc[i].setZero();
  for (const live_block& b : row) {
    const tap_steps steps = window.steps[static_cast<std::size_t>(b.pattern)];
    const Scalar* w = weights + b.weights;
    const Scalar* map = x + b.first_input * x_channel;
    for (index_t ci = 0; ci < b.inputs; ++ci, w += b.stride, map += x_channel)
      accumulate_steps<Outputs, Tiles>(acc, steps, w, map, window.origin, x_tile);
  }
  SWPRUNE_UNROLL
  for (int o = 0; o < Outputs; ++o) {
    SWPRUNE_UNROLL
    for (int t = 0; t < Tiles; ++t) slot(y + o * y_channel + t * y_tile) = acc[o * Tiles + t];
  }
}

template <int Outputs, int Tiles, typename Scalar>
void forward_map(const tap_plan& plan, std::span<const live_block> row, const Scalar* weights,
                 const activations<Scalar>& in, activations<Scalar>& out, index_t tile,
                 index_t channel) {
  const Scalar* x = in.data(tile);
  Scalar* y = out.data(tile, channel);
  for (index_t oy = 0; oy < plan.height(); ++oy)
    for (index_t ox = 0; ox < plan.width(); ++ox, y += lanes)
      forward_pixel<Outputs, Tiles>(row, weights, plan.at(oy, ox), x, in.channel_stride(),
                                    in.tile_stride(), y, out.channel_stride(), out.tile_stride());
}

/// As many tiles at once as leave the accumulators in 16 registers.
template <int Outputs, typename Scalar>
void forward_tiles(const tap_plan& plan, std::span<const live_block> row, const Scalar* weights,
                   const activations<Scalar>& in, activations<Scalar>& out, tap_range tiles,
                   index_t channel) {
  index_t t = tiles.begin;
  if constexpr (Outputs <= 4)
    for (; t + 4 <= tiles.end; t += 4)
      forward_map<Outputs, 4>(plan, row, weights, in, out, t, channel);
  for (; t + 2 <= tiles.end; t += 2)
    forward_map<Outputs, 2>(plan, row, weights, in, out, t, channel);
  for (; t < tiles.end; ++t) forward_map<Outputs, 1>(plan, row, weights, in, out, t, channel);
}

/// All outputs of one group: eights, then what is left. Any Bo is made of these four kernels.
template <typename Scalar>
void forward_row(const tap_plan& plan, std::span<const live_block> row, index_t first_output,
                 index_t outputs, const Scalar* weights, const activations<Scalar>& in,
                 activations<Scalar>& out, tap_range tiles) {
  index_t o = 0;
  for (; o + 8 <= outputs; o += 8)
    forward_tiles<8>(plan, row, weights + o, in, out, tiles, first_output + o);
  for (; o + 4 <= outputs; o += 4)
    forward_tiles<4>(plan, row, weights + o, in, out, tiles, first_output + o);
  for (; o + 2 <= outputs; o += 2)
    forward_tiles<2>(plan, row, weights + o, in, out, tiles, first_output + o);
  for (; o < outputs; ++o)
    forward_tiles<1>(plan, row, weights + o, in, out, tiles, first_output + o);
}

/// out = convolution of in with the live blocks; `out` has its size already.
template <typename Scalar>
void conv_forward(const conv_geometry& g, const block_storage& s, const Scalar* weights,
                  const activations<Scalar>& in, activations<Scalar>& out) {
  const tap_plan plan = tap_plan::forward(g, s.patterns);
  const index_t row_count = static_cast<index_t>(s.rows.size());
  const index_t items = ceil_div(in.tiles(), tiles_per_item);
  parallel_for(items * row_count, [&](index_t item) {
    const index_t j = item % row_count;
    const index_t first = item / row_count * tiles_per_item;
    const index_t first_output = j * g.block_outputs;
    const index_t outputs = std::min(g.block_outputs, g.output.channels - first_output);
    forward_row<Scalar>(plan, s.rows[static_cast<std::size_t>(j)], first_output, outputs, weights,
                        in, out, {first, std::min(first + tiles_per_item, in.tiles())});
  });
}

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
