// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/train/observer.hpp"

namespace swprune::inline v0::train {

/// What a run did.
struct history {
  std::vector<epoch_record> epochs;   ///< those that were finished, or stopped part-way
  std::vector<mask_switch> switches;  ///< changes of masks, see fit_stages()
  bool stopped = false;               ///< the observer said so
  bool stopped_early = false;         ///< early_stop_params::patience was over
  index_t best_epoch = -1;     ///< whose weights the network has, if early stop watched; or -1
  index_t regrown_blocks = 0;  ///< that moved, see regrow_params

  /// Sum of the epochs' training time.
  [[nodiscard]] double seconds() const {
    double sum = 0;
    for (const epoch_record& e : epochs) sum += e.seconds;
    return sum;
  }
  /// Test accuracy measured last, or -1.
  [[nodiscard]] double test_accuracy() const {
    for (auto e = epochs.rbegin(); e != epochs.rend(); ++e)
      if (e->test_accuracy >= 0) return e->test_accuracy;
    return -1;
  }
};

}  // namespace swprune::inline v0::train
