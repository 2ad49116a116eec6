// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/train/augment.hpp"
#include "swprune/train/early_stop.hpp"
#include "swprune/train/make_optimiser.hpp"
#include "swprune/train/regrow.hpp"
#include "swprune/train/schedule.hpp"

namespace swprune::inline v0::train {

/// How to train.
struct fit_params {
  index_t epochs = 10;  ///< >= 0
  index_t batch = 64;   ///< >= 1; the images that are left over at the end of an epoch are a
                        ///< smaller batch
  schedule_params schedule{};
  optimiser_kind optimiser = optimiser_kind::sgd;
  sgd_params sgd{};      ///< where the optimiser is sgd
  adamw_params adamw{};  ///< where it is adamw
  double clip_norm = 0;  ///< >= 0, the greatest norm of all gradients together; 0: any
  augment_params augment{};
  double label_smoothing = 0;  ///< 0 <= label_smoothing < 1
  index_t test_every = 1;      ///< measure the test set after every so many epochs and after the
                               ///< last; 0: never
  early_stop_params early_stop{};
  regrow_params regrow{};
};

/// Throws train_parameter.
SWPRUNE_SETUP void check(const fit_params& p);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const fit_params& p) {
  expects(p.epochs >= 0, errc::train_parameter, "epochs must be >= 0, given {}", p.epochs);
  expects(p.batch >= 1, errc::train_parameter, "batch must be >= 1, given {}", p.batch);
  expects(p.label_smoothing >= 0 && p.label_smoothing < 1, errc::train_parameter,
          "0 <= label_smoothing < 1 must hold, given {}", p.label_smoothing);
  expects(p.test_every >= 0, errc::train_parameter, "test_every must be >= 0, given {}",
          p.test_every);
  expects(p.clip_norm >= 0 && std::isfinite(p.clip_norm), errc::train_parameter,
          "clip_norm must be >= 0, given {}", p.clip_norm);
  check(p.schedule);
  check(p.sgd);
  check(p.adamw);
  check(p.augment);
  check(p.early_stop);
  check(p.regrow);
  expects(p.early_stop.patience == 0 || p.test_every > 0, errc::train_parameter,
          "patience {} needs the test set to be measured, given test_every 0",
          p.early_stop.patience);
}

#endif

}  // namespace swprune::inline v0::train
