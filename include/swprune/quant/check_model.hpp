// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/quant/accumulator_range.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/model_tensors.hpp"
#include "swprune/quant/structural_blocks.hpp"

namespace swprune::inline v0::quant {

namespace detail {

/// Shape, kernel and blocks of one layer; everything later relies on it.
inline void check_geometry(const int8_layer& l) {
  const auto need = [&](bool ok, const char* rule, index_t given) {
    expects(ok, errc::quant_parameter, "layer '{}': {}, given {}", l.name, rule, given);
  };
  const auto positive = [](const map_shape& s) {
    return s.channels >= 1 && s.height >= 1 && s.width >= 1;
  };
  need(positive(l.input), "channels, height and width of the input must be >= 1", l.input.size());
  need(l.kernel_height >= 1 && l.kernel_height <= 8, "kernel_height must be 1..8", l.kernel_height);
  need(l.kernel_width >= 1 && l.kernel_width <= 8, "kernel_width must be 1..8", l.kernel_width);
  need(l.stride >= 1 && l.stride <= 4, "stride must be 1..4", l.stride);
  need(l.dilation >= 1 && l.dilation <= 4, "dilation must be 1..4", l.dilation);
  need(l.padding >= 0 && l.padding <= 15, "padding must be 0..15", l.padding);
  need(l.block.outputs >= 1 && l.block.inputs >= 1, "block sizes must be >= 1",
       std::min(l.block.outputs, l.block.inputs));
  need(l.groups >= 1 && l.input.channels % l.groups == 0 && l.output.channels % l.groups == 0,
       "groups must be >= 1 and divide the input and the output channels", l.groups);
  expects(l.input.height + 2 * l.padding >= l.reach(l.kernel_height) &&
              l.input.width + 2 * l.padding >= l.reach(l.kernel_width),
          errc::layer_shape,
          "layer '{}': a {} x {} kernel with dilation {} and padding {} does not fit a {} x {} map",
          l.name, l.kernel_height, l.kernel_width, l.dilation, l.padding, l.input.height,
          l.input.width);
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

/// A grouped layer has no block, and no weight in a block, from one group to another.
inline void check_groups(const int8_layer& l) {
  if (l.groups == 1) return;
  const mask::block_mask structure = structural_blocks(l);
  const std::int8_t* w = l.weights.data();
  const index_t taps = l.kernel_height * l.kernel_width;
  for (index_t row = 0; row < l.blocks.out_groups(); ++row)
    for (const index_t column : l.blocks.row(row)) {
      expects(structure.test(row, column), errc::mask_shape,
              "layer '{}': block ({}, {}) connects different ones of the {} groups", l.name, row,
              column, l.groups);
      for (index_t word = 0; word < l.channels_of(column) * taps; ++word)
        for (index_t lane = 0; lane < l.block.outputs; ++lane, ++w) {
          const index_t o = row * l.block.outputs + lane;
          const index_t i = column * l.block.inputs + word / taps;
          expects(*w == 0 || o >= l.output.channels || l.connects(o, i), errc::quant_parameter,
                  "layer '{}': the weight from input channel {} to output channel {} must be 0, as "
                  "they are in different groups, given {}",
                  l.name, i, o, int{*w});
        }
    }
}

/// The residual's numbers lie in their ranges, its map covers the output before pooling.
inline void check_residual(const int8_layer& l) {
  if (!l.residual) return;
  const residual_add& r = *l.residual;
  const auto need = [&](bool ok, const char* rule, index_t given) {
    expects(ok, errc::quant_parameter, "layer '{}', residual: {}, given {}", l.name, rule, given);
  };
  const byte_range range = range_of_byte(r.is_signed);
  need(r.stride == 1 || r.stride == 2, "stride must be 1 or 2", r.stride);
  need(r.zero >= range.lo && r.zero <= range.hi, "zero must lie in the byte's range", r.zero);
  need(r.multiplier >= 1, "the multiplier must be >= 1", r.multiplier);
  need(r.shift >= 1 && r.shift <= 31, "the shift must be 1..31", r.shift);
  need(r.first_channel >= 0 && r.first_channel % 4 == 0,
       "the first channel must be a multiple of 4", r.first_channel);
  expects(r.input.channels >= 1 && r.first_channel + r.input.channels <= l.output.channels &&
              ceil_div(r.input.height, r.stride) == l.conv_height() &&
              ceil_div(r.input.width, r.stride) == l.conv_width(),
          errc::layer_shape,
          "layer '{}': a residual of {} x {} x {} with stride {} from output channel {} on does "
          "not fit the {} x {} x {} map before pooling",
          l.name, r.input.channels, r.input.height, r.input.width, r.stride, r.first_channel,
          l.output.channels, l.conv_height(), l.conv_width());
}

/// Weights a layer must have: those of live blocks, last output group padded to Bo.
[[nodiscard]] inline index_t stored_weights(const int8_layer& l) {
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

}  // namespace detail

/// Throws unless the layer can be computed as it says: quant_parameter for a number outside its
/// range, a wrong count of weights or channel records, or an accumulator that could overflow;
/// layer_shape and mask_shape for sizes that do not fit together.
inline void check(const int8_layer& layer) {
  detail::check_geometry(layer);
  detail::check_numbers(layer);
  detail::check_bytes(layer);
  detail::check_padding_weights(layer);
  detail::check_groups(layer);
  detail::check_residual(layer);
  detail::check_accumulators(layer);
}

/// check() of every layer; throws network_shape if there is none, and what tensors_of() throws: a
/// layer must find what it reads (shape, signedness and zero point).
inline void check(const int8_model& model) {
  expects(!model.layers.empty(), errc::network_shape, "an int8 model needs at least one layer");
  for (const int8_layer& l : model.layers) check(l);
  (void)tensors_of(model);
}

}  // namespace swprune::inline v0::quant
