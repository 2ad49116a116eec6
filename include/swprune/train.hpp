// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/train/augment.hpp"
#include "swprune/train/batch_source.hpp"
#include "swprune/train/batches.hpp"
#include "swprune/train/dataset.hpp"
#include "swprune/train/evaluate.hpp"
#include "swprune/train/fine_tune.hpp"
#include "swprune/train/fit.hpp"
#include "swprune/train/gradient_check.hpp"
#include "swprune/train/normalisation.hpp"
#include "swprune/train/observer.hpp"
#include "swprune/train/pattern.hpp"
#include "swprune/train/progressive.hpp"
#include "swprune/train/recipes.hpp"
#include "swprune/train/schedule.hpp"
#include "swprune/train/sgd.hpp"
