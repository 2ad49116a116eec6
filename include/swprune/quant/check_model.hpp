// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/quant/accumulator_range.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::quant {

namespace detail {

/// Weights a layer must have: those of live blocks, last output group padded to Bo.
[[nodiscard]] SWPRUNE_FUNCTION index_t stored_weights(const int8_layer& l);

#if SWPRUNE_BODIES

/// Shape, kernel and blocks of one layer; everything later relies on it.
inline void check_geometry(const int8_layer& l) {
  const auto need = [&](bool ok, const char* rule, index_t given) {
    expects(ok, errc::quant_parameter, "layer '{}': {}, given {}", l.name, rule, given);
  };
  const auto positive = [](const map_shape& s) {
    return s.channels >= 1 && s.height >= 1 && s.width >= 1;
  };
  need(positive(l.input), "channels, height and width of the input must be >= 1", l.input.size());
  need(l.kernel_height >= 1 && l.kernel_height <= 7, "kernel_height must be 1..7", l.kernel_height);
  need(l.kernel_width >= 1 && l.kernel_width <= 7, "kernel_width must be 1..7", l.kernel_width);
  need(l.stride >= 1 && l.stride <= 4, "stride must be 1..4", l.stride);
  need(l.padding >= 0 && l.padding < std::min(l.kernel_height, l.kernel_width),
       "padding must be >= 0 and smaller than the kernel", l.padding);
  need(l.block.outputs >= 1 && l.block.inputs >= 1, "block sizes must be >= 1",
       std::min(l.block.outputs, l.block.inputs));
  expects(l.input.height + 2 * l.padding >= l.kernel_height &&
              l.input.width + 2 * l.padding >= l.kernel_width,
          errc::layer_shape,
          "layer '{}': a {} x {} kernel with padding {} does not fit a {} x {} map", l.name,
          l.kernel_height, l.kernel_width, l.padding, l.input.height, l.input.width);
  const index_t shrink = l.pool ? 2 : 1;
  const index_t rows = l.conv_height() / shrink;
  const index_t columns = l.conv_width() / shrink;
  expects(positive(l.output) && l.output.height == rows && l.output.width == columns,
          errc::layer_shape, "layer '{}': the output map must be {} x {}, both >= 1, given {} x {}",
          l.name, rows, columns, l.output.height, l.output.width);
  const index_t out_groups = ceil_div(l.output.channels, l.block.outputs);
  const index_t in_groups = ceil_div(l.input.channels, l.block.inputs);
  expects(l.blocks.out_groups() == out_groups && l.blocks.in_groups() == in_groups,
          errc::mask_shape,
          "layer '{}': {} -> {} channels in {}x{} blocks need a {}x{} mask, given {}x{}", l.name,
          l.input.channels, l.output.channels, l.block.outputs, l.block.inputs, out_groups,
          in_groups, l.blocks.out_groups(), l.blocks.in_groups());
}

SWPRUNE_FUNCTION index_t stored_weights(const int8_layer& l) {
  index_t channels = 0;
  for (index_t row = 0; row < l.blocks.out_groups(); ++row)
    for (const index_t group : l.blocks.row(row)) channels += l.channels_of(group);
  return channels * l.kernel_height * l.kernel_width * l.block.outputs;
}

/// Numbers of weights and channel records, and their ranges.
inline void check_numbers(const int8_layer& l) {
  const auto need_size = [&](const char* what, std::size_t given, index_t expected) {
    expects(static_cast<index_t>(given) == expected, errc::quant_parameter,
            "layer '{}': {} {} needed, given {}", l.name, expected, what, given);
  };
  need_size("weights", l.weights.size(), stored_weights(l));
  need_size("biases", l.bias.size(), l.output.channels);
  need_size("multipliers", l.multiplier.size(), l.output.channels);
  need_size("shifts", l.shift.size(), l.output.channels);
  for (const std::int8_t w : l.weights)
    expects(w >= -127, errc::quant_parameter, "layer '{}': weights must be -127..127, given {}",
            l.name, int{w});
  for (const std::int16_t m : l.multiplier)
    expects(m >= 1, errc::quant_parameter,
            "layer '{}': multipliers must be >= 1 (pooling after them needs it), given {}", l.name,
            int{m});
  for (const std::uint8_t s : l.shift)
    expects(s >= 1 && s <= 47, errc::quant_parameter, "layer '{}': shifts must be 1..47, given {}",
            l.name, int{s});
}

/// Zero points and clamp lie in the ranges of their bytes.
inline void check_bytes(const int8_layer& l) {
  const byte_range in = range_of_byte(l.input_signed);
  const byte_range out = range_of_byte(l.output_signed);
  expects(l.input_zero >= in.lo && l.input_zero <= in.hi, errc::quant_parameter,
          "layer '{}': input_zero must be {}..{}, given {}", l.name, in.lo, in.hi, l.input_zero);
  expects(l.output_zero >= out.lo && l.output_zero <= out.hi, errc::quant_parameter,
          "layer '{}': output_zero must be {}..{}, given {}", l.name, out.lo, out.hi,
          l.output_zero);
  expects(out.lo <= l.clamp_lo && l.clamp_lo <= l.clamp_hi && l.clamp_hi <= out.hi,
          errc::quant_parameter,
          "layer '{}': {} <= clamp_lo <= clamp_hi <= {} needed, given {} and {}", l.name, out.lo,
          out.hi, l.clamp_lo, l.clamp_hi);
}

/// Output channels that only fill up the last group must not carry weights.
inline void check_padding_weights(const int8_layer& l) {
  const index_t lanes = l.block.outputs;
  const index_t last = l.blocks.out_groups() - 1;
  const index_t real = l.output.channels - last * lanes;
  index_t words = 0;
  for (const index_t group : l.blocks.row(last))
    words += l.channels_of(group) * l.kernel_height * l.kernel_width;
  const std::int8_t* w =
      l.weights.data() + (static_cast<index_t>(l.weights.size()) - words * lanes);
  for (index_t i = 0; i < words; ++i, w += lanes)
    for (index_t lane = real; lane < lanes; ++lane)
      expects(w[lane] == 0, errc::quant_parameter,
              "layer '{}': the weights of channels beyond {} must be 0, given {}", l.name,
              l.output.channels, int{w[lane]});
}

/// The proof that no accumulator of the layer can overflow.
inline void check_accumulators(const int8_layer& l) {
  const auto ranges = accumulator_ranges(l);
  for (std::size_t channel = 0; channel < ranges.size(); ++channel)
    expects(ranges[channel].fits_32_bits(), errc::quant_parameter,
            "layer '{}': the sums of output channel {} can reach {}..{}, which 32 bits do not hold",
            l.name, channel, ranges[channel].lowest, ranges[channel].highest);
}

#endif

}  // namespace detail

/// Throws unless the layer can be computed as it says: quant_parameter for a number outside its
/// range, a wrong count of weights or channel records, or an accumulator that could overflow;
/// layer_shape and mask_shape for sizes that do not fit together.
SWPRUNE_FUNCTION void check(const int8_layer& layer);

/// check() of every layer; throws network_shape if there is none, or if a layer does not take what
/// the one before it (the model's input) gives: shape, signedness and zero point.
SWPRUNE_FUNCTION void check(const int8_model& model);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const int8_layer& layer) {
  detail::check_geometry(layer);
  detail::check_numbers(layer);
  detail::check_bytes(layer);
  detail::check_padding_weights(layer);
  detail::check_accumulators(layer);
}

SWPRUNE_FUNCTION void check(const int8_model& model) {
  expects(!model.layers.empty(), errc::network_shape, "an int8 model needs at least one layer");
  map_shape shape = model.input;
  bool is_signed = model.input_signed;
  int zero = model.input_zero;
  std::string from = "the model's input";
  for (const int8_layer& l : model.layers) {
    check(l);
    expects(
        l.input == shape && l.input_signed == is_signed && l.input_zero == zero,
        errc::network_shape,
        "layer '{}' takes {} x {} x {} {} with zero {}, but {} gives {} x {} x {} {} with zero {}",
        l.name, l.input.channels, l.input.height, l.input.width, l.input_signed ? "s8" : "u8",
        l.input_zero, from, shape.channels, shape.height, shape.width, is_signed ? "s8" : "u8",
        zero);
    shape = l.output;
    is_signed = l.output_signed;
    zero = l.output_zero;
    from = "layer '" + l.name + "'";
  }
}

#endif

}  // namespace swprune::inline v0::quant
