// SPDX-License-Identifier: Apache-2.0
// What the compiler refuses, and in which words.
#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/cycles.hpp"
#include "swprune/hw/functional.hpp"
#include "tests/hw/compile_models.hpp"

using namespace swprune;

namespace {

quant::int8_model one_layer(const swprune_test::demo_layer& d) {
  rng r(3);
  quant::int8_model m;
  m.input = d.input;
  m.layers.push_back(swprune_test::lattice_layer(d, r));
  return m;
}

quant::int8_model small() { return one_layer({"conv", {8, 8, 8}, 16, 3, 1, false, 2}); }

/// The text of the error that `call` throws; empty if none.
std::string error_of(const std::function<void()>& call, errc code) {
  try {
    call();
  } catch (const error& e) {
    CHECK(e.id() == static_cast<int>(code));
    return e.what();
  }
  return {};
}

std::string compile_error(const quant::int8_model& m, const hw::array_params& a, errc code,
                          const hw::compile_params& p = {}) {
  return error_of([&] { (void)hw::compile(m, a, 2, p); }, code);
}

}  // namespace

TEST_CASE("a layer that does not fit says what it needs and what there is") {
  CHECK_THAT(compile_error(small(), {.wgt_depth = 64}, errc::layer_does_not_fit),
             Catch::Contains("layer 'conv'") && Catch::Contains("needs 72 weight words") &&
                 Catch::Contains("half a buffer has 64"));
  // 4 x 8 banks, rows of 64 pixels: 8 words and 2 bank rows for 3 input rows, 4 input groups.
  const auto wide = one_layer({"wide", {16, 64, 64}, 8, 3, 1, false, 4});
  CHECK_THAT(compile_error(wide, {.act_depth = 32}, errc::layer_does_not_fit),
             Catch::Contains("layer 'wide'") && Catch::Contains("reads 4 input groups") &&
                 Catch::Contains("half an activation buffer has 32 (ActDepth)"));
  CHECK_THAT(compile_error(small(), {.pof = 4}, errc::layer_does_not_fit),
             Catch::Contains("8x4 blocks") && Catch::Contains("needs 4x4"));
}

TEST_CASE("what the accelerator cannot do is refused") {
  const auto pooled = one_layer({"pooled", {4, 8, 8}, 8, 3, 1, true, 1});
  CHECK_THAT(compile_error(pooled, {.pool = false}, errc::layer_does_not_fit),
             Catch::Contains("PoolEn = 0"));
  CHECK_THAT(
      compile_error(pooled, {}, errc::layer_does_not_fit, {.input = hw::layout::interleaved}),
      Catch::Contains("interleaved input needs stride 1, no pooling"));
}

TEST_CASE("a residual must go by output groups and fit its buffer") {
  auto m = small();
  m.layers[0].residual =
      quant::residual_add{.reads = {"input", 0}, .input = {8, 8, 8}, .first_channel = 4};
  CHECK_THAT(compile_error(m, {}, errc::layer_does_not_fit),
             Catch::Contains("whole groups of 8 output channels, given 4..11"));
  m.layers[0].residual->first_channel = 8;
  CHECK_NOTHROW(hw::compile(m, {}, 2));
  CHECK_THAT(compile_error(m, {.res_depth = 0}, errc::layer_does_not_fit),
             Catch::Contains("ResDepth = 0"));
  auto wide = one_layer({"wide", {8, 4, 64}, 8, 3, 1, false, 2});
  wide.layers[0].residual = quant::residual_add{.reads = {"input", 0}, .input = {8, 4, 64}};
  CHECK_THAT(compile_error(wide, {.res_depth = 4}, errc::layer_does_not_fit),
             Catch::Contains("needs 8 passes for a row of sub-tiles, half a buffer has 4"));
  CHECK_THAT(compile_error(m, {.res_depth = 3}, errc::array_parameter),
             Catch::Contains("ResDepth must be 0 or a power of two >= 2, given 3"));
  m.layers[0].kernel_height = m.layers[0].kernel_width = 1;
  m.layers[0].weights.resize(m.layers[0].weights.size() / 9);
  m.layers[0].padding = 0;
  CHECK_THAT(compile_error(m, {}, errc::layer_does_not_fit, {.input = hw::layout::interleaved}),
             Catch::Contains("a residual must be planar"));
}

TEST_CASE("wrong arguments are refused") {
  CHECK_THAT(compile_error(small(), {.pof = 5}, errc::array_parameter), Catch::Contains("Pof"));
  CHECK_THAT(error_of([] { (void)hw::compile(small(), {}, 0); }, errc::argument_out_of_range),
             Catch::Contains("images >= 1, given 0"));
  CHECK_THAT(compile_error(small(), {}, errc::argument_out_of_range, {.plan = {.seg_x = 3}}),
             Catch::Contains("powers of two up to 4 x 8, given 0 x 3"));
  CHECK_THAT(compile_error(small(), {}, errc::argument_out_of_range, {.plan = {.max_rows = -1}}),
             Catch::Contains("must be >= 0, given -1"));
  CHECK_THAT(compile_error(small(), {}, errc::argument_out_of_range,
                           {.plan = {.chunk_outer = false, .tile_outer = false}}),
             Catch::Contains("one loop order must be allowed"));
  const hw::program p = hw::compile(small(), {}, 2);
  CHECK_THROWS_WITH(p.output_of(1), Catch::Contains("must be 0..0, given 1"));
  CHECK_THROWS_WITH(hw::predict({.skip = false}, p.image, 0, 1), Catch::Contains("skip true"));
}

TEST_CASE("the planner keeps to what it is told") {
  const auto m = one_layer({"conv", {8, 24, 24}, 32, 3, 1, false, 2});
  const auto steps = [&](const hw::plan_params& plan) {
    const auto p = hw::compile(m, {}, 2, {.plan = plan});
    return hw::decode_image(p.image, 0, 1).front();
  };
  for (const auto& s : steps({.max_rows = 1}).steps) CHECK(s.rows == 1);
  for (const auto& s : steps({.max_strip = 2}).steps) CHECK(s.sub_rows <= 2);
  const auto segments = steps({.seg_y = 2, .seg_x = 4}).descriptor;
  CHECK(segments.seg_y_log2 == 1);
  CHECK(segments.seg_x_log2 == 2);
  for (const auto& s : steps({.max_rows = 2, .chunk_outer = false}).steps) CHECK(s.slots == 2);
}

TEST_CASE("models that contradict themselves are refused") {
  const auto broken = [](const std::function<void(quant::int8_layer&)>& change, errc code) {
    auto m = small();
    change(m.layers[0]);
    return error_of([&] { (void)hw::run_functional(m, {}); }, code);
  };
  using layer = quant::int8_layer;
  const auto bad = errc::quant_parameter;
  CHECK_THAT(broken([](layer& l) { l.weights.pop_back(); }, bad),
             Catch::Contains("weights needed"));
  CHECK_THAT(broken([](layer& l) { l.weights[0] = -128; }, bad), Catch::Contains("-127..127"));
  CHECK_THAT(broken([](layer& l) { l.bias.push_back(0); }, bad), Catch::Contains("16 biases"));
  CHECK_THAT(broken([](layer& l) { l.multiplier[3] = 0; }, bad), Catch::Contains(">= 1"));
  CHECK_THAT(broken([](layer& l) { l.shift[3] = 48; }, bad), Catch::Contains("1..47, given 48"));
  CHECK_THAT(broken([](layer& l) { l.shift[3] = 0; }, bad), Catch::Contains("1..47, given 0"));
  CHECK_THAT(broken([](layer& l) { l.kernel_height = 9; }, bad), Catch::Contains("1..8, given 9"));
  CHECK_THAT(broken([](layer& l) { l.padding = 16; }, bad), Catch::Contains("0..15, given 16"));
  CHECK_THAT(broken([](layer& l) { l.dilation = 5; }, bad), Catch::Contains("1..4, given 5"));
  CHECK_THAT(broken([](layer& l) { l.groups = 3; }, bad), Catch::Contains("given 3"));
  CHECK_THAT(broken([](layer& l) { l.groups = 2; }, errc::mask_shape),
             Catch::Contains("different ones of the 2 groups"));
  CHECK_THAT(broken([](layer& l) { l.stride = 0; }, bad), Catch::Contains("1..4, given 0"));
  CHECK_THAT(broken([](layer& l) { l.input_zero = 256; }, bad),
             Catch::Contains("0..255, given 256"));
  CHECK_THAT(broken([](layer& l) { l.output_zero = -1; }, bad), Catch::Contains("given -1"));
  CHECK_THAT(broken([](layer& l) { l.clamp_lo = 9, l.clamp_hi = 8; }, bad),
             Catch::Contains("given 9 and 8"));
  CHECK_THAT(broken([](layer& l) { l.output.height = 7; }, errc::layer_shape),
             Catch::Contains("8 x 8"));
  CHECK_THAT(broken([](layer& l) { l.blocks = mask::block_mask(3, 2); }, errc::mask_shape),
             Catch::Contains("2x2 mask, given 3x2"));
  CHECK_THAT(broken([](layer& l) { l.input_signed = true; }, errc::network_shape),
             Catch::Contains("takes 8 x 8 x 8 s8"));
  auto empty = small();
  empty.layers.clear();
  CHECK_THAT(error_of([&] { (void)hw::run_functional(empty, {}); }, errc::network_shape),
             Catch::Contains("at least one layer"));
  CHECK_THAT(error_of([] { (void)hw::run_functional(small(), std::vector<std::uint8_t>(5)); },
                      errc::layer_shape),
             Catch::Contains("multiple of 512 bytes"));
}

TEST_CASE("tensors that do not go together are refused") {
  const auto two = [] {
    auto m = small();
    auto second = m.layers[0];
    second.name = "second";
    second.reads.tensor = "input";
    m.layers.push_back(second);
    return m;
  };
  CHECK_NOTHROW(quant::check(two()));
  const auto broken = [&](const std::function<void(quant::int8_layer&)>& change,
                          errc code = errc::network_shape) {
    auto m = two();
    change(m.layers[1]);
    return error_of([&] { quant::check(m); }, code);
  };
  using layer = quant::int8_layer;
  CHECK_THAT(broken([](layer& l) { l.reads.tensor = "nobody"; }), Catch::Contains("'nobody'"));
  CHECK_THAT(broken([](layer& l) { l.reads.tensor = ""; }), Catch::Contains("the layer before"));
  CHECK_THAT(broken([](layer& l) { l.reads.first_channel = 4; }), Catch::Contains("channel 8"));
  CHECK_THAT(broken([](layer& l) { l.name = "conv"; }), Catch::Contains("one of that name"));
  CHECK_THAT(broken([](layer& l) {
               l.writes = {"conv", 8};
             }),
             Catch::Contains("8..23") && Catch::Contains("0..15"));
  CHECK_THAT(broken([](layer& l) { l.writes = {"conv", 18}; }), Catch::Contains("multiple of 4"));
  CHECK_THAT(broken([](layer& l) { l.writes = {"input", 8}; }), Catch::Contains("model's input"));
  CHECK_NOTHROW(broken([](layer& l) { l.writes = {"conv", 16}; }));
  CHECK_THAT(broken([](layer& l) {
               l.writes = {"conv", 16}, l.output_zero = 1;
             }),
             Catch::Contains("other parts"));
  const quant::residual_add add{.reads = {"conv", 0}, .input = {16, 8, 8}};
  CHECK_NOTHROW(broken([&](layer& l) { l.residual = add; }));
  CHECK_THAT(broken([&](layer& l) { l.residual = add, l.residual->zero = 3; }),
             Catch::Contains("with zero 3"));
  CHECK_THAT(broken([&](layer& l) { l.residual = add, l.residual->reads.tensor = ""; }),
             Catch::Contains("needs a name"));
  CHECK_THAT(
      broken([&](layer& l) { l.residual = add, l.residual->shift = 32; }, errc::quant_parameter),
      Catch::Contains("1..31, given 32"));
  CHECK_THAT(broken([&](layer& l) { l.residual = add, l.residual->stride = 2; }, errc::layer_shape),
             Catch::Contains("does not fit the 16 x 8 x 8 map"));
}

TEST_CASE("padding channels of the last group must not carry weights") {
  auto m = one_layer({"conv", {4, 4, 4}, 10, 1, 0, false, 1});
  REQUIRE(m.layers[0].weights[(1 * 4 + 0) * 8 + 7] == 0);
  m.layers[0].weights[(1 * 4 + 0) * 8 + 7] = 5;
  CHECK_THAT(error_of([&] { quant::check(m); }, errc::quant_parameter),
             Catch::Contains("channels beyond 10 must be 0, given 5"));
}

TEST_CASE("an accumulator that could overflow is an error, one that just fits is not") {
  // 127 * 255 = 32385 a weight: 66311 of them reach 2147481735, one more 2147514120 > 2^31 - 1.
  const auto with_channels = [](index_t channels) {
    quant::int8_model m;
    m.input = {channels, 1, 1};
    quant::int8_layer l;
    l.name = "fc";
    l.input = m.input;
    l.output = {8, 1, 1};
    l.block = {8, 4};
    l.blocks = mask::block_mask::dense(1, ceil_div(channels, 4));
    l.weights.assign(static_cast<std::size_t>(channels * 8), 0);
    for (std::size_t i = 0; i < l.weights.size(); i += 8) l.weights[i + 2] = 127;
    l.bias.assign(8, 0);
    l.multiplier.assign(8, 1);
    l.shift.assign(8, 1);
    m.layers.push_back(l);
    return m;
  };
  CHECK_NOTHROW(quant::check(with_channels(66311)));
  CHECK_THAT(error_of([&] { quant::check(with_channels(66312)); }, errc::quant_parameter),
             Catch::Contains("output channel 2 can reach 0..2147514120"));
}

TEST_CASE("more images than the activation region holds are refused before they are planned") {
  // 512 bytes for the input and 1,024 for the output of an image.
  const auto message = [](index_t images) {
    return error_of([&] { (void)hw::compile(small(), {}, images); }, errc::layer_does_not_fit);
  };
  for (const index_t images : {index_t{2'796'203}, std::numeric_limits<index_t>::max()})
    CHECK_THAT(message(images), Catch::Contains("take 1536 bytes") &&
                                    Catch::Contains("images <= 2796202") &&
                                    Catch::Contains(fmt::format("given {}", images)));
}

TEST_CASE("a tensor ends where offsets of 32 bits still reach") {
  const auto placed = [](std::uint64_t before) {
    hw::program p;
    p.images = 3;
    p.act_bytes = before;
    return error_of(
        [&] {
          hw::detail::place(p, "maps", hw::layout::planar, {4, 3, 3}, false);
        },
        errc::layer_does_not_fit);
  };
  const std::uint64_t region = std::uint64_t{1} << 32;
  CHECK(placed(region - 3 * 64).empty());
  CHECK_THAT(placed(region - 2 * 64), Catch::Contains("tensor 'maps' ends at byte 4294967360") &&
                                          Catch::Contains("fewer images than 3"));
}
