// SPDX-License-Identifier: Apache-2.0

// The bodies of swprune::compiled: see swprune/core/detail/bodies.hpp.
#define SWPRUNE_COMPILING
#include "swprune/swprune.hpp"
