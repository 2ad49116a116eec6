// SPDX-License-Identifier: Apache-2.0
// Image files: made from programs and read back, run by the golden model, printed byte by byte;
// every rule that a damaged file breaks is named.
#include "swprune/hw/image_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/image_bytes_dump.hpp"
#include "swprune/hw/image_dump.hpp"
#include "swprune/hw/image_ranges.hpp"
#include "swprune/hw/image_requests.hpp"
#include "swprune/hw/run_program.hpp"
#include "swprune/io/file.hpp"
#include "tests/hw/compile_models.hpp"
#include "tests/support/example_program.hpp"
#include "tests/support/image_damage.hpp"
#include "tests/support/temp_dir.hpp"

using namespace swprune;
using swprune_test::example_file;

namespace {

using bytes = std::vector<std::uint8_t>;

/// body(program, case) for random models on all arrays.
template <typename Body>
void for_random_programs(const char* name, std::uint64_t seeds, const Body& body) {
  for (const auto& array : swprune_test::test_arrays())
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      rng r = rng(seed).stream(name);
      const auto c =
          swprune_test::random_model(array, {.layers = 2, .max_uops = 3000, .max_images = 9}, r);
      const auto params = swprune_test::random_params(array, r);
      hw::program p;
      try {
        p = hw::compile(c.model, array, c.images, params);
      } catch (const mismatch_error&) {
        continue;
      }
      CAPTURE(seed, array.to_string(), array.skip, c.text());
      body(p, c);
    }
}

/// The id and the text that reading the bytes gives; 0 if all is well.
std::pair<int, std::string> reading(const bytes& b) {
  try {
    (void)hw::decode_image_file(b);
  } catch (const error& e) {
    return {e.id(), e.what()};
  }
  return {0, ""};
}

}  // namespace

TEST_CASE("an image file is read as it was made") {
  const auto file = example_file();
  const auto back = hw::decode_image_file(file.bytes);
  CHECK(back.header == file.header);
  CHECK(back.bytes == file.bytes);
  const hw::image_header& h = back.header;
  CHECK(h.image_bytes == file.bytes.size());
  CHECK(h.desc_offset == 128);
  CHECK(h.layer_count == 1);
  CHECK(h.images == 1);
  CHECK((h.poy == 2 && h.pox == 2 && h.pof == 4 && h.chains == 1 && h.bus_bytes == 8));
  CHECK((h.skip && h.pool && !h.residual));
  CHECK(h.input ==
        hw::image_tensor{.channels = 6, .height = 3, .width = 3, .zero = 3, .scale = 0.25F});
  CHECK(h.output ==
        hw::image_tensor{.offset = 128, .channels = 10, .height = 2, .width = 2, .scale = 2});
  const swprune_test::temp_dir dir;
  io::write_file(dir / "net.swpi", file.bytes);
  CHECK(hw::decode_image_file(io::read_file(dir / "net.swpi")).header == h);
}

TEST_CASE("a program behind its header runs as before") {
  index_t runs = 0;
  for_random_programs("image_files", 6, [&](const hw::program& p, const auto& c) {
    const auto file = make_image_file(p, c.model);
    const auto back = hw::decode_image_file(file.bytes);
    hw::program moved = hw::with_header_room(p);
    REQUIRE(moved.image.size() == file.bytes.size());
    REQUIRE(std::equal(moved.image.begin() + 128, moved.image.end(), file.bytes.begin() + 128));
    moved.image = back.bytes;
    hw::golden_core golden(p.array);
    const auto run = hw::run_program(golden, moved, c.input, {.bus_bytes = p.array.bus_bytes});
    REQUIRE(run.error == 0);
    REQUIRE((run.outputs == hw::run_functional(c.model, c.input)));
    REQUIRE(back.initial_activations(c.input) == p.initial_activations(c.input));
    REQUIRE(back.output().bytes() == p.outputs.back().bytes());
    ++runs;
  });
  CHECK(runs > 24);
}

TEST_CASE("the ranges of an image are found again from its records") {
  for_random_programs("ranges_again", 12, [](const hw::program& p, const auto&) {
    const auto found = hw::ranges_of(p.image, p.desc_offset, p.layer_count);
    REQUIRE(found.size() == p.ranges.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      CAPTURE(p.ranges[i].name);
      REQUIRE(found[i].part == p.ranges[i].part);
      REQUIRE(found[i].layer == p.ranges[i].layer);
      REQUIRE(found[i].offset == p.ranges[i].offset);
      REQUIRE(found[i].bytes == p.ranges[i].bytes);
    }
  });
}

TEST_CASE("dense_read_beats is what the same steps would read with every block") {
  index_t sparse = 0, dense = 0;
  for_random_programs("dense_beats", 24, [&](const hw::program& p, const auto& c) {
    for (const auto& l : c.model.layers)
      if (l.groups != 1) return;
    const index_t bus = p.array.bus_bytes;
    index_t expected = 0, read = 0;
    const auto layers = hw::decode_image(p.image, p.desc_offset, p.layer_count);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const hw::layer_descriptor& d = layers[i].descriptor;
      // With Pof = 1 the rows that fill the last word have no blocks, unless there are no lists.
      const index_t real_rows = c.model.layers[i].blocks.out_groups();
      for (const hw::step_record& s : layers[i].steps) {
        index_t rows = s.rows;
        if (d.skip) rows = std::min(rows, std::max<index_t>(0, real_rows - s.og_first));
        if (s.new_weights) expected += s.param_beats + ceil_div(rows * d.row_uops * d.pof, bus);
        if (!s.new_activations || (rows == 0 && s.slots == 0)) continue;
        const index_t plane = ceil_div(s.act_offset % bus / 4 + index_t{s.plane_words}, bus / 4);
        const index_t images = d.interleaved ? 1 : s.images;
        expected += ceil_div(index_t{d.in_groups}, bus / 4) + d.in_groups * images * plane;
      }
    }
    for (const hw::read_request& r : hw::requests_of(p))
      if (r.kind != hw::request_kind::descriptor && r.kind != hw::request_kind::step &&
          r.kind != hw::request_kind::list && r.kind != hw::request_kind::residual)
        read += r.beats;
    const auto beats = make_image_file(p, c.model).header.dense_read_beats;
    REQUIRE(static_cast<index_t>(beats) == expected);
    REQUIRE(read <= expected);
    if (!p.array.skip) REQUIRE(read == expected);
    ++(p.array.skip ? sparse : dense);
  });
  CHECK(sparse > 20);
  CHECK(dense > 5);
}

TEST_CASE("every rule of a file that is broken has its own text") {
  const auto good = example_file().bytes;
  CHECK(reading(good).first == 0);
  for (const auto& d : swprune_test::image_damages()) {
    const auto [id, text] = reading(d.apply(good));
    CAPTURE(d.text, text);
    CHECK(id == static_cast<int>(d.code));
    CHECK(text.find(d.text) != std::string::npos);
  }
}

TEST_CASE("a program that a header cannot describe is refused") {
  const auto model = swprune_test::example_model();
  const auto p = hw::compile(model, swprune_test::example_array, 2);
  CHECK_THROWS_WITH(make_image_file(p, {}), Catch::Contains("layers"));
  auto part = p;
  part.outputs.back().planes_per_image = 7;
  CHECK_THROWS_WITH(make_image_file(part, model), Catch::Contains("part of a larger tensor"));
  auto many = p;
  many.images = 65536;
  CHECK_THROWS_WITH(make_image_file(many, model), Catch::Contains("images must be <= 65535"));
  auto broken = p;
  broken.image[5] ^= 1;
  CHECK_THROWS_AS(make_image_file(broken, model), format_error);
}

TEST_CASE("the byte dump has every byte once, in order, with the names of the tables") {
  const auto file = example_file();
  const std::string text = dump_bytes(file);
  std::istringstream lines(text);
  std::size_t at = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 35 || line.find_first_not_of("0123456789abcdef") != 8) continue;
    CAPTURE(line);
    REQUIRE(std::stoul(line.substr(0, 8), nullptr, 16) == at);
    if (line.find(" bytes of padding") != std::string::npos) {
      const std::size_t end = at + std::stoul(line.substr(35));
      for (; at < end; ++at) REQUIRE(file.bytes[at] == 0);
      continue;
    }
    std::istringstream hex(line.substr(10, line.find("  ", 10) - 10));
    for (std::string b; hex >> b; ++at) REQUIRE(std::stoul(b, nullptr, 16) == file.bytes[at]);
  }
  CHECK(at == file.bytes.size());
  for (const char* name : {"desc_offset = 0x80: first layer descriptor", "dense_read_beats",
                           "kernel_h = 0x2", "og_first", "entry: slot 0, 4 channels",
                           "entry of an empty row, last", "multiplier = 0x4000", "weights"})
    CHECK(text.find(name) != std::string::npos);
  CHECK(dump(file).find("input at 0: 6 x 3 x 3, planar, u8, zero 3, scale 0.25") !=
        std::string::npos);
  CHECK(dump(file).find("array 2x2x4, bus 8; index lists") != std::string::npos);
}
