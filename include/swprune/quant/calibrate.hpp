// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::quant {

/// How the range of a layer's outputs is found from what calibration images give.
enum class calibration {
  min_max,     ///< the largest magnitude seen: nothing saturates
  percentile,  ///< the magnitude that a given share of all values does not exceed
  mse          ///< the magnitude with the smallest mean squared error of rounding and saturation
};

/// Distribution of magnitudes: a histogram over [0, top] that grows by merging pairs of bins, so
/// one look at the data suffices. Memory does not depend on the number of values.
class magnitude_histogram {
 public:
  static constexpr index_t bins = 2048;

  magnitude_histogram() : counts_(static_cast<std::size_t>(bins), 0) {}

  /// Adds values; throws not_finite for a NaN or infinity.
  template <typename Scalar>
  void add(Scalar value) {
    const double magnitude = std::abs(static_cast<double>(value));
    expects(std::isfinite(magnitude), errc::not_finite,
            "calibration needs finite activations, given {}", magnitude);
    largest_ = std::max(largest_, magnitude);
    while (magnitude > top_) grow(magnitude);
    if (top_ == 0) {
      ++counts_[0];
    } else {
      const auto bin = static_cast<index_t>(magnitude / top_ * static_cast<double>(bins));
      ++counts_[static_cast<std::size_t>(std::min(bin, bins - 1))];
    }
    ++total_;
  }

  [[nodiscard]] std::uint64_t total() const { return total_; }
  /// Largest magnitude added.
  [[nodiscard]] double largest() const { return largest_; }

  /// Smallest bin edge that `percent` of the values do not exceed, at most largest().
  [[nodiscard]] double percentile(double percent) const {
    const double wanted = percent / 100.0 * static_cast<double>(total_);
    double seen = 0;
    for (index_t b = 0; b < bins; ++b) {
      seen += static_cast<double>(counts_[static_cast<std::size_t>(b)]);
      if (seen >= wanted) return std::min(largest_, edge(b + 1));
    }
    return largest_;
  }

  /// The threshold T, among 128 even fractions of largest(), for which the squared error is
  /// smallest when magnitudes up to T are rounded to `levels` even steps and larger ones become T.
  [[nodiscard]] double least_error(int levels) const {
    constexpr int candidates = 128;
    double best = largest_;
    double least = std::numeric_limits<double>::infinity();
    for (int i = candidates; i >= 1; --i) {
      const double threshold = largest_ * i / candidates;
      const double error = squared_error(threshold, levels);
      if (error >= least) continue;
      least = error;
      best = threshold;
    }
    return best;
  }

 private:
  [[nodiscard]] double edge(index_t bin) const {
    return top_ * static_cast<double>(bin) / static_cast<double>(bins);
  }

  /// Doubles the covered range, or begins it.
  void grow(double magnitude) {
    if (top_ == 0) {
      // What came before was zero and stays in bin 0.
      top_ = magnitude;
      return;
    }
    for (std::size_t b = 0; b < counts_.size() / 2; ++b)
      counts_[b] = counts_[2 * b] + counts_[2 * b + 1];
    std::fill(counts_.begin() + bins / 2, counts_.end(), 0);
    top_ *= 2;
  }

  /// Rounding inside a step is as good as uniform: step^2 / 12; beyond T the distance counts.
  [[nodiscard]] double squared_error(double threshold, int levels) const {
    const double step = threshold / levels;
    double error = 0;
    for (index_t b = 0; b < bins; ++b) {
      const auto count = static_cast<double>(counts_[static_cast<std::size_t>(b)]);
      if (count == 0 || b == 0) continue;  // zeros and what is next to them cost nothing
      const double centre = (edge(b) + edge(b + 1)) / 2;
      const double beyond = std::max(0.0, centre - threshold);
      error += count * (beyond > 0 ? beyond * beyond : step * step / 12);
    }
    return error;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  double top_ = 0;
  double largest_ = 0;
};

/// Magnitude that the ends of the integer range stand for; > 0 unless every value was zero.
/// `levels`: steps between zero and that magnitude, 255 for u8, 127 for s8.
[[nodiscard]] SWPRUNE_FUNCTION double range_of(const magnitude_histogram& histogram,
                                               calibration method, double percent, int levels);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION double range_of(const magnitude_histogram& histogram, calibration method,
                                 double percent, int levels) {
  switch (method) {
    case calibration::min_max:
      return histogram.largest();
    case calibration::percentile:
      return histogram.percentile(percent);
    case calibration::mse:
      return histogram.least_error(levels);
  }
  return histogram.largest();
}

#endif

}  // namespace swprune::inline v0::quant
