// SPDX-License-Identifier: Apache-2.0
// The invariants I1-I6, I9 and I10 over many thousands of random configurations each. The checks
// are plain loops over bytes (naive_invariants.hpp) and are themselves shown to fail.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/mixing.hpp"
#include "swprune/mask/progressive.hpp"
#include "swprune/mask/slot_schedule.hpp"
#include "tests/mask/naive_invariants.hpp"

using namespace swprune;
using mask::mask_kind;
using swprune_test::grid;

namespace {

constexpr mask_kind balanced_kinds[] = {mask_kind::small_world, mask_kind::lattice,
                                        mask_kind::random};
constexpr double betas[] = {0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0};

index_t between(rng& random, index_t low, index_t high) {
  return low + static_cast<index_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

/// A layer of any size, degree, kind, beta and ring order; q = 1.
mask::generate_params any_layer(rng& random, index_t most_groups) {
  mask::generate_params p;
  p.out_groups = between(random, 1, most_groups);
  p.in_groups = between(random, 1, most_groups);
  p.kind = balanced_kinds[random.below(3)];
  p.beta = betas[random.below(7)];
  p.order = random.below(2) == 0 ? mask::ring_order::interleaved : mask::ring_order::aligned;
  const index_t blocks = between(random, 0, p.out_groups * p.in_groups);
  p = mask::with_blocks(p, random.below(2) == 0 ? blocks : blocks / p.out_groups * p.out_groups);
  return p;
}

/// The same without empty rows.
mask::generate_params any_live_layer(rng& random, index_t most_groups) {
  mask::generate_params p = any_layer(random, most_groups);
  if (p.degree == 0) p = mask::with_blocks(p, p.out_groups);
  return p;
}

/// A chain of 1 to 5 layers, none kept dense; channels need not fill their groups.
std::vector<mask::layer_spec> any_network(rng& random, bool ragged) {
  std::vector<mask::layer_spec> layers;
  const auto channels = [&] {
    return ragged ? between(random, 8, 70) : 8 * between(random, 1, 10);
  };
  index_t in = channels();
  const index_t count = between(random, 1, 5);
  for (index_t l = 0; l < count; ++l) {
    const index_t kernel = 2 * between(random, 0, 1) + 1;
    const index_t side = between(random, 1, 16);
    layers.push_back({.name = "layer" + std::to_string(l),
                      .in_channels = in,
                      .out_channels = channels(),
                      .kernel_height = kernel,
                      .kernel_width = kernel,
                      .out_pixels = side * side});
    in = layers.back().out_channels;
  }
  return layers;
}

}  // namespace

TEST_CASE("I1, I2, I3, I9: 12,000 layers have exact rows, even columns and no idle group") {
  rng random(301);
  std::uint64_t digest = 0;
  for (int n = 0; n < 12000; ++n) {
    const mask::generate_params p = any_layer(random, 48);
    const auto seed = random.next();
    CAPTURE(n, p.out_groups, p.in_groups, p.degree, p.extra_rows, mask::to_string(p.kind), p.beta,
            mask::to_string(p.order), seed);
    rng a(seed);
    rng b(seed);
    const grid g = grid::of(mask::generate(p, a).blocks);
    REQUIRE(g.rows == p.out_groups);
    REQUIRE(g.columns == p.in_groups);
    REQUIRE(swprune_test::rows_have(g, p.degree, p.extra_rows));
    REQUIRE(swprune_test::columns_even(g));
    if (p.degree >= 1 && g.sum() >= g.columns) REQUIRE(swprune_test::all_used(g));
    REQUIRE(g.bytes == mask::generate(p, b).blocks.bytes());
    for (const std::uint8_t bit : g.bytes) digest = (digest ^ bit) * 0x100000001b3U + 1;
  }
  CHECK(digest == 14764570781138274933U);  // the same masks on every platform
}

TEST_CASE("I1, I3: 10,000 layers in clusters keep exact rows and use every group") {
  rng random(302);
  for (int n = 0; n < 10000; ++n) {
    mask::generate_params p = any_live_layer(random, 40);
    p.cluster_size = between(random, 2, 6);
    CAPTURE(n, p.out_groups, p.in_groups, p.degree, p.extra_rows, p.cluster_size, p.beta);
    const grid g = grid::of(mask::generate(p, random).blocks);
    REQUIRE(swprune_test::rows_have(g, p.degree, p.extra_rows));
    if (g.sum() >= g.columns) REQUIRE(swprune_test::all_used(g));
  }
}

TEST_CASE("I5: 10,000 networks meet their sparsity, or the error says why not") {
  rng random(303);
  int made = 0;
  int refused = 0;
  for (int n = 0; n < 10000; ++n) {
    const bool exact = random.below(2) == 0;
    const auto layers = any_network(random, random.below(2) == 0);
    mask::mask_params p{.sparsity = 0.01 * static_cast<double>(between(random, 0, 95)),
                        .block = {between(random, 1, 8), between(random, 1, 8)},
                        .mode = exact ? mask::degree_mode::exact : mask::degree_mode::strict,
                        .kind = balanced_kinds[random.below(3)],
                        .beta = betas[random.below(7)]};
    CAPTURE(n, layers.size(), p.sparsity, p.block.outputs, p.block.inputs, exact);
    double total = 0.0;
    double wide_row = 0.0;  // weights of the largest row of blocks
    double wide_block = 0.0;
    double corners = 0.0;  // weights of last blocks that both sides leave incomplete
    for (const auto& l : layers) {
      total += static_cast<double>(l.weights());
      const double block =
          static_cast<double>(p.block.outputs * p.block.inputs * l.kernel_height * l.kernel_width);
      wide_block = std::max(wide_block, block);
      corners += static_cast<double>(
          (-l.out_channels % p.block.outputs + p.block.outputs) % p.block.outputs *
          ((-l.in_channels % p.block.inputs + p.block.inputs) % p.block.inputs) * l.kernel_height *
          l.kernel_width);
      wide_row = std::max(wide_row,
                          block * static_cast<double>(ceil_div(l.out_channels, p.block.outputs)));
    }
    try {
      const mask::mask_set masks = mask::make_masks(layers, p, rng(random.next()));
      ++made;
      double kept = 0.0;
      for (const mask::layer_mask& m : masks) {
        const grid g = grid::of(m.blocks);
        REQUIRE(swprune_test::all_used(g));
        REQUIRE(swprune_test::columns_even(g));
        const index_t degree = g.sum() / g.rows;
        REQUIRE(swprune_test::rows_have(g, degree, exact ? g.sum() % g.rows : 0));
        for (index_t o = 0; o < m.out_channels; ++o)  // weight by weight: real channels only
          for (index_t i = 0; i < m.in_channels; ++i)
            if (g.at(o / p.block.outputs, i / p.block.inputs))
              kept += static_cast<double>(m.kernel_height * m.kernel_width);
      }
      const double error = std::abs(kept - (1.0 - p.sparsity) * total);
      // Exact: half a block of the layer that takes up the rest, 0.5 for rounding the target, and
      // for kinds with switches the corner of a last block, which lives or not by chance. Strict:
      // at most about one step of a row, where degrees sit at their lower clamp.
      if (p.kind == mask_kind::lattice) corners = 0.0;
      if (exact)
        REQUIRE(error <= 0.5 * wide_block + corners + 1.0);
      else
        REQUIRE(error <= std::max(wide_row, total / 2000.0) + corners + 1.0);
    } catch (const error& refusal) {
      ++refused;
      const std::string why = refusal.what();
      CAPTURE(why);
      const bool explained = why.find("needs density >=") != std::string::npos ||
                             why.find("nearest") != std::string::npos;
      REQUIRE(explained);
    }
  }
  CAPTURE(made, refused);
  CHECK(made > 3000);
  CHECK(refused > 500);
}

TEST_CASE("I4: 10,000 chains reach exactly what a loop over channels reaches") {
  rng random(304);
  int full = 0;
  for (int n = 0; n < 10000; ++n) {
    const auto layers = any_network(random, true);
    const mask::mask_params p{
        .sparsity = 0.05 * static_cast<double>(between(random, 6, 16)),
        .block = {4, 4},
        .kind = balanced_kinds[random.below(3)],
        .order = random.below(2) == 0 ? mask::ring_order::interleaved : mask::ring_order::aligned,
        .allow_uncovered = true};
    CAPTURE(n, layers.size(), p.sparsity);
    mask::mask_set masks;
    try {
      masks = mask::make_masks(layers, p, rng(random.next()));
    } catch (const error&) {
      continue;  // no mask of that sparsity has a block in every row
    }
    std::vector<swprune_test::naive_layer> chain;
    for (const mask::layer_mask& m : masks) {
      const grid g = grid::of(m.blocks);
      // The entries of the pruned part are the outputs of dense layers before it.
      if (chain.empty() && g.sum() == g.rows * g.columns) continue;
      chain.push_back({g, 4, 4, m.out_channels, m.in_channels});
    }
    const bool reached =
        chain.empty() || swprune_test::all_reach_all(swprune_test::reach_of(chain));
    full += reached;
    REQUIRE(mask::mixing_report(masks.layers(), layers).all_reached == reached);
  }
  CAPTURE(full);
  CHECK(full > 1000);
  CHECK(full < 9500);
}

TEST_CASE("I6: 10,000 layers' stages are nested, equal in their rows, and end as they should") {
  rng random(306);
  for (int n = 0; n < 10000; ++n) {
    mask::generate_params p = any_live_layer(random, 20);
    if (random.below(4) == 0) p.in_groups = p.out_groups;
    p = mask::with_blocks(p, std::min(p.out_groups * p.in_groups, p.degree * p.out_groups));
    const mask::layer_mask last{.name = "layer",
                                .block = {1, 1},
                                .out_channels = p.out_groups,
                                .in_channels = p.in_groups,
                                .blocks = mask::generate(p, random).blocks};
    const mask::progressive_params stages{
        .stages = between(random, 1, 5),
        .ramp = random.below(2) == 0 ? mask::ramp_kind::cubic : mask::ramp_kind::linear,
        .ring = p.order};
    CAPTURE(n, p.out_groups, p.in_groups, p.degree, stages.stages, mask::to_string(stages.ramp));
    const auto sets = mask::make_stages(mask::mask_set({last}), stages);
    REQUIRE(static_cast<index_t>(sets.size()) == stages.stages + 1);
    grid outer = grid::of(sets.front().at("layer").blocks);
    REQUIRE(outer.sum() == outer.rows * outer.columns);  // S_0 = 0: every block
    for (const mask::mask_set& set : sets) {
      const grid g = grid::of(set.at("layer").blocks);
      REQUIRE(swprune_test::contains(outer, g));
      REQUIRE(swprune_test::rows_have(g, g.sum() / g.rows, 0));
      if (g.rows == g.columns) REQUIRE(swprune_test::columns_even(g));
      outer = g;
    }
    REQUIRE(outer.bytes == last.blocks.bytes());
  }
}

TEST_CASE("I10: 10,000 slot schedules read every block once and no group twice a slot") {
  rng random(310);
  for (int n = 0; n < 10000; ++n) {
    const mask::generate_params p = any_layer(random, 24);
    CAPTURE(n, p.out_groups, p.in_groups, p.degree, p.extra_rows);
    const mask::block_mask m = mask::generate(p, random).blocks;
    const mask::slot_schedule s = mask::make_slot_schedule(m);
    std::vector<swprune_test::slot_read> reads;
    for (const mask::slot_tile& t : s.tiles)
      for (index_t slot = 0; slot < t.slots; ++slot)
        for (index_t r = 0; r < t.rows; ++r)
          if (t.at(slot, r) != mask::slot_tile::idle)
            reads.push_back({slot, t.first_row + r, t.at(slot, r)});
    REQUIRE(swprune_test::is_slot_schedule(grid::of(m), reads, s.slots()));
  }
}

TEST_CASE("the naive checks see a single wrong bit") {
  rng random(311);
  for (int n = 0; n < 500; ++n) {
    mask::generate_params p = any_live_layer(random, 12);
    p.out_groups = std::max<index_t>(p.out_groups, 2);
    p.in_groups = std::max<index_t>(p.in_groups, 2);
    p = mask::with_blocks(p, p.out_groups * between(random, 1, p.in_groups - 1));
    const grid good = grid::of(mask::generate(p, random).blocks);
    CAPTURE(n, p.out_groups, p.in_groups, p.degree);
    grid bad = good;
    auto& bit = bad.bytes[random.below(bad.bytes.size())];
    bit ^= 1;
    REQUIRE_FALSE(swprune_test::rows_have(bad, p.degree, p.extra_rows));
    REQUIRE(swprune_test::contains(good, bad) != swprune_test::contains(bad, good));

    grid skewed = good;  // a row gives up one column for another until one column is 2 too full
    for (index_t r = 0; r < skewed.rows; ++r)
      for (index_t c = 1; c < skewed.columns; ++c)
        if (skewed.at(r, c) && !skewed.at(r, 0)) {
          std::swap(skewed.bytes[static_cast<std::size_t>(r * skewed.columns + c)],
                    skewed.bytes[static_cast<std::size_t>(r * skewed.columns)]);
          break;
        }
    if (skewed.column_sum(0) > good.column_sum(0) + 1)
      REQUIRE_FALSE(swprune_test::columns_even(skewed));

    std::vector<swprune_test::slot_read> reads;  // as a list of all ones in one slot: a conflict
    for (index_t r = 0; r < good.rows; ++r)
      for (index_t c = 0; c < good.columns; ++c)
        if (good.at(r, c)) reads.push_back({0, r, c});
    index_t fullest = 0;
    for (index_t c = 0; c < good.columns; ++c) fullest = std::max(fullest, good.column_sum(c));
    fullest = std::max(fullest, p.degree);
    if (fullest > 1) REQUIRE_FALSE(swprune_test::is_slot_schedule(good, reads, fullest));
    for (std::size_t e = 0; e < reads.size(); ++e) reads[e].slot = static_cast<index_t>(e);
    REQUIRE(swprune_test::is_slot_schedule(good, reads, static_cast<index_t>(reads.size())) ==
            (static_cast<index_t>(reads.size()) == fullest));
  }
}
