// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/model_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/nn/concatenation.hpp"
#include "swprune/nn/dropout.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/nn/relu6.hpp"
#include "tests/io/dense_lenet.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/nn/naive_conv.hpp"

using namespace swprune;
using swprune_test::caught;
using swprune_test::error_of;
using swprune_test::temp_dir;

namespace {

mask::layer_mask random_mask(rng& random, const std::string& name, index_t in, index_t out,
                             index_t kernel) {
  mask::layer_mask m = nn::dense_mask(name, in, out, kernel, kernel, {8, 4});
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i) m.blocks.set(j, i, random.bernoulli(0.5));
  m.blocks.set(0, 0);
  return m;
}

/// A small network with every kind of layer, masks with holes and arrays that are not the defaults.
template <typename Scalar>
nn::network<Scalar> random_network(std::uint64_t seed) {
  rng random(seed);
  nn::network<Scalar> net;
  net.template add<nn::conv2d>(random_mask(random, "conv1", 2, 12, 3),
                               nn::conv2d_params{.stride = 1, .padding = 1, .bias = true});
  net.template add<nn::batch_norm>("bn1", 12, nn::batch_norm_params{.epsilon = 1e-4});
  net.template add<nn::relu>("relu1");
  net.template add<nn::max_pool>("pool1");
  net.template add<nn::fully_connected>(random_mask(random, "fc1", 12, 10, 4), true);
  net.build({2, 8, 8});
  for (const auto& p : net.parameters())
    for (Scalar& v : p.values) v = static_cast<Scalar>(random.normal());
  for (const auto& s : net.state())
    for (Scalar& v : s.values) v = static_cast<Scalar>(0.5 + random.uniform());
  // What fills up the last group of outputs stays zero.
  for (index_t i = 0; i < net.size(); ++i)
    if (auto* conv = dynamic_cast<nn::conv2d<Scalar>*>(&net.at(i))) {
      const std::vector<Scalar> dense = conv->to_dense();
      std::fill(conv->weights().begin(), conv->weights().end(), Scalar(0));
      conv->from_dense(dense);
    }
  return net;
}

template <typename Scalar>
void check_equal(nn::network<Scalar>& a, nn::network<Scalar>& b) {
  REQUIRE(a.size() == b.size());
  REQUIRE(a.masks() == b.masks());
  for (index_t i = 0; i < a.size(); ++i) {
    REQUIRE(a.at(i).kind() == b.at(i).kind());
    REQUIRE(a.at(i).name() == b.at(i).name());
    REQUIRE(a.at(i).fields().size() == b.at(i).fields().size());
    for (std::size_t f = 0; f < a.at(i).fields().size(); ++f)
      REQUIRE(a.at(i).fields()[f].value == b.at(i).fields()[f].value);
  }
  const auto same = [](const auto& p, const auto& q) {
    return std::equal(p.values.begin(), p.values.end(), q.values.begin(), q.values.end());
  };
  for (std::size_t p = 0; p < a.parameters().size(); ++p)
    REQUIRE(same(a.parameters()[p], b.parameters()[p]));
  for (std::size_t s = 0; s < a.state().size(); ++s) REQUIRE(same(a.state()[s], b.state()[s]));
}

/// A copy of `records` in which one is replaced, or left out when `value` is null.
io::record_set with(const io::record_set& records, const std::string& name,
                    const io::array* value) {
  io::record_set changed("m.swp");
  bool found = false;
  for (const io::record& r : records.records()) {
    found = found || r.name == name;
    if (r.name != name) changed.add(r.name, r.value);
    if (r.name == name && value != nullptr) changed.add(name, *value);
  }
  if (!found && value != nullptr) changed.add(name, *value);
  return changed;
}

template <typename T>
io::array numbers(std::vector<T> values) {
  return io::array::of(values);
}

caught network_error(const std::string& name, const io::array* value) {
  static const io::record_set good = io::network_records(random_network<float>(1));
  return error_of([&] { (void)io::network_from_records<float>(with(good, name, value)); });
}
caught network_error(const std::string& name, io::array value) {
  return network_error(name, &value);
}

/// Integer layers with holes in their masks and an incomplete last group on both sides; the second
/// one has all that version 2 of the records added.
quant::int8_model random_int8(std::uint64_t seed) {
  rng random(seed);
  const auto layer = [&](const std::string& name, map_shape in, index_t out, index_t kernel,
                         bool pool) {
    quant::int8_layer l;
    l.name = name;
    l.input = in;
    l.kernel_height = l.kernel_width = kernel;
    l.pool = pool;
    l.block = {4, 4};
    l.blocks = mask::block_mask(ceil_div(out, 4), ceil_div(in.channels, 4));
    for (index_t j = 0; j < l.blocks.out_groups(); ++j)
      for (index_t i = 0; i < l.blocks.in_groups(); ++i) l.blocks.set(j, i, random.bernoulli(0.6));
    const index_t shrink = pool ? 2 : 1;
    l.output = {out, l.conv_height() / shrink, l.conv_width() / shrink};
    for (index_t j = 0; j < l.blocks.out_groups(); ++j)
      for (const index_t i : l.blocks.row(j))
        for (index_t w = 0; w < l.channels_of(i) * kernel * kernel * 4; ++w) {
          const bool real = j * 4 + w % 4 < out;
          l.weights.push_back(
              real ? static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127) : 0);
        }
    for (index_t c = 0; c < out; ++c) {
      l.bias.push_back(static_cast<std::int32_t>(random.below(2001)) - 1000);
      l.multiplier.push_back(static_cast<std::int16_t>(1 + random.below(32767)));
      l.shift.push_back(static_cast<std::uint8_t>(18 + random.below(6)));
    }
    return l;
  };
  quant::int8_model model;
  model.input = {3, 6, 6};
  model.input_scale = 1.0 / 255;
  model.output_scale = 0.125;
  model.layers.push_back(layer("conv1", {3, 6, 6}, 6, 3, true));
  model.layers.push_back(layer("conv2", {6, 2, 2}, 6, 1, false));
  model.layers.back().reads.tensor = "conv1";
  model.layers.back().writes = {"wide", 4};
  model.layers.back().dilation = 2;
  model.layers.back().residual = quant::residual_add{
      .reads = {"conv1", 0}, .input = {6, 2, 2}, .multiplier = 20000, .shift = 16};
  model.layers.push_back(layer("fc1", {6, 2, 2}, 5, 2, false));
  return model;
}

bool same(const quant::tensor_slice& a, const quant::tensor_slice& b) {
  return a.tensor == b.tensor && a.first_channel == b.first_channel;
}

bool same(const std::optional<quant::residual_add>& a,
          const std::optional<quant::residual_add>& b) {
  if (!a || !b) return !a && !b;
  return same(a->reads, b->reads) && a->input == b->input && a->first_channel == b->first_channel &&
         a->stride == b->stride && a->is_signed == b->is_signed && a->zero == b->zero &&
         a->multiplier == b->multiplier && a->shift == b->shift;
}

bool same(const quant::int8_layer& a, const quant::int8_layer& b) {
  return a.name == b.name && a.input == b.input && a.output == b.output &&
         a.kernel_height == b.kernel_height && a.kernel_width == b.kernel_width &&
         a.stride == b.stride && a.padding == b.padding && a.pool == b.pool &&
         a.input_signed == b.input_signed && a.output_signed == b.output_signed &&
         a.input_zero == b.input_zero && a.output_zero == b.output_zero &&
         a.clamp_lo == b.clamp_lo && a.clamp_hi == b.clamp_hi && a.block == b.block &&
         a.blocks == b.blocks && a.weights == b.weights && a.bias == b.bias &&
         a.multiplier == b.multiplier && a.shift == b.shift && a.dilation == b.dilation &&
         a.groups == b.groups && same(a.reads, b.reads) && same(a.writes, b.writes) &&
         same(a.residual, b.residual);
}

caught int8_error(const std::string& name, const io::array* value) {
  static const io::record_set good = io::int8_model_records(random_int8(1));
  return error_of([&] { (void)io::int8_model_from_records(with(good, name, value)); });
}
caught int8_error(const std::string& name, io::array value) { return int8_error(name, &value); }

/// Damages one record at random: bytes, type, shape or presence.
io::record_set damaged(const io::record_set& good, rng& random) {
  const io::record& r = good.records()[random.below(good.records().size())];
  std::vector<std::uint8_t> bytes = r.value.bytes();
  if (random.below(8) == 0) return with(good, r.name, nullptr);
  if (random.below(8) == 0) {
    const io::array other = numbers<std::int64_t>({1, 2, 3});
    return with(good, r.name, &other);
  }
  constexpr std::uint8_t extreme[] = {0, 1, 0x7f, 0x80, 0xff};
  if (!bytes.empty()) bytes[random.below(bytes.size())] = extreme[random.below(5)];
  const io::array changed(r.value.type(), r.value.shape(), bytes);
  return with(good, r.name, &changed);
}

}  // namespace

TEMPLATE_TEST_CASE("model file: a network comes back, bit for bit", "", float, double) {
  const temp_dir dir;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    nn::network<TestType> net = random_network<TestType>(seed);
    io::save_network(dir / "net.swp", net, {.golden = static_cast<index_t>(seed % 4)});
    nn::network<TestType> loaded = io::load_network<TestType>(dir / "net.swp");
    check_equal(net, loaded);
    const auto images = nn::from_plain<TestType>(
        io::detail::golden_images<TestType>(5, net.input_shape()), 5, net.input_shape());
    CHECK(nn::to_plain(net.forward(images)) == nn::to_plain(loaded.forward(images)));
    CHECK(io::network_records(loaded) == io::network_records(net));
  }
}

TEST_CASE("model file: a dilated convolution comes back, and no file says dilation 1") {
  const temp_dir dir;
  for (const index_t dilation : {1, 3}) {
    nn::network<float> net;
    net.add<nn::conv2d>(nn::dense_mask("conv", 2, 3, 3, 3),
                        nn::conv2d_params{.padding = 1, .dilation = dilation});
    net.build({2, 9, 9});
    for (float& w : net.find<nn::conv2d>("conv")->weights()) w = 0.5f;
    const auto fields = net.at(0).fields();
    CHECK(std::any_of(fields.begin(), fields.end(), [](const nn::layer_field& f) {
            return f.name == "dilation";
          }) == (dilation != 1));
    io::save_network(dir / "net.swp", net);
    const nn::network<float> loaded = io::load_network<float>(dir / "net.swp");
    CHECK(loaded.find<nn::conv2d>("conv")->params().dilation == dilation);
  }
}

TEST_CASE("model file: absent blocks take no byte") {
  nn::network<float> net = random_network<float>(3);
  const io::record_set records = io::network_records(net);
  for (index_t i = 0; i < net.size(); ++i)
    if (auto* conv = dynamic_cast<nn::conv2d<float>*>(&net.at(i)))
      CHECK(records.at(fmt::format("layer{}.parameter.weights", i)).count() ==
            std::ssize(conv->weights()));
}

namespace {

/// random_network() with taps taken from both layers with weights.
template <typename Scalar>
nn::network<Scalar> thin_network(std::uint64_t seed) {
  nn::network<Scalar> net = random_network<Scalar>(seed);
  rng random(seed);
  std::vector<mask::layer_mask> masks = net.masks().layers();
  for (mask::layer_mask& m : masks) swprune_test::thin_taps(m, 0.5, random);
  net.change_masks(mask::mask_set(masks));
  return net;
}

}  // namespace

TEMPLATE_TEST_CASE("model file: layers whose blocks lack taps come back", "", float, double) {
  const temp_dir dir;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    nn::network<TestType> net = thin_network<TestType>(seed);
    REQUIRE_FALSE(net.masks().at("conv1").kept_taps.keeps_all());
    io::save_network(dir / "net.swp", net);
    nn::network<TestType> loaded = io::load_network<TestType>(dir / "net.swp");
    check_equal(net, loaded);
    CHECK(io::network_records(loaded) == io::network_records(net));
    const io::record_set records = io::network_records(net);
    for (const index_t i : {0, 4}) {
      const auto& conv = dynamic_cast<nn::conv2d<TestType>&>(net.at(i));
      const std::string prefix = fmt::format("layer{}.", i);
      CHECK(records.at(prefix + "parameter.weights").count() == std::ssize(conv.weights()));
      CHECK(records.at(prefix + "mask.taps").count() ==
            conv.mask().out_groups() * conv.mask().in_groups() * conv.mask().taps());
    }
  }
}

TEST_CASE("model file: taps that do not fit the weights are refused") {
  const nn::network<float> net = thin_network<float>(1);
  const io::record_set good = io::network_records(net);
  REQUIRE_NOTHROW(io::network_from_records<float>(good));
  const auto taps = good.vector<std::uint8_t>("layer0.mask.taps");
  const auto error_with = [&](const io::array& value) {
    const io::record_set bad = with(good, "layer0.mask.taps", &value);
    return error_of([&] { (void)io::network_from_records<float>(bad); });
  };
  CHECK(error_with(numbers(std::vector<std::uint8_t>(9, 1)))
            .says({"'conv1'", "weights", "the file has"}));
  auto changed = taps;
  auto lacking = std::find(changed.begin(), changed.end(), std::uint8_t{0});
  const auto before = std::find(changed.begin(), changed.end(), std::uint8_t{1});
  REQUIRE(lacking != changed.end());
  const mask::layer_mask m = net.masks().at("conv1");
  while (!m.blocks.test((lacking - changed.begin()) / 9 / m.in_groups(),
                        (lacking - changed.begin()) / 9 % m.in_groups()))
    lacking = std::find(lacking + 1, changed.end(), std::uint8_t{0});
  *lacking = 1;  // a tap too many
  CHECK(error_with(numbers(changed)).says({"'conv1'", "weights", "the file has"}));
  *lacking = 2;
  CHECK(error_with(numbers(changed)).is(errc::file_mismatch));
  *lacking = 0;
  std::fill(before - (before - changed.begin()) % 9, before - (before - changed.begin()) % 9 + 9,
            std::uint8_t{0});  // a live block without taps
  CHECK(error_with(numbers(changed)).is(errc::file_mismatch));
}

TEST_CASE("model file: a layer that keeps all taps is stored as before there were tap masks") {
  const io::record_set records = io::network_records(random_network<float>(3));
  CHECK(records.vector<std::uint8_t>("layer0.mask.taps") == std::vector<std::uint8_t>(9, 1));
  CHECK(records.vector<std::uint8_t>("layer4.mask.taps") == std::vector<std::uint8_t>(16, 1));
  CHECK(records.vector<std::int64_t>("version") == std::vector<std::int64_t>{1});
}

TEST_CASE("model file: the LeNet of the demonstration") {
  const temp_dir dir;
  nn::network<float> net = swprune_test::dense_lenet({1, 28, 28}, rng(7));
  io::save_network(dir / "lenet.swp", net);
  nn::network<float> loaded = io::load_network(dir / "lenet.swp");
  check_equal(net, loaded);
}

TEST_CASE("model file: what does not fit is said") {
  REQUIRE(network_error("version", numbers<std::int64_t>({1})).id == 0);
  CHECK(
      network_error("version", numbers<std::int64_t>({3})).says({"version 3", "versions 1 to 2"}));
  CHECK(network_error("input", numbers<std::int64_t>({2, 8, 0})).says({"'input'", "given 0"}));
  CHECK(network_error("input", numbers<std::int64_t>({3, 8, 8})).is(errc::network_shape));
  CHECK(network_error("layers", numbers<std::int64_t>({4})).says({"records", "its layers use"}));
  CHECK(network_error("layers", numbers<std::int64_t>({6})).says({"no record 'layer5.kind'"}));
  CHECK(network_error("layers", numbers<std::int64_t>({-1})).is(errc::file_mismatch));
  CHECK(network_error("layer0.kind", io::array::of_text("conv9")).says({"'conv9'", "max_pool"}));
  CHECK(network_error("layer2.kind", io::array::of_text("conv2d"))
            .says({"layer 'relu1' (conv2d) has no"}));
  CHECK(network_error("layer0.name", io::array::of_text("")).id != 0);
  CHECK(network_error("layer2.name", io::array::of_text("bn1")).says({"'bn1'", "taken"}));
  CHECK(network_error("layer0.values", numbers<double>({1, 1})).is(errc::file_mismatch));
  CHECK(network_error("layer0.values", numbers<double>({1, 1, 1, 1})).says({"fewer names"}));
  CHECK(network_error("layer0.values", numbers<double>({1.5, 1, 1})).says({"'stride'", "1.5"}));
  CHECK(network_error("layer0.values", numbers<double>({1e300, 1, 1})).says({"'stride'"}));
  CHECK(network_error("layer0.values", numbers<double>({std::nan(""), 1, 1})).says({"'stride'"}));
  CHECK(network_error("layer0.mask.taps", nullptr).says({"layer0.mask.taps"}));
  CHECK(network_error("layer0.mask.block", numbers<std::int64_t>({8, 1})).is(errc::mask_shape));
  CHECK(network_error("layer0.parameter.weights", numbers<float>({1, 2}))
            .says({"'conv1'", "live blocks need", "the file has 2"}));
  CHECK(network_error("layer0.parameter.bias", nullptr).says({"layer0.parameter.bias"}));
  CHECK(network_error("layer1.state.running_mean", numbers<double>({1})).says({"float64 [1]"}));
  CHECK(network_error("layer1.state.running_mean", numbers<float>(std::vector<float>(
                                                       12, std::numeric_limits<float>::infinity())))
            .is(errc::not_finite));
  CHECK(network_error("extra", numbers<float>({1})).says({"its layers use"}));
  CHECK(network_error("golden.inputs", numbers<float>({1})).says({"golden inputs [1]"}));
}

TEST_CASE("model file: golden vectors catch a changed weight") {
  nn::network<float> net = random_network<float>(1);
  const io::record_set good = io::network_records(net);
  std::vector<float> bias = good.vector<float>("layer4.parameter.bias", 10);
  bias[3] += 1;
  const io::array changed = numbers(bias);
  const io::record_set bad = with(good, "layer4.parameter.bias", &changed);
  const caught e = error_of([&] { (void)io::network_from_records<float>(bad); });
  CHECK(e.is(errc::file_mismatch));
  CHECK(e.says({"output 3 of the golden inputs"}));
  CHECK_NOTHROW(io::network_from_records<float>(bad, {.verify = false}));
}

TEST_CASE("model file: only sound networks are saved") {
  nn::network<float> net = random_network<float>(1);
  const temp_dir dir;
  io::save_network(dir / "net.swp", net);
  net.parameters()[0].values[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(error_of([&] {
          io::save_network(dir / "net.swp", net);
        }).says({"'conv1'", "'parameter.weights'"}));
  CHECK_NOTHROW(io::load_network(dir / "net.swp"));  // the good file is still there
  CHECK(error_of([&] {
          (void)io::network_records(random_network<float>(1), {.golden = 65});
        }).is(errc::argument_out_of_range));
  CHECK(error_of([] { (void)io::network_records(nn::network<float>()); }).is(errc::network_state));
  CHECK(error_of([&] { (void)io::load_network<double>(dir / "net.swp"); }).is(errc::file_mismatch));
  CHECK(error_of([&] {
          (void)io::load_int8_model(dir / "net.swp");
        }).says({"holds 'network', expected 'int8-model'"}));
}

namespace {

/// A layer that this library does not have.
class halve final : public nn::layer<float> {
 public:
  using nn::layer<float>::layer;
  [[nodiscard]] std::string_view kind() const override { return "halve"; }
  [[nodiscard]] map_shape output_shape(const map_shape& in) const override { return in; }
  void forward(const nn::activations<float>& in, nn::activations<float>& out) const override {
    out = in;
    for (float& v : out.values()) v *= 0.5f;
  }
  void backward(const nn::activations<float>&, const nn::activations<float>&,
                const nn::activations<float>& grad_out, nn::activations<float>* grad_in) override {
    if (grad_in != nullptr) forward(grad_out, *grad_in);
  }
  [[nodiscard]] std::unique_ptr<nn::layer<float>> clone() const override {
    return std::make_unique<halve>(*this);
  }
};

}  // namespace

TEST_CASE("model file: a registry takes kinds of the user's own") {
  nn::network<float> net = random_network<float>(2);
  net.add(std::make_unique<halve>("half"));
  net.build({2, 8, 8});
  const io::record_set records = io::network_records(net);
  CHECK(error_of([&] {
          (void)io::network_from_records<float>(records);
        }).says({"'half'", "'halve'"}));
  auto registry = io::layer_registry<float>::standard();
  registry.add("halve", [](const io::layer_record& l) { return std::make_unique<halve>(l.name); });
  nn::network<float> loaded = io::network_from_records<float>(records, {}, registry);
  check_equal(net, loaded);
}

namespace {

/// A ResNet-20 of few channels, arrays that are not the defaults.
template <typename Scalar>
nn::network<Scalar> small_resnet(std::uint64_t seed) {
  rng random(seed);
  const auto layers = nn::resnet20_layers({.image = {3, 8, 8}, .classes = 4, .width = 0.25});
  auto net = nn::resnet20<Scalar>(
      mask::make_masks(layers, {.sparsity = 0.4, .block = {2, 2}}, random), {3, 8, 8});
  nn::kaiming_init(net, random);
  for (const auto& s : net.state()) {
    const bool mean = s.name.find("mean") != std::string::npos;
    for (Scalar& v : s.values)
      v = static_cast<Scalar>(mean ? 0.1 * random.normal() : 0.5 + random.uniform());
  }
  return net;
}

}  // namespace

TEMPLATE_TEST_CASE("model file: a residual network comes back, bit for bit", "", float, double) {
  const temp_dir dir;
  nn::network<TestType> net = small_resnet<TestType>(1);
  io::save_network(dir / "net.swp", net);
  nn::network<TestType> loaded = io::load_network<TestType>(dir / "net.swp");
  check_equal(net, loaded);
  REQUIRE(loaded.layers().size() == net.layers().size());
  for (std::size_t i = 0; i < net.layers().size(); ++i)
    CHECK(loaded.layers()[i]->name() == net.layers()[i]->name());
  CHECK(loaded.template find<nn::residual>("layer2.0") != nullptr);
  CHECK(io::network_records(loaded) == io::network_records(net));
  CHECK(io::network_records(net).template vector<std::int64_t>("version")[0] == 2);
}

TEST_CASE("model file: the other kinds of layer come back") {
  nn::network<float> net;
  nn::chain<float> path, inner;
  path.add<nn::conv2d>(nn::dense_mask("conv", 3, 4, 3, 3), nn::conv2d_params{.padding = 1});
  path.add<nn::relu6>("relu6");
  inner.add<nn::dropout>("drop", nn::dropout_params{.rate = 0.25});
  path.add<nn::residual>("inner", std::move(inner), nn::chain<float>{},
                         nn::residual_params{.relu = false});
  net.add<nn::concatenation>("block", std::move(path));
  net.add<nn::average_pool>("pool", nn::average_pool_params{.size = 3, .stride = 2});
  net.add<nn::fully_connected>(nn::dense_mask("fc", 7, 5, 3, 3), true);
  net.build({3, 8, 8});
  nn::kaiming_init(net, rng(1));
  const io::record_set records = io::network_records(net);
  nn::network<float> loaded = io::network_from_records<float>(records);
  check_equal(net, loaded);
  CHECK(io::network_records(loaded) == records);
  REQUIRE(loaded.find<nn::dropout>("drop") != nullptr);
  CHECK(loaded.find<nn::dropout>("drop")->params().rate == 0.25);
  CHECK_FALSE(loaded.find<nn::residual>("inner")->params().relu);
  CHECK(loaded.find<nn::average_pool>("pool")->params().size == 3);
}

TEST_CASE("model file: composite layers that do not fit are refused") {
  static const io::record_set good = io::network_records(small_resnet<float>(2));
  const auto fault = [](const std::string& name, const io::array* value) {
    return error_of([&] { (void)io::network_from_records<float>(with(good, name, value)); });
  };
  const auto changed = [&](const std::string& name, const io::array& value) {
    return fault(name, &value);
  };
  // Layers 3 to 7 are the path of layer 8, whose shortcut is the identity.
  REQUIRE(good.vector<std::int64_t>("layer8.paths") == std::vector<std::int64_t>{5, 0});
  CHECK(fault("layer8.paths", nullptr).says({"'layer1.0'", "unknown kind 'residual'"}));
  CHECK(changed("layer8.paths", numbers<std::int64_t>({5}))
            .says({"'layer1.0' (residual) needs 2 paths, the file has 1"}));
  CHECK(changed("layer8.paths", numbers<std::int64_t>({9, 0}))
            .says({"'layer8.paths' asks for 9 layers, 8 come before it"}));
  CHECK(changed("layer8.paths", numbers<std::int64_t>({6, 3}))
            .says({"'layer8.paths' asks for 3 layers, 2 come before it"}));
  CHECK(changed("layer8.paths", numbers<std::int64_t>({-1, 0})).is(errc::file_mismatch));
  CHECK(changed("layer8.paths", numbers<std::int64_t>({0, 5})).is(errc::layer_parameter));
  CHECK(changed("layer8.paths", numbers<std::int64_t>({4, 1})).says({"golden inputs"}));
  CHECK(changed("layer8.kind", io::array::of_text("relu")).says({"unknown kind 'relu'"}));
  CHECK(changed("layer8.name", io::array::of_text("layer1.0.conv1")).says({"taken"}));
  CHECK(changed("layer8.values", numbers<double>({0.5})).says({"'relu'", "given 0.5"}));
}

TEST_CASE("model file: an int8 model comes back, bit for bit") {
  const temp_dir dir;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    const quant::int8_model model = random_int8(seed);
    io::save_int8_model(dir / "m.swp", model, {.golden = static_cast<index_t>(seed % 4)});
    const quant::int8_model loaded = io::load_int8_model(dir / "m.swp");
    CHECK(loaded.input == model.input);
    CHECK(loaded.input_scale == model.input_scale);
    CHECK(loaded.output_scale == model.output_scale);
    CHECK(loaded.input_zero == model.input_zero);
    REQUIRE(loaded.layers.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(same(loaded.layers[i], model.layers[i]));
  }
}

TEST_CASE("model file: an int8 model of version 1 is read") {
  const quant::int8_model model = random_int8(3);
  quant::int8_model chain = model;
  chain.layers.resize(1);
  io::record_set records = io::int8_model_records(chain);
  const io::array version = numbers<std::int64_t>({1});
  const io::array sizes = numbers<std::int64_t>({3, 6, 6, 6, 2, 2, 3, 3, 1, 0, 1});
  records = with(with(records, "version", &version), "layer0.sizes", &sizes);
  for (const char* name : {"reads", "writes", "channels", "residual.reads", "residual"})
    records = with(records, fmt::format("layer0.{}", name), nullptr);
  CHECK(same(io::int8_model_from_records(records).layers[0], chain.layers[0]));
}

TEST_CASE("model file: an int8 model that does not fit is refused") {
  using i64 = std::int64_t;
  REQUIRE(int8_error("layers", numbers<i64>({3})).id == 0);
  CHECK(int8_error("version", numbers<i64>({7})).says({"version 7"}));
  CHECK(int8_error("layers", numbers<i64>({4})).says({"4 layers"}));
  CHECK(int8_error("layer0.shift", nullptr).is(errc::file_mismatch));
  CHECK(int8_error("layer0.shift", numbers<std::uint8_t>({1, 1, 1, 1, 1, 48}))
            .says({"'conv1'", "1..47"}));
  CHECK(int8_error("layer0.sizes", numbers<i64>({3, 6, 6, 6, 2, 2, 3, 3, 1, 0, 2, 1, 1}))
            .says({"must be 0 or 1"}));
  CHECK(int8_error("layer0.sizes", numbers<i64>({3, 6, 6, 6, 2, 2, 3, 3, 1, 0, 70000, 1, 1}))
            .says({"0..65536"}));
  CHECK(int8_error("layer0.sizes", numbers<i64>({3, 6, 6, 6, 3, 2, 3, 3, 1, 0, 1, 1, 1}))
            .is(errc::layer_shape));
  CHECK(int8_error("layer1.channels", numbers<i64>({0, 5})).says({"multiple of 4", "given 5"}));
  CHECK(int8_error("layer1.residual", numbers<i64>({0, 6, 2, 2, 0, 1, 0, 0, 20000, 32}))
            .says({"'conv2'", "1..31"}));
  CHECK(int8_error("layer1.residual", numbers<i64>({0, 6, 2, 2, 0, 1, 0, 0, 40000, 3}))
            .says({"32767", "40000"}));
  CHECK(int8_error("layer1.residual.reads", io::array::of_text("nobody")).says({"'nobody'"}));
  CHECK(int8_error("layer0.bytes", numbers<i64>({0, 0, 0, 0, 9, 8})).says({"clamp_lo"}));
  CHECK(int8_error("layer0.block", numbers<i64>({4, 5000})).says({"'layer0.block'", "1..1024"}));
  CHECK(int8_error("layer0.mask", numbers<std::uint8_t>({1, 1})).says({"[Go x Gi]"}));
  CHECK(int8_error("layer0.weights", numbers<std::int8_t>({1})).says({"'conv1'", "weights"}));
  CHECK(int8_error("scales", numbers<double>({1, std::nan("")})).is(errc::not_finite));
  CHECK(int8_error("input", numbers<i64>({3, 6, 7, 0, 0})).is(errc::network_shape));
  quant::int8_model model = random_int8(1);
  model.input_scale = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { (void)io::int8_model_records(model); }).is(errc::not_finite));
  model = random_int8(1);
  model.layers[0].multiplier[0] = 0;
  CHECK(error_of([&] { (void)io::int8_model_records(model); }).is(errc::quant_parameter));
}

TEST_CASE("model file: golden vectors catch other integer arithmetic") {
  const quant::int8_model model = random_int8(1);
  const io::record_set good = io::int8_model_records(model);
  io::array outputs = good.at("golden.outputs");
  std::vector<std::uint8_t> bytes = outputs.bytes();
  bytes[4] ^= 1;  // one unit in one output
  outputs = io::array(outputs.type(), outputs.shape(), bytes);
  const io::record_set bad = with(good, "golden.outputs", &outputs);
  CHECK(error_of([&] {
          (void)io::int8_model_from_records(bad);
        }).says({"output byte 4 of the golden inputs"}));
  CHECK_NOTHROW(io::int8_model_from_records(bad, {.verify = false}));
}

TEST_CASE("model file: damaged records are errors or a sound model, never a crash") {
  const io::record_set network = io::network_records(random_network<float>(1));
  const io::record_set model = io::int8_model_records(random_int8(1));
  int errors = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    const io::record_set bad = damaged(seed % 2 == 0 ? network : model, random);
    errors += error_of([&] {
                if (seed % 2 == 0) {
                  (void)io::network_from_records<float>(bad);
                } else {
                  (void)io::int8_model_from_records(bad);
                }
              }).id != 0;
  }
  CHECK(errors > 1000);
}
