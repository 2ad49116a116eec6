// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "swprune/core/types.hpp"
#include "swprune/hw/device.hpp"
#include "swprune/hw/golden/axi_ports.hpp"

namespace swprune::inline v0::hw::golden {

/// Cuts the core's read requests into AXI4 bursts (docs/accelerator-v2.md section 8.1). Beats go
/// to the core as they come: rready is its rd_ready.
class axi_read {
 public:
  axi_read(index_t bus_bytes, index_t burst, index_t outstanding)
      : bus_(static_cast<std::uint64_t>(bus_bytes)),
        burst_(static_cast<std::uint64_t>(burst)),
        outstanding_(static_cast<std::uint32_t>(outstanding)) {
    address_.size = static_cast<std::uint8_t>(std::countr_zero(bus_));
  }

  [[nodiscard]] bool request_ready() const { return can_form() && left_ == 0; }
  [[nodiscard]] bool idle() const { return left_ == 0 && !address_.valid && open_ == 0; }
  [[nodiscard]] const axi_burst_address& address() const { return address_; }
  /// Bursts without their last beat.
  [[nodiscard]] std::uint32_t open() const { return open_; }

  /// End of a cycle in which the core shows `core`.
  void clock(const axi_read_inputs& in, const core_outputs& core) {
    const bool ended = in.r_valid && core.rd_ready && in.r_last;
    const bool forms = can_form() && (left_ > 0 || core.rd_req_valid);
    if (address_.valid && in.ar_ready) drop_address();
    if (forms && left_ > 0)
      form(next_, left_);
    else if (forms)
      form(core.rd_req_addr, core.rd_req_beats);
    open_ = open_ + forms - ended;
  }

 private:
  [[nodiscard]] bool can_form() const { return !address_.valid && open_ < outstanding_; }

  /// The first burst of `beats` beats from `from` on: no longer than a burst, within 4 KiB.
  void form(std::uint64_t from, std::uint64_t beats) {
    const std::uint64_t n = std::min({beats, burst_, (4096 - from % 4096) / bus_});
    address_.valid = true;
    address_.address = from;
    address_.length = static_cast<std::uint8_t>(n - 1);
    next_ = (from + n * bus_) & address_mask;
    left_ = beats - n;
  }

  void drop_address() {
    address_.valid = false;
    address_.address = 0;
    address_.length = 0;
  }

  static constexpr std::uint64_t address_mask = (std::uint64_t{1} << 40) - 1;

  std::uint64_t bus_;
  std::uint64_t burst_;
  std::uint32_t outstanding_;
  axi_burst_address address_;
  std::uint64_t next_ = 0;
  std::uint64_t left_ = 0;
  std::uint32_t open_ = 0;
};

}  // namespace swprune::inline v0::hw::golden
