// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be measured on a graph or a mask.
#include "swprune/graph/clustering.hpp"
#include "swprune/graph/components.hpp"
#include "swprune/graph/degree_histogram.hpp"
#include "swprune/graph/estimate.hpp"
#include "swprune/graph/fold.hpp"
#include "swprune/graph/locality.hpp"
#include "swprune/graph/mixing.hpp"
#include "swprune/graph/path_length.hpp"
#include "swprune/graph/sampled_clustering.hpp"
#include "swprune/graph/sampled_path_length.hpp"
#include "swprune/graph/singular_value.hpp"
#include "swprune/graph/small_world.hpp"
