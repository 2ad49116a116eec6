// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/nn/activations.hpp"
#include "swprune/nn/aligned_vector.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/block_norms.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/fully_connected.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/mask_change.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/nn/relu.hpp"
