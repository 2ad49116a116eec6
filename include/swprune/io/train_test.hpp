// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/train/dataset.hpp"

namespace swprune::inline v0::io {

/// The two halves that every loader gives.
struct train_test {
  train::dataset train;
  train::dataset test;
};

}  // namespace swprune::inline v0::io
