// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Verilated tops of sim/CMakeLists.txt with their parameters.

#include "tests/sim/verilated_top.hpp"
#include "tests/support/arrays.hpp"
#include "top_long/Vswp_top_long.h"
#include "top_small/Vswp_top_small.h"
#include "top_wide/Vswp_top_wide.h"

namespace swprune_test {

/// The small array.
class top_small final : public verilated_top<Vswp_top_small> {
 public:
  top_small() : verilated_top(small_array()) {}
};

/// The widest bus; read bursts so short that the small buffers need several at once.
class top_wide final : public verilated_top<Vswp_top_wide> {
 public:
  top_wide() : verilated_top(array(), {.rd_burst = 4}) {}

 private:
  static swprune::hw::array_params array() {
    auto a = small_array();
    a.pox = 8;
    a.bus_bytes = 64;
    return a;
  }
};

/// Writes of up to nine beats, longer than a burst; few bursts at once.
class top_long final : public verilated_top<Vswp_top_long> {
 public:
  top_long()
      : verilated_top(array(),
                      {.rd_burst = 4, .rd_outstanding = 2, .wr_burst = 4, .wr_outstanding = 3}) {}

 private:
  static swprune::hw::array_params array() {
    auto a = small_array();
    a.pox = 16;
    return a;
  }
};

}  // namespace swprune_test
