// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "swprune/hw/golden/axi_constants.hpp"
#include "swprune/hw/top_device.hpp"

namespace swprune::inline v0::hw::golden {

/// A beat of a write burst. Bytes without a strobe are zero.
struct axi_beat {
  std::array<std::uint8_t, 64> data{};
  std::uint64_t strobes = 0;
};

/// Consecutive beats.
struct axi_burst {
  std::uint64_t address = 0;  ///< of the first one
  std::vector<axi_beat> beats;

  [[nodiscard]] bool empty() const { return beats.empty(); }
  /// Address of beat `i`; that behind the last one too.
  [[nodiscard]] std::uint64_t beat_address(std::size_t i, std::uint32_t bus_bytes) const {
    return (address + i * bus_bytes) & axi_address_mask;
  }
};

/// Sends a write burst: its address, then beat by beat (docs/accelerator.md section 13.2, S).
class axi_sender {
 public:
  explicit axi_sender(const array_params& a) : size_(axi_size(std::uint32_t(a.bus_bytes))) {}

  [[nodiscard]] bool idle() const { return state_ == state::idle; }

  /// End of a cycle in which it was idle.
  void send(axi_burst burst) {
    burst_ = std::move(burst);
    beat_ = 0;
    state_ = state::address;
  }

  void show(top_outputs& out) const {
    out.awvalid = state_ == state::address;
    out.awaddr = out.awvalid ? burst_.address : 0;
    out.awlen = out.awvalid ? static_cast<std::uint8_t>(burst_.beats.size() - 1) : std::uint8_t{0};
    out.awsize = size_;
    out.awburst = axi_burst_incr;
    out.awcache = axi_cache;
    out.awprot = axi_prot;
    out.wvalid = state_ == state::data;
    const axi_beat beat = out.wvalid ? burst_.beats[beat_] : axi_beat{};
    out.wdata = beat.data;
    out.wstrb = beat.strobes;
    out.wlast = out.wvalid && last();
  }

  void clock(const top_inputs& in) {
    if (state_ == state::address && in.awready) {
      state_ = state::data;
    } else if (state_ == state::data && in.wready) {
      if (last()) state_ = state::idle;
      ++beat_;
    }
  }

 private:
  enum class state : std::uint8_t { idle, address, data };

  [[nodiscard]] bool last() const { return beat_ + 1 == burst_.beats.size(); }

  std::uint8_t size_;
  state state_ = state::idle;
  axi_burst burst_;
  std::size_t beat_ = 0;
};

}  // namespace swprune::inline v0::hw::golden
