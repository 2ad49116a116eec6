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
#include "swprune/nn/detail/conv_taps.hpp"
#include "swprune/nn/detail/simd.hpp"

// Forward and backward-data are the same sum: every number of the map that is written gathers
// weight x number over the live blocks of its group, the channels of the map that is read and the
// taps. Nobody adds into anybody's memory, so the order of a sum is fixed.

namespace swprune::inline v0::nn::detail {

/// Pixels whose sums wait side by side in the first-level cache.
inline constexpr index_t strip_pixels = 16;

/// Sums of one pixel that wait there.
inline constexpr index_t strip_sums = 8;

/// Bytes of the map that is read which a strip should touch before it goes on to other channels:
/// with the waiting sums and the weights they fit the first-level cache.
inline constexpr index_t chunk_bytes = 14 * 1024;

/// Most channels of a chunk: the lists of what to multiply grow with it.
inline constexpr index_t most_chunk_channels = 14;

/// Some channels, of the map that is read, of one live block.
struct gather_segment {
  index_t channel = 0;          ///< the first one
  index_t channels = 0;         ///< how many
  index_t weights = 0;          ///< where its weights begin
  index_t channel_weights = 0;  ///< from the weights of one channel to those of the next
  index_t pattern = 0;
};

/// Adds a block in pieces of at most `limit` channels.
inline void add_segments(gather_segment block, index_t limit,
                         std::vector<gather_segment>& segments) {
  while (block.channels > 0) {
    gather_segment piece = block;
    piece.channels = std::min(limit, block.channels);
    segments.push_back(piece);
    block.channel += piece.channels;
    block.channels -= piece.channels;
    block.weights += piece.channels * piece.channel_weights;
  }
}

/// Pixels of the map that is written which are worked on together: neighbours, row by row.
struct pixel_strip {
  index_t begin = 0;
  index_t count = 0;
};

/// A map in columns of strips: going down a column, a strip finds the rows that it shares with the
/// one above still in the second-level cache, for all channels.
[[nodiscard]] inline std::vector<std::vector<pixel_strip>> strip_columns(const map_shape& map) {
  const index_t columns = ceil_div(map.width, strip_pixels);
  const index_t height = std::max<index_t>(1, strip_pixels / map.width);
  std::vector<std::vector<pixel_strip>> result(static_cast<std::size_t>(columns));
  for (index_t c = 0; c < columns; ++c) {
    const index_t x = map.width * c / columns;
    const index_t width = map.width * (c + 1) / columns - x;
    for (index_t y = 0; y < map.height; y += height)
      result[static_cast<std::size_t>(c)].push_back(
          {y * map.width + x, width * std::min(height, map.height - y)});
  }
  return result;
}

/// Channels that a strip of `to` reads of `from` before it goes on.
[[nodiscard]] inline index_t chunk_channels(const conv_geometry& g, const map_shape& from,
                                            const map_shape& to, index_t scalar_bytes) {
  const index_t width = std::min(to.width, strip_pixels);
  const index_t height = std::clamp<index_t>(strip_pixels / to.width, 1, to.height);
  const index_t rows = std::min(from.height, height + g.kernel_height - 1);
  const index_t columns = std::min(from.width, width + g.kernel_width - 1);
  const index_t channels = chunk_bytes / (rows * columns * lanes * scalar_bytes);
  return std::clamp<index_t>(channels, 1, most_chunk_channels);
}

}  // namespace swprune::inline v0::nn::detail

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// out = convolution of in with the live blocks; `out` has its size already.
template <typename Scalar>
void conv_forward(const conv_geometry& g, const block_storage& s, const Scalar* weights,
                  const activations<Scalar>& in, activations<Scalar>& out);

/// grad_in = gradient of the loss by the input; `grad_in` has its size already. The weights are
/// transposed first: the kernel wants those of its sums side by side, and a weight is used for
/// every pixel and tile.
template <typename Scalar>
void conv_backward_data(const conv_geometry& g, const block_storage& s, index_t block_inputs,
                        const Scalar* weights, const activations<Scalar>& grad_out,
                        activations<Scalar>& grad_in);

#ifndef SWPRUNE_COMPILED

/// acc[s][p][v] += w[s] * x[p][v] over the steps; pixel p of the map lies `pixel_step` numbers
/// after pixel p - 1. VectorStep is a constant where it is known, so that it becomes part of the
/// instructions.
template <int Sums, int Pixels, int Vectors, typename VectorStep, typename Scalar>
SWPRUNE_INLINE void accumulate_steps(reg<Scalar> (&acc)[Sums * Pixels * Vectors],
                                     std::span<const tap_step> steps, const Scalar* weights,
                                     const Scalar* map, index_t pixel_step,
                                     VectorStep vector_step) {
  constexpr int values = Pixels * Vectors;
  for (const tap_step& step : steps) {
    const Scalar* w = weights + step.weight;
    const Scalar* x = map + step.map;
    reg<Scalar> value[values];
    SWPRUNE_UNROLL
    for (int v = 0; v < values; ++v)
      value[v] = load_reg(x + v / Vectors * pixel_step + v % Vectors * vector_step);
    SWPRUNE_UNROLL
    for (int i = 0; i < Sums; ++i) {
      const Scalar weight = w[i];
      SWPRUNE_UNROLL
      for (int v = 0; v < values; ++v) acc[i * values + v] += weight * value[v];
    }
  }
}

/// Where a strip of pixels reads and writes; `VectorStep` numbers lie between two registers that a
/// kernel works on at once.
template <typename VectorStep, typename Scalar>
struct gather_strip {
  std::span<const pixel_window> windows;  ///< of its pixels
  const Scalar* from;                     ///< the map that is read
  index_t from_channel;
  VectorStep from_vector;
  Scalar* to;  ///< its first pixel of the first sum
  index_t to_channel;
  VectorStep to_vector;
  Scalar* waiting;  ///< [pixel][sum][register]
  index_t sum;      ///< which of the group's is the first
};

/// The channels that a strip reads now, and those that it reads next.
struct gather_chunk {
  std::span<const gather_segment> now;
  std::span<const gather_segment> next;
  bool first = false;  ///< sums begin at zero
  bool last = false;   ///< sums are written to the map
};

/// Asks for what a pixel will read first of the channels that come next. They lie too far apart for
/// the processor to guess.
template <typename VectorStep, typename Scalar>
SWPRUNE_INLINE void prefetch_next(const gather_strip<VectorStep, Scalar>& strip,
                                  const gather_chunk& chunk, const pixel_window& window) {
  for (const gather_segment& s : chunk.next)
    for (index_t c = s.channel; c < s.channel + s.channels; ++c)
      for (const index_t at : window.front)
        SWPRUNE_PREFETCH(strip.from + c * strip.from_channel + (window.origin + at));
}

/// Pixels whose sums a kernel of `Sums` sums holds at once: with few sums, two, so that enough
/// products are in flight and a weight is loaded once for both.
template <int Sums, int Vectors>
inline constexpr int pixels_at_once = 2 * Sums* Vectors <= sum_registers ? 2 : 1;

/// A few sums of `Pixels` neighbouring pixels, from number `pixel` of the strip on, over the
/// channels of a chunk. Their windows are alike.
template <int Sums, int Pixels, int Vectors, typename VectorStep, typename Scalar>
SWPRUNE_INLINE void gather_pixel(const gather_strip<VectorStep, Scalar>& strip,
                                 const gather_chunk& chunk, const Scalar* weights,
                                 index_t first_sum, std::size_t pixel) {
  constexpr index_t width = register_lanes<Scalar>;
  constexpr index_t waiting_pixel = strip_sums * Vectors * width;
  constexpr int values = Pixels * Vectors;
  const pixel_window& window = strip.windows[pixel];
  const index_t pixel_step = strip.windows[pixel + Pixels - 1].origin - window.origin;
  const auto at = static_cast<index_t>(pixel);
  Scalar* waiting = strip.waiting + at * waiting_pixel + first_sum * Vectors * width;
  Scalar* to = strip.to + at * lanes + first_sum * strip.to_channel;
  reg<Scalar> acc[Sums * values];
  SWPRUNE_UNROLL
  for (int i = 0; i < Sums; ++i) {
    SWPRUNE_UNROLL
    for (int v = 0; v < values; ++v)
      if (chunk.first)
        acc[i * values + v].setZero();
      else
        acc[i * values + v] =
            load_reg(waiting + v / Vectors * waiting_pixel + (i * Vectors + v % Vectors) * width);
  }
  if (first_sum == 0)
    for (int p = 0; p < Pixels; ++p)
      prefetch_next(strip, chunk, strip.windows[pixel + static_cast<std::size_t>(p)]);
  for (const gather_segment& s : chunk.now)
    accumulate_steps<Sums, Pixels, Vectors>(
        acc, window.steps[static_cast<std::size_t>(s.pattern)].of_channels(s.channels),
        weights + s.weights + strip.sum + first_sum,
        strip.from + s.channel * strip.from_channel + window.origin, pixel_step, strip.from_vector);
  SWPRUNE_UNROLL
  for (int i = 0; i < Sums; ++i) {
    SWPRUNE_UNROLL
    for (int v = 0; v < values; ++v) {
      const int p = v / Vectors, r = v % Vectors;
      Scalar* there = chunk.last ? to + p * lanes + i * strip.to_channel + r * strip.to_vector
                                 : waiting + p * waiting_pixel + (i * Vectors + r) * width;
      slot_reg(there) = acc[i * values + v];
    }
  }
}

/// A few sums of every pixel of the strip over the channels of a chunk, in pairs of pixels where
/// that fits the registers and both have the same taps.
template <int Sums, int Vectors, typename VectorStep, typename Scalar>
void gather_registers(const gather_strip<VectorStep, Scalar>& strip, const gather_chunk& chunk,
                      const Scalar* weights, index_t first_sum) {
  constexpr int most = pixels_at_once<Sums, Vectors>;
  for (std::size_t p = 0; p < strip.windows.size();) {
    if (most == 2 && p + 1 < strip.windows.size() &&
        strip.windows[p].steps.data() == strip.windows[p + 1].steps.data()) {
      gather_pixel<Sums, most, Vectors>(strip, chunk, weights, first_sum, p);
      p += 2;
    } else {
      gather_pixel<Sums, 1, Vectors>(strip, chunk, weights, first_sum, p++);
    }
  }
}

/// Up to strip_sums sums in register tiles of eight, four, two and one.
template <int Vectors, typename VectorStep, typename Scalar>
void gather_sums(const gather_strip<VectorStep, Scalar>& strip, const gather_chunk& chunk,
                 const Scalar* weights, index_t sums) {
  index_t s = 0;
  if constexpr (8 * Vectors <= sum_registers)
    for (; s + 8 <= sums; s += 8) gather_registers<8, Vectors>(strip, chunk, weights, s);
  for (; s + 4 <= sums; s += 4) gather_registers<4, Vectors>(strip, chunk, weights, s);
  for (; s + 2 <= sums; s += 2) gather_registers<2, Vectors>(strip, chunk, weights, s);
  for (; s < sums; ++s) gather_registers<1, Vectors>(strip, chunk, weights, s);
}

/// Some channels of one group, in the map that is written.
struct gather_target {
  index_t channel = 0;  ///< the first one
  index_t sum = 0;      ///< which of the group's it is
  index_t count = 0;    ///< at most strip_sums
};

/// What all pixels of a group need.
template <typename Scalar>
struct gather_work {
  const tap_plan& plan;
  std::span<const gather_segment> segments;
  index_t chunk;  ///< most channels of a chunk
  const Scalar* weights;
  const activations<Scalar>& from;
  activations<Scalar>& to;
};

/// End of the chunk that begins at segment `begin`; a segment has at most `limit` channels.
[[nodiscard]] inline std::size_t chunk_end(std::span<const gather_segment> segments,
                                           std::size_t begin, index_t limit) {
  std::size_t end = begin;
  for (index_t channels = 0; end < segments.size(); ++end) {
    channels += segments[end].channels;
    if (channels > limit) break;
  }
  return end;
}

/// One strip: chunk by chunk, so that what a chunk reads stays in the first-level cache for all
/// pixels and sums. A group without blocks writes zeros.
template <int Vectors, typename VectorStep, typename Scalar>
void gather_chunks(const gather_strip<VectorStep, Scalar>& strip, const gather_work<Scalar>& work,
                   index_t sums) {
  const std::span<const gather_segment> all = work.segments;
  std::size_t begin = 0, end = chunk_end(all, 0, work.chunk);
  do {
    const std::size_t next = chunk_end(all, end, work.chunk);
    gather_sums<Vectors>(strip,
                         gather_chunk{all.subspan(begin, end - begin), all.subspan(end, next - end),
                                      begin == 0, end == all.size()},
                         work.weights, sums);
    begin = end;
    end = next;
  } while (begin < all.size());
}

/// `Vectors` registers of every pixel of a strip, the first one at lane `lane` of the tile.
template <int Vectors, typename VectorStep, typename Scalar>
void gather_pixels(const gather_work<Scalar>& work, const gather_target& target,
                   const pixel_strip& pixels, index_t tile, index_t lane, VectorStep from_vector,
                   VectorStep to_vector) {
  alignas(64) Scalar waiting[strip_pixels * strip_sums * Vectors * register_lanes<Scalar>];
  gather_chunks<Vectors>(
      gather_strip<VectorStep, Scalar>{
          work.plan.windows().subspan(static_cast<std::size_t>(pixels.begin),
                                      static_cast<std::size_t>(pixels.count)),
          work.from.data(tile) + lane, work.from.channel_stride(), from_vector,
          work.to.data(tile, target.channel) + pixels.begin * lanes + lane,
          work.to.channel_stride(), to_vector, static_cast<Scalar*>(waiting), target.sum},
      work, target.count);
}

/// Tiles that the kernels take at once: two where a register is as wide as a tile.
template <typename Scalar>
inline constexpr index_t tiles_at_once = tile_registers<Scalar> == 1 ? 2 : 1;

/// A strip of tiles_at_once tiles, or of what is left of them.
template <typename Scalar>
void gather_tiles(const gather_work<Scalar>& work, const gather_target& target,
                  const pixel_strip& pixels, tap_range tiles) {
  if constexpr (tiles_at_once<Scalar> == 1) {
    using next_register = std::integral_constant<index_t, register_lanes<Scalar>>;
    for (index_t lane = 0; lane < lanes; lane += 2 * next_register::value)
      gather_pixels<2>(work, target, pixels, tiles.begin, lane, next_register{}, next_register{});
  } else {
    const index_t from = work.from.tile_stride(), to = work.to.tile_stride();
    if (tiles.end - tiles.begin == 2)
      gather_pixels<2>(work, target, pixels, tiles.begin, 0, from, to);
    else
      gather_pixels<1>(work, target, pixels, tiles.begin, 0, from, to);
  }
}

/// All channels of every group of `to`: groups of `group_size` whose segments, of at most `chunk`
/// channels, are `groups`. A thread takes a column of strips of some tiles, and all groups go down
/// it together, because they read the same rows; only if that makes too few pieces of work are the
/// groups divided as well.
template <typename Scalar>
void gather_groups(const tap_plan& plan, index_t chunk,
                   const std::vector<std::vector<gather_segment>>& groups, index_t group_size,
                   const Scalar* weights, const activations<Scalar>& from,
                   activations<Scalar>& to) {
  const map_shape& map = to.shape();
  const auto columns = strip_columns(map);
  const auto column_count = static_cast<index_t>(columns.size());
  const auto group_count = static_cast<index_t>(groups.size());
  const index_t whole = ceil_div(from.tiles(), tiles_at_once<Scalar>) * column_count;
  const index_t parts = whole == 0 ? 1 : std::min(group_count, ceil_div(pieces_of_work(), whole));
  parallel_for(whole * parts, [&](index_t item) {
    const index_t part = item % parts;
    const index_t column = item / parts % column_count;
    const index_t tile = item / parts / column_count * tiles_at_once<Scalar>;
    const tap_range tiles{tile, std::min(tile + tiles_at_once<Scalar>, from.tiles())};
    for (const pixel_strip& pixels : columns[static_cast<std::size_t>(column)])
      for (index_t j = group_count * part / parts; j < group_count * (part + 1) / parts; ++j) {
        const gather_work<Scalar> work{
            plan, groups[static_cast<std::size_t>(j)], chunk, weights, from, to};
        const index_t end = std::min((j + 1) * group_size, map.channels);
        for (index_t c = j * group_size; c < end; c += strip_sums)
          gather_tiles(work, {c, c - j * group_size, std::min(strip_sums, end - c)}, pixels, tiles);
      }
  });
}

template <typename Scalar>
void conv_forward(const conv_geometry& g, const block_storage& s, const Scalar* weights,
                  const activations<Scalar>& in, activations<Scalar>& out) {
  const index_t chunk = chunk_channels(g, g.input, g.output, sizeof(Scalar));
  std::vector<std::vector<gather_segment>> groups(s.rows.size());
  for (std::size_t j = 0; j < s.rows.size(); ++j)
    for (const live_block& b : s.rows[j])
      add_segments({b.first_input, b.inputs, b.weights, b.stride, b.pattern}, chunk, groups[j]);
  gather_groups(tap_plan::forward(g, s.patterns, g.block_outputs, chunk), chunk, groups,
                g.block_outputs, weights, in, out);
}

/// to[o][kept tap][ci] = from[ci][kept tap][o] of one block, `group` numbers for each tap there.
template <typename Scalar>
void transpose_block(const live_block& b, index_t block_outputs, index_t group, const Scalar* from,
                     Scalar* to) {
  for (index_t o = 0; o < b.outputs; ++o)
    for (index_t tap = 0; tap < b.taps; ++tap, to += group)
      for (index_t ci = 0; ci < b.inputs; ++ci)
        to[ci] = from[ci * b.stride + tap * block_outputs + o];
}

template <typename Scalar>
void conv_backward_data(const conv_geometry& g, const block_storage& s, index_t block_inputs,
                        const Scalar* weights, const activations<Scalar>& grad_out,
                        activations<Scalar>& grad_in) {
  const index_t chunk = chunk_channels(g, g.output, g.input, sizeof(Scalar));
  std::vector<std::vector<gather_segment>> groups(s.columns.size());
  std::vector<index_t> begins;  // of the transposed columns
  index_t at = 0;
  for (std::size_t i = 0; i < s.columns.size(); ++i) {
    begins.push_back(at);
    for (const live_block& b : s.columns[i]) {
      const index_t channel_weights = b.taps * block_inputs;
      add_segments({b.first_output, b.outputs, at, channel_weights, b.pattern}, chunk, groups[i]);
      at += b.outputs * channel_weights;
    }
  }
  aligned_vector<Scalar> transposed(static_cast<std::size_t>(at));
  parallel_for(static_cast<index_t>(groups.size()), [&](index_t i) {
    Scalar* to = transposed.data() + begins[static_cast<std::size_t>(i)];
    for (const live_block& b : s.columns[static_cast<std::size_t>(i)]) {
      transpose_block(b, g.block_outputs, block_inputs, weights + b.weights, to);
      to += b.outputs * b.taps * block_inputs;
    }
  });
  gather_groups(tap_plan::backward(g, s.patterns, block_inputs, chunk), chunk, groups, block_inputs,
                static_cast<const Scalar*>(transposed.data()), grad_out, grad_in);
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
