// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "swprune/core/types.hpp"
#include "swprune/mask/block_mask.hpp"
#include "swprune/mask/block_shape.hpp"

namespace swprune::inline v0::quant {

/// Name of the tensor that holds a model's input.
inline constexpr const char* input_tensor = "input";

/// Consecutive channels of a tensor. A tensor is what layers write: one layer its own (the rule),
/// or several layers one together, each its own channels (concatenation).
struct tensor_slice {
  std::string tensor;         ///< a name, or empty: see int8_layer::reads and ::writes
  index_t first_channel = 0;  ///< multiple of 4, as channels lie in memory by fours
};

/// A residual (shortcut) that a layer adds between requantisation and clamp:
///
///     y = clamp(r + (((res - zero) * multiplier + 2^(shift - 1)) >>> shift) + output_zero, ...)
///
/// before pooling, `res` being the shortcut's integer at (stride * oy, stride * ox).
struct residual_add {
  tensor_slice reads;         ///< earlier tensor, by name, and the first of its channels
  map_shape input;            ///< channels that are read x height x width of that tensor
  index_t first_channel = 0;  ///< channel of the layer's output that the first one is added to; the
                              ///< output channels without a partner are left as they are
  index_t stride = 1;         ///< 1 or 2
  bool is_signed = false;     ///< the tensor's bytes are s8 (else u8)
  int zero = 0;               ///< integer that stands for 0.0
  std::int16_t multiplier = 1;  ///< >= 1
  std::uint8_t shift = 1;       ///< 1..31
};

/// One integer layer as the accelerator runs it: convolution (a fully connected layer after an
/// H x W map is a valid convolution with an H x W kernel; pooling of averages is one as well, see
/// diagonal_layer.hpp), bias, requantisation, addition of a residual, clamp (ReLU is
/// `clamp_lo = output_zero`), then optionally 2x2 max pooling with stride 2 (odd last row and
/// column dropped). Plain data: this header knows no floating-point network.
struct int8_layer {
  std::string name;
  map_shape input;            ///< Nif x Niy x Nix
  map_shape output;           ///< Nof x rows x columns, after pooling
  index_t kernel_height = 1;  ///< Nky, 1..8
  index_t kernel_width = 1;   ///< Nkx, 1..8
  index_t stride = 1;         ///< 1..4, the same in both directions
  index_t dilation = 1;       ///< 1..4: pixels between taps, the same in both directions
  index_t padding = 0;        ///< 0..15, the same on all sides; padding reads input_zero
  index_t groups = 1;  ///< divides Nif and Nof: output channels of a group see only its inputs
  bool pool = false;

  bool input_signed = false;   ///< input bytes are s8 (else u8)
  bool output_signed = false;  ///< output bytes are s8 (else u8)
  int input_zero = 0;          ///< integer that stands for 0.0
  int output_zero = 0;
  int clamp_lo = 0;  ///< output range, within the byte's range
  int clamp_hi = 255;

  /// What is convolved; without a name what the layer before wrote (the model's input, if there is
  /// none).
  tensor_slice reads;
  /// Where the output goes; without a name a tensor of its own, called like the layer.
  tensor_slice writes;
  std::optional<residual_add> residual;

  mask::block_shape block;
  mask::block_mask blocks{1, 1};
  /// Live blocks only, each in -127..127, in the order the array consumes them: row, block of the
  /// row (ascending), ci, ky, kx, Bo output channels. A last input group with fewer than Bi
  /// channels has only those; a last output group is padded to Bo with zeros. Blocks are whole: a
  /// tap that a block of the float layer lacks is zeros here and counts among bytes and cycles, and
  /// so are channels of other groups of a grouped convolution.
  std::vector<std::int8_t> weights;
  std::vector<std::int32_t> bias;        ///< [Nof], includes -input_zero * sum of kept weights
  std::vector<std::int16_t> multiplier;  ///< [Nof], >= 1
  std::vector<std::uint8_t> shift;       ///< [Nof], 1..47

  /// Real sizes of the convolution before pooling.
  [[nodiscard]] index_t conv_height() const {
    return floor_div(input.height + 2 * padding - reach(kernel_height), stride) + 1;
  }
  [[nodiscard]] index_t conv_width() const {
    return floor_div(input.width + 2 * padding - reach(kernel_width), stride) + 1;
  }
  /// Pixels from the first to the last tap of a kernel with that many taps.
  [[nodiscard]] index_t reach(index_t kernel) const { return dilation * (kernel - 1) + 1; }
  /// Channels that input group `in_group` really has: Bi, or fewer in the last one.
  [[nodiscard]] index_t channels_of(index_t in_group) const {
    const index_t rest = input.channels - in_group * block.inputs;
    return rest < block.inputs ? rest : block.inputs;
  }
  /// True if output channel `o` may depend on input channel `i`.
  [[nodiscard]] bool connects(index_t o, index_t i) const {
    return o / (output.channels / groups) == i / (input.channels / groups);
  }
};

/// A quantised network: integer layers, each of which reads what earlier ones wrote; in the plain
/// case a chain. real = scale * (integer - zero). The output is that of the last layer.
struct int8_model {
  map_shape input;
  bool input_signed = false;
  int input_zero = 0;
  double input_scale = 1.0;
  double output_scale = 1.0;
  std::vector<int8_layer> layers;
};

}  // namespace swprune::inline v0::quant
