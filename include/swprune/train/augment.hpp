// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::train {

/// Random changes of training images.
struct augment_params {
  /// 0 <= crop <= 16: put a frame of so many black pixels (byte 0) round the image and cut the
  /// image's size out at a random place; the same as moving it by up to `crop` pixels.
  index_t crop = 0;
  bool flip = false;  ///< mirror left and right with probability 1/2
};

/// Throws train_parameter.
inline void check(const augment_params& p) {
  expects(p.crop >= 0 && p.crop <= 16, errc::train_parameter,
          "0 <= crop <= 16 pixels must hold, given {}", p.crop);
}

/// What happens to one image.
struct image_change {
  index_t down = 0;   ///< pixels
  index_t right = 0;  ///< pixels
  bool mirrored = false;
};

/// The change of image `sample` in `epoch`: depends on nothing but seed, epoch and sample.
[[nodiscard]] SWPRUNE_FUNCTION image_change draw_change(const augment_params& p, const rng& random,
                                                        index_t epoch, index_t sample);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION image_change draw_change(const augment_params& p, const rng& random, index_t epoch,
                                          index_t sample) {
  if (p.crop == 0 && !p.flip) return {};
  rng r = random.stream("augment", static_cast<std::uint64_t>(epoch),
                        static_cast<std::uint64_t>(sample));
  const auto offset = [&] {
    return static_cast<index_t>(r.below(static_cast<std::uint64_t>(2 * p.crop + 1))) - p.crop;
  };
  image_change change;
  change.down = offset();
  change.right = offset();
  change.mirrored = p.flip && r.below(2) == 1;
  return change;
}

#endif

}  // namespace swprune::inline v0::train
