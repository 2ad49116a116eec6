// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/regrow.hpp"
#include "swprune/nn/block_norms.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/batches.hpp"

namespace swprune::inline v0::train {

/// Blocks that move while training goes on: what goes beyond masks that are fixed beforehand.
struct regrow_params {
  double share =
      0;  ///< 0 <= share <= 1 of a row's blocks at the first round (0.3 is usual); 0: none
  double until = 0.75;    ///< 0 < until <= 1: the last round is before this share of the steps
  index_t rounds = 50;    ///< >= 1: a round every 1 / rounds of all steps
  double locality = 0.0;  ///< >= 0, see mask::regrow_choice
  mask::ring_order ring = mask::ring_order::interleaved;  ///< the one that the masks were made with
};

/// Throws train_parameter.
SWPRUNE_SETUP void check(const regrow_params& p);

/// Share of a row's blocks that goes at `step` of `steps`: share * (1 + cos(pi * step / end)) / 2
/// with end = until * steps; 0 where there is no round.
[[nodiscard]] SWPRUNE_SETUP double regrow_share(const regrow_params& p, index_t step,
                                                index_t steps);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check(const regrow_params& p) {
  expects(p.share >= 0 && p.share <= 1, errc::train_parameter,
          "regrow: 0 <= share <= 1 must hold, given {}", p.share);
  expects(p.until > 0 && p.until <= 1, errc::train_parameter,
          "regrow: 0 < until <= 1 must hold, given {}", p.until);
  expects(p.rounds >= 1, errc::train_parameter, "regrow: rounds must be >= 1, given {}", p.rounds);
  expects(p.locality >= 0 && std::isfinite(p.locality), errc::train_parameter,
          "regrow: locality must be >= 0, given {}", p.locality);
}

SWPRUNE_SETUP double regrow_share(const regrow_params& p, index_t step, index_t steps) {
  const double end = p.until * static_cast<double>(steps);
  const index_t every = std::max<index_t>(1, steps / p.rounds);
  if (p.share == 0 || step == 0 || step % every != 0 || static_cast<double>(step) >= end) return 0;
  return p.share * 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(step) / end));
}

#endif

namespace detail {

/// L1 norms of the loss's gradient by the weights of every block of every convolution, absent ones
/// as well: from a copy of the network in which all blocks live, the absent ones with weight zero,
/// which computes the same.
template <typename Scalar>
[[nodiscard]] SWPRUNE_COLD std::vector<std::vector<double>> gradient_norms(
    const nn::network<Scalar>& net, const batch<Scalar>& now, double label_smoothing) {
  nn::network<Scalar> whole = net.clone();
  std::vector<mask::layer_mask> dense;
  for (mask::layer_mask m : net.masks()) {
    m.blocks = mask::block_mask::dense(m.out_groups(), m.in_groups());
    dense.push_back(std::move(m));
  }
  (void)whole.change_masks(mask::mask_set(dense));
  nn::activations<Scalar> gradient;
  (void)nn::softmax_cross_entropy<Scalar>(whole.forward_training(now.images), now.labels, &gradient,
                                          label_smoothing);
  whole.backward(gradient);
  const auto parameters = whole.parameters();
  std::vector<std::vector<double>> norms;
  for (const mask::layer_mask& m : dense)
    for (const nn::parameter_view<Scalar>& p : parameters)
      if (p.name == m.name + ".weights")
        norms.push_back(nn::block_norms(*whole.template find<nn::conv2d>(m.name),
                                        std::span<const Scalar>(p.gradient)));
  return norms;
}

}  // namespace detail

/// Masks of `net` after one round in which rows give up `share` of their blocks, by the gradients
/// of the batch `now`; see mask::regrown(). Layers without absent blocks stay as they are, those
/// with blocks that lack taps are refused: mask_stages. The network is not changed.
template <typename Scalar>
[[nodiscard]] SWPRUNE_COLD mask::mask_set regrown_masks(const nn::network<Scalar>& net,
                                                        const batch<Scalar>& now, double share,
                                                        const regrow_params& p,
                                                        double label_smoothing = 0) {
  const auto gradients = detail::gradient_norms(net, now, label_smoothing);
  std::vector<mask::layer_mask> masks;
  for (const mask::layer_mask& m : net.masks()) {
    if (m.blocks.density() == 1) {
      masks.push_back(m);
      continue;
    }
    const auto weights = nn::block_norms(*net.template find<nn::conv2d>(m.name));
    masks.push_back(mask::regrown(m, weights, gradients[masks.size()],
                                  {.share = share, .locality = p.locality, .ring = p.ring}));
  }
  return mask::mask_set(std::move(masks));
}

/// Blocks that `after` has and `before` has not.
[[nodiscard]] SWPRUNE_SETUP index_t new_blocks(const mask::mask_set& before,
                                               const mask::mask_set& after);

#if SWPRUNE_BODIES

SWPRUNE_SETUP index_t new_blocks(const mask::mask_set& before, const mask::mask_set& after) {
  index_t count = 0;
  for (const mask::layer_mask& m : after) {
    const std::vector<std::uint8_t>& was = before.at(m.name).blocks.bytes();
    const std::vector<std::uint8_t>& is = m.blocks.bytes();
    for (std::size_t k = 0; k < is.size(); ++k) count += is[k] == 1 && was[k] == 0;
  }
  return count;
}

#endif

}  // namespace swprune::inline v0::train
