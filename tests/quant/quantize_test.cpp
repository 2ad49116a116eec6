// SPDX-License-Identifier: Apache-2.0
// Quantised networks: every layer within its error bound, the whole close to the float network, the
// pattern of the masks untouched.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "swprune/hw/functional.hpp"
#include "swprune/nn/residual.hpp"
#include "swprune/quant/evaluate.hpp"
#include "swprune/quant/quantize.hpp"
#include "tests/quant/random_network.hpp"

using namespace swprune;

namespace {

std::vector<std::uint8_t> bytes_of(const quant::int8_model& model,
                                   const nn::activations<double>& images) {
  const auto plain = nn::to_plain(images);
  return quant::quantize_input(model, std::span<const double>(plain));
}

/// What a layer computes in real numbers.
struct layer_reals {
  std::vector<double> weights;  ///< dense [o][i][ky][kx], exact folded
  std::vector<double> bias;
};

/// Folded real weights of all groups of the network, dense.
std::vector<layer_reals> folded_layers(const nn::network<double>& net) {
  std::vector<layer_reals> layers;
  for (index_t i = 0; i < net.size(); ++i) {
    const auto* conv = dynamic_cast<const nn::conv2d<double>*>(&net.at(i));
    if (conv == nullptr) continue;
    const auto* norm =
        i + 1 < net.size() ? dynamic_cast<const nn::batch_norm<double>*>(&net.at(i + 1)) : nullptr;
    const auto f = norm != nullptr ? quant::fold(*conv, *norm) : quant::fold(*conv);
    layer_reals l;
    l.bias = f.bias;
    const auto& m = conv->mask();
    l.weights.assign(static_cast<std::size_t>(m.weights()), 0.0);
    conv->for_each_weight([&](index_t o, index_t c, index_t tap, std::size_t at) {
      l.weights[static_cast<std::size_t>((o * m.in_channels + c) * m.taps() + tap)] = f.weights[at];
    });
    layers.push_back(l);
  }
  return layers;
}

/// What one integer output should be in real numbers, and how far rounding of the weights, bias and
/// multiplier may take it away, both in steps of the output.
struct expectation {
  double value = 0;
  double bound = 0;
};

expectation expect_pixel(const quant::int8_layer& l, const layer_reals& real,
                         const std::uint8_t* in, double in_scale, double out_scale, index_t o,
                         index_t oy, index_t ox) {
  const double largest = [&] {
    double m = 0;
    const auto per_channel = l.input.channels * l.kernel_height * l.kernel_width;
    for (index_t k = 0; k < per_channel; ++k)
      m = std::max(m, std::abs(real.weights[static_cast<std::size_t>(o * per_channel + k)]));
    return m;
  }();
  const double weight_step = largest / 127;
  double sum = real.bias[static_cast<std::size_t>(o)];
  double error = 0;
  for (index_t c = 0; c < l.input.channels; ++c)
    for (index_t ky = 0; ky < l.kernel_height; ++ky)
      for (index_t kx = 0; kx < l.kernel_width; ++kx) {
        const index_t y = oy * l.stride + ky - l.padding;
        const index_t x = ox * l.stride + kx - l.padding;
        if (y < 0 || y >= l.input.height || x < 0 || x >= l.input.width) continue;
        const double a =
            in_scale *
            (quant::from_byte(in[(c * l.input.height + y) * l.input.width + x], l.input_signed) -
             l.input_zero);
        const index_t k = ((o * l.input.channels + c) * l.kernel_height + ky) * l.kernel_width + kx;
        sum += a * real.weights[static_cast<std::size_t>(k)];
        if (l.blocks.test(o / l.block.outputs, c / l.block.inputs))
          error += std::abs(a) * weight_step / 2;
      }
  error += in_scale * weight_step / 2;                       // rounding of the bias
  error += (std::abs(sum) + error) * 3 * 0x1p-15;            // of this multiplier and of the scales
  return {sum / out_scale, error / out_scale + 0.5 + 1e-6};  // rounding of the result
}

/// Checks every output of a layer against real arithmetic on the same integer input; returns the
/// number of outputs looked at.
index_t require_within_bounds(const quant::int8_layer& l, const layer_reals& real,
                              const std::uint8_t* in, const std::uint8_t* out, double in_scale,
                              double out_scale) {
  const index_t window = l.pool ? 2 : 1;
  for (index_t o = 0; o < l.output.channels; ++o)
    for (index_t y = 0; y < l.output.height; ++y)
      for (index_t x = 0; x < l.output.width; ++x) {
        double value = -std::numeric_limits<double>::infinity();
        double bound = 0;
        for (index_t d = 0; d < window * window; ++d) {
          const auto e = expect_pixel(l, real, in, in_scale, out_scale, o, y * window + d / window,
                                      x * window + d % window);
          value = std::max(value, e.value);
          bound = std::max(bound, e.bound);
        }
        const double limited = std::clamp<double>(value, l.clamp_lo, l.clamp_hi);
        const int given = quant::from_byte(*out++, l.output_signed);
        CAPTURE(l.name, o, y, x, value, bound, given);
        REQUIRE(std::abs(given - limited) <= bound);
      }
  return l.output.size();
}

/// Output scale of every layer of the model, from multiplier = in * weight scale / out; right to
/// within 2^-15 a layer.
std::vector<double> output_scales(const quant::int8_model& model,
                                  const std::vector<layer_reals>& reals) {
  std::vector<double> scales;
  double in = model.input_scale;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto& l = model.layers[i];
    const auto per_channel =
        static_cast<std::size_t>(l.input.channels * l.kernel_height * l.kernel_width);
    // Any channel with weights tells; the first is as good as any.
    double scale = 0;
    for (std::size_t o = 0; o < l.multiplier.size() && scale == 0; ++o) {
      double largest = 0;
      for (std::size_t k = 0; k < per_channel; ++k)
        largest = std::max(largest, std::abs(reals[i].weights[o * per_channel + k]));
      if (largest > 0)
        scale = in * largest / 127 / std::ldexp(double(l.multiplier[o]), -int{l.shift[o]});
    }
    scales.push_back(scale);
    in = scale;
  }
  return scales;
}

}  // namespace

namespace {

/// Every layer of the model on its own integer input, and the outputs of the whole model.
std::vector<std::uint8_t> require_model_within_bounds(const nn::network<double>& net,
                                                      const quant::int8_model& model,
                                                      const nn::activations<double>& images) {
  const auto input = bytes_of(model, images);
  const auto outputs = hw::run_functional(model, input);
  const auto reals = folded_layers(net);
  const auto scales = output_scales(model, reals);
  REQUIRE(reals.size() == model.layers.size());
  CHECK(scales.back() == Approx(model.output_scale).epsilon(1e-3));
  for (std::size_t i = 0; i < reals.size(); ++i) {
    const auto& l = model.layers[i];
    const auto& in = i == 0 ? input : outputs[i - 1];
    for (index_t n = 0; n < images.batch(); ++n)
      require_within_bounds(l, reals[i], in.data() + n * l.input.size(),
                            outputs[i].data() + n * l.output.size(),
                            i == 0 ? model.input_scale : scales[i - 1], scales[i]);
  }
  return outputs.back();
}

/// Root mean square of the difference, relative to that of the float outputs.
double relative_error(const std::vector<double>& given, const std::vector<double>& expected) {
  double error = 0;
  double size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += (given[i] - expected[i]) * (given[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return std::sqrt(error / size);
}

std::string error_of(const std::function<void()>& call, errc code) {
  try {
    call();
  } catch (const error& e) {
    CHECK(e.id() == static_cast<int>(code));
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("every layer is within the bound of its roundings; the network is close to float") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    rng r = rng(seed).stream("quantize_test");
    CAPTURE(seed);
    const auto net = swprune_test::random_network<double>(r);
    const auto calibrate = swprune_test::random_images<double>(64, net.input_shape(), r);
    const auto images = swprune_test::random_images<double>(9, net.input_shape(), r);
    for (const auto method :
         {quant::calibration::min_max, quant::calibration::percentile, quant::calibration::mse}) {
      const auto model = quant::quantize(net, calibrate, {.method = method});
      const auto outputs = require_model_within_bounds(net, model, images);
      const double error = relative_error(quant::dequantize_output(model, outputs),
                                          nn::to_plain(net.forward(images)));
      CAPTURE(static_cast<int>(method), error);
      CHECK(error < 0.05);
    }
  }
}

TEST_CASE("the bound notices a changed weight, bias or multiplier") {
  rng r(12);
  const auto net = swprune_test::random_network<double>(r);
  const auto images = swprune_test::random_images<double>(9, net.input_shape(), r);
  const auto model = quant::quantize(net, images);
  const auto off = [&](const std::function<void(quant::int8_layer&)>& change) {
    auto bad = model;
    change(bad.layers.back());
    const auto given =
        quant::dequantize_output(bad, hw::run_functional(bad, bytes_of(bad, images)).back());
    return relative_error(given, nn::to_plain(net.forward(images)));
  };
  const double good = off([](quant::int8_layer&) {});
  CHECK(off([](quant::int8_layer& l) {
          l.weights[3] = static_cast<std::int8_t>(l.weights[3] ^ 0x40);
        }) > good);
  CHECK(off([](quant::int8_layer& l) { l.shift[2]++; }) > 2 * good);
  CHECK(off([](quant::int8_layer& l) { l.bias[2] *= -3; }) > good);
}

TEST_CASE("float and double networks quantise alike; the data set overload uses its first images") {
  rng r(21);
  train::dataset data{.shape = {3, 11, 11}, .classes = 10, .images = {}, .labels = {}};
  for (int n = 0; n < 50; ++n) {
    for (index_t i = 0; i < data.shape.size(); ++i)
      data.images.push_back(static_cast<std::uint8_t>(r.below(256)));
    data.labels.push_back(static_cast<std::uint8_t>(r.below(10)));
  }
  const auto net = swprune_test::random_network<float>(r);
  const auto model = quant::quantize(net, data, {.calibration_images = 37, .batch = 10});
  train::batch<float> first;
  std::vector<index_t> numbers(37);
  std::iota(numbers.begin(), numbers.end(), 0);
  train::load_batch(data, std::span<const index_t>(numbers), first);
  const auto same = quant::quantize(net, first.images);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    CHECK(model.layers[i].weights == same.layers[i].weights);
    CHECK(model.layers[i].bias == same.layers[i].bias);
    CHECK(model.layers[i].multiplier == same.layers[i].multiplier);
  }
  CHECK(model.output_scale == same.output_scale);
  train::dataset normalised = data;
  normalised.normalise = {.mean = {0.5, 0.5, 0.5}, .deviation = {0.25, 0.25, 0.25}};
  CHECK_THROWS_WITH(quant::quantize(net, normalised),
                    Catch::Contains("E601") && Catch::Contains("normalised by channel"));
  // The network's classes survive 8 bits for nearly all images.
  numbers.resize(50);
  std::iota(numbers.begin(), numbers.end(), 0);
  train::load_batch(data, std::span<const index_t>(numbers), first);
  const auto classes = quant::classes_of(model, hw::run_functional(model, data.images).back());
  CHECK(quant::accuracy(model, hw::run_functional(model, data.images).back(),
                        net.predict(first.images)) >= 0.9);
  CHECK(classes.size() == 50);
}

TEST_CASE("the pattern of the masks is the model's, bit for bit, and absent blocks have no bytes") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    rng r(seed);
    const auto net = swprune_test::random_network<double>(r);
    const auto images = swprune_test::random_images<double>(8, net.input_shape(), r);
    auto model = quant::quantize(net, images);
    const auto masks = net.masks();
    CHECK(quant::same_pattern(model, masks));
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
      const auto* conv = dynamic_cast<const nn::conv2d<double>*>(&net.at(i == 0   ? 0
                                                                         : i == 1 ? 4
                                                                         : i == 2 ? 6
                                                                                  : 9));
      REQUIRE(conv != nullptr);
      CHECK(model.layers[i].weights.size() == conv->weights().size());
    }
    auto& blocks = model.layers[1].blocks;
    blocks.set(0, 0, !blocks.test(0, 0));
    CHECK_FALSE(quant::same_pattern(model, masks));
  }
}

TEST_CASE("ranges and signs are those of the chain") {
  rng r(31);
  const auto net = swprune_test::random_network<double>(r);
  const auto images = swprune_test::random_images<double>(8, net.input_shape(), r);
  const auto model = quant::quantize(net, images);
  CHECK_FALSE(model.layers[0].input_signed);
  CHECK(model.layers[0].pool);
  CHECK_FALSE(model.layers[1].pool);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK_FALSE(model.layers[i].output_signed);
    CHECK(model.layers[i].clamp_lo == 0);
    CHECK(model.layers[i].clamp_hi == 255);
  }
  CHECK(model.layers[3].output_signed);
  CHECK(model.layers[3].clamp_lo == -128);
  CHECK(model.layers[3].clamp_hi == 127);
  for (const auto& l : model.layers) {
    CHECK(std::all_of(l.multiplier.begin(), l.multiplier.end(), [](auto m) { return m >= 16384; }));
    CHECK(*std::max_element(l.weights.begin(), l.weights.end()) == 127);
  }
}

TEST_CASE("an input with a zero point: the bias holds - zero * sum of the kept weights") {
  rng r(41);
  nn::network<double> net;
  net.add<nn::conv2d>(swprune_test::random_mask("conv", 5, 9, 3, 0.7, r),
                      nn::conv2d_params{.padding = 1, .bias = true});
  net.build({5, 5, 5});
  swprune_test::randomise(net, r);
  const quant::quantize_params params{.input_scale = 1.0 / 64, .input_zero = 100};
  nn::activations<double> images(6, {5, 5, 5});
  for (double& v : images.values()) v = (static_cast<double>(r.below(256)) - 100) / 64;
  images.clear_dead_lanes();
  const auto model = quant::quantize(net, images, params);
  require_model_within_bounds(net, model, images);
  const auto& l = model.layers[0];
  const auto plain = quant::quantize(net, images, {.input_scale = 1.0 / 64});
  std::vector<std::int64_t> sums(9, 0);
  const auto* conv = dynamic_cast<const nn::conv2d<double>*>(&net.at(0));
  conv->for_each_weight([&](index_t o, index_t, index_t, std::size_t at) {
    sums[static_cast<std::size_t>(o)] += l.weights[at];
  });
  for (std::size_t o = 0; o < 9; ++o) CHECK(l.bias[o] == plain.layers[0].bias[o] - 100 * sums[o]);
}

TEST_CASE("rows without weights, outputs that are all zero, huge biases") {
  rng r(51);
  nn::network<double> net;
  auto mask = nn::dense_mask("conv", 4, 16, 1, 1);
  mask.blocks.set(1, 0, false);  // outputs 8..15 have only their bias
  auto& conv = net.add<nn::conv2d>(mask, nn::conv2d_params{.bias = true});
  net.add<nn::relu>("relu");
  net.build({4, 2, 2});
  conv.bias()[8] = 2.0;
  conv.bias()[9] = -1.0;
  const auto images = swprune_test::random_images<double>(4, {4, 2, 2}, r);
  const auto model = quant::quantize(net, images);
  const auto out =
      quant::dequantize_output(model, hw::run_functional(model, bytes_of(model, images)).back());
  const auto expected = nn::to_plain(net.forward(images));
  for (std::size_t i = 0; i < out.size(); ++i)
    CHECK(std::abs(out[i] - expected[i]) <= 0.51 * model.output_scale);
  conv.bias()[8] = conv.bias()[9] = 0.0;  // now every output is zero
  const auto zero = quant::quantize(net, images);
  const auto zeros = hw::run_functional(zero, bytes_of(zero, images)).back();
  for (const auto byte : zeros) CHECK(byte == 0);
  conv.bias()[0] = 1e9;
  const auto huge = quant::quantize(net, images);
  CHECK(hw::run_functional(huge, bytes_of(huge, images)).back()[0] == 255);
}

TEST_CASE("what has no integer form is refused by name") {
  const auto refuse = [](const auto& build, errc code) {
    nn::network<double> net;
    build(net);
    net.build({4, 6, 6});
    const nn::activations<double> images(1, {4, 6, 6});
    return error_of([&] { (void)quant::quantize(net, images); }, code);
  };
  const auto conv = [](const char* name, index_t k = 3) {
    return nn::dense_mask(name, 4, 4, k, k);
  };
  using net_t = nn::network<double>;
  const auto unsupported = errc::quant_unsupported;
  CHECK_THAT(refuse(
                 [&](net_t& n) {
                   n.add<nn::conv2d>(conv("c"));
                   n.add<nn::max_pool>("three", nn::max_pool_params{.size = 3, .stride = 1});
                 },
                 unsupported),
             Catch::Contains("'three' (max_pool)"));
  CHECK_THAT(refuse(
                 [&](net_t& n) {
                   n.add<nn::conv2d>(nn::dense_mask("wide", 4, 4, 3, 3),
                                     nn::conv2d_params{.stride = 5});
                 },
                 errc::quant_parameter),
             Catch::Contains("layer 'wide': stride must be 1..4, given 5"));
}

TEST_CASE("activations and normalisations without a convolution in front are layers of their own") {
  nn::network<double> net;
  net.add<nn::relu>("first");
  net.add<nn::conv2d>(nn::dense_mask("c", 4, 4, 3, 3));
  net.add<nn::relu>("r");
  net.add<nn::batch_norm>("late", 4);
  net.add<nn::max_pool>("pool");
  net.add<nn::max_pool>("again");
  net.build({4, 14, 14});
  rng r(63);
  swprune_test::randomise(net, r);
  const auto images = swprune_test::random_images<double>(6, {4, 14, 14}, r);
  const auto model = quant::quantize(net, images);
  std::vector<std::string> names;
  for (const auto& l : model.layers) names.push_back(l.name);
  CHECK(names == std::vector<std::string>{"first", "c", "late", "again"});
  CHECK(model.layers[2].pool);
  CHECK(model.layers[2].output_signed);
  CHECK(model.layers[3].output == map_shape{4, 3, 3});
  CHECK(quant::same_pattern(model, net.masks()));
  const auto out =
      quant::dequantize_output(model, hw::run_functional(model, bytes_of(model, images)).back());
  CHECK(relative_error(out, nn::to_plain(net.forward(images))) < 0.04);
}

TEST_CASE("a dilated convolution keeps its dilation") {
  rng r(67);
  nn::network<double> net;
  net.add<nn::conv2d>(nn::dense_mask("wide", 4, 8, 3, 3),
                      nn::conv2d_params{.padding = 2, .dilation = 2});
  net.build({4, 9, 9});
  swprune_test::randomise(net, r);
  const auto images = swprune_test::random_images<double>(4, {4, 9, 9}, r);
  const auto model = quant::quantize(net, images);
  CHECK(model.layers[0].dilation == 2);
  const auto out =
      quant::dequantize_output(model, hw::run_functional(model, bytes_of(model, images)).back());
  CHECK(relative_error(out, nn::to_plain(net.forward(images))) < 0.02);
}

TEST_CASE("pooling before or after ReLU is the same model") {
  const auto build = [](bool pool_first) {
    rng r(61);
    nn::network<double> net;
    net.add<nn::conv2d>(nn::dense_mask("conv", 4, 8, 3, 3));
    if (pool_first) net.add<nn::max_pool>("pool");
    net.add<nn::relu>("relu");
    if (!pool_first) net.add<nn::max_pool>("pool");
    net.build({4, 8, 8});
    swprune_test::randomise(net, r);
    const auto images = swprune_test::random_images<double>(4, {4, 8, 8}, r);
    return quant::quantize(net, images);
  };
  const auto a = build(true);
  const auto b = build(false);
  CHECK(a.layers[0].weights == b.layers[0].weights);
  CHECK(a.layers[0].multiplier == b.layers[0].multiplier);
  CHECK(a.layers[0].output == b.layers[0].output);
  CHECK(a.output_scale == b.output_scale);
}

TEST_CASE("wrong parameters and broken numbers are refused") {
  rng r(71);
  auto net = swprune_test::random_network<double>(r);
  const auto images = swprune_test::random_images<double>(2, net.input_shape(), r);
  const auto bad = [&](const quant::quantize_params& p) {
    return error_of([&] { (void)quant::quantize(net, images, p); }, errc::quant_parameter);
  };
  CHECK_THAT(bad({.percent = 0}), Catch::Contains("0 < percent <= 100 must hold, given 0"));
  CHECK_THAT(bad({.input_scale = -1}), Catch::Contains("input_scale must be > 0, given -1"));
  CHECK_THAT(bad({.input_zero = 300}), Catch::Contains("input_zero must be 0..255, given 300"));
  CHECK_THAT(bad({.batch = 0}), Catch::Contains("must be >= 1"));
  const nn::activations<double> none(0, net.input_shape());
  CHECK_THAT(error_of([&] { (void)quant::quantize(net, none); }, errc::quant_parameter),
             Catch::Contains("at least one image"));
  const train::dataset data{.shape = net.input_shape(), .classes = 10, .images = {}, .labels = {}};
  CHECK_THAT(
      error_of([&] { (void)quant::quantize(net, data, {.input_zero = 1}); }, errc::quant_parameter),
      Catch::Contains("scale 1/255 and zero 0"));
  net.find<nn::fully_connected>("fc2")->weights()[0] = NAN;
  CHECK_THROWS_AS(quant::quantize(net, images), numeric_error);
}
