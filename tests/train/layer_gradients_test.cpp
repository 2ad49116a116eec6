// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "swprune/core/parallel.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/nn/dropout.hpp"
#include "swprune/nn/grouped_mask.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/nn/relu6.hpp"
#include "swprune/train/gradient_check.hpp"
#include "tests/nn/naive_conv.hpp"

using namespace swprune;
using namespace swprune_test;

namespace {

constexpr double limit = 1e-6;
/// A kink within the step is met by smaller steps; see gradient_check_params.
const train::gradient_check_params finer{.least_step = 1e-7};

/// Random numbers in all parameters, and in the weights only where they exist.
void fill(const std::vector<nn::parameter_view<double>>& parameters, rng& random) {
  for (const auto& p : parameters)
    for (double& v : p.values) v = (v == 0 ? 0.0 : 0.5) + 0.5 * random.normal();
}

void check_layer(nn::layer<double>& layer, const map_shape& shape) {
  for (const index_t batch : {2, 17}) {
    rng random(static_cast<std::uint64_t>(batch));
    fill(layer.parameters(), random);
    layer.begin_step(random);
    const auto result = train::check_layer_gradients(
        layer, random_maps<double>(batch, shape, random), random, finer);
    CAPTURE(layer.name(), batch, result.where, result.analytic, result.numeric);
    CHECK(result.worst <= limit);
    CHECK(result.checked >= batch * shape.size());
  }
}

nn::chain<double> path_of(index_t in, index_t out, index_t stride, bool rectified) {
  nn::chain<double> path;
  path.add<nn::conv2d>(nn::dense_mask("path.conv", in, out, 3, 3, {2, 2}),
                       nn::conv2d_params{.stride = stride, .padding = 1});
  path.add<nn::batch_norm>("path.bn", out);
  if (rectified) path.add<nn::relu>("path.relu");
  return path;
}

}  // namespace

TEST_CASE("gradients of layers without weights", "[gradient]") {
  nn::relu6<double> relu6("relu6");
  check_layer(relu6, {2, 3, 4});
  nn::average_pool<double> pool("pool", {3, 2});
  check_layer(pool, {2, 7, 5});
  nn::global_average_pool<double> global("global");
  check_layer(global, {3, 4, 2});
  nn::dropout<double> dropout("dropout", {0.3});
  check_layer(dropout, {3, 4, 2});
  nn::option_a_shortcut<double> shortcut("shortcut",
                                         {.in_channels = 2, .out_channels = 5, .stride = 2});
  check_layer(shortcut, {2, 5, 4});
}

TEST_CASE("gradients of a grouped convolution", "[gradient]") {
  nn::conv2d<double> conv(nn::grouped_mask("conv", 4, 8, 3, 3, 2, {4, 2}), {.padding = 1});
  check_layer(conv, {4, 3, 4});
}

TEST_CASE("gradients of composite layers", "[gradient]") {
  nn::residual<double> plain("plain", path_of(4, 4, 1, false), {}, {.relu = false});
  check_layer(plain, {4, 3, 3});
  nn::residual<double> identity("identity", path_of(4, 4, 1, true));
  check_layer(identity, {4, 3, 3});
  nn::chain<double> pad;
  pad.add<nn::option_a_shortcut>(
      "pad", nn::option_a_params{.in_channels = 2, .out_channels = 4, .stride = 2});
  nn::residual<double> option_a("option_a", path_of(2, 4, 2, false), std::move(pad));
  check_layer(option_a, {2, 5, 4});
  nn::chain<double> project;
  project.add<nn::conv2d>(nn::dense_mask("project", 2, 4, 1, 1, {2, 2}),
                          nn::conv2d_params{.stride = 2});
  project.add<nn::batch_norm>("project.bn", 4);
  nn::residual<double> projection("projection", path_of(2, 4, 2, false), std::move(project));
  check_layer(projection, {2, 5, 4});
  nn::concatenation<double> joined("joined", path_of(3, 2, 1, true));
  check_layer(joined, {3, 4, 3});
  // Nested: a residual block inside the path of another.
  nn::chain<double> outer;
  outer.add<nn::residual>("inner", path_of(4, 4, 1, true));
  outer.add<nn::batch_norm>("outer.bn", 4);
  nn::residual<double> nested("nested", std::move(outer));
  check_layer(nested, {4, 3, 3});
}

TEST_CASE("gradients of every network", "[gradient]") {
  set_thread_count(1);  // many tiny layers
  for (const std::string_view name : nn::model_names) {
    const bool vgg = name == "vgg16";
    const nn::layer_list_params p{
        .image = {3, vgg ? 32 : 8, vgg ? 32 : 8}, .classes = 3, .width = vgg ? 1.0 / 64 : 0.125};
    const auto masks = mask::make_masks(
        nn::layers_by_name(name, p),
        {.sparsity = 0.3, .block = {1, 1}, .kind = mask::mask_kind::unstructured}, rng(1));
    nn::network<double> net = nn::model_by_name<double>(name, masks, p.image);
    nn::kaiming_init(net, rng(2));
    rng random(3);
    const auto images = random_maps<double>(4, p.image, random);
    const std::vector<std::uint8_t> labels{0, 1, 2, 1};
    // Every array is looked into, at one place.
    train::gradient_check_params sampled = finer;
    sampled.samples = 1;
    const auto result = train::check_network_gradients(net, images, labels, sampled);
    CAPTURE(name, result.where, result.analytic, result.numeric, result.checked);
    CHECK(result.worst <= limit);
    CHECK(result.checked == static_cast<index_t>(net.parameters().size()) + 1);
  }
}

TEST_CASE("smaller steps do not save a wrong gradient", "[gradient]") {
  // A residual block whose shortcut is left out of the gradient by the input.
  class forgetful final : public nn::layer<double> {
   public:
    forgetful() : nn::layer<double>("forgetful"), inner_("inner", path_of(2, 2, 1, true)) {}
    [[nodiscard]] std::string_view kind() const override { return "forgetful"; }
    [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
      return inner_.output_shape(in);
    }
    void forward(const nn::activations<double>& in, nn::activations<double>& out) const override {
      inner_.forward(in, out);
    }
    void forward_training(const nn::activations<double>& in,
                          nn::activations<double>& out) override {
      inner_.forward_training(in, out);
    }
    void backward(const nn::activations<double>& in, const nn::activations<double>& out,
                  const nn::activations<double>& grad_out,
                  nn::activations<double>* grad_in) override {
      inner_.backward(in, out, grad_out, grad_in);
      for (std::size_t i = 0; i < grad_in->values().size(); ++i)
        grad_in->values()[i] -= 1e-4 * grad_out.values()[i];
    }
    std::vector<nn::parameter_view<double>> parameters() override { return inner_.parameters(); }
    [[nodiscard]] std::unique_ptr<nn::layer<double>> clone() const override {
      return std::make_unique<forgetful>();
    }

   private:
    nn::residual<double> inner_;
  } layer;
  rng random(1);
  fill(layer.parameters(), random);
  const auto in = random_maps<double>(2, {2, 3, 3}, random);
  const auto result = train::check_layer_gradients(layer, in, random, finer);
  CHECK(result.worst > 1e-5);
  CHECK(result.where.substr(0, 5) == "input");
}
