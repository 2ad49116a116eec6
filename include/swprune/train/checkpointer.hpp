// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/run_options.hpp"
#include "swprune/train/run_state.hpp"

namespace swprune::inline v0::train {

/// Keeps the state of a run, so that a later one goes on from there and ends with the same bits;
/// see io::checkpoint_file. fit() asks once for a state to go on from, and hands one over every
/// `every` steps, after every epoch and when the run ends or is stopped.
template <typename Scalar>
class checkpointer {
 public:
  virtual ~checkpointer() = default;

  /// Steps between two checkpoints within an epoch; 0: only after epochs.
  [[nodiscard]] index_t every() const { return every_; }

  /// The state to go on from, or nothing to begin anew; the network has got masks, weights and
  /// statistics of that state then. Throws resume_mismatch unless `options` are those of the run
  /// that was saved; the network is as it was then.
  virtual std::optional<run_state<Scalar>> load(nn::network<Scalar>& net,
                                                const run_options& options) = 0;

  /// Takes over the state. Throws when it cannot; what was saved before stays then.
  virtual void save(nn::network<Scalar>& net, const run_state<Scalar>& state,
                    const run_options& options) = 0;

 protected:
  /// Throws train_parameter unless every >= 0.
  explicit checkpointer(index_t every) : every_(every) {
    expects(every >= 0, errc::train_parameter,
            "the steps between two checkpoints must be >= 0, given {}", every);
  }

 private:
  index_t every_;
};

}  // namespace swprune::inline v0::train
