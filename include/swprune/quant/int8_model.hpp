// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/block_shape.hpp"

namespace swprune::inline v0::quant {

/// One integer layer as the accelerator runs it: convolution (a fully connected layer after an
/// H x W map is a valid convolution with an H x W kernel), bias, requantisation, clamp (ReLU is
/// `clamp_lo = output_zero`), then optionally 2x2 max pooling with stride 2 (odd last row and
/// column dropped). Plain data: this header knows no floating-point network.
struct int8_layer {
  std::string name;
  map_shape input;            ///< Nif x Niy x Nix
  map_shape output;           ///< Nof x rows x columns, after pooling
  index_t kernel_height = 1;  ///< Nky, 1..7
  index_t kernel_width = 1;   ///< Nkx, 1..7
  index_t stride = 1;         ///< 1..4, the same in both directions
  index_t padding = 0;        ///< 0..kernel - 1, the same on all sides; padding reads input_zero
  bool pool = false;

  bool input_signed = false;   ///< input bytes are s8 (else u8)
  bool output_signed = false;  ///< output bytes are s8 (else u8)
  int input_zero = 0;          ///< integer that stands for 0.0
  int output_zero = 0;
  int clamp_lo = 0;  ///< output range, within the byte's range
  int clamp_hi = 255;

  mask::block_shape block;
  mask::block_mask blocks{1, 1};
  /// Live blocks only, each in -127..127, in the order the array consumes them: row, block of the
  /// row (ascending), ci, ky, kx, Bo output channels. A last input group with fewer than Bi
  /// channels has only those; a last output group is padded to Bo with zeros. Blocks are whole: a
  /// tap that a block of the float layer lacks is zeros here and counts among bytes and cycles.
  std::vector<std::int8_t> weights;
  std::vector<std::int32_t> bias;        ///< [Nof], includes -input_zero * sum of kept weights
  std::vector<std::int16_t> multiplier;  ///< [Nof], >= 1
  std::vector<std::uint8_t> shift;       ///< [Nof], 1..47

  /// Real sizes of the convolution before pooling.
  [[nodiscard]] index_t conv_height() const {
    return (input.height + 2 * padding - kernel_height) / stride + 1;
  }
  [[nodiscard]] index_t conv_width() const {
    return (input.width + 2 * padding - kernel_width) / stride + 1;
  }
  /// Channels that input group `in_group` really has: Bi, or fewer in the last one.
  [[nodiscard]] index_t channels_of(index_t in_group) const {
    const index_t rest = input.channels - in_group * block.inputs;
    return rest < block.inputs ? rest : block.inputs;
  }
};

/// A quantised network: a chain of integer layers. real = scale * (integer - zero).
struct int8_model {
  map_shape input;
  bool input_signed = false;
  int input_zero = 0;
  double input_scale = 1.0;
  double output_scale = 1.0;
  std::vector<int8_layer> layers;
};

}  // namespace swprune::inline v0::quant
