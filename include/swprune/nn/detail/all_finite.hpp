// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>

namespace swprune::inline v0::nn::detail {

/// True if no number is NaN or infinite.
template <typename Scalar, typename Range>
[[nodiscard]] bool all_finite(const Range& values) {
  bool finite = true;  // no early exit: the loop stays free of branches
  for (const Scalar v : values) finite &= std::abs(v) <= std::numeric_limits<Scalar>::max();
  return finite;
}

}  // namespace swprune::inline v0::nn::detail
