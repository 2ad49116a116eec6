// SPDX-License-Identifier: Apache-2.0

// Image files: what they say, and that every damage has its own error, in C++ and in C.

#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "swprune/hw/c_driver.h"
#include "swprune/hw/compile.hpp"
#include "swprune/hw/image_file.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/random_layer.hpp"

namespace {

namespace hw = swprune::hw;
using swprune::index_t;
using bytes = std::vector<std::uint8_t>;

struct example {
  explicit example(bool skip = true, double density = 0.5) {
    swprune::rng r(8);
    model.input = {12, 6, 6};
    swprune::quant::int8_layer l;
    l.name = "conv";
    l.input = model.input;
    l.output = {8, 3, 3};
    l.kernel_height = l.kernel_width = 3;
    l.padding = 1;
    l.pool = true;
    l.block = {4, 4};
    l.blocks = swprune::mask::block_mask(2, 3);
    for (index_t i = 0; i < 2; ++i)
      for (index_t j = 0; j < 3; ++j)
        if (density == 1 || j != i) l.blocks.set(i, j);
    swprune_test::detail::draw_weights(l, false, r);
    swprune_test::detail::draw_channels(l, false, r);
    model.layers.push_back(l);
    program = hw::compile(model, swprune_test::small_array(skip), 2);
    file = hw::image_file(program, model);
  }
  swprune::quant::int8_model model;
  hw::program program;
  bytes file;
};

swprune_array array_of(const hw::array_params& a) {
  swprune_array c{};
  c.poy = static_cast<unsigned>(a.poy);
  c.pox = static_cast<unsigned>(a.pox);
  c.pof = static_cast<unsigned>(a.pof);
  c.chains = static_cast<unsigned>(a.chains);
  c.bus_bytes = static_cast<unsigned>(a.bus_bytes);
  c.res_depth = static_cast<unsigned>(a.res_depth);
  c.skip = a.skip;
  c.pool = a.pool;
  c.image_version = 2;
  return c;
}

swprune_result checked(const bytes& file, const swprune_array& array) {
  swprune_image image{};
  return swprune_image_check(file.data(), file.size(), &array, &image);
}

/// The header's CRC made right again.
void seal(bytes& file) {
  const std::uint32_t crc = swprune_crc32(file.data(), 124);
  for (std::size_t i = 0; i < 4; ++i) file[124 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
}

}  // namespace

TEST_CASE("an image file says what the program is") {
  const example e;
  const hw::image_header h = hw::decode_header(e.file);
  CHECK(h.image_bytes == e.file.size());
  CHECK(e.file.size() == 128 + e.program.image.size());
  CHECK(bytes(e.file.begin() + 128, e.file.end()) == e.program.image);
  CHECK(h.act_bytes == e.program.act_bytes);
  CHECK(h.layer_count == 1);
  CHECK(h.images == 2);
  CHECK(h.pool);
  CHECK_FALSE(h.residual);
  CHECK(h.input.channels == 12);
  CHECK(h.output.height == 3);
  CHECK(h.output.offset == static_cast<std::uint64_t>(e.program.outputs[0].offset));
  swprune_image image{};
  const swprune_array array = array_of(e.program.array);
  REQUIRE(swprune_image_check(e.file.data(), e.file.size(), &array, &image) == SWPRUNE_OK);
  CHECK(image.act_bytes == h.act_bytes);
  CHECK(image.desc_offset == h.desc_offset);
  CHECK(image.layer_count == h.layer_count);
  CHECK(image.images == h.images);
  CHECK(image.dense_read_beats == h.dense_read_beats);
}

TEST_CASE("the beats without skipping: those read, and those of what is absent") {
  // Nothing is absent: what a run reads, but for records and residuals.
  const auto beats_read = [](const example& e) {
    const auto c = hw::predict(e.program).total;
    index_t bytes = 0;
    for (const auto kind :
         {hw::request_kind::list, hw::request_kind::parameters, hw::request_kind::weights,
          hw::request_kind::fetch_list, hw::request_kind::plane})
      bytes += c.bytes_of(kind);
    return static_cast<std::uint64_t>(bytes / e.program.array.bus_bytes);
  };
  const example dense(true, 1);
  CHECK(hw::decode_header(dense.file).dense_read_beats == beats_read(dense));
  // Two of six blocks are absent, in each chunk that is loaded: 36 weight words of 4 bytes a block.
  const example sparse;
  const auto layer = hw::decode_image(sparse.program.image, sparse.program.desc_offset, 1).front();
  index_t loads = 0;
  for (const auto& s : layer.steps) loads += s.new_weights ? s.rows : 0;
  const auto skipped = hw::decode_header(sparse.file).dense_read_beats - beats_read(sparse);
  CHECK(skipped >= static_cast<std::uint64_t>(loads * 36 * 4 / 8));
  CHECK(hw::decode_header(example(false).file).dense_read_beats == beats_read(example(false)));
}

TEST_CASE("every damage of an image file has its own error") {
  const example e;
  const swprune_array array = array_of(e.program.array);
  REQUIRE(checked(e.file, array) == SWPRUNE_OK);
  const auto damaged = [&](const std::function<void(bytes&)>& damage) {
    bytes file = e.file;
    damage(file);
    return checked(file, array);
  };
  CHECK(damaged([](bytes& f) { f.resize(127); }) == SWPRUNE_IMAGE_SHORT);
  CHECK(damaged([](bytes& f) { f.clear(); }) == SWPRUNE_IMAGE_SHORT);
  CHECK(damaged([](bytes& f) { f[0] ^= 1; }) == SWPRUNE_IMAGE_MAGIC);
  CHECK(damaged([](bytes& f) { f[4] = 3; }) == SWPRUNE_IMAGE_VERSION);
  CHECK(damaged([](bytes& f) { f[6] = 64; }) == SWPRUNE_IMAGE_VERSION);
  for (const std::size_t at : {8, 16, 24, 32, 40, 72, 104, 112, 124})
    CHECK(damaged([&](bytes& f) { f[at] ^= 4; }) == SWPRUNE_IMAGE_HEADER_CRC);
  CHECK(damaged([](bytes& f) { f.pop_back(); }) == SWPRUNE_IMAGE_SIZE);
  CHECK(damaged([](bytes& f) { f.push_back(0); }) == SWPRUNE_IMAGE_SIZE);
  CHECK(damaged([](bytes& f) { f.resize(128); }) == SWPRUNE_IMAGE_SIZE);
  for (const std::size_t at : {std::size_t{128}, e.file.size() / 2, e.file.size() - 1})
    CHECK(damaged([&](bytes& f) { f[at] ^= 0x80; }) == SWPRUNE_IMAGE_BODY_CRC);
  for (const std::size_t at : {32, 33, 34, 35, 36})
    CHECK(damaged([&](bytes& f) {
            f[at] ^= 1;
            seal(f);
          }) == SWPRUNE_IMAGE_ARRAY);
  CHECK(damaged([](bytes& f) {
          f[37] ^= 1;
          seal(f);
        }) == SWPRUNE_IMAGE_ARRAY);
  swprune_array plain = array;
  plain.pool = 0;
  CHECK(checked(e.file, plain) == SWPRUNE_IMAGE_FEATURES);
  for (int r = 0; r <= SWPRUNE_FAILED; ++r)
    CHECK(std::string(swprune_result_text(static_cast<swprune_result>(r))) != "unknown result");
}

TEST_CASE("the C checksum is zlib's") {
  const bytes text{'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  CHECK(swprune_crc32(text.data(), text.size()) == 0xCBF43926u);
  CHECK(swprune_crc32(text.data(), 0) == 0u);
}
