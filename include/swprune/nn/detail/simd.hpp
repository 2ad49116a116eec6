// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <utility>

#include "swprune/core/detail/isa.hpp"
#include "swprune/nn/activations.hpp"

#ifndef SWPRUNE_COMPILED
#include <Eigen/Core>
#endif

// What layers call is declared first in the headers of kernels. The bodies, and with them Eigen,
// are read where the kernels are compiled: in every unit, or in src/kernels.cpp for
// swprune::compiled.

// Accumulator loops must unroll fully, or g++ 12 keeps the accumulators in memory (three times
// slower). A loop with a choice over the lanes must not, or it becomes sixteen branches instead of
// one vector comparison (ten times slower).
#if defined(__clang__)
#define SWPRUNE_UNROLL _Pragma("clang loop unroll(full)")
#define SWPRUNE_LANE_LOOP _Pragma("clang loop vectorize(enable)")
#define SWPRUNE_INLINE inline __attribute__((always_inline))
#elif defined(__GNUC__)
#define SWPRUNE_UNROLL _Pragma("GCC unroll 32")
#define SWPRUNE_LANE_LOOP _Pragma("GCC unroll 1")
#define SWPRUNE_INLINE inline __attribute__((always_inline))
#else
#define SWPRUNE_UNROLL
#define SWPRUNE_LANE_LOOP
#define SWPRUNE_INLINE inline
#endif

// What was loaded before this stays in its register: g++ 12 would load a factor again for every
// product that it is in, and the load units are what the kernels run out of first.
#if defined(__GNUC__)
#define SWPRUNE_KEEP_LOADED __asm__ volatile("" ::: "memory")
// Into the second-level cache, also what will be written: the instruction for that brings it into
// the first-level cache, from which it drives out what is worked on.
#define SWPRUNE_PREFETCH(address) __builtin_prefetch(address, 0, 2)
#else
#define SWPRUNE_KEEP_LOADED
#define SWPRUNE_PREFETCH(address)
#endif

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

/// Numbers from where a pass over whole maps works to what it asks for: passes wait for memory, and
/// the processor does not look so far ahead by itself.
inline constexpr index_t pass_ahead = 1024;

/// Bytes of the widest vector register.
#if defined(__AVX512F__)
inline constexpr int register_bytes = 64;
#elif defined(__AVX__)
inline constexpr int register_bytes = 32;
#else
inline constexpr int register_bytes = 16;
#endif

/// How many vector registers a kernel may fill with sums: the rest of the 32 or 16 holds factors.
/// Four fused multiply-adds in flight on each of two units need eight.
#if defined(__AVX512F__)
inline constexpr int sum_registers = 16;
#else
inline constexpr int sum_registers = 8;
#endif

/// Numbers in the widest vector register.
template <typename Scalar>
inline constexpr int register_lanes = register_bytes / static_cast<int>(sizeof(Scalar));

/// Registers that hold one number of each image of a tile.
template <typename Scalar>
inline constexpr int tile_registers = static_cast<int>(lanes) / register_lanes<Scalar>;

/// Sum of `count` vectors of one channel over vectors and lanes.
template <typename Scalar>
Scalar sum_of(const Scalar* p, index_t count);

#ifndef SWPRUNE_COMPILED

/// One number of each image of a tile.
template <typename Scalar>
using vec = Eigen::Array<Scalar, static_cast<int>(lanes), 1>;

template <typename Scalar>
SWPRUNE_INLINE auto load(const Scalar* p) {
  return Eigen::Map<const vec<Scalar>, Eigen::Aligned64>(p);
}

template <typename Scalar>
SWPRUNE_INLINE auto slot(Scalar* p) {
  return Eigen::Map<vec<Scalar>, Eigen::Aligned64>(p);
}

/// One register full of a vec: what the convolution kernels count in, because sums that do not fit
/// the registers are kept in memory by the compiler.
template <typename Scalar>
using reg = Eigen::Array<Scalar, register_lanes<Scalar>, 1>;

template <typename Scalar>
SWPRUNE_INLINE auto load_reg(const Scalar* p) {
  return Eigen::Map<const reg<Scalar>, register_bytes>(p);
}

template <typename Scalar>
SWPRUNE_INLINE auto slot_reg(Scalar* p) {
  return Eigen::Map<reg<Scalar>, register_bytes>(p);
}

#if defined(__GNUC__)
/// A register as the compiler's own vector, for moves between lanes that Eigen has no word for.
template <typename Scalar>
using lane_vector __attribute__((vector_size(register_bytes))) = Scalar;

/// Sums of neighbouring lanes, first those of `a`, then those of `b`.
template <typename Scalar, std::size_t... Lanes>
SWPRUNE_INLINE lane_vector<Scalar> neighbour_sums(lane_vector<Scalar> a, lane_vector<Scalar> b,
                                                  std::index_sequence<Lanes...>) {
  return __builtin_shufflevector(a, b, (2 * Lanes)...) +
         __builtin_shufflevector(a, b, (2 * Lanes + 1)...);
}

/// `Count` registers in one: equally many lanes, in order, hold what is left of each.
template <int Count, typename Scalar>
SWPRUNE_INLINE lane_vector<Scalar> folded(const reg<Scalar>* registers) {
  if constexpr (Count == 1) {
    lane_vector<Scalar> one;
    std::memcpy(&one, registers->data(), sizeof(one));
    return one;
  } else {
    return neighbour_sums<Scalar>(folded<Count / 2>(registers),
                                  folded<Count / 2>(registers + Count / 2),
                                  std::make_index_sequence<register_lanes<Scalar>>());
  }
}
#endif

/// Writes the sum of the lanes of each of register_lanes registers: all at once, which takes a
/// quarter of the additions and moves that one after the other do.
template <typename Scalar>
SWPRUNE_INLINE void store_lane_sums(const reg<Scalar>* registers, Scalar* sums) {
#if defined(__GNUC__)
  const lane_vector<Scalar> all = folded<register_lanes<Scalar>>(registers);
  std::memcpy(sums, &all, sizeof(all));
#else
  for (int r = 0; r < register_lanes<Scalar>; ++r) sums[r] = registers[r].sum();
#endif
}

/// Asks for what a pass will read or write next.
template <typename Scalar>
SWPRUNE_INLINE void will_need(const Scalar* p) {
  SWPRUNE_PREFETCH(p + pass_ahead);
}

/// Sum of all lanes.
template <typename Scalar>
SWPRUNE_INLINE Scalar lane_sum(const vec<Scalar>& v) {
  return v.sum();
}

/// Sum of the first `live` lanes.
template <typename Scalar>
SWPRUNE_INLINE Scalar live_sum(const vec<Scalar>& v, index_t live) {
  if (live == lanes) return lane_sum<Scalar>(v);
  vec<Scalar> kept = v;
  for (index_t l = live; l < lanes; ++l) kept[l] = Scalar(0);
  return lane_sum<Scalar>(kept);
}

template <typename Scalar>
Scalar sum_of(const Scalar* p, index_t count) {
  vec<Scalar> sum = vec<Scalar>::Zero();
  for (index_t i = 0; i < count; ++i) sum += load(p + i * lanes);
  return lane_sum<Scalar>(sum);
}

#endif

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
