// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/detail/conv_blocks.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"
#include "swprune/nn/detail/simd.hpp"

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// Where the factors of one weight's gradient lie: rows of `count` pairs (x, dy), pairs `*_step`,
/// rows `*_row` and channels `*_channel` apart.
template <typename Scalar>
struct product_run {
  const Scalar* x;
  const Scalar* dy;
  index_t x_step, x_row, x_channel;
  index_t dy_step, dy_row, dy_channel;
  index_t count, rows;
};

/// Pairs that a run should have: enough to pay for fetching and parking the sums, few enough that
/// the maps stay in the first-level cache for all taps of a kernel row.
inline constexpr index_t pairs_per_run = 32;

/// sums[i][o] += x[i] * dy[o] over the run; `sums` holds one vector a weight, [ci][Bo] with
/// `sum_input` vectors from one ci to the next, and waits in the first-level cache between runs.
template <int Inputs, int Outputs, typename Scalar>
void accumulate_products(const product_run<Scalar>& run, Scalar* sums, index_t sum_input) {
  vec<Scalar> acc[Inputs * Outputs];
  SWPRUNE_UNROLL
  for (int i = 0; i < Inputs; ++i) {
    SWPRUNE_UNROLL
    for (int o = 0; o < Outputs; ++o)
      acc[i * Outputs + o] = load(sums + (i * sum_input + o) * lanes);
  }
  for (index_t r = 0; r < run.rows; ++r) {
    const Scalar* x = run.x + r * run.x_row;
    const Scalar* dy = run.dy + r * run.dy_row;
    for (index_t n = 0; n < run.count; ++n, x += run.x_step, dy += run.dy_step) {
      vec<Scalar> value[Inputs];
      SWPRUNE_UNROLL
      for (int i = 0; i < Inputs; ++i) value[i] = load(x + i * run.x_channel);
      SWPRUNE_UNROLL
      for (int o = 0; o < Outputs; ++o) {
        const vec<Scalar> gradient = load(dy + o * run.dy_channel);
        SWPRUNE_UNROLL
        for (int i = 0; i < Inputs; ++i) acc[i * Outputs + o] += value[i] * gradient;
      }
    }
  }
  SWPRUNE_UNROLL
  for (int i = 0; i < Inputs; ++i) {
    SWPRUNE_UNROLL
    for (int o = 0; o < Outputs; ++o)
      slot(sums + (i * sum_input + o) * lanes) = acc[i * Outputs + o];
  }
}

/// Splits the outputs of a block into eights, fours, twos and ones.
template <int Inputs, typename Scalar>
void accumulate_block_outputs(product_run<Scalar> run, Scalar* sums, index_t sum_input,
                              index_t outputs) {
  index_t o = 0;
  for (; o + 8 <= outputs; o += 8, run.dy += 8 * run.dy_channel)
    accumulate_products<Inputs, 8>(run, sums + o * lanes, sum_input);
  for (; o + 4 <= outputs; o += 4, run.dy += 4 * run.dy_channel)
    accumulate_products<Inputs, 4>(run, sums + o * lanes, sum_input);
  for (; o + 2 <= outputs; o += 2, run.dy += 2 * run.dy_channel)
    accumulate_products<Inputs, 2>(run, sums + o * lanes, sum_input);
  for (; o < outputs; ++o, run.dy += run.dy_channel)
    accumulate_products<Inputs, 1>(run, sums + o * lanes, sum_input);
}

/// All inputs x outputs of a block at one tap; two inputs at a time keep 16 sums in registers.
template <typename Scalar>
void accumulate_block(product_run<Scalar> run, Scalar* sums, index_t sum_input, index_t inputs,
                      index_t outputs) {
  index_t i = 0;
  for (; i + 2 <= inputs; i += 2, run.x += 2 * run.x_channel)
    accumulate_block_outputs<2>(run, sums + i * sum_input * lanes, sum_input, outputs);
  for (; i < inputs; ++i, run.x += run.x_channel)
    accumulate_block_outputs<1>(run, sums + i * sum_input * lanes, sum_input, outputs);
}

/// The images of one fixed slice of the batch and the maps that meet in a gradient.
template <typename Scalar>
struct slice_maps {
  const activations<Scalar>& in;
  const activations<Scalar>& grad_out;
  tap_range tiles;
};

/// Products of tap (ky, kx) of one block over output rows first..last - 1 of one tile.
template <typename Scalar>
void accumulate_rows(const conv_geometry& g, const live_block& b, const slice_maps<Scalar>& s,
                     index_t tile, index_t ky, index_t kx, tap_range rows, Scalar* sums) {
  const tap_range cols = valid_outputs(kx, g.input.width, g.output.width, g.stride, g.padding);
  if (cols.begin >= cols.end) return;
  const index_t iy = rows.begin * g.stride - g.padding + ky;
  const index_t ix = cols.begin * g.stride - g.padding + kx;
  const product_run<Scalar> run{
      .x = s.in.data(tile, b.first_input) + (iy * g.input.width + ix) * lanes,
      .dy = s.grad_out.data(tile, b.first_output) +
            (rows.begin * g.output.width + cols.begin) * lanes,
      .x_step = g.stride * lanes,
      .x_row = g.stride * g.input.width * lanes,
      .x_channel = s.in.channel_stride(),
      .dy_step = lanes,
      .dy_row = g.output.width * lanes,
      .dy_channel = s.grad_out.channel_stride(),
      .count = cols.end - cols.begin,
      .rows = rows.end - rows.begin};
  accumulate_block(run, sums, g.block_outputs, b.inputs, b.outputs);
}

/// The same for a map of one output pixel: its run goes over the tiles of the slice.
template <typename Scalar>
void accumulate_tiles(const conv_geometry& g, const live_block& b, const slice_maps<Scalar>& s,
                      index_t ky, index_t kx, Scalar* sums) {
  const index_t pixel = (ky - g.padding) * g.input.width + kx - g.padding;
  const product_run<Scalar> run{.x = s.in.data(s.tiles.begin, b.first_input) + pixel * lanes,
                                .dy = s.grad_out.data(s.tiles.begin, b.first_output),
                                .x_step = s.in.tile_stride(),
                                .x_row = 0,
                                .x_channel = s.in.channel_stride(),
                                .dy_step = s.grad_out.tile_stride(),
                                .dy_row = 0,
                                .dy_channel = s.grad_out.channel_stride(),
                                .count = s.tiles.end - s.tiles.begin,
                                .rows = 1};
  accumulate_block(run, sums, g.block_outputs, b.inputs, b.outputs);
}

/// Products of the taps of one kernel row of a block over the slice: a few output rows at a time,
/// all taps on them while they are in the first-level cache. `sums` holds [tap][ci][Bo] vectors.
template <typename Scalar>
void accumulate_kernel_row(const conv_geometry& g, const live_block& b, const slice_maps<Scalar>& s,
                           std::span<const index_t> taps, Scalar* sums) {
  const index_t ky = taps.front() / g.kernel_width;
  const index_t sum_tap = b.inputs * g.block_outputs * lanes;
  const tap_range rows = valid_outputs(ky, g.input.height, g.output.height, g.stride, g.padding);
  if (g.output.pixels() == 1) {
    const tap_range kx = valid_taps(0, g.kernel_width, g.input.width, g.stride, g.padding);
    if (rows.begin >= rows.end) return;
    for (const index_t tap : taps) {
      const index_t k = tap % g.kernel_width;
      if (k >= kx.begin && k < kx.end) accumulate_tiles(g, b, s, ky, k, sums);
      sums += sum_tap;
    }
    return;
  }
  const index_t height = std::max<index_t>(1, pairs_per_run / g.output.width);
  for (index_t t = s.tiles.begin; t < s.tiles.end; ++t)
    for (index_t oy = rows.begin; oy < rows.end; oy += height) {
      Scalar* to = sums;
      for (const index_t tap : taps) {
        accumulate_rows(g, b, s, t, ky, tap % g.kernel_width, {oy, std::min(oy + height, rows.end)},
                        to);
        to += sum_tap;
      }
    }
}

/// gradient[ci][tap][o] of `count` taps of a block, from its kept tap `first` on = sums over the
/// lanes.
template <typename Scalar>
void reduce_kernel_row(const conv_geometry& g, const live_block& b, index_t first, index_t count,
                       const Scalar* sums, Scalar* gradient) {
  for (index_t tap = 0; tap < count; ++tap)
    for (index_t ci = 0; ci < b.inputs; ++ci, sums += g.block_outputs * lanes) {
      Scalar* to = gradient + b.weights + (ci * b.taps + first + tap) * g.block_outputs;
      for (index_t o = 0; o < b.outputs; ++o) to[o] = lane_sum<Scalar>(load(sums + o * lanes));
      std::fill(to + b.outputs, to + g.block_outputs, Scalar(0));
    }
}

/// One kernel row at a time: its sums (at most K x Bi x Bo vectors) then fit the first-level cache.
/// A row that keeps no tap costs nothing.
template <typename Scalar>
void backward_weights_block(const conv_geometry& g, const live_block& b,
                            std::span<const index_t> taps, const slice_maps<Scalar>& s,
                            aligned_vector<Scalar>& sums, Scalar* gradient) {
  for (index_t first = 0, end = 0; first < b.taps; first = end) {
    const index_t ky = taps[static_cast<std::size_t>(first)] / g.kernel_width;
    while (end < b.taps && taps[static_cast<std::size_t>(end)] / g.kernel_width == ky) ++end;
    const index_t count = end - first;
    std::fill_n(sums.begin(), count * b.inputs * g.block_outputs * lanes, Scalar(0));
    accumulate_kernel_row(
        g, b, s, taps.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
        sums.data());
    reduce_kernel_row(g, b, first, count, sums.data(), gradient);
  }
}

/// Gradients of all live weights. `partial` has one set of weights for each slice of
/// tiles_per_item tiles but the first; they are added in the order of the slices, so the result
/// does not depend on the number of threads.
template <typename Scalar>
void conv_backward_weights(const conv_geometry& g, const block_storage& blocks,
                           index_t block_inputs, const activations<Scalar>& in,
                           const activations<Scalar>& grad_out, std::span<Scalar> gradient,
                           aligned_vector<Scalar>& partial) {
  const index_t row_count = static_cast<index_t>(blocks.rows.size());
  const index_t slices = std::max<index_t>(1, ceil_div(in.tiles(), tiles_per_item));
  const std::size_t weights = gradient.size();
  partial.resize(static_cast<std::size_t>(slices - 1) * weights);
  parallel_for(slices * row_count, [&](index_t item) {
    const index_t slice = item / row_count;
    const index_t first = slice * tiles_per_item;
    const slice_maps<Scalar> maps{
        in, grad_out, {first, std::min(first + tiles_per_item, in.tiles())}};
    Scalar* to = slice == 0 ? gradient.data()
                            : partial.data() + static_cast<std::size_t>(slice - 1) * weights;
    aligned_vector<Scalar> sums(
        static_cast<std::size_t>(g.kernel_width * block_inputs * g.block_outputs * lanes));
    for (const live_block& b : blocks.rows[static_cast<std::size_t>(item % row_count)])
      backward_weights_block<Scalar>(g, b, blocks.taps_of(b), maps, sums, to);
  });
  for (index_t slice = 1; slice < slices; ++slice) {
    const Scalar* from = partial.data() + static_cast<std::size_t>(slice - 1) * weights;
    for (std::size_t i = 0; i < weights; ++i) gradient[i] += from[i];
  }
}

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
