// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/quant/calibrate.hpp"

using namespace swprune;
using quant::magnitude_histogram;

namespace {

magnitude_histogram of(const std::vector<double>& values) {
  magnitude_histogram h;
  for (const double v : values) h.add(v);
  return h;
}

/// Mean squared error of rounding to `levels` steps up to `threshold`, value by value.
double true_error(const std::vector<double>& values, double threshold, int levels) {
  double sum = 0;
  for (const double v : values) {
    const double step = threshold / levels;
    const double q = std::min(threshold, std::round(std::abs(v) / step) * step);
    sum += (std::abs(v) - q) * (std::abs(v) - q);
  }
  return sum / static_cast<double>(values.size());
}

std::vector<double> normals(std::uint64_t seed, std::size_t count) {
  rng r(seed);
  std::vector<double> values(count);
  for (double& v : values) v = r.normal();
  return values;
}

}  // namespace

TEST_CASE("min_max is the largest magnitude, in any order and sign") {
  auto values = normals(1, 5000);
  values.push_back(-7.25);
  CHECK(range_of(of(values), quant::calibration::min_max, 0, 127) == 7.25);
  std::reverse(values.begin(), values.end());
  CHECK(range_of(of(values), quant::calibration::min_max, 0, 127) == 7.25);
}

TEST_CASE("percentiles are right within a bin, however the range grew") {
  auto values = normals(2, 20000);
  std::sort(values.begin(), values.end(),
            [](double a, double b) { return std::abs(a) < std::abs(b); });
  const auto check = [&](const magnitude_histogram& h) {
    for (const double percent : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * 20000)) - 1;
      const double exact = std::abs(values[rank]);
      CAPTURE(percent, exact);
      CHECK(h.percentile(percent) >= exact);
      CHECK(h.percentile(percent) <= exact + 2 * h.largest() * 2 / magnitude_histogram::bins);
    }
  };
  check(of(values));  // ascending: the range doubles many times
  auto descending = values;
  std::reverse(descending.begin(), descending.end());
  check(of(descending));
}

TEST_CASE("mse clips outliers and beats min_max and a coarse percentile") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto values = normals(seed, 20000);
    values.push_back(60.0);
    const auto h = of(values);
    const double threshold = range_of(h, quant::calibration::mse, 0, 127);
    CAPTURE(seed, threshold);
    const double chosen = true_error(values, threshold, 127);
    // The best of 128 thresholds by the true error, within what the histogram's model loses.
    double best = true_error(values, 60.0, 127);
    for (int i = 1; i <= 128; ++i) best = std::min(best, true_error(values, 60.0 * i / 128, 127));
    CHECK(chosen <= 1.1 * best);
    CHECK(chosen < true_error(values, 60.0, 127));
    CHECK(chosen < true_error(values, h.percentile(90), 127));
  }
}

TEST_CASE("zeros only, then something") {
  magnitude_histogram h = of({0, 0, 0});
  CHECK(h.largest() == 0);
  CHECK(h.percentile(99) == 0);
  CHECK(h.least_error(255) == 0);
  h.add(2.0);
  CHECK(h.total() == 4);
  CHECK(h.percentile(100) == 2.0);
  CHECK(h.percentile(50) < 0.01);
}

TEST_CASE("values that are not finite are refused") {
  magnitude_histogram h;
  CHECK_THROWS_AS(h.add(NAN), numeric_error);
  CHECK_THROWS_AS(h.add(-INFINITY), numeric_error);
}
