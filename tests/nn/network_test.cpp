// SPDX-License-Identifier: Apache-2.0
#include "swprune/nn/network.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <limits>
#include <memory>
#include <thread>

#include "swprune/nn/init.hpp"
#include "swprune/nn/models.hpp"
#include "tests/nn/naive_conv.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

nn::network<float> small_net() {
  nn::network<float> net;
  net.add<nn::conv2d>(nn::dense_mask("conv", 1, 8, 3, 3), nn::conv2d_params{.padding = 1});
  net.add<nn::batch_norm>("bn", 8);
  net.add<nn::relu>("relu");
  net.add<nn::max_pool>("pool");
  net.add<nn::fully_connected>(nn::dense_mask("fc", 8, 3, 3, 3), true);
  return net;
}

/// A layer of a user's own: a convolution that gives half of what one gives.
template <typename Scalar>
class half_conv final : public nn::conv2d<Scalar> {
 public:
  using nn::conv2d<Scalar>::conv2d;
  void forward(const nn::activations<Scalar>& in, nn::activations<Scalar>& out) const override {
    nn::conv2d<Scalar>::forward(in, out);
    for (Scalar& v : out.values()) v *= Scalar(0.5);
  }
  std::unique_ptr<nn::layer<Scalar>> clone() const override {
    return std::make_unique<half_conv>(*this);
  }
};

}  // namespace

TEST_CASE("a kind derived from a layer is run as itself before a batch norm", "[network]") {
  nn::network<float> net;
  net.add<half_conv>(nn::dense_mask("conv", 1, 8, 3, 3), nn::conv2d_params{.padding = 1});
  net.add<nn::batch_norm>("bn", 8);
  net.add<nn::relu>("relu");
  nn::kaiming_init(net, rng(1));
  nn::network<float> plain = net.clone();
  net.build({1, 6, 6});
  plain.build({1, 6, 6}, {.fuse = false});
  rng random(5);
  const auto images = random_maps<float>(17, {1, 6, 6}, random);
  net.forward_training(images);
  plain.forward_training(images);
  net.commit_statistics();
  plain.commit_statistics();
  for (std::size_t i = 0; i < 2; ++i) {
    const auto a = net.state(), b = plain.state();
    CHECK(std::equal(a[i].values.begin(), a[i].values.end(), b[i].values.begin()));
  }
}

TEST_CASE("a network runs its layers one after the other", "[network]") {
  nn::network<float> net = small_net();
  net.build({1, 6, 6});
  nn::kaiming_init(net, rng(1));
  rng random(2);
  const auto images = random_maps<float>(17, {1, 6, 6}, random);
  nn::activations<float> a = images, b;
  for (index_t i = 0; i < net.size(); ++i) {
    net.at(i).forward(a, b);
    std::swap(a, b);
  }
  const auto out = net.forward(images);
  CHECK(std::equal(out.values().begin(), out.values().end(), a.values().begin(), a.values().end()));
  const auto all = net.forward_all(images);
  REQUIRE(all.size() == 5);
  CHECK(all[3].shape() == map_shape{8, 3, 3});
  CHECK(std::equal(out.values().begin(), out.values().end(), all[4].values().begin()));
  const auto classes = net.predict(images);
  REQUIRE(classes.size() == 17);
  for (index_t n = 0; n < 17; ++n)
    for (index_t k = 0; k < 3; ++k)
      CHECK(out.at(n, k, 0, 0) <= out.at(n, classes[static_cast<std::size_t>(n)], 0, 0));
}

TEST_CASE("an image's result does not depend on its batch", "[network]") {
  nn::network<float> net = small_net();
  net.build({1, 6, 6});
  nn::kaiming_init(net, rng(1));
  rng random(3);
  const auto images = random_maps<float>(100, {1, 6, 6}, random);
  const auto together = net.forward(images);
  const std::vector<float> plain = nn::to_plain(images);
  for (const index_t n : {0, 15, 16, 63, 64, 99}) {
    const auto one = nn::from_plain<float>(
        std::span<const float>(plain).subspan(static_cast<std::size_t>(n * 36), 36), 1, {1, 6, 6});
    const auto alone = net.forward(one);
    for (index_t k = 0; k < 3; ++k) CHECK(alone.at(0, k, 0, 0) == together.at(n, k, 0, 0));
  }
}

TEST_CASE("inference of several threads and sizes at once shares nothing but the network",
          "[network]") {
  const map_shape image{1, 6, 6};
  nn::network<float> net = small_net();
  net.build(image);
  nn::kaiming_init(net, rng(1));
  rng random(4);
  std::vector<nn::activations<float>> images, wanted;
  for (const index_t batch : {3, 40, 16, 1}) {
    images.push_back(random_maps<float>(batch, image, random));
    wanted.push_back(net.clone().forward(images.back()));
  }
  std::vector<index_t> different(images.size(), 0);
  const auto run = [&](std::size_t first) {  // each thread begins with another batch
    for (std::size_t i = 0; i < 200; ++i) {
      const std::size_t b = (first + i) % images.size();
      const auto out = net.forward(images[b]);
      if (!std::equal(out.values().begin(), out.values().end(), wanted[b].values().begin(),
                      wanted[b].values().end()))
        ++different[first];
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < images.size(); ++t) threads.emplace_back(run, t);
  for (std::thread& t : threads) t.join();
  for (const index_t d : different) CHECK(d == 0);
}

TEST_CASE("fusing layers changes no bit", "[network]") {
  for (const index_t batch : {1, 17, 33, 80})
    for (const map_shape image :
         {map_shape{1, 6, 6}, map_shape{1, 7, 7}, map_shape{1, 6, 19}, map_shape{1, 6, 40}})
      for (const bool pooled : {false, true}) {
        CAPTURE(batch, image.height, pooled);
        rng random(static_cast<std::uint64_t>(batch));
        nn::network<float> net;
        net.add<nn::conv2d>(nn::dense_mask("conv", 1, 8, 3, 3), nn::conv2d_params{.padding = 1});
        net.add<nn::batch_norm>("bn", 8);
        net.add<nn::relu>("relu");
        if (pooled) net.add<nn::max_pool>("pool");
        net.add<nn::conv2d>(nn::dense_mask("conv2", 8, 3, 3, 3));
        nn::kaiming_init(net, rng(1));
        for (const auto& p : net.parameters())
          if (!p.decays)  // some scales negative: a maximum becomes a minimum before them
            for (float& v : p.values) v = static_cast<float>(random.normal());
        nn::network<float> plain = net.clone();
        net.build(image);
        plain.build(image, {.fuse = false});
        const auto images = random_maps<float>(batch, image, random);
        const auto bits_equal = [](const auto& a, const auto& b) {
          REQUIRE(a.size() == b.size());
          return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
        };
        CHECK(bits_equal(net.forward(images).values(), plain.forward(images).values()));
        set_thread_count(2);
        const auto out = net.forward_training(images);
        set_thread_count(1);
        CHECK(bits_equal(out.values(), plain.forward_training(images).values()));
        const auto gradient = random_maps<float>(batch, net.output_shape(), random);
        nn::activations<float> by_images, by_images_plain;
        net.backward(gradient, &by_images);
        plain.backward(gradient, &by_images_plain);
        CHECK(bits_equal(by_images.values(), by_images_plain.values()));
        CHECK(by_images.dead_lanes_are_zero());
        const auto a = net.parameters(), b = plain.parameters();
        for (std::size_t i = 0; i < a.size(); ++i) {
          CAPTURE(a[i].name);
          CHECK(bits_equal(a[i].gradient, b[i].gradient));
        }
        net.commit_statistics();
        plain.commit_statistics();
        CHECK(bits_equal(net.state()[1].values, plain.state()[1].values));
      }
}

TEST_CASE("a number that is not finite is traced into fused layers", "[network]") {
  nn::network<float> net = small_net();
  net.build({1, 6, 6});
  nn::kaiming_init(net, rng(1));
  net.parameters()[1].values[3] = std::numeric_limits<float>::infinity();
  rng random(1);
  const auto images = random_maps<float>(2, {1, 6, 6}, random);
  (void)net.forward_training(images);
  REQUIRE(net.first_non_finite());
  CHECK(net.first_non_finite()->name == "bn");
  CHECK(net.first_non_finite()->what == "output");
}

TEST_CASE("build names the layer and both shapes", "[network]") {
  nn::network<float> net = small_net();
  CHECK_THROWS_WITH(net.build({1, 8, 8}),
                    Contains("E403") &&
                        Contains("layer 4 'fc' (fully_connected) cannot take the "
                                 "8 x 4 x 4 map that layer 3 'pool' gives") &&
                        Contains("needs a 8 x 3 x 3 map, given 8 x 4 x 4"));
  CHECK_FALSE(net.built());
  CHECK_THROWS_WITH(net.build({3, 6, 6}),
                    Contains("layer 0 'conv' (conv2d) cannot take the 3 x 6 x 6 map that the input "
                             "gives") &&
                        Contains("needs 1 input channels"));
  CHECK_THROWS_WITH(net.build({1, 0, 6}), Contains("given 1 x 0 x 6"));
  nn::network<float> empty;
  CHECK_THROWS_WITH(empty.build({1, 1, 1}), Contains("at least one layer"));
  CHECK_THROWS_WITH(net.add<nn::relu>("bn"),
                    Contains("the name 'bn' of layer 5 is taken by layer 1"));
  CHECK_THROWS_WITH(net.add(std::unique_ptr<nn::layer<float>>()), Contains("null pointer"));
}

TEST_CASE("calls out of order are refused", "[network]") {
  nn::network<float> net = small_net();
  const nn::activations<float> images(2, {1, 6, 6});
  nn::activations<float> gradient(2, {3, 1, 1});
  CHECK_THROWS_WITH(net.forward(images), Contains("E404") && Contains("must be built first"));
  CHECK_THROWS_AS(net.summary(), invalid_argument);
  net.build({1, 6, 6});
  CHECK_THROWS_WITH(net.backward(gradient), Contains("needs a forward_training() just before"));
  (void)net.forward_training(images);
  net.backward(gradient);
  CHECK_THROWS_WITH(net.backward(gradient), Contains("needs a forward_training() just before"));
  CHECK_THROWS_WITH(net.forward(nn::activations<float>(2, {1, 6, 5})),
                    Contains("was built for 1 x 6 x 6 images, given 1 x 6 x 5"));
  CHECK_THROWS_WITH(net.forward_training(nn::activations<float>(0, {1, 6, 6})),
                    Contains("at least one image"));
  CHECK_THROWS_WITH(net.at(5), Contains("layer 5 of a network of 5 layers does not exist"));
  CHECK_THROWS_AS(net.shape(6), invalid_argument);
  net.add<nn::relu>("late");
  CHECK_THROWS_WITH(net.forward(images), Contains("must be built first"));
}

TEST_CASE("parameters and state are views with names", "[network]") {
  nn::network<float> net = small_net();
  std::vector<std::string> names;
  for (const auto& p : net.parameters()) names.push_back(p.name);
  CHECK(names ==
        std::vector<std::string>{"conv.weights", "bn.scale", "bn.shift", "fc.weights", "fc.bias"});
  net.parameters()[0].values[5] = 3;
  CHECK(net.find<nn::conv2d>("conv")->weights()[5] == 3);
  CHECK(net.find<nn::conv2d>("bn") == nullptr);
  CHECK(net.find<nn::batch_norm>("absent") == nullptr);
  REQUIRE(net.state().size() == 2);
  CHECK(net.state()[1].name == "bn.running_variance");
}

TEST_CASE("a clone is equal and shares nothing", "[network]") {
  nn::network<float> net = small_net();
  net.build({1, 6, 6});
  nn::kaiming_init(net, rng(1));
  rng random(2);
  const auto images = random_maps<float>(5, {1, 6, 6}, random);
  nn::network<float> copy = net.clone();
  const auto before = net.forward(images);
  const auto same = copy.forward(images);
  CHECK(std::equal(before.values().begin(), before.values().end(), same.values().begin()));
  copy.parameters()[0].values[0] += 1;
  const auto after = net.forward(images);
  CHECK(std::equal(before.values().begin(), before.values().end(), after.values().begin()));
  CHECK(copy.forward(images).at(0, 0, 0, 0) != before.at(0, 0, 0, 0));
}

TEST_CASE("the first number that is not finite is found and named", "[network]") {
  nn::network<float> net = small_net();
  net.build({1, 6, 6});
  nn::kaiming_init(net, rng(1));
  CHECK_FALSE(net.first_non_finite());
  const float inf = std::numeric_limits<float>::infinity();
  net.parameters()[3].values[0] = inf;
  REQUIRE(net.first_non_finite());
  CHECK(net.first_non_finite()->name == "fc");
  CHECK(net.first_non_finite()->what == "weights");
  net.parameters()[0].values[0] = std::numeric_limits<float>::quiet_NaN();
  rng random(1);
  const auto images = random_maps<float>(2, {1, 6, 6}, random);
  (void)net.forward_training(images);
  CHECK(net.first_non_finite()->layer == 0);
  CHECK(net.first_non_finite()->what == "output");
  using check = nn::network<float>;
  CHECK(check::all_finite(std::vector<float>{1, std::numeric_limits<float>::max(), -0.0f}));
  CHECK_FALSE(check::all_finite(std::vector<float>{1, -inf}));
}

TEST_CASE("the demonstration network has the sizes it should", "[models]") {
  const auto layers = nn::lenet5_layers({1, 28, 28}, 10);
  const mask::mask_set masks = mask::make_masks(layers, {.kind = mask::mask_kind::dense}, rng(1));
  const nn::network<float> net = nn::lenet5(masks, {1, 28, 28});
  CHECK(net.output_shape() == map_shape{10, 1, 1});
  index_t weights = 0, macs = 0, specified = 0, specified_macs = 0;
  for (const auto& line : net.summary()) {
    weights += line.weights;
    macs += line.macs;
  }
  for (const auto& l : layers) {
    specified += l.weights();
    specified_macs += l.macs();
  }
  CHECK(weights == 800 + 51200 + 401408 + 1280);
  CHECK(weights == specified);
  CHECK(macs == specified_macs);
  CHECK(net.masks() == masks);
  CHECK_THROWS_WITH(nn::lenet5_layers({1, 3, 28}, 10), Contains("given 1 x 3 x 28"));
  CHECK_THROWS_WITH(nn::lenet5(mask::mask_set(), {1, 28, 28}), Contains("'conv1'"));
  CHECK_THROWS_WITH(nn::lenet5(masks, {1, 32, 32}),
                    Contains("'fc1' (fully_connected) cannot take the 64 x 8 x 8 map"));
}
