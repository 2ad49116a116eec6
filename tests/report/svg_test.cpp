// SPDX-License-Identifier: Apache-2.0
#include "swprune/report/svg.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/report/axis.hpp"
#include "swprune/report/bar_chart.hpp"
#include "swprune/report/line_chart.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/report/xml_check.hpp"

using namespace swprune;
using namespace swprune::report;
using swprune_test::count_of;
using swprune_test::error_of;
using swprune_test::xml_error;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("xml_check: the checker of these tests can say no") {
  CHECK(xml_error("<a b=\"c\"><d/>text &amp; more</a>").empty());
  for (const char* bad :
       {"<a>", "<a></b>", "</a>", "<a b=c></a>", "<a b=\"<\"/>", "<a>&nbsp;</a>", "a", "<a>& b</a>",
        "<a/><b/>", "<a b=\"1\" b=\"2\"/>", "<a>\x01</a>", "<a", ""}) {
    CAPTURE(bad);
    CHECK_FALSE(xml_error(bad).empty());
  }
}

TEST_CASE("xml: any bytes become valid text") {
  CHECK(xml_escape("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(xml_escape("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\x8d") ==
        "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8c\x8d");
  const std::string lost = "\xef\xbf\xbd";
  CHECK(xml_escape("\x01\xff") == lost + lost);
  CHECK(xml_escape("\xc0\xaf") == lost + lost);             // overlong
  CHECK(xml_escape("\xed\xa0\x80") == lost + lost + lost);  // surrogate
  CHECK(xml_escape("\xef\xbf\xbf") == lost + lost + lost);  // not a character
  CHECK(xml_escape("\xe2\x82") == lost + lost);             // cut off
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    std::string noise(random.below(60), ' ');
    for (char& c : noise) c = static_cast<char>(random.next());
    REQUIRE(xml_error("<a b=\"" + xml_escape(noise) + "\">" + xml_escape(noise) + "</a>").empty());
  }
}

TEST_CASE("svg: every shape, well-formed, golden text") {
  svg picture(100, 50.5, "a & b");
  picture.rect({1, 2}, 3, 4.126, {.fill = "red"});
  picture.line({0, 0}, {1e-9, -0.001}, {.stroke = "#000", .width = 2, .dashed = true});
  picture.text({5, 6}, "<hi>", {.size = 10, .anchor = "end", .turn = -90});
  CHECK(xml_error(picture.str()).empty());
  CHECK(picture.str() ==
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"50.5\" "
        "viewBox=\"0 0 100 50.5\" role=\"img\" "
        "font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif\">\n"
        "<title>a &amp; b</title>\n<rect width=\"100\" height=\"50.5\" fill=\"#ffffff\"/>\n"
        "<rect x=\"1\" y=\"2\" width=\"3\" height=\"4.13\" fill=\"red\"/>\n"
        "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"0\" fill=\"none\" stroke=\"#000\" "
        "stroke-width=\"2\" stroke-dasharray=\"5 4\"/>\n"
        "<text x=\"5\" y=\"6\" font-size=\"10\" text-anchor=\"end\" fill=\"#1f2933\" "
        "transform=\"rotate(-90 5 6)\">&lt;hi&gt;</text>\n</svg>\n");
  CHECK(error_of([] { (void)svg(0, 10, ""); }).is(errc::report_value));
  CHECK(error_of([] { (void)svg(nan_value, 10, ""); }).is(errc::report_value));
  CHECK(error_of([&] { picture.circle({nan_value, 0}, 1, {}); }).is(errc::report_value));
}

TEST_CASE("axis: round ticks around the data") {
  const axis a(0.3, 9.7);
  CHECK(a.low() == 0);
  CHECK(a.high() == 10);
  CHECK(a.ticks().size() == 6);
  CHECK(a.label(a.ticks()[1]) == "2");
  CHECK(axis(0.912, 0.934).label(0.92) == "0.920");
  CHECK(axis(0, 2'300'000).label(500'000) == "500k");
  CHECK(axis(-1, 1).label(-0.0) == "0.0");
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const double scale = std::pow(10.0, 20 * random.uniform() - 10);
    const double p = (random.uniform() - 0.5) * scale;
    const double q = seed % 5 == 0 ? p : (random.uniform() - 0.5) * scale;
    const double low = std::min(p, q);
    const double high = std::max(p, q);
    const axis b(low, high);
    const double slack = 1e-6 * (b.high() - b.low());
    REQUIRE(b.low() <= low + slack);
    REQUIRE(b.high() >= high - slack);
    REQUIRE(b.ticks().size() >= 2);
    REQUIRE(b.ticks().size() <= 13);
  }
  CHECK(error_of([] { (void)axis(1, 0); }).is(errc::report_value));
  CHECK(error_of([] { (void)axis(nan_value, 0); }).is(errc::report_value));
}

TEST_CASE("line chart: one line per series, gaps, empty data") {
  const line_series a{.name = "a<b", .x = {1, 2, 3, 4, 5}, .y = {1, 2, nan_value, 3, 4}};
  const line_series b{.name = "b", .x = {1, 2, 3}, .y = {5, 6, 7}};
  const std::string picture = line_chart({a, b}, {.title = "T", .x_label = "x", .y_label = "y"});
  CHECK(xml_error(picture).empty());
  CHECK(count_of(picture, "<polyline") == 3);  // a has a gap
  CHECK(count_of(picture, "<circle") == 7);
  CHECK(count_of(picture, ">a&lt;b</text>") == 1);
  CHECK(xml_error(line_chart({}, {})).empty());
  CHECK(xml_error(line_chart({{.name = "none"}}, {})).empty());
  CHECK(xml_error(line_chart({{.name = "one", .x = {3}, .y = {3}}}, {})).empty());
  CHECK(xml_error(line_chart({a}, {.y_low = 90.0})).empty());
  CHECK(xml_error(line_chart({a}, {.y_high = -90.0})).empty());
  CHECK(error_of([] {
          (void)line_chart({{.name = "u", .x = {1}, .y = {}}}, {});
        }).says({"'u'", "1 x and 0 y"}));
  CHECK(error_of([] { (void)line_chart({}, {.width = 10}); }).is(errc::report_value));
}

TEST_CASE("bar chart: one bar per category and series, height in proportion") {
  const std::string picture =
      bar_chart({"conv1", "fc&1"}, {{"dense", {100, 50}}, {"sparse", {25, 0}}}, {.title = "T"});
  CHECK(xml_error(picture).empty());
  CHECK(count_of(picture, "<rect") == 1 + 4);  // and the ground
  CHECK(count_of(picture, ">fc&amp;1</text>") == 1);
  CHECK(xml_error(bar_chart({}, {}, {})).empty());
  CHECK(error_of([] { (void)bar_chart({"a"}, {{"s", {1, 2}}}, {}); }).says({"'s'", "2 values"}));
  for (const double bad : {-1.0, nan_value})
    CHECK(error_of([&] { (void)bar_chart({"a"}, {{"s", {bad}}}, {}); }).is(errc::report_value));
}

TEST_CASE("svg: a picture within a picture, cells of a grid") {
  svg inner(20, 10, "in <here>");
  inner.rect({0, 0}, 20, 10, {.fill = "red"});
  svg outer(100, 50, "out");
  outer.add(inner, {30, 20.5});
  outer.cells("M1 2h3v1h-3z", {4, 5}, {2.5, 6}, {.fill = "blue", .opacity = 0.5});
  CHECK(outer.width() == 100);
  CHECK(outer.height() == 50);
  const std::string text = outer.str();
  CHECK(xml_error(text).empty());
  CHECK(count_of(text, "<svg") == 1);
  CHECK(count_of(text,
                 "<g transform=\"translate(30 20.5)\">\n<title>in &lt;here&gt;</title>\n"
                 "<rect x=\"0\" y=\"0\" width=\"20\" height=\"10\" fill=\"red\"/>\n</g>") == 1);
  CHECK(count_of(text,
                 "<path transform=\"translate(4 5) scale(2.5 6)\" d=\"M1 2h3v1h-3z\" "
                 "fill=\"blue\" opacity=\"0.5\" shape-rendering=\"crispEdges\"/>") == 1);
  CHECK(error_of([&] {
          outer.cells("M0 0h1v1h-1z", {0, 0}, {nan_value, 1}, {});
        }).is(errc::report_value));
  CHECK(error_of([&] { outer.add(inner, {nan_value, 0}); }).is(errc::report_value));
}
