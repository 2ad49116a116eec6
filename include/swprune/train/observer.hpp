// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/types.hpp"

namespace swprune::inline v0::train {

/// What an observer answers.
enum class verdict { go_on, stop };

/// State after a step. Counts are those of the epoch so far.
struct step_event {
  index_t epoch = 0;   ///< 0-based
  index_t epochs = 0;  ///< planned
  index_t batch = 0;   ///< 1-based, of the batch that was done
  index_t batches = 0;
  index_t images = 0;  ///< seen in this epoch
  index_t correct = 0;
  double loss = 0;  ///< mean of the epoch so far
  double learning_rate = 0;
  double seconds = 0;  ///< since the epoch began, training only
};

/// A change of masks between two epochs.
struct mask_switch {
  index_t epoch = 0;           ///< 0-based: the first epoch that trains with the new masks
  index_t stage = 0;           ///< 0-based
  index_t stages = 0;          ///< how many there are
  index_t weights_before = 0;  ///< kept weights of the network
  index_t weights = 0;         ///< after the switch
  double density = 0;          ///< weights / weights of the dense network, in [0, 1]
};

/// One line of a training history.
struct epoch_record {
  index_t epoch = 0;          ///< 0-based
  double learning_rate = 0;   ///< at the end of the epoch
  double loss = 0;            ///< mean over the training images, while the weights changed
  double train_accuracy = 0;  ///< likewise, in [0, 1]
  double test_accuracy = -1;  ///< after the epoch, in [0, 1]; -1 if it was not measured
  double test_loss = 0;
  double seconds = 0;  ///< training without the measurement
};

/// Looks on while fit() works: progress lines, plots, a stop button. It is given numbers only and
/// cannot touch the weights.
class observer {
 public:
  virtual ~observer() = default;
  /// After every step. `stop` ends the run after this step.
  virtual verdict on_step(const step_event& /*event*/) { return verdict::go_on; }
  /// After every change of masks, before the epoch that trains with them. `stop` ends the run.
  virtual verdict on_switch(const mask_switch& /*change*/) { return verdict::go_on; }
  /// After every epoch. `stop` ends the run.
  virtual verdict on_epoch(const epoch_record& /*record*/, index_t /*epochs*/) {
    return verdict::go_on;
  }
};

}  // namespace swprune::inline v0::train
