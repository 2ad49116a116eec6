// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/mask/allocate.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/mask/hierarchy.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/mask_kind.hpp"
#include "swprune/mask/mask_metrics.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/ring_order.hpp"
#include "swprune/mask/tap_mask.hpp"
