// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "swprune/hw/device.hpp"
#include "swprune/hw/golden/axi_constants.hpp"
#include "swprune/hw/top_device.hpp"

namespace swprune::inline v0::hw::golden {

/// Read front: cuts the core's requests into AXI4 bursts (docs/accelerator.md section 13.1).
/// The data goes past it.
class axi_read {
 public:
  axi_read(const array_params& a, const axi_params& p)
      : bus_(static_cast<std::uint32_t>(a.bus_bytes)),
        most_beats_(static_cast<std::uint32_t>(p.rd_burst)),
        most_open_(static_cast<std::uint32_t>(p.rd_outstanding)) {}

  /// rd_req_ready_i of the core.
  [[nodiscard]] bool request_ready() const { return can() && left_ == 0; }
  /// No burst is open or still to come.
  [[nodiscard]] bool idle() const { return left_ == 0 && !valid_ && open_ == 0; }

  void show(top_outputs& out) const {
    out.arvalid = valid_;
    out.araddr = valid_ ? address_ : 0;
    out.arlen = valid_ ? length_ : std::uint8_t{0};
    out.arsize = axi_size(bus_);
    out.arburst = axi_burst_incr;
    out.arcache = axi_cache;
    out.arprot = axi_prot;
  }

  void clock(const top_inputs& in, const core_outputs& core) {
    const bool forms = can() && (left_ > 0 || core.rd_req_valid);
    if (in.rvalid && core.rd_ready && in.rlast) --open_;
    if (in.arready) valid_ = false;
    if (!forms) return;
    if (left_ > 0)
      form(next_, left_);
    else
      form(core.rd_req_addr, core.rd_req_beats);
  }

 private:
  [[nodiscard]] bool can() const { return !valid_ && open_ < most_open_; }

  /// A burst of the `beats` from `address` on: as many as it may have.
  void form(std::uint64_t address, std::uint32_t beats) {
    const auto to_page_end = static_cast<std::uint32_t>((axi_page - address % axi_page) / bus_);
    const std::uint32_t n = std::min({beats, most_beats_, to_page_end});
    valid_ = true;
    address_ = address;
    length_ = static_cast<std::uint8_t>(n - 1);
    next_ = (address + std::uint64_t{n} * bus_) & axi_address_mask;
    left_ = beats - n;
    ++open_;
  }

  std::uint32_t bus_, most_beats_, most_open_;
  std::uint32_t left_ = 0;  ///< beats of the request that no burst has
  std::uint64_t next_ = 0;  ///< address of the first of them
  bool valid_ = false;      ///< a burst is offered
  std::uint64_t address_ = 0;
  std::uint8_t length_ = 0;
  std::uint32_t open_ = 0;  ///< bursts without their last beat, the offered one included
};

}  // namespace swprune::inline v0::hw::golden
