// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core.hpp"
#include "swprune/graph.hpp"
#include "swprune/hw.hpp"
#include "swprune/io.hpp"
#include "swprune/mask.hpp"
#include "swprune/nn.hpp"
#include "swprune/quant.hpp"
#include "swprune/report.hpp"
#include "swprune/train.hpp"
#include "swprune/version.hpp"
