// SPDX-License-Identifier: Apache-2.0
#pragma once

// Both kinds of model file: floating-point networks and int8 models.
#include "swprune/io/int8_model_file.hpp"
#include "swprune/io/network_file.hpp"
