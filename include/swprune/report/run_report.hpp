// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/block_shape.hpp"

namespace swprune::inline v0::report {

/// Figures of one layer. Weights and MACs are those of the float network (padding of the last
/// groups not counted); cycles, loads and bytes are those of the whole run, all images together.
struct layer_figures {
  std::string name;
  bool prunable = true;          ///< the mask generator may remove blocks here
  index_t weights = 0;           ///< without mask
  index_t weights_kept = 0;      ///< 0..weights
  index_t macs = 0;              ///< per image, without mask
  index_t macs_kept = 0;         ///< per image, 0..macs
  index_t blocks = 0;            ///< Go x Gi
  index_t blocks_live = 0;       ///< 0..blocks
  index_t cycles_dense = 0;      ///< measured, dense control
  index_t cycles_sparse = 0;     ///< measured
  index_t ideal_dense = 0;       ///< cycles of ideal dense passes, see accelerator page
  index_t ideal_sparse = 0;      ///< cycles of ideal sparse passes
  index_t loads_dense = 0;       ///< block loads (weights and activations) of the dense control
  index_t loads_sparse = 0;      ///< block loads issued; loads_dense - loads_sparse were skipped
  index_t weight_bytes = 0;      ///< fetched
  index_t activation_bytes = 0;  ///< fetched
  /// Small-world measures of the layer's folded graph; NaN where they do not exist.
  double clustering = std::numeric_limits<double>::quiet_NaN();
  double path_length = std::numeric_limits<double>::quiet_NaN();
  double sigma = std::numeric_limits<double>::quiet_NaN();
  double omega = std::numeric_limits<double>::quiet_NaN();
};

/// What report.json holds (docs/formats-files.md). Ratios are methods, so that they cannot disagree
/// with the layers that they come from.
struct run_report {
  std::string dataset;
  std::uint64_t seed = 0;
  index_t images = 0;  ///< that ran through the accelerator, >= 1
  std::string compiler;
  std::string isa;
  std::string git;            ///< revision, or "unknown"
  index_t array_rows = 4;     ///< Poy
  index_t array_columns = 8;  ///< Pox
  index_t array_outputs = 8;  ///< Pof
  mask::block_shape block;
  double beta = 0;
  double accuracy_float_dense = 0;   ///< of the test set, 0..1
  double accuracy_float_sparse = 0;  ///< of the test set, 0..1
  double accuracy_int8 = 0;          ///< of the test set, 0..1
  double accuracy_rtl = 0;           ///< of the images that ran, 0..1
  index_t lockstep_cycles = 0;
  index_t lockstep_mismatches = 0;
  std::vector<layer_figures> layers;

  /// Sum of one figure over the layers.
  [[nodiscard]] index_t total(index_t layer_figures::*figure) const {
    index_t sum = 0;
    for (const layer_figures& l : layers) sum += l.*figure;
    return sum;
  }
  /// Share of all weights that the masks remove.
  [[nodiscard]] double sparsity() const {
    return 1 - ratio(total(&layer_figures::weights_kept), total(&layer_figures::weights));
  }
  /// Share of the prunable layers' weights that the masks remove; 0 without such layers.
  [[nodiscard]] double sparsity_prunable() const {
    index_t all = 0;
    index_t kept = 0;
    for (const layer_figures& l : layers) {
      all += l.prunable ? l.weights : 0;
      kept += l.prunable ? l.weights_kept : 0;
    }
    return all == 0 ? 0 : 1 - ratio(kept, all);
  }
  /// Measured dense control, or its ideal if that is less, over measured sparse cycles.
  [[nodiscard]] double speedup() const {
    return ratio(std::min(total(&layer_figures::cycles_dense), total(&layer_figures::ideal_dense)),
                 total(&layer_figures::cycles_sparse));
  }
  /// Ideal dense over ideal sparse passes.
  [[nodiscard]] double speedup_ideal() const {
    return ratio(total(&layer_figures::ideal_dense), total(&layer_figures::ideal_sparse));
  }
  /// Ideal sparse passes over measured sparse cycles.
  [[nodiscard]] double efficiency() const {
    return ratio(total(&layer_figures::ideal_sparse), total(&layer_figures::cycles_sparse));
  }
  /// Kept MACs of all images over cycles x processing elements.
  [[nodiscard]] double utilisation() const {
    const double offered = static_cast<double>(total(&layer_figures::cycles_sparse)) *
                           static_cast<double>(array_rows * array_columns * array_outputs);
    const double done =
        static_cast<double>(total(&layer_figures::macs_kept)) * static_cast<double>(images);
    return offered > 0 ? done / offered : 0;
  }

 private:
  [[nodiscard]] static double ratio(index_t a, index_t b) {
    return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
  }
};

}  // namespace swprune::inline v0::report
