// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/quant/accumulator_range.hpp"
#include "swprune/quant/aware.hpp"
#include "swprune/quant/aware_conv2d.hpp"
#include "swprune/quant/calibrate.hpp"
#include "swprune/quant/check_model.hpp"
#include "swprune/quant/evaluate.hpp"
#include "swprune/quant/fake_quantise.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/fold.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/multiplier.hpp"
#include "swprune/quant/quantize.hpp"
#include "swprune/quant/whole_blocks.hpp"
