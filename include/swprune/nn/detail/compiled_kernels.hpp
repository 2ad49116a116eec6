// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "swprune/nn/detail/conv_backward_weights.hpp"
#include "swprune/nn/detail/conv_gather.hpp"

// The convolution kernels are most of what a unit with a network costs the compiler. Where
// SWPRUNE_COMPILED is defined (target swprune::compiled does it) they come from src/kernels.cpp,
// compiled once. Another instruction set there than here is another inner namespace, hence an error
// of the linker and not a program that stops on some machine.
#define SWPRUNE_CONV_KERNELS(Keyword, Scalar)                                            \
  Keyword template void conv_forward<Scalar>(const conv_geometry&, const block_storage&, \
                                             const Scalar*, const activations<Scalar>&,  \
                                             activations<Scalar>&);                      \
  Keyword template void conv_backward_data<Scalar>(                                      \
      const conv_geometry&, const block_storage&, index_t, const Scalar*,                \
      const activations<Scalar>&, activations<Scalar>&);                                 \
  Keyword template void conv_backward_weights<Scalar>(                                   \
      const conv_geometry&, const block_storage&, const activations<Scalar>&,            \
      const activations<Scalar>&, std::span<Scalar>, aligned_vector<Scalar>&);

#ifdef SWPRUNE_COMPILED
namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {
SWPRUNE_CONV_KERNELS(extern, float)
SWPRUNE_CONV_KERNELS(extern, double)
}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
#endif
