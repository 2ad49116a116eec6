// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/types.hpp"
#include "swprune/quant/check_model.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/int8_model.hpp"
#include "swprune/quant/model_tensors.hpp"

namespace swprune::inline v0::hw {

/// Outputs of every layer for a batch, `[layer][n][C][H][W]` bytes: the plain reference of the
/// accelerator, written from docs/formats.md section 7 and the comments of quant::int8_layer alone.
/// It knows nothing of tiles, banks or lists. `images`: `[n][C][H][W]` bytes, u8 or s8 as the model
/// says. Parallel over images. Throws what quant::check() throws, and layer_shape unless `images`
/// is a multiple of the input size.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::vector<std::uint8_t>> run_functional(
    const quant::int8_model& model, std::span<const std::uint8_t> images);

#if SWPRUNE_BODIES

namespace detail {

/// Input of a layer with its padding, `[C][H + 2 pad][W + 2 pad]` integers.
[[nodiscard]] inline std::vector<std::int16_t> padded_input(const quant::int8_layer& l,
                                                            const std::uint8_t* in) {
  const index_t height = l.input.height + 2 * l.padding;
  const index_t width = l.input.width + 2 * l.padding;
  std::vector<std::int16_t> padded(static_cast<std::size_t>(l.input.channels * height * width),
                                   static_cast<std::int16_t>(l.input_zero));
  for (index_t c = 0; c < l.input.channels; ++c)
    for (index_t y = 0; y < l.input.height; ++y)
      for (index_t x = 0; x < l.input.width; ++x)
        padded[static_cast<std::size_t>((c * height + y + l.padding) * width + x + l.padding)] =
            static_cast<std::int16_t>(quant::from_byte(*in++, l.input_signed));
  return padded;
}

/// Adds activation * weight of one tap to all pixels and channels of an output group,
/// sums `[pixel][lane]`. `Lanes` is the block's Bo, or 0 if only `lanes` knows it.
template <index_t Lanes>
void add_tap(const quant::int8_layer& l, const std::int16_t* map, const std::int8_t* weights,
             index_t lanes, std::int32_t* sums) {
  const index_t count = Lanes == 0 ? lanes : Lanes;
  const index_t width = l.input.width + 2 * l.padding;
  for (index_t oy = 0; oy < l.conv_height(); ++oy)
    for (index_t ox = 0; ox < l.conv_width(); ++ox, sums += count) {
      const std::int32_t a = map[oy * l.stride * width + ox * l.stride];
      for (index_t lane = 0; lane < count; ++lane) sums[lane] += quant::product(a, weights[lane]);
    }
}

/// add_tap() for the layer's Bo; the usual ones are compiled on their own, for speed.
[[nodiscard]] inline auto add_tap_for(index_t lanes) {
  switch (lanes) {
    case 4:
      return add_tap<4>;
    case 8:
      return add_tap<8>;
    case 16:
      return add_tap<16>;
    default:
      return add_tap<0>;
  }
}

/// Sums of one output group before the bias, `[pixel][lane]`; moves `w` behind the group's weights.
/// `one` are the sums of a single input channel: at most 64 products, so 32 bits are plenty.
inline void add_row(const quant::int8_layer& l, const std::vector<std::int16_t>& padded,
                    index_t row, const std::int8_t*& w, std::vector<std::int64_t>& sums,
                    std::vector<std::int32_t>& one) {
  const index_t height = l.input.height + 2 * l.padding;
  const index_t width = l.input.width + 2 * l.padding;
  const index_t lanes = l.block.outputs;
  const auto tap = add_tap_for(lanes);
  for (const index_t group : l.blocks.row(row))
    for (index_t ci = 0; ci < l.channels_of(group); ++ci) {
      const std::int16_t* map = padded.data() + (group * l.block.inputs + ci) * height * width;
      std::fill(one.begin(), one.end(), 0);
      for (index_t ky = 0; ky < l.kernel_height; ++ky)
        for (index_t kx = 0; kx < l.kernel_width; ++kx, w += lanes)
          tap(l, map + (ky * width + kx) * l.dilation, w, lanes, one.data());
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += one[i];
    }
}

/// Sums of one layer before the bias, `[output groups * Bo][conv_h][conv_w]`.
[[nodiscard]] inline std::vector<std::int64_t> functional_sums(const quant::int8_layer& l,
                                                               const std::uint8_t* in) {
  const index_t pixels = l.conv_height() * l.conv_width();
  const index_t lanes = l.block.outputs;
  const std::vector<std::int16_t> padded = padded_input(l, in);
  std::vector<std::int64_t> sums(static_cast<std::size_t>(l.blocks.out_groups() * lanes * pixels));
  std::vector<std::int64_t> row_sums(static_cast<std::size_t>(pixels * lanes));
  std::vector<std::int32_t> one(row_sums.size());
  const std::int8_t* w = l.weights.data();
  for (index_t row = 0; row < l.blocks.out_groups(); ++row) {
    std::fill(row_sums.begin(), row_sums.end(), 0);
    add_row(l, padded, row, w, row_sums, one);
    for (index_t lane = 0; lane < lanes; ++lane)
      for (index_t pixel = 0; pixel < pixels; ++pixel)
        sums[static_cast<std::size_t>((row * lanes + lane) * pixels + pixel)] =
            row_sums[static_cast<std::size_t>(pixel * lanes + lane)];
  }
  return sums;
}

/// What the residual adds to channel `c` of the output, at pixel (y, x) before pooling; `res` is
/// the residual's first channel, null if the layer has none.
[[nodiscard]] inline std::int64_t functional_residual(const quant::int8_layer& l,
                                                      const std::uint8_t* res, index_t c, index_t y,
                                                      index_t x) {
  if (res == nullptr) return 0;
  const quant::residual_add& r = *l.residual;
  const index_t channel = c - r.first_channel;
  if (channel < 0 || channel >= r.input.channels) return 0;
  const std::uint8_t byte =
      res[(channel * r.input.height + y * r.stride) * r.input.width + x * r.stride];
  return quant::scaled_residual(quant::from_byte(byte, r.is_signed), r.zero, r.multiplier, r.shift);
}

/// One image through one layer: `[C][H][W]` bytes in, `[C][H][W]` bytes out. `res`: first channel
/// of the residual, null without one.
inline void functional_layer(const quant::int8_layer& l, const std::uint8_t* in,
                             const std::uint8_t* res, std::uint8_t* out) {
  const std::vector<std::int64_t> sums = functional_sums(l, in);
  const index_t rows = l.conv_height();
  const index_t columns = l.conv_width();
  const index_t window = l.pool ? 2 : 1;
  for (index_t c = 0; c < l.output.channels; ++c) {
    const auto channel = static_cast<std::size_t>(c);
    const auto value = [&](index_t y, index_t x) {
      const auto sum = sums[static_cast<std::size_t>((c * rows + y) * columns + x)];
      return quant::requantise(quant::wrap_to_accumulator(sum), l.bias[channel],
                               l.multiplier[channel], l.shift[channel], l.output_zero, l.clamp_lo,
                               l.clamp_hi, functional_residual(l, res, c, y, x));
    };
    for (index_t y = 0; y < l.output.height; ++y)
      for (index_t x = 0; x < l.output.width; ++x) {
        std::int32_t best = value(y * window, x * window);
        for (index_t dy = 0; dy < window; ++dy)
          for (index_t dx = 0; dx < window; ++dx)
            best = std::max(best, value(y * window + dy, x * window + dx));
        *out++ = quant::to_byte(best);
      }
  }
}

/// All tensors of one image, `[C][H][W]` bytes each.
class functional_tensors {
 public:
  functional_tensors(const quant::model_tensors& tensors, const std::uint8_t* image)
      : tensors_(tensors) {
    for (const quant::model_tensor& t : tensors.tensors)
      bytes_.emplace_back(static_cast<std::size_t>(t.shape.size()));
    std::copy(image, image + tensors.tensors[0].shape.size(), bytes_[0].begin());
  }
  [[nodiscard]] std::uint8_t* at(const quant::tensor_use& use) {
    const auto tensor = static_cast<std::size_t>(use.tensor);
    return bytes_[tensor].data() + use.first_channel * tensors_.tensors[tensor].shape.pixels();
  }

 private:
  const quant::model_tensors& tensors_;
  std::vector<std::vector<std::uint8_t>> bytes_;
};

}  // namespace detail

SWPRUNE_FUNCTION std::vector<std::vector<std::uint8_t>> run_functional(
    const quant::int8_model& model, std::span<const std::uint8_t> images) {
  quant::check(model);
  const auto bytes = static_cast<index_t>(images.size());
  expects(bytes % model.input.size() == 0, errc::layer_shape,
          "the images must be a multiple of {} bytes ({} x {} x {}), given {}", model.input.size(),
          model.input.channels, model.input.height, model.input.width, bytes);
  const index_t count = bytes / model.input.size();
  const quant::model_tensors tensors = quant::tensors_of(model);
  std::vector<std::vector<std::uint8_t>> outputs;
  for (const quant::int8_layer& l : model.layers)
    outputs.emplace_back(static_cast<std::size_t>(count * l.output.size()));
  parallel_for(count, [&](index_t n) {
    detail::functional_tensors maps(tensors, images.data() + n * model.input.size());
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
      const quant::layer_tensors& use = tensors.layers[i];
      const index_t size = model.layers[i].output.size();
      std::uint8_t* out = maps.at(use.out);
      detail::functional_layer(model.layers[i], maps.at(use.in),
                               use.residual ? maps.at(*use.residual) : nullptr, out);
      std::copy(out, out + size, outputs[i].begin() + n * size);
    }
  });
  return outputs;
}

#endif

}  // namespace swprune::inline v0::hw
