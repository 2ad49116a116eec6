// SPDX-License-Identifier: Apache-2.0
// Networks that are more than a chain in integers: residual blocks with every kind of shortcut,
// averages, normalisations that follow no convolution.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "swprune/hw/functional.hpp"
#include "swprune/io/builtin.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/quant/evaluate.hpp"
#include "swprune/quant/quantize.hpp"
#include "swprune/train/evaluate.hpp"
#include "swprune/train/fit.hpp"
#include "tests/quant/random_network.hpp"

using namespace swprune;

namespace {

/// conv - bn (- relu), map kept at stride 1.
template <typename Scalar, typename List>
void add_conv(List& list, const std::string& name, index_t in, index_t out, index_t stride,
              bool relu, rng& r, double density = 0.6) {
  auto m = swprune_test::random_mask(name, in, out, 3, density, r);
  for (index_t j = 0; j < m.out_groups(); ++j) m.blocks.set(j, j % m.in_groups());
  list.template add<nn::conv2d>(m, nn::conv2d_params{.stride = stride, .padding = 1});
  list.template add<nn::batch_norm>(name + ".bn", out);
  if (relu) list.template add<nn::relu>(name + ".relu");
}

/// Block of two convolutions beside a shortcut that fits.
template <typename Scalar>
void add_block(nn::network<Scalar>& net, const std::string& name, index_t in, index_t out,
               bool projection, rng& r, bool relu = true) {
  const index_t stride = in == out ? 1 : 2;
  nn::chain<Scalar> path, shortcut;
  add_conv<Scalar>(path, name + ".conv1", in, out, stride, true, r);
  add_conv<Scalar>(path, name + ".conv2", out, out, 1, false, r);
  if (in != out && !projection)
    shortcut.template add<nn::option_a_shortcut>(
        name + ".pad",
        nn::option_a_params{.in_channels = in, .out_channels = out, .stride = stride});
  if (in != out && projection) {
    shortcut.template add<nn::conv2d>(nn::dense_mask(name + ".shortcut", in, out, 1, 1),
                                      nn::conv2d_params{.stride = stride});
    shortcut.template add<nn::batch_norm>(name + ".shortcut.bn", out);
  }
  net.template add<nn::residual>(name, std::move(path), std::move(shortcut),
                                 nn::residual_params{.relu = relu});
}

/// Identity, option A and projection, a normalisation behind a sum, average and fully connected.
template <typename Scalar>
nn::network<Scalar> residual_network(const map_shape& image, index_t classes, rng& r) {
  nn::network<Scalar> net;
  add_conv<Scalar>(net, "conv1", image.channels, 8, 2, true, r);
  add_block(net, "same", 8, 8, false, r);
  add_block(net, "padded", 8, 24, false, r);
  add_block(net, "projected", 24, 32, true, r, false);
  net.template add<nn::batch_norm>("norm", 32);
  net.template add<nn::relu>("norm.relu");
  net.template add<nn::global_average_pool>("average");
  net.template add<nn::fully_connected>(nn::dense_mask("fc", 32, classes, 1, 1), true);
  net.build(image);
  return net;
}

std::vector<std::uint8_t> bytes_of(const quant::int8_model& model,
                                   const nn::activations<double>& images) {
  const auto plain = nn::to_plain(images);
  return quant::quantize_input(model, std::span<const double>(plain));
}

/// Root mean square of the difference, relative to that of the float outputs.
double relative_error(const std::vector<double>& given, const std::vector<double>& expected) {
  REQUIRE(given.size() == expected.size());
  double error = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += (given[i] - expected[i]) * (given[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return std::sqrt(error / size);
}

const quant::int8_layer& layer_named(const quant::int8_model& m, const std::string& name) {
  const auto at =
      std::find_if(m.layers.begin(), m.layers.end(), [&](const auto& l) { return l.name == name; });
  REQUIRE(at != m.layers.end());
  return *at;
}

/// Weights of all convolutions, inside blocks as well, then statistics.
void randomise_all(nn::network<double>& net, rng& r) {
  for (nn::layer<double>* l : net.layers())
    if (auto* conv = dynamic_cast<nn::conv2d<double>*>(l))
      conv->for_each_weight([&](index_t, index_t, index_t, std::size_t at) {
        conv->weights()[at] = 0.2 * r.normal();
      });
  for (int step = 0; step < 40; ++step) {
    const auto images = swprune_test::random_images<double>(16, net.input_shape(), r);
    (void)net.forward_training(images);
    net.commit_statistics();
  }
}

}  // namespace

TEST_CASE("a residual network becomes convolutions that add, and stays close to float") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    rng r = rng(seed).stream("quantize_graph_test");
    auto net = residual_network<double>({3, 12, 12}, 10, r);
    randomise_all(net, r);
    const auto images = swprune_test::random_images<double>(24, net.input_shape(), r);
    const auto model = quant::quantize(net, images);
    CHECK(quant::same_pattern(model, net.masks()));
    const auto out =
        quant::dequantize_output(model, hw::run_functional(model, bytes_of(model, images)).back());
    CHECK(relative_error(out, nn::to_plain(net.forward(images))) < 0.06);
    auto broken = model;
    for (auto& l : broken.layers)
      if (l.name == "same.conv2") l.residual.reset();
    const auto wrong = quant::dequantize_output(
        broken, hw::run_functional(broken, bytes_of(broken, images)).back());
    CHECK(relative_error(wrong, nn::to_plain(net.forward(images))) > 0.06);
  }
}

TEST_CASE("each layer of a residual network has the form that its shortcut asks for") {
  rng r(5);
  auto net = residual_network<double>({3, 12, 12}, 10, r);
  randomise_all(net, r);
  const auto images = swprune_test::random_images<double>(8, net.input_shape(), r);
  const auto model = quant::quantize(net, images);
  std::vector<std::string> names;
  for (const auto& l : model.layers) names.push_back(l.name);
  CHECK(names == std::vector<std::string>{"conv1", "same.conv1", "same.conv2", "padded.conv1",
                                          "padded.conv2", "projected.shortcut", "projected.conv1",
                                          "projected.conv2", "norm", "average", "fc"});
  const auto& same = layer_named(model, "same.conv2");
  REQUIRE(same.residual);
  CHECK(same.residual->reads.tensor == "conv1");
  CHECK(same.residual->stride == 1);
  CHECK(same.clamp_lo == 0);
  CHECK_FALSE(same.output_signed);
  const auto& padded = layer_named(model, "padded.conv2");
  REQUIRE(padded.residual);
  CHECK(padded.residual->reads.tensor == "same.conv2");
  CHECK(padded.residual->stride == 2);
  CHECK(padded.residual->first_channel == 8);
  CHECK(padded.residual->input == map_shape{8, 6, 6});
  const auto& projected = layer_named(model, "projected.conv2");
  REQUIRE(projected.residual);
  CHECK(projected.residual->reads.tensor == "projected.shortcut");
  CHECK(projected.residual->is_signed);
  CHECK(projected.output_signed);  // no ReLU behind this sum
  CHECK(layer_named(model, "projected.shortcut").reads.tensor.empty());
  CHECK(layer_named(model, "projected.conv1").reads.tensor == "padded.conv2");
  CHECK(layer_named(model, "norm").groups == 32);
  CHECK_FALSE(layer_named(model, "norm").output_signed);
  CHECK(layer_named(model, "average").kernel_height == 2);
  CHECK(layer_named(model, "fc").reads.tensor.empty());
}

TEST_CASE("a residual in integers is the sum of both ways, to the rounding") {
  // A 1x1 convolution with weight 0 on one way: what is left is the shortcut, rescaled.
  nn::network<double> net;
  net.add<nn::conv2d>(nn::dense_mask("first", 4, 4, 1, 1));
  nn::chain<double> path;
  path.add<nn::conv2d>(nn::dense_mask("zero", 4, 4, 1, 1), nn::conv2d_params{.bias = true});
  net.add<nn::residual>("sum", std::move(path), nn::chain<double>{},
                        nn::residual_params{.relu = false});
  net.build({4, 5, 5});
  rng r(9);
  auto* first = net.find<nn::conv2d>("first");
  for (double& w : first->weights()) w = r.normal();
  for (index_t o = 4; o < 8; ++o)
    for (index_t i = 0; i < 4; ++i) first->weights()[static_cast<std::size_t>(8 * i + o)] = 0;
  net.find<nn::conv2d>("zero")->bias()[2] = 0.7;
  const auto images = swprune_test::random_images<double>(6, {4, 5, 5}, r);
  const auto model = quant::quantize(net, images, {.method = quant::calibration::min_max});
  const auto outputs = hw::run_functional(model, bytes_of(model, images));
  const auto& sum = model.layers[1];
  REQUIRE(sum.residual);
  const double ratio = std::ldexp(double(sum.residual->multiplier), -int{sum.residual->shift});
  for (std::size_t i = 0; i < outputs[1].size(); ++i) {
    const double shortcut = ratio * static_cast<std::int8_t>(outputs[0][i]);
    const double bias = i / 25 % 4 == 2 ? 0.7 / model.output_scale : 0.0;
    CAPTURE(i, shortcut, bias);
    CHECK(std::abs(static_cast<std::int8_t>(outputs[1][i]) -
                   std::clamp(shortcut + bias, -128.0, 127.0)) < 1.05);
  }
}

TEST_CASE("concatenations write one tensor with one scale") {
  rng r(15);
  nn::network<double> net;
  net.add<nn::conv2d>(nn::dense_mask("conv1", 3, 8, 3, 3), nn::conv2d_params{.padding = 1});
  for (const char* name : {"d1", "d2"}) {
    const index_t in = name[1] == '1' ? 8 : 16;
    nn::chain<double> path;
    path.add<nn::batch_norm>(std::string(name) + ".bn", in);
    path.add<nn::relu>(std::string(name) + ".relu");
    path.add<nn::conv2d>(nn::dense_mask(std::string(name) + ".conv", in, 8, 3, 3),
                         nn::conv2d_params{.padding = 1});
    net.add<nn::concatenation>(name, std::move(path));
  }
  net.add<nn::batch_norm>("bn", 24);
  net.add<nn::relu>("relu");
  net.add<nn::dropout>("drop");
  net.add<nn::global_average_pool>("pool");
  net.add<nn::fully_connected>(nn::dense_mask("fc", 24, 10, 1, 1), true);
  net.build({3, 8, 8});
  net.begin_step(rng(1));
  randomise_all(net, r);
  const auto images = swprune_test::random_images<double>(16, net.input_shape(), r);
  const auto model = quant::quantize(net, images);
  std::vector<std::string> names;
  for (const auto& l : model.layers) names.push_back(l.name);
  CHECK(names == std::vector<std::string>{"conv1", "d1.bn", "d1.conv", "d2.bn", "d2.conv", "bn",
                                          "pool", "fc"});
  CHECK(layer_named(model, "d1.conv").writes.tensor == "conv1");
  CHECK(layer_named(model, "d1.conv").writes.first_channel == 8);
  CHECK(layer_named(model, "d2.conv").writes.first_channel == 16);
  CHECK(layer_named(model, "d2.bn").reads.tensor == "conv1");
  CHECK(layer_named(model, "bn").input.channels == 24);
  CHECK(quant::same_pattern(model, net.masks()));
  const auto out =
      quant::dequantize_output(model, hw::run_functional(model, bytes_of(model, images)).back());
  CHECK(relative_error(out, nn::to_plain(net.forward(images))) < 0.05);
}

TEST_CASE("ReLU6 is a limit of the output") {
  rng r(17);
  nn::network<double> net;
  net.add<nn::conv2d>(nn::dense_mask("conv", 4, 8, 1, 1), nn::conv2d_params{.bias = true});
  net.add<nn::relu6>("relu6");
  net.build({4, 4, 4});
  for (double& w : net.find<nn::conv2d>("conv")->weights()) w = 6 * r.normal();
  const auto images = swprune_test::random_images<double>(16, net.input_shape(), r);
  const auto model = quant::quantize(net, images);
  CHECK(model.layers[0].clamp_lo == 0);
  CHECK(std::abs(model.layers[0].clamp_hi * model.output_scale - 6) <= 0.51 * model.output_scale);
  const auto out =
      quant::dequantize_output(model, hw::run_functional(model, bytes_of(model, images)).back());
  const auto expected = nn::to_plain(net.forward(images));
  CHECK(*std::max_element(expected.begin(), expected.end()) == 6);
  CHECK(relative_error(out, expected) < 0.02);
}

TEST_CASE("what a residual block cannot be in integers is refused by name") {
  const auto refuse = [](const auto& fill) {
    nn::network<double> net;
    net.add<nn::conv2d>(nn::dense_mask("first", 4, 4, 1, 1));
    nn::chain<double> path;
    fill(path);
    net.add<nn::residual>("block", std::move(path));
    net.build({4, 6, 6});
    const nn::activations<double> images(1, {4, 6, 6});
    try {
      (void)quant::quantize(net, images);
    } catch (const mismatch_error& e) {
      CHECK(e.id() == static_cast<int>(errc::quant_unsupported));
      return std::string(e.what());
    }
    return std::string();
  };
  using chain_t = nn::chain<double>;
  CHECK_THAT(refuse([](chain_t& c) {
               c.add<nn::conv2d>(nn::dense_mask("c", 4, 4, 1, 1));
               c.add<nn::relu>("r");
             }),
             Catch::Contains("'block' (residual)") && Catch::Contains("must end"));
}

TEST_CASE("a trained residual network keeps its accuracy in integers") {
  const auto data = io::make_builtin({.train = 2000, .test = 1000});
  const rng seed(3);
  rng masks = seed.stream("masks");
  auto net = residual_network<float>(data.train.shape, data.train.classes, masks);
  nn::kaiming_init(net, seed);
  (void)train::fit(net, data.train, data.test,
                   {.epochs = 8,
                    .batch = 32,
                    .schedule = {.rate = 0.05},
                    .sgd = {.momentum = 0.9},
                    .test_every = 0},
                   seed);
  const double real = train::evaluate(net, data.test).accuracy();
  const auto model = quant::quantize(net, data.train, {.calibration_images = 256});
  const double integer =
      quant::accuracy(model, hw::run_functional(model, data.test.images).back(), data.test.labels);
  CAPTURE(real, integer);
  CHECK(real > 0.7);
  CHECK(std::abs(real - integer) <= 0.005);
}
