// SPDX-License-Identifier: Apache-2.0

// The tables of the program `small_world_window`: against an earlier prototype, against what must
// hold whatever the draw, and the program as a user runs it.

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "examples/small_world_window_measure.hpp"
#include "examples/small_world_window_page.hpp"
#include "examples/small_world_window_strides.hpp"
#include "tests/report/xml_check.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using namespace small_world_window;
using swprune_test::quoted;

namespace {

constexpr index_t seeds = 20;

swprune_test::run_result program(const std::string& options) {
  return swprune_test::run(quoted(SWPRUNE_SMALL_WORLD_WINDOW) + " " + options);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// How far a figure of the prototype may lie from our mean over 20 seeds. It does not say how many
/// masks its figure is the mean of: taken as `draws` draws of the spread s that we see, the
/// difference has the deviation s sqrt(1 / draws + 1 / 20), of which 3.9 leave out 0.1 % (Student,
/// 19 degrees of freedom), and the figure is rounded to `digit`.
double allowed(const estimate& ours, double draws, double digit) {
  const double spread = ours.error * std::sqrt(static_cast<double>(ours.samples));
  return 3.9 * spread * std::sqrt(1.0 / draws + 1.0 / static_cast<double>(ours.samples)) +
         0.5 * digit + 1e-9;
}

bool near(const estimate& ours, double theirs, double draws, double digit) {
  return std::abs(ours.value - theirs) <= allowed(ours, draws, digit);
}

bool agrees(const block_row& ours, const prototype_row& theirs) {
  return near(ours.clustering, theirs.clustering, 1, 0.001) &&
         near(ours.path_length, theirs.path_length, 1, 0.01) &&
         near(ours.sigma, theirs.sigma, 1, 0.01) && near(ours.omega, theirs.omega, 1, 0.01);
}

block_row measured(index_t groups, index_t degree, double beta) {
  block_row row{.groups = groups, .degree = degree, .beta = beta};
  measure_blocks(row, seeds, sp::rng(1));
  return row;
}

}  // namespace

TEST_CASE("block masks have the C, L, sigma and omega of the prototype") {
  for (const prototype_row& theirs : prototype_rows) {
    const block_row ours = measured(theirs.groups, theirs.degree, theirs.beta);
    CAPTURE(theirs.groups, theirs.degree, theirs.beta);
    CAPTURE(ours.clustering.value, theirs.clustering, allowed(ours.clustering, 1, 0.001));
    CAPTURE(ours.path_length.value, theirs.path_length, allowed(ours.path_length, 1, 0.01));
    CAPTURE(ours.sigma.value, theirs.sigma, allowed(ours.sigma, 1, 0.01));
    CAPTURE(ours.omega.value, theirs.omega, allowed(ours.omega, 1, 0.01));
    CHECK(agrees(ours, theirs));
    // What it says of half or double the shortcuts is told apart.
    for (const prototype_row& other : prototype_rows)
      if (other.groups == theirs.groups && other.degree == theirs.degree &&
          other.beta != theirs.beta)
        CHECK_FALSE(agrees(ours, other));
  }
}

TEST_CASE("chains of 32 groups mix after as many masks as the prototype's") {
  int told_apart = 0;
  int pairs = 0;
  for (const prototype_depth& theirs : prototype_depths) {
    block_row ours{.groups = 32, .degree = theirs.degree, .beta = theirs.beta};
    measure_chains(ours, seeds, sp::rng(1));
    // One decimal is the mean of ten chains at least; whole numbers may be a single one.
    const double draws = theirs.degree == 2 ? 1 : 10;
    const double digit = theirs.degree == 2 ? 1 : 0.1;
    CAPTURE(theirs.degree, theirs.beta, theirs.masks, ours.aligned.text());
    REQUIRE_FALSE(ours.aligned.never);
    CHECK(near(ours.aligned.masks, theirs.masks, draws, digit));
    CHECK(ours.interleaved.masks.value <= ours.aligned.masks.value + 0.5);
    for (const prototype_depth& other : prototype_depths) {
      if (other.degree == theirs.degree) continue;
      ++pairs;
      told_apart += !near(ours.aligned.masks, other.masks, draws, digit);
    }
  }
  CHECK(told_apart > 8 * pairs / 10);
}

TEST_CASE("masks of one block a row never mix, and it is said so") {
  for (const double beta : {0.0, 0.1, 1.0}) {
    block_row row{.groups = 8, .degree = 1, .beta = beta};
    measure_chains(row, 3, sp::rng(1));
    CHECK(row.aligned.text() == "never");
    CHECK(row.interleaved.text() == "never");
  }
  CHECK(mixing_depth{{std::numeric_limits<double>::infinity(), 0.0, 3}, false}.text() == "> 1000");
  CHECK(mixing_depth{{4.0, 0.0, 3}, false}.text() == "4");
  CHECK(mixing_depth{{4.0, 0.1, 3}, false}.text() == "4.0");
}

TEST_CASE("sigma without triangles is no number") {
  const block_row row = measured(16, 3, 0.0);  // a ring and nothing else, when folded
  CHECK(row.clustering.value == 0.0);
  CHECK(std::isnan(row.sigma.value));
  results r;
  r.blocks.push_back(row);
  CHECK(contains(markdown_of(r), "| 16 | 3 (0.188) | 0 | 0.000 | 4.27 | - | - |"));
  CHECK(json_of(r)["blocks"][0]["sigma"]["value"].is_null());
}

TEST_CASE("interleaving changes when chains mix and nothing else") {
  for (const index_t groups : {16, 32, 64}) {
    const block_row row = measured(groups, groups / 4, 0.05);
    CAPTURE(groups);
    CHECK(row.interleaved.masks.value < row.aligned.masks.value);
    sp::rng random(3);
    const auto g = sp::graph::ws_balanced({{groups, groups, groups / 4, 0}, 0.05}, random).graph;
    const auto woven = placed(g, sp::mask::ring_order::interleaved);
    CHECK(sp::graph::row_union(woven, 4) == sp::graph::row_union(g, 4));
    CHECK(sp::graph::second_singular_value(woven) ==
          Approx(sp::graph::second_singular_value(g)).epsilon(1e-12));
  }
}

TEST_CASE("quarter-width VGG: depth and union of 4 rows") {
  for (const vgg_row& row : measure_vgg_table(seeds, sp::rng(1))) {
    CAPTURE(row.name, row.depth.text(), row.widening_union.value, row.late_union.value);
    REQUIRE_FALSE(row.depth.never);
    const bool woven_lattice =
        row.kind == sp::mask::mask_kind::lattice && row.order == sp::mask::ring_order::interleaved;
    // The stride of 16 groups is 3 here and was another in the prototype: a layer more at most.
    CHECK(row.depth.masks.value <= row.prototype_depth + (woven_lattice ? 1.0 : 0.5));
    CHECK(row.depth.masks.value >= row.prototype_depth - 1.0);
    if (row.kind != sp::mask::mask_kind::random)  // which keeps no trace of the lattice
      CHECK(near(row.widening_union, row.prototype_union, 1, 0.01));
    CHECK(row.late_union.value == Approx(row.prototype_union).margin(0.05));
  }
}

TEST_CASE("stride rules: a stride and its inverse mix square chains and rows of two alike") {
  const stride_table table = measure_strides();
  REQUIRE(table.rules.size() == 5);
  bool differs = false;
  for (const stride_case& c : table.cases) {
    CAPTURE(c.name);
    REQUIRE(c.depths.size() == 5);
    const bool chain = contains(c.name, " x ") || contains(c.name, "= 2 Go");
    if (chain) {
      CHECK(c.depths[0] == c.depths[1]);
      CHECK(c.depths[3] == c.depths[4]);
    }
    differs = differs || c.depths[0] != c.depths[1];
  }
  CHECK(differs);
  const auto vgg = table.cases.front().depths;
  CHECK(*std::min_element(vgg.begin(), vgg.end()) == 3);
  for (const stride_case& c : table.strides)
    for (const index_t stride : c.depths) CHECK(std::gcd(stride, std::stoll(c.name)) == 1);
}

TEST_CASE("small_world_window: bad options give a word and exit code 2") {
  for (const char* options : {"", "--out", "--out x --realisations 1", "--out x --seeds none",
                              "--out x --seed -3", "--out x --colour red"}) {
    CAPTURE(options);
    const auto run = program(options);
    CAPTURE(run.output);
    CHECK(run.exit_code == 2);
    CHECK(contains(run.output, "--"));
  }
}

TEST_CASE("small_world_window: an output that cannot be written is named") {
  const swprune_test::temp_dir dir;
  swprune_test::write_text(dir / "file", "in the way");
  const auto run = program("--seeds 2 --realisations 2 --out " + quoted((dir / "file").string()));
  CAPTURE(run.output);
  CHECK(run.exit_code == 1);
  CHECK(contains(run.output, "file"));
}

TEST_CASE("small_world_window: a small run writes tables and pictures that agree") {
  const swprune_test::temp_dir dir;
  const auto out = dir / "out";
  const auto run = program("--seeds 3 --realisations 3 --seed 5 --out " + quoted(out.string()));
  CAPTURE(run.output);
  REQUIRE(run.exit_code == 0);
  const auto figures = json::parse(swprune_test::read_text(out / "small_world_window.json"));
  CHECK(figures["seed"] == 5);
  const auto& points = figures["figure_1998"]["points"];
  REQUIRE(points.size() == 17);
  const auto curve = sp::graph::measure_small_world_curve({.realisations = 3}, sp::rng(5));
  for (std::size_t i = 0; i < points.size(); ++i) {
    CHECK(points[i]["rewire"] == curve.points[i].rewire);
    CHECK(points[i]["clustering_ratio"] == curve.clustering_ratio(curve.points[i]));
    CHECK(points[i]["path_length_ratio"] == curve.path_length_ratio(curve.points[i]));
  }
  block_row one{.groups = 32, .degree = 8, .beta = 0.1};
  measure_blocks(one, 3, sp::rng(5));
  bool found = false;
  for (const auto& b : figures["blocks"])
    if (b["groups"] == 32 && b["degree"] == 8 && b["beta"] == 0.1) {
      found = true;
      CHECK(b["sigma"]["value"] == one.sigma.value);
      CHECK(b["mixing_aligned"]["value"] == one.aligned.masks.value);
    }
  CHECK(found);
  const std::string page = swprune_test::read_text(out / "small_world_window.md");
  CHECK(contains(page, "| 8 | 1 (0.125) | 0 |"));
  CHECK(contains(page, "never"));
  CHECK_FALSE(contains(page, "nan"));
  CHECK_FALSE(contains(page, "inf"));
  for (const char* name : {"small_world_1998.svg", "small_world_32_8.svg", "small_world_64_10.svg",
                           "small_world_128_20.svg"}) {
    CAPTURE(name);
    const std::string picture = swprune_test::read_text(out / name);
    CHECK(swprune_test::xml_error(picture).empty());
    CHECK(swprune_test::count_of(picture, "<polyline") == 2);
  }
}
