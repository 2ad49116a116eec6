// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/hw/plan_work.hpp"

namespace swprune::inline v0::hw {

/// Consecutive output groups whose weights are in the buffer together. The chunks of a panel share
/// one set of activation slots: the union of what their rows use.
struct chunk {
  index_t row_begin = 0;
  index_t row_end = 1;
  index_t panel = 0;

  [[nodiscard]] index_t rows() const { return row_end - row_begin; }
  friend constexpr bool operator==(const chunk&, const chunk&) = default;
};

/// Loop order between chunks and tiles.
enum class loop_order {
  chunk_outer,  ///< every chunk is its own panel: all tiles for a chunk, each with its own slots
  tile_outer    ///< one panel: all chunks for a tile, whose slots hold what any row uses
};

/// What the choice of chunks depends on, averaged over the tiles of the layer.
struct chunk_costs {
  index_t tiles = 1;
  double passes_per_tile = 1;           ///< sub-tiles
  double cycles_per_slot = 0;           ///< loading one slot, share of the fetch list included
  double cycles_per_residual_word = 0;  ///< loading the residual of four output channels
  index_t step_load = 0;                ///< reading a step record
  index_t interval = 1;                 ///< Dx
  index_t max_slots = 0;                ///< slots that fit the activation buffer
  index_t max_rows = 0;                 ///< of a chunk, 0: as many as fit
};

/// Chooses the chunks of a layer so that the sum over the steps of
/// max(compute + 7, load of the next step + 2) is smallest (docs/accelerator.md section 11, tiles
/// averaged): dynamic programming over pairs (chunk before, chunk). In layers of very many output
/// groups only every n-th boundary is tried.
class chunk_planner {
 public:
  chunk_planner(const layer_work& work, const chunk_costs& costs) : work_(work), costs_(costs) {
    unit_ = ceil_div(work.row_count(), 96);
    if (!prepare() && unit_ > 1) {
      unit_ = 1;
      prepare();
    }
  }

  /// Empty if a row alone does not fit, or for tile_outer if the whole union does not.
  [[nodiscard]] std::optional<std::vector<chunk>> best(loop_order order) const {
    if (order == loop_order::tile_outer && !work_.array.skip && work_.rows.back().section > 0)
      return {};  // without lists all rows that share slots walk all of them
    if (order == loop_order::tile_outer && at(0, count_).slots > costs_.max_slots) return {};
    return count_ > 128 ? greedy(order) : optimal(order);
  }

 private:
  /// Facts about rows [i, j) (in units).
  struct span_facts {
    bool fits = false;
    index_t slots = 0;
    double compute = 0;     ///< cycles per tile
    double chunk_load = 0;  ///< list, parameters, weights
    double tile_load = 0;   ///< planes
    double residual_load = 0;
  };

  [[nodiscard]] const span_facts& at(index_t i, index_t j) const {
    return facts_[static_cast<std::size_t>(i * (count_ + 1) + j)];
  }
  [[nodiscard]] index_t first_row(index_t unit) const {
    return std::min(unit * unit_, work_.row_count());
  }

  /// Fills the table; false if a single unit does not fit.
  bool prepare() {
    count_ = ceil_div(work_.row_count(), unit_);
    facts_.assign(static_cast<std::size_t>((count_ + 1) * (count_ + 1)), {});
    bool all_fit = true;
    for (index_t i = 0; i < count_; ++i) {
      fill_from(i);
      all_fit = all_fit && usable(i, i + 1, loop_order::tile_outer);
    }
    return all_fit;
  }

  void fill_from(index_t i) {
    std::vector<std::uint8_t> used(static_cast<std::size_t>(work_.in_groups), 0);
    index_t slots = 0;
    index_t words = 0;
    index_t entries = 0;
    double compute = 0;
    for (index_t j = i + 1; j <= count_; ++j) {
      for (index_t r = first_row(j - 1); r < first_row(j); ++r) {
        const row_work& row = work_.row(r);
        for (const index_t g : row.groups) {
          slots += used[static_cast<std::size_t>(g)] == 0;
          used[static_cast<std::size_t>(g)] = 1;
        }
        words += row.words;
        entries += row.entries;
        compute += static_cast<double>(std::max(row.uops, costs_.interval));
      }
      store(i, j, slots, words, entries, compute);
    }
  }

  void store(index_t i, index_t j, index_t slots, index_t words, index_t entries, double compute) {
    const index_t rows = first_row(j) - first_row(i);
    span_facts& f = facts_[static_cast<std::size_t>(i * (count_ + 1) + j)];
    const bool one_section = work_.row(first_row(i)).section == work_.row(first_row(j) - 1).section;
    f.fits = chunk_fits(work_.array, rows, entries, words) && one_section &&
             (costs_.max_rows == 0 || rows <= costs_.max_rows || rows == 1);
    f.slots = slots;
    f.compute = compute * costs_.passes_per_tile;
    f.chunk_load =
        static_cast<double>(load_of_chunk(work_.array, rows, entries, words).cycles(work_.array));
    f.tile_load = static_cast<double>(slots) * costs_.cycles_per_slot;
    if (work_.row(first_row(i)).residual)
      f.residual_load = static_cast<double>(work_.out_words(first_row(i), first_row(j))) *
                        costs_.cycles_per_residual_word;
  }

  [[nodiscard]] bool usable(index_t i, index_t j, loop_order order) const {
    return at(i, j).fits && (order == loop_order::tile_outer || at(i, j).slots <= costs_.max_slots);
  }

  /// Cycles of all steps of chunk (h, i), the last of which hides the load of `next` (may be null).
  [[nodiscard]] double cost(const span_facts& f, const span_facts* next, loop_order order) const {
    const auto tiles = static_cast<double>(costs_.tiles);
    const auto record = static_cast<double>(costs_.step_load);
    const double compute = f.compute + 7;
    if (order == loop_order::tile_outer)
      return tiles * (next ? std::max(compute, next->chunk_load + next->residual_load + record + 2)
                           : compute);
    const double inner =
        (tiles - 1) * std::max(compute, f.tile_load + f.residual_load + record + 2);
    if (next == nullptr) return inner + compute;
    return inner +
           std::max(compute, next->chunk_load + next->tile_load + next->residual_load + record + 2);
  }

  [[nodiscard]] std::optional<std::vector<chunk>> optimal(loop_order order) const {
    constexpr double inf = std::numeric_limits<double>::infinity();
    const auto n = static_cast<std::size_t>(count_ + 1);
    std::vector<double> best(n * n, inf);  // cycles until chunk (i, j) starts
    std::vector<index_t> before(n * n, -1);
    const auto cell = [&](index_t i, index_t j) {
      return static_cast<std::size_t>(i) * n + static_cast<std::size_t>(j);
    };
    for (index_t j = 1; j <= count_; ++j)
      if (usable(0, j, order)) {
        const bool shared = order == loop_order::tile_outer;
        best[cell(0, j)] = at(0, j).chunk_load + (shared ? 0.0 : at(0, j).tile_load);
      }
    for (index_t i = 1; i < count_; ++i)
      for (index_t j = i + 1; j <= count_; ++j) {
        if (!usable(i, j, order)) continue;
        for (index_t h = 0; h < i; ++h) {
          if (best[cell(h, i)] == inf) continue;
          const double c = best[cell(h, i)] + cost(at(h, i), &at(i, j), order);
          if (c >= best[cell(i, j)]) continue;
          best[cell(i, j)] = c;
          before[cell(i, j)] = h;
        }
      }
    index_t last = -1;
    double least = inf;
    for (index_t i = 0; i < count_; ++i) {
      if (best[cell(i, count_)] == inf) continue;
      const double c = best[cell(i, count_)] + cost(at(i, count_), nullptr, order);
      if (c < least) {
        least = c;
        last = i;
      }
    }
    if (last < 0) return {};
    std::vector<index_t> cuts{count_};
    for (index_t i = last, j = count_; i >= 0;) {
      cuts.push_back(i);
      const index_t h = before[cell(i, j)];
      j = i;
      i = h;
    }
    std::reverse(cuts.begin(), cuts.end());
    return to_chunks(cuts, order);
  }

  /// As many rows in each chunk as fit.
  [[nodiscard]] std::optional<std::vector<chunk>> greedy(loop_order order) const {
    std::vector<index_t> cuts{0};
    while (cuts.back() < count_) {
      index_t end = cuts.back();
      while (end < count_ && usable(cuts.back(), end + 1, order)) ++end;
      if (end == cuts.back()) return {};
      cuts.push_back(end);
    }
    return to_chunks(cuts, order);
  }

  [[nodiscard]] std::vector<chunk> to_chunks(const std::vector<index_t>& cuts,
                                             loop_order order) const {
    std::vector<chunk> chunks;
    for (std::size_t c = 0; c + 1 < cuts.size(); ++c)
      chunks.push_back({first_row(cuts[c]), first_row(cuts[c + 1]),
                        order == loop_order::tile_outer ? 0 : static_cast<index_t>(c)});
    return chunks;
  }

  const layer_work& work_;
  chunk_costs costs_;
  index_t unit_ = 1;
  index_t count_ = 0;  ///< units
  std::vector<span_facts> facts_;
};

}  // namespace swprune::inline v0::hw
