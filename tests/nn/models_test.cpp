// SPDX-License-Identifier: Apache-2.0
#include "swprune/nn/models.hpp"

#include <catch2/catch.hpp>

#include "swprune/mask/generate.hpp"
#include "swprune/nn/init.hpp"
#include "tests/nn/naive_conv.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

/// The network of that name has the layers, masks and costs of its list.
void check_model(std::string_view name, const nn::layer_list_params& p) {
  CAPTURE(name, p.image.channels, p.image.height, p.image.width, p.width);
  const auto layers = nn::layers_by_name(name, p);
  const mask::mask_set masks =
      mask::make_masks(layers, {.block = {4, 4}, .kind = mask::mask_kind::dense}, rng(1));
  const nn::network<float> net = nn::model_by_name(name, masks, p.image);
  CHECK(net.masks() == masks);
  CHECK(net.output_shape() == map_shape{p.classes, 1, 1});
  std::size_t at = 0;
  for (const auto& line : net.summary()) {
    if (line.dense_weights == 0) continue;
    REQUIRE(at < layers.size());
    CHECK(line.name == layers[at].name);
    CHECK(line.weights == layers[at].weights());
    CHECK(line.dense_macs == layers[at].macs());
    ++at;
  }
  CHECK(at == layers.size());
}

}  // namespace

TEST_CASE("every model has the layers of its list", "[models]") {
  for (const std::string_view name : nn::model_names) {
    check_model(name, {.width = 0.125});
    check_model(name, {.image = {1, 34, 39}, .classes = 3, .width = 0.0625});
  }
  check_model("densenet40", {.image = {2, 13, 10}, .width = 0.3});
  check_model("resnet32", {.image = {1, 5, 9}, .width = 0.3});
}

TEST_CASE("models have the sizes of the papers", "[models]") {
  const auto weights = [](std::string_view name, const nn::layer_list_params& p = {}) {
    index_t sum = 0;
    for (const auto& l : nn::layers_by_name(name, p)) sum += l.weights();
    return sum;
  };
  const auto macs = [](std::string_view name) {
    index_t sum = 0;
    for (const auto& l : nn::layers_by_name(name)) sum += l.macs();
    return sum;
  };
  CHECK(weights("resnet20") == 268336);
  CHECK(weights("resnet32") == 461872);
  CHECK(weights("resnet56") == 848944);
  CHECK(weights("densenet40") == 1001616);
  CHECK(macs("densenet40") / 100'000 == 2648);
  CHECK(weights("mlp", {.image = {1, 28, 28}}) == 930816);
}

TEST_CASE("an image's result does not depend on its batch in any model", "[models]") {
  for (const std::string_view name : nn::model_names) {
    CAPTURE(name);
    const nn::layer_list_params p{.classes = 3, .width = 0.125};
    const auto masks = mask::make_masks(nn::layers_by_name(name, p),
                                        {.block = {2, 2}, .kind = mask::mask_kind::dense}, rng(1));
    nn::network<float> net = nn::model_by_name(name, masks, p.image);
    nn::kaiming_init(net, rng(2));
    rng random(3);
    const auto images = random_maps<float>(18, p.image, random);
    const auto together = net.forward(images);
    CHECK(together.dead_lanes_are_zero());
    const auto plain = nn::to_plain(images);
    const auto last = nn::from_plain<float>(
        std::span<const float>(plain).subspan(static_cast<std::size_t>(17 * p.image.size())), 1,
        p.image);
    const auto alone = net.forward(last);
    for (index_t k = 0; k < 3; ++k) CHECK(alone.at(0, k, 0, 0) == together.at(17, k, 0, 0));
  }
}

TEST_CASE("a model refuses what does not fit", "[models]") {
  CHECK_THROWS_WITH(nn::layers_by_name("vgg"),
                    Contains("lenet5, mlp, vgg16, resnet18, resnet20, "
                             "resnet32, resnet56, densenet40; given 'vgg'"));
  CHECK_THROWS_WITH(nn::model_by_name("vgg", {}, {3, 32, 32}), Contains("given 'vgg'"));
  for (const std::string_view name : nn::model_names)
    CHECK_THROWS_AS(nn::model_by_name(name, mask::mask_set(), {3, 32, 32}), mismatch_error);
  // A mask with another number of channels than its neighbour.
  const nn::layer_list_params p{.width = 0.125};
  for (const auto& [name, layer] :
       {std::pair{"vgg16", "conv7"}, std::pair{"resnet20", "layer2.1.conv2"},
        std::pair{"densenet40", "dense2.3.conv"}}) {
    auto layers = nn::layers_by_name(name, p);
    for (auto& l : layers) {
      l.sources.clear();
      if (l.name == layer) l.out_channels += 1;
    }
    std::vector<mask::layer_mask> masks;
    for (const auto& l : layers)
      masks.push_back(nn::dense_mask(l.name, l.in_channels, l.out_channels, l.kernel_height,
                                     l.kernel_width, {1, 1}));
    CHECK_THROWS_WITH(nn::model_by_name(name, mask::mask_set(masks), p.image),
                      Contains("E403") && Contains("cannot take the"));
  }
}
