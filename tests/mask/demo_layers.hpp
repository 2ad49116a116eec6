// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "swprune/mask/layer_spec.hpp"

namespace swprune_test {

/// The layers of the main job's network, written out so that a change there is noticed.
inline const std::vector<swprune::mask::layer_spec> demo_layers{
    {"conv1", 1, 32, 5, 5, 28 * 28, true},
    {"conv2", 32, 64, 5, 5, 14 * 14, false},
    {"fc1", 64, 128, 7, 7, 1, false},
    {"fc2", 128, 10, 1, 1, 1, true},
};

}  // namespace swprune_test
