// SPDX-License-Identifier: Apache-2.0

// Charts with two logarithmic axes: where their axes end, where points and roofs stand.

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/report/log_axis.hpp"
#include "swprune/report/roofline_chart.hpp"
#include "swprune/report/scatter_chart.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/report/xml_check.hpp"

using namespace swprune;
using namespace swprune::report;
using swprune_test::count_of;
using swprune_test::error_of;
using swprune_test::xml_error;

namespace {

/// The numbers that follow `key` in a picture, as in cx="12.5".
std::vector<double> numbers_after(const std::string& picture, const std::string& key) {
  std::vector<double> values;
  for (std::size_t at = picture.find(key); at != std::string::npos; at = picture.find(key, at + 1))
    values.push_back(std::strtod(picture.c_str() + at + key.size(), nullptr));
  return values;
}

/// The x and y of the roof, one after the other.
std::vector<double> roof_of(const std::string& picture) {
  std::size_t at = picture.find("<polyline points=\"") + 18;
  std::vector<double> values;
  while (picture[at] != '"') {
    char* end = nullptr;
    values.push_back(std::strtod(picture.c_str() + at, &end));
    at = static_cast<std::size_t>(end - picture.c_str());
    if (picture[at] == ',' || picture[at] == ' ') ++at;
  }
  return values;
}

bool same_ends(const log_axis& a, double low, double high) {
  return a.low() == Approx(low) && a.high() == Approx(high);
}

}  // namespace

TEST_CASE("log axis with steps: ends at 1, 2 or 5 times a power of ten, as near as they may") {
  CHECK(same_ends(log_axis(32, 256, log_ends::steps), 20, 500));
  CHECK(same_ends(log_axis(50, 1000, log_ends::steps), 50, 1000));
  CHECK(same_ends(log_axis(1.1, 1.9, log_ends::steps), 1, 2));
  CHECK(same_ends(log_axis(0.6, 4.9, log_ends::steps), 0.5, 5));
  CHECK(same_ends(log_axis(0.002, 0.002, log_ends::steps), 0.002, 0.02));
  CHECK(same_ends(log_axis(32, 256), 10, 1000));
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const double low = std::pow(10.0, 10 * random.uniform() - 5);
    const double high = low * std::pow(10.0, 6 * random.uniform());
    const log_axis a(low, high, log_ends::steps);
    REQUIRE(a.low() <= low * (1 + 1e-8));
    REQUIRE(a.high() >= high * (1 - 1e-8));
    REQUIRE(a.low() > low / 2.51);
    REQUIRE(a.high() < high * 2.51);
    REQUIRE(a.share(a.low()) == Approx(0.0).margin(1e-12));
    REQUIRE(a.share(a.high()) == Approx(1.0));
    const auto ticks = a.ticks();
    REQUIRE(ticks.size() <= 11);
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      REQUIRE(a.share(ticks[i]) >= -1e-9);
      REQUIRE(a.share(ticks[i]) <= 1 + 1e-9);
      if (i > 0) REQUIRE(ticks[i] > ticks[i - 1]);
    }
  }
}

TEST_CASE("log axis with steps: ticks up to three decades, then powers of ten alone") {
  CHECK(log_axis(20, 500, log_ends::steps).ticks().size() == 5);   // 20 50 100 200 500
  CHECK(log_axis(1, 1000, log_ends::steps).ticks().size() == 10);  // 1 2 5 10 ...
  CHECK(log_axis(1, 2000, log_ends::steps).ticks().size() == 4);
}

TEST_CASE("scatter chart: points where the axes say, the first series on top") {
  const auto picture =
      scatter_chart({{.name = "a & b", .x = {10, 1000}, .y = {1, 100}},
                     {.name = "others", .x = {100}, .y = {10}, .faint = true}},
                    {.title = "T", .x_label = "X", .y_label = "Y", .width = 500, .height = 300});
  CHECK(xml_error(picture).empty());
  CHECK(picture.find("a &amp; b") != std::string::npos);
  const auto xs = numbers_after(picture, "cx=\"");
  const auto ys = numbers_after(picture, "cy=\"");
  REQUIRE(xs.size() == 5);  // legend and points of "others", then of the first
  CHECK(xs[3] == Approx(64));
  CHECK(ys[3] == Approx(300 - 48));
  CHECK(xs[4] == Approx(500 - 22));
  CHECK(ys[4] == Approx(58));
  CHECK(xs[1] == Approx((xs[3] + xs[4]) / 2));
  CHECK(ys[1] == Approx((ys[3] + ys[4]) / 2));
}

TEST_CASE("scatter chart: nothing to draw, and what cannot be drawn") {
  CHECK(xml_error(scatter_chart({}, {})).empty());
  CHECK(xml_error(scatter_chart({{.name = "empty"}}, {})).empty());
  CHECK(xml_error(scatter_chart({{.x = {5}, .y = {5}}}, {})).empty());
  for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK(error_of([&] {
            (void)scatter_chart({{.x = {bad}, .y = {1}}}, {});
          }).is(errc::report_value));
    CHECK(error_of([&] {
            (void)scatter_chart({{.x = {1}, .y = {bad}}}, {});
          }).is(errc::report_value));
  }
  CHECK(error_of([] {
          (void)scatter_chart({{.x = {1, 2}, .y = {1}}}, {});
        }).is(errc::report_value));
  CHECK(error_of([] { (void)scatter_chart({}, {.width = 10}); }).is(errc::report_value));
}

TEST_CASE("roofline: the roof bends where bus and multipliers are both busy") {
  const auto picture = roofline_chart({{.name = "sparse", .x = {16, 160}, .y = {102.4, 102.4}},
                                       {.name = "dense", .x = {1}, .y = {6.4}}},
                                      {.title = "Roofline", .peak = 102.4, .bandwidth = 6.4});
  CHECK(xml_error(picture).empty());
  CHECK(picture.find("102.4 GOPS") != std::string::npos);
  CHECK(picture.find("6.4 GB/s") != std::string::npos);
  CHECK(picture.find("operations per byte fetched") != std::string::npos);
  const auto roof = roof_of(picture);
  REQUIRE(roof.size() == 6);
  CHECK(roof[3] == roof[5]);  // flat to the right
  CHECK(roof[1] > roof[3]);
  CHECK(roof[0] >= 64);
  CHECK(roof[1] <= 340 - 48 + 0.01);
  const auto xs = numbers_after(picture, "cx=\"");
  const auto ys = numbers_after(picture, "cy=\"");
  REQUIRE(xs.size() == 5);
  CHECK(xs[3] == Approx(roof[2]).margin(0.02));  // 16 operations a byte: the bend
  CHECK(ys[3] == Approx(roof[3]).margin(0.02));
  CHECK(ys[4] == Approx(roof[3]).margin(0.02));                  // the peak at 160
  const double share = (xs[1] - roof[0]) / (roof[2] - roof[0]);  // a point on the slope
  CHECK(ys[1] == Approx(roof[1] + share * (roof[3] - roof[1])).margin(0.05));
}

TEST_CASE("roofline: roofs alone, and roofs that cannot be drawn") {
  CHECK(count_of(roofline_chart({}, {}), "<polyline") == 1);
  for (const double extreme : {1e-9, 1e9}) {
    CHECK(xml_error(roofline_chart({}, {.peak = extreme})).empty());
    CHECK(xml_error(roofline_chart({}, {.bandwidth = extreme})).empty());
  }
  for (const double bad : {0.0, -1.0, std::nan(""), 1e10}) {
    CHECK(error_of([&] { (void)roofline_chart({}, {.peak = bad}); }).is(errc::report_value));
    CHECK(error_of([&] { (void)roofline_chart({}, {.bandwidth = bad}); }).is(errc::report_value));
  }
  CHECK(error_of([] { (void)roofline_chart({{.x = {0}, .y = {1}}}, {}); }).is(errc::report_value));
  CHECK(error_of([] { (void)roofline_chart({}, {.height = 1e6}); }).is(errc::report_value));
}
