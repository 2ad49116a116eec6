// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::train {

/// What a pixel p of channel c means: (p / 255 - mean[c]) / deviation[c]; p / 255 when both are
/// empty.
struct normalisation {
  std::vector<double> mean;       ///< one per channel, on the scale of p / 255
  std::vector<double> deviation;  ///< one per channel, > 0

  [[nodiscard]] bool none() const { return mean.empty() && deviation.empty(); }

  friend bool operator==(const normalisation&, const normalisation&) = default;
};

/// Throws dataset_shape unless there is nothing, or a finite mean and a deviation > 0 for every
/// channel.
SWPRUNE_SETUP void check(const normalisation& n, index_t channels);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const normalisation& n, index_t channels) {
  if (n.none()) return;
  const auto size = static_cast<std::size_t>(channels);
  expects(n.mean.size() == size && n.deviation.size() == size, errc::dataset_shape,
          "normalisation needs a mean and a deviation for each of {} channels, given {} and {}",
          channels, n.mean.size(), n.deviation.size());
  for (std::size_t c = 0; c < size; ++c)
    expects(std::isfinite(n.mean[c]) && std::isfinite(n.deviation[c]) && n.deviation[c] > 0,
            errc::dataset_shape,
            "normalisation of channel {}: the mean must be finite and the deviation > 0, given {} "
            "and {}",
            c, n.mean[c], n.deviation[c]);
}

#endif

}  // namespace swprune::inline v0::train
