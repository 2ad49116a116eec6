// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/layer_lists.hpp"

using namespace swprune;
using mask::layer_spec;

namespace {

struct totals {
  index_t weights = 0;
  index_t macs = 0;
};

totals totals_of(const std::vector<layer_spec>& layers) {
  totals t;
  for (const layer_spec& l : layers) {
    t.weights += l.weights();
    t.macs += l.macs();
  }
  return t;
}

const layer_spec& at(const std::vector<layer_spec>& layers, const std::string& name) {
  for (const layer_spec& l : layers)
    if (l.name == name) return l;
  FAIL("no layer " << name);
  return layers.front();
}

}  // namespace

TEST_CASE("weights and multiply-accumulates are those of the literature") {
  const auto vgg = nn::vgg16_layers();
  CHECK(vgg.size() == 14);
  CHECK(totals_of(vgg).weights == 14715584);  // 14.716 M
  CHECK(totals_of(vgg).macs == 313201664);    // 313.2 M
  CHECK(totals_of(nn::vgg16_layers({.classes = 100})).weights == 14761664);
  const auto r18 = nn::resnet18_layers();
  CHECK(r18.size() == 21);
  CHECK(totals_of(r18).weights == 11164352);  // 11.164 M
  CHECK(totals_of(r18).macs == 555422720);    // 555.4 M
  const auto r20 = nn::resnet20_layers();
  CHECK(r20.size() == 20);
  CHECK(totals_of(r20).weights == 268336);  // 0.268 M
  CHECK(totals_of(r20).macs == 40551040);   // 40.6 M
  CHECK(totals_of(nn::lenet5_layers({1, 28, 28}, 10)).weights == 454688);
}

TEST_CASE("first and last layer are dense, narrow projections too, everything fits") {
  for (const std::string_view name : nn::model_names)
    for (const double width : {0.25, 1.0, 2.0})
      for (const index_t side : {32, 33, 64}) {
        CAPTURE(name, width, side);
        const auto layers =
            nn::layers_by_name(name, {.image = {3, side, side}, .classes = 7, .width = width});
        CHECK_NOTHROW(check(layers));
        CHECK(layers.front().keep_dense);
        CHECK(layers.back().keep_dense);
        CHECK(layers.back().out_channels == 7);
        for (std::size_t l = 1; l + 1 < layers.size(); ++l) {
          const bool shortcut = layers[l].name.find("shortcut") != std::string::npos;
          CHECK(layers[l].keep_dense == (shortcut && layers[l].out_channels < 128));
        }
        const auto dense = mask::make_masks(layers, {.kind = mask::mask_kind::dense}, rng(1));
        CHECK(mask::mixing_report(dense, layers).all_reached);  // sources fit, channel by channel
      }
  CHECK(at(nn::vgg16_layers({.image = {3, 64, 96}}), "fc").kernel_width == 3);
  CHECK(at(nn::vgg16_layers({.width = 0.5}), "conv5").out_channels == 128);
}

TEST_CASE("what arrives at a residual layer is every sum before it") {
  const auto r18 = nn::resnet18_layers();
  using sources = std::vector<mask::layer_source>;
  CHECK(at(r18, "layer1.0.conv1").sources == sources{{"conv1", 0}});
  CHECK(at(r18, "layer1.0.conv2").sources == sources{{"layer1.0.conv1", 0}});
  CHECK(at(r18, "layer1.1.conv1").sources == sources{{"layer1.0.conv2", 0}, {"conv1", 0}});
  CHECK(at(r18, "layer2.0.shortcut").sources ==
        sources{{"layer1.1.conv2", 0}, {"layer1.0.conv2", 0}, {"conv1", 0}});
  CHECK(at(r18, "layer2.1.conv1").sources ==
        sources{{"layer2.0.conv2", 0}, {"layer2.0.shortcut", 0}});
  CHECK_FALSE(at(r18, "layer2.0.shortcut").keep_dense);
  CHECK(at(nn::resnet18_layers({.width = 0.5}), "layer2.0.shortcut").keep_dense);
  const auto r20 = nn::resnet20_layers();
  CHECK(at(r20, "layer2.1.conv1").sources == sources{{"layer2.0.conv2", 0},
                                                     {"layer1.2.conv2", 8},
                                                     {"layer1.1.conv2", 8},
                                                     {"layer1.0.conv2", 8},
                                                     {"conv1", 8}});
  const auto& last = at(r20, "fc").sources;
  CHECK(last.back() == mask::layer_source{"conv1", 24});  // 8 zero channels before, then 16
  CHECK(last.size() == 10);
}

TEST_CASE("networks by name; what is none is refused") {
  CHECK(nn::layers_by_name("vgg16").size() == nn::vgg16_layers().size());
  CHECK_THROWS_WITH(nn::layers_by_name("vgg"), Catch::Contains("densenet40; given 'vgg'"));
  CHECK_THROWS_WITH(nn::vgg16_layers({.image = {3, 31, 32}}),
                    Catch::Contains("vgg16 needs channels >= 1, height and width >= 32 and classes "
                                    ">= 2, given 3 x 31 x 32 and 10 classes"));
  CHECK_THROWS_AS(nn::resnet18_layers({.classes = 1}), shape_error);
  CHECK_THROWS_AS(nn::resnet20_layers({.image = {0, 32, 32}}), shape_error);
  for (const double bad : {0.0, -1.0, 65.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(nn::resnet20_layers({.width = bad}),
                      Catch::Contains("the width factor of a network must lie in [1/64, 64]"));
}
