// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "swprune/hw/array_params.hpp"
#include "swprune/hw/device.hpp"

namespace swprune::sim {

/// The RTL of rtl/, compiled by Verilator, for these parameters; after reset. Assertions of the RTL
/// are alive: step() throws device_rule_broken when one fails. Devices share nothing and may be
/// used from different threads. Throws array_parameter for parameters that no array can have and
/// device_mismatch, with a list of what there is, when no model with exactly these was built.
[[nodiscard]] std::unique_ptr<hw::device> make_device(const hw::array_params& params);

/// Parameters of the models that were built, in the order of sim/CMakeLists.txt.
[[nodiscard]] std::vector<hw::array_params> built_devices();

}  // namespace swprune::sim
