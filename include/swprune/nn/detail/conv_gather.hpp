// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/nn/aligned_vector.hpp"
#include "swprune/nn/detail/conv_blocks.hpp"
#include "swprune/nn/detail/conv_geometry.hpp"
#include "swprune/nn/detail/conv_strips.hpp"
#include "swprune/nn/detail/conv_taps.hpp"
#include "swprune/nn/detail/map_sums.hpp"
#include "swprune/nn/detail/simd.hpp"

// Forward and backward-data are the same sum: every number of the map that is written gathers
// weight x number over the live blocks of its group, the channels of the map that is read and the
// taps. Nobody adds into anybody's memory, so the order of a sum is fixed.

namespace swprune::inline v0::nn::detail {

/// Sums of one pixel that wait there.
inline constexpr index_t strip_sums = 8;

/// Some channels, of the map that is read, of one live block.
struct gather_segment {
  index_t channel = 0;          ///< the first one
  index_t channels = 0;         ///< how many
  index_t weights = 0;          ///< where its weights begin
  index_t channel_weights = 0;  ///< from the weights of one channel to those of the next
  index_t sum_weights = 1;      ///< from the weight of one sum to that of the next
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

}  // namespace swprune::inline v0::nn::detail

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// out = convolution of in with the live blocks; `out` has its size already. Sums up what a batch
/// norm behind it needs in `sums`, which has its size too, unless that is null.
template <typename Scalar>
void conv_forward(const conv_geometry& g, const block_storage& s, const Scalar* weights,
                  const activations<Scalar>& in, activations<Scalar>& out,
                  map_sums<Scalar>* sums = nullptr);

/// grad_in = gradient of the loss by the input, or is added to what is there if `adding`; `grad_in`
/// has its size already.
template <typename Scalar>
void conv_backward_data(const conv_geometry& g, const block_storage& s, index_t block_inputs,
                        const Scalar* weights, const activations<Scalar>& grad_out,
                        activations<Scalar>& grad_in, bool adding = false);

#ifndef SWPRUNE_COMPILED

/// acc[s][p][r] += w[s * sum_weights] * x[p][r] over the steps, `Registers` side by side of each
/// position p.
template <int Sums, int Positions, int Registers, typename Scalar>
SWPRUNE_INLINE void accumulate_steps(reg<Scalar> (&acc)[Sums * Positions * Registers],
                                     std::span<const tap_step> steps, const Scalar* weights,
                                     index_t sum_weights, const Scalar* const (&map)[Positions]) {
  constexpr int values = Positions * Registers;
  for (const tap_step& step : steps) {
    const Scalar* w = weights + step.weight;
    reg<Scalar> value[values];
    SWPRUNE_UNROLL
    for (int v = 0; v < values; ++v)
      value[v] = load_reg(map[v / Registers] + (step.map + v % Registers * register_lanes<Scalar>));
    SWPRUNE_UNROLL
    for (int i = 0; i < Sums; ++i) {
      const Scalar weight = w[i * sum_weights];
      SWPRUNE_UNROLL
      for (int v = 0; v < values; ++v) acc[i * values + v] += weight * value[v];
    }
  }
}

/// Some channels of the map that is read, in the strip below, to ask for while working on this one:
/// each group takes its share.
template <typename Scalar>
struct gather_ahead {
  const Scalar* from = nullptr;  ///< the first one, where a position with origin 0 is
  index_t channels = 0;
  index_t to = 0;  ///< from where a position is written to the same of the strip below, or 0
};

/// Where a strip reads and writes.
template <typename Scalar>
struct gather_strip {
  std::span<const strip_position> positions;
  const Scalar* from;  ///< the map that is read
  index_t from_channel;
  Scalar* to;  ///< the first sum's channel of the map that is written
  index_t to_channel;
  Scalar* waiting;  ///< [position][sum][register]
  index_t sum;      ///< which of the group's is the first
  gather_ahead<Scalar> ahead;
};

/// The channels that a strip reads now.
struct gather_chunk {
  std::span<const gather_segment> segments;
  bool first = false;  ///< sums begin at zero
  bool last = false;   ///< sums are complete
  bool waits = false;  ///< sums are not written to the map
};

/// Asks for what the strip below reads and writes, a few lines for every position: asked for all at
/// once they would hold up the loads of this strip, and the processor does not guess them, since
/// the lines of a strip lie in many places.
template <int Sums, int Positions, typename Scalar>
SWPRUNE_INLINE void prefetch_below(const gather_strip<Scalar>& strip, const gather_chunk& chunk,
                                   index_t first_sum, const strip_position* position) {
  if (chunk.last && strip.ahead.to != 0)
    for (int p = 0; p < Positions; ++p)
      for (int i = 0; i < Sums; ++i)
        SWPRUNE_PREFETCH(strip.to +
                         ((first_sum + i) * strip.to_channel + position[p].to + strip.ahead.to));
  if (chunk.first && first_sum == 0)
    for (index_t c = 0; c < strip.ahead.channels; ++c)
      for (int p = 0; p < Positions; ++p)
        SWPRUNE_PREFETCH(strip.ahead.from + (c * strip.from_channel + position[p].from));
}

/// A few sums of `Positions` positions with the same taps, from number `at` of the strip on, over
/// the channels of a chunk.
template <int Sums, int Positions, int Registers, typename Scalar>
SWPRUNE_INLINE void gather_positions(const gather_strip<Scalar>& strip, const gather_chunk& chunk,
                                     const Scalar* weights, index_t first_sum, std::size_t at) {
  constexpr index_t width = register_lanes<Scalar>;
  constexpr index_t waiting_position = strip_sums * Registers * width;
  constexpr int values = Positions * Registers;
  const strip_position* position = strip.positions.data() + at;
  Scalar* waiting =
      strip.waiting + static_cast<index_t>(at) * waiting_position + first_sum * Registers * width;
  Scalar* to = strip.to + first_sum * strip.to_channel;
  reg<Scalar> acc[Sums * values];
  SWPRUNE_UNROLL
  for (int i = 0; i < Sums; ++i) {
    SWPRUNE_UNROLL
    for (int v = 0; v < values; ++v)
      if (chunk.first)
        acc[i * values + v].setZero();
      else
        acc[i * values + v] = load_reg(waiting + v / Registers * waiting_position +
                                       (i * Registers + v % Registers) * width);
  }
  prefetch_below<Sums, Positions>(strip, chunk, first_sum, position);
  for (const gather_segment& s : chunk.segments) {
    const Scalar* map[Positions];
    SWPRUNE_UNROLL
    for (int p = 0; p < Positions; ++p)
      map[p] = strip.from + (s.channel * strip.from_channel + position[p].from);
    accumulate_steps<Sums, Positions, Registers>(
        acc, position->steps[s.pattern].of_channels(s.channels),
        weights + s.weights + (strip.sum + first_sum) * s.sum_weights, s.sum_weights, map);
  }
  const index_t step = chunk.waits ? Registers * width : strip.to_channel;
  SWPRUNE_UNROLL
  for (int p = 0; p < Positions; ++p) {
    Scalar* there = chunk.waits ? waiting + p * waiting_position : to + position[p].to;
    SWPRUNE_UNROLL
    for (int i = 0; i < Sums; ++i, there += step) {
      SWPRUNE_UNROLL
      for (int r = 0; r < Registers; ++r)
        slot_reg(there + r * width) = acc[i * values + p * Registers + r];
    }
  }
}

/// Registers that a kernel may fill with sums: more than keep the processor busy, since what is
/// loaded then serves more products.
#if defined(__AVX512F__)
inline constexpr int gathering_registers = 24;
#else
inline constexpr int gathering_registers = sum_registers;
#endif

/// Positions whose sums a kernel of `Sums` sums holds at once: with few sums, several, so that
/// enough products are in flight and a weight is loaded once for all of them.
template <int Sums, int Registers>
inline constexpr int positions_at_once = std::clamp(gathering_registers / (Sums * Registers), 1, 4);

/// gather_positions() of `count` positions, 1 <= count <= Most.
template <int Sums, int Most, int Registers, typename Scalar>
SWPRUNE_INLINE void gather_some(const gather_strip<Scalar>& strip, const gather_chunk& chunk,
                                const Scalar* weights, index_t first_sum, std::size_t at,
                                int count) {
  if (count == Most)
    gather_positions<Sums, Most, Registers>(strip, chunk, weights, first_sum, at);
  else if constexpr (Most > 1)
    gather_some<Sums, Most - 1, Registers>(strip, chunk, weights, first_sum, at, count);
}

/// A few sums of every position of the strip over the channels of a chunk. Positions with the same
/// taps are divided into as few parts as fit the registers, of about the same size: one left alone
/// would have too few products in flight.
template <int Sums, int Registers, typename Scalar>
void gather_registers(const gather_strip<Scalar>& strip, const gather_chunk& chunk,
                      const Scalar* weights, index_t first_sum) {
  constexpr int most = positions_at_once<Sums, Registers>;
  for (std::size_t at = 0; at < strip.positions.size();) {
    const int alike = strip.positions[at].alike;
    const int count = alike <= most ? alike : alike / ((alike + most - 1) / most);
    gather_some<Sums, most, Registers>(strip, chunk, weights, first_sum, at, count);
    at += static_cast<std::size_t>(count);
  }
}

/// Up to strip_sums sums in register tiles of eight, four, two and one.
template <int Registers, typename Scalar>
void gather_sums(const gather_strip<Scalar>& strip, const gather_chunk& chunk,
                 const Scalar* weights, index_t sums) {
  index_t s = 0;
  if constexpr (8 * Registers <= sum_registers)
    for (; s + 8 <= sums; s += 8) gather_registers<8, Registers>(strip, chunk, weights, s);
  for (; s + 4 <= sums; s += 4) gather_registers<4, Registers>(strip, chunk, weights, s);
  for (; s + 2 <= sums; s += 2) gather_registers<2, Registers>(strip, chunk, weights, s);
  for (; s < sums; ++s) gather_registers<1, Registers>(strip, chunk, weights, s);
}

/// Some channels of one group, in the map that is written.
struct gather_target {
  index_t channel = 0;  ///< the first one
  index_t sum = 0;      ///< which of the group's it is
  index_t count = 0;    ///< at most strip_sums
};

/// What all strips of a group need.
template <typename Scalar>
struct gather_work {
  std::span<const gather_segment> segments;
  index_t chunk;  ///< most channels of a chunk
  const Scalar* weights;
  const activations<Scalar>& from;
  activations<Scalar>& to;
  bool adding;             ///< to what `to` holds
  map_sums<Scalar>* sums;  ///< of what is written, or null
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

/// Adds the sums that wait to what the map holds. Not part of the kernels, which must not be slower
/// for it.
template <int Registers, typename Scalar>
void add_waiting(const gather_strip<Scalar>& strip, index_t sums) {
  constexpr index_t width = Registers * register_lanes<Scalar>;
  const Scalar* waiting = strip.waiting;
  for (const strip_position& position : strip.positions) {
    for (index_t i = 0; i < sums; ++i) {
      Scalar* to = strip.to + i * strip.to_channel + position.to;
      for (index_t r = 0; r < width; r += register_lanes<Scalar>)
        slot_reg(to + r) = load_reg(waiting + i * width + r) + load_reg(to + r);
    }
    waiting += strip_sums * width;
  }
}

/// One strip: chunk by chunk, so that what a chunk reads stays in the first-level cache for all
/// positions and sums. A group without blocks writes zeros.
template <int Registers, typename Scalar>
void gather_chunks(const gather_strip<Scalar>& strip, const gather_work<Scalar>& work,
                   index_t sums) {
  const std::span<const gather_segment> all = work.segments;
  std::size_t begin = 0;
  do {
    const std::size_t end = chunk_end(all, begin, work.chunk);
    const bool last = end == all.size();
    gather_sums<Registers>(
        strip,
        gather_chunk{all.subspan(begin, end - begin), begin == 0, last, !last || work.adding},
        work.weights, sums);
    begin = end;
  } while (begin < all.size());
  if (work.adding) add_waiting<Registers>(strip, sums);
}

/// A strip and its positions in the tiles from `tile` on.
struct gather_place {
  const pixel_strip& strip;
  std::span<const strip_position> positions;
  index_t tile;
  index_t tiles;
  index_t column;
};

/// What group `share` of `shares` asks for of the strip below.
template <typename Scalar>
[[nodiscard]] gather_ahead<Scalar> ahead_of(const activations<Scalar>& from,
                                            const gather_place& place, index_t share,
                                            index_t shares) {
  if (place.strip.to_below == 0) return {};
  const index_t all = from.shape().channels, first = all * share / shares;
  return {from.data(place.tile, first) + place.strip.from_below, all * (share + 1) / shares - first,
          place.strip.to_below};
}

/// All lanes of a strip, two registers of each position at a time where a register is narrower than
/// a tile.
template <typename Scalar>
void gather_lanes(const gather_work<Scalar>& work, const gather_target& target,
                  const gather_place& place, const gather_ahead<Scalar>& ahead) {
  constexpr int registers = std::min(2, tile_registers<Scalar>);
  constexpr index_t width = registers * register_lanes<Scalar>;
  alignas(64) Scalar waiting[most_positions * strip_sums * width];
  for (index_t lane = 0; lane < lanes; lane += width)
    gather_chunks<registers>(
        gather_strip<Scalar>{
            place.positions, work.from.data(place.tile) + lane, work.from.channel_stride(),
            work.to.data(place.tile, target.channel) + lane, work.to.channel_stride(),
            static_cast<Scalar*>(waiting), target.sum, ahead},
        work, target.count);
}

/// Sums up what gather_lanes() wrote. Not part of it, which must not be slower for it.
template <typename Scalar>
void sum_strip(const gather_work<Scalar>& work, const gather_target& target,
               const gather_place& place) {
  const index_t width = work.to.shape().width;
  for (index_t t = place.tile; t < place.tile + place.tiles; ++t)
    for (index_t c = target.channel; c < target.channel + target.count; ++c)
      add_rows<Scalar>(work.to.data(t, c), width, place.strip.rows, place.strip.columns,
                       work.sums->data(t, place.column, c));
}

/// The positions of a strip in `tiles` tiles.
template <typename Scalar>
void spread_strip(const pixel_strip& strip, index_t tiles, const activations<Scalar>& from,
                  const activations<Scalar>& to, std::vector<strip_position>& positions) {
  positions.clear();
  for (const strip_position& p : strip.positions)
    for (index_t t = 0; t < tiles; ++t)
      positions.push_back(
          {p.steps, p.from + t * from.tile_stride(), p.to + t * to.tile_stride(), 1});
  for (std::size_t i = positions.size(); i-- > 1;)
    if (positions[i - 1].steps == positions[i].steps)
      positions[i - 1].alike = positions[i].alike + 1;
}

/// All channels of every group of `to`: groups of `group_size` whose segments, of at most
/// depth.channels channels, are `groups`. A thread takes a column of strips of some tiles, and all
/// groups go down it together, because they read the same rows; only if that makes too few pieces
/// of work are the groups divided as well.
template <typename Scalar>
void gather_groups(const tap_plan& plan, const strip_depth& depth,
                   const std::vector<std::vector<gather_segment>>& groups, index_t group_size,
                   const Scalar* weights, const activations<Scalar>& from, activations<Scalar>& to,
                   bool adding, map_sums<Scalar>* sums) {
  const map_shape& map = to.shape();
  const auto columns = strip_columns(map, plan.windows());
  const auto column_count = static_cast<index_t>(columns.size());
  const auto group_count = static_cast<index_t>(groups.size());
  const index_t whole = ceil_div(from.tiles(), depth.tiles) * column_count;
  const index_t parts = whole == 0 ? 1 : std::min(group_count, ceil_div(pieces_of_work(), whole));
  parallel_for(whole * parts, [&](index_t item) {
    const index_t part = item % parts;
    const index_t column = item / parts % column_count;
    const index_t tile = item / parts / column_count * depth.tiles;
    std::vector<strip_position> positions;
    const index_t tiles = std::min(depth.tiles, from.tiles() - tile);
    for (const pixel_strip& strip : columns[static_cast<std::size_t>(column)]) {
      spread_strip(strip, tiles, from, to, positions);
      const gather_place place{strip, positions, tile, tiles, column};
      for (index_t j = group_count * part / parts; j < group_count * (part + 1) / parts; ++j) {
        const gather_work<Scalar> work{
            groups[static_cast<std::size_t>(j)], depth.channels, weights, from, to, adding, sums};
        const gather_ahead<Scalar> ahead = ahead_of(from, place, j, group_count);
        const index_t end = std::min((j + 1) * group_size, map.channels);
        for (index_t c = j * group_size; c < end; c += strip_sums) {
          const gather_target target{c, c - j * group_size, std::min(strip_sums, end - c)};
          gather_lanes(work, target, place, ahead);
          if (sums != nullptr) sum_strip(work, target, place);
        }
      }
    }
  });
}

template <typename Scalar>
void conv_forward(const conv_geometry& g, const block_storage& s, const Scalar* weights,
                  const activations<Scalar>& in, activations<Scalar>& out, map_sums<Scalar>* sums) {
  const strip_depth depth = depth_of_strips(g, g.input, g.output, sizeof(Scalar));
  std::vector<std::vector<gather_segment>> groups(s.rows.size());
  for (std::size_t j = 0; j < s.rows.size(); ++j)
    for (const live_block& b : s.rows[j])
      add_segments({b.first_input, b.inputs, b.weights, b.stride, 1, b.pattern}, depth.channels,
                   groups[j]);
  gather_groups(tap_plan::forward(g, s.patterns, depth.channels), depth, groups, g.block_outputs,
                weights, in, out, false, sums);
}

template <typename Scalar>
void conv_backward_data(const conv_geometry& g, const block_storage& s, index_t block_inputs,
                        const Scalar* weights, const activations<Scalar>& grad_out,
                        activations<Scalar>& grad_in, bool adding) {
  const strip_depth depth = depth_of_strips(g, g.output, g.input, sizeof(Scalar));
  std::vector<std::vector<gather_segment>> groups(s.columns.size());
  for (std::size_t i = 0; i < s.columns.size(); ++i)
    for (const live_block& b : s.columns[i])
      add_segments({b.first_output, b.outputs, b.weights, 1, b.stride, b.pattern}, depth.channels,
                   groups[i]);
  gather_groups(tap_plan::backward(g, s.patterns, depth.channels), depth, groups, block_inputs,
                weights, grad_out, grad_in, adding, static_cast<map_sums<Scalar>*>(nullptr));
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
