// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/taps.hpp"
#include "tests/graph/run_oracle.hpp"
#include "tests/mask/demo_layers.hpp"
#include "tests/support/require.hpp"

using namespace swprune;
using mask::block_mask;
using mask::kept_tap_count;
using mask::rotate_taps;
using mask::tap_mask;

namespace {

/// What a tap mask must be, by counting: every live block keeps `kept` taps with the centre, no
/// absent block keeps any, and the other taps are used equally often within one.
bool is_balanced_rotation(const tap_mask& t, const block_mask& blocks, index_t kh, index_t kw,
                          index_t kept) {
  const index_t centre = kh / 2 * kw + kw / 2;
  std::vector<index_t> used(static_cast<std::size_t>(kh * kw), 0);
  for (index_t j = 0; j < blocks.out_groups(); ++j)
    for (index_t i = 0; i < blocks.in_groups(); ++i) {
      const bool lives = blocks.test(j, i);
      if (t.count(j, i) != (lives ? kept : 0)) return false;
      if (lives && !t.test(j, i, centre)) return false;
      for (index_t p = 0; p < kh * kw; ++p) used[static_cast<std::size_t>(p)] += t.test(j, i, p);
    }
  used.erase(used.begin() + centre);
  if (used.empty()) return true;
  const auto [low, high] = std::minmax_element(used.begin(), used.end());
  return *high - *low <= 1;
}

block_mask random_blocks(index_t go, index_t gi, rng& random) {
  block_mask m(go, gi);
  for (index_t j = 0; j < go; ++j)
    for (index_t i = 0; i < gi; ++i) m.set(j, i, random.below(3) == 0);
  return m;
}

}  // namespace

TEST_CASE("taps of a block: rounded share, at least one, all at density 1") {
  CHECK(kept_tap_count(9, 1.0) == 9);
  CHECK(kept_tap_count(9, 0.5) == 5);  // 4.5: halves up
  CHECK(kept_tap_count(9, 1.0 / 3.0) == 3);
  CHECK(kept_tap_count(9, 0.01) == 1);
  CHECK(kept_tap_count(1, 0.1) == 1);
  CHECK(kept_tap_count(25, 0.24) == 6);
  for (const double bad : {0.0, -0.5, 1.01, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(kept_tap_count(9, bad),
                      Catch::Contains("the tap density must lie in (0, 1], given"));
}

TEST_CASE("any mask, kernel and number of taps: balanced rotation round the centre") {
  CHECK(rc::check([] {
    const auto go = *rc::gen::inRange<index_t>(1, 20);
    const auto gi = *rc::gen::inRange<index_t>(1, 20);
    const auto kh = *rc::gen::inRange<index_t>(1, 6);
    const auto kw = *rc::gen::inRange<index_t>(1, 6);
    const auto kept = *rc::gen::inRange<index_t>(1, kh * kw + 1);
    rng random(*rc::gen::arbitrary<std::uint64_t>());
    const block_mask blocks = random_blocks(go, gi, random);
    const tap_mask t = rotate_taps(blocks, kh, kw, kept);
    if (kept == kh * kw || blocks.count() == 0) {
      RC_ASSERT(t.keeps_all());
      return;
    }
    RC_ASSERT(is_balanced_rotation(t, blocks, kh, kw, kept));
  }));
}

TEST_CASE("the check of a rotation can fail") {
  const block_mask blocks = block_mask::dense(4, 4);
  const tap_mask good = rotate_taps(blocks, 3, 3, 3);
  REQUIRE(is_balanced_rotation(good, blocks, 3, 3, 3));
  tap_mask no_centre = good;
  no_centre.set(1, 1, 4, false);
  CHECK_FALSE(is_balanced_rotation(no_centre, blocks, 3, 3, 3));
  tap_mask uneven(4, 4, 9);
  for (index_t j = 0; j < 4; ++j)
    for (index_t i = 0; i < 4; ++i)
      for (const index_t t : {0, 1, 4}) uneven.set(j, i, t);
  CHECK_FALSE(is_balanced_rotation(uneven, blocks, 3, 3, 3));
}

TEST_CASE("a second implementation in Python rotates alike") {
  const auto python = swprune_test::find_oracle_python("math");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python");
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const auto draw = [&](std::uint64_t n) { return 1 + static_cast<index_t>(random.below(n)); };
    const index_t go = draw(9), gi = draw(9), kh = 1 + draw(3), kw = 1 + draw(3);
    const index_t kept = draw(static_cast<std::uint64_t>(kh * kw - 1));
    block_mask blocks = random_blocks(go, gi, random);
    blocks.set(0, 0);
    std::string bits;
    for (const auto b : blocks.bytes()) bits += b != 0 ? '1' : '0';
    const auto rows = swprune_test::numbers_from(
        fmt::format("{} '{}/tests/mask/mask_reference.py' taps {} {} {} {} {} {}", *python,
                    SWPRUNE_SOURCE_DIR, kh, kw, kept, go, gi, bits));
    const tap_mask t = rotate_taps(blocks, kh, kw, kept);
    REQUIRE(rows.size() == blocks.bytes().size());
    for (index_t j = 0; j < go; ++j)
      for (index_t i = 0; i < gi; ++i)
        for (index_t p = 0; p < kh * kw; ++p)
          REQUIRE(t.test(j, i, p) == (rows[static_cast<std::size_t>(j * gi + i)].at(
                                          static_cast<std::size_t>(p)) == 1.0));
  }
}

TEST_CASE("make_masks with taps: dense layers whole, the target met, every rotation balanced") {
  for (const double tap_density : {0.2, 0.34, 0.5, 0.8})
    for (const auto kind : {mask::mask_kind::small_world, mask::mask_kind::erdos_renyi}) {
      CAPTURE(tap_density, mask::to_string(kind));
      const mask::mask_params p{.sparsity = 0.85, .kind = kind, .tap_density = tap_density};
      const auto masks = mask::make_masks(swprune_test::demo_layers, p, rng(4));
      const auto plan = mask::allocate(swprune_test::demo_layers, p.allocation());
      REQUIRE(std::abs(1.0 - masks.density() - 0.85) <= 0.0005);
      REQUIRE(masks.kept_weights() == plan.kept_weights);
      for (std::size_t l = 0; l < masks.layers().size(); ++l) {
        const auto& m = masks.layers()[l];
        if (swprune_test::demo_layers[l].keep_dense) {
          REQUIRE(m.kept_weights() == m.weights());
          REQUIRE(m.kept_taps.keeps_all());
          continue;
        }
        const index_t kept = kept_tap_count(m.taps(), tap_density);
        REQUIRE(plan.layers[l].kept_taps == kept);
        REQUIRE(is_balanced_rotation(m.kept_taps, m.blocks, m.kernel_height, m.kernel_width, kept));
        REQUIRE(plan.layers[l].density() ==
                Approx(static_cast<double>(plan.layers[l].blocks()) /
                       static_cast<double>(m.out_groups() * m.in_groups()) *
                       static_cast<double>(kept) / static_cast<double>(m.taps())));
      }
    }
}

TEST_CASE("taps alone can be too few for the sparsity: said with the sparsity that they leave") {
  CHECK_THROWS_WITH(
      mask::allocate(swprune_test::demo_layers, {.sparsity = 0.5, .tap_density = 0.2}),
      Catch::Contains("sparsity 0.5 cannot be reached") && Catch::Contains("ask for a sparsity of "
                                                                           "at least 0.79"));
  CHECK_THROWS_AS(rotate_taps(block_mask::dense(2, 2), 3, 3, 0), invalid_argument);
  CHECK_THROWS_AS(rotate_taps(block_mask::dense(2, 2), 3, 3, 10), invalid_argument);
  CHECK_THROWS_AS(rotate_taps(block_mask::dense(2, 2), 0, 3, 1), mismatch_error);
}
