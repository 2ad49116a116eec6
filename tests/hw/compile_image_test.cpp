// SPDX-License-Identifier: Apache-2.0
// The bytes of compiled images: layout, records, and that they hold the model and nothing else.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_dump.hpp"
#include "swprune/hw/image_requests.hpp"
#include "tests/hw/compile_models.hpp"
#include "tests/support/example_program.hpp"

using namespace swprune;

namespace {

/// body(program, case, text) for random models on all arrays.
template <typename Body>
void for_random_programs(const char* name, std::uint64_t seeds, const Body& body) {
  index_t compiled = 0;
  for (const auto& array : swprune_test::test_arrays())
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      rng r = rng(seed).stream(name);
      const auto c =
          swprune_test::random_model(array, {.layers = 2, .max_uops = 20'000, .max_images = 9}, r);
      const auto params = swprune_test::random_params(array, r);
      hw::program p;
      try {
        p = hw::compile(c.model, array, c.images, params);
      } catch (const mismatch_error&) {
        continue;
      }
      CAPTURE(seed, array.to_string(), array.skip, c.text());
      body(p, c);
      ++compiled;
    }
  REQUIRE(compiled > static_cast<index_t>(4 * seeds));
}

/// Input group of every slot of a step.
std::vector<index_t> groups_of_slots(const hw::program& p, const hw::step_record& s,
                                     const hw::tensor_placement& in) {
  std::vector<index_t> groups;
  for (const index_t plane : hw::decode_fetch_list(p.image, s)) {
    REQUIRE(plane % in.group_stride() == 0);
    groups.push_back(plane / in.group_stride());
  }
  return groups;
}

/// One row of a step against the model: the right blocks, in order, with their weights. Returns the
/// weight offset of the next row.
index_t require_row(const hw::program& p, const quant::int8_layer& l, index_t row,
                    const std::vector<hw::list_entry>& entries, const std::vector<index_t>& groups,
                    index_t weight_offset, const std::int8_t*& live) {
  std::vector<index_t> walked;
  for (const hw::list_entry& e : entries) {
    if (e.null) {
      REQUIRE(entries.size() == 1);
      continue;
    }
    REQUIRE(e.slot < static_cast<index_t>(groups.size()));
    const index_t group = groups[static_cast<std::size_t>(e.slot)];
    walked.push_back(group);
    REQUIRE(e.channels == l.channels_of(group));
    for (index_t i = 0; i < e.channels * l.kernel_height * l.kernel_width * p.array.pof; ++i) {
      const auto stored =
          static_cast<std::int8_t>(p.image[static_cast<std::size_t>(weight_offset++)]);
      const bool lives = row < l.blocks.out_groups() && l.blocks.test(row, group);
      REQUIRE(stored == (lives ? *live++ : 0));
    }
  }
  // With Pof = 1 rows fill up the last word; they are empty.
  const bool exists = row < l.blocks.out_groups();
  if (p.array.skip) REQUIRE(walked == (exists ? l.blocks.row(row) : std::vector<index_t>()));
  if (!p.array.skip) REQUIRE(static_cast<index_t>(walked.size()) == l.blocks.in_groups());
  return weight_offset;
}

const std::int8_t* first_weight(const quant::int8_layer& l, index_t row) {
  const std::int8_t* w = l.weights.data();
  for (index_t r = 0; r < std::min(row, l.blocks.out_groups()); ++r)
    for (const index_t g : l.blocks.row(r))
      w += l.channels_of(g) * l.kernel_height * l.kernel_width * l.block.outputs;
  return w;
}

}  // namespace

TEST_CASE("ranges are aligned, ascending and free of overlap, with zeros between") {
  for_random_programs("ranges", 12, [](const hw::program& p, const auto&) {
    REQUIRE(p.image.size() % 64 == 0);
    REQUIRE(p.act_bytes % 64 == 0);
    index_t end = 0;
    for (const hw::image_range& r : p.ranges) {
      CAPTURE(r.name);
      REQUIRE(r.offset % 64 == 0);
      REQUIRE(r.offset == round_up(end, 64));
      REQUIRE(r.bytes >= 1);
      for (index_t at = end; at < r.offset; ++at)
        REQUIRE(p.image[static_cast<std::size_t>(at)] == 0);
      end = r.offset + r.bytes;
    }
    REQUIRE(round_up(end, 64) == static_cast<index_t>(p.image.size()));
  });
}

TEST_CASE("tensors lie one behind the other in the activation region") {
  for_random_programs("tensors", 12, [](const hw::program& p, const auto& c) {
    std::vector<hw::tensor_placement> all{p.input};
    all.insert(all.end(), p.outputs.begin(), p.outputs.end());
    index_t end = 0;
    for (const auto& t : all) {
      REQUIRE(t.offset == end);
      REQUIRE(t.offset % 64 == 0);
      REQUIRE(t.images == c.images);
      end += t.bytes();
      std::set<index_t> bytes;
      for (index_t n = 0; n < t.images; ++n)
        for (index_t ch = 0; ch < t.shape.channels; ++ch)
          for (index_t y = 0; y < t.shape.height; ++y)
            for (index_t x = 0; x < t.shape.width; ++x) bytes.insert(t.byte_of(n, ch, y, x));
      REQUIRE(static_cast<index_t>(bytes.size()) == t.images * t.shape.size());
      REQUIRE(*bytes.begin() >= t.offset);
      REQUIRE(*bytes.rbegin() < end);
    }
    REQUIRE(end == static_cast<index_t>(p.act_bytes));
  });
}

TEST_CASE("pack and unpack are inverse, in both layouts") {
  for (const auto kind : {hw::layout::planar, hw::layout::interleaved}) {
    hw::tensor_placement t{.name = "map", .kind = kind, .shape = {6, 3, 5}, .images = 7};
    t.pixels = 4;
    t.offset = 128;
    std::vector<std::uint8_t> plain(static_cast<std::size_t>(t.images * t.shape.size()));
    for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i * 7 + 1);
    std::vector<std::uint8_t> region(static_cast<std::size_t>(t.offset + t.bytes()), 0xee);
    hw::pack(t, plain, region);
    CHECK(hw::unpack(t, region) == plain);
    CHECK(std::all_of(region.begin(), region.begin() + 128, [](auto b) { return b == 0xee; }));
    // docs/formats.md section 2, written out once more: image 5, channel 4, pixel (2, 3).
    const index_t planar = 128 + 5 * (2 * 64) + 1 * 64 + (2 * 5 + 3) * 4 + 0;
    const index_t interleaved = 128 + 1 * (2 * 256) + 1 * 256 + ((2 * 5 + 3) * 4 + 1) * 4 + 0;
    CHECK(t.byte_of(5, 4, 2, 3) == (kind == hw::layout::planar ? planar : interleaved));
    region.pop_back();
    CHECK_THROWS_AS(hw::unpack(t, region), shape_error);
    plain.pop_back();
    CHECK_THROWS_AS(hw::pack(t, plain, region), shape_error);
  }
}

TEST_CASE(
    "an image holds the model: every live weight once in each chunk, lists name their groups") {
  for_random_programs("model", 12, [](const hw::program& p, const auto& c) {
    const auto layers = hw::decode_image(p.image, p.desc_offset, p.layer_count);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const quant::int8_layer& l = c.model.layers[i];
      const auto& in = i == 0 ? p.input : p.outputs[i - 1];
      std::set<index_t> rows_seen;
      for (const hw::step_record& s : layers[i].steps) {
        const auto groups = groups_of_slots(p, s, in);
        index_t weights = s.weight_offset;
        const std::int8_t* live = first_weight(l, s.og_first);
        index_t row = s.og_first;
        for (const auto& entries : hw::decode_rows(p.image, layers[i].descriptor, s)) {
          rows_seen.insert(row);
          weights = require_row(p, l, row++, entries, groups, weights, live);
        }
        REQUIRE(ceil_div(weights - s.weight_offset, p.array.bus_bytes) == s.weight_beats);
        REQUIRE(live == first_weight(l, row));
      }
      const index_t pof = p.array.pof;
      REQUIRE(static_cast<index_t>(rows_seen.size()) ==
              round_up(l.blocks.out_groups() * pof, 4) / pof);
    }
  });
}

TEST_CASE("slots hold what some row of the panel uses, and nothing else") {
  for_random_programs("slots", 12, [](const hw::program& p, const auto& c) {
    if (!p.array.skip) return;
    const auto layers = hw::decode_image(p.image, p.desc_offset, p.layer_count);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const quant::int8_layer& l = c.model.layers[i];
      const auto& in = i == 0 ? p.input : p.outputs[i - 1];
      // Steps with the same fetch list share their slots: the union of their rows.
      std::map<index_t, std::set<index_t>> used;
      for (const auto& s : layers[i].steps) {
        const index_t end = std::min<index_t>(s.og_first + s.rows, l.blocks.out_groups());
        for (index_t r = s.og_first; r < end; ++r)
          for (const index_t g : l.blocks.row(r)) used[s.fetch_offset].insert(g);
      }
      for (const auto& s : layers[i].steps) {
        if (s.slots == 0) continue;
        const auto groups = groups_of_slots(p, s, in);
        REQUIRE(std::set<index_t>(groups.begin(), groups.end()) == used[s.fetch_offset]);
      }
    }
  });
}

TEST_CASE("requests stay inside the pieces that they are for") {
  for_random_programs("requests", 12, [](const hw::program& p, const auto&) {
    const index_t bus = p.array.bus_bytes;
    for (const hw::read_request& r : hw::requests_of(p)) {
      REQUIRE(r.offset % bus == 0);
      REQUIRE(r.beats >= 1);
      const index_t end = r.offset + r.bytes(bus);
      if (r.from_activations()) {
        const auto layer = static_cast<std::size_t>(r.layer);
        const auto& in =
            r.kind == hw::request_kind::residual ? *p.residuals[layer] : p.inputs[layer];
        REQUIRE(r.offset >= in.offset);
        REQUIRE(end <= in.offset + in.bytes());
        continue;
      }
      const auto piece = std::find_if(p.ranges.begin(), p.ranges.end(), [&](const auto& range) {
        return range.offset <= r.offset && end <= round_up(range.offset + range.bytes, 64);
      });
      REQUIRE(piece != p.ranges.end());
      REQUIRE(std::string(to_string(r.kind)).substr(0, 4) ==
              std::string(to_string(piece->part)).substr(0, 4));
    }
  });
}

TEST_CASE("records survive encoding and every corrupt record is refused") {
  const hw::program p = hw::compile(swprune_test::demo_model(), {}, 3);
  for (const hw::image_range& range : p.ranges) {
    if (range.part != hw::image_part::descriptors && range.part != hw::image_part::steps) continue;
    for (index_t at = 0; at < std::min<index_t>(range.bytes, 128); ++at) {
      hw::program bad = p;
      bad.image[static_cast<std::size_t>(range.offset + at)] ^= 0x10;
      CAPTURE(range.name, at);
      CHECK_THROWS_AS(hw::decode_image(bad.image, bad.desc_offset, bad.layer_count), format_error);
    }
  }
  const auto layers = hw::decode_image(p.image, p.desc_offset, p.layer_count);
  for (const auto& layer : layers) {
    CHECK(hw::decode_descriptor(encode(layer.descriptor), 0, 0) == layer.descriptor);
    for (const auto& s : layer.steps) CHECK(hw::decode_step(encode(s), 0, 0) == s);
  }
}

TEST_CASE("a record that is sound but wrong is refused with its name") {
  const hw::program p = hw::compile(swprune_test::demo_model(), {}, 1);
  CHECK_THROWS_WITH(hw::decode_image(p.image, 64, 1), Catch::Contains("the descriptor of layer 0"));
  CHECK_THROWS_WITH(hw::decode_image(p.image, 32, 1), Catch::Contains("multiple of 64"));
  auto cut = p.image;
  cut.resize(128 * 3);
  CHECK_THROWS_WITH(hw::decode_image(cut, 0, 4), Catch::Contains("offset"));
  auto layer = hw::decode_image(p.image, 0, 1).front();
  layer.descriptor.step_count = 0;
  CHECK_THROWS_WITH(hw::decode_image(encode(layer.descriptor), 0, 1),
                    Catch::Contains("step_count must be >= 1"));
  const auto refused = [&](const auto& change, const char* text) {
    auto d = hw::decode_image(p.image, 0, 1).front().descriptor;
    change(d);
    CHECK_THROWS_WITH(hw::decode_descriptor(encode(d), 0, 7),
                      Catch::Contains("layer 7") && Catch::Contains(text));
  };
  using descriptor = hw::layer_descriptor;
  refused([](descriptor& d) { d.bus_bytes = 0; }, "log2 of bus_bytes must be 3..6");
  refused([](descriptor& d) { d.bus_bytes = 24; }, "bus_bytes without its highest bit must be 0");
  refused([](descriptor& d) { d.kernel_h = 0; }, "kernel_h must be 1..8, given 0");
  refused([](descriptor& d) { d.kernel_w = 9; }, "kernel_w must be 1..8, given 9");
  refused([](descriptor& d) { d.stride = 5; }, "stride must be 1..4, given 5");
  refused([](descriptor& d) { d.dilation = 0; }, "dilation must be 1..4, given 0");
  refused([](descriptor& d) { d.pad = 16; }, "pad must be 0..15, given 16");
  refused([](descriptor& d) { d.seg_x_log2 = 0; }, "seg_x_log2 must be 1..4, given 0");
  refused([](descriptor& d) { d.seg_y_log2 = 200; }, "seg_y_log2 must be 1..4, given 200");
  refused([](descriptor& d) { d.run_log2 = 5; }, "run_log2 must be 0..4, given 5");
  refused([](descriptor& d) { d.load_log2 = 4; }, "load_log2 must be 0..3, given 4");
  refused([](descriptor& d) { d.residual_signed = true; }, "residual signed without residual");
  refused([](descriptor& d) { d.res_w = 1; }, "a reserved byte");
  const auto residual = [&](const auto& change, const char* text) {
    refused(
        [&](descriptor& d) {
          d.residual = true;
          d.res_stride = d.res_shift = 1;
          d.res_multiplier = 1;
          d.res_w = 1;
          change(d);
        },
        text);
  };
  residual([](descriptor& d) { d.res_load_log2 = 4; }, "res_load_log2 must be 0..3, given 4");
  residual([](descriptor& d) { d.res_stride = 3; }, "res_stride must be 1..2, given 3");
  residual([](descriptor& d) { d.res_zero = 256; }, "res_zero must be -256..255, given 256");
  residual([](descriptor& d) { d.res_multiplier = 0; }, "res_multiplier must be 1..32767, given 0");
  residual([](descriptor& d) { d.res_shift = 32; }, "res_shift must be 1..31, given 32");
  residual([](descriptor& d) { d.res_w = 0; }, "res_w must be 1..65535, given 0");
  hw::step_record s;
  s.rows = 1;
  s.list_offset = static_cast<std::uint32_t>(p.image.size()) - 2;
  CHECK_THROWS_WITH(hw::decode_rows(p.image, layer.descriptor, s),
                    Catch::Contains("ends in row 0"));
  s.slots = 4000;
  s.fetch_offset = static_cast<std::uint32_t>(p.image.size());
  CHECK_THROWS_WITH(hw::decode_fetch_list(p.image, s), Catch::Contains("leaves the image"));
}

TEST_CASE("fields have the widths of the table") {
  CHECK(encode(hw::list_entry{4095, 4, false, true}) == 0xbfff);
  CHECK(encode(hw::list_entry{5, 2, false, false}) == 0x1005);
  CHECK(encode(hw::list_entry{0, 1, true, true}) == 0xc000);
  hw::step_record s;
  s.row_idx0 = -2;
  s.wait_stored = s.residual = true;
  s.weight_beats = 0x0304;
  s.plane_words = 0x0102;
  s.res_offset = 0x05060708;
  s.res_words = 0x090a;
  s.last_channels = 3;
  s.y_start = 0x2f;
  const auto bytes = encode(s);
  CHECK(bytes[46] == 0xfe);
  CHECK(bytes[47] == 0xff);
  CHECK(bytes[0] == 0b10100);
  CHECK(bytes[20] == 0x04);
  CHECK(bytes[23] == 0x01);
  CHECK(bytes[40] == 0x08);
  CHECK(bytes[49] == 0x09);
  CHECK(bytes[56] == 3);
  CHECK(bytes[57] == 0x2f);
  CHECK(bytes.size() == 64);
  hw::layer_descriptor d;
  d.residual = d.phase_zero = true;
  d.dilation = 4;
  d.res_load_log2 = 1;
  d.res_stride = 2;
  d.res_group_stride = 0x01020304;
  d.res_image_stride = 0x05060708;
  d.res_zero = -3;
  d.res_multiplier = 0x1234;
  d.res_shift = 31;
  d.res_w = 0x0a0b;
  d.in_groups = 0x0c0d;
  d.row_uops = 0x11121314;
  const auto layer = encode(d);
  const std::vector<std::uint8_t> tail{1,    2,    4,    3,    2,    1,    8,    7,    6,
                                       5,    0xfd, 0xff, 0x34, 0x12, 31,   0,    0x0b, 0x0a,
                                       0x0d, 0x0c, 0,    0,    0x14, 0x13, 0x12, 0x11, 0};
  CHECK(std::vector(layer.begin() + 78, layer.begin() + 78 + std::ssize(tail)) == tail);
  CHECK(layer[13] == 1);  // flags: residual 32, phase_zero 256
  CHECK(layer[12] == 32);
  CHECK(layer[19] == 4);
  CHECK(layer.size() == 128);
}

TEST_CASE("y_start is the first row inside its segment, and the row is found again") {
  hw::layer_descriptor d;
  for (d.stride = 1; d.stride <= 4; ++d.stride)
    for (d.seg_y_log2 = 0; d.seg_y_log2 <= 4; ++d.seg_y_log2)
      for (index_t y = 0; y < 300; ++y) {
        const index_t seg_y = index_t{1} << d.seg_y_log2;
        hw::step_record s;
        s.oy_first = static_cast<std::uint16_t>(96 * seg_y);
        s.row_idx0 = static_cast<std::int16_t>(96 - y / d.stride / seg_y);
        s.y_start = hw::y_start_of(y, d.stride, seg_y);
        REQUIRE(hw::first_input_row(d, s) == y);
        REQUIRE((s.y_start & 15) < seg_y);
        REQUIRE(s.y_start >> 4 < d.stride);
      }
}

TEST_CASE("the dump names layers, rows and slots") {
  const std::string text = hw::dump(hw::compile(swprune_test::demo_model(), {}, 2));
  CHECK_THAT(text, Catch::Contains("layer 1 (conv2)"));
  CHECK_THAT(text, Catch::Contains("kernel 5x5, stride 1, dilation 1, pad 2"));
  CHECK_THAT(text, Catch::Contains("row 15:"));
}

// Pinned: an image made today must run on an accelerator of tomorrow. docs/formats-example.md shows
// the same bytes. A planner that finds another schedule may change the sum (check the page's
// difference field by field); a field that moves needs a new version of the image.
TEST_CASE("the bytes of the worked example are pinned") {
  const hw::program p = swprune_test::example_program();
  const std::span<const std::uint8_t> image = p.image;
  CHECK(image.size() == 896);
  CHECK(p.act_bytes == 128 + 192);
  const auto hex = [&](std::size_t offset, std::size_t count) {
    std::string text;
    for (const std::uint8_t b : image.subspan(offset, count)) text += fmt::format("{:02x}", b);
    return text;
  };
  CHECK(hex(0, 16) ==
        "5357504c02008000020204081100"
        "0000");
  CHECK(hex(16, 16) ==
        "0202010101010100"
        "03000000"
        "0000ff00");
  CHECK(hw::crc32_of(image) == 0xfac44ad9);
}
