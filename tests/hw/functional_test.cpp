// SPDX-License-Identifier: Apache-2.0
// The plain reference against numbers worked out by hand, and against a second formulation.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "swprune/core/parallel.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/quant/diagonal_layer.hpp"
#include "tests/hw/compile_models.hpp"
#include "tests/support/random_graph.hpp"

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
                  index_t o, index_t y, index_t x, double residual = 0) {
  long long acc = 0;
  for (index_t i = 0; i < l.input.channels; ++i)
    for (index_t ky = 0; ky < l.kernel_height; ++ky)
      for (index_t kx = 0; kx < l.kernel_width; ++kx) {
        const index_t row = y * l.stride + ky * l.dilation - l.padding;
        const index_t column = x * l.stride + kx * l.dilation - l.padding;
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
  return static_cast<int>(
      std::clamp<wide>(r + static_cast<int>(residual) + l.output_zero, l.clamp_lo, l.clamp_hi));
}

/// What the residual adds, in floating point: values of 26 bits and powers of two are exact.
double direct_residual(const quant::int8_layer& l, const std::uint8_t* res, index_t o, index_t y,
                       index_t x) {
  if (!l.residual) return 0;
  const auto& r = *l.residual;
  const index_t c = o - r.first_channel;
  if (c < 0 || c >= r.input.channels) return 0;
  int v = res[(c * r.input.height + r.stride * y) * r.input.width + r.stride * x];
  if (r.is_signed && v > 127) v -= 256;
  return std::floor((v - r.zero) * static_cast<double>(r.multiplier) / std::pow(2.0, r.shift) +
                    0.5);
}

/// Channels [first, first + count) of a tensor for all images, `[n][count][H][W]`, from the outputs
/// of the layers that wrote them.
std::vector<std::uint8_t> gather(const swprune_test::random_case& c,
                                 const quant::model_tensors& tensors,
                                 const std::vector<std::vector<std::uint8_t>>& outputs,
                                 const quant::tensor_use& use) {
  const index_t pixels = tensors.tensors[static_cast<std::size_t>(use.tensor)].shape.pixels();
  std::vector<std::uint8_t> bytes;
  for (index_t n = 0; n < c.images; ++n)
    for (index_t ch = use.first_channel; ch < use.end(); ++ch) {
      const std::vector<std::uint8_t>* from = &c.input;
      index_t channels = c.model.input.channels, first = 0;
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const quant::tensor_use& out = tensors.layers[i].out;
        if (out.tensor != use.tensor || ch < out.first_channel || ch >= out.end()) continue;
        from = &outputs[i];
        channels = out.channels;
        first = out.first_channel;
      }
      const auto at = from->begin() + (n * channels + ch - first) * pixels;
      bytes.insert(bytes.end(), at, at + pixels);
    }
  return bytes;
}

/// Compares every output of run_functional() with the second formulation; returns their number.
index_t compare_with_direct(const swprune_test::random_case& c) {
  index_t outputs = 0;
  const auto given = hw::run_functional(c.model, c.input);
  const auto tensors = quant::tensors_of(c.model);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto& l = c.model.layers[i];
    const auto w = dense_weights(l);
    const auto in = gather(c, tensors, given, tensors.layers[i].in);
    std::vector<std::uint8_t> res;
    if (l.residual) res = gather(c, tensors, given, *tensors.layers[i].residual);
    const index_t step = l.pool ? 2 : 1;
    std::size_t at = 0;
    for (index_t n = 0; n < c.images; ++n)
      for (index_t o = 0; o < l.output.channels; ++o)
        for (index_t y = 0; y < l.output.height; ++y)
          for (index_t x = 0; x < l.output.width; ++x, ++outputs) {
            int best = -1000;
            for (index_t d = 0; d < step * step; ++d) {
              const index_t oy = y * step + d / step, ox = x * step + d % step;
              const double add =
                  l.residual
                      ? direct_residual(l, res.data() + n * l.residual->input.size(), o, oy, ox)
                      : 0;
              best = std::max(best,
                              direct_output(l, w, in.data() + n * l.input.size(), o, oy, ox, add));
            }
            CAPTURE(i, n, o, y, x);
            REQUIRE(int{given[i][at++]} == (best & 0xff));
          }
  }
  return outputs;
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
      outputs += compare_with_direct(c);
    }
  CHECK(outputs > 10000);
}

TEST_CASE("random graphs against a second formulation") {
  index_t outputs = 0;
  swprune_test::graph_features seen;
  for (const auto& array : {hw::array_params{}, hw::array_params{.poy = 8, .pof = 4}})
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      rng r = rng(seed).stream("functional_graphs");
      const auto c = swprune_test::random_graph(
          array, {.max_uops = 1000, .max_channels = 20, .max_size = 10}, r);
      CAPTURE(seed, array.to_string(), c.text());
      seen.count(c.model);
      outputs += compare_with_direct(c);
    }
  CHECK(outputs > 10000);
  CHECK(seen.residuals > 20);
  CHECK(seen.concatenations > 10);
  CHECK(seen.straddling > 3);
}

TEST_CASE("pooling layers are what they say") {
  rng r(12);
  const map_shape shape{10, 6, 5};
  const auto images = swprune_test::detail::random_bytes(3 * shape.size(), true, r);
  const quant::value_scale in{0.5, -3, true};
  quant::int8_model m;
  m.input = shape;
  m.input_signed = true;
  m.input_zero = -3;
  const auto value = [&](index_t n, index_t c, index_t y, index_t x) {
    if (y < 0 || y >= 6 || x < 0 || x >= 5) return -3;
    return int{
        static_cast<std::int8_t>(images[static_cast<std::size_t>(((n * 10 + c) * 6 + y) * 5 + x)])};
  };
  m.layers = {quant::average_pool_layer("average", shape, {3, 3, 2, 1}, in, in, {8, 4})};
  const auto averages = hw::run_functional(m, images).back();
  m.layers = {quant::max_pool_layer("largest", shape, in, {8, 4})};
  const auto largest = hw::run_functional(m, images).back();
  m.layers = {quant::average_pool_layer("global", shape, {6, 5, 1, 0}, in, in, {8, 4})};
  const auto global = hw::run_functional(m, images).back();
  std::size_t at = 0, at_max = 0, at_global = 0;
  for (index_t n = 0; n < 3; ++n)
    for (index_t c = 0; c < 10; ++c) {
      for (index_t y = 0; y < 3; ++y)
        for (index_t x = 0; x < 3; ++x) {
          double sum = 0;
          for (index_t k = 0; k < 9; ++k)
            sum += value(n, c, 2 * y - 1 + k / 3, 2 * x - 1 + k % 3) + 3;
          // The multiplier has 15 bits, so the last digit may be off by one at most.
          CHECK(std::abs(static_cast<std::int8_t>(averages[at++]) - (sum / 9 - 3)) < 0.51);
        }
      for (index_t y = 0; y < 3; ++y)
        for (index_t x = 0; x < 2; ++x)
          CHECK(int{static_cast<std::int8_t>(largest[at_max++])} ==
                std::max({value(n, c, 2 * y, 2 * x), value(n, c, 2 * y, 2 * x + 1),
                          value(n, c, 2 * y + 1, 2 * x), value(n, c, 2 * y + 1, 2 * x + 1)}));
      double sum = 0;
      for (index_t k = 0; k < 30; ++k) sum += value(n, c, k / 5, k % 5) + 3;
      CHECK(std::abs(static_cast<std::int8_t>(global[at_global++]) - (sum / 30 - 3)) < 0.51);
    }
}

TEST_CASE("a scale layer scales, shifts and clamps") {
  const map_shape shape{6, 1, 2};
  const quant::value_scale in{0.1, 0, false}, out{0.05, 10, false};
  const std::vector<double> gain{1, -0.5, 0, 0.25, 2, -1}, offset{0, 6, 3, -1, 0.5, 4};
  quant::int8_model m;
  m.input = shape;
  m.layers = {quant::scale_layer("norm", shape, gain, offset, true, in, out, {8, 4})};
  std::vector<std::uint8_t> image;
  for (int i = 0; i < 12; ++i) image.push_back(static_cast<std::uint8_t>(20 * i));
  const auto given = hw::run_functional(m, image).back();
  for (std::size_t i = 0; i < 12; ++i) {
    const double real = gain[i / 2] * 0.1 * image[i] + offset[i / 2];
    const double wanted = std::clamp(real / 0.05 + 10, 10.0, 255.0);
    CAPTURE(i, real);
    CHECK(std::abs(given[i] - wanted) < 0.52);
  }
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
