// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <type_traits>
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

/// Where the factors of some weights' gradients lie, and what becomes of their sums.
template <typename Scalar>
struct product_run {
  std::span<const pixel_pair> pairs;
  const Scalar* x;
  const Scalar* dy;
  index_t x_channel;
  index_t dy_channel;
  Scalar* gradient;  ///< of the first weight
  index_t input_weights;
  const Scalar* ahead;  ///< where a channel begins to ask for on the way, or null
  bool ahead_in;        ///< it is an input
  bool first;           ///< the sums begin at zero
  bool last;            ///< the sums are complete
};

/// gradient[i * input_weights + o] = sum of the lanes of sums[i][o].
template <int Inputs, int Outputs, typename Scalar>
SWPRUNE_INLINE void write_gradients(const reg<Scalar> (&sums)[Inputs * Outputs], Scalar* gradient,
                                    index_t input_weights) {
  constexpr int width = register_lanes<Scalar>;
  alignas(register_bytes) Scalar sum[Inputs * Outputs];
  if constexpr (Inputs * Outputs % width == 0) {
    SWPRUNE_UNROLL
    for (int r = 0; r < Inputs * Outputs; r += width) store_lane_sums<Scalar>(sums + r, sum + r);
  } else {
    SWPRUNE_UNROLL
    for (int r = 0; r < Inputs * Outputs; ++r) sum[r] = sums[r].sum();
  }
  for (int i = 0; i < Inputs; ++i)
    std::copy_n(sum + i * Outputs, Outputs, gradient + i * input_weights);
}

/// sums[i][o] += x[i] * dy[o] over the pairs; `sums` holds one register a weight, [ci][o] with
/// piece_outputs registers from one ci to the next. It waits in the cache from the first run to the
/// last.
template <int Inputs, int Outputs, typename Scalar>
void accumulate_products(const product_run<Scalar>& run, Scalar* sums) {
  constexpr index_t width = register_lanes<Scalar>;
  alignas(register_bytes) static constexpr Scalar zero[width] = {};
  const Scalar* begin = run.first ? zero : sums;
  const index_t step = run.first ? 0 : width;
  reg<Scalar> acc[Inputs * Outputs];
  SWPRUNE_UNROLL
  for (int i = 0; i < Inputs; ++i) {
    SWPRUNE_UNROLL
    for (int o = 0; o < Outputs; ++o)
      acc[i * Outputs + o] = load_reg(begin + (i * piece_outputs + o) * step);
  }
  const index_t x_channel = run.x_channel, dy_channel = run.dy_channel;
  const Scalar* ahead = run.ahead;
  const bool ahead_in = run.ahead_in;
  for (const pixel_pair& p : run.pairs) {
    if (ahead != nullptr) SWPRUNE_PREFETCH(ahead + (ahead_in ? p.in : p.out));
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
  if (run.last) {
    reg<Scalar> complete[Inputs * Outputs];  // a copy: acc would not stay in registers
    SWPRUNE_UNROLL
    for (int r = 0; r < Inputs * Outputs; ++r) complete[r] = acc[r];
    write_gradients<Inputs, Outputs>(complete, run.gradient, run.input_weights);
    return;
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
  const auto some = [&]<int Outputs>(std::integral_constant<int, Outputs>) {
    for (; outputs >= Outputs; outputs -= Outputs) {
      accumulate_products<Inputs, Outputs>(run, sums);
      run.dy += Outputs * run.dy_channel;
      run.gradient += Outputs;
      sums += Outputs * register_lanes<Scalar>;
    }
  };
  if constexpr (Inputs * 8 <= sum_registers) some(std::integral_constant<int, 8>());
  some(std::integral_constant<int, 4>());
  some(std::integral_constant<int, 2>());
  some(std::integral_constant<int, 1>());
}

/// All inputs x outputs of a piece at one tap.
template <typename Scalar>
void accumulate_tap(product_run<Scalar> run, Scalar* sums, index_t inputs, index_t outputs) {
  const auto some = [&]<int Inputs>(std::integral_constant<int, Inputs>) {
    for (; inputs >= Inputs; inputs -= Inputs) {
      accumulate_outputs<Inputs>(run, sums, outputs);
      run.x += Inputs * run.x_channel;
      run.gradient += Inputs * run.input_weights;
      sums += Inputs * piece_outputs * register_lanes<Scalar>;
    }
  };
  // Four with four outputs: eight factors for sixteen products, the fewest loads.
  if constexpr (4 * 4 <= sum_registers) some(std::integral_constant<int, 4>());
  some(std::integral_constant<int, 2>());
  some(std::integral_constant<int, 1>());
}

/// Sums of one tap of a piece, in scalars.
template <typename Scalar>
inline constexpr index_t tap_sums = piece_inputs* piece_outputs* register_lanes<Scalar>;

/// What the pieces of a row are made of.
template <typename Scalar>
struct weights_work {
  const patch_plan& plan;
  const activations<Scalar>& in;
  const activations<Scalar>& grad_out;
  index_t tile;           ///< the slice's first one
  index_t block_outputs;  ///< weights from one tap to the next
  Scalar* gradient;       ///< of all weights
};

/// Has the run of the `number`th tap ask for one channel of the next patch: first the inputs, then
/// the outputs, as far as there are taps.
template <typename Scalar>
void ask_ahead(const weights_work<Scalar>& work, const weights_piece& piece,
               const output_patch& next, index_t number, product_run<Scalar>& run) {
  const index_t output = number - piece.inputs;
  run.ahead_in = output < 0;
  if (run.ahead_in)
    run.ahead = work.in.data(work.tile, piece.first_input + number) + next.in;
  else if (output < piece.outputs)
    run.ahead = work.grad_out.data(work.tile, piece.first_output + output) + next.out;
  else
    run.ahead = nullptr;
}

/// All taps of a piece in patch number `p`: the numbers of a patch leave the second-level cache
/// once and not once a tap. `sums`: [tap][piece_inputs][piece_outputs] registers.
template <typename Scalar>
void accumulate_patch(const weights_work<Scalar>& work, const weights_piece& piece, std::size_t p,
                      Scalar* sums) {
  const output_patch& patch = work.plan.patches()[p];
  product_run<Scalar> run{.pairs = {},
                          .x = work.in.data(work.tile, piece.first_input) + patch.in,
                          .dy = work.grad_out.data(work.tile, piece.first_output) + patch.out,
                          .x_channel = work.in.channel_stride(),
                          .dy_channel = work.grad_out.channel_stride(),
                          .gradient = work.gradient + piece.weights,
                          .input_weights = piece.input_weights,
                          .ahead = nullptr,
                          .ahead_in = false,
                          .first = p == 0,
                          .last = p + 1 == work.plan.patches().size()};
  // A small map is in the cache already: asking for it again is slower.
  const bool asks = !run.last && work.grad_out.shape().pixels() > patch_pixels;
  for (std::size_t k = 0; k < piece.taps.size(); ++k) {
    if (asks) ask_ahead(work, piece, work.plan.patches()[p + 1], static_cast<index_t>(k), run);
    run.pairs = work.plan.pairs(patch, piece.taps[k]);
    if (!run.pairs.empty() || run.first || run.last)
      accumulate_tap(run, sums, piece.inputs, piece.outputs);
    run.gradient += work.block_outputs;
    sums += tap_sums<Scalar>;
  }
}

/// Pieces of one row over all patches, as many at once as may wait in the second-level cache: the
/// gradients of the row's outputs are then read once for all of them.
template <typename Scalar>
void backward_weights_row(const weights_work<Scalar>& work, index_t taps,
                          std::span<const weights_piece> pieces) {
  const index_t piece_sums = taps * tap_sums<Scalar>;
  const auto at_once = static_cast<std::size_t>(
      std::max<index_t>(1, waiting_bytes / (piece_sums * static_cast<index_t>(sizeof(Scalar)))));
  aligned_vector<Scalar> sums(std::min(at_once, pieces.size()) *
                              static_cast<std::size_t>(piece_sums));
  for (std::size_t first = 0; first < pieces.size(); first += at_once) {
    const auto now = pieces.subspan(first, std::min(at_once, pieces.size() - first));
    for (std::size_t p = 0; p < work.plan.patches().size(); ++p) {
      Scalar* at = sums.data();
      for (const weights_piece& piece : now) {
        accumulate_patch(work, piece, p, at);
        at += piece_sums;
      }
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
    const weights_work<Scalar> work{
        slice + 1 == slices ? last : full,
        in,
        grad_out,
        slice * tiles_per_item,
        g.block_outputs,
        slice == 0 ? gradient.data()
                   : partial.data() + static_cast<std::size_t>(slice - 1) * weights};
    backward_weights_row(work, g.taps(), std::span<const weights_piece>(pieces));
  });
  for (index_t slice = 1; slice < slices; ++slice) {
    const Scalar* from = partial.data() + static_cast<std::size_t>(slice - 1) * weights;
    for (std::size_t i = 0; i < weights; ++i) gradient[i] += from[i];
  }
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
