// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::train {

/// When to stop before the last epoch: the test set is then a validation set and no longer says
/// how good the network is on what it has never seen.
struct early_stop_params {
  index_t patience = 0;   ///< >= 0, epochs without a better test accuracy; 0: never stop early
  double least_gain = 0;  ///< >= 0, by which an accuracy in [0, 1] must be better
};

/// Throws train_parameter.
inline void check(const early_stop_params& p) {
  expects(p.patience >= 0, errc::train_parameter, "patience must be >= 0, given {}", p.patience);
  expects(p.least_gain >= 0 && p.least_gain < 1, errc::train_parameter,
          "0 <= least_gain < 1 must hold, given {}", p.least_gain);
}

}  // namespace swprune::inline v0::train
