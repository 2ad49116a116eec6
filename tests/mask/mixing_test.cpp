// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/mixing.hpp"
#include "swprune/nn/layer_lists.hpp"

using namespace swprune;
using mask::block_mask;
using mask::layer_mask;
using mask::layer_spec;
using mask::make_masks;
using mask::mask_kind;
using mask::mixing_report;
using mask::network_mixing;
using mask::ring_order;

namespace {

/// `layers` 3x3 convolutions of 64 channels behind a dense stem; nothing is dense at the end.
std::vector<layer_spec> plain_chain(index_t layers) {
  std::vector<layer_spec> list{{"stem", 3, 64, 3, 3, 64, true}};
  for (index_t l = 0; l < layers; ++l)
    list.push_back({"conv" + std::to_string(l), 64, 64, 3, 3, 64, false});
  return list;
}

/// Channel by channel: share of the channels entering the pruned part of a chain on which the first
/// channel of each output group depends. No bits, no shortcuts.
double naive_reach(const std::vector<layer_mask>& masks, std::size_t last) {
  const auto entries = static_cast<std::size_t>(masks[0].out_channels);
  std::vector<std::set<index_t>> now(entries);
  for (std::size_t c = 0; c < entries; ++c) now[c] = {static_cast<index_t>(c)};
  for (std::size_t l = 1; l <= last; ++l) {
    const layer_mask& m = masks[l];
    std::vector<std::set<index_t>> next(static_cast<std::size_t>(m.out_channels));
    for (index_t o = 0; o < m.out_channels; ++o)
      for (index_t i = 0; i < m.in_channels; ++i)
        if (m.blocks.test(o / m.block.outputs, i / m.block.inputs))
          next[static_cast<std::size_t>(o)].insert(now[static_cast<std::size_t>(i)].begin(),
                                                   now[static_cast<std::size_t>(i)].end());
    now = next;
  }
  std::size_t joined = 0;
  std::size_t groups = 0;
  for (std::size_t o = 0; o < now.size();
       o += static_cast<std::size_t>(masks[last].block.outputs), ++groups)
    joined += now[o].size();
  return static_cast<double>(joined) / static_cast<double>(groups * entries);
}

/// Parts of two masks in a row, by colouring channels again and again until nothing changes.
index_t naive_parts(const layer_mask& a, const layer_mask& b) {
  std::vector<index_t> in(static_cast<std::size_t>(a.in_channels));
  std::vector<index_t> out(static_cast<std::size_t>(b.out_channels));
  index_t colour = 0;
  for (auto& c : in) c = colour++;
  for (auto& c : out) c = colour++;
  std::vector<std::vector<bool>> path(out.size(), std::vector<bool>(in.size(), false));
  for (index_t o = 0; o < b.out_channels; ++o)
    for (index_t m = 0; m < b.in_channels; ++m)
      for (index_t i = 0; i < a.in_channels; ++i)
        if (b.blocks.test(o / b.block.outputs, m / b.block.inputs) &&
            a.blocks.test(m / a.block.outputs, i / a.block.inputs))
          path[static_cast<std::size_t>(o)][static_cast<std::size_t>(i)] = true;
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t o = 0; o < out.size(); ++o)
      for (std::size_t i = 0; i < in.size(); ++i)
        if (path[o][i] && out[o] != in[i]) {
          out[o] = in[i] = std::min(out[o], in[i]);
          changed = true;
        }
  }
  std::set<index_t> colours;
  for (std::size_t o = 0; o < out.size(); ++o)
    if (std::find(path[o].begin(), path[o].end(), true) != path[o].end()) colours.insert(out[o]);
  return static_cast<index_t>(colours.size());
}

}  // namespace

TEST_CASE("aligned lattices that are block diagonal are reported by name, interleaved are not") {
  const auto layers = plain_chain(3);
  const auto report = [&](ring_order order) {
    // 8 x 4 blocks, Gi = 16, d = 2 in every pruned layer
    const mask::mask_params p{.sparsity = 0.86,
                              .mode = mask::degree_mode::strict,
                              .kind = mask_kind::lattice,
                              .order = order};
    return mixing_report(make_masks(layers, p, rng(1)), layers);
  };
  const network_mixing aligned = report(ring_order::aligned);
  REQUIRE(aligned.unmixed.size() == 2);
  CHECK(aligned.unmixed[0] == mask::unmixed_pair{"conv0", "conv1", 8});
  CHECK(aligned.unmixed[1] == mask::unmixed_pair{"conv1", "conv2", 8});
  CHECK_FALSE(aligned.all_reached);
  CHECK(aligned.reach == std::vector<double>{1.0, 1.0 / 8, 1.0 / 8, 1.0 / 8});
  const network_mixing interleaved = report(ring_order::interleaved);
  CHECK(interleaved.reach.back() > aligned.reach.back());
  for (const auto& pair : interleaved.unmixed) CHECK(pair.parts < 8);
}

TEST_CASE("reach and parts are those of a naive count over channels") {
  index_t unmixed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    std::vector<layer_spec> layers{{"stem", 3, 24, 1, 1, 4, true}};
    index_t in = 24;
    for (index_t l = 0; l < 3; ++l) {
      const auto out = 8 + static_cast<index_t>(random.below(33));
      layers.push_back({"conv" + std::to_string(l), in, out, 1, 1, 4, false});
      in = out;
    }
    const mask::mask_params p{
        .sparsity = 0.55 + 0.3 * random.uniform(),
        .block = {1 + static_cast<index_t>(random.below(5)),
                  1 + static_cast<index_t>(random.below(5))},
        .mode = mask::degree_mode::strict,
        .kind = random.below(2) == 0 ? mask_kind::lattice : mask_kind::small_world,
        .order = random.below(2) == 0 ? ring_order::aligned : ring_order::interleaved,
        .rule = mask::density_rule::mix(0.0)};
    const auto masks = [&]() -> std::vector<layer_mask> {
      try {
        return make_masks(layers, p, random).layers();
      } catch (const invalid_argument&) {
        return {};
      }
    }();
    if (masks.empty()) continue;
    const network_mixing report = mixing_report(masks, layers);
    for (std::size_t l = 1; l < layers.size(); ++l)
      REQUIRE(report.reach[l] == Approx(naive_reach(masks, l)));
    CHECK(report.all_reached == (naive_reach(masks, 3) == 1.0));
    std::vector<mask::unmixed_pair> expected;
    for (std::size_t l = 1; l < layers.size(); ++l)
      if (const index_t parts = naive_parts(masks[l - 1], masks[l]); parts > 1)
        expected.push_back({layers[l - 1].name, layers[l].name, parts});
    REQUIRE(report.unmixed == expected);
    unmixed += static_cast<index_t>(expected.size());
  }
  CHECK(unmixed > 5);
}

TEST_CASE("a residual network reaches through its identities") {
  // Two layers that together see one half each; the sum with the stem brings the other half.
  block_mask diagonal(2, 2);
  diagonal.set(0, 0);
  diagonal.set(1, 1);
  block_mask crossed(2, 2);
  crossed.set(0, 1);
  crossed.set(1, 0);
  const auto layer = [](const char* name, const block_mask& m) {
    return layer_mask{name, {4, 4}, 8, 8, 1, 1, m};
  };
  const std::vector<layer_mask> masks{layer("a", diagonal), layer("b", crossed),
                                      layer("c", diagonal)};
  std::vector<layer_spec> layers{
      {"a", 8, 8, 1, 1, 1, false}, {"b", 8, 8, 1, 1, 1, false}, {"c", 8, 8, 1, 1, 1, false}};
  const network_mixing chain = mixing_report(masks, layers);
  CHECK(chain.reach == std::vector<double>{0.5, 0.5, 0.5});
  CHECK_FALSE(chain.all_reached);
  layers[2].sources = {{"a", 0}, {"b", 0}};
  const network_mixing residual = mixing_report(masks, layers);
  CHECK(residual.reach == std::vector<double>{0.5, 0.5, 1.0});
  CHECK(residual.all_reached);
  layers[2].sources = {{"", 0}, {"b", 0}};  // the network's input itself, added
  CHECK(mixing_report(masks, layers).all_reached);
}

TEST_CASE("concatenated and shifted channels arrive where they stand") {
  layer_mask a{"a", {2, 2}, 4, 4, 1, 1, block_mask::dense(2, 2)};
  layer_mask b{"b", {2, 2}, 4, 4, 1, 1, block_mask::dense(2, 2)};
  layer_mask c{"c", {2, 2}, 2, 8, 1, 1, block_mask(1, 4)};
  a.blocks.set(1, 0, false);  // no dense stem: the entries are the four inputs
  b.blocks.set(0, 1, false);
  const std::vector<layer_spec> layers{{"a", 4, 4, 1, 1, 1, false, {{"", 0}}},
                                       {"b", 4, 4, 1, 1, 1, false, {{"", 0}}},
                                       {"c", 8, 2, 1, 1, 1, false, {{"a", 0}, {"b", 4}}}};
  c.blocks.set(0, 2);  // channels 4 and 5: the first two of b, which depend on two of four inputs
  CHECK(mixing_report(std::vector{a, b, c}, layers).reach.back() == 0.5);
  c.blocks.set(0, 2, false);
  c.blocks.set(0, 3);
  CHECK(mixing_report(std::vector{a, b, c}, layers).reach.back() == 1.0);
}

TEST_CASE("every output of the named networks reaches every input, in every ring order") {
  for (const char* name : {"lenet5", "vgg16", "resnet18", "resnet20"})
    for (const ring_order order : {ring_order::aligned, ring_order::interleaved}) {
      CAPTURE(name, mask::to_string(order));
      const auto layers = nn::layers_by_name(name);
      const mask::block_shape block =
          std::string(name) == "resnet20" ? mask::block_shape{4, 2} : mask::block_shape{8, 4};
      const auto masks =
          make_masks(layers, {.sparsity = 0.76, .block = block, .order = order}, rng(1));
      CHECK(mixing_report(masks, layers).all_reached);
    }
}

TEST_CASE("masks are drawn again until they mix, or refused by name") {
  const auto layers = plain_chain(6);
  mask::mask_params p{.sparsity = 0.86, .beta = 0.2};  // mixes at seven draws of ten
  index_t redrawn = 0, refused = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    p.mixing_tries = 0;
    const auto first = make_masks(layers, p, rng(seed));
    p.mixing_tries = 30;
    try {
      const auto mixed = make_masks(layers, p, rng(seed));
      REQUIRE(mixing_report(mixed, layers).all_reached);
      REQUIRE(mixed == make_masks(layers, p, rng(seed)));
      const bool was_good = mixing_report(first, layers).all_reached;
      REQUIRE((mixed == first) == was_good);
      redrawn += !was_good;
    } catch (const invalid_argument& e) {
      REQUIRE(e.id() == 307);
      ++refused;
    }
  }
  CHECK(redrawn > 3);
  CHECK(refused == 0);
  p.order = ring_order::aligned;
  p.kind = mask_kind::lattice;
  p.mode = mask::degree_mode::strict;
  p.mixing_tries = 3;
  CHECK_THROWS_WITH(
      make_masks(layers, p, rng(1)),
      Catch::Contains("3 draws gave no masks in which every output depends on every input") &&
          Catch::Contains(
              "the outputs of layer 'conv0' depend on 12.5 % of the inputs, 'conv0' and "
              "'conv1' together fall into 8 parts"));
  p.mixing_tries = 101;
  CHECK_THROWS_WITH(make_masks(layers, p, rng(1)),
                    Catch::Contains("mixing_tries must lie in [0, 100], given 101"));
}

TEST_CASE("sources that do not fit are refused by name") {
  std::vector<layer_spec> layers{{"a", 3, 8, 1, 1, 1, true}, {"b", 8, 8, 1, 1, 1, false}};
  const auto refused = [&](std::vector<mask::layer_source> sources, const char* text) {
    layers[1].sources = std::move(sources);
    CHECK_THROWS_WITH(check(layers), Catch::Contains(text));
  };
  refused({{"c", 0}}, "layer 'b': the source 'c' is no earlier layer");
  refused({{"b", 0}}, "layer 'b': the source 'b' is no earlier layer");
  refused({{"a", 1}},
          "layer 'b': the 8 channels of source 'a' do not fit from channel 1 on into 8");
  refused({{"a", -1}}, "do not fit from channel -1 on");
  layers[1].in_channels = 10;
  refused({{"a", 1}}, "layer 'b': no source feeds input channel 0");
  layers[1].sources = {{"a", 1}, {"", 0}};
  CHECK_NOTHROW(check(layers));
  layers[1].sources.clear();
  const auto masks = make_masks(layers, {.sparsity = 0.0, .block = {2, 2}}, rng(1));
  CHECK_THROWS_WITH(mixing_report(masks, layers),
                    Catch::Contains("layer 'a' gives 8 channels but layer 'b' takes 10: say in "
                                    "`sources`"));
  layers[1].sources = {{"a", 1}, {"", 0}};
  CHECK_THROWS_WITH(mixing_report(std::vector{masks.layers()[0]}, layers),
                    Catch::Contains("1 masks do not belong to 2 layers"));
  auto renamed = masks.layers();
  renamed[1].name = "z";
  CHECK_THROWS_WITH(mixing_report(renamed, layers), Catch::Contains("layer 1 is 'b'"));
}
