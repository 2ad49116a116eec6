// SPDX-License-Identifier: Apache-2.0
#include "swprune/report/small_world_window.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "swprune/report/log_axis.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/report/xml_check.hpp"

using namespace swprune;
using namespace swprune::report;
using swprune_test::count_of;
using swprune_test::error_of;
using swprune_test::xml_error;

namespace {

graph::small_world_curve some_curve() {
  graph::small_world_curve curve{.lattice_clustering = 0.5, .lattice_path_length = 20.0};
  for (const double p : {0.0, 0.01, 0.1, 1.0})
    curve.points.push_back({.rewire = p,
                            .clustering = {0.5 * (1.0 - p), 0.0, 5},
                            .path_length = {20.0 / (1.0 + 10.0 * p), 0.0, 5}});
  return curve;
}

/// The points of the n-th polyline of a picture, as written.
std::string polyline(const std::string& picture, int n) {
  std::size_t at = 0;
  for (int k = 0; k <= n; ++k) at = picture.find("<polyline points=\"", at) + 18;
  return picture.substr(at, picture.find('"', at) - at);
}

}  // namespace

TEST_CASE("log axis: whole decades, evenly apart") {
  const log_axis a(0.0003, 0.7);
  CHECK(a.low() == Approx(1e-4));
  CHECK(a.high() == Approx(1.0));
  REQUIRE(a.ticks().size() == 5);
  CHECK(a.label(a.ticks()[0]) == "0.0001");
  CHECK(a.label(a.ticks()[4]) == "1");
  CHECK(a.share(1e-4) == Approx(0.0).margin(1e-12));
  CHECK(a.share(1e-2) == Approx(0.5));
  CHECK(a.share(1.0) == Approx(1.0));
  CHECK(log_axis(0.001, 1).low() == Approx(0.001));  // ends on a power stay there
  CHECK(log_axis(10, 10).high() == Approx(100.0));
  CHECK(log_axis(1e-30, 1e30).ticks().size() <= 11);
  for (const double bad : {0.0, -1.0, std::nan(""), 1e-31})
    CHECK(error_of([&] { (void)log_axis(bad, 1); }).is(errc::report_value));
  CHECK(error_of([] { (void)log_axis(2, 1); }).is(errc::report_value));
  CHECK(error_of([] {
          (void)log_axis(1, std::numeric_limits<double>::infinity());
        }).is(errc::report_value));
}

TEST_CASE("line chart: a logarithmic x axis puts decades evenly apart") {
  const std::vector<line_series> lines{{.name = "a", .x = {0.01, 0.1, 1}, .y = {1, 1, 1}}};
  const std::string picture = line_chart(lines, {.title = "T", .y_low = 0.0, .log_x = true});
  CHECK(xml_error(picture).empty());
  CHECK(polyline(picture, 0) == "64,40 283,40 502,40");
  CHECK(polyline(line_chart(lines, {.y_low = 0.0}), 0) != polyline(picture, 0));
  CHECK(count_of(picture, ">0.01</text>") == 1);
  CHECK(xml_error(line_chart({}, {.log_x = true})).empty());
  const std::vector<line_series> zero{{.name = "z", .x = {0, 1}, .y = {1, 2}}};
  CHECK(xml_error(line_chart(zero, {})).empty());
  CHECK(error_of([&] { (void)line_chart(zero, {.log_x = true}); }).is(errc::report_value));
}

TEST_CASE("small-world window: two lines relative to the lattice, which itself is left out") {
  const std::string picture = small_world_window(some_curve(), {.title = "W <1>", .width = 520});
  CHECK(xml_error(picture).empty());
  CHECK(count_of(picture, "<polyline") == 2);
  CHECK(count_of(picture, "<circle") == 6);  // three points each: 0 has no logarithm
  CHECK(count_of(picture, ">C / C(0)</text>") == 1);
  CHECK(count_of(picture, ">L / L(0)</text>") == 1);
  CHECK(count_of(picture, ">W &lt;1&gt;</text>") == 1);
  // The later series is drawn first, below the other: L at 0.1 is half, C at 0.1 is 0.9.
  CHECK(polyline(picture, 0) == "64,62.91 283,166 502,269.09");
  CHECK(polyline(picture, 1) == "64,42.52 283,65.2 502,292");
}

TEST_CASE("small-world window: no lattice to compare with") {
  graph::small_world_curve empty;
  CHECK(error_of([&] { (void)small_world_window(empty); }).says({"C = 0", "L = 0"}));
  graph::small_world_curve curve = some_curve();
  CHECK(error_of([&] { (void)small_world_window(curve, {.width = 3}); }).is(errc::report_value));
  curve.points.clear();
  CHECK(xml_error(small_world_window(curve)).empty());
}
