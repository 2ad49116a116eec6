// SPDX-License-Identifier: Apache-2.0

// Writes include/swprune/hw/c_registers.h from the register table.

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

void constant(std::string_view name, std::uint64_t value) {
  fmt::print("#define SWPRUNE_{} {:#x}u\n", capitals(name), value);
}

/// Text for a C string.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

constexpr std::string_view head = R"(// SPDX-License-Identifier: Apache-2.0

/* Generated from include/swprune/hw/regs.def by the target `regenerate`; do not edit.
 * What each number means stands in docs/registers.md. SWPRUNE_REG_x is the byte offset of a register,
 * SWPRUNE_x_y_LSB and SWPRUNE_x_y_MASK the lowest bit of its field y and the field's bits. C99 and
 * C++. */
#ifndef SWPRUNE_REGS_H
#define SWPRUNE_REGS_H

)";

void registers() {
  fmt::print("/* registers: byte offsets */\n");
#define SWPRUNE_REGISTER(name, offset, access, reset, text) constant("REG_" #name, offset);
#include "swprune/hw/regs.def"
  fmt::print("\n/* what identifies the accelerator */\n");
#define SWPRUNE_REGISTER(name, offset, access, reset, text)                    \
  if (std::string_view(#name) == "id" || std::string_view(#name) == "version") \
    constant(#name "_VALUE", reset);
#include "swprune/hw/regs.def"
  fmt::print("\n/* fields */\n");
#define SWPRUNE_REGISTER_FIELD(reg, name, lsb, bits, text) \
  constant(#reg "_" #name "_LSB", lsb);                    \
  constant(#reg "_" #name "_MASK", ((std::uint64_t{1} << (bits)) - 1) << (lsb));
#include "swprune/hw/regs.def"
}

void errors() {
  fmt::print("\n/* error codes of register ERROR */\n");
#define SWPRUNE_RUN_ERROR(name, code, text) constant("RUN_ERROR_" #name, code);
#include "swprune/hw/regs.def"
  fmt::print(
      "\n/* A sentence for an error code. */\n"
      "static inline const char* swprune_run_error_text(unsigned code) {{\n"
      "  switch (code) {{\n");
#define SWPRUNE_RUN_ERROR(name, code, text) \
  fmt::print("    case {}:\n      return \"{}\";\n", code, quoted(text));
#include "swprune/hw/regs.def"
  fmt::print("    default:\n      return \"unknown error code\";\n  }}\n}}\n");
}

}  // namespace

int main() {
  fmt::print("{}", head);
  registers();
  errors();
  fmt::print("\n#endif\n");
}
