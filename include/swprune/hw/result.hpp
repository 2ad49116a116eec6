// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/image.hpp"

namespace swprune::inline v0::hw {

/// Sparse run against the dense control on the same array with the same batch: of a layer, or of
/// the whole model. All figures follow from the integer members, so they can be recomputed.
struct comparison {
  std::string name;
  index_t images = 0;      ///< batch that the cycles are for
  index_t pes = 1;         ///< Poy * Pox * Pof
  index_t macs_dense = 0;  ///< of the batch; taps on padding pixels count, as in the array
  index_t macs_kept = 0;
  index_t live_blocks = 0;
  index_t blocks = 0;
  index_t cycles_dense = 0;  ///< measured (closed form, golden model or RTL)
  index_t cycles_sparse = 0;
  index_t ideal_dense = 0;  ///< sum of K^2 x channels of the blocks over all passes
  index_t ideal_sparse = 0;
  index_t weight_bytes_dense = 0;  ///< fetched
  index_t weight_bytes_sparse = 0;
  index_t activation_bytes_dense = 0;  ///< fetched
  index_t activation_bytes_sparse = 0;
  /// What the steps of the sparse run would fetch beyond that if every block were live: the loads
  /// that skipping saves. (The dense control may have other steps.)
  index_t weight_bytes_skipped = 0;
  index_t activation_bytes_skipped = 0;

  /// Ideal dense passes / ideal sparse passes.
  [[nodiscard]] double speedup_ideal() const { return ratio(ideal_dense, ideal_sparse); }
  /// Cycles of the dense control, or its ideal if that is smaller, / cycles of the sparse run.
  [[nodiscard]] double speedup() const {
    return ratio(std::min(cycles_dense, ideal_dense), cycles_sparse);
  }
  /// Ideal sparse passes / cycles of the sparse run, <= 1.
  [[nodiscard]] double efficiency() const { return ratio(ideal_sparse, cycles_sparse); }
  /// Kept multiplications / (cycles of the sparse run x multipliers), <= 1.
  [[nodiscard]] double utilisation() const { return ratio(macs_kept, cycles_sparse * pes); }
  /// The same for the dense control.
  [[nodiscard]] double utilisation_dense() const { return ratio(macs_dense, cycles_dense * pes); }

 private:
  /// 0 when there is nothing to divide by (a layer without live blocks has no ideal passes).
  [[nodiscard]] static double ratio(index_t a, index_t b) {
    return b == 0 ? 0.0 : static_cast<double>(a) / static_cast<double>(b);
  }
};

/// A model's layers and the sum over them.
struct model_comparison {
  std::vector<comparison> layers;
  comparison total;
};

/// Compares the program of the skipping array with that of the dense control. `sparse_counts` and
/// `dense_counts` are their predict(), or the same with cycles that were measured. Throws
/// device_mismatch unless both programs are the same model, batch and array, one with and one
/// without skip.
[[nodiscard]] SWPRUNE_FUNCTION model_comparison compare(const program& sparse,
                                                        const cycle_report& sparse_counts,
                                                        const program& dense,
                                                        const cycle_report& dense_counts);

#if SWPRUNE_BODIES

namespace detail {

[[nodiscard]] inline comparison compare_counts(const program& p, std::string name,
                                               const cycle_counts& sparse,
                                               const cycle_counts& dense) {
  comparison c;
  c.name = std::move(name);
  c.images = p.images;
  c.pes = p.array.pes();
  c.cycles_dense = dense.cycles;
  c.cycles_sparse = sparse.cycles;
  c.ideal_dense = dense.ideal_cycles;
  c.ideal_sparse = sparse.ideal_cycles;
  c.weight_bytes_dense = dense.bytes_of(request_kind::weights);
  c.weight_bytes_sparse = sparse.bytes_of(request_kind::weights);
  c.activation_bytes_dense = dense.bytes_of(request_kind::plane);
  c.activation_bytes_sparse = sparse.bytes_of(request_kind::plane);
  return c;
}

}  // namespace detail

SWPRUNE_FUNCTION model_comparison compare(const program& sparse, const cycle_report& sparse_counts,
                                          const program& dense, const cycle_report& dense_counts) {
  array_params control = sparse.array;
  control.skip = false;
  expects(sparse.array.skip && dense.array == control && sparse.images == dense.images &&
              sparse.layers.size() == dense.layers.size() &&
              sparse_counts.layers.size() == sparse.layers.size() &&
              dense_counts.layers.size() == dense.layers.size(),
          errc::device_mismatch,
          "compare() needs one model on one array, first with, then without skip; given {} layers, "
          "{} images, {}, skip {}, and {} layers, {} images, {}, skip {}",
          sparse.layers.size(), sparse.images, sparse.array.to_string(), sparse.array.skip,
          dense.layers.size(), dense.images, dense.array.to_string(), dense.array.skip);
  model_comparison result;
  result.total = detail::compare_counts(sparse, "total", sparse_counts.total, dense_counts.total);
  for (std::size_t i = 0; i < sparse.layers.size(); ++i) {
    const layer_summary& s = sparse.layers[i];
    comparison c =
        detail::compare_counts(sparse, s.name, sparse_counts.layers[i], dense_counts.layers[i]);
    c.macs_dense = s.macs_dense;
    c.macs_kept = s.macs_kept;
    c.live_blocks = s.live_blocks;
    c.blocks = s.blocks;
    c.weight_bytes_skipped = s.weight_bytes_skipped;
    c.activation_bytes_skipped = s.activation_bytes_skipped;
    result.total.macs_dense += c.macs_dense;
    result.total.macs_kept += c.macs_kept;
    result.total.live_blocks += c.live_blocks;
    result.total.blocks += c.blocks;
    result.total.weight_bytes_skipped += c.weight_bytes_skipped;
    result.total.activation_bytes_skipped += c.activation_bytes_skipped;
    result.layers.push_back(std::move(c));
  }
  return result;
}

#endif

/// compare() by the closed form.
[[nodiscard]] inline model_comparison compare(const program& sparse, const program& dense) {
  return compare(sparse, predict(sparse), dense, predict(dense));
}

}  // namespace swprune::inline v0::hw
