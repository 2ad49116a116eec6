// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "swprune/core/types.hpp"

namespace swprune::inline v0::nn {

/// One line of a network's summary. The layers inside a composite layer come before it, and its own
/// weights and multiplications are zero, so that every column adds up to the network's.
struct layer_summary {
  index_t index = 0;  ///< of the line
  index_t depth = 0;  ///< 0; 1 inside a composite layer of the network, and so on
  std::string name;
  std::string kind;
  map_shape input;
  map_shape output;
  index_t weights = 0;        ///< kept
  index_t dense_weights = 0;  ///< if no block or tap were absent
  index_t macs = 0;           ///< per image, kept
  index_t dense_macs = 0;
};

}  // namespace swprune::inline v0::nn
