// SPDX-License-Identifier: Apache-2.0

// Writes include/swprune/c/swprune_regs.h, the register table for C99, from the register table.

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

/// `text` as a C string literal.
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

void section(std::string_view title) { fmt::print("\n// {}\n", title); }

void define(std::string_view prefix, std::string_view name, std::string_view suffix,
            std::uint64_t value) {
  fmt::print("#define SWP_{}{}{} 0x{:X}u\n", prefix, capitals(name), suffix, value);
}

std::uint64_t ones(unsigned bits) { return (std::uint64_t{1} << bits) - 1; }

constexpr std::string_view head = R"(// SPDX-License-Identifier: Apache-2.0

// Generated from include/swprune/hw/regs.def by the target `regenerate`; do not edit.
// What each number means stands in docs/registers.md and docs/formats.md.
//
//   SWP_REG_x                 byte offset of a register, SWP_RESET_x its value after reset
//   SWP_r_f_LSB, SWP_r_f_MASK lowest bit of field f of register r, and its bits in place
//   SWP_LAYER_x, SWP_STEP_x   byte offsets in a layer descriptor, a step record
//
// C99, also C++.

#ifndef SWPRUNE_REGS_H
#define SWPRUNE_REGS_H
)";

void registers() {
  section("registers");
#define SWPRUNE_REGISTER(name, offset, access, reset, text) define("REG_", #name, "", offset);
#include "swprune/hw/regs.def"
  section("after reset (of CAP0 .. CAP4: what the core was built with)");
#define SWPRUNE_REGISTER(name, offset, access, reset, text) \
  if (std::string_view(#name).substr(0, 3) != "cap") define("RESET_", #name, "", reset);
#include "swprune/hw/regs.def"
  section("fields of the registers");
#define SWPRUNE_REGISTER_FIELD(reg, name, lsb, bits, text)              \
  fmt::print("#define SWP_{}_LSB {}\n", capitals(#reg "_" #name), lsb); \
  define("", #reg "_" #name, "_MASK", ones(bits) << (lsb));
#include "swprune/hw/regs.def"
}

/// X(name, offset, text) for every counter, so that drivers need no list of their own.
void counters() {
  section("X(name, byte offset, meaning) for every counter");
  fmt::print("#define SWP_COUNTER_TABLE(X)");
#define SWPRUNE_REGISTER(name, offset, access, reset, text)                            \
  if (std::string_view(#name).substr(0, 4) == "cnt_")                                  \
    fmt::print(" \\\n  X({}, 0x{:X}u, {})", std::string_view(#name).substr(4), offset, \
               literal(text));
#include "swprune/hw/regs.def"
  fmt::print("\n");
}

void formats() {
  section("fixed numbers of the image");
#define SWPRUNE_FORMAT_NUMBER(name, bits, value, text) define("FORMAT_", #name, "", value);
#include "swprune/hw/regs.def"
  section("layer descriptor");
#define SWPRUNE_LAYER_FIELD(name, offset, bytes, text) define("LAYER_", #name, "", offset);
#define SWPRUNE_LAYER_FLAG(name, bit, text) define("LAYER_FLAG_", #name, "", ones(1) << (bit));
#include "swprune/hw/regs.def"
  section("step record");
#define SWPRUNE_STEP_FIELD(name, offset, bytes, text) define("STEP_", #name, "", offset);
#define SWPRUNE_STEP_FLAG(name, bit, text) define("STEP_FLAG_", #name, "", ones(1) << (bit));
#include "swprune/hw/regs.def"
}

/// `static const char* function(unsigned code)` over the error codes.
void error_function(std::string_view function, std::string_view cases) {
  fmt::print("static inline const char* {}(unsigned code) {{\n  switch (code) {{\n{}", function,
             cases);
  fmt::print("    default: return \"unknown\";\n  }}\n}}\n");
}

void errors() {
  section("error codes (field CODE of register ERROR)");
  std::string names, texts;
#define SWPRUNE_RUN_ERROR(name, code, text)                                 \
  define("RUN_ERROR_", #name, "", code);                                    \
  names += fmt::format("    case {}u: return {};\n", code, literal(#name)); \
  texts += fmt::format("    case {}u: return {};\n", code, literal(text));
#include "swprune/hw/regs.def"
  section("name and meaning of an error code");
  error_function("swp_run_error_name", names);
  error_function("swp_run_error_text", texts);
}

}  // namespace

int main() {
  fmt::print("{}", head);
  registers();
  counters();
  formats();
  errors();
  fmt::print("\n#endif\n");
}
