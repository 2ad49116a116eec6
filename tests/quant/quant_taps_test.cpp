// SPDX-License-Identifier: Apache-2.0
// Networks whose blocks lack taps, as integers: whole blocks, zeros at the absent taps.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "swprune/hw/functional.hpp"
#include "swprune/quant/evaluate.hpp"
#include "swprune/quant/quantize.hpp"
#include "tests/nn/naive_conv.hpp"
#include "tests/quant/random_network.hpp"

using namespace swprune;
using swprune_test::random_images;

namespace {

/// random_network() with taps taken from its middle layers.
nn::network<double> thin_network(rng& r) {
  auto net = swprune_test::random_network<double>(r);
  std::vector<mask::layer_mask> masks = net.masks().layers();
  for (mask::layer_mask& m : masks)
    if (m.name != "fc2") swprune_test::thin_taps(m, 0.45, r);
  net.change_masks(mask::mask_set(masks));
  return net;
}

/// The same network with all taps stored, the absent ones as zeros.
nn::network<double> with_zeros(const nn::network<double>& net) {
  auto whole = net.clone();
  std::vector<mask::layer_mask> masks = net.masks().layers();
  for (mask::layer_mask& m : masks) m.kept_taps = {};
  whole.change_masks(mask::mask_set(masks));
  return whole;
}

/// visit(weight, output, input, tap) over the stored weights of an integer layer, as its comment
/// says.
template <typename Visit>
void walk_weights(const quant::int8_layer& l, const Visit& visit) {
  const std::int8_t* w = l.weights.data();
  for (index_t j = 0; j < l.blocks.out_groups(); ++j)
    for (const index_t g : l.blocks.row(j))
      for (index_t ci = 0; ci < l.channels_of(g); ++ci)
        for (index_t tap = 0; tap < l.kernel_height * l.kernel_width; ++tap)
          for (index_t o = 0; o < l.block.outputs; ++o)
            visit(*w++, j * l.block.outputs + o, g * l.block.inputs + ci, tap);
  REQUIRE(w == l.weights.data() + l.weights.size());
}

}  // namespace

TEST_CASE("absent taps are exactly zero, present ones are not lost", "[quant taps]") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    rng r(seed);
    const auto net = thin_network(r);
    const auto model = quant::quantize(net, random_images<double>(8, net.input_shape(), r));
    CHECK(quant::same_pattern(model, net.masks()));
    index_t absent = 0;
    for (const quant::int8_layer& l : model.layers) {
      const mask::layer_mask m = net.masks().at(l.name);
      const auto* conv = net.find<nn::conv2d>(l.name);
      const std::vector<double> dense = conv->to_dense();
      std::vector<double> largest(static_cast<std::size_t>(m.out_channels), 0.0);
      const auto weight = [&](index_t o, index_t i, index_t tap) {
        return dense[static_cast<std::size_t>((o * m.in_channels + i) * m.taps() + tap)];
      };
      conv->for_each_weight([&](index_t o, index_t i, index_t tap, std::size_t) {
        double& most = largest[static_cast<std::size_t>(o)];
        most = std::max(most, std::abs(weight(o, i, tap)));
      });
      walk_weights(l, [&](int w, index_t o, index_t i, index_t tap) {
        const bool kept =
            o < m.out_channels && m.kept_taps.test(o / m.block.outputs, i / m.block.inputs, tap);
        absent += !kept;
        if (!kept && w != 0) FAIL("weight of an absent tap or channel is " << w);
        // A gain of the normalisation may turn the sign of the whole channel.
        if (kept) {
          const double expected =
              std::abs(weight(o, i, tap)) / largest[static_cast<std::size_t>(o)] * 127;
          if (!(std::abs(std::abs(w) - expected) <= 0.5 + 1e-9))
            FAIL(l.name << ": weight " << o << " " << i << " " << tap << " is " << w
                        << ", expected " << expected);
        }
      });
      CHECK(static_cast<index_t>(l.weights.size()) == quant::detail::stored_weights(l));
      if (!m.kept_taps.keeps_all())
        CHECK(l.weights.size() > conv->weights().size());  // whole blocks take more bytes
    }
    CHECK(absent > 0);
  }
}

TEST_CASE("the integers of absent taps and of zero weights are the same", "[quant taps]") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    rng r(seed);
    const auto net = thin_network(r);
    const auto calibrate = random_images<double>(32, net.input_shape(), r);
    const auto images = random_images<double>(9, net.input_shape(), r);
    const auto thin = quant::quantize(net, calibrate);
    const auto zeros = quant::quantize(with_zeros(net), calibrate);
    REQUIRE(thin.layers.size() == zeros.layers.size());
    for (std::size_t i = 0; i < thin.layers.size(); ++i) {
      CHECK(thin.layers[i].weights == zeros.layers[i].weights);
      CHECK(thin.layers[i].bias == zeros.layers[i].bias);
      CHECK(thin.layers[i].multiplier == zeros.layers[i].multiplier);
      CHECK(thin.layers[i].shift == zeros.layers[i].shift);
      CHECK(thin.layers[i].blocks == zeros.layers[i].blocks);
    }
    // And the integer network is close to the float one.
    const auto plain = nn::to_plain(images);
    const auto bytes = quant::quantize_input(thin, std::span<const double>(plain));
    const auto out = hw::run_functional(thin, bytes).back();
    CHECK(out == hw::run_functional(zeros, bytes).back());
    const auto given = quant::dequantize_output(thin, out);
    const auto expected = nn::to_plain(net.forward(images));
    double error = 0, size = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      error += (given[i] - expected[i]) * (given[i] - expected[i]);
      size += expected[i] * expected[i];
    }
    CHECK(std::sqrt(error / size) < 0.05);
  }
}

TEST_CASE("the pattern check sees an absent tap that lives", "[quant taps]") {
  rng r(3);
  const auto net = thin_network(r);
  auto model = quant::quantize(net, random_images<double>(8, net.input_shape(), r));
  const mask::mask_set masks = net.masks();
  REQUIRE(quant::same_pattern(model, masks));
  quant::int8_layer& l = model.layers[1];
  const mask::layer_mask& m = masks.at(l.name);
  std::size_t at = 0, absent = 0;
  bool found = false;
  walk_weights(l, [&](int, index_t o, index_t i, index_t tap) {
    const bool lacks =
        o < m.out_channels && !m.kept_taps.test(o / m.block.outputs, i / m.block.inputs, tap);
    if (lacks && !found) absent = at;
    found = found || lacks;
    ++at;
  });
  REQUIRE(found);
  l.weights[absent] = 1;
  CHECK_FALSE(quant::same_pattern(model, masks));
  CHECK(quant::same_pattern(model, with_zeros(net).masks()));
  l.weights[absent] = 0;
  CHECK(quant::same_pattern(model, masks));
  l.weights.pop_back();
  CHECK_FALSE(quant::same_pattern(model, masks));
}

TEST_CASE("an input with a zero point and taps that are absent", "[quant taps]") {
  // The bias takes back zero * sum of the weights; absent taps must not enter it.
  rng r(41);
  auto m = swprune_test::random_mask("conv", 5, 9, 3, 0.8, r);
  swprune_test::thin_taps(m, 0.4, r);
  nn::network<double> net;
  net.add<nn::conv2d>(m, nn::conv2d_params{.padding = 1, .bias = true});
  net.build({5, 6, 6});
  swprune_test::randomise(net, r);
  nn::activations<double> images(6, {5, 6, 6});
  for (double& v : images.values()) v = (static_cast<double>(r.below(256)) - 100) / 64;
  images.clear_dead_lanes();
  const quant::quantize_params params{.input_scale = 1.0 / 64, .input_zero = 100};
  const auto model = quant::quantize(net, images, params);
  const auto plain_zero = quant::quantize(net, images, {.input_scale = 1.0 / 64});
  std::vector<std::int64_t> sums(9, 0);
  walk_weights(model.layers[0], [&](int w, index_t o, index_t, index_t) {
    if (o < 9) sums[static_cast<std::size_t>(o)] += w;
  });
  for (std::size_t o = 0; o < 9; ++o)
    CHECK(model.layers[0].bias[o] == plain_zero.layers[0].bias[o] - 100 * sums[o]);
  const auto plain = nn::to_plain(images);
  const auto out = quant::dequantize_output(
      model, hw::run_functional(model, quant::quantize_input(model, std::span<const double>(plain)))
                 .back());
  const auto expected = nn::to_plain(net.forward(images));
  double worst = 0, most = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    worst = std::max(worst, std::abs(out[i] - expected[i]));
    most = std::max(most, std::abs(expected[i]));
  }
  CHECK(worst < 0.05 * most);
}
