// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/layer_mask.hpp"
#include "swprune/mask/layer_spec.hpp"
#include "swprune/mask/tap_mask.hpp"

namespace swprune::inline v0::mask {

/// The control without any structure: exactly `kept` of the layer's weights, every choice of them
/// equally likely. Written as 1 x 1 blocks with tap masks: block (o, i) lives iff one of its taps
/// is kept. No accelerator runs it. Nothing is promised of rows, columns or use of input channels.
/// Time proportional to the weights: each in turn is kept with the probability (still to keep) /
/// (still to come). kept in [0, weights]; throws mask_density.
[[nodiscard]] SWPRUNE_SETUP layer_mask unstructured_mask(const layer_spec& l, index_t kept,
                                                         rng& random);

#if SWPRUNE_BODIES

SWPRUNE_SETUP layer_mask unstructured_mask(const layer_spec& l, index_t kept, rng& random) {
  expects(kept >= 0 && kept <= l.weights(), errc::mask_density,
          "layer '{}': the weights to keep must lie in [0, {}], given {}", l.name, l.weights(),
          kept);
  const index_t taps = l.kernel_height * l.kernel_width;
  layer_mask m{l.name,
               {1, 1},
               l.out_channels,
               l.in_channels,
               l.kernel_height,
               l.kernel_width,
               block_mask(l.out_channels, l.in_channels)};
  tap_mask table(l.out_channels, l.in_channels, taps);
  index_t coming = l.weights();
  index_t missing = kept;
  bool some_absent = false;
  for (index_t o = 0; o < l.out_channels; ++o)
    for (index_t i = 0; i < l.in_channels; ++i) {
      const index_t before = missing;
      for (index_t t = 0; t < taps; ++t, --coming) {
        const auto place = static_cast<index_t>(random.below(static_cast<std::uint64_t>(coming)));
        if (place >= missing) continue;
        table.set(o, i, t);
        --missing;
      }
      if (missing < before) m.blocks.set(o, i);
      some_absent = some_absent || (missing < before && before - missing < taps);
    }
  if (some_absent) m.kept_taps = std::move(table);
  return m;
}

#endif

}  // namespace swprune::inline v0::mask
