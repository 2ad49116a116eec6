// SPDX-License-Identifier: Apache-2.0
#include "swprune/report/svg.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/lattice.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/report/axis.hpp"
#include "swprune/report/bar_chart.hpp"
#include "swprune/report/line_chart.hpp"
#include "swprune/report/mask_raster.hpp"
#include "swprune/report/ring_drawing.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/report/xml_check.hpp"

using namespace swprune;
using namespace swprune::report;
using swprune_test::count_of;
using swprune_test::error_of;
using swprune_test::xml_error;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

mask::layer_mask mask_of(index_t out, index_t in) {
  mask::layer_mask m{
      .name = "conv<2>", .block = {8, 4}, .out_channels = out * 8, .in_channels = in * 4};
  m.blocks = mask::block_mask(out, in);
  return m;
}

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

TEST_CASE("mask raster: the live blocks and nothing else is painted") {
  mask::layer_mask m = mask_of(3, 5);
  m.blocks.set(0, 1);
  m.blocks.set(0, 2);  // joins the one before
  m.blocks.set(2, 4);
  const std::string plain = mask_raster(m);
  CHECK(xml_error(plain).empty());
  CHECK(count_of(plain, "fill=\"#0072b2\"") == 2);
  CHECK(count_of(plain, "width=\"48\" height=\"24\" fill=\"#0072b2\"") == 1);
  CHECK(count_of(plain, "conv&lt;2&gt;: 3 x 5 blocks of 8 x 4") == 2);
  const std::string clustered =
      mask_raster(m, {.row_clusters = {0, 0, 1}, .column_clusters = {0, 0, 1, 1, 1}});
  CHECK(xml_error(clustered).empty());
  CHECK(count_of(clustered, "fill=\"#0072b2\"") == 1);  // (0, 1)
  CHECK(count_of(clustered, "fill=\"#323f4b\"") == 1);  // (0, 2) between clusters
  CHECK(count_of(clustered, "fill=\"#d55e00\"") == 1);  // (2, 4)
  CHECK(xml_error(mask_raster(mask_of(1, 2000))).empty());
  CHECK(xml_error(mask_raster(mask_of(2000, 1))).empty());
  CHECK(error_of([&] {
          (void)mask_raster(m, {.row_clusters = {0, 0, 1}});
        }).says({"3 x 5 groups", "3 rows and 0 columns"}));
  CHECK(error_of([&] { (void)mask_raster(m, {.size = 1}); }).is(errc::report_value));
  m.blocks = mask::block_mask(1, 1);
  CHECK(error_of([&] { (void)mask_raster(m); }).is(errc::mask_shape));
}

TEST_CASE("ring drawing: one dot per node, one curve per edge, shortcuts told apart") {
  rng random(5);
  const graph::undirected ring = graph::ws_classic({.nodes = 24, .degree = 4, .rewire = 0}, random);
  const std::string lattice = ring_drawing(ring, {.title = "ring", .reach = 2});
  CHECK(xml_error(lattice).empty());
  CHECK(count_of(lattice, "<circle") == 24);
  CHECK(count_of(lattice, "<path") == 48);
  CHECK(count_of(lattice, "24 nodes, 48 edges, 0 of them shortcuts") == 1);
  CHECK(count_of(ring_drawing(ring, {.reach = 1}), "24 of them shortcuts") == 1);
  const graph::undirected world =
      graph::ws_classic({.nodes = 24, .degree = 4, .rewire = 0.3}, random);
  CHECK(count_of(ring_drawing(world, {.reach = 2}), "stroke=\"#d55e00\"") > 0);
  CHECK(xml_error(ring_drawing(graph::undirected(1, {}), {})).empty());
  CHECK(error_of([&] { (void)ring_drawing(ring, {.clusters = {1, 2}}); }).says({"24 nodes"}));
  CHECK(error_of([&] { (void)ring_drawing(ring, {.size = 5}); }).is(errc::report_value));
  CHECK(error_of([&] { (void)ring_drawing(ring, {.reach = -1}); }).is(errc::report_value));
}
