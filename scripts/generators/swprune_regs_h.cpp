// SPDX-License-Identifier: Apache-2.0

// Writes include/swprune/c/swprune_regs.h from the register table.

#include <fmt/core.h>

#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

std::string capitals(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

void section(std::string_view title) { fmt::print("\n/* --- {} --- */\n", title); }

void number(const std::string& name, std::uint64_t value, unsigned digits,
            std::string_view text = "") {
  fmt::print("#define {} 0x{:0{}X}u{}\n", name, value, digits,
             text.empty() ? std::string() : fmt::format(" /* {} */", text));
}

/// Shift and mask (in place) of a field.
void field(std::string_view reg, std::string_view name, unsigned lsb, unsigned bits,
           std::string_view text) {
  const std::string prefix = fmt::format("SWP_{}_{}", capitals(reg), capitals(name));
  const std::uint64_t mask = ((std::uint64_t{1} << bits) - 1) << lsb;
  fmt::print("#define {}_SHIFT {}\n", prefix, lsb);
  number(prefix + "_MASK", mask, 8, text);
}

void registers() {
  section("registers: byte offsets");
#define SWPRUNE_REGISTER(name, offset, access, reset, text) \
  number("SWP_REG_" + capitals(#name), offset, 2, #access ": " text);
#include "swprune/hw/regs.def"
  section("registers: what ID and VERSION hold");
#define SWPRUNE_REGISTER(name, offset, access, reset, text) \
  if ((reset) != 0) number("SWP_RESET_" + capitals(#name), reset, 8);
#include "swprune/hw/regs.def"
  section("registers: fields");
#define SWPRUNE_REGISTER_FIELD(reg, name, lsb, bits, text) field(#reg, #name, lsb, bits, text);
#include "swprune/hw/regs.def"
}

/// X(name, offset) for every counter.
void counters() {
  section("counters: X(name, byte offset)");
  fmt::print("#define SWP_COUNTER_TABLE(X)");
  const auto line = [](std::string_view name) {
    if (name.substr(0, 4) != "cnt_") return;
    fmt::print(" \\\n  X({}, SWP_REG_{})", name.substr(4), capitals(name));
  };
#define SWPRUNE_REGISTER(name, offset, access, reset, text) line(#name);
#include "swprune/hw/regs.def"
  fmt::print("\n");
}

void errors() {
  section("error codes of a run");
#define SWPRUNE_RUN_ERROR(name, code, text) \
  fmt::print("#define SWP_RUN_ERROR_{} {}u\n", capitals(#name), code);
#include "swprune/hw/regs.def"
  section("their texts: X(code, text)");
  const auto line = [](unsigned number, std::string_view text) {
    fmt::print(" \\\n  X({}, \"{}\")", number, text);
  };
  fmt::print("#define SWP_RUN_ERROR_TABLE(X)");
#define SWPRUNE_RUN_ERROR(name, code, text) line(code, text);
#include "swprune/hw/regs.def"
  fmt::print("\n");
  section("details of layer_field: X(rule, text)");
  fmt::print("#define SWP_LAYER_RULE_TABLE(X)");
#define SWPRUNE_LAYER_RULE(number, text) line(number, text);
#include "swprune/hw/regs.def"
  fmt::print("\n");
  section("details of step_field: X(rule, text)");
  fmt::print("#define SWP_STEP_RULE_TABLE(X)");
#define SWPRUNE_STEP_RULE(number, text) line(number, text);
#include "swprune/hw/regs.def"
  fmt::print("\n");
}

void header() {
  section("header of an image file: byte offsets of its fields, little-endian");
#define SWPRUNE_HEADER_NUMBER(name, bits, value, text) \
  number("SWP_" + capitals(#name), value, bits / 4, text);
#include "swprune/hw/regs.def"
#define SWPRUNE_HEADER_FIELD(name, offset, bytes, text)                                          \
  fmt::print("#define SWP_HEADER_{}_AT {} /* {} bytes: {} */\n", capitals(#name), offset, bytes, \
             text);
#define SWPRUNE_HEADER_FLAG(name, bit, text) \
  number("SWP_HEADER_FLAG_" + capitals(#name), 1u << bit, 2, text);
#include "swprune/hw/regs.def"
}

/// What a driver looks at to see whether an image fits the buffers.
void records() {
  section("layer descriptor and step record: byte offsets, little-endian");
  const auto at = [](std::string_view record, std::string_view name, unsigned offset,
                     unsigned bytes, std::string_view text) {
    fmt::print("#define SWP_{}_{}_AT {} /* {} bytes: {} */\n", record, capitals(name), offset,
               bytes, text);
  };
#define SWPRUNE_LAYER_FIELD(name, offset, bytes, text) at("LAYER", #name, offset, bytes, text);
#include "swprune/hw/regs.def"
#define SWPRUNE_STEP_FIELD(name, offset, bytes, text) at("STEP", #name, offset, bytes, text);
#define SWPRUNE_STEP_FLAG(name, bit, text) \
  number("SWP_STEP_FLAG_" + capitals(#name), 1u << bit, 2, text);
#include "swprune/hw/regs.def"
  number("SWP_LAYER_RECORD_BYTES", 128, 2);
  number("SWP_STEP_RECORD_BYTES", 64, 2);
}

constexpr std::string_view head = R"(/* SPDX-License-Identifier: Apache-2.0 */

/* Registers of swp_top, error codes and records of image files, for C99 and C++: see
 * docs/registers.md. Generated from include/swprune/hw/regs.def by the target `regenerate`; do not
 * edit. *_SHIFT is the lowest bit of a field, *_MASK the field in place. */

#ifndef SWPRUNE_C_SWPRUNE_REGS_H
#define SWPRUNE_C_SWPRUNE_REGS_H
)";

}  // namespace

int main() {
  fmt::print("{}", head);
  registers();
  counters();
  errors();
  header();
  records();
  fmt::print("\n#endif /* SWPRUNE_C_SWPRUNE_REGS_H */\n");
}
