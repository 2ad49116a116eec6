// SPDX-License-Identifier: Apache-2.0
// Another mask for the same layer: what stays, what goes, and the map that says where it went.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "swprune/nn/block_norms.hpp"
#include "swprune/nn/fully_connected.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/network.hpp"
#include "tests/nn/conv_trial.hpp"

using namespace swprune;
using namespace swprune_test;
using Catch::Matchers::Contains;

namespace {

constexpr index_t nowhere = -1;

/// Another pattern for the layer of `m`: a part of it, more than it, or as little of it as can be.
enum class relation { subset, superset, disjoint, any };

mask::layer_mask related(const mask::layer_mask& m, relation kind, bool taps, rng& random) {
  mask::layer_mask other = m;
  other.kept_taps = {};
  std::vector<index_t> left;
  mask::tap_mask kept(m.out_groups(), m.in_groups(), m.taps());
  bool lacking = false;
  for (index_t j = 0; j < m.out_groups(); ++j)
    for (index_t i = 0; i < m.in_groups(); ++i) {
      const bool lives = m.blocks.test(j, i);
      const bool coin = random.bernoulli(0.5);
      const bool now = kind == relation::subset     ? lives && coin
                       : kind == relation::superset ? lives || coin
                       : kind == relation::disjoint ? !lives
                                                    : coin;
      other.blocks.set(j, i, now);
      if (!now) continue;
      for (index_t t = 0; t < m.taps(); ++t) {
        const bool had = lives && m.kept_taps.test(j, i, t);
        const bool heads = !taps || random.bernoulli(0.5);
        kept.set(j, i, t,
                 kind == relation::subset     ? had && heads
                 : kind == relation::superset ? had || heads
                                              : heads);
      }
      if (kept.count(j, i) == 0)  // at least one, of those that were there
        for (index_t t = 0; t < m.taps() && kept.count(j, i) == 0; ++t)
          kept.set(j, i, t, kind != relation::subset || m.kept_taps.test(j, i, t));
      lacking = lacking || kept.count(j, i) < m.taps();
    }
  if (lacking) other.kept_taps = kept;
  return other;
}

/// A place of storage: channel pair and tap, padding outputs included.
using place = std::tuple<index_t, index_t, index_t, index_t>;

std::vector<place> places_of(const mask::layer_mask& m) {
  std::vector<place> places;
  walk_storage(m, [&](index_t o, index_t i, index_t ky, index_t kx, index_t) {
    places.emplace_back(o, i, ky, kx);
  });
  return places;
}

/// Checks a map against the definition: equal places, from the walk over the format.
void require_true_map(const std::vector<index_t>& map, const mask::layer_mask& before,
                      const mask::layer_mask& after) {
  const auto from = places_of(before), to = places_of(after);
  REQUIRE(map.size() == from.size());
  for (std::size_t k = 0; k < map.size(); ++k) {
    const auto found = std::find(to.begin(), to.end(), from[k]);
    const index_t expected = found == to.end() ? nowhere : found - to.begin();
    if (map[k] != expected) FAIL("number " << k << " went to " << map[k] << ", not " << expected);
  }
}

nn::network<float> small_net(rng& random) {
  nn::network<float> net;
  net.add<nn::conv2d>(nn::dense_mask("conv1", 2, 16, 3, 3), nn::conv2d_params{.padding = 1});
  net.add<nn::batch_norm>("bn1", 16);
  net.add<nn::relu>("relu1");
  net.add<nn::max_pool>("pool1");
  net.add<nn::conv2d>(nn::dense_mask("conv2", 16, 16, 3, 3),
                      nn::conv2d_params{.padding = 1, .bias = true});
  net.add<nn::batch_norm>("bn2", 16);
  net.add<nn::relu>("relu2");
  net.add<nn::fully_connected>(nn::dense_mask("fc", 16, 5, 4, 4), true);
  net.build({2, 8, 8});
  nn::kaiming_init(net, random);
  return net;
}

}  // namespace

TEST_CASE("a change of mask keeps what stays, and the map is true", "[change_masks]") {
  const relation kind =
      GENERATE(relation::subset, relation::superset, relation::disjoint, relation::any);
  const bool taps = GENERATE(false, true);
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    rng random = rng(seed).stream("change", static_cast<std::uint64_t>(kind));
    random_case c(random);
    if (taps && c.mask.taps() > 1) thin_taps(c.mask, 0.5, random);
    const mask::layer_mask to = related(c.mask, kind, taps, random);
    CAPTURE(static_cast<int>(kind), taps, seed, c.mask.kept_weights(), to.kept_weights());
    trial t(c.mask, c.params, 3, c.image, random);
    const std::vector<float> before = t.conv.to_dense();
    const std::vector<float> old(t.conv.weights().begin(), t.conv.weights().end());
    const std::vector<index_t> map = t.conv.change_mask(to);
    CHECK(t.conv.mask() == to);
    require_true_map(map, c.mask, to);
    std::set<index_t> taken;
    for (std::size_t k = 0; k < map.size(); ++k) {
      if (map[k] == nowhere) continue;
      REQUIRE(taken.insert(map[k]).second);
      REQUIRE(t.conv.weights()[static_cast<std::size_t>(map[k])] == old[k]);
    }
    for (std::size_t k = 0; k < t.conv.weights().size(); ++k)
      if (taken.count(static_cast<index_t>(k)) == 0) REQUIRE(t.conv.weights()[k] == 0.0f);
    // In the dense picture: as before where the new mask has it, else zero.
    const naive_conv was{c.mask}, is{to};
    const std::vector<float> now = t.conv.to_dense();
    const index_t in = c.mask.in_channels, kw = c.mask.kernel_width;
    for (std::size_t k = 0; k < now.size(); ++k) {
      const index_t tap = static_cast<index_t>(k) % c.mask.taps();
      const index_t o = static_cast<index_t>(k) / c.mask.taps() / in;
      const index_t i = static_cast<index_t>(k) / c.mask.taps() % in;
      const auto has = [&](const naive_conv& n) {
        return n.live(o, i) && n.kept(o, i, tap / kw, tap % kw);
      };
      REQUIRE(now[k] == (has(was) && has(is) ? before[k] : 0.0f));
    }
    if (kind == relation::subset) CHECK(taken.size() == t.conv.weights().size());
    if (kind == relation::superset) CHECK(std::count(map.begin(), map.end(), nowhere) == 0);
    if (kind == relation::disjoint) CHECK(taken.empty());
    // It works with the new pattern, and its gradients begin at zero.
    const auto gradient = t.conv.parameters().front().gradient;
    for (const float g : gradient) REQUIRE(g == 0.0f);
    t.naive.mask = to;
    for (std::size_t k = 0; k < now.size(); ++k) t.dense.values[k] = static_cast<double>(now[k]);
    t.conv.forward(t.in, t.out);
    t.conv.backward(t.in, t.out, t.grad_out, &t.grad_in);
    CHECK(t.forward_error() <= 1);
    CHECK(t.backward_data_error() <= 1);
    CHECK(t.backward_weights_error() <= 1);
  }
}

TEST_CASE("the check of the map sees a wrong entry", "[change_masks]") {
  rng random(2);
  const mask::layer_mask m = nn::dense_mask("layer", 4, 8, 3, 3);
  mask::layer_mask to = m;
  thin_taps(to, 0.5, random);
  nn::conv2d<float> conv(m);
  const std::vector<index_t> map = conv.change_mask(to);
  require_true_map(map, m, to);
  CHECK(std::count(map.begin(), map.end(), nowhere) > 0);
  const auto from = places_of(m), into = places_of(to);
  const auto wrong = [&](std::vector<index_t> changed) {
    std::size_t bad = 0;
    for (std::size_t k = 0; k < changed.size(); ++k) {
      const auto found = std::find(into.begin(), into.end(), from[k]);
      bad += changed[k] != (found == into.end() ? nowhere : found - into.begin());
    }
    return bad;
  };
  CHECK(wrong(map) == 0);
  std::vector<index_t> swapped = map;
  std::swap(*std::find(swapped.begin(), swapped.end(), 0),
            *std::find(swapped.begin(), swapped.end(), 1));
  CHECK(wrong(swapped) == 2);
}

TEST_CASE("a way through a subset and back leaves zeros, not the old weights", "[change_masks]") {
  rng random(4);
  const mask::layer_mask all = nn::dense_mask("layer", 8, 8, 3, 3);
  mask::layer_mask part = all;
  part.blocks.set(0, 1, false);
  nn::conv2d<float> conv(all);
  nn::kaiming_init(conv, random);
  const std::vector<float> before = conv.to_dense();
  conv.change_mask(part);
  CHECK(conv.weight_count() == 8 * 4 * 9);
  conv.change_mask(all);
  const std::vector<float> now = conv.to_dense();
  for (std::size_t k = 0; k < now.size(); ++k)
    REQUIRE(now[k] == (k / 9 % 8 < 4 ? before[k] : 0.0f));
}

TEST_CASE("a layer refuses masks of another layer and stays as it was", "[change_masks]") {
  rng random(6);
  nn::conv2d<float> conv(nn::dense_mask("conv7", 8, 16, 3, 5));
  nn::kaiming_init(conv, random);
  const std::vector<float> before = conv.to_dense();
  const auto refuses = [&](const mask::layer_mask& m, const std::string& text) {
    CHECK_THROWS_WITH(conv.change_mask(m),
                      Contains("E301") && Contains("'conv7'") && Contains(text));
  };
  refuses(nn::dense_mask("conv8", 8, 16, 3, 5), "is given the mask of a layer 'conv8'");
  refuses(nn::dense_mask("conv7", 8, 12, 3, 5),
          "is 8 -> 16 channels, kernel 3x5, in 8x4 blocks, the new mask is for 8 -> 12 channels, "
          "kernel 3x5, in 8x4 blocks");
  refuses(nn::dense_mask("conv7", 12, 16, 3, 5), "12 -> 16 channels");
  refuses(nn::dense_mask("conv7", 8, 16, 5, 3), "kernel 5x3");
  refuses(nn::dense_mask("conv7", 8, 16, 3, 5, {4, 4}), "in 4x4 blocks");
  mask::layer_mask wrong = conv.mask();
  wrong.blocks = mask::block_mask::dense(2, 3);
  refuses(wrong, "need a 2x2 mask");
  CHECK(conv.to_dense() == before);
}

TEST_CASE("a network takes other masks and stays built", "[change_masks]") {
  const bool fuse = GENERATE(true, false);
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    CAPTURE(fuse, seed);
    rng random(seed);
    nn::network<float> net = small_net(random);
    net.build({2, 8, 8}, {.fuse = fuse});
    std::vector<mask::layer_mask> to;  // conv1 stays as it is
    for (const mask::layer_mask& m : net.masks())
      if (m.name != "conv1") to.push_back(related(m, relation::subset, true, random));
    const mask::mask_set masks(to);
    std::vector<std::vector<float>> old;
    std::vector<std::string> names;
    for (const auto& p : net.parameters()) {
      old.emplace_back(p.values.begin(), p.values.end());
      names.push_back(p.name);
    }
    const nn::mask_change change = net.change_masks(masks);
    CHECK(net.built());
    CHECK(net.masks().at("conv2") == masks.at("conv2"));
    CHECK(net.masks().at("fc") == masks.at("fc"));
    CHECK(net.masks().at("conv1") == nn::dense_mask("conv1", 2, 16, 3, 3));
    const auto now = net.parameters();
    REQUIRE(change.size() == now.size());
    REQUIRE(names.size() == now.size());
    for (std::size_t p = 0; p < now.size(); ++p) {
      CAPTURE(names[p]);
      CHECK(change[p].name == names[p]);
      CHECK(now[p].name == names[p]);
      CHECK(change[p].size == static_cast<index_t>(now[p].values.size()));
      CHECK(now[p].gradient.size() == now[p].values.size());
      REQUIRE(change[p].old_to_new.size() == old[p].size());
      for (std::size_t k = 0; k < old[p].size(); ++k)
        if (change[p].old_to_new[k] != nowhere)
          REQUIRE(now[p].values[static_cast<std::size_t>(change[p].old_to_new[k])] == old[p][k]);
      CHECK(change[p].unchanged() == (names[p] != "conv2.weights" && names[p] != "fc.weights"));
    }
    // It computes what a network made with these masks and weights does.
    nn::network<float> fresh;
    fresh.add<nn::conv2d>(net.masks().at("conv1"), nn::conv2d_params{.padding = 1});
    fresh.add<nn::batch_norm>("bn1", 16);
    fresh.add<nn::relu>("relu1");
    fresh.add<nn::max_pool>("pool1");
    fresh.add<nn::conv2d>(masks.at("conv2"), nn::conv2d_params{.padding = 1, .bias = true});
    fresh.add<nn::batch_norm>("bn2", 16);
    fresh.add<nn::relu>("relu2");
    fresh.add<nn::fully_connected>(masks.at("fc"), true);
    fresh.build({2, 8, 8});
    const auto into = fresh.parameters();
    for (std::size_t p = 0; p < into.size(); ++p) {
      REQUIRE(into[p].values.size() == now[p].values.size());
      std::copy(now[p].values.begin(), now[p].values.end(), into[p].values.begin());
    }
    const auto images = random_maps<float>(20, {2, 8, 8}, random);
    const auto grad = random_maps<float>(20, {5, 1, 1}, random);
    const auto a = nn::to_plain(net.forward_training(images));
    const auto b = nn::to_plain(fresh.forward_training(images));
    CHECK(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
    net.backward(grad);
    fresh.backward(grad);
    for (std::size_t p = 0; p < into.size(); ++p)
      CHECK(std::equal(now[p].gradient.begin(), now[p].gradient.end(), into[p].gradient.begin()));
  }
}

TEST_CASE("a network that refuses masks is as it was", "[change_masks]") {
  rng random(1);
  nn::network<float> net = small_net(random);
  const mask::mask_set before = net.masks();
  const auto images = random_maps<float>(3, {2, 8, 8}, random);
  const auto out = nn::to_plain(net.forward(images));
  mask::layer_mask good = before.at("conv2");
  good.blocks.set(0, 0, false);
  CHECK_THROWS_WITH(net.change_masks(mask::mask_set({good, nn::dense_mask("fc", 16, 6, 4, 4)})),
                    Contains("E301") && Contains("layer 'fc' is 16 -> 5 channels, kernel 4x4") &&
                        Contains("the new mask is for 16 -> 6 channels"));
  CHECK_THROWS_WITH(net.change_masks(mask::mask_set({good, nn::dense_mask("fc9", 16, 5, 4, 4)})),
                    Contains("no convolution or fully connected layer 'fc9'"));
  CHECK_THROWS_WITH(net.change_masks(mask::mask_set({good, nn::dense_mask("relu1", 1, 1, 1, 1)})),
                    Contains("no convolution or fully connected layer 'relu1'"));
  CHECK(net.masks() == before);
  CHECK(nn::to_plain(net.forward(images)) == out);
  (void)net.forward_training(images);
  net.change_masks(mask::mask_set({good}));
  const auto grad = random_maps<float>(3, {5, 1, 1}, random);
  CHECK_THROWS_WITH(net.backward(grad), Contains("E404"));
}

TEST_CASE("norms of blocks", "[change_masks]") {
  rng random(8);
  for (int k = 0; k < 20; ++k) {
    CAPTURE(k);
    random_case c(random);
    if (c.mask.taps() > 1) thin_taps(c.mask, 0.5, random);
    nn::conv2d<float> conv(c.mask, c.params);
    nn::kaiming_init(conv, random);
    const std::vector<double> norms = nn::block_norms(conv);
    const mask::layer_mask& m = c.mask;
    REQUIRE(static_cast<index_t>(norms.size()) == m.out_groups() * m.in_groups());
    const std::vector<float> dense = conv.to_dense();
    for (index_t j = 0; j < m.out_groups(); ++j)
      for (index_t i = 0; i < m.in_groups(); ++i) {
        double expected = 0;
        for (std::size_t w = 0; w < dense.size(); ++w) {
          const index_t pair = static_cast<index_t>(w) / m.taps();
          if (pair / m.in_channels / m.block.outputs == j &&
              pair % m.in_channels / m.block.inputs == i)
            expected += static_cast<double>(std::abs(dense[w]));
        }
        CHECK(norms[static_cast<std::size_t>(j * m.in_groups() + i)] == Approx(expected));
      }
  }
}
