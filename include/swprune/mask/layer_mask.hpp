// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/mask/tap_mask.hpp"

namespace swprune::inline v0::mask {

/// The mask of one layer together with the shape it belongs to. A fully connected layer after an
/// H x W map is a valid convolution with an H x W kernel; after a flat vector the kernel is 1 x 1.
/// Weight (o, i, ky, kx) exists iff its block (o / block.outputs, i / block.inputs) lives and keeps
/// the tap ky * Nkx + kx.
struct layer_mask {
  std::string name{};
  block_shape block{};
  index_t out_channels = 1;   ///< Nof, >= 1
  index_t in_channels = 1;    ///< Nif, >= 1
  index_t kernel_height = 1;  ///< Nky, >= 1
  index_t kernel_width = 1;   ///< Nkx, >= 1
  block_mask blocks{1, 1};    ///< [ceil(Nof / Bo) x ceil(Nif / Bi)]
  tap_mask kept_taps{};       ///< by default all taps of every live block

  [[nodiscard]] index_t out_groups() const { return ceil_div(out_channels, block.outputs); }
  [[nodiscard]] index_t in_groups() const { return ceil_div(in_channels, block.inputs); }
  [[nodiscard]] index_t taps() const { return kernel_height * kernel_width; }

  /// Channels that a group really has: the block's width, or fewer in the last group.
  [[nodiscard]] index_t outputs_of(index_t out_group) const {
    const index_t rest = out_channels - out_group * block.outputs;
    return rest < block.outputs ? rest : block.outputs;
  }
  [[nodiscard]] index_t inputs_of(index_t in_group) const {
    const index_t rest = in_channels - in_group * block.inputs;
    return rest < block.inputs ? rest : block.inputs;
  }

  /// Taps that a live block keeps, in [1, taps()]; 0 for an absent block.
  [[nodiscard]] index_t taps_of(index_t out_group, index_t in_group) const {
    if (!blocks.test(out_group, in_group)) return 0;
    return kept_taps.keeps_all() ? taps() : kept_taps.count(out_group, in_group);
  }

  /// Weights of the dense layer, without bias.
  [[nodiscard]] index_t weights() const { return out_channels * in_channels * taps(); }

  /// Weights on kept taps of live blocks; the padding of a last, incomplete group is not counted.
  [[nodiscard]] index_t kept_weights() const {
    index_t kept = 0;
    for (index_t j = 0; j < blocks.out_groups(); ++j)
      for (const index_t i : blocks.row(j)) kept += outputs_of(j) * inputs_of(i) * taps_of(j, i);
    return kept;
  }

  /// kept_weights() / weights(), in [0, 1].
  [[nodiscard]] double density() const {
    return static_cast<double>(kept_weights()) / static_cast<double>(weights());
  }

  friend bool operator==(const layer_mask&, const layer_mask&) = default;
};

/// Throws mask_shape or mask_block unless sizes are >= 1, the block grid is
/// ceil(out_channels / Bo) x ceil(in_channels / Bi), and a table of taps, if there is one, has the
/// layer's shape, at least one tap in every live block, none in an absent one, and lacks some tap.
SWPRUNE_SETUP void check(const layer_mask& m);

#if SWPRUNE_BODIES

namespace detail {

/// A table of taps has the layer's shape, at least one tap in every live block, none in an absent
/// one, and is there only if some live block lacks a tap, so that equal masks compare equal.
SWPRUNE_COLD inline void check_taps(const layer_mask& m) {
  const tap_mask& t = m.kept_taps;
  if (t.keeps_all()) return;
  expects(
      t.out_groups() == m.out_groups() && t.in_groups() == m.in_groups() && t.taps() == m.taps(),
      errc::mask_shape, "layer '{}' needs a {} x {} x {} tap mask, given {} x {} x {}", m.name,
      m.out_groups(), m.in_groups(), m.taps(), t.out_groups(), t.in_groups(), t.taps());
  bool some_absent = false;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i) {
      const index_t kept = t.count(j, i);
      const bool lives = m.blocks.test(j, i);
      expects(lives == (kept > 0), errc::mask_shape,
              "layer '{}': block ({}, {}) is {} but keeps {} taps", m.name, j, i,
              lives ? "present" : "absent", kept);
      some_absent = some_absent || (lives && kept < m.taps());
    }
  expects(some_absent, errc::mask_shape,
          "layer '{}': every live block keeps all {} taps, so the tap mask must be the default one",
          m.name, m.taps());
}

}  // namespace detail

SWPRUNE_SETUP void check(const layer_mask& m) {
  expects(m.block.outputs >= 1 && m.block.inputs >= 1, errc::mask_block,
          "layer '{}': a block needs Bo >= 1 and Bi >= 1, given {}x{}", m.name, m.block.outputs,
          m.block.inputs);
  expects(
      m.out_channels >= 1 && m.in_channels >= 1 && m.kernel_height >= 1 && m.kernel_width >= 1,
      errc::mask_shape,
      "layer '{}': channels and kernel sizes must be >= 1, given {} -> {} channels, kernel {}x{}",
      m.name, m.in_channels, m.out_channels, m.kernel_height, m.kernel_width);
  expects(m.blocks.out_groups() == m.out_groups() && m.blocks.in_groups() == m.in_groups(),
          errc::mask_shape,
          "layer '{}': {} -> {} channels in {}x{} blocks need a {}x{} mask, given {}x{}", m.name,
          m.in_channels, m.out_channels, m.block.outputs, m.block.inputs, m.out_groups(),
          m.in_groups(), m.blocks.out_groups(), m.blocks.in_groups());
  detail::check_taps(m);
}

#endif

}  // namespace swprune::inline v0::mask
