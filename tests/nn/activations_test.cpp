// SPDX-License-Identifier: Apache-2.0
#include "swprune/nn/activations.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <numeric>

using namespace swprune;
using Catch::Matchers::Contains;

TEST_CASE("plain numbers survive the way there and back", "[activations]") {
  const auto batch = GENERATE(as<index_t>(), 0, 1, 15, 16, 17, 33);
  for (const map_shape& shape : {map_shape{3, 4, 5}, map_shape{3, 8, 8}, map_shape{2, 4, 32}}) {
    CAPTURE(batch, shape.height, shape.width);
    std::vector<float> plain(static_cast<std::size_t>(batch * shape.size()));
    std::iota(plain.begin(), plain.end(), 1.0f);
    const auto maps = nn::from_plain<float>(plain, batch, shape);
    CHECK(maps.tiles() == (batch + 15) / 16);
    CHECK(maps.dead_lanes_are_zero());
    CHECK(nn::to_plain(maps) == plain);
  }
}

TEST_CASE("images are lanes", "[activations]") {
  const map_shape shape{2, 3, 4};
  std::vector<double> plain(static_cast<std::size_t>(20 * shape.size()));
  std::iota(plain.begin(), plain.end(), 0.0);
  const auto maps = nn::from_plain<double>(plain, 20, shape);
  // [tile][C][H][W][lane], spelled out.
  for (index_t n = 0; n < 20; ++n)
    for (index_t c = 0; c < 2; ++c)
      for (index_t y = 0; y < 3; ++y)
        for (index_t x = 0; x < 4; ++x) {
          const index_t at = ((((n / 16) * 2 + c) * 3 + y) * 4 + x) * 16 + n % 16;
          const double expected = static_cast<double>(((n * 2 + c) * 3 + y) * 4 + x);
          CHECK(maps.values()[static_cast<std::size_t>(at)] == expected);
          CHECK(maps.at(n, c, y, x) == expected);
        }
  CHECK(maps.live_lanes(0) == 16);
  CHECK(maps.live_lanes(1) == 4);
}

TEST_CASE("every channel begins at an aligned address", "[activations]") {
  const nn::activations<float> maps(33, {3, 5, 7});
  for (index_t t = 0; t < maps.tiles(); ++t)
    for (index_t c = 0; c < 3; ++c)
      CHECK(reinterpret_cast<std::uintptr_t>(maps.data(t, c)) % 64 == 0);
}

TEST_CASE("resize leaves dead lanes zero whatever was there", "[activations]") {
  nn::activations<float> maps(32, {2, 2, 2});
  for (float& v : maps.values()) v = 7;
  maps.resize(17, {2, 2, 2});
  CHECK(maps.dead_lanes_are_zero());
  CHECK(maps.at(16, 1, 1, 1) == 7);
  maps.data(1)[3] = 1;
  CHECK_FALSE(maps.dead_lanes_are_zero());
  maps.clear_dead_lanes();
  CHECK(maps.dead_lanes_are_zero());
}

TEST_CASE("channels of maps never begin a multiple of 4 KiB apart", "[activations]") {
  for (index_t pixels = 1; pixels <= 4096; ++pixels) {
    const map_shape shape{5, 1, pixels};
    const index_t bytes = nn::channel_stride(shape) * index_t{sizeof(float)};
    CAPTURE(pixels);
    REQUIRE(bytes % 4096 != 0);
    REQUIRE(nn::channel_stride(shape) >= pixels * nn::lanes);
    REQUIRE(nn::tile_stride(shape) == 5 * nn::channel_stride(shape));
  }
}

TEST_CASE("what lies between channels is zero, whatever was there", "[activations]") {
  nn::activations<float> maps(17, {5, 4, 16});
  REQUIRE(maps.channel_stride() > maps.channel_size());
  for (const map_shape& before : {map_shape{5, 7, 9}, map_shape{4, 8, 16}}) {
    maps.resize(33, before);
    for (float& v : maps.values()) v = 7;
    maps.resize(17, {5, 4, 16});
    for (index_t t = 0; t < maps.tiles(); ++t)
      for (index_t c = 0; c < 5; ++c) {
        CHECK(maps.data(t, c)[0] == 7);
        for (index_t i = maps.channel_size(); i < maps.channel_stride(); ++i)
          REQUIRE(maps.data(t, c)[i] == 0);
      }
    CHECK(maps.dead_lanes_are_zero());
  }
}

TEST_CASE("large storage begins on a huge page", "[activations]") {
  const nn::activations<float> small(16, {1, 4, 4}), large(16, {64, 32, 32});
  CHECK(reinterpret_cast<std::uintptr_t>(small.data(0)) % 64 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(large.data(0)) % (std::uintptr_t{2} << 20) == 0);
}

TEST_CASE("impossible activations are refused", "[activations]") {
  CHECK_THROWS_WITH((nn::activations<float>(-1, {1, 1, 1})),
                    Contains("E401") && Contains("batch >= 0") && Contains("batch of -1 maps"));
  CHECK_THROWS_WITH((nn::activations<float>(1, {1, 0, 1})), Contains("1 x 0 x 1"));
  const std::vector<float> plain(5);
  CHECK_THROWS_WITH((nn::from_plain<float>(plain, 2, {1, 1, 3})),
                    Contains("a batch of 2 maps 1 x 1 x 3 has 6 numbers, given 5"));
}
