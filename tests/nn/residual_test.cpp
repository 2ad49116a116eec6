// SPDX-License-Identifier: Apache-2.0
#include "swprune/nn/residual.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <limits>

#include "swprune/core/parallel.hpp"
#include "swprune/mask/generate.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"
#include "tests/nn/naive_conv.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

/// Masks of a small ResNet-20.
mask::mask_set small_masks(mask::mask_kind kind = mask::mask_kind::small_world) {
  const auto layers = nn::resnet20_layers({.image = {3, 8, 8}, .classes = 4, .width = 0.5});
  return mask::make_masks(layers, {.sparsity = 0.5, .block = {4, 4}, .kind = kind}, rng(1));
}

nn::network<float> small_resnet() {
  nn::network<float> net = nn::resnet20(small_masks(), {3, 8, 8});
  nn::kaiming_init(net, rng(2));
  return net;
}

/// conv and batch norm: 3 -> `channels`, stride 1.
nn::chain<float> path_to(index_t channels, const std::string& name = "block") {
  nn::chain<float> path;
  path.add<nn::conv2d>(nn::dense_mask(name + ".conv", 3, channels, 3, 3),
                       nn::conv2d_params{.padding = 1});
  path.add<nn::batch_norm>(name + ".bn", channels);
  return path;
}

template <typename A, typename B>
bool same_bits(const A& a, const B& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0;
}

/// Everything that a training step gives.
struct step_result {
  std::vector<float> output, gradients, image_gradient;
  friend bool operator==(const step_result&, const step_result&) = default;
};

step_result step(nn::network<float>& net, const nn::activations<float>& images) {
  step_result r;
  const auto& out = net.forward_training(images);
  r.output = nn::to_plain(out);
  nn::activations<float> by_out(out.batch(), out.shape()), by_images;
  for (index_t n = 0; n < out.batch(); ++n)
    for (index_t k = 0; k < out.shape().channels; ++k)
      by_out.at(n, k, 0, 0) = static_cast<float>(n + 1) * 0.01f - static_cast<float>(k) * 0.1f;
  net.backward(by_out, &by_images);
  CHECK(by_images.dead_lanes_are_zero());
  r.image_gradient = nn::to_plain(by_images);
  for (const auto& p : net.parameters())
    r.gradients.insert(r.gradients.end(), p.gradient.begin(), p.gradient.end());
  return r;
}

}  // namespace

TEST_CASE("a residual block adds its shortcut", "[residual]") {
  rng random(1);
  const auto in = random_maps<float>(5, {3, 4, 4}, random);
  for (const bool rectified : {false, true}) {
    nn::chain<float> path = path_to(3);
    for (const auto& p : path.parameters())
      for (float& v : p.values) v = static_cast<float>(random.normal());
    nn::activations<float> a, out;
    path.forward(in, a);
    nn::residual<float> block("block", path, {}, {.relu = rectified});
    block.forward(in, out);
    for (std::size_t i = 0; i < out.values().size(); ++i) {
      const float sum = a.values()[i] + in.values()[i];
      CHECK(out.values()[i] == (rectified ? std::max(sum, 0.0f) : sum));
    }
    CHECK(block.weight_count() == 81);
    CHECK(block.macs({3, 4, 4}) == 81 * 16);
  }
}

TEST_CASE("the shortcut of option A puts the channels into the middle", "[residual]") {
  rng random(2);
  const nn::option_a_shortcut<float> shortcut("s",
                                              {.in_channels = 2, .out_channels = 5, .stride = 2});
  for (const index_t batch : {1, 17})
    for (const map_shape s : {map_shape{2, 4, 4}, map_shape{2, 5, 3}}) {
      const auto in = random_maps<float>(batch, s, random);
      nn::activations<float> out;
      shortcut.forward(in, out);
      REQUIRE(out.shape() == map_shape{5, (s.height + 1) / 2, (s.width + 1) / 2});
      CHECK(out.dead_lanes_are_zero());
      for (index_t n = 0; n < batch; ++n)
        for (index_t c = 0; c < 5; ++c)
          for (index_t y = 0; y < out.shape().height; ++y)
            for (index_t x = 0; x < out.shape().width; ++x)
              CHECK(out.at(n, c, y, x) ==
                    (c == 1 || c == 2 ? in.at(n, c - 1, 2 * y, 2 * x) : 0.0f));
    }
  CHECK_THROWS_WITH(nn::option_a_shortcut<float>("s", {.in_channels = 4, .out_channels = 3}),
                    Contains("E402") && Contains("given 4, 3 and 1"));
  CHECK_THROWS_WITH(shortcut.output_shape({3, 4, 4}),
                    Contains("'s' (option_a_shortcut) needs 2 channels, given a 3 x 4 x 4 map"));
}

TEST_CASE("a residual network is checked when it is built", "[residual]") {
  nn::network<float> net;
  net.add<nn::residual>("block", path_to(4));
  CHECK_THROWS_WITH(net.build({3, 8, 8}),
                    Contains("E403") &&
                        Contains("layer 0 'block' (residual) cannot take the 3 x 8 x 8 map") &&
                        Contains("the path gives 4 x 8 x 8 maps, the identity 3 x 8 x 8"));
  nn::network<float> inner;
  nn::chain<float> path = path_to(4);
  path.add<nn::conv2d>(nn::dense_mask("wrong", 5, 3, 3, 3), nn::conv2d_params{.padding = 1});
  inner.add<nn::residual>("block", std::move(path));
  CHECK_THROWS_WITH(inner.build({3, 8, 8}),
                    Contains("'block' (residual) cannot take the 3 x 8 x 8 map") &&
                        Contains("layer 2 'wrong' (conv2d) cannot take the 4 x 8 x 8 map that "
                                 "layer 1 'block.bn' gives") &&
                        Contains("needs 5 input channels, given a 4 x 8 x 8 map"));
  CHECK_THROWS_WITH(nn::residual<float>("empty", {}),
                    Contains("'empty' (residual) needs a path with at least one layer"));
  CHECK_THROWS_WITH(inner.add<nn::relu>("block.conv"), Contains("the name 'block.conv' of layer"));
  CHECK_THROWS_WITH(inner.add<nn::residual>("other", path_to(3)),
                    Contains("the name 'block.conv' of layer"));
  CHECK_THROWS_WITH(inner.add<nn::residual>("other", path_to(3, "a"), path_to(3, "a")),
                    Contains("the name 'a.conv' of layer"));
}

TEST_CASE("a residual network has the layers of its list", "[residual][models]") {
  const mask::mask_set masks = small_masks();
  nn::network<float> net = nn::resnet20(masks, {3, 8, 8});
  CHECK(net.masks() == masks);
  CHECK(net.output_shape() == map_shape{4, 1, 1});
  REQUIRE(net.find<nn::conv2d>("layer2.0.conv1") != nullptr);
  CHECK(net.find<nn::conv2d>("layer2.0.conv1")->params().stride == 2);
  CHECK(net.find<nn::residual>("layer3.2") != nullptr);
  std::vector<std::string> names;
  for (const auto& p : net.parameters()) names.push_back(p.name);
  CHECK(std::count(names.begin(), names.end(), "layer1.0.conv1.weights") == 1);
  CHECK(std::count(names.begin(), names.end(), "layer3.2.bn2.scale") == 1);
  CHECK(names.size() == 19 + 2 * 19 + 2);  // conv, norm, fc
  CHECK(net.state().size() == 2 * 19);
  const auto lines = net.summary();
  REQUIRE(lines.size() == net.layers().size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].index == static_cast<index_t>(i));
    CHECK(lines[i].name == net.layers()[i]->name());
  }
  CHECK(lines[3].depth == 1);
  CHECK(lines[8].name == "layer1.0");
  CHECK(lines[8].depth == 0);
  const auto outputs = net.forward_all(nn::activations<float>(2, {3, 8, 8}));
  REQUIRE(outputs.size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(outputs[i].shape() == lines[i].output);
}

TEST_CASE("a residual network: fused, cloned and threaded runs give the same bits", "[residual]") {
  rng random(3);
  nn::network<float> net = small_resnet();
  for (const index_t batch : {1, 15, 17, 33}) {
    CAPTURE(batch);
    const auto images = random_maps<float>(batch, {3, 8, 8}, random);
    nn::network<float> plain = net.clone(), copy = net.clone();
    plain.build({3, 8, 8}, {.fuse = false});
    CHECK(same_bits(net.forward(images).values(), plain.forward(images).values()));
    set_thread_count(2);
    const step_result wanted = step(net, images);
    set_thread_count(1);
    CHECK(step(plain, images) == wanted);
    CHECK(step(copy, images) == wanted);
    for (const auto& maps : net.forward_all(images)) CHECK(maps.dead_lanes_are_zero());
    net.commit_statistics();
    plain.commit_statistics();
    for (std::size_t i = 0; i < net.state().size(); ++i)
      CHECK(same_bits(net.state()[i].values, plain.state()[i].values));
  }
}

TEST_CASE("a residual block run as one gives the bits of its layers", "[residual]") {
  for (const bool rectified : {false, true})
    for (const bool projected : {false, true}) {
      CAPTURE(rectified, projected);
      nn::network<float> net;
      nn::chain<float> shortcut;
      if (projected) {
        shortcut.add<nn::conv2d>(nn::dense_mask("projection", 3, 3, 1, 1));
        shortcut.add<nn::batch_norm>("projection.bn", 3);
      }
      net.add<nn::conv2d>(nn::dense_mask("first", 3, 3, 1, 1));
      net.add<nn::residual>("block", path_to(3), std::move(shortcut),
                            nn::residual_params{.relu = rectified});
      nn::kaiming_init(net, rng(1));
      nn::network<float> plain = net.clone();
      net.build({3, 5, 6});
      plain.build({3, 5, 6}, {.fuse = false});
      rng random(2);
      const auto images = random_maps<float>(17, {3, 5, 6}, random);
      CHECK(step(net, images) == step(plain, images));
    }
}

TEST_CASE("a number that is not finite is found inside a block", "[residual]") {
  nn::network<float> net = small_resnet();
  rng random(1);
  const auto images = random_maps<float>(3, {3, 8, 8}, random);
  (void)net.forward_training(images);
  CHECK_FALSE(net.first_non_finite());
  net.find<nn::conv2d>("layer2.1.conv2")->weights()[3] = std::numeric_limits<float>::infinity();
  CHECK(net.first_non_finite()->name == "layer2.1.conv2");
  CHECK(net.first_non_finite()->what == "weights");
  (void)net.forward_training(images);
  REQUIRE(net.first_non_finite());
  CHECK(net.first_non_finite()->name == "layer2.1.conv2");
  CHECK(net.first_non_finite()->what == "output");
  CHECK(net.layers()[static_cast<std::size_t>(net.first_non_finite()->layer)]->name() ==
        "layer2.1.conv2");
}

TEST_CASE("masks of layers inside a block can change", "[residual]") {
  nn::network<float> net = small_resnet();
  const mask::mask_set dense = small_masks(mask::mask_kind::dense);
  const auto old = net.find<nn::conv2d>("layer3.0.conv2")->to_dense();
  const nn::mask_change change = net.change_masks(dense);
  CHECK(net.masks() == dense);
  CHECK(net.find<nn::conv2d>("layer3.0.conv2")->to_dense() == old);
  const auto parameters = net.parameters();
  REQUIRE(change.size() == parameters.size());
  for (std::size_t i = 0; i < change.size(); ++i) {
    CHECK(change[i].name == parameters[i].name);
    CHECK(change[i].size == static_cast<index_t>(parameters[i].values.size()));
  }
  (void)net.forward_training(nn::activations<float>(2, {3, 8, 8}));
}
