// SPDX-License-Identifier: Apache-2.0
// Image files: made from programs and read back, run by the golden model, printed byte by byte;
// every rule that a damaged file breaks is named.
#include "swprune/hw/image_file.hpp"

#include <catch2/catch.hpp>

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
#include "tests/support/temp_dir.hpp"

using namespace swprune;

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

hw::image_file example_file() {
  auto model = swprune_test::example_model();
  model.input_scale = 0.25;
  model.output_scale = 2;
  return make_image_file(hw::compile(model, swprune_test::example_array, 1), model);
}

void put(bytes& b, hw::regs::byte_field f, std::uint64_t value) {
  for (unsigned i = 0; i < f.bytes; ++i)
    b[f.offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// Makes both CRCs of a file right again.
void seal(bytes& b) {
  put(b, hw::regs::header::body_crc, hw::crc32_of(std::span(b).subspan(128)));
  put(b, hw::regs::header::crc, hw::crc32_of(std::span(b).first(124)));
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
    for (const auto& layer : hw::decode_image(p.image, p.desc_offset, p.layer_count)) {
      const hw::layer_descriptor& d = layer.descriptor;
      for (const hw::step_record& s : layer.steps) {
        if (s.new_weights)
          expected += s.param_beats + ceil_div(index_t{s.rows} * d.row_uops * d.pof, bus);
        if (!s.new_activations) continue;
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
  namespace f = hw::regs::header;
  const auto good = example_file().bytes;
  struct damage {
    errc code;
    std::string text;
    std::function<void(bytes&)> change;
    bool sealed = true;  // the CRCs are right
  };
  const auto set = [](hw::regs::byte_field field, std::uint64_t value) {
    return [=](bytes& b) { put(b, field, value); };
  };
  const std::vector<damage> all{
      {errc::image_size, "the header alone", [](bytes& b) { b.resize(127); }, false},
      {errc::image_size, "the header alone", [](bytes& b) { b.clear(); }, false},
      {errc::image_magic, "first word", set(f::magic, 0x4C505753)},
      {errc::image_version, "the version", set(f::version, 3)},
      {errc::image_version, "the size of the header", set(f::bytes, 64)},
      {errc::image_header_crc, "CRC", [](bytes& b) { b[30] ^= 1; }, false},
      {errc::image_size, "cut off", [](bytes& b) { b.resize(b.size() - 1); }, false},
      {errc::image_size, "too many", [](bytes& b) { b.push_back(0); }, false},
      {errc::image_body_crc, "CRC", [](bytes& b) { b[200] ^= 1; }, false},
      {errc::image_body_crc, "CRC", [](bytes& b) { b.back() ^= 128; }, false},
      {errc::image_header_field, "flags", set(f::flags, 8)},
      {errc::image_header_field, "reserved byte 38", [](bytes& b) { b[38] = 1; }},
      {errc::image_header_field, "reserved byte 123", [](bytes& b) { b[123] = 1; }},
      {errc::image_header_field, "reserved byte 64", [](bytes& b) { b[64] = 1; }},
      {errc::image_header_field, "reserved byte 103", [](bytes& b) { b[103] = 1; }},
      {errc::image_header_field, "layout", set(f::output_layout, 2)},
      {errc::image_header_field, "sign flag", set(f::input_signed, 2)},
      {errc::image_header_field, "image_bytes",
       [](bytes& b) {
         b.push_back(0);
         put(b, f::image_bytes, b.size());
       }},
      {errc::image_header_field, "act_bytes", set(f::act_bytes, 100)},
      {errc::image_header_field, "act_bytes", set(f::act_bytes, std::uint64_t{1} << 41)},
      {errc::image_header_field, "layer_count", set(f::layer_count, 0)},
      {errc::image_header_field, "images must", set(f::images, 0)},
      {errc::image_header_field, "Poy", set(f::poy, 0)},
      {errc::image_header_field, "desc_offset", set(f::desc_offset, 64)},
      {errc::image_header_field, "desc_offset", set(f::desc_offset, 160)},
      {errc::image_header_field, "desc_offset", set(f::layer_count, 65535)},
      {errc::image_header_field, "the input must have pixels", set(f::input_width, 0)},
      {errc::image_header_field, "the output must have pixels", set(f::output_channels, 0)},
      {errc::image_header_field, "at most 262140", set(f::input_channels, 0xFFFFFFFF)},
      {errc::image_header_field, "the input must have a finite scale",
       set(f::input_scale, 0x7FC00000)},
      {errc::image_header_field, "the output must have a finite scale", set(f::output_scale, 0)},
      {errc::image_header_field, "the output must lie at a multiple", set(f::output_offset, 4)},
      {errc::image_header_field, "the output must lie within",
       set(f::output_offset, ~std::uint64_t{63})},
      {errc::image_header_field, "the input must lie within", set(f::images, 65535)},
      {errc::device_mismatch, "layer 0", set(f::pof, 8)},
      {errc::device_mismatch, "layer 0", set(f::flags, 1)},
      {errc::image_format, "the descriptor of layer 0", [](bytes& b) { b[140] ^= 1; }},
      {errc::image_format, "step 0", [](bytes& b) { b[260] ^= 1; }},
  };
  CHECK(reading(good).first == 0);
  for (const damage& d : all) {
    auto bad = good;
    d.change(bad);
    if (d.sealed) seal(bad);
    const auto [id, text] = reading(bad);
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
