// SPDX-License-Identifier: Apache-2.0

// The kernels of swprune::compiled, for the instruction set that this file is compiled for.
#undef SWPRUNE_COMPILED
#include "swprune/core/detail/isa.hpp"
#include "swprune/nn/detail/average.hpp"
#include "swprune/nn/detail/conv_backward_weights.hpp"
#include "swprune/nn/detail/conv_gather.hpp"
#include "swprune/nn/detail/fused_norm.hpp"
#include "swprune/nn/detail/normalise.hpp"
#include "swprune/nn/detail/pool.hpp"
#include "swprune/nn/detail/simd.hpp"

#define SWPRUNE_POOL_KERNELS(Scalar, Size)                                         \
  template void pool_channel<Size, Size>(const Scalar*, Scalar*, const map_shape&, \
                                         const map_shape&, index_t, index_t);      \
  template void unpool_channel<Size, Size>(const Scalar*, const Scalar*, Scalar*,  \
                                           const map_shape&, const map_shape&, index_t, index_t);

#define SWPRUNE_KERNELS(Scalar)                                                                    \
  template Scalar sum_of(const Scalar*, index_t);                                                  \
  template void conv_forward(const conv_geometry&, const block_storage&, const Scalar*,            \
                             const activations<Scalar>&, activations<Scalar>&, map_sums<Scalar>*); \
  template void conv_backward_data(const conv_geometry&, const block_storage&, index_t,            \
                                   const Scalar*, const activations<Scalar>&,                      \
                                   activations<Scalar>&, bool);                                    \
  template void conv_backward_weights(const conv_geometry&, const block_storage&,                  \
                                      const activations<Scalar>&, const activations<Scalar>&,      \
                                      std::span<Scalar>, aligned_vector<Scalar>&);                 \
  template void sum_channel(const activations<Scalar>&, index_t, map_sums<Scalar>&);               \
  template channel_statistics<Scalar> statistics_of(const activations<Scalar>&,                    \
                                                    const map_sums<Scalar>&, index_t, Scalar);     \
  template void apply_affine(const activations<Scalar>&, activations<Scalar>&, index_t,            \
                             affine_map<Scalar>);                                                  \
  template normalise_sums<Scalar> gradient_sums(const activations<Scalar>&,                        \
                                                const activations<Scalar>&, index_t,               \
                                                const channel_statistics<Scalar>&);                \
  template void backward_channel(const activations<Scalar>&, const activations<Scalar>&,           \
                                 activations<Scalar>&, index_t, const channel_statistics<Scalar>&, \
                                 Scalar, const normalise_sums<Scalar>&);                           \
  template void fused_apply(const Scalar*, Scalar*, const map_shape&, bool, affine_map<Scalar>);   \
  template void fused_gradient(const Scalar*, const Scalar*, Scalar*, const map_shape&,            \
                               affine_map<Scalar>);                                                \
  template normalise_sums<Scalar> rectified_sums(                                                  \
      const activations<Scalar>&, const activations<Scalar>&, index_t,                             \
      const channel_statistics<Scalar>&, affine_map<Scalar>);                                      \
  template void rectified_backward(const activations<Scalar>&, const activations<Scalar>&,         \
                                   activations<Scalar>&, index_t,                                  \
                                   const channel_statistics<Scalar>&, Scalar,                      \
                                   const normalise_sums<Scalar>&, affine_map<Scalar>);             \
  template normalise_sums<Scalar> residual_sums(                                                   \
      const activations<Scalar>&, const activations<Scalar>&, const activations<Scalar>&, bool,    \
      activations<Scalar>&, index_t, const channel_statistics<Scalar>&);                           \
  template void fused_sum(const Scalar*, const Scalar*, Scalar*, index_t, bool,                    \
                          affine_map<Scalar>);                                                     \
  template void average_windows(const Scalar*, Scalar*, const map_shape&, const map_shape&,        \
                                const average_window&);                                            \
  template void spread_average(const Scalar*, Scalar*, const map_shape&, const map_shape&,         \
                               const average_window&);                                             \
  SWPRUNE_POOL_KERNELS(Scalar, 0)                                                                  \
  SWPRUNE_POOL_KERNELS(Scalar, 2)

namespace swprune::inline v0::compiled_detail::inline SWPRUNE_ISA {
extern const char compiled_for;
const char compiled_for = 0;
}  // namespace swprune::inline v0::compiled_detail::inline SWPRUNE_ISA

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {
SWPRUNE_KERNELS(float)
SWPRUNE_KERNELS(double)
}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
