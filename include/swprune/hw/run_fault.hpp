// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "swprune/hw/register_bus.hpp"
#include "swprune/hw/registers.hpp"

namespace swprune::inline v0::hw {

/// The sentence of an error code of docs/registers.md; "unknown error code" for another one.
[[nodiscard]] constexpr std::string_view text_of(regs::run_error code) {
  switch (code) {
#define SWPRUNE_RUN_ERROR(name, code, text) \
  case regs::run_error::name:               \
    return text;
#include "swprune/hw/regs.def"
  }
  return "unknown error code";
}

/// The rule that a detail of layer_field and step_field names; empty for other codes.
[[nodiscard]] constexpr std::string_view rule_text(regs::run_error code, unsigned detail) {
  if (code == regs::run_error::layer_field) switch (detail) {
#define SWPRUNE_LAYER_RULE(number, text) \
  case number:                           \
    return text;
#include "swprune/hw/regs.def"
      default:
        return "unknown rule";
    }
  if (code == regs::run_error::step_field) switch (detail) {
#define SWPRUNE_STEP_RULE(number, text) \
  case number:                          \
    return text;
#include "swprune/hw/regs.def"
      default:
        return "unknown rule";
    }
  return {};
}

/// Why a run failed: the registers ERROR and ERROR_ADDR. All 0 after a good run.
struct run_fault {
  regs::run_error code = regs::run_error::none;
  std::uint8_t detail = 0;    ///< the rule that a record breaks
  std::uint64_t address = 0;  ///< of the record, or of the beat that could not be read

  friend bool operator==(const run_fault&, const run_fault&) = default;

  /// One line: code, sentence, rule and address.
  [[nodiscard]] std::string text() const {
    std::string line = fmt::format("error {}: {}", static_cast<int>(code), text_of(code));
    if (detail != 0) line += fmt::format("; rule {}: {}", detail, rule_text(code, detail));
    if (address != 0) line += fmt::format("; at {:#x}", address);
    return line;
  }
};

/// Reads what the last run failed with.
[[nodiscard]] inline run_fault read_fault(register_bus& bus) {
  const std::uint32_t error = bus.read(regs::address::error);
  const std::uint64_t high = bus.read(regs::address::error_addr_hi);
  return {.code = static_cast<regs::run_error>(regs::field::error_code.get(error)),
          .detail = static_cast<std::uint8_t>(regs::field::error_detail.get(error)),
          .address = high << 32 | bus.read(regs::address::error_addr_lo)};
}

}  // namespace swprune::inline v0::hw
