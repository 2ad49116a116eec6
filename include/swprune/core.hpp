// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/build_info.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/error_table.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
