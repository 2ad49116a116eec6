// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "swprune/hw/array_params.hpp"
#include "swprune/hw/device.hpp"

namespace swprune::sim {

/// Names of the mutants of tests/mutants/: copies of the RTL with one fault each.
[[nodiscard]] std::vector<std::string> mutant_names();

/// Mutant `index`, 0 <= index < mutant_names().size(), after reset. Throws argument_out_of_range
/// for another index. step() throws device_rule_broken when the fault breaks an assertion of the
/// RTL.
[[nodiscard]] std::unique_ptr<hw::device> make_mutant(int index);

/// Its array. Throws argument_out_of_range likewise.
[[nodiscard]] hw::array_params mutant_params(int index);

}  // namespace swprune::sim
