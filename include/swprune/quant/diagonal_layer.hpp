// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/block_shape.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/multiplier.hpp"
#include "swprune/quant/structural_blocks.hpp"
#include "swprune/quant/value_scale.hpp"

namespace swprune::inline v0::quant {

/// Window of a pooling.
struct pool_window {
  index_t height = 2;  ///< 1..8
  index_t width = 2;   ///< 1..8
  index_t stride = 2;  ///< 1..4
  index_t padding = 0;
};

namespace detail {

/// A layer in which every output channel sees only the input channel of its number, with weight
/// `weight[channel]` at every tap.
[[nodiscard]] inline int8_layer diagonal_frame(std::string name, const map_shape& input,
                                               mask::block_shape block, const pool_window& window,
                                               const std::vector<std::int8_t>& weight,
                                               const value_scale& in, const value_scale& out) {
  int8_layer l;
  l.name = std::move(name);
  l.input = input;
  l.kernel_height = window.height;
  l.kernel_width = window.width;
  l.stride = window.stride;
  l.padding = window.padding;
  l.groups = input.channels;
  l.input_signed = in.is_signed;
  l.input_zero = in.zero;
  l.output_signed = out.is_signed;
  l.output_zero = out.zero;
  const byte_range range = range_of_byte(out.is_signed);
  l.clamp_lo = range.lo;
  l.clamp_hi = range.hi;
  l.output = {input.channels, l.conv_height(), l.conv_width()};
  l.block = block;
  l.blocks = structural_blocks(l);
  for (index_t row = 0; row < l.blocks.out_groups(); ++row)
    for (const index_t column : l.blocks.row(row))
      for (index_t i = column * block.inputs; i < column * block.inputs + l.channels_of(column);
           ++i)
        for (index_t tap = 0; tap < window.height * window.width; ++tap)
          for (index_t o = row * block.outputs; o < (row + 1) * block.outputs; ++o)
            l.weights.push_back(o == i ? weight[static_cast<std::size_t>(i)] : std::int8_t{0});
  return l;
}

}  // namespace detail

/// Average pooling as a convolution with ones, padding counted as zeros (as `count_include_pad` of
/// PyTorch): y = clamp(round(sum of (x - zero_in) * scale_in / (scale_out * taps)) + zero_out). A
/// window as large as the map is the global average. Throws quant_parameter for scales whose ratio
/// no multiplier expresses; window and shape are checked by check(int8_layer).
[[nodiscard]] inline int8_layer average_pool_layer(std::string name, const map_shape& input,
                                                   const pool_window& window, const value_scale& in,
                                                   const value_scale& out,
                                                   mask::block_shape block) {
  const auto channels = static_cast<std::size_t>(input.channels);
  int8_layer l = detail::diagonal_frame(std::move(name), input, block, window,
                                        std::vector<std::int8_t>(channels, 1), in, out);
  const index_t taps = window.height * window.width;
  const fixed_multiplier m = to_fixed(in.scale / (out.scale * static_cast<double>(taps)));
  l.bias.assign(channels, static_cast<std::int32_t>(-in.zero * taps));
  l.multiplier.assign(channels, m.multiplier);
  l.shift.assign(channels, m.shift);
  return l;
}

/// 2x2 max pooling with stride 2 on its own: an exact identity, then the pooling that follows every
/// layer. Throws layer_shape for a map without a whole window.
[[nodiscard]] inline int8_layer max_pool_layer(std::string name, const map_shape& input,
                                               const value_scale& in, mask::block_shape block) {
  expects(input.height >= 2 && input.width >= 2, errc::layer_shape,
          "layer '{}': 2x2 pooling needs a map of at least 2 x 2, given {} x {}", name,
          input.height, input.width);
  const auto channels = static_cast<std::size_t>(input.channels);
  int8_layer l = detail::diagonal_frame(std::move(name), input, block, {1, 1, 1, 0},
                                        std::vector<std::int8_t>(channels, 1), in, in);
  l.bias.assign(channels, -in.zero);
  l.multiplier.assign(channels, std::int16_t{1} << 14);
  l.shift.assign(channels, 14);
  l.pool = true;
  l.output.height /= 2;
  l.output.width /= 2;
  return l;
}

/// y = gain[c] * x + offset[c] on real numbers, and a ReLU if `relu`: batch normalisation that does
/// not follow a convolution. The weights are at the end of their range and the multipliers carry
/// the size of the gain. Throws quant_parameter unless there is a gain and an offset for every
/// channel and out.scale leaves multipliers that fit.
[[nodiscard]] inline int8_layer scale_layer(std::string name, const map_shape& input,
                                            const std::vector<double>& gain,
                                            const std::vector<double>& offset, bool relu,
                                            const value_scale& in, const value_scale& out,
                                            mask::block_shape block) {
  const auto channels = static_cast<std::size_t>(input.channels);
  expects(gain.size() == channels && offset.size() == channels, errc::quant_parameter,
          "layer '{}': {} gains and offsets needed, given {} and {}", name, channels, gain.size(),
          offset.size());
  std::vector<double> units;
  std::vector<std::int8_t> weights;
  for (std::size_t c = 0; c < channels; ++c) {
    units.push_back(weight_unit(std::abs(gain[c]), offset[c], in.scale, out.scale));
    weights.push_back(static_cast<std::int8_t>(std::llround(gain[c] / units[c])));
  }
  int8_layer l =
      detail::diagonal_frame(std::move(name), input, block, {1, 1, 1, 0}, weights, in, out);
  if (relu) l.clamp_lo = out.zero;
  for (std::size_t c = 0; c < channels; ++c) {
    const fixed_multiplier m = to_fixed(in.scale * units[c] / out.scale);
    l.bias.push_back(static_cast<std::int32_t>(std::llround(offset[c] / (in.scale * units[c])) -
                                               in.zero * weights[c]));
    l.multiplier.push_back(m.multiplier);
    l.shift.push_back(m.shift);
  }
  return l;
}

}  // namespace swprune::inline v0::quant
