// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include "swprune/nn/activations.hpp"

// Kernels compiled for different instruction sets must not be merged by the linker: the one kept
// might not run on the machine that the other was meant for. Hence one inner namespace per set.
#if defined(__AVX512F__)
#define SWPRUNE_ISA isa_avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define SWPRUNE_ISA isa_avx2
#elif defined(__AVX__)
#define SWPRUNE_ISA isa_avx
#else
#define SWPRUNE_ISA isa_base
#endif

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

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {

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

/// Sum of all lanes in halves: the same order for every instruction set.
template <typename Scalar>
SWPRUNE_INLINE Scalar lane_sum(const vec<Scalar>& v) {
  constexpr int n = static_cast<int>(lanes);
  alignas(64) Scalar part[n];
  Eigen::Map<vec<Scalar>, Eigen::Aligned64>(static_cast<Scalar*>(part)) = v;
  SWPRUNE_UNROLL
  for (int width = n / 2; width > 0; width /= 2) {
    SWPRUNE_UNROLL
    for (int l = 0; l < width; ++l) part[l] += part[l + width];
  }
  return part[0];
}

/// Sum of the first `live` lanes.
template <typename Scalar>
SWPRUNE_INLINE Scalar live_sum(const vec<Scalar>& v, index_t live) {
  vec<Scalar> kept = v;
  for (index_t l = live; l < lanes; ++l) kept[l] = Scalar(0);
  return lane_sum<Scalar>(kept);
}

/// Sum of `count` vectors of one channel over vectors and lanes.
template <typename Scalar>
Scalar sum_of(const Scalar* p, index_t count) {
  vec<Scalar> sum = vec<Scalar>::Zero();
  for (index_t i = 0; i < count; ++i) sum += load(p + i * lanes);
  return lane_sum<Scalar>(sum);
}

}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
