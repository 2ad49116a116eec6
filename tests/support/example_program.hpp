// SPDX-License-Identifier: Apache-2.0
#pragma once

// The worked example of docs/formats-example.md: small enough to be read byte by byte, with a
// partial last input and output group, an empty row, padding and pooling.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "swprune/hw/array_params.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/quant/int8_model.hpp"

namespace swprune_test {

using swprune::index_t;

inline constexpr swprune::hw::array_params example_array{
    .poy = 2, .pox = 2, .pof = 4, .chains = 1, .bus_bytes = 8};

/// 6 -> 10 channels, 2 x 2 kernel, padding 1, on 3 x 3 pixels, pooled to 2 x 2. Rows: blocks 0 and
/// 1; none; block 1. All numbers follow from their index.
inline swprune::quant::int8_model example_model() {
  swprune::quant::int8_layer l;
  l.name = "conv";
  l.input = {6, 3, 3};
  l.output = {10, 2, 2};
  l.kernel_height = 2;
  l.kernel_width = 2;
  l.padding = 1;
  l.pool = true;
  l.input_zero = 3;
  l.block = {.outputs = 4, .inputs = 4};
  l.blocks = swprune::mask::block_mask(3, 2);
  l.blocks.set(0, 0);
  l.blocks.set(0, 1);
  l.blocks.set(2, 1);
  for (int i = 0; i < (6 + 2) * 4 * 4; ++i) {
    const bool padding_channel = i >= 6 * 4 * 4 && i % 4 >= 2;  // row 2 has channels 8 and 9
    l.weights.push_back(padding_channel ? std::int8_t{0}
                                        : static_cast<std::int8_t>(i * 11 % 255 - 127));
  }
  for (int c = 0; c < 10; ++c) {
    l.bias.push_back(1000 * c - 3000);
    l.multiplier.push_back(static_cast<std::int16_t>(16384 + 100 * c));
    l.shift.push_back(static_cast<std::uint8_t>(20 + c % 2));
  }
  swprune::quant::int8_model m;
  m.input = l.input;
  m.input_zero = l.input_zero;
  m.layers.push_back(l);
  return m;
}

/// One image, byte i is (29 i + 5) mod 256.
inline std::vector<std::uint8_t> example_input() {
  std::vector<std::uint8_t> bytes;
  for (unsigned i = 0; i < 6 * 3 * 3; ++i)
    bytes.push_back(static_cast<std::uint8_t>((29 * i + 5) % 256));
  return bytes;
}

inline swprune::hw::program example_program() {
  return swprune::hw::compile(example_model(), example_array, 1);
}

}  // namespace swprune_test
