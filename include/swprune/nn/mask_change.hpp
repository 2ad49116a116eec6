// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "swprune/core/types.hpp"

namespace swprune::inline v0::nn {

/// What a change of masks did to one parameter.
struct parameter_change {
  std::string name;                 ///< "layer.parameter", as network::parameters() has it
  index_t size = 0;                 ///< numbers it has now
  std::vector<index_t> old_to_new;  ///< [numbers before]: index now, or -1 if it is gone

  /// Whether every number is where it was.
  [[nodiscard]] bool unchanged() const {
    if (static_cast<index_t>(old_to_new.size()) != size) return false;
    for (index_t i = 0; i < size; ++i)
      if (old_to_new[static_cast<std::size_t>(i)] != i) return false;
    return true;
  }
};

/// One entry for every parameter of the network, in the order of network::parameters(); numbers
/// that are in no old_to_new are new and zero.
using mask_change = std::vector<parameter_change>;

/// Every number stays where it is.
[[nodiscard]] inline std::vector<index_t> unmoved(index_t size) {
  std::vector<index_t> old_to_new(static_cast<std::size_t>(size));
  std::iota(old_to_new.begin(), old_to_new.end(), index_t{0});
  return old_to_new;
}

}  // namespace swprune::inline v0::nn
