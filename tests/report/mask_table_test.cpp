// SPDX-License-Identifier: Apache-2.0
#include "swprune/report/mask_table.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/report/mask_table_json.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/mask/demo_layers.hpp"

using namespace swprune;
using namespace swprune::report;
using swprune_test::error_of;

namespace {

/// Whether weight (o, i, tap) exists, from the definition of layer_mask.
bool exists(const mask::layer_mask& m, index_t o, index_t i, index_t t) {
  const index_t row = o / m.block.outputs;
  const index_t column = i / m.block.inputs;
  return m.blocks.test(row, column) && m.kept_taps.test(row, column, t);
}

/// Counts weights one by one and checks the columns that follow from them.
void check_counts(const mask_row& r, const mask::layer_mask& m, const mask::layer_spec& l) {
  CAPTURE(r.name);
  index_t kept = 0;
  std::vector<index_t> loads;
  for (index_t o = 0; o < m.out_channels; ++o) {
    index_t row = 0;
    for (index_t i = 0; i < m.in_channels; ++i)
      for (index_t t = 0; t < m.taps(); ++t) row += exists(m, o, i, t);
    kept += row;
    if (o % m.block.outputs == 0) loads.push_back(row);
  }
  CHECK(r.weights_kept == kept);
  CHECK(r.weights == l.weights());
  CHECK(r.macs == l.weights() * l.out_pixels);
  CHECK(r.macs_kept == kept * l.out_pixels);
  CHECK(r.density() == Approx(static_cast<double>(kept) / static_cast<double>(l.weights())));
  double mean = 0;
  for (const index_t load : loads) mean += static_cast<double>(load);
  mean /= static_cast<double>(loads.size());
  CHECK(r.worst_load ==
        Approx(static_cast<double>(*std::max_element(loads.begin(), loads.end())) / mean));
  index_t fewest = m.in_groups(), most = 0, taps = 0;
  for (index_t j = 0; j < m.out_groups(); ++j) {
    fewest = std::min(fewest, m.blocks.row_degree(j));
    most = std::max(most, m.blocks.row_degree(j));
    for (const index_t i : m.blocks.row(j)) taps += m.taps_of(j, i);
  }
  CHECK(r.degree == fewest);
  CHECK(r.worst_row == most);
  CHECK(r.tap_density ==
        Approx(static_cast<double>(taps) / static_cast<double>(m.blocks.count() * m.taps())));
}

/// Which input groups tiles of four rows need, counted cell by cell.
double union_of_four(const mask::block_mask& m) {
  index_t needed = 0, tiles = 0;
  for (index_t first = 0; first < m.out_groups(); first += 4, ++tiles)
    for (index_t i = 0; i < m.in_groups(); ++i) {
      bool used = false;
      for (index_t j = first; j < std::min(first + 4, m.out_groups()); ++j)
        used = used || m.test(j, i);
      needed += used;
    }
  return static_cast<double>(needed) / static_cast<double>(tiles * m.in_groups());
}

bool same(double a, double b) { return (std::isnan(a) && std::isnan(b)) || a == b; }

}  // namespace

TEST_CASE("mask table: every column against the masks themselves") {
  for (const char* name : {"lenet5", "resnet20"}) {
    CAPTURE(name);
    const auto layers = nn::layers_by_name(name);
    const rng root(7);
    const mask::ring_order order = mask::ring_order::interleaved;
    const auto all =
        mask::make_masks(layers, {.sparsity = 0.76, .block = {4, 2}, .order = order}, root);
    const mask_table t = measure_masks(all, layers, {.order = order}, root);
    CHECK(t.rows.size() == layers.size());
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const mask_row& r = t.rows[l];
      const mask::layer_mask& m = all.layers()[l];
      CHECK(r.name == layers[l].name);
      CHECK(r.prunable == !layers[l].keep_dense);
      CHECK(r.out_groups == m.blocks.out_groups());
      CHECK(r.in_groups == m.blocks.in_groups());
      check_counts(r, m, layers[l]);
      if (m.out_groups() >= 4) CHECK(r.union4 == Approx(union_of_four(m.blocks)));
      if (!r.prunable) {
        CHECK(std::isnan(r.small_world.sigma));
        continue;
      }
      rng random = root.stream("metrics", hash64(r.name));
      const auto world = mask::measure_small_world(m.blocks, order, random);
      CHECK(same(r.small_world.sigma, world.sigma));
      CHECK(same(r.small_world.omega, world.omega));
      CHECK(r.small_world.clustering == world.clustering);
      CHECK(same(r.small_world.path_length, world.path_length));
    }
    CHECK(t.mixing == mask::mixing_report(all.layers(), layers));
    CHECK(t.sparsity() == Approx(1.0 - all.density()));
    CHECK(t.total(&mask_row::weights_kept) == all.kept_weights());
    // Without graphs: the same but for sigma and omega.
    const mask_table plain = measure_masks(all, layers, {.order = order, .graphs = false}, root);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      CHECK(std::isnan(plain.rows[l].small_world.sigma));
      CHECK(plain.rows[l].union4 == t.rows[l].union4);
    }
    // The prunable masks alone say the same.
    const auto pruned = mask::prunable_masks(all, layers);
    CHECK(to_text(measure_masks(pruned, layers, {.order = order}, root)) == to_text(t));
  }
}

TEST_CASE("mask table: taps and uneven rows count") {
  const std::vector<mask::layer_spec> layers{{"a", 8, 16, 1, 3, 5, false}};
  mask::layer_mask m{.name = "a", .block = {8, 4}, .out_channels = 16, .in_channels = 8};
  m.kernel_width = 3;
  m.blocks = mask::block_mask(2, 2);
  m.blocks.set(0, 0);
  m.blocks.set(1, 0);
  m.blocks.set(1, 1);
  m.kept_taps = mask::tap_mask(2, 2, 3);
  for (const auto& [j, i, t] : {std::array<index_t, 3>{0, 0, 1}, {1, 0, 0}, {1, 0, 2}, {1, 1, 1}})
    m.kept_taps.set(j, i, t);
  const mask_table t =
      measure_masks(mask::mask_set({m}), layers, {.order = mask::ring_order::aligned}, rng(1));
  REQUIRE(t.rows.size() == 1);
  check_counts(t.rows[0], m, layers[0]);
  CHECK(t.rows[0].weights_kept == 4 * 8 * 4);
  CHECK(t.rows[0].degree == 1);
  CHECK(t.rows[0].worst_row == 2);
  CHECK(t.rows[0].worst_load == Approx(1.5));
  CHECK(t.rows[0].tap_density == Approx(4.0 / 9.0));
  CHECK(t.rows[0].macs_kept == 4 * 8 * 4 * 5);
}

TEST_CASE("mask table: text has a line for each layer and the totals, columns in line") {
  const auto& layers = swprune_test::demo_layers;
  const auto all = mask::make_masks(layers, {}, rng(1));
  const mask_table t = measure_masks(all, layers, {}, rng(1));
  std::istringstream text(to_text(t));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  REQUIRE(lines.size() == 1 + layers.size() + 1 + 3);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    CHECK(lines[l + 1].rfind(layers[l].name, 0) == 0);
    CHECK(lines[l + 1].size() == lines[0].size());
    CHECK((lines[l + 1].find(" * ") != std::string::npos) == layers[l].keep_dense);
  }
  CHECK(lines[6].find("sparsity 76.0") != std::string::npos);
  CHECK(lines[7].find("108960 of 454688") != std::string::npos);
  CHECK(lines[8].find("every output reaches every input") == 0);

  // Block-diagonal masks: told, and by name.
  const std::vector<mask::layer_spec> two{{"a", 8, 16, 1, 1, 1, false},
                                          {"b", 16, 16, 1, 1, 1, false}};
  mask::layer_mask a{.name = "a", .block = {8, 4}, .out_channels = 16, .in_channels = 8};
  a.blocks = mask::block_mask(2, 2);
  a.blocks.set(0, 0);
  a.blocks.set(1, 1);
  mask::layer_mask b{.name = "b", .block = {8, 8}, .out_channels = 16, .in_channels = 16};
  b.blocks = a.blocks;
  const std::string apart = to_text(
      measure_masks(mask::mask_set({a, b}), two, {.order = mask::ring_order::aligned}, rng(1)));
  CHECK(apart.find("NOT every output reaches every input (b: 50.0 %") != std::string::npos);
  CHECK(apart.find("pairs that do not mix: a -> b") != std::string::npos);
}

TEST_CASE("mask table: JSON says what the table says; what does not exist is null") {
  const auto& layers = swprune_test::demo_layers;
  const auto all = mask::make_masks(layers, {}, rng(1));
  mask_table t = measure_masks(all, layers, {}, rng(1));
  const auto j = nlohmann::json::parse(mask_table_json(t).dump());
  REQUIRE(j["layers"].size() == layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto& row = j["layers"][l];
    CHECK(row["name"] == layers[l].name);
    CHECK(row["prunable"] == !layers[l].keep_dense);
    CHECK(row["parameters"]["all"] == layers[l].weights());
    CHECK(row["parameters"]["kept"] == all.layers()[l].kept_weights());
    CHECK(row["macs"]["all"] == layers[l].macs());
    CHECK(row["macs"]["kept"] == all.layers()[l].kept_weights() * layers[l].out_pixels);
    CHECK(row["groups"][0] == all.layers()[l].out_groups());
    CHECK(row["groups"][1] == all.layers()[l].in_groups());
    CHECK(row["kernel"][0] == layers[l].kernel_height);
    CHECK(row["reach"] == t.mixing.reach[l]);
    CHECK(row["small_world"]["sigma"].is_null() == layers[l].keep_dense);
  }
  CHECK(j["totals"]["parameters"]["kept"] == all.kept_weights());
  CHECK(j["totals"]["sparsity"] == t.sparsity());
  CHECK(j["totals"]["mac_ratio"] == t.mac_ratio());
  CHECK(j["totals"]["all_reached"] == true);
  CHECK(j["totals"]["unmixed"].empty());
  t.mixing.reach.pop_back();
  CHECK(error_of([&] { (void)mask_table_json(t); }).is(errc::report_value));
}
