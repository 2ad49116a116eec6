// SPDX-License-Identifier: Apache-2.0

// Image files: they run like the program they were made from, their header says the truth, and
// every damage has an error of its own.

#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "swprune/c/swprune_driver.h"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "swprune/hw/golden/golden_core.hpp"
#include "swprune/hw/image_dump.hpp"
#include "swprune/hw/image_file.hpp"
#include "swprune/hw/lockstep.hpp"
#include "tests/hw/compile_models.hpp"
#include "tests/support/example_program.hpp"
#include "tests/support/random_graph.hpp"

using namespace swprune;

namespace {

using bytes = std::vector<std::uint8_t>;
constexpr std::uint64_t image_base = 0x12'3456'7000, act_base = 0xa9'0000'0540;

std::optional<hw::program> compiled(const swprune_test::random_case& c,
                                    const hw::array_params& array,
                                    const hw::compile_params& params) {
  try {
    return hw::compile(c.model, array, c.images, params);
  } catch (const mismatch_error&) {
    return std::nullopt;  // does not fit the buffers
  }
}

struct file_run {
  hw::run_result result;
  bytes output;
};

/// Runs a file on the golden model, with nothing but what stands in it.
file_run run_file(const hw::image_file& f, const hw::array_params& array, const bytes& input) {
  hw::golden_core core(array);
  hw::memory_model memory({.bus_bytes = array.bus_bytes});
  memory.add_region("image", image_base, std::ssize(f.bytes), false);
  memory.add_region("activations", act_base, static_cast<index_t>(f.header.act_bytes), true);
  memory.write(image_base, f.bytes);
  memory.write(act_base, f.initial_activations(input));
  const auto result = hw::run(core, memory,
                              {.image_base = image_base,
                               .act_base = act_base,
                               .desc_offset = f.header.desc_offset,
                               .layer_count = f.header.layer_count});
  return {result, f.unpack_output(memory.read(act_base, std::size_t(f.header.act_bytes)))};
}

bytes good_file() {
  return hw::encode_image_file(swprune_test::example_program(),
                               hw::numbers_of(swprune_test::example_model()));
}

void put32(bytes& b, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) b[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}
std::uint32_t get32(const bytes& b, std::size_t at) {
  return b[at] | b[at + 1] << 8 | b[at + 2] << 16 | static_cast<std::uint32_t>(b[at + 3]) << 24;
}
std::uint32_t crc_of(const bytes& b, std::size_t from, std::size_t count) {
  return hw::crc32_of(std::span(b).subspan(from, count));
}
void seal_header(bytes& b) { put32(b, 124, crc_of(b, 0, 124)); }
/// Body and header, so that the damage is found by its own check.
void seal(bytes& b) {
  put32(b, 112, crc_of(b, 128, b.size() - 128));
  seal_header(b);
}
/// The record at `at` as well.
void seal_record(bytes& b, std::size_t at, std::size_t size) {
  put32(b, at + size - 4, crc_of(b, at, size - 4));
  seal(b);
}

/// The text of the error, "" if there is none.
std::string refusal(const bytes& b) {
  try {
    (void)hw::decode_image_file(b);
  } catch (const format_error& e) {
    CHECK(e.id() == static_cast<int>(errc::image_format));
    return e.what();
  }
  return "";
}

struct damage {
  const char* expected;  ///< part of the error's text
  std::function<void(bytes&)> make;
};

constexpr std::size_t descriptor = 128;  // of the example
std::size_t step_of(const bytes& b) { return get32(b, descriptor + 52); }

/// Changes one byte of the header and seals it.
std::function<void(bytes&)> header_byte(std::size_t at, std::uint8_t value) {
  return [=](bytes& b) {
    b[at] = value;
    seal_header(b);
  };
}
std::function<void(bytes&)> descriptor_byte(std::size_t at, std::uint8_t value) {
  return [=](bytes& b) {
    b[descriptor + at] = value;
    seal_record(b, descriptor, 128);
  };
}
std::function<void(bytes&)> step_word(std::size_t at, std::uint32_t value) {
  return [=](bytes& b) {
    put32(b, step_of(b) + at, value);
    seal_record(b, step_of(b), 64);
  };
}

const std::vector<damage> damages = {
    {"begins with a header of 128 bytes, given 127", [](bytes& b) { b.resize(127); }},
    {"given 0 bytes", [](bytes& b) { b.clear(); }},
    {"begins with SWPI", [](bytes& b) { b[0] = 'X'; }},
    {"given version 3", [](bytes& b) { b[4] = 3; }},
    {"image 0: CRC must be", [](bytes& b) { b[20] ^= 1; }},
    {"bytes must be 128", header_byte(6, 64)},
    {"image_bytes must be", [](bytes& b) { b.push_back(0); }},
    {"body_crc must be", [](bytes& b) { b.back() ^= 0x80; }},
    {"flags must be 0..7", header_byte(37, 8)},
    {"a reserved byte must be 0", header_byte(38, 1)},
    {"a reserved byte must be 0, given 2", header_byte(116, 2)},
    {"a reserved byte must be 0, given 3", header_byte(64, 3)},
    {"layout must be 0..1", header_byte(56, 2)},
    {"signed must be 0..1", header_byte(89, 2)},
    {"layer_count must be 1..65535", header_byte(28, 0)},
    {"images must be 1..65535", header_byte(30, 0)},
    {"poy must be 1..16", header_byte(32, 17)},
    {"pox must be 1..16", header_byte(33, 0)},
    {"pof must be 1..16", header_byte(34, 0)},
    {"chains must be 1..2", header_byte(35, 3)},
    {"act_bytes must be at most 2^40", header_byte(22, 2)},
    {"desc_offset must be a multiple of 64", header_byte(24, 129)},
    {"must lie behind the header", header_byte(24, 64)},
    {"must lie behind the header and inside the image", header_byte(26, 1)},
    {"input: channels, height and width must be >= 1", header_byte(48, 0)},
    {"input: offset must be a multiple of 64", header_byte(40, 1)},
    {"input: 2 planes of 64 bytes at offset 4294967296 leave", header_byte(44, 1)},
    {"output: 16387 planes of 64 bytes at offset 128 leave", header_byte(82, 1)},
    {"is for an array 2x2x4, bus 8, skip true, the header says 1x2x4", header_byte(32, 1)},
    {"skip true, the header says 2x2x4, bus 8, skip false", header_byte(37, 2)},
    {"the header says pooling false", header_byte(37, 1)},
    {"residual true, the layers need true, false", header_byte(37, 7)},
    {"descriptor of layer 0: CRC must be",
     [](bytes& b) {
       b[descriptor + 32] ^= 1;
       seal(b);
     }},
    {"descriptor of layer 0: magic must be", descriptor_byte(0, 0)},
    {"descriptor of layer 0: kernel_h must be 1..8", descriptor_byte(16, 9)},
    {"step_count must be >= 1", descriptor_byte(48, 0)},
    {"step 0 needs 64 bytes", descriptor_byte(55, 1)},
    {"step 0: CRC must be",
     [](bytes& b) {
       b[step_of(b) + 5] ^= 1;
       seal(b);
     }},
    {"step 0: flags must be below 32", step_word(0, 32)},
    {"the index list at", step_word(12, 0x10000)},
    {"the parameters at 65536 ends", step_word(24, 0x10000)},
    {"the weights at 65536 ends", step_word(28, 0x10000)},
    {"the fetch list at 65536 of 2 slots leaves", step_word(32, 0x10000)},
    {"images must be at most the batch's 1, given 2", step_word(44, 2)},
    {"the plane at 65536 ends at byte", step_word(36, 0x10000)},
    {"ends in row",
     [](bytes& b) {
       const std::size_t list = get32(b, step_of(b) + 12);
       for (std::size_t i = 1; i < 8; i += 2) b[list + i] &= 0x7f;  // no entry is the last
       seal(b);
     }},
};

}  // namespace

TEST_CASE("an image file runs as its program does, and its header counts the dense reads") {
  index_t runs = 0, saved = 0;
  for (const auto& array : swprune_test::test_arrays())
    for (std::uint64_t seed = 0; seed < 25; ++seed) {
      rng r = rng(seed).stream("image_files");
      const auto c = swprune_test::random_graph(array, {.max_uops = 2000}, r);
      const auto p = compiled(c, array, swprune_test::random_params(array, r));
      if (!p) continue;
      CAPTURE(seed, array.to_string(), array.skip, c.text());
      const auto f = hw::decode_image_file(hw::encode_image_file(*p, hw::numbers_of(c.model)));
      ++runs;
      CHECK(f.header.images == c.images);
      CHECK(f.header.input.zero == c.model.input_zero);
      CHECK(f.bytes.size() == p->image.size() + 128);
      const auto run = run_file(f, array, c.input);
      REQUIRE(run.result.ok());
      REQUIRE((run.output == hw::run_functional(c.model, c.input).back()));
      CHECK(index_t(run.result.busy_cycles) == hw::predict(*p).total.cycles);
      const auto& last = run.result.last;
      const index_t lists =
          hw::predict(*p).total.bytes_of(hw::request_kind::list) / array.bus_bytes;
      const index_t skipped = index_t(f.header.dense_read_beats) + lists -
                              index_t(last.cnt_weight_beats) - index_t(last.cnt_act_beats);
      if (!array.skip) REQUIRE(skipped == 0);  // the dense control is what is counted
      REQUIRE(skipped >= 0);
      saved += skipped > 0;
      index_t blocks = 0, live = 0;
      for (const hw::layer_summary& l : p->layers) blocks += l.blocks, live += l.live_blocks;
      if (blocks == live) REQUIRE(skipped == 0);
    }
  CHECK(runs > 60);
  CHECK(saved > 30);
}

TEST_CASE("a batch of a part of a tensor has no place in the header") {
  auto p = swprune_test::example_program();
  p.outputs.back().planes_per_image = 5;
  CHECK_NOTHROW(hw::encode_image_file(p));
  p.outputs.back().images = 2;
  CHECK_THROWS_AS(hw::encode_image_file(p), mismatch_error);
  p.outputs.back().images = 1;
  p.images = 65536;
  CHECK_THROWS_AS(hw::encode_image_file(p), mismatch_error);
}

TEST_CASE("every damage of an image file has its own error") {
  const bytes good = good_file();
  REQUIRE(refusal(good).empty());
  for (const damage& d : damages) {
    bytes bad = good;
    d.make(bad);
    CAPTURE(d.expected);
    CHECK_THAT(refusal(bad), Catch::Contains(d.expected));
  }
}

TEST_CASE("no bit of an image file can change unnoticed") {
  const bytes good = good_file();
  for (std::size_t bit = 0; bit < 8 * good.size(); bit += 5) {
    bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    CAPTURE(bit);
    CHECK_FALSE(refusal(bad).empty());
  }
  for (std::size_t size = 0; size < good.size(); size += 13)
    CHECK_FALSE(refusal({good.begin(), good.begin() + std::ptrdiff_t(size)}).empty());
}

TEST_CASE("damage under right checksums is refused or can do no harm to software") {
  const bytes good = good_file();
  rng r = rng(1).stream("image_file_damage");
  index_t refused = 0, taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    bytes bad = good;
    const std::size_t step = step_of(bad);
    const std::size_t regions[] = {0, descriptor, step, step + 64};
    const std::size_t from = regions[r.below(4)];
    for (std::uint64_t n = 1 + r.below(3); n > 0; --n) {
      const std::size_t at = from + 8 + r.below(120);
      bad[at] = r.bernoulli(0.5) ? static_cast<std::uint8_t>(r.below(256))
                                 : static_cast<std::uint8_t>(bad[at] ^ 1u << r.below(8));
    }
    put32(bad, 8, static_cast<std::uint32_t>(bad.size()));
    put32(bad, 12, 0);
    put32(bad, descriptor + 124, crc_of(bad, descriptor, 124));
    put32(bad, step + 60, crc_of(bad, step, 60));
    put32(bad, step + 124, crc_of(bad, step + 64, 60));
    seal(bad);
    CAPTURE(i);
    swp_image image{};
    const swp_status c_says = swp_image_read(bad.data(), bad.size(), &image);
    const std::string cpp_says = refusal(bad);
    (cpp_says.empty() ? taken : refused) += 1;
    // The C driver leaves records to the accelerator, and is never the stricter of the two.
    if (cpp_says.empty()) CHECK(c_says == SWP_OK);
    if (c_says != SWP_OK) continue;
    swp_caps caps{};
    caps.pof = 4;
    caps.bus_bytes = 8;
    caps.act_depth = caps.wgt_depth = caps.list_depth = 4096;
    caps.param_depth = caps.res_depth = 64;
    (void)swp_check_depths(&caps, &image);
    (void)swp_check_memory(&image, 0, 1 << 20, image.act_bytes);
  }
  CHECK(refused > 5000);
  CHECK(taken > 1000);
}

TEST_CASE("an image file in words") {
  const std::string text = hw::dump(hw::decode_image_file(good_file()));
  INFO(text);
  CHECK_THAT(text, Catch::StartsWith("image file of version 2: "));
  CHECK_THAT(text, Catch::Contains("1 layers from 128, 1 images\n"
                                   "array 2x2x4, 1 chains, bus 8, index lists, needs pooling\n"
                                   "input: 6 x 3 x 3, planar, u8, zero 3, scale 1, at 0\n"));
  // Two steps: 6 + 12 beats of parameters and weights of a row, 12 + 24 of two; 1 + 2 * 5 of
  // planes.
  CHECK_THAT(text, Catch::Contains("\ndense reads: 76 beats\nlayer 0\n"));
  CHECK_THAT(text, Catch::Contains("\n    row 0: 0 1(2 channels)\n"));
  CHECK_THAT(text, Catch::Contains("\n    row 1: empty\n    row 2: 0(2 channels)\n"));
}
