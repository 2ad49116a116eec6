// SPDX-License-Identifier: Apache-2.0
#pragma once

// The invariants of masks, checked on plain 0/1 bytes with loops that share nothing with the
// library: no graph, no mask method beyond bytes() and the two sizes.

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "swprune/core/types.hpp"

namespace swprune_test {

/// A 0/1 matrix, row-major.
struct grid {
  swprune::index_t rows = 0;
  swprune::index_t columns = 0;
  std::vector<std::uint8_t> bytes{};

  template <typename Mask>
  static grid of(const Mask& m) {
    return {m.out_groups(), m.in_groups(), m.bytes()};
  }
  [[nodiscard]] bool at(swprune::index_t r, swprune::index_t c) const {
    return bytes[static_cast<std::size_t>(r * columns + c)] == 1;
  }
  [[nodiscard]] swprune::index_t row_sum(swprune::index_t r) const {
    swprune::index_t n = 0;
    for (swprune::index_t c = 0; c < columns; ++c) n += at(r, c);
    return n;
  }
  [[nodiscard]] swprune::index_t column_sum(swprune::index_t c) const {
    swprune::index_t n = 0;
    for (swprune::index_t r = 0; r < rows; ++r) n += at(r, c);
    return n;
  }
  [[nodiscard]] swprune::index_t sum() const {
    swprune::index_t n = 0;
    for (swprune::index_t r = 0; r < rows; ++r) n += row_sum(r);
    return n;
  }
};

/// I1: `extra` rows have degree + 1 ones, all others degree.
inline bool rows_have(const grid& g, swprune::index_t degree, swprune::index_t extra) {
  swprune::index_t fuller = 0;
  for (swprune::index_t r = 0; r < g.rows; ++r) {
    const swprune::index_t n = g.row_sum(r);
    if (n != degree && n != degree + 1) return false;
    fuller += n == degree + 1;
  }
  return fuller == extra;
}

/// I2: every column has floor(E / columns) or ceil(E / columns) of the E ones.
inline bool columns_even(const grid& g) {
  const swprune::index_t low = g.sum() / g.columns;
  const swprune::index_t high = (g.sum() + g.columns - 1) / g.columns;
  for (swprune::index_t c = 0; c < g.columns; ++c)
    if (g.column_sum(c) < low || g.column_sum(c) > high) return false;
  return true;
}

/// I3: no empty row, no empty column.
inline bool all_used(const grid& g) {
  for (swprune::index_t r = 0; r < g.rows; ++r)
    if (g.row_sum(r) == 0) return false;
  for (swprune::index_t c = 0; c < g.columns; ++c)
    if (g.column_sum(c) == 0) return false;
  return true;
}

/// I6: every one of `inner` is a one of `outer`.
inline bool contains(const grid& outer, const grid& inner) {
  if (outer.rows != inner.rows || outer.columns != inner.columns) return false;
  for (std::size_t i = 0; i < inner.bytes.size(); ++i)
    if (inner.bytes[i] == 1 && outer.bytes[i] != 1) return false;
  return true;
}

/// One read of a slot schedule.
struct slot_read {
  swprune::index_t slot = 0;
  swprune::index_t row = 0;
  swprune::index_t column = 0;
};

/// I10: every one of `g` is read exactly once, nothing else is, no row and no column twice in a
/// slot, and there are as many slots as the fullest row or column has ones.
inline bool is_slot_schedule(const grid& g, const std::vector<slot_read>& reads,
                             swprune::index_t slots) {
  using pair = std::pair<swprune::index_t, swprune::index_t>;
  std::set<pair> cells, rows, columns;
  for (const slot_read& r : reads) {
    if (r.slot < 0 || r.slot >= slots || r.row < 0 || r.row >= g.rows || r.column < 0 ||
        r.column >= g.columns || !g.at(r.row, r.column))
      return false;
    if (!cells.insert({r.row, r.column}).second || !rows.insert({r.slot, r.row}).second ||
        !columns.insert({r.slot, r.column}).second)
      return false;
  }
  swprune::index_t fullest = 0;
  for (swprune::index_t r = 0; r < g.rows; ++r) fullest = std::max(fullest, g.row_sum(r));
  for (swprune::index_t c = 0; c < g.columns; ++c) fullest = std::max(fullest, g.column_sum(c));
  return static_cast<swprune::index_t>(cells.size()) == g.sum() && slots == fullest;
}

/// I4: which channels of the first layer's input each output channel of the last depends on, by a
/// plain loop over channels; as a share of all pairs. Channel c of a layer belongs to group c /
/// width.
struct naive_layer {
  grid blocks{};
  swprune::index_t block_outputs = 1;
  swprune::index_t block_inputs = 1;
  swprune::index_t out_channels = 1;
  swprune::index_t in_channels = 1;
};

inline std::vector<std::vector<bool>> reach_of(const std::vector<naive_layer>& chain) {
  const auto entries = static_cast<std::size_t>(chain.front().in_channels);
  std::vector<std::vector<bool>> sets(entries, std::vector<bool>(entries, false));
  for (std::size_t c = 0; c < entries; ++c) sets[c][c] = true;
  for (const naive_layer& l : chain) {
    std::vector<std::vector<bool>> next(static_cast<std::size_t>(l.out_channels),
                                        std::vector<bool>(entries, false));
    for (swprune::index_t o = 0; o < l.out_channels; ++o)
      for (swprune::index_t i = 0; i < l.in_channels; ++i)
        if (l.blocks.at(o / l.block_outputs, i / l.block_inputs))
          for (std::size_t e = 0; e < entries; ++e)
            if (sets[static_cast<std::size_t>(i)][e]) next[static_cast<std::size_t>(o)][e] = true;
    sets = std::move(next);
  }
  return sets;
}

inline bool all_reach_all(const std::vector<std::vector<bool>>& sets) {
  for (const auto& row : sets)
    if (!std::all_of(row.begin(), row.end(), [](bool b) { return b; })) return false;
  return true;
}

}  // namespace swprune_test
