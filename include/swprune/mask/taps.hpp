// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/tap_mask.hpp"

namespace swprune::inline v0::mask {

/// Taps that a live block keeps of `taps` >= 1: tap_density * taps rounded (halves up), at least 1.
/// tap_density in (0, 1]; throws mask_density.
[[nodiscard]] SWPRUNE_SETUP index_t kept_tap_count(index_t taps, double tap_density);

/// The tap mask of a layer: every live block keeps `kept` of the kernel_height x kernel_width taps,
/// among them the centre (kernel_height / 2, kernel_width / 2, rounded down). The other kept - 1
/// rotate: a cursor walks round the remaining taps in the order ky, kx, and each live block, row
/// after row and in a row by ascending input group, takes the next kept - 1 of them. Over the whole
/// layer every tap but the centre is hence used equally often, within one. All taps kept gives
/// the default mask. Throws mask_shape for kernel sizes below 1 and mask_density unless
/// 1 <= kept <= taps.
[[nodiscard]] SWPRUNE_SETUP tap_mask rotate_taps(const block_mask& blocks, index_t kernel_height,
                                                 index_t kernel_width, index_t kept);

#if SWPRUNE_BODIES

SWPRUNE_SETUP index_t kept_tap_count(index_t taps, double tap_density) {
  expects(tap_density > 0.0 && tap_density <= 1.0, errc::mask_density,
          "the tap density must lie in (0, 1], given {}", tap_density);
  const auto kept = static_cast<index_t>(std::llround(tap_density * static_cast<double>(taps)));
  return kept < 1 ? 1 : kept;
}

SWPRUNE_SETUP tap_mask rotate_taps(const block_mask& blocks, index_t kernel_height,
                                   index_t kernel_width, index_t kept) {
  expects(kernel_height >= 1 && kernel_width >= 1, errc::mask_shape,
          "a tap mask needs a kernel of at least 1x1, given {}x{}", kernel_height, kernel_width);
  const index_t taps = kernel_height * kernel_width;
  expects(kept >= 1 && kept <= taps, errc::mask_density,
          "the taps that a block keeps must lie in [1, {}], given {}", taps, kept);
  if (kept == taps || blocks.count() == 0) return {};
  tap_mask mask(blocks.out_groups(), blocks.in_groups(), taps);
  const index_t centre = kernel_height / 2 * kernel_width + kernel_width / 2;
  index_t cursor = 0;
  for (index_t j = 0; j < blocks.out_groups(); ++j)
    for (const index_t i : blocks.row(j)) {
      mask.set(j, i, centre);
      for (index_t t = 1; t < kept; ++t) {
        mask.set(j, i, cursor < centre ? cursor : cursor + 1);
        cursor = (cursor + 1) % (taps - 1);
      }
    }
  return mask;
}

#endif

}  // namespace swprune::inline v0::mask
