// SPDX-License-Identifier: Apache-2.0

// The kernels of swprune::compiled, for the instruction set that this file is compiled for.
#undef SWPRUNE_COMPILED
#include "swprune/nn/detail/compiled_kernels.hpp"

namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA {
SWPRUNE_CONV_KERNELS(, float)
SWPRUNE_CONV_KERNELS(, double)
}  // namespace swprune::inline v0::nn::detail::inline SWPRUNE_ISA
