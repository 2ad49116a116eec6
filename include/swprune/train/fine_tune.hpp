// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/train/fit.hpp"
#include "swprune/train/pattern.hpp"

namespace swprune::inline v0::train {

/// What a fine-tune stage did.
struct fine_tune_result {
  history run;
  pattern_comparison pattern;  ///< before against after, bit for bit
};

/// Trains on with the mask fixed and compares the pattern of existing weights before and after.
/// Streams are those of `random`'s stream "fine_tune", so that its epochs are shuffled unlike the
/// first ones. Of a run that goes on from a checkpoint "before" is the time of this call. Throws as
/// fit().
template <typename Scalar>
fine_tune_result fine_tune(nn::network<Scalar>& net, const dataset& train_set,
                           const dataset& test_set, const fit_params& params, const rng& random,
                           observer* watcher = nullptr, checkpointer<Scalar>* keeper = nullptr) {
  expects(params.regrow.share == 0, errc::train_parameter,
          "fine-tuning keeps the mask fixed, given regrow share {}", params.regrow.share);
  const weight_pattern before = pattern_of(net);
  fine_tune_result result;
  result.run = fit(net, train_set, test_set, params, random.stream("fine_tune"), watcher, keeper);
  result.pattern = compare_patterns(before, pattern_of(net));
  return result;
}

}  // namespace swprune::inline v0::train
