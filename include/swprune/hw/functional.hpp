// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/types.hpp"
#include "swprune/quant/check_model.hpp"
#include "swprune/quant/fixed_point.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune::inline v0::hw {

namespace detail {

/// Sums of one layer before the bias, `[output groups * Bo][conv_h][conv_w]`.
[[nodiscard]] inline std::vector<std::int64_t> functional_sums(const quant::int8_layer& l,
                                                               const std::uint8_t* in) {
  const index_t rows = l.conv_height();
  const index_t columns = l.conv_width();
  const index_t lanes = l.block.outputs;
  std::vector<std::int64_t> sums(
      static_cast<std::size_t>(l.blocks.out_groups() * lanes * rows * columns));
  // [pixel][lane] while summing, because the weights come lane by lane.
  std::vector<std::int64_t> row_sums(static_cast<std::size_t>(rows * columns * lanes));
  const std::int8_t* w = l.weights.data();
  for (index_t row = 0; row < l.blocks.out_groups(); ++row) {
    std::fill(row_sums.begin(), row_sums.end(), 0);
    for (const index_t group : l.blocks.row(row))
      for (index_t ci = 0; ci < l.channels_of(group); ++ci)
        for (index_t ky = 0; ky < l.kernel_height; ++ky)
          for (index_t kx = 0; kx < l.kernel_width; ++kx, w += lanes) {
            const std::uint8_t* map = in + (group * l.block.inputs + ci) * l.input.pixels();
            std::int64_t* sum = row_sums.data();
            for (index_t oy = 0; oy < rows; ++oy)
              for (index_t ox = 0; ox < columns; ++ox, sum += lanes) {
                const index_t y = oy * l.stride + ky - l.padding;
                const index_t x = ox * l.stride + kx - l.padding;
                const bool inside = y >= 0 && y < l.input.height && x >= 0 && x < l.input.width;
                const std::int32_t a =
                    inside ? quant::from_byte(map[y * l.input.width + x], l.input_signed)
                           : l.input_zero;
                for (index_t lane = 0; lane < lanes; ++lane)
                  sum[lane] += quant::product(a, w[lane]);
              }
          }
    for (index_t lane = 0; lane < lanes; ++lane)
      for (index_t pixel = 0; pixel < rows * columns; ++pixel)
        sums[static_cast<std::size_t>((row * lanes + lane) * rows * columns + pixel)] =
            row_sums[static_cast<std::size_t>(pixel * lanes + lane)];
  }
  return sums;
}

/// One image through one layer: `[C][H][W]` bytes in, `[C][H][W]` bytes out.
inline void functional_layer(const quant::int8_layer& l, const std::uint8_t* in,
                             std::uint8_t* out) {
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
                               l.clamp_hi);
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

}  // namespace detail

/// Outputs of every layer for a batch, `[layer][n][C][H][W]` bytes: the plain reference of the
/// accelerator, written from docs/formats.md section 7 and the comments of quant::int8_layer alone.
/// It knows nothing of tiles, banks or lists. `images`: `[n][C][H][W]` bytes, u8 or s8 as the model
/// says. Parallel over images. Throws what quant::check() throws, and layer_shape unless `images`
/// is a multiple of the input size.
[[nodiscard]] inline std::vector<std::vector<std::uint8_t>> run_functional(
    const quant::int8_model& model, std::span<const std::uint8_t> images) {
  quant::check(model);
  const auto bytes = static_cast<index_t>(images.size());
  expects(bytes % model.input.size() == 0, errc::layer_shape,
          "the images must be a multiple of {} bytes ({} x {} x {}), given {}", model.input.size(),
          model.input.channels, model.input.height, model.input.width, bytes);
  const index_t count = bytes / model.input.size();
  std::vector<std::vector<std::uint8_t>> outputs;
  for (const quant::int8_layer& l : model.layers)
    outputs.emplace_back(static_cast<std::size_t>(count * l.output.size()));
  parallel_for(count, [&](index_t n) {
    const std::uint8_t* in = images.data() + n * model.input.size();
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
      std::uint8_t* out = outputs[i].data() + n * model.layers[i].output.size();
      detail::functional_layer(model.layers[i], in, out);
      in = out;
    }
  });
  return outputs;
}

}  // namespace swprune::inline v0::hw
