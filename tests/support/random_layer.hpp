// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random integer layers for tests of compiler, golden model and RTL: everything
// that the formats allow, corners more often than chance would have them.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune_test {

using swprune::index_t;

/// Bounds of random_model().
struct random_layer_params {
  index_t layers = 1;         ///< >= 1, a chain
  index_t max_uops = 20'000;  ///< of a layer and batch, when every block is live
  index_t max_channels = 40;  ///< in and out
  index_t max_size = 24;      ///< of the input map
  index_t max_images = 5;     ///< of the batch
  bool pool = true;           ///< pooling may occur
};

/// A model and a batch of images for it, `[n][C][H][W]` bytes.
struct random_case {
  swprune::quant::int8_model model;
  index_t images = 1;
  std::vector<std::uint8_t> input;

  /// One line for CAPTURE.
  [[nodiscard]] std::string text() const;
};

namespace detail {

inline index_t between(swprune::rng& r, index_t lo, index_t hi) {
  return lo + static_cast<index_t>(r.below(static_cast<std::uint64_t>(hi - lo + 1)));
}

/// 0, 1, or one of a few densities between.
inline double random_density(swprune::rng& r) {
  constexpr std::array<double, 6> densities{0.0, 1.0, 0.1, 0.25, 0.5, 0.8};
  return densities[r.below(densities.size())];
}

/// Micro-ops of a dense layer on the array, sub-tiles of the whole array, image
/// by image.
inline index_t dense_uops(const swprune::quant::int8_layer& l, const swprune::hw::array_params& a,
                          index_t images) {
  using swprune::ceil_div;
  return images * ceil_div(l.conv_height(), a.poy) * ceil_div(l.conv_width(), a.pox) *
         ceil_div(l.output.channels, a.pof) * l.input.channels * l.kernel_height * l.kernel_width;
}

/// Kernel, stride, dilation and padding that fit the map.
inline void draw_kernel(swprune::quant::int8_layer& l, swprune::rng& r) {
  l.stride = r.bernoulli(0.4) ? 1 : between(r, 1, 4);
  l.dilation = r.bernoulli(0.6) ? 1 : between(r, 1, 4);
  // The longest kernel whose taps, so far apart, lie within the map.
  const auto longest = [&](index_t size) {
    return std::min<index_t>(8, (size - 1) / l.dilation + 1);
  };
  const index_t longest_h = longest(l.input.height);
  const index_t longest_w = longest(l.input.width);
  l.kernel_height = between(r, 1, longest_h);
  l.kernel_width =
      r.bernoulli(0.6) && l.kernel_height <= longest_w ? l.kernel_height : between(r, 1, longest_w);
  // Fully connected after a map: the kernel is the map.
  if (r.bernoulli(0.1) && l.input.height <= 8 && l.input.width <= 8) {
    l.dilation = 1;
    l.kernel_height = l.input.height;
    l.kernel_width = l.input.width;
  }
  if (r.bernoulli(0.2)) l.kernel_height = l.kernel_width = 1;  // reads phase 0 only
  l.padding = between(r, 0, std::min(l.kernel_height, l.kernel_width) - 1);
  if (r.bernoulli(0.1)) l.padding = between(r, 0, 15);
}

/// A tensor that a residual may be taken from.
struct residual_source {
  std::string name;
  swprune::map_shape shape;
  bool is_signed = false;
  int zero = 0;
};

/// One kernel in three that leaves the map as large as it is, or halves it, so
/// that there is something of the right size to add.
inline void draw_same_kernel(swprune::quant::int8_layer& l, swprune::rng& r) {
  const index_t half =
      between(r, 0, std::min<index_t>(3, std::min(l.input.height, l.input.width) - 1));
  l.dilation = half == 0 ? 1 : between(r, 1, 2);
  l.kernel_height = l.kernel_width = 2 * half + 1;
  l.padding = l.dilation * half;
  l.stride = between(r, 1, 2);
}

/// Adds one of the sources that fit, to rows of whole output groups.
inline void draw_residual(swprune::quant::int8_layer& l, const swprune::hw::array_params& a,
                          const std::vector<residual_source>& sources, swprune::rng& r) {
  std::vector<std::pair<std::size_t, index_t>> fitting;  // source, stride
  for (std::size_t i = 0; i < sources.size(); ++i)
    for (const index_t stride : {index_t{1}, index_t{2}})
      if (swprune::ceil_div(sources[i].shape.height, stride) == l.conv_height() &&
          swprune::ceil_div(sources[i].shape.width, stride) == l.conv_width())
        fitting.emplace_back(i, stride);
  if (a.res_depth == 0 || fitting.empty() || !r.bernoulli(0.8)) return;
  const auto [which, stride] = fitting[r.below(fitting.size())];
  const residual_source& source = sources[which];
  swprune::quant::residual_add add;
  // The channels that both have, cut to whole groups unless it is all of the
  // output's.
  index_t channels = std::min(source.shape.channels, l.output.channels);
  if (channels < l.output.channels) channels = channels / a.pof * a.pof;
  if (channels == 0) return;
  const index_t room = (l.output.channels - channels) / a.pof;
  add.first_channel = a.pof * between(r, 0, room);
  add.reads = {source.name, 0};
  add.input = {channels, source.shape.height, source.shape.width};
  add.stride = stride;
  add.is_signed = source.is_signed;
  add.zero = source.zero;
  add.shift = static_cast<std::uint8_t>(between(r, 1, 31));
  const index_t most = add.shift > 15 ? 32767 : index_t{1} << (add.shift - 1);
  add.multiplier = static_cast<std::int16_t>(between(r, 1, most));
  l.residual = add;
}

/// Pooling needs an array and a map of at least 2 x 2.
inline void draw_pool(swprune::quant::int8_layer& l, const swprune::hw::array_params& a,
                      const random_layer_params& p, swprune::rng& r) {
  const bool fits = a.pool && l.conv_height() >= 2 && l.conv_width() >= 2;
  l.pool = p.pool && fits && r.bernoulli(0.4);
  const index_t shrink = l.pool ? 2 : 1;
  l.output.height = l.conv_height() / shrink;
  l.output.width = l.conv_width() / shrink;
}

inline void draw_mask(swprune::quant::int8_layer& l, const swprune::hw::array_params& a,
                      swprune::rng& r) {
  l.block = {.outputs = a.pof, .inputs = 4};
  const index_t rows = swprune::ceil_div(l.output.channels, a.pof);
  const index_t columns = swprune::ceil_div(l.input.channels, 4);
  l.blocks = swprune::mask::block_mask(rows, columns);
  const double density = random_density(r);
  for (index_t i = 0; i < rows; ++i) {
    if (density < 1 && r.bernoulli(0.15)) continue;  // an empty row
    for (index_t j = 0; j < columns; ++j)
      if (r.bernoulli(density)) l.blocks.set(i, j);
  }
}

/// -127 .. 127; in an extreme layer nearly all at the ends.
inline void draw_weights(swprune::quant::int8_layer& l, bool extreme, swprune::rng& r) {
  const auto one = [&]() -> std::int8_t {
    if (extreme && r.bernoulli(0.9)) return r.bernoulli(0.7) ? 127 : -127;
    return static_cast<std::int8_t>(between(r, -127, 127));
  };
  for (index_t row = 0; row < l.blocks.out_groups(); ++row)
    for (const index_t group : l.blocks.row(row))
      for (index_t k = 0; k < l.channels_of(group) * l.kernel_height * l.kernel_width; ++k)
        for (index_t lane = 0; lane < l.block.outputs; ++lane)
          l.weights.push_back(row * l.block.outputs + lane < l.output.channels ? one()
                                                                               : std::int8_t{0});
}

/// Requantisation that mostly lands inside the byte, in an extreme layer
/// anywhere.
inline void draw_channels(swprune::quant::int8_layer& l, bool extreme, swprune::rng& r) {
  constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t highest = std::numeric_limits<std::int32_t>::max();
  for (index_t f = 0; f < l.output.channels; ++f) {
    std::int32_t bias = static_cast<std::int32_t>(between(r, -50'000, 50'000));
    index_t multiplier = between(r, 1, 32'767);
    index_t shift = between(r, 18, 27);
    if (extreme && r.bernoulli(0.5)) {
      bias = r.bernoulli(0.3) ? (r.bernoulli(0.5) ? lowest : highest) : bias;
      multiplier = r.bernoulli(0.5) ? 32'767 : 1;
      shift = r.bernoulli(0.5) ? between(r, 1, 47) : (r.bernoulli(0.5) ? 1 : 47);
    }
    // Ties: multiplier a power of two and a small shift, so that halves are
    // common.
    if (r.bernoulli(0.2)) {
      multiplier = 1;
      shift = between(r, 1, 12);
    }
    l.bias.push_back(bias);
    l.multiplier.push_back(static_cast<std::int16_t>(multiplier));
    l.shift.push_back(static_cast<std::uint8_t>(shift));
  }
}

inline void draw_range(swprune::quant::int8_layer& l, swprune::rng& r) {
  l.output_signed = r.bernoulli(0.4);
  const int lo = l.output_signed ? -128 : 0;
  const int hi = l.output_signed ? 127 : 255;
  l.output_zero = static_cast<int>(between(r, lo, hi));
  l.clamp_lo = r.bernoulli(0.5) ? lo : static_cast<int>(between(r, lo, hi));
  l.clamp_hi = r.bernoulli(0.5) ? hi : static_cast<int>(between(r, l.clamp_lo, hi));
}

/// Halves the layer's sizes until it is within bounds.
inline void bound_work(swprune::quant::int8_layer& l, const swprune::hw::array_params& a,
                       const random_layer_params& p, index_t images) {
  while (dense_uops(l, a, images) > p.max_uops && l.output.channels > 1)
    l.output.channels = (l.output.channels + 1) / 2;
}

inline swprune::quant::int8_layer random_layer(const swprune::map_shape& input, bool input_signed,
                                               int input_zero, const swprune::hw::array_params& a,
                                               const random_layer_params& p, index_t images,
                                               const std::vector<residual_source>& sources,
                                               swprune::rng& r) {
  swprune::quant::int8_layer l;
  l.input = input;
  l.input_signed = input_signed;
  l.input_zero = input_zero;
  if (r.bernoulli(0.33))
    draw_same_kernel(l, r);
  else
    draw_kernel(l, r);
  l.output.channels = r.bernoulli(0.1) ? 1 : between(r, 1, p.max_channels);
  bound_work(l, a, p, images);
  draw_pool(l, a, p, r);
  draw_residual(l, a, sources, r);
  draw_mask(l, a, r);
  draw_range(l, r);
  const bool extreme = r.bernoulli(0.25);
  draw_weights(l, extreme, r);
  draw_channels(l, extreme, r);
  return l;
}

/// Size of the first map: single pixels, thin strips and squares.
inline swprune::map_shape random_shape(const random_layer_params& p, swprune::rng& r) {
  swprune::map_shape s;
  s.channels = r.bernoulli(0.1) ? 1 : between(r, 1, p.max_channels);
  s.height = between(r, 1, p.max_size);
  s.width = r.bernoulli(0.5) ? s.height : between(r, 1, p.max_size);
  if (r.bernoulli(0.15)) s.height = s.width = 1;
  return s;
}

/// Bytes of images; in one of four batches nearly all at the ends of the range.
inline std::vector<std::uint8_t> random_bytes(index_t count, bool is_signed, swprune::rng& r) {
  const bool extreme = r.bernoulli(0.25);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  for (std::uint8_t& b : bytes) {
    b = static_cast<std::uint8_t>(r.below(256));
    if (extreme && r.bernoulli(0.8)) b = is_signed ? (b & 1 ? 0x80 : 0x7f) : (b & 1 ? 0xff : 0);
  }
  return bytes;
}

}  // namespace detail

/// A model of `p.layers` layers for array `a` and a batch for it. Small enough
/// for simulation: see the bounds. All from `r`.
inline random_case random_model(const swprune::hw::array_params& a, const random_layer_params& p,
                                swprune::rng& r) {
  random_case c;
  c.images = r.bernoulli(0.4) ? 1 : detail::between(r, 1, p.max_images);
  c.model.input = detail::random_shape(p, r);
  c.model.input_signed = r.bernoulli(0.4);
  c.model.input_zero = static_cast<int>(c.model.input_signed ? detail::between(r, -128, 127)
                                                             : detail::between(r, 0, 255));
  swprune::map_shape shape = c.model.input;
  bool is_signed = c.model.input_signed;
  int zero = c.model.input_zero;
  std::vector<detail::residual_source> sources{
      {swprune::quant::input_tensor, shape, is_signed, zero}};
  for (index_t i = 0; i < p.layers; ++i) {
    c.model.layers.push_back(
        detail::random_layer(shape, is_signed, zero, a, p, c.images, sources, r));
    swprune::quant::int8_layer& l = c.model.layers.back();
    l.name = "random" + std::to_string(i);
    sources.push_back({l.name, l.output, l.output_signed, l.output_zero});
    shape = l.output;
    is_signed = l.output_signed;
    zero = l.output_zero;
  }
  c.input = detail::random_bytes(c.images * c.model.input.size(), c.model.input_signed, r);
  return c;
}

inline std::string random_case::text() const {
  std::string t = fmt::format("{} images", images);
  for (const swprune::quant::int8_layer& l : model.layers)
    t += fmt::format(
        "; {}x{}x{} {} -> {}x{}x{} {}, kernel {}x{} stride {} dilation {} "
        "padding {}{}{}, {} of {} blocks",
        l.input.channels, l.input.height, l.input.width, l.input_signed ? "s8" : "u8",
        l.output.channels, l.output.height, l.output.width, l.output_signed ? "s8" : "u8",
        l.kernel_height, l.kernel_width, l.stride, l.dilation, l.padding, l.pool ? " pool" : "",
        l.residual ? " residual of " + l.residual->reads.tensor : std::string(), l.blocks.count(),
        l.blocks.out_groups() * l.blocks.in_groups());
  return t;
}

}  // namespace swprune_test
