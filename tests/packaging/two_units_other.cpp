// SPDX-License-Identifier: Apache-2.0
#include "swprune/swprune.hpp"

std::uint64_t first_value_elsewhere(std::uint64_t seed);
[[noreturn]] void raise_elsewhere();

std::uint64_t first_value_elsewhere(std::uint64_t seed) { return swprune::rng(seed).next(); }
void raise_elsewhere() { swprune::raise(swprune::errc::file_open, "elsewhere"); }
