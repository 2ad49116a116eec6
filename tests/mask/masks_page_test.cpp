// SPDX-License-Identifier: Apache-2.0
// The worked examples of docs/masks.md are what the library makes.
#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "swprune/mask/allocate.hpp"
#include "swprune/mask/hierarchy.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/layer_lists.hpp"

using namespace swprune;
using mask::density_rule;
using mask::layer_mask;
using mask::layer_spec;

namespace {

std::string page() {
  std::ifstream in(std::string(SWPRUNE_SOURCE_DIR) + "/docs/masks.md");
  REQUIRE(in.good());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The lines behind the marker of that example, up to the next empty line.
std::string example(const std::string& name) {
  const std::string text = page();
  const std::string marker = "<!-- example: " + name + " -->\n";
  const auto start = text.find(marker);
  REQUIRE(start != std::string::npos);
  const auto first = start + marker.size();
  return text.substr(first, text.find("\n\n", first) + 1 - first);
}

bool says(const std::string& words) {
  std::string text = page();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.find(words) != std::string::npos;
}

/// The layer of the first two examples.
layer_mask two_levels(double tap_density) {
  const std::vector<layer_spec> layers{{"conv2", 32, 64, 3, 3, 1, false}};
  const double density = tap_density / 4.0;
  return mask::make_masks(layers,
                          {.sparsity = 1.0 - density,
                           .block = {8, 4},
                           .kind = mask::mask_kind::lattice,
                           .order = mask::ring_order::aligned,
                           .cluster_size = 2,
                           .tap_density = tap_density,
                           .inner_degree = 1},
                          rng(1))
      .layers()[0];
}

}  // namespace

TEST_CASE("the example of two levels") {
  const layer_mask m = two_levels(1.0);
  rng random(1);
  const auto h = mask::hierarchy({.size = {8, 8, 2, 0},
                                  .kind = mask::mask_kind::lattice,
                                  .cluster_size = 2,
                                  .inner_degree = 1},
                                 random);
  std::string text;
  for (index_t j = 0; j < 8; ++j) {
    text += "    ";
    for (index_t c = 0; c < 4; ++c)
      text += j % 2 != 0 ? ' ' : h.clusters.has_edge(j / 2, c) ? '#' : '.';
    text += "       ";
    for (index_t i = 0; i < 8; ++i) text += m.blocks.test(j, i) ? '#' : '.';
    text += '\n';
  }
  CHECK(example("clusters") == text);
  for (index_t v = 0; v < 8; ++v) {
    CHECK(m.blocks.row_degree(v) == 2);
    CHECK(m.blocks.column_degree(v) == 2);
  }
}

TEST_CASE("the example of taps") {
  const layer_mask m = two_levels(1.0 / 3.0);
  std::string text;
  for (index_t j = 0; j < 3; ++j) {
    std::string label = fmt::format("row {}", j);
    for (const index_t i : m.blocks.row(j)) {
      text += fmt::format("    {:<8}block {}   ", label, i);
      for (index_t t = 0; t < 9; ++t) {
        text += m.kept_taps.test(j, i, t) ? '#' : '.';
        if (t == 2 || t == 5) text += ' ';
      }
      text += '\n';
      label.clear();
    }
  }
  CHECK(example("taps") == text);
  std::vector<index_t> used(9, 0);
  for (index_t j = 0; j < 8; ++j)
    for (const index_t i : m.blocks.row(j))
      for (index_t t = 0; t < 9; ++t)
        used[static_cast<std::size_t>(t)] += m.kept_taps.test(j, i, t);
  CHECK(used == std::vector<index_t>{4, 4, 4, 4, 16, 4, 4, 4, 4});
  CHECK(m.kept_weights() == 1536);
  CHECK(m.weights() == 18432);
  CHECK(m.density() == Approx(1.0 / 12.0));
  CHECK(m.kept_taps.bytes().size() == 576);
  CHECK(std::count(m.kept_taps.bytes().begin(), m.kept_taps.bytes().end(), 1) == 48);
  CHECK(says("16 blocks x 32 kernels x 3 taps = 1536 of 18432 weights"));
  CHECK(says("8 x 8 x 9 = 576 bytes with 48 ones"));
}

TEST_CASE("the table of allocations") {
  std::string text =
      "| network | wanted | uniform: sparsity | MACs | ERK: sparsity | MACs |\n"
      "|---|---|---|---|---|---|\n";
  for (const char* network : {"vgg16", "resnet18"})
    for (const double sparsity : {0.76, 0.84, 0.9}) {
      const auto layers = nn::layers_by_name(network);
      const auto uniform = mask::allocate(layers, {.sparsity = sparsity, .block = {8, 4}});
      const auto erk = mask::allocate(
          layers, {.sparsity = sparsity, .block = {8, 4}, .rule = density_rule::erk()});
      text += fmt::format("| {} | {:.0f} % | {:.2f} % | {:.2f}x | {:.2f} % | {:.2f}x |\n", network,
                          100 * sparsity, 100 * uniform.sparsity, uniform.mac_ratio,
                          100 * erk.sparsity, erk.mac_ratio);
    }
  CHECK(example("allocation") == text);
}

TEST_CASE("the figures of coverage and mixing") {
  for (const auto& [bo, ratio] : {std::pair{4, "4.23x"}, {2, "5.05x"}}) {
    const auto a = mask::allocate(nn::resnet20_layers(), {.sparsity = 0.76, .block = {bo, 2}});
    CHECK(fmt::format("{:.2f}", 100 * a.sparsity) == "75.99");
    CHECK(fmt::format("{:.2f}x", a.mac_ratio) == ratio);
    CHECK(says(ratio));
  }
  std::vector<layer_spec> layers{{"stem", 3, 64, 3, 3, 64, true}};
  for (const char* name : {"a", "b", "c"}) layers.push_back({name, 64, 64, 3, 3, 64, false});
  const auto last = [&](mask::ring_order order) {
    const auto masks = mask::make_masks(layers,
                                        {.sparsity = 0.86,
                                         .block = {8, 4},
                                         .mode = mask::degree_mode::strict,
                                         .kind = mask::mask_kind::lattice,
                                         .order = order},
                                        rng(1));
    CHECK(masks.layers()[1].blocks.row_degree(0) == 2);
    return mask::mixing_report(masks, layers).reach.back();
  };
  CHECK(last(mask::ring_order::aligned) == 1.0 / 8.0);
  CHECK(last(mask::ring_order::interleaved) == 1.0 / 2.0);
}
