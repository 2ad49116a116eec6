// SPDX-License-Identifier: Apache-2.0

// Pictures of masks: raster, ring, densities, and the page of a whole network.

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/graph/fold.hpp"
#include "swprune/graph/watts_strogatz.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/report/density_chart.hpp"
#include "swprune/report/mask_page.hpp"
#include "swprune/report/mask_raster.hpp"
#include "swprune/report/ring_drawing.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/mask/demo_layers.hpp"
#include "tests/report/xml_check.hpp"

using namespace swprune;
using namespace swprune::report;
using swprune_test::count_of;
using swprune_test::error_of;
using swprune_test::xml_error;

namespace {

mask::layer_mask mask_of(index_t out, index_t in) {
  mask::layer_mask m{
      .name = "conv<2>", .block = {8, 4}, .out_channels = out * 8, .in_channels = in * 4};
  m.blocks = mask::block_mask(out, in);
  return m;
}

/// The cells that a picture paints, by their style: parsed from its paths of cells.
std::map<std::string, std::set<std::pair<index_t, index_t>>> cells_of(const std::string& picture) {
  std::map<std::string, std::set<std::pair<index_t, index_t>>> cells;
  const std::regex path("<path transform=\"translate[^\"]*\" d=\"([^\"]*)\" ([^/]*)/>");
  const std::regex run("M(\\d+) (\\d+)h(\\d+)v1h-(\\d+)z");
  for (std::sregex_iterator p(picture.begin(), picture.end(), path), end; p != end; ++p) {
    const std::string data = (*p)[1];
    std::size_t used = 0;
    for (std::sregex_iterator r(data.begin(), data.end(), run); r != end; ++r) {
      used += r->str().size();
      const index_t column = std::stoll((*r)[1]), row = std::stoll((*r)[2]);
      const index_t width = std::stoll((*r)[3]);
      REQUIRE((*r)[3] == (*r)[4]);
      for (index_t i = column; i < column + width; ++i)
        REQUIRE(cells[(*p)[2]].insert({row, i}).second);
    }
    REQUIRE(used == data.size());
  }
  return cells;
}

std::set<std::pair<index_t, index_t>> live_cells(const mask::block_mask& m) {
  std::set<std::pair<index_t, index_t>> live;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (const index_t i : m.row(j)) live.insert({j, i});
  return live;
}

/// All cells of styles that are not tints.
std::set<std::pair<index_t, index_t>> painted(const std::string& picture) {
  std::set<std::pair<index_t, index_t>> all;
  for (const auto& [style, cells] : cells_of(picture))
    if (style.find("opacity") == std::string::npos)
      for (const auto& cell : cells) REQUIRE(all.insert(cell).second);
  return all;
}

}  // namespace

TEST_CASE("mask raster: the live blocks and nothing else is painted") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const auto size = [&] { return static_cast<index_t>(1 + random.below(40)); };
    mask::layer_mask m = mask_of(size(), size());
    mask_raster_params p{.size = 200};
    for (index_t j = 0; j < m.out_groups(); ++j)
      for (index_t i = 0; i < m.in_groups(); ++i) m.blocks.set(j, i, random.bernoulli(0.4));
    CHECK(painted(mask_raster(m, p)) == live_cells(m.blocks));
    for (index_t j = 0; j < m.out_groups(); ++j) p.row_clusters.push_back(j / 5);
    for (index_t i = 0; i < m.in_groups(); ++i) p.column_clusters.push_back(i / 5);
    p.plain = seed % 2 == 0;
    const std::string clustered = mask_raster(m, p);
    CHECK(painted(clustered) == live_cells(m.blocks));
    CHECK(xml_error(clustered).empty());
    p.tint_clusters = true;
    const std::string tinted = mask_raster(m, p);
    CHECK(painted(tinted) == live_cells(m.blocks));
    CHECK(xml_error(tinted).empty());
    // Tinted: absent blocks of clusters that have a live one.
    std::set<std::pair<index_t, index_t>> live_clusters, wanted, tints;
    for (const auto& [j, i] : live_cells(m.blocks)) live_clusters.insert({j / 5, i / 5});
    for (index_t j = 0; j < m.out_groups(); ++j)
      for (index_t i = 0; i < m.in_groups(); ++i)
        if (!m.blocks.test(j, i) && live_clusters.contains({j / 5, i / 5})) wanted.insert({j, i});
    for (const auto& [style, cells] : cells_of(tinted))
      if (style.find("opacity") != std::string::npos) tints.insert(cells.begin(), cells.end());
    CHECK(tints == wanted);
  }
}

TEST_CASE("mask raster: colours, words and what it refuses") {
  mask::layer_mask m = mask_of(3, 5);
  m.blocks.set(0, 1);
  m.blocks.set(0, 2);
  m.blocks.set(2, 4);
  const std::string plain = mask_raster(m);
  CHECK(xml_error(plain).empty());
  CHECK(count_of(plain, "M1 0h2v1h-2z") == 1);  // neighbours are one rectangle
  CHECK(count_of(plain, "conv&lt;2&gt;: 3 x 5 blocks of 8 x 4") == 2);
  CHECK(count_of(mask_raster(m, {.plain = true}), "<text") == 0);
  const auto clustered =
      cells_of(mask_raster(m, {.row_clusters = {0, 0, 1}, .column_clusters = {0, 0, 1, 1, 1}}));
  using cells = std::set<std::pair<index_t, index_t>>;
  CHECK(clustered.at("fill=\"#0072b2\"") == cells{{0, 1}});
  CHECK(clustered.at("fill=\"#323f4b\"") == cells{{0, 2}});  // between clusters
  CHECK(clustered.at("fill=\"#d55e00\"") == cells{{2, 4}});
  CHECK(xml_error(mask_raster(mask_of(1, 2000))).empty());
  CHECK(xml_error(mask_raster(mask_of(2000, 1))).empty());
  CHECK(error_of([&] {
          (void)mask_raster(m, {.row_clusters = {0, 0, 1}});
        }).says({"3 x 5 groups", "3 rows and 0 columns"}));
  CHECK(error_of([&] { (void)mask_raster(m, {.size = 1}); }).is(errc::report_value));
  m.blocks = mask::block_mask(1, 1);
  CHECK(error_of([&] { (void)mask_raster(m); }).is(errc::mask_shape));
}

TEST_CASE("mask raster: a wide mask stays small") {
  rng random(1);
  mask::layer_mask m = mask_of(128, 256);
  for (index_t j = 0; j < 128; ++j)
    for (index_t i = 0; i < 256; ++i) m.blocks.set(j, i, random.bernoulli(0.25));
  CHECK(mask_raster(m).size() < 16u * static_cast<std::size_t>(m.blocks.count()));
}

TEST_CASE("ring drawing: one dot per node, one curve per edge, shortcuts told apart") {
  rng random(5);
  const graph::undirected ring = graph::ws_classic({.nodes = 24, .degree = 4, .rewire = 0}, random);
  const std::string lattice = ring_drawing(ring, {.title = "ring", .reach = 2});
  CHECK(xml_error(lattice).empty());
  CHECK(count_of(lattice, "<circle") == 24);
  CHECK(count_of(lattice, "<path") == 1);
  CHECK(count_of(lattice, "Q") == 48);
  CHECK(count_of(lattice, "24 nodes, 48 edges, 0 of them shortcuts") == 1);
  const std::string near = ring_drawing(ring, {.reach = 1});
  CHECK(count_of(near, "24 of them shortcuts") == 1);
  CHECK(count_of(near, "<path") == 2);
  CHECK(count_of(near, "Q") == 48);
  CHECK(count_of(ring_drawing(ring, {.reach = 1, .plain = true}), "<text") == 0);
  const graph::undirected world =
      graph::ws_classic({.nodes = 24, .degree = 4, .rewire = 0.3}, random);
  CHECK(count_of(ring_drawing(world, {.reach = 2}), "stroke=\"#d55e00\"") == 1);
  CHECK(xml_error(ring_drawing(graph::undirected(1, {}), {})).empty());
  CHECK(error_of([&] { (void)ring_drawing(ring, {.clusters = {1, 2}}); }).says({"24 nodes"}));
  CHECK(error_of([&] { (void)ring_drawing(ring, {.size = 5}); }).is(errc::report_value));
  CHECK(error_of([&] { (void)ring_drawing(ring, {.reach = -1}); }).is(errc::report_value));
  CHECK(error_of([&] { (void)ring_drawing(ring, {.most_curves = 0}); }).is(errc::report_value));
}

TEST_CASE("ring drawing: many edges become a band and every n-th shortcut, and it says so") {
  rng random(5);
  const graph::undirected ring = graph::ws_classic({.nodes = 60, .degree = 6, .rewire = 0}, random);
  const std::string band = ring_drawing(ring, {.reach = 3, .most_curves = 100});
  CHECK(count_of(band, "Q") == 0);
  CHECK(count_of(band, "<circle") == 61);
  // Reach 1: 60 lattice edges and 120 shortcuts, of which every second is drawn.
  const std::string thinned = ring_drawing(ring, {.reach = 1, .most_curves = 60});
  CHECK(count_of(thinned, "Q") == 60 + 60);
  CHECK(count_of(thinned, "120 of them shortcuts (1 in 2 drawn)") == 1);
  CHECK(xml_error(band).empty());
  CHECK(xml_error(thinned).empty());
}

TEST_CASE("density chart: what is kept has its share of the bar's height") {
  const std::vector<density_bar> bars{
      {"conv1", 90, 90, true}, {"conv2", 25, 100}, {"fc<1>", 0, 7}, {"fc2", 3, 4}};
  const std::string picture = density_chart(bars, {.title = "T & U"});
  CHECK(xml_error(picture).empty());
  CHECK(count_of(picture, ">fc&lt;1&gt;</text>") == 1);
  CHECK(count_of(picture, ">T &amp; U</text>") == 1);
  // Pairs of rectangles: pruned above, kept below.
  const std::regex rect(
      "<rect x=\"[^\"]*\" y=\"([^\"]*)\" width=\"[^\"]*\" height=\"([^\"]*)\" fill=\"([^\"]*)\"/>");
  std::vector<std::pair<double, std::string>> heights;
  for (std::sregex_iterator r(picture.begin(), picture.end(), rect), end; r != end; ++r)
    if ((*r)[2] != "11") heights.emplace_back(std::stod((*r)[2]), (*r)[3]);
  REQUIRE(heights.size() == 8);
  for (std::size_t b = 0; b < bars.size(); ++b) {
    CAPTURE(b);
    const double share =
        heights[2 * b + 1].first / (heights[2 * b].first + heights[2 * b + 1].first);
    CHECK(
        share ==
        Approx(static_cast<double>(bars[b].kept) / static_cast<double>(bars[b].all)).margin(1e-3));
    CHECK(heights[2 * b + 1].second == (b == 0 ? "#7b8794" : "#0072b2"));
  }
  CHECK(xml_error(density_chart({})).empty());
  CHECK(error_of([] { (void)density_chart({{"a", 5, 4}}); }).says({"'a'", "5 of 4"}));
  CHECK(error_of([] { (void)density_chart({{"a", -1, 4}}); }).is(errc::report_value));
  CHECK(error_of([] { (void)density_chart({{"a", 0, 0}}); }).is(errc::report_value));
  CHECK(error_of([] { (void)density_chart({}, {.width = 10}); }).is(errc::report_value));
}

TEST_CASE("shortened: both ends stay, characters are not cut") {
  using report::detail::shortened;
  CHECK(shortened("conv1", 5) == "conv1");
  CHECK(shortened("layer1.0.conv2", 9) == "laye\xe2\x80\xa6onv2");
  CHECK(shortened("abcdef", 3) ==
        "a\xe2\x80\xa6"
        "f");
  const std::string umlauts = "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc";
  CHECK(shortened(umlauts, 6) == umlauts);
  CHECK(shortened(umlauts, 3) == "\xc3\xa4\xe2\x80\xa6\xc3\xbc");
}

TEST_CASE("mask page: every pruned layer once, the blocks of each, nothing of dense ones") {
  const auto& layers = swprune_test::demo_layers;
  for (const mask::ring_order order : {mask::ring_order::interleaved, mask::ring_order::aligned})
    for (const index_t q : {1, 2}) {
      CAPTURE(mask::to_string(order), q);
      const mask::mask_set all =
          mask::make_masks(layers, {.sparsity = 0.76, .order = order, .cluster_size = q}, rng(1));
      const mask_page_params p{
          .title = "demo <net>", .notes = {"a & b", "c"}, .order = order, .cluster_size = q};
      const std::string page = mask_page(all, layers, p);
      CHECK(xml_error(page).empty());
      CHECK(mask_page(mask::prunable_masks(all, layers), layers, p) == page);
      CHECK(count_of(page, ">a &amp; b</text>") == 1);
      std::size_t live = 0;
      std::size_t drawn = 0;
      for (const auto& l : layers) {
        CHECK(count_of(page, " font-weight=\"600\">" + l.name + "</text>") == !l.keep_dense);
        if (!l.keep_dense) live += static_cast<std::size_t>(all.at(l.name).blocks.count());
      }
      // The same cell may be live in two layers: count runs instead of a set.
      const std::regex run("M\\d+ \\d+h(\\d+)v1h-\\d+z");
      const std::regex solid("<path transform=[^>]*d=\"([^\"]*)\" fill=\"[^\"]*\"( shape[^/]*)?/>");
      for (std::sregex_iterator path(page.begin(), page.end(), solid), end; path != end; ++path) {
        const std::string data = (*path)[1];
        for (std::sregex_iterator r(data.begin(), data.end(), run); r != end; ++r)
          drawn += std::stoul((*r)[1]);
      }
      CHECK(drawn == live);
    }
}

TEST_CASE("mask page: sizes from none to many layers") {
  for (const int count : {0, 1, 13, 45, 150}) {
    CAPTURE(count);
    std::vector<mask::layer_spec> layers{{"stem", 3, 256, 3, 3, 1024, true}};
    for (int k = 0; k < count; ++k)
      layers.push_back(
          {fmt::format("stage{}.convolution{}", k / 10, k), 256, 256, 3, 3, 64, false});
    const mask::mask_set all = mask::make_masks(
        layers, count == 0 ? mask::mask_params{.sparsity = 0.0} : mask::mask_params{}, rng(2));
    const std::string page = mask_page(all, layers, {.title = "many"});
    CHECK(xml_error(page).empty());
    CHECK(page.size() < 4'000'000);
    const std::size_t at = page.find("height=\"") + 8;
    const double height = std::stod(page.substr(at));
    CHECK(height < 5000);
    CHECK(count_of(page, "No layer is pruned") == (count == 0));
  }
}

TEST_CASE("mask page: what it refuses") {
  const auto& layers = swprune_test::demo_layers;
  const mask::mask_set all = mask::make_masks(layers, {}, rng(1));
  CHECK(error_of([&] { (void)mask_page(all, layers, {.width = 10}); }).is(errc::report_value));
  CHECK(
      error_of([&] { (void)mask_page(all, layers, {.cluster_size = 0}); }).is(errc::report_value));
  CHECK(error_of([&] {
          (void)mask_page(mask::mask_set({all.at("conv2")}), layers, {});
        }).says({"'fc1'"}));
}
