// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/mask/slot_schedule.hpp"

using namespace swprune;
using mask::block_mask;
using mask::generate;
using mask::make_slot_schedule;
using mask::slot_schedule;
using mask::slot_tile;

namespace {

block_mask any_mask(rng& random, index_t widest) {
  const auto below = [&](index_t n) {
    return static_cast<index_t>(random.below(static_cast<std::uint64_t>(n)));
  };
  mask::generate_params p;
  p.out_groups = 1 + below(widest);
  p.in_groups = 1 + below(widest);
  if (below(2) == 0) {
    p = mask::with_blocks(p, below(p.out_groups * p.in_groups + 1));
    p.beta = static_cast<double>(below(101)) / 100.0;
    return generate(p, random).blocks;
  }
  block_mask m(p.out_groups, p.in_groups);  // rows of any length, empty ones too
  const index_t percent = below(101);
  for (index_t j = 0; j < p.out_groups; ++j)
    for (index_t i = 0; i < p.in_groups; ++i) m.set(j, i, below(100) < percent);
  return m;
}

/// I10, looked at from outside.
bool conflict_free(const slot_schedule& s, const block_mask& m) {
  std::set<std::pair<index_t, index_t>> read;
  for (const slot_tile& t : s.tiles)
    for (index_t slot = 0; slot < t.slots; ++slot) {
      std::set<index_t> in_slot;
      for (index_t r = 0; r < t.rows; ++r) {
        const index_t i = t.at(slot, r);
        if (i == slot_tile::idle) continue;
        if (!in_slot.insert(i).second) return false;
        if (!read.insert({t.first_row + r, i}).second) return false;
        if (!m.test(t.first_row + r, i)) return false;
      }
    }
  return static_cast<index_t>(read.size()) == m.count();
}

/// Fullest row or most used input group of rows first .. first + count - 1.
index_t koenig(const block_mask& m, index_t first, index_t count) {
  index_t most = 0;
  for (index_t j = first; j < first + count; ++j) most = std::max(most, m.row_degree(j));
  for (index_t i = 0; i < m.in_groups(); ++i) {
    index_t uses = 0;
    for (index_t j = first; j < first + count; ++j) uses += m.test(j, i) ? 1 : 0;
    most = std::max(most, uses);
  }
  return most;
}

}  // namespace

TEST_CASE("I10 of 5000 masks: D slots, rows once a slot, no input group twice, any lane groups") {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const block_mask m = any_mask(random, seed % 20 == 0 ? 48 : 14);
    const auto lanes = static_cast<index_t>(1 + random.below(20));
    for (const index_t q : {lanes, m.out_groups()}) {
      CAPTURE(q);
      const slot_schedule s = make_slot_schedule(m, q);
      REQUIRE(conflict_free(s, m));
      REQUIRE_NOTHROW(check(s, m));
      REQUIRE(s.lane_groups == std::min(q, m.out_groups()));
      index_t slots = 0;
      for (const slot_tile& t : s.tiles) {
        REQUIRE(t.slots == koenig(m, t.first_row, t.rows));
        slots += t.slots;
      }
      REQUIRE(s.slots() == slots);
    }
  }
}

TEST_CASE("rows of D blocks read in every slot; Q <= row degree never waits") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const auto groups = static_cast<index_t>(2 + random.below(40));
    const auto degree = static_cast<index_t>(1 + random.below(static_cast<std::uint64_t>(groups)));
    const block_mask m =
        generate({.out_groups = groups, .in_groups = groups, .degree = degree, .beta = 0.2}, random)
            .blocks;
    const slot_schedule all = make_slot_schedule(m);
    REQUIRE(all.tiles.size() == 1);
    REQUIRE(all.slots() == degree);  // square, bi-regular: as many slots as a row has blocks
    const auto& inputs = all.tiles[0].inputs;
    REQUIRE(std::count(inputs.begin(), inputs.end(), slot_tile::idle) == 0);
    for (index_t q = 1; q <= degree; ++q)
      REQUIRE(make_slot_schedule(m, q).slots() == ceil_div(groups, q) * degree);
  }
}

TEST_CASE("more rows than input groups: the busiest input group decides") {
  block_mask m(6, 2);
  for (index_t j = 0; j < 6; ++j) m.set(j, j % 2);
  CHECK(make_slot_schedule(m).slots() == 3);
  CHECK(make_slot_schedule(m, 2).slots() == 3);  // three tiles of one slot
  CHECK(make_slot_schedule(m, 4).slots() == 2 + 1);
  CHECK(make_slot_schedule(m, 1).slots() == 6);
  CHECK(make_slot_schedule(m, 100).lane_groups == 6);
  CHECK(make_slot_schedule(block_mask(3, 3)).slots() == 0);
  CHECK_NOTHROW(check(make_slot_schedule(block_mask(3, 3)), block_mask(3, 3)));
}

TEST_CASE("the check finds every fault that is put in") {
  using fault = std::function<bool(slot_schedule&, const block_mask&)>;  // false: does not apply
  const std::vector<std::pair<const char*, fault>> faults{
      {"does not fit a",
       [](slot_schedule& s, const block_mask&) {
         s.out_groups += 1;
         return true;
       }},
      {"does not fit a",
       [](slot_schedule& s, const block_mask&) {
         s.in_groups -= 1;
         return true;
       }},
      {"lane groups must be >= 1",
       [](slot_schedule& s, const block_mask&) {
         s.lane_groups = 0;
         return true;
       }},
      {"a tile has rows",
       [](slot_schedule& s, const block_mask&) {
         s.tiles[0].first_row = 1;
         return true;
       }},
      {"the tiles end before row",
       [](slot_schedule& s, const block_mask&) {
         s.tiles.pop_back();
         return true;
       }},
      {"a tile has rows",
       [](slot_schedule& s, const block_mask&) {
         s.tiles.push_back(s.tiles[0]);
         return true;
       }},
      {"slots, expected",
       [](slot_schedule& s, const block_mask&) {
         slot_tile& t = s.tiles[0];
         ++t.slots;
         t.inputs.insert(t.inputs.end(), static_cast<std::size_t>(t.rows), slot_tile::idle);
         return true;
       }},
      {"entries, expected",
       [](slot_schedule& s, const block_mask&) {
         s.tiles[0].inputs.push_back(slot_tile::idle);
         return true;
       }},
      {"blocks, but its rows have",
       [](slot_schedule& s, const block_mask&) {
         for (graph::node_t& i : s.tiles[0].inputs)
           if (i != slot_tile::idle) {
             i = slot_tile::idle;
             return true;
           }
         return false;
       }},
      {"no such block",
       [](slot_schedule& s, const block_mask& m) {
         const slot_tile& t = s.tiles[0];
         for (index_t i = 0; i < m.in_groups(); ++i)
           if (t.slots > 0 && !m.test(0, i)) {
             s.tiles[0].inputs[0] = static_cast<graph::node_t>(i);
             return true;
           }
         return false;
       }},
      {"no such block",
       [](slot_schedule& s, const block_mask& m) {
         if (s.tiles[0].slots == 0) return false;
         s.tiles[0].inputs[0] = static_cast<graph::node_t>(m.in_groups());
         return true;
       }},
      {"twice",  // one input group read twice by a row, another not at all
       [](slot_schedule& s, const block_mask& m) {
         slot_tile& t = s.tiles[0];
         if (m.row_degree(0) < 2) return false;
         const auto entry = [&](index_t slot) -> graph::node_t& {
           return t.inputs[static_cast<std::size_t>(slot * t.rows)];
         };
         index_t a = 0;
         while (entry(a) == slot_tile::idle) ++a;
         index_t b = a + 1;
         while (entry(b) == slot_tile::idle) ++b;
         entry(b) = entry(a);
         // others may not read it in slot b, so that this fault stands alone
         for (index_t r = 1; r < t.rows; ++r)
           if (t.at(b, r) == entry(b)) return false;
         return true;
       }},
      {"two rows read input group",  // a read moves to a slot in which another row reads the same
       [](slot_schedule& s, const block_mask&) {
         slot_tile& t = s.tiles[0];
         for (index_t a = 0; a < t.slots; ++a)
           for (index_t b = 0; b < t.slots; ++b)
             for (index_t r = 0; r < t.rows; ++r) {
               graph::node_t& from = t.inputs[static_cast<std::size_t>(a * t.rows + r)];
               graph::node_t& to = t.inputs[static_cast<std::size_t>(b * t.rows + r)];
               if (from == slot_tile::idle) continue;
               for (index_t other = 0; other < t.rows; ++other)
                 if (other != r && t.at(b, other) == from) {
                   std::swap(from, to);
                   return true;
                 }
             }
         return false;
       }},
  };
  std::vector<int> found(faults.size(), 0);
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const block_mask m = any_mask(random, 10);
    const slot_schedule good = make_slot_schedule(m, static_cast<index_t>(1 + random.below(6)));
    for (std::size_t f = 0; f < faults.size(); ++f) {
      CAPTURE(f, faults[f].first);
      slot_schedule bad = good;
      if (!faults[f].second(bad, m)) continue;
      REQUIRE_THROWS_WITH(check(bad, m), Catch::Contains(faults[f].first));
      ++found[f];
    }
  }
  for (std::size_t f = 0; f < faults.size(); ++f) {
    CAPTURE(f);
    CHECK(found[f] > 50);
  }
  CHECK_THROWS_WITH(make_slot_schedule(block_mask(2, 2), 0),
                    Catch::Contains("the number of lane groups must be >= 1, given 0"));
}

TEST_CASE("the same mask has the same schedule on every platform") {
  const auto m = generate({.out_groups = 32, .in_groups = 32, .degree = 8}, rng(2020), "conv1");
  std::string text;
  for (const index_t q : {4, 32})
    for (const slot_tile& t : make_slot_schedule(m.blocks, q).tiles)
      for (const graph::node_t i : t.inputs) text += fmt::format("{},", i);
  CHECK(hash64(text) == 0x6cc36270f2d2f3c9u);
}
