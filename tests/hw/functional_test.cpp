// SPDX-License-Identifier: Apache-2.0
// The plain reference against numbers worked out by hand, and against a second formulation.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/hw/functional.hpp"
#include "tests/hw/compile_models.hpp"

using namespace swprune;

namespace {

/// Dense weights [o][i][ky][kx] of a layer, absent blocks zero.
std::vector<int> dense_weights(const quant::int8_layer& l) {
  const index_t taps = l.kernel_height * l.kernel_width;
  std::vector<int> dense(static_cast<std::size_t>(l.output.channels * l.input.channels * taps));
  std::size_t at = 0;
  for (index_t row = 0; row < l.blocks.out_groups(); ++row)
    for (const index_t group : l.blocks.row(row))
      for (index_t ci = 0; ci < l.channels_of(group); ++ci)
        for (index_t tap = 0; tap < taps; ++tap)
          for (index_t lane = 0; lane < l.block.outputs; ++lane, ++at) {
            const index_t o = row * l.block.outputs + lane;
            const index_t i = group * l.block.inputs + ci;
            if (o < l.output.channels)
              dense[static_cast<std::size_t>((o * l.input.channels + i) * taps + tap)] =
                  l.weights[at];
          }
  return dense;
}

/// One output by its definition, from dense weights; big windows, signs and all.
int direct_output(const quant::int8_layer& l, const std::vector<int>& w, const std::uint8_t* in,
                  index_t o, index_t y, index_t x) {
  long long acc = 0;
  for (index_t i = 0; i < l.input.channels; ++i)
    for (index_t ky = 0; ky < l.kernel_height; ++ky)
      for (index_t kx = 0; kx < l.kernel_width; ++kx) {
        const index_t row = y * l.stride + ky - l.padding;
        const index_t column = x * l.stride + kx - l.padding;
        long long a = l.input_zero;
        if (row >= 0 && column >= 0 && row < l.input.height && column < l.input.width) {
          a = in[(i * l.input.height + row) * l.input.width + column];
          if (l.input_signed && a > 127) a -= 256;
        }
        acc += a * w[static_cast<std::size_t>(
                       ((o * l.input.channels + i) * l.kernel_height + ky) * l.kernel_width + kx)];
      }
  const auto c = static_cast<std::size_t>(o);
  __extension__ using wide = __int128;
  const wide scaled = (wide{acc} + l.bias[c]) * l.multiplier[c] * 2 + (wide{1} << l.shift[c]);
  const wide unit = wide{1} << (l.shift[c] + 1);
  const wide r = scaled / unit - (scaled % unit < 0 ? 1 : 0);  // floor(x + 1/2)
  return static_cast<int>(std::clamp<wide>(r + l.output_zero, l.clamp_lo, l.clamp_hi));
}

}  // namespace

TEST_CASE("one layer by hand") {
  // Two input channels, 2 x 2 map, 2 x 2 kernel without padding: one output pixel.
  quant::int8_model m;
  m.input = {2, 2, 2};
  quant::int8_layer l;
  l.name = "hand";
  l.input = m.input;
  l.output = {2, 1, 1};
  l.kernel_height = l.kernel_width = 2;
  l.block = {4, 4};
  l.blocks = mask::block_mask::dense(1, 1);
  // [ci][ky][kx][lane]: lane 0 has 1..8, lane 1 has -1.
  for (int i = 1; i <= 8; ++i)
    for (const int w : {i, -1, 0, 0}) l.weights.push_back(static_cast<std::int8_t>(w));
  l.bias = {10, 200};
  l.multiplier = {1, 3};
  l.shift = {1, 2};
  m.layers.push_back(l);
  // Image 1: acc 0 = 1*10 + 2*20 + ... + 8*80 = 2040; (2040 + 10) / 2 = 1025 -> 255.
  // acc 1 = -360; (-360 + 200) * 3 / 4 = -120 -> 0.
  // Image 2: all ones: acc 0 = 36, (36 + 10) / 2 = 23; acc 1 = -8, 192 * 3 / 4 = 144.
  // Image 3: only the first pixel of channel 0 is 1: 11 / 2 = 5.5 -> 6; 199 * 3 / 4 = 149.25 ->
  // 149.
  const std::vector<std::uint8_t> images{10, 20, 30, 40, 50, 60, 70, 80, 1, 1, 1, 1,
                                         1,  1,  1,  1,  1,  0,  0,  0,  0, 0, 0, 0};
  CHECK(hw::run_functional(m, images).back() == std::vector<std::uint8_t>{255, 0, 23, 144, 6, 149});
  m.layers[0].output_signed = true;
  m.layers[0].clamp_lo = -128;
  m.layers[0].clamp_hi = 127;
  m.layers[0].output_zero = -3;
  CHECK(hw::run_functional(m, images).back() ==
        std::vector<std::uint8_t>{127, static_cast<std::uint8_t>(-123), 20, 127, 3, 127});
}

TEST_CASE("padding reads the zero point, pooling drops an odd row and column") {
  quant::int8_model m;
  m.input = {1, 3, 3};
  m.input_zero = 7;
  quant::int8_layer l;
  l.name = "pad";
  l.input = m.input;
  l.input_zero = 7;
  l.kernel_height = l.kernel_width = 3;
  l.padding = 1;
  l.pool = true;
  l.output = {1, 1, 1};
  l.block = {4, 4};
  l.blocks = mask::block_mask::dense(1, 1);
  l.weights.assign(36, 0);
  for (std::size_t tap = 0; tap < 9; ++tap) l.weights[tap * 4] = 1;
  l.bias = {-7 * 9};
  l.multiplier = {2};
  l.shift = {1};
  m.layers.push_back(l);
  // Sums over windows of x - 7, padding counting 0: pooled over pixels (0..1, 0..1); the windows
  // with the large last row and column values only reach in as far as pixel (1, 1).
  const std::vector<std::uint8_t> image{8, 9, 10, 11, 12, 13, 14, 15, 16};
  CHECK(hw::run_functional(m, image).back()[0] == 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9);
}

TEST_CASE("random models against a second formulation") {
  index_t outputs = 0;
  for (const auto& array : swprune_test::test_arrays())
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      rng r = rng(seed).stream("functional_test");
      const auto c = swprune_test::random_model(
          array, {.layers = 2, .max_uops = 3000, .max_channels = 20, .max_size = 10}, r);
      CAPTURE(seed, array.to_string(), c.text());
      const auto given = hw::run_functional(c.model, c.input);
      const std::vector<std::uint8_t>* in = &c.input;
      for (std::size_t i = 0; i < given.size(); ++i) {
        const auto& l = c.model.layers[i];
        const auto w = dense_weights(l);
        const index_t step = l.pool ? 2 : 1;
        std::size_t at = 0;
        for (index_t n = 0; n < c.images; ++n)
          for (index_t o = 0; o < l.output.channels; ++o)
            for (index_t y = 0; y < l.output.height; ++y)
              for (index_t x = 0; x < l.output.width; ++x, ++outputs) {
                int best = -1000;
                for (index_t d = 0; d < step * step; ++d)
                  best = std::max(best, direct_output(l, w, in->data() + n * l.input.size(), o,
                                                      y * step + d / step, x * step + d % step));
                REQUIRE(int{given[i][at++]} == (best & 0xff));
              }
        in = &given[i];
      }
    }
  CHECK(outputs > 10000);
}

TEST_CASE("the number of threads does not matter, no images give no outputs") {
  const auto model = swprune_test::demo_model();
  rng r(2);
  const auto images = swprune_test::detail::random_bytes(5 * 784, false, r);
  const int threads = thread_count();
  set_thread_count(1);
  const auto one = hw::run_functional(model, images);
  set_thread_count(2);
  CHECK(hw::run_functional(model, images) == one);
  set_thread_count(threads);
  for (const auto& layer : hw::run_functional(model, {})) CHECK(layer.empty());
}
