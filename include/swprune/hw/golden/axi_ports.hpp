// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace swprune::inline v0::hw::golden {

// The AXI ports of rtl/swp_top.sv, channel by channel. A payload is zero while its valid is low, so
// that comparison is plain equality.

/// AR or AW as the accelerator drives it; size, burst, cache and prot are constants.
struct axi_burst_address {
  bool valid = false;
  std::uint64_t address = 0;  ///< 40 bits
  std::uint8_t length = 0;    ///< beats - 1
  std::uint8_t size = 0;      ///< log2 of the bytes of a beat
  std::uint8_t burst = 1;     ///< INCR
  std::uint8_t cache = 3;     ///< normal, not cacheable, bufferable
  std::uint8_t prot = 0;

  friend bool operator==(const axi_burst_address&, const axi_burst_address&) = default;
};

/// Data and strobes of one beat; bytes without a strobe are zero.
struct axi_beat {
  std::array<std::uint8_t, 64> data{};
  std::uint64_t strobes = 0;

  friend bool operator==(const axi_beat&, const axi_beat&) = default;
};

/// What the memory gives on AR and R.
struct axi_read_inputs {
  bool ar_ready = false;
  bool r_valid = false;
  std::array<std::uint8_t, 64> r_data{};
  std::uint8_t r_response = 0;
  bool r_last = false;
};

/// What the memory gives on AW, W and B.
struct axi_write_inputs {
  bool aw_ready = false;
  bool w_ready = false;
  bool b_valid = false;
  std::uint8_t b_response = 0;
};

/// W and bready as the accelerator drives them.
struct axi_write_data {
  bool valid = false;
  axi_beat beat;
  bool last = false;
  bool b_ready = true;

  friend bool operator==(const axi_write_data&, const axi_write_data&) = default;
};

/// What the driver gives on AXI4-Lite.
struct axil_inputs {
  bool aw_valid = false;
  std::uint8_t aw_address = 0;
  bool w_valid = false;
  std::uint32_t w_data = 0;
  std::uint8_t w_strobes = 0;
  bool b_ready = false;
  bool ar_valid = false;
  std::uint8_t ar_address = 0;
  bool r_ready = false;
};

/// What the registers answer on AXI4-Lite; responses are always OKAY.
struct axil_outputs {
  bool aw_ready = false;
  bool w_ready = false;
  bool b_valid = false;
  bool ar_ready = false;
  bool r_valid = false;
  std::uint32_t r_data = 0;

  friend bool operator==(const axil_outputs&, const axil_outputs&) = default;
};

}  // namespace swprune::inline v0::hw::golden
