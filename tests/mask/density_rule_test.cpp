// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/mask/allocate.hpp"
#include "swprune/mask/density_rule.hpp"
#include "swprune/mask/detail/fixed_power.hpp"
#include "swprune/mask/detail/water_filling.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "tests/graph/checks.hpp"
#include "tests/graph/run_oracle.hpp"
#include "tests/mask/demo_layers.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using mask::allocate;
using mask::allocate_params;
using mask::allocation;
using mask::density_form;
using mask::density_rule;
using mask::layer_spec;
namespace detail = mask::detail;

namespace {

const std::vector<layer_spec>& demo = swprune_test::demo_layers;

/// The densities that a rule gives before anything is rounded to degrees.
std::vector<double> densities_of(const std::vector<layer_spec>& layers, const allocate_params& p) {
  std::vector<detail::prunable_layer> prunable;
  for (const layer_spec& l : layers)
    if (!l.keep_dense) prunable.emplace_back(l, p);
  const detail::network_totals total = detail::totals_of(layers);
  const auto target =
      static_cast<index_t>(std::llround((1.0 - p.sparsity) * static_cast<double>(total.weights)));
  const detail::density_shares shares(prunable, p,
                                      {.target = target - total.dense_weights,
                                       .total = total.weights,
                                       .dense_macs = total.dense_macs,
                                       .macs = total.macs});
  std::vector<double> densities;
  for (const auto& s : shares.shares()) densities.push_back(s.value());
  return densities;
}

}  // namespace

TEST_CASE("rules are read, named and compared") {
  CHECK(density_rule() == density_rule::uniform());
  CHECK(mask::parse_density_rule("uniform") == density_rule::uniform());
  CHECK(mask::parse_density_rule("erk") == density_rule::erk());
  CHECK(mask::parse_density_rule("0.3") == density_rule::mix(0.3));
  CHECK(mask::parse_density_rule("1").gamma() == 1.0);
  for (const char* text : {"uniform", "erk", "0.3", "0", "1"})
    CHECK(to_string(mask::parse_density_rule(text)) == text);
  CHECK(to_string(density_rule::by_macs(4.5)) == "macs 4.5");
  CHECK(to_string(density_rule::by_hand({{"a", 0.5}})) == "by hand");
  CHECK_FALSE(density_rule::erk() == density_rule::mix(1.0));  // other words for the same thing
  for (const char* bad : {"", "ERK", "0.3x", "-0.1", "1.5", "nan", " 0.3", "inf"})
    CHECK_THROWS_WITH(mask::parse_density_rule(bad),
                      Catch::Contains("an allocation is 'uniform', 'erk' or a number in [0, 1]") &&
                          Catch::Contains(fmt::format("given '{}'", bad)));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {-0.1, 1.1, nan})
    CHECK_THROWS_WITH(density_rule::mix(bad), Catch::Contains("gamma must lie in [0, 1], given"));
  for (const double bad : {0.9, 2e6, nan})
    CHECK_THROWS_WITH(density_rule::by_macs(bad),
                      Catch::Contains("multiply-accumulates must lie in [1, 2^20], given"));
  for (const double bad : {0.0, -1.0, 1.5, nan})
    CHECK_THROWS_WITH(density_rule::by_hand({{"fc", bad}}),
                      Catch::Contains("layer 'fc': a density given by hand must lie in (0, 1]"));
  CHECK_THROWS_WITH(density_rule::by_hand({}), Catch::Contains("at least one layer"));
}

TEST_CASE("integer logarithms and powers are those of libm") {
  rng random(1);
  double worst_log = 0.0;
  double worst_power = 0.0;
  for (int t = 0; t < 20000; ++t) {
    const auto n = static_cast<index_t>((random.next() >> 1) >> random.below(62)) | 1;
    const double log = std::ldexp(static_cast<double>(detail::log2_fixed(n)), -40);
    worst_log = std::max(worst_log, std::abs(log - std::log2(static_cast<double>(n))));
    const auto x = static_cast<index_t>(random.below(std::uint64_t{33} << 40));
    const double power = static_cast<double>(detail::exp2_fixed(x));
    const double exact = std::exp2(32.0 - std::ldexp(static_cast<double>(x), -40));
    worst_power = std::max(worst_power, std::abs(power - std::max(exact, 1.0)));
  }
  CHECK(worst_log <= std::ldexp(2.0, -40));
  CHECK(worst_power <= 1.001);
  CHECK(detail::log2_fixed(1) == 0);
  CHECK(detail::log2_fixed(1024) == index_t{10} << 40);
  CHECK(detail::exp2_fixed(0) == std::uint64_t{1} << 32);
  CHECK(detail::exp2_fixed(index_t{5} << 40) == std::uint64_t{1} << 27);
  CHECK(detail::exp2_fixed(index_t{60} << 40) == 1);
}

TEST_CASE("water finds one level within all bounds") {
  index_t low = 0, high = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    std::vector<detail::vessel> vessels(1 + random.below(8));
    index_t least = 0, most = 0;
    for (detail::vessel& v : vessels) {
      v.weights = static_cast<index_t>(1 + random.below(100000));
      v.most = v.weights / static_cast<index_t>(1 + random.below(3));
      v.least = static_cast<index_t>(random.below(static_cast<std::uint64_t>(v.most) + 1)) /
                static_cast<index_t>(1 + random.below(9));
      v.share = 1 + random.below(std::uint64_t{1} << 32);
      least += v.least;
      most += v.most;
    }
    const auto target =
        least + static_cast<index_t>(random.below(static_cast<std::uint64_t>(most - least) + 1));
    const detail::water_level level = detail::fill(vessels, target);
    index_t kept = 0;
    for (std::size_t l = 0; l < vessels.size(); ++l) {
      const index_t k = level.kept(vessels[l], l);
      REQUIRE(k >= vessels[l].least - 1);
      REQUIRE(k <= vessels[l].most);
      kept += k;
      // a bound binds only where the level lies on its far side
      if (level.shares == 0) continue;
      const double at_level =
          static_cast<double>(level.target) / static_cast<double>(level.shares) *
          static_cast<double>(vessels[l].weights) * static_cast<double>(vessels[l].share);
      const double slack = 2.0 * static_cast<double>(vessels.size()) + 1e-9 * at_level;
      if (level.states[l] == detail::water_level::state::at_least) {
        REQUIRE(at_level <= static_cast<double>(vessels[l].least) + slack);
        ++low;
      }
      if (level.states[l] == detail::water_level::state::at_most) {
        REQUIRE(at_level >= static_cast<double>(vessels[l].most) - slack);
        ++high;
      }
    }
    REQUIRE(std::abs(kept - target) <= static_cast<index_t>(vessels.size()));
  }
  CHECK(low > 500);
  CHECK(high > 500);
}

TEST_CASE("densities are those of a second implementation in Python") {
  const auto python = swprune_test::find_oracle_python("math");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python");
  struct specimen {
    const char* network;
    mask::block_shape block;
    double sparsity;
    double gamma;
  };
  for (const specimen& s : {specimen{"vgg16", {8, 4}, 0.76, 1.0},
                            {"vgg16", {8, 4}, 0.9, 0.5},
                            {"resnet18", {8, 4}, 0.84, 1.0},
                            {"resnet18", {8, 4}, 0.5, 0.25},  // shortcuts are full
                            {"resnet20", {4, 2}, 0.9, 0.75},  // narrow layers bind
                            {"resnet20", {2, 2}, 0.84, 0.0}}) {
    CAPTURE(s.network, s.sparsity, s.gamma);
    const auto layers = nn::layers_by_name(s.network);
    const allocate_params p{
        .sparsity = s.sparsity, .block = s.block, .rule = density_rule::mix(s.gamma)};
    std::string command = fmt::format("{} '{}/tests/mask/mask_reference.py' densities {} {}",
                                      *python, SWPRUNE_SOURCE_DIR, s.sparsity, s.gamma);
    for (const layer_spec& l : layers) {
      const detail::prunable_layer x(l, p);
      command +=
          fmt::format(" {}:{}:{}:{}:{}:{}", l.in_channels, l.out_channels, l.kernel_height,
                      l.kernel_width, l.keep_dense ? 1 : 0,
                      static_cast<double>(x.fewest_blocks()) / static_cast<double>(x.blocks()));
    }
    const auto rows = swprune_test::numbers_from(command);
    const auto ours = densities_of(layers, p);
    REQUIRE(rows.size() == ours.size());
    for (std::size_t l = 0; l < ours.size(); ++l)
      REQUIRE(ours[l] == Approx(rows[l].at(0)).epsilon(1e-4));
  }
}

TEST_CASE("gamma moves densities from wide layers to narrow ones") {
  const auto layers = nn::vgg16_layers();
  double last_ratio = 1e9;
  for (const double gamma : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    CAPTURE(gamma);
    const auto d = densities_of(layers, {.sparsity = 0.84, .rule = density_rule::mix(gamma)});
    if (gamma == 0.0) CHECK(d.front() == Approx(d.back()));
    if (gamma > 0.0) CHECK(d.front() > d.back());
    const allocation a = allocate(layers, {.sparsity = 0.84, .rule = density_rule::mix(gamma)});
    CHECK(a.gamma == gamma);
    CHECK(a.mac_ratio < last_ratio);
    last_ratio = a.mac_ratio;
  }
  CHECK(allocate(layers, {.sparsity = 0.84, .rule = density_rule::mix(0.0)}).kept_weights ==
        allocate(layers, {.sparsity = 0.84}).kept_weights);
}

TEST_CASE("by_macs takes the largest gamma that is fast enough, or says what can be had") {
  for (const char* network : {"vgg16", "resnet18"})
    for (const double sparsity : {0.76, 0.84, 0.9})
      for (const double ratio : {2.5, 4.0}) {
        CAPTURE(network, sparsity, ratio);
        const auto layers = nn::layers_by_name(network);
        const allocation a =
            allocate(layers, {.sparsity = sparsity, .rule = density_rule::by_macs(ratio)});
        CHECK(a.mac_ratio >= ratio);  // rounding to degrees takes the fewest, so it gains
        CHECK(std::abs(a.sparsity - sparsity) <= 0.0005);
        if (a.gamma >= 1.0) continue;
        // the next gamma would be predicted to miss
        const auto d = densities_of(
            layers, {.sparsity = sparsity, .rule = density_rule::mix(a.gamma + 0.001)});
        double macs = 0.0;
        std::size_t next = 0;
        for (const layer_spec& l : layers)
          macs += static_cast<double>(l.macs()) * (l.keep_dense ? 1.0 : d[next++]);
        CHECK(static_cast<double>(a.macs_dense) / macs < ratio + 1e-4);
      }
  CHECK_THROWS_WITH(
      allocate(nn::vgg16_layers(), {.sparsity = 0.76, .rule = density_rule::by_macs(9.0)}),
      Catch::Contains("9 times fewer multiply-accumulates cannot be reached at sparsity 0.76: even "
                      "the same density everywhere (gamma = 0) makes 4.0992 times"));
}

TEST_CASE("by hand: named layers as given, the others make good, contradictions are refused") {
  const auto layers = nn::vgg16_layers();
  const allocation a = allocate(
      layers, {.sparsity = 0.8,
               .rule = density_rule::by_hand({{"conv2", 0.5}, {"conv13", 1.0}, {"conv8", 0.1}})});
  CHECK(a.layers[1].degree == 8);  // of 16
  CHECK(a.layers[12].density() == 1.0);
  CHECK(a.layers[7].degree == 6);  // 6.4 of 64
  CHECK(a.layers[7].extra_rows == 0);
  CHECK(std::abs(a.sparsity - 0.8) <= 0.0005);
  CHECK(a.layers[3].density() == Approx(a.layers[10].density()).margin(0.05));

  const auto by_hand = [](double conv2, double fc1, double sparsity) {
    return allocate(demo, {.sparsity = sparsity,
                           .rule = density_rule::by_hand({{"conv2", conv2}, {"fc1", fc1}})});
  };
  const allocation all = by_hand(0.5, 0.25, 1.0 - (2080.0 + 25600.0 + 100352.0) / 454688.0);
  CHECK(all.layers[1].degree == 4);
  CHECK(all.layers[2].degree == 4);
  CHECK(all.kept_weights == 2080 + 25600 + 100352);
  CHECK_THROWS_WITH(by_hand(0.5, 0.25, 0.76),
                    Catch::Contains("sparsity 0.76 was asked for, but the densities given by hand "
                                    "for all prunable layers make it 0.718418: ask for that"));
  const auto refused = [&](const std::map<std::string, double>& d, const char* text) {
    CHECK_THROWS_WITH(allocate(demo, {.sparsity = 0.76, .rule = density_rule::by_hand(d)}),
                      Catch::Contains(text));
  };
  refused({{"conv9", 0.5}}, "density 0.5 was given by hand for 'conv9', which is no layer");
  refused({{"conv1", 0.5}},
          "given by hand for 'conv1', which is no layer or one that is kept dense");
  refused({{"conv2", 0.01}},
          "layer 'conv2': density 0.0100 was given by hand, but a use for each "
          "of 8 input groups in 8 rows needs density >= 0.1250; ask for that");
  refused({{"fc1", 0.9}}, "layer 'conv2': sparsity 0.76 with allocation by hand is out of reach");
  CHECK_THROWS_WITH(
      allocate(
          demo,
          {.sparsity = 0.76, .rule = density_rule::by_hand({{"conv2", 0.5}}), .tap_density = 0.2}),
      Catch::Contains("layer 'conv2': density 0.5 was given by hand, but with 5 of 25 "
                      "taps a block it can be at most 0.2"));
}

TEST_CASE("where coverage binds: uniform refuses, mixes keep the layer denser, all bound refuses") {
  const std::vector<layer_spec> narrow{{"wide", 256, 256, 3, 3, 16, false},
                                       {"narrow", 16, 16, 3, 3, 64, false}};
  CHECK_THROWS_AS(allocate(narrow, {.sparsity = 0.9}), invalid_argument);
  const allocate_params clamped{.sparsity = 0.9, .rule = density_rule::mix(0.0)};
  CHECK(densities_of(narrow, clamped)[1] == 0.5);  // 4 input groups in 2 rows
  CHECK(densities_of(narrow, clamped)[0] < 0.1);   // makes good for it
  const allocation a = allocate(narrow, clamped);
  CHECK(a.layers[1].density() >= 0.5);
  CHECK(std::abs(a.sparsity - 0.9) <= 0.008);  // half a row of blocks of the wide layer
  CHECK_THROWS_WITH(
      allocate(nn::resnet20_layers(), {.sparsity = 0.9, .rule = density_rule::erk()}),
      Catch::Contains("sparsity 0.9 with allocation erk is out of reach") &&
          Catch::Contains("all layers at their smallest densities make sparsity 0.8285"));
  const double reachable = 0.8285;
  const allocation bound =
      allocate(nn::resnet20_layers(), {.sparsity = reachable, .rule = density_rule::erk()});
  CHECK(std::abs(bound.sparsity - reachable) <= 0.0005);
  CHECK_NOTHROW(
      allocate(nn::resnet20_layers(),
               {.sparsity = 0.9, .allow_uncovered = true, .rule = density_rule::mix(0.2)}));
}

TEST_CASE("I1, I2, I3, I5 by every rule, mode and share of taps") {
  index_t made = 0, refused = 0, on_target = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const auto draw = [&](index_t low, index_t high) {
      return low + static_cast<index_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    std::vector<layer_spec> layers;
    index_t in = 8 * draw(1, 12);
    for (index_t l = 0; l < 4; ++l) {
      const index_t out = 8 * draw(2, 16);
      const index_t k = 1 + 2 * draw(0, 1);
      layers.push_back({fmt::format("layer{}", l), in, out, k, k, draw(1, 300), false});
      in = out;
    }
    const density_rule rules[] = {
        density_rule::uniform(), density_rule::erk(), density_rule::mix(random.uniform()),
        density_rule::by_macs(1.2),
        density_rule::by_hand({{"layer1", 0.5 + 0.5 * random.uniform()}})};
    const mask::mask_params p{
        .sparsity = 0.7 * random.uniform(),
        .block = {8, 4},
        .mode = random.below(2) == 0 ? mask::degree_mode::strict : mask::degree_mode::exact,
        .rule = rules[random.below(5)],
        .tap_density = random.below(2) == 0 ? 1.0 : 0.3 + 0.7 * random.uniform()};
    CAPTURE(p.sparsity, to_string(p.rule), p.tap_density, p.mode == mask::degree_mode::exact);
    allocation a;
    mask::mask_set masks;
    try {
      a = allocate(layers, p.allocation());
      masks = mask::make_masks(layers, p, random);
    } catch (const invalid_argument& e) {
      REQUIRE((e.id() == 302 || e.id() == 303));
      ++refused;
      continue;
    }
    ++made;
    REQUIRE(masks.kept_weights() == a.kept_weights);
    index_t uneven = 0, half_block = 0, largest_row = 0;
    bool bound = false;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const auto& m = masks.layers()[l];
      const auto& x = a.layers[l];
      const auto g = mask::to_ring(m.blocks, mask::ring_order::aligned);
      REQUIRE(swprune_test::rows_exact(g, {.out_nodes = x.out_groups,
                                           .in_nodes = x.in_groups,
                                           .degree = x.degree,
                                           .extra_rows = x.extra_rows}));  // I1
      REQUIRE(swprune_test::columns_balanced(g));                          // I2
      REQUIRE(swprune_test::all_inputs_used(g));                           // I3
      REQUIRE(swprune_test::all_outputs_fed(g));
      uneven += x.extra_rows > 0;
      const index_t block = 8 * 4 * x.kept_taps;
      half_block = std::max(half_block, block / 2);
      const bool adjustable = x.degree > ceil_div(x.in_groups, x.out_groups) &&
                              x.degree < x.in_groups &&
                              !(p.rule.form() == density_form::by_hand && l == 1);
      bound = bound || !adjustable;
      largest_row = std::max(largest_row, block * x.out_groups);
    }
    const index_t error = std::abs(a.kept_weights - a.target_weights);
    const bool exact = p.mode == mask::degree_mode::exact;
    REQUIRE(uneven <= (exact ? 1 : 0));
    if (exact) REQUIRE(error <= half_block);  // I5
    // strict: half a row of blocks of the widest layer where no bound binds, unless the fewest
    // multiply-accumulates within 0.05 points were further off
    if (!exact && !bound) {
      REQUIRE(error <= std::max(largest_row / 2 + 1, a.weights / 2000));
      ++on_target;
    }
  }
  CAPTURE(made, refused, on_target);
  CHECK(made > 1000);
  CHECK(refused > 20);
  CHECK(on_target > 100);
}
