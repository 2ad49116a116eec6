// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/aligned_vector.hpp"
#include "swprune/nn/detail/conv_blocks.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"
#include "swprune/nn/detail/conv_patches.hpp"
#include "swprune/nn/detail/simd.hpp"

namespace swprune::inline v0::nn::detail {

/// Most outputs and inputs of a piece of a block: its sums for all taps of a 3 x 3 kernel then fit
/// the first-level cache.
inline constexpr index_t piece_outputs = 8;
inline constexpr index_t piece_inputs = 4;

/// Bytes of sums that may wait in the second-level cache while a row of blocks goes over the maps.
inline constexpr index_t waiting_bytes = 96 * 1024;

/// Some outputs and inputs of a block.
struct weights_piece {
  index_t first_output = 0;
  index_t outputs = 0;
  index_t first_input = 0;
  index_t inputs = 0;
  index_t weights = 0;        ///< where its first weight is
  index_t input_weights = 0;  ///< weights from one input to the next
  std::span<const index_t> taps;
};

/// The blocks of one row in pieces.
[[nodiscard]] inline std::vector<weights_piece> pieces_of(const block_storage& s,
                                                          std::span<const live_block> row) {
  std::vector<weights_piece> pieces;
  for (const live_block& b : row)
    for (index_t i = 0; i < b.inputs; i += piece_inputs)
      for (index_t o = 0; o < b.outputs; o += piece_outputs)
        pieces.push_back({b.first_output + o, std::min(piece_outputs, b.outputs - o),
                          b.first_input + i, std::min(piece_inputs, b.inputs - i),
                          b.weights + i * b.stride + o, b.stride, s.taps_of(b)});
  return pieces;
}

}  // namespace swprune::inline v0::nn::detail

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// Gradients of all live weights. `partial` has one set of weights for each slice of
/// tiles_per_item tiles but the first; they are added in the order of the slices, so the result
/// does not depend on the number of threads.
template <typename Scalar>
void conv_backward_weights(const conv_geometry& g, const block_storage& blocks,
                           const activations<Scalar>& in, const activations<Scalar>& grad_out,
                           std::span<Scalar> gradient, aligned_vector<Scalar>& partial);

#ifndef SWPRUNE_COMPILED

/// Where the factors of some weights' gradients lie.
template <typename Scalar>
struct product_run {
  std::span<const pixel_pair> pairs;
  const Scalar* x;
  const Scalar* dy;
  index_t x_channel;
  index_t dy_channel;
};

/// sums[i][o] += x[i] * dy[o] over the pairs; `sums` holds one register a weight, [ci][o] with
/// piece_outputs registers from one ci to the next. It waits in the cache between runs.
template <int Inputs, int Outputs, typename Scalar>
void accumulate_products(const product_run<Scalar>& run, Scalar* sums) {
  constexpr index_t width = register_lanes<Scalar>;
  reg<Scalar> acc[Inputs * Outputs];
  SWPRUNE_UNROLL
  for (int i = 0; i < Inputs; ++i) {
    SWPRUNE_UNROLL
    for (int o = 0; o < Outputs; ++o)
      acc[i * Outputs + o] = load_reg(sums + (i * piece_outputs + o) * width);
  }
  const index_t x_channel = run.x_channel, dy_channel = run.dy_channel;
  for (const pixel_pair& p : run.pairs) {
    const Scalar* x = run.x + p.in;
    const Scalar* dy = run.dy + p.out;
    SWPRUNE_UNROLL
    for (int r = 0; r < tile_registers<Scalar>; ++r) {
      reg<Scalar> value[Inputs], gradient[Outputs];
      SWPRUNE_UNROLL
      for (int i = 0; i < Inputs; ++i) value[i] = load_reg(x + i * x_channel + r * width);
      SWPRUNE_UNROLL
      for (int o = 0; o < Outputs; ++o) gradient[o] = load_reg(dy + o * dy_channel + r * width);
      SWPRUNE_KEEP_LOADED;
      SWPRUNE_UNROLL
      for (int o = 0; o < Outputs; ++o) {
        SWPRUNE_UNROLL
        for (int i = 0; i < Inputs; ++i) acc[i * Outputs + o] += value[i] * gradient[o];
      }
    }
  }
  SWPRUNE_UNROLL
  for (int i = 0; i < Inputs; ++i) {
    SWPRUNE_UNROLL
    for (int o = 0; o < Outputs; ++o)
      slot_reg(sums + (i * piece_outputs + o) * width) = acc[i * Outputs + o];
  }
}

/// Some inputs of a piece with all of its outputs.
template <int Inputs, typename Scalar>
void accumulate_outputs(product_run<Scalar> run, Scalar* sums, index_t outputs) {
  constexpr index_t width = register_lanes<Scalar>;
  index_t o = 0;
  if constexpr (Inputs * 8 <= sum_registers)
    for (; o + 8 <= outputs; o += 8, run.dy += 8 * run.dy_channel)
      accumulate_products<Inputs, 8>(run, sums + o * width);
  for (; o + 4 <= outputs; o += 4, run.dy += 4 * run.dy_channel)
    accumulate_products<Inputs, 4>(run, sums + o * width);
  for (; o + 2 <= outputs; o += 2, run.dy += 2 * run.dy_channel)
    accumulate_products<Inputs, 2>(run, sums + o * width);
  for (; o < outputs; ++o, run.dy += run.dy_channel)
    accumulate_products<Inputs, 1>(run, sums + o * width);
}

/// All inputs x outputs of a piece at one tap.
template <typename Scalar>
void accumulate_tap(product_run<Scalar> run, Scalar* sums, index_t inputs, index_t outputs) {
  constexpr index_t width = register_lanes<Scalar>;
  index_t i = 0;
  if constexpr (4 * 4 <= sum_registers)  // eight factors for sixteen products: fewest loads
    for (; i + 4 <= inputs; i += 4, run.x += 4 * run.x_channel)
      accumulate_outputs<4>(run, sums + i * piece_outputs * width, outputs);
  for (; i + 2 <= inputs; i += 2, run.x += 2 * run.x_channel)
    accumulate_outputs<2>(run, sums + i * piece_outputs * width, outputs);
  for (; i < inputs; ++i, run.x += run.x_channel)
    accumulate_outputs<1>(run, sums + i * piece_outputs * width, outputs);
}

/// Sums of one tap of a piece, in scalars.
template <typename Scalar>
inline constexpr index_t tap_sums = piece_inputs* piece_outputs* register_lanes<Scalar>;

/// All taps of a piece in one patch: the numbers of a patch leave the second-level cache once and
/// not once a tap. `sums`: [tap][piece_inputs][piece_outputs] registers.
template <typename Scalar>
void accumulate_patch(const patch_plan& plan, const output_patch& patch, const weights_piece& piece,
                      const activations<Scalar>& in, const activations<Scalar>& grad_out,
                      index_t tile, Scalar* sums) {
  product_run<Scalar> run{.pairs = {},
                          .x = in.data(tile, piece.first_input) + patch.in,
                          .dy = grad_out.data(tile, piece.first_output) + patch.out,
                          .x_channel = in.channel_stride(),
                          .dy_channel = grad_out.channel_stride()};
  for (const index_t tap : piece.taps) {
    run.pairs = plan.pairs(patch, tap);
    if (!run.pairs.empty()) accumulate_tap(run, sums, piece.inputs, piece.outputs);
    sums += tap_sums<Scalar>;
  }
}

/// gradient[ci][tap][o] of a piece = sums over the lanes.
template <typename Scalar>
void reduce_piece(const weights_piece& piece, index_t block_outputs, const Scalar* sums,
                  Scalar* gradient) {
  Scalar* to = gradient + piece.weights;
  for (std::size_t tap = 0; tap < piece.taps.size(); ++tap, to += block_outputs)
    for (index_t i = 0; i < piece_inputs; ++i)
      for (index_t o = 0; o < piece_outputs; ++o, sums += register_lanes<Scalar>)
        if (i < piece.inputs && o < piece.outputs)
          to[i * piece.input_weights + o] = load_reg(sums).sum();
}

/// Pieces of one row over all patches, as many at once as may wait in the second-level cache: the
/// gradients of the row's outputs are then read once for all of them.
template <typename Scalar>
void backward_weights_row(const conv_geometry& g, const patch_plan& plan,
                          std::span<const weights_piece> pieces, const activations<Scalar>& in,
                          const activations<Scalar>& grad_out, index_t tile, Scalar* gradient) {
  const index_t piece_sums = g.taps() * tap_sums<Scalar>;
  const auto at_once = static_cast<std::size_t>(
      std::max<index_t>(1, waiting_bytes / (piece_sums * static_cast<index_t>(sizeof(Scalar)))));
  aligned_vector<Scalar> sums(std::min(at_once, pieces.size()) *
                              static_cast<std::size_t>(piece_sums));
  for (std::size_t first = 0; first < pieces.size(); first += at_once) {
    const auto now = pieces.subspan(first, std::min(at_once, pieces.size() - first));
    std::fill(sums.begin(), sums.end(), Scalar(0));
    for (const output_patch& patch : plan.patches()) {
      Scalar* at = sums.data();
      for (const weights_piece& piece : now) {
        accumulate_patch(plan, patch, piece, in, grad_out, tile, at);
        at += piece_sums;
      }
    }
    const Scalar* at = sums.data();
    for (const weights_piece& piece : now) {
      reduce_piece(piece, g.block_outputs, at, gradient);
      at += piece_sums;
    }
  }
}

template <typename Scalar>
void conv_backward_weights(const conv_geometry& g, const block_storage& blocks,
                           const activations<Scalar>& in, const activations<Scalar>& grad_out,
                           std::span<Scalar> gradient, aligned_vector<Scalar>& partial) {
  const index_t row_count = static_cast<index_t>(blocks.rows.size());
  const index_t slices = std::max<index_t>(1, ceil_div(in.tiles(), tiles_per_item));
  const std::size_t weights = gradient.size();
  partial.resize(static_cast<std::size_t>(slices - 1) * weights);
  std::fill(gradient.begin(), gradient.end(), Scalar(0));  // that of padding outputs stays so
  std::fill(partial.begin(), partial.end(), Scalar(0));
  const patch_plan full(g, std::min(tiles_per_item, in.tiles()));
  const patch_plan last(g, in.tiles() - (slices - 1) * tiles_per_item);
  parallel_for(slices * row_count, [&](index_t item) {
    const index_t slice = item / row_count;
    const auto pieces = pieces_of(blocks, blocks.rows[static_cast<std::size_t>(item % row_count)]);
    backward_weights_row(
        g, slice + 1 == slices ? last : full, std::span<const weights_piece>(pieces), in, grad_out,
        slice * tiles_per_item,
        slice == 0 ? gradient.data()
                   : partial.data() + static_cast<std::size_t>(slice - 1) * weights);
  });
  for (index_t slice = 1; slice < slices; ++slice) {
    const Scalar* from = partial.data() + static_cast<std::size_t>(slice - 1) * weights;
    for (std::size_t i = 0; i < weights; ++i) gradient[i] += from[i];
  }
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
