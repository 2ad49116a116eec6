// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"
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

/// One input pixel: `Inputs` channels of `Tiles` tiles gathered over the live blocks of the column,
/// so that nobody adds into anybody's memory.
template <int Inputs, int Tiles, typename Scalar>
void backward_pixel(const conv_geometry& g, std::span<const live_block> column,
                    const Scalar* weights, std::span<const tap_source> rows,
                    std::span<const tap_source> columns, const Scalar* dy, index_t dy_tile,
                    Scalar* dx, index_t dx_channel, index_t dx_tile) {
  const index_t dy_channel = g.output.pixels() * lanes;
  const index_t w_input = g.taps() * g.block_outputs;
  vec<Scalar> acc[Inputs * Tiles];
  SWPRUNE_UNROLL
  for (int i = 0; i < Inputs * Tiles; ++i) acc[i].setZero();
  for (const live_block& b : column) {
    const Scalar* map = dy + b.first_output * dy_channel;
    const Scalar* w = weights + b.weights;
    for (const tap_source& ky : rows)
      for (const tap_source& kx : columns)
        accumulate_outputs<Inputs, Tiles>(
            acc, w + (ky.tap * g.kernel_width + kx.tap) * g.block_outputs, w_input,
            map + (ky.out * g.output.width + kx.out) * lanes, dy_channel, dy_tile, b.outputs);
  }
  SWPRUNE_UNROLL
  for (int i = 0; i < Inputs; ++i) {
    SWPRUNE_UNROLL
    for (int t = 0; t < Tiles; ++t) slot(dx + i * dx_channel + t * dx_tile) = acc[i * Tiles + t];
  }
}

/// Which taps reach an input row or column; the same for all channels.
struct backward_taps {
  std::vector<std::vector<tap_source>> rows;
  std::vector<std::vector<tap_source>> columns;

  explicit backward_taps(const conv_geometry& g)
      : rows(tap_sources(g.input.height, g.kernel_height, g.output.height, g.stride, g.padding)),
        columns(tap_sources(g.input.width, g.kernel_width, g.output.width, g.stride, g.padding)) {}
};

template <int Inputs, int Tiles, typename Scalar>
void backward_map(const conv_geometry& g, const backward_taps& taps,
                  std::span<const live_block> column, const Scalar* weights,
                  const activations<Scalar>& grad_out, activations<Scalar>& grad_in, index_t tile,
                  index_t channel) {
  const Scalar* dy = grad_out.data(tile);
  Scalar* dx = grad_in.data(tile, channel);
  for (const auto& row : taps.rows)
    for (const auto& col : taps.columns) {
      backward_pixel<Inputs, Tiles, Scalar>(g, column, weights, row, col, dy,
                                            grad_out.tile_stride(), dx, grad_in.channel_stride(),
                                            grad_in.tile_stride());
      dx += lanes;
    }
}

template <int Inputs, typename Scalar>
void backward_tiles(const conv_geometry& g, const backward_taps& taps,
                    std::span<const live_block> column, const Scalar* weights,
                    const activations<Scalar>& grad_out, activations<Scalar>& grad_in,
                    tap_range tiles, index_t channel) {
  index_t t = tiles.begin;
  for (; t + 4 <= tiles.end; t += 4)
    backward_map<Inputs, 4>(g, taps, column, weights, grad_out, grad_in, t, channel);
  for (; t + 2 <= tiles.end; t += 2)
    backward_map<Inputs, 2>(g, taps, column, weights, grad_out, grad_in, t, channel);
  for (; t < tiles.end; ++t)
    backward_map<Inputs, 1>(g, taps, column, weights, grad_out, grad_in, t, channel);
}

/// Input channels first_input..first_input + inputs - 1 of one column: fours, then the rest.
template <typename Scalar>
void backward_column(const conv_geometry& g, const backward_taps& taps,
                     std::span<const live_block> column, index_t first_input, index_t inputs,
                     const Scalar* weights, const activations<Scalar>& grad_out,
                     activations<Scalar>& grad_in, tap_range tiles) {
  const index_t step = g.taps() * g.block_outputs;
  index_t i = 0;
  for (; i + 4 <= inputs; i += 4)
    backward_tiles<4>(g, taps, column, weights + i * step, grad_out, grad_in, tiles,
                      first_input + i);
  for (; i + 2 <= inputs; i += 2)
    backward_tiles<2>(g, taps, column, weights + i * step, grad_out, grad_in, tiles,
                      first_input + i);
  for (; i < inputs; ++i)
    backward_tiles<1>(g, taps, column, weights + i * step, grad_out, grad_in, tiles,
                      first_input + i);
}

/// grad_in = gradient of the loss by the input; `grad_in` has its size already.
template <typename Scalar>
void conv_backward_data(const conv_geometry& g, const block_lists& columns, index_t block_inputs,
                        const Scalar* weights, const activations<Scalar>& grad_out,
                        activations<Scalar>& grad_in) {
  const backward_taps taps(g);
  const index_t column_count = static_cast<index_t>(columns.size());
  const index_t items = ceil_div(grad_out.tiles(), tiles_per_item);
  parallel_for(items * column_count, [&](index_t item) {
    const index_t i = item % column_count;
    const index_t first = item / column_count * tiles_per_item;
    const index_t first_input = i * block_inputs;
    const index_t inputs = std::min(block_inputs, g.input.channels - first_input);
    backward_column<Scalar>(g, taps, columns[static_cast<std::size_t>(i)], first_input, inputs,
                            weights, grad_out, grad_in,
                            {first, std::min(first + tiles_per_item, grad_out.tiles())});
  });
}

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
