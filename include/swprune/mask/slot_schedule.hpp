// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/graph/bipartite.hpp"
#include "swprune/graph/edge_colouring.hpp"
#include "swprune/graph/node.hpp"
#include "swprune/mask/block_mask.hpp"

namespace swprune::inline v0::mask {

/// The rows that are in flight together, one on each lane group, and what they read slot by slot.
struct slot_tile {
  static constexpr graph::node_t idle = -1;

  index_t first_row = 0;
  index_t rows = 0;   ///< Q, or fewer in the last tile
  index_t slots = 0;  ///< largest number of blocks of a row, or of uses of an input group, here
  std::vector<graph::node_t> inputs{};  ///< [slots x rows]: input group, or idle

  /// Input group that row first_row + `row` reads in `slot`, or idle; no check of ranges.
  [[nodiscard]] graph::node_t at(index_t slot, index_t row) const {
    return inputs[static_cast<std::size_t>(slot * rows + row)];
  }
};

/// The order in which an array of Q lane groups reads the input groups of a layer: rows 0 .. Q - 1
/// together, then Q .. 2 Q - 1, and so on. In no slot do two lane groups read the same input group,
/// so that one bank per input group serves them all, without a conflict and without a wait.
struct slot_schedule {
  index_t out_groups = 1;
  index_t in_groups = 1;
  index_t lane_groups = 1;  ///< Q
  std::vector<slot_tile> tiles{};

  /// Slots of all tiles: the length of a pass over the layer.
  [[nodiscard]] index_t slots() const {
    index_t n = 0;
    for (const slot_tile& t : tiles) n += t.slots;
    return n;
  }
};

/// Schedule of a mask for `lane_groups` rows at a time, each tile by a proper colouring of the
/// edges between its rows and the input groups: a slot is a colour. A tile takes D slots, D the
/// larger of the blocks of its fullest row and the uses of its most used input group (Koenig: no
/// fewer are possible, and no more are needed); a row of D blocks reads in every slot. With
/// Q <= row degree that is the row degree: equal rows never wait. With all rows at once, a square
/// mask with equal rows and columns takes as many slots as a row has blocks. lane_groups >= 1, more
/// than Go count as Go; throws mask_schedule. The same mask gives the same schedule on every
/// platform.
[[nodiscard]] SWPRUNE_SETUP slot_schedule make_slot_schedule(const block_mask& mask,
                                                             index_t lane_groups);

#if SWPRUNE_BODIES

namespace detail {

/// Rows first .. first + count - 1 of a mask as a graph.
[[nodiscard]] inline graph::bipartite rows_of(const block_mask& mask, index_t first,
                                              index_t count) {
  std::vector<std::vector<graph::node_t>> rows(static_cast<std::size_t>(count));
  for (index_t j = 0; j < count; ++j)
    for (const index_t i : mask.row(first + j))
      rows[static_cast<std::size_t>(j)].push_back(static_cast<graph::node_t>(i));
  return graph::bipartite(mask.in_groups(), rows);
}

[[nodiscard]] inline slot_tile schedule_tile(const block_mask& mask, index_t first, index_t count) {
  const graph::bipartite rows = rows_of(mask, first, count);
  const graph::edge_colouring colouring = graph::colour_edges(rows);
  slot_tile tile{first, count, colouring.colours, {}};
  tile.inputs.assign(static_cast<std::size_t>(tile.slots * count), slot_tile::idle);
  std::size_t e = 0;
  for (index_t j = 0; j < count; ++j)
    for (const graph::node_t i : rows.row(j))
      tile.inputs[static_cast<std::size_t>(colouring.colour[e++] * count + j)] = i;
  return tile;
}

/// Every entry is a block of the mask, none comes twice in a row, no input group twice in a slot.
/// Returns the number of entries.
inline index_t check_entries(const slot_tile& t, const block_mask& mask) {
  std::vector<unsigned char> read(static_cast<std::size_t>(t.rows * mask.in_groups()), 0);
  std::vector<index_t> last_slot(static_cast<std::size_t>(mask.in_groups()), -1);
  index_t entries = 0;
  for (index_t slot = 0; slot < t.slots; ++slot)
    for (index_t r = 0; r < t.rows; ++r) {
      const graph::node_t i = t.at(slot, r);
      if (i == slot_tile::idle) continue;
      const index_t j = t.first_row + r;
      expects(i >= 0 && i < mask.in_groups() && mask.test(j, i), errc::mask_schedule,
              "slot {} of the tile from row {}: row {} reads input group {}, but the mask has no "
              "such block",
              slot, t.first_row, j, i);
      unsigned char& seen = read[static_cast<std::size_t>(r * mask.in_groups() + i)];
      expects(seen == 0, errc::mask_schedule,
              "the tile from row {}: row {} reads input group {} twice", t.first_row, j, i);
      seen = 1;
      index_t& slot_of = last_slot[static_cast<std::size_t>(i)];
      expects(slot_of != slot, errc::mask_schedule,
              "slot {} of the tile from row {}: two rows read input group {}", slot, t.first_row,
              i);
      slot_of = slot;
      ++entries;
    }
  return entries;
}

}  // namespace detail

SWPRUNE_SETUP slot_schedule make_slot_schedule(const block_mask& mask, index_t lane_groups) {
  expects(lane_groups >= 1, errc::mask_schedule, "the number of lane groups must be >= 1, given {}",
          lane_groups);
  const index_t at_once = std::min(lane_groups, mask.out_groups());
  slot_schedule schedule{mask.out_groups(), mask.in_groups(), at_once, {}};
  for (index_t first = 0; first < mask.out_groups(); first += at_once)
    schedule.tiles.push_back(
        detail::schedule_tile(mask, first, std::min(at_once, mask.out_groups() - first)));
  return schedule;
}

#endif

/// Schedule of all rows at once (invariant I10).
[[nodiscard]] inline slot_schedule make_slot_schedule(const block_mask& mask) {
  return make_slot_schedule(mask, mask.out_groups());
}

/// Throws mask_schedule, naming tile, slot, row and input group, unless `s` is a schedule of
/// `mask`: tiles of Q rows cover all rows in order; every block is read once, by its row; no input
/// group is read twice in a slot; every tile has the number of slots of Koenig's theorem.
SWPRUNE_SETUP void check(const slot_schedule& s, const block_mask& mask);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const slot_schedule& s, const block_mask& mask) {
  expects(s.out_groups == mask.out_groups() && s.in_groups == mask.in_groups(), errc::mask_schedule,
          "a schedule of {} x {} groups does not fit a {} x {} mask", s.out_groups, s.in_groups,
          mask.out_groups(), mask.in_groups());
  expects(s.lane_groups >= 1, errc::mask_schedule,
          "the number of lane groups must be >= 1, given {}", s.lane_groups);
  index_t next = 0;
  for (const slot_tile& t : s.tiles) {
    const index_t rows = std::min(s.lane_groups, mask.out_groups() - next);
    expects(t.first_row == next && t.rows == rows && rows >= 1, errc::mask_schedule,
            "a tile has rows {} .. {}, expected {} .. {}", t.first_row, t.first_row + t.rows - 1,
            next, next + rows - 1);
    next += rows;
    const graph::bipartite blocks = detail::rows_of(mask, t.first_row, t.rows);
    expects(t.slots == graph::max_degree(blocks), errc::mask_schedule,
            "the tile from row {} has {} slots, expected {}", t.first_row, t.slots,
            graph::max_degree(blocks));
    expects(static_cast<index_t>(t.inputs.size()) == t.slots * t.rows, errc::mask_schedule,
            "the tile from row {} has {} entries, expected {} slots x {} rows", t.first_row,
            t.inputs.size(), t.slots, t.rows);
    const index_t entries = detail::check_entries(t, mask);
    expects(entries == blocks.edges(), errc::mask_schedule,
            "the tile from row {} reads {} blocks, but its rows have {}", t.first_row, entries,
            blocks.edges());
  }
  expects(next == mask.out_groups(), errc::mask_schedule,
          "the tiles end before row {}, but there are {} rows", next, mask.out_groups());
}

#endif

}  // namespace swprune::inline v0::mask
