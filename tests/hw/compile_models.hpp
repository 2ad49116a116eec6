// SPDX-License-Identifier: Apache-2.0
#pragma once

// Arrays, models and schedules for the tests of compiler and closed form.

#include <cstdint>
#include <string>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/hw/array_params.hpp"
#include "swprune/hw/compile.hpp"
#include "swprune/quant/check_model.hpp"
#include "swprune/quant/int8_model.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/random_layer.hpp"

namespace swprune_test {

/// The arrays of the design page, most with buffers so small that layers must be tiled.
inline std::vector<swprune::hw::array_params> test_arrays() {
  return {
      {},
      {.skip = false},
      {.act_depth = 128, .wgt_depth = 512, .list_depth = 32, .param_depth = 2},
      {.poy = 8, .pox = 8, .pof = 4, .chains = 4, .bus_bytes = 16, .act_depth = 256},
      {.poy = 4, .pox = 4, .pof = 16, .chains = 1, .bus_bytes = 64, .act_depth = 512},
      {.poy = 2, .pox = 2, .pof = 4, .chains = 1, .bus_bytes = 8, .param_depth = 4},
      {.poy = 1, .pox = 1, .pof = 4, .chains = 1, .bus_bytes = 8, .act_depth = 4096, .pool = false},
      {.poy = 2, .pox = 4, .pof = 4, .chains = 4, .bus_bytes = 32, .wgt_depth = 1024},
      swprune_test::single_array(),
  };
}

/// Mostly the planner's own choice, else one that it would not make.
inline swprune::hw::compile_params random_params(const swprune::hw::array_params& a,
                                                 swprune::rng& r) {
  const auto number = [&](index_t n) { return static_cast<index_t>(r.below(std::uint64_t(n))); };
  swprune::hw::compile_params p;
  if (r.bernoulli(0.5)) return p;
  if (r.bernoulli(0.2)) p.input = swprune::hw::layout::interleaved;
  if (r.bernoulli(0.3)) p.plan.max_rows = 1 + number(3);
  if (r.bernoulli(0.3)) p.plan.max_strip = 1 + number(3);
  if (r.bernoulli(0.3)) p.plan.seg_y = number(2) == 0 ? a.poy : 1 + (a.poy > 1);
  if (r.bernoulli(0.3)) p.plan.seg_x = number(2) == 0 ? a.pox : 1 + (a.pox > 1);
  const index_t order = number(3);
  p.plan.chunk_outer = order != 1;
  p.plan.tile_outer = order != 2;
  return p;
}

/// Row degrees of a layer of the demonstration network.
struct demo_layer {
  std::string name;
  swprune::map_shape input;
  index_t outputs;
  index_t kernel;
  index_t padding;
  bool pool;
  double degree;  ///< blocks a row on average
};

/// Random weights; row j has the blocks of a ring lattice with the given mean degree.
inline swprune::quant::int8_layer lattice_layer(const demo_layer& d, swprune::rng& r) {
  swprune::quant::int8_layer l;
  l.name = d.name;
  l.input = d.input;
  l.kernel_height = l.kernel_width = d.kernel;
  l.padding = d.padding;
  l.pool = d.pool;
  l.block = {.outputs = 8, .inputs = 4};
  const index_t shrink = d.pool ? 2 : 1;
  l.output = {d.outputs, l.conv_height() / shrink, l.conv_width() / shrink};
  const index_t rows = swprune::ceil_div(d.outputs, 8);
  const index_t columns = swprune::ceil_div(d.input.channels, 4);
  l.blocks = swprune::mask::block_mask(rows, columns);
  for (index_t j = 0; j < rows; ++j) {
    const auto upto = [&](index_t n) { return static_cast<index_t>(d.degree * double(n)); };
    for (index_t i = 0; i < upto(j + 1) - upto(j); ++i)
      l.blocks.set(j, (j * columns / rows + i) % columns);
  }
  detail::draw_weights(l, false, r);
  for (index_t c = 0; c < d.outputs; ++c) {
    l.bias.push_back(static_cast<std::int32_t>(r.below(2000)) - 1000);
    l.multiplier.push_back(20000);
    l.shift.push_back(24);
  }
  return l;
}

/// The demonstration network on 28 x 28 images: conv2 with 2 of 8 blocks in a row, fc1 with 3.75 of
/// 16 on average, first and last layer dense.
inline swprune::quant::int8_model demo_model() {
  swprune::rng r(1);
  swprune::quant::int8_model m;
  m.input = {1, 28, 28};
  for (const demo_layer& d : std::vector<demo_layer>{{"conv1", {1, 28, 28}, 32, 5, 2, true, 1},
                                                     {"conv2", {32, 14, 14}, 64, 5, 2, true, 2},
                                                     {"fc1", {64, 7, 7}, 128, 7, 0, false, 3.75},
                                                     {"fc2", {128, 1, 1}, 10, 1, 0, false, 32}})
    m.layers.push_back(lattice_layer(d, r));
  return m;
}

}  // namespace swprune_test
