// SPDX-License-Identifier: Apache-2.0

// The header of an image file: layout byte by byte, and that damage is noticed.

#include <catch2/catch.hpp>

#include "swprune/hw/image_header.hpp"

namespace {

namespace hw = swprune::hw;

const std::vector<std::uint8_t> body(192, 0x5a);

hw::image_header example() {
  return {.image_bytes = 320,
          .act_bytes = 0x0102030405060708,
          .desc_offset = 128,
          .layer_count = 3,
          .images = 8,
          .poy = 4,
          .pox = 8,
          .pof = 16,
          .chains = 2,
          .bus_bytes = 32,
          .skip = true,
          .residual = true,
          .input = {.offset = 0x1112131415161718,
                    .channels = 3,
                    .height = 32,
                    .width = 33,
                    .is_signed = true,
                    .zero = -2,
                    .scale = 0.5F},
          .output = {.offset = 64,
                     .channels = 10,
                     .height = 1,
                     .width = 1,
                     .kind = hw::layout::interleaved},
          .dense_read_beats = 0x2122232425262728};
}

std::vector<std::uint8_t> whole(const hw::image_header& h) {
  auto bytes = encode(h, body);
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

}  // namespace

TEST_CASE("a header is read as it was written") {
  CHECK(hw::decode_header(whole(example())) == example());
}

TEST_CASE("the fields of a header lie where the page says") {
  const auto bytes = encode(example(), body);
  REQUIRE(bytes.size() == 128);
  const auto at = [&](std::size_t offset, std::vector<std::uint8_t> expected) {
    CAPTURE(offset);
    CHECK(std::equal(expected.begin(), expected.end(),
                     bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
  };
  at(0, {'S', 'W', 'P', 'I', 2, 0, 128, 0, 0x40, 1, 0, 0, 0, 0, 0, 0});
  at(16, {8, 7, 6, 5, 4, 3, 2, 1, 128, 0, 0, 0, 3, 0, 8, 0});
  at(32, {4, 8, 16, 2, 32, 5, 0, 0});
  at(40, {0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 3, 0, 0, 0, 32, 0, 33, 0});
  at(56, {0, 1, 0xfe, 0xff, 0, 0, 0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0});
  at(72, {64, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0x80, 0x3f});
  at(104, {0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21});
  at(116, {0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("no bit of an image can change and no byte be lost unnoticed") {
  const auto good = whole(example());
  for (std::size_t bit = 0; bit < 8 * good.size(); bit += 3) {
    auto bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    CAPTURE(bit);
    CHECK_THROWS_AS(hw::decode_header(bad), swprune::format_error);
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{127}, std::size_t{128}, good.size() - 1}) {
    const std::vector<std::uint8_t> cut(good.begin(),
                                        good.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_THROWS_AS(hw::decode_header(cut), swprune::format_error);
  }
  auto longer = good;
  longer.push_back(0);
  CHECK_THROWS_AS(hw::decode_header(longer), swprune::format_error);
}
