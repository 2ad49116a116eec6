// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::train {

/// Random changes of training images.
struct augment_params {
  index_t shift = 0;  ///< 0 <= shift <= 16: up to so many pixels in each direction, zeros move in
  bool flip = false;  ///< mirror left and right with probability 1/2
};

/// Throws train_parameter.
inline void check(const augment_params& p) {
  expects(p.shift >= 0 && p.shift <= 16, errc::train_parameter,
          "0 <= shift <= 16 pixels must hold, given {}", p.shift);
}

/// What happens to one image.
struct image_change {
  index_t down = 0;   ///< pixels
  index_t right = 0;  ///< pixels
  bool mirrored = false;
};

/// The change of image `sample` in `epoch`: depends on nothing but seed, epoch and sample.
[[nodiscard]] inline image_change draw_change(const augment_params& p, const rng& random,
                                              index_t epoch, index_t sample) {
  if (p.shift == 0 && !p.flip) return {};
  rng r = random.stream("augment", static_cast<std::uint64_t>(epoch),
                        static_cast<std::uint64_t>(sample));
  const auto offset = [&] {
    return static_cast<index_t>(r.below(static_cast<std::uint64_t>(2 * p.shift + 1))) - p.shift;
  };
  image_change change;
  change.down = offset();
  change.right = offset();
  change.mirrored = p.flip && r.below(2) == 1;
  return change;
}

}  // namespace swprune::inline v0::train
