// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "swprune/quant/evaluate.hpp"

using namespace swprune;

namespace {

quant::int8_model with_output(index_t classes, bool is_signed) {
  quant::int8_model m;
  m.output_scale = 0.5;
  quant::int8_layer l;
  l.output = {classes, 1, 1};
  l.output_signed = is_signed;
  l.output_zero = 3;
  m.layers.push_back(l);
  return m;
}

}  // namespace

TEST_CASE("input bytes are rounded and saturated") {
  auto m = with_output(1, false);
  m.input_scale = 1.0 / 255;
  const std::vector<float> values{0.0f, 1.0f, 0.5f, -0.3f, 7.0f, 100.4f / 255, 100.6f / 255};
  CHECK(quant::quantize_input(m, std::span<const float>(values)) ==
        std::vector<std::uint8_t>{0, 255, 128, 0, 255, 100, 101});
  m.input_signed = true;
  m.input_zero = -10;
  m.input_scale = 0.25;
  const std::vector<double> reals{0.0, 1.0, -29.5, -1000.0, 1000.0};
  CHECK(quant::quantize_input(m, std::span<const double>(reals)) ==
        std::vector<std::uint8_t>{0xf6, 0xfa, 0x80, 0x80, 0x7f});
  const std::vector<double> broken{0.0, std::nan("")};
  CHECK_THROWS_WITH(quant::quantize_input(m, std::span<const double>(broken)),
                    Catch::Contains("input value 1 is not a number"));
}

TEST_CASE("every pixel of a byte image keeps its byte") {
  const auto m = [] {
    auto model = with_output(1, false);
    model.input_scale = 1.0 / 255;
    return model;
  }();
  for (int p = 0; p < 256; ++p) {
    const std::vector<float> value{static_cast<float>(p) * (1.0f / 255.0f)};
    REQUIRE(quant::quantize_input(m, std::span<const float>(value))[0] == p);
  }
}

TEST_CASE("outputs become real numbers, signed or not") {
  const std::vector<std::uint8_t> bytes{3, 0x80, 0xff};
  CHECK(quant::dequantize_output(with_output(3, false), bytes) ==
        std::vector<double>{0.0, 62.5, 126.0});
  CHECK(quant::dequantize_output(with_output(3, true), bytes) ==
        std::vector<double>{0.0, -65.5, -2.0});
}

TEST_CASE("classes: greatest output with its sign, the first of equals") {
  const std::vector<std::uint8_t> bytes{1, 0x80, 2, 5, 5, 4, 0xff, 0xfe, 0xfd};
  CHECK(quant::classes_of(with_output(3, true), bytes) == std::vector<index_t>{2, 0, 0});
  CHECK(quant::classes_of(with_output(3, false), bytes) == std::vector<index_t>{1, 0, 0});
  const std::vector<std::uint8_t> labels{2, 0, 1};
  CHECK(quant::accuracy(with_output(3, true), bytes, labels) == Approx(2.0 / 3));
  CHECK(quant::accuracy(with_output(3, true), {}, std::vector<int>{}) == 0.0);
}

TEST_CASE("outputs and labels that do not fit are refused") {
  const std::vector<std::uint8_t> bytes(7);
  CHECK_THROWS_WITH(quant::classes_of(with_output(3, true), bytes),
                    Catch::Contains("multiple of 3 bytes, given 7"));
  const std::vector<std::uint8_t> two(6);
  CHECK_THROWS_WITH(quant::accuracy(with_output(3, true), two, std::vector<int>{1}),
                    Catch::Contains("2 images need as many labels, given 1"));
}
