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

/// acc[i][t] += w[i][o] * dy[o][t] over the `outputs` channels of a block, at one tap.
template <int Inputs, int Tiles, typename Scalar>
SWPRUNE_INLINE void accumulate_outputs(vec<Scalar> (&acc)[Inputs * Tiles], const Scalar* w,
                                       index_t w_input, const Scalar* dy, index_t dy_channel,
                                       index_t dy_tile, index_t outputs) {
  for (index_t o = 0; o < outputs; ++o, ++w, dy += dy_channel) {
    vec<Scalar> value[Tiles];
    SWPRUNE_UNROLL
    for (int t = 0; t < Tiles; ++t) value[t] = load(dy + t * dy_tile);
    SWPRUNE_UNROLL
    for (int i = 0; i < Inputs; ++i) {
      const Scalar weight = w[i * w_input];
      SWPRUNE_UNROLL
      for (int t = 0; t < Tiles; ++t) acc[i * Tiles + t] += weight * value[t];
    }
  }
}

/// One input pixel: `Inputs` channels of `Tiles` tiles, from channel `ci` of the column on,
/// gathered over the live blocks of the column, so that nobody adds into anybody's memory.
template <int Inputs, int Tiles, typename Scalar>
void backward_pixel(const conv_geometry& g, std::span<const live_block> column, index_t ci,
                    const Scalar* weights, const pixel_window& window, const Scalar* dy,
                    index_t dy_tile, Scalar* dx, index_t dx_channel, index_t dx_tile) {
  const index_t dy_channel = g.output.pixels() * lanes;
  vec<Scalar> acc[Inputs * Tiles];
  SWPRUNE_UNROLL
  for (int i = 0; i < Inputs * Tiles; ++i) acc[i].setZero();
  for (const live_block& b : column) {
    const Scalar* w = weights + b.weights + ci * b.stride;
    const Scalar* map = dy + b.first_output * dy_channel;
    for (const tap_step& step : window.steps[static_cast<std::size_t>(b.pattern)])
      accumulate_outputs<Inputs, Tiles>(acc, w + step.weight, b.stride,
                                        map + (window.origin + step.map), dy_channel, dy_tile,
                                        b.outputs);
  }
  SWPRUNE_UNROLL
  for (int i = 0; i < Inputs; ++i) {
    SWPRUNE_UNROLL
    for (int t = 0; t < Tiles; ++t) slot(dx + i * dx_channel + t * dx_tile) = acc[i * Tiles + t];
  }
}

/// Channels ci..ci + Inputs - 1 of one column, whose channels begin at `first_input`.
struct column_channels {
  index_t first_input = 0;
  index_t ci = 0;
};

template <int Inputs, int Tiles, typename Scalar>
void backward_map(const conv_geometry& g, const tap_plan& plan, std::span<const live_block> column,
                  column_channels channels, const Scalar* weights,
                  const activations<Scalar>& grad_out, activations<Scalar>& grad_in, index_t tile) {
  const Scalar* dy = grad_out.data(tile);
  Scalar* dx = grad_in.data(tile, channels.first_input + channels.ci);
  for (index_t iy = 0; iy < plan.height(); ++iy)
    for (index_t ix = 0; ix < plan.width(); ++ix, dx += lanes)
      backward_pixel<Inputs, Tiles, Scalar>(g, column, channels.ci, weights, plan.at(iy, ix), dy,
                                            grad_out.tile_stride(), dx, grad_in.channel_stride(),
                                            grad_in.tile_stride());
}

template <int Inputs, typename Scalar>
void backward_tiles(const conv_geometry& g, const tap_plan& plan,
                    std::span<const live_block> column, column_channels channels,
                    const Scalar* weights, const activations<Scalar>& grad_out,
                    activations<Scalar>& grad_in, tap_range tiles) {
  index_t t = tiles.begin;
  for (; t + 4 <= tiles.end; t += 4)
    backward_map<Inputs, 4>(g, plan, column, channels, weights, grad_out, grad_in, t);
  for (; t + 2 <= tiles.end; t += 2)
    backward_map<Inputs, 2>(g, plan, column, channels, weights, grad_out, grad_in, t);
  for (; t < tiles.end; ++t)
    backward_map<Inputs, 1>(g, plan, column, channels, weights, grad_out, grad_in, t);
}

/// Input channels first_input..first_input + inputs - 1 of one column: fours, then the rest.
template <typename Scalar>
void backward_column(const conv_geometry& g, const tap_plan& plan,
                     std::span<const live_block> column, index_t first_input, index_t inputs,
                     const Scalar* weights, const activations<Scalar>& grad_out,
                     activations<Scalar>& grad_in, tap_range tiles) {
  index_t i = 0;
  for (; i + 4 <= inputs; i += 4)
    backward_tiles<4>(g, plan, column, {first_input, i}, weights, grad_out, grad_in, tiles);
  for (; i + 2 <= inputs; i += 2)
    backward_tiles<2>(g, plan, column, {first_input, i}, weights, grad_out, grad_in, tiles);
  for (; i < inputs; ++i)
    backward_tiles<1>(g, plan, column, {first_input, i}, weights, grad_out, grad_in, tiles);
}

/// grad_in = gradient of the loss by the input; `grad_in` has its size already.
template <typename Scalar>
void conv_backward_data(const conv_geometry& g, const block_storage& s, index_t block_inputs,
                        const Scalar* weights, const activations<Scalar>& grad_out,
                        activations<Scalar>& grad_in) {
  const tap_plan plan = tap_plan::backward(g, s.patterns);
  const index_t column_count = static_cast<index_t>(s.columns.size());
  const index_t items = ceil_div(grad_out.tiles(), tiles_per_item);
  parallel_for(items * column_count, [&](index_t item) {
    const index_t i = item % column_count;
    const index_t first = item / column_count * tiles_per_item;
    const index_t first_input = i * block_inputs;
    const index_t inputs = std::min(block_inputs, g.input.channels - first_input);
    backward_column<Scalar>(g, plan, s.columns[static_cast<std::size_t>(i)], first_input, inputs,
                            weights, grad_out, grad_in,
                            {first, std::min(first + tiles_per_item, grad_out.tiles())});
  });
}

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
