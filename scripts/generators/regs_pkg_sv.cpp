// SPDX-License-Identifier: Apache-2.0

// Writes rtl/swp_regs_pkg.sv from the register table.

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

void section(std::string_view title) { fmt::print("\n  // {}\n", title); }

void integer(std::string_view prefix, std::string_view name, std::string_view suffix,
             std::uint64_t value) {
  fmt::print("  localparam int unsigned {}{}{} = {};\n", prefix, capitals(name), suffix, value);
}

void constant(std::string_view prefix, std::string_view name, unsigned bits, std::uint64_t value) {
  fmt::print("  localparam logic [{}:0] {}{} = {}'h{:X};\n", bits - 1, prefix, capitals(name), bits,
             value);
}

constexpr std::string_view head = R"(// SPDX-License-Identifier: Apache-2.0

// Generated from include/swprune/hw/regs.def by the target `regenerate`; do not edit.
// What each number means stands in docs/registers.md, docs/formats.md and docs/accelerator.md.
// *_BIT is the lowest bit of a field, *_BITS its width.

`default_nettype none

package swp_regs_pkg;

  // The package holds the whole table; a core uses a part of it.
  // verilator lint_off UNUSEDPARAM
)";

void registers() {
  section("registers: byte offsets");
#define SWPRUNE_REGISTER(name, offset, access, reset, text) constant("REG_", #name, 8, offset);
#include "swprune/hw/regs.def"
  section("registers: values after reset");
#define SWPRUNE_REGISTER(name, offset, access, reset, text) constant("RESET_", #name, 32, reset);
#include "swprune/hw/regs.def"
  section("registers: fields");
#define SWPRUNE_REGISTER_FIELD(reg, name, lsb, bits, text) \
  integer("FIELD_", #reg "_" #name, "_BIT", lsb);          \
  integer("FIELD_", #reg "_" #name, "_BITS", bits);
#include "swprune/hw/regs.def"
}

void formats() {
  section("fixed numbers of the image");
#define SWPRUNE_FORMAT_NUMBER(name, bits, value, text) constant("", #name, bits, value);
#include "swprune/hw/regs.def"
  section("layer descriptor");
#define SWPRUNE_LAYER_FIELD(name, offset, bytes, text) \
  integer("LAYER_", #name, "_BIT", 8 * (offset));      \
  integer("LAYER_", #name, "_BITS", 8 * (bytes));
#define SWPRUNE_LAYER_FLAG(name, bit, text) integer("LAYER_FLAG_", #name, "", bit);
#include "swprune/hw/regs.def"
  section("step record");
#define SWPRUNE_STEP_FIELD(name, offset, bytes, text) \
  integer("STEP_", #name, "_BIT", 8 * (offset));      \
  integer("STEP_", #name, "_BITS", 8 * (bytes));
#define SWPRUNE_STEP_FLAG(name, bit, text) integer("STEP_FLAG_", #name, "", bit);
#include "swprune/hw/regs.def"
  section("index list entry");
#define SWPRUNE_ENTRY_FIELD(name, lsb, bits, text) \
  integer("ENTRY_", #name, "_BIT", lsb);           \
  integer("ENTRY_", #name, "_BITS", bits);
#include "swprune/hw/regs.def"
  section("parameter record");
#define SWPRUNE_PARAM_FIELD(name, offset, bytes, text) \
  integer("PARAM_", #name, "_BIT", 8 * (offset));      \
  integer("PARAM_", #name, "_BITS", 8 * (bytes));
#include "swprune/hw/regs.def"
}

void states() {
  section("error codes");
#define SWPRUNE_RUN_ERROR(name, code, text) constant("RUN_ERROR_", #name, 8, code);
#include "swprune/hw/regs.def"
  section("states");
#define SWPRUNE_CTRL_STATE(name, code, text) constant("CTRL_", #name, 4, code);
#define SWPRUNE_LOAD_STATE(name, code, text) constant("LOAD_", #name, 3, code);
#include "swprune/hw/regs.def"
  section("probe");
#define SWPRUNE_PROBE_FIELD(name, lsb, bits, text) \
  integer("PROBE_", #name, "_BIT", lsb);           \
  integer("PROBE_", #name, "_BITS", bits);
#include "swprune/hw/regs.def"
}

}  // namespace

int main() {
  fmt::print("{}", head);
  registers();
  formats();
  states();
  fmt::print(
      "  // verilator lint_on UNUSEDPARAM\n\nendpackage : swp_regs_pkg\n\n"
      "`default_nettype wire\n");
}
