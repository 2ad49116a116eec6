// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

/// What is the same in every burst of the memory's port (docs/accelerator.md section 13.1).
namespace swprune::inline v0::hw::golden {

inline constexpr std::uint64_t axi_page = 4096;  ///< bytes; no burst crosses a border
inline constexpr std::uint64_t axi_address_mask = (std::uint64_t{1} << 40) - 1;
inline constexpr std::uint8_t axi_burst_incr = 1;
inline constexpr std::uint8_t axi_cache = 3;  ///< modifiable, bufferable
inline constexpr std::uint8_t axi_prot = 0;

/// log2 of the bytes of a beat.
[[nodiscard]] constexpr std::uint8_t axi_size(std::uint32_t bus_bytes) {
  return static_cast<std::uint8_t>(std::countr_zero(bus_bytes));
}

}  // namespace swprune::inline v0::hw::golden
