// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "swprune/hw/registers.hpp"

namespace swprune::inline v0::hw::golden {

/// How software uses a register (docs/registers.md).
enum class register_access : std::uint8_t { none, RO, RW, W1, W1C };

/// What hw/regs.def says of one address.
struct register_entry {
  register_access access = register_access::none;
  std::uint32_t reset = 0;
  std::uint32_t mask = 0;  ///< bits that belong to a field
};

/// Every address that a register can have, in words.
using register_table_type = std::array<register_entry, 64>;

[[nodiscard]] constexpr register_table_type make_register_table() {
  register_table_type table{};
#define SWPRUNE_REGISTER(name, offset, use, reset_value, text) \
  table[(offset) / 4] = {register_access::use, reset_value, 0};
#define SWPRUNE_REGISTER_FIELD(reg, name, lsb, bits, text) \
  table[regs::address::reg / 4].mask |=                    \
      static_cast<std::uint32_t>(regs::field::reg##_##name.put(~std::uint64_t{0}));
#include "swprune/hw/regs.def"
  return table;
}

inline constexpr register_table_type register_table = make_register_table();

}  // namespace swprune::inline v0::hw::golden
