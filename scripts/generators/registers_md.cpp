// SPDX-License-Identifier: Apache-2.0

// Writes docs/registers.md from the register table.

#include <fmt/core.h>

#include <array>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct register_row {
  std::string_view name;
  unsigned offset;
  std::string_view access;
  std::uint32_t reset;
  std::string_view text;
};

struct bits_row {
  std::string_view owner, name;
  unsigned lsb, bits;
  std::string_view text;
};

struct number_row {
  std::string_view name;
  unsigned bits;
  std::uint64_t value;
  std::string_view text;
};

const std::vector<register_row> registers = {
#define SWPRUNE_REGISTER(name, offset, access, reset, text) {#name, offset, #access, reset, text},
#include "swprune/hw/regs.def"
};

const std::vector<bits_row> fields = {
#define SWPRUNE_REGISTER_FIELD(reg, name, lsb, bits, text) {#reg, #name, lsb, bits, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> run_errors = {
#define SWPRUNE_RUN_ERROR(name, code, text) {#name, 8, code, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> layer_rules = {
#define SWPRUNE_LAYER_RULE(number, text) {"", 8, number, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> step_rules = {
#define SWPRUNE_STEP_RULE(number, text) {"", 8, number, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> header_numbers = {
#define SWPRUNE_HEADER_NUMBER(name, bits, value, text) {#name, bits, value, text},
#include "swprune/hw/regs.def"
};

const std::vector<bits_row> header_fields = {
#define SWPRUNE_HEADER_FIELD(name, offset, bytes, text) {"header", #name, offset, bytes, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> header_flags = {
#define SWPRUNE_HEADER_FLAG(name, bit, text) {#name, 8, bit, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> ctrl_states = {
#define SWPRUNE_CTRL_STATE(name, code, text) {#name, 4, code, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> load_states = {
#define SWPRUNE_LOAD_STATE(name, code, text) {#name, 2, code, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> numbers = {
#define SWPRUNE_FORMAT_NUMBER(name, bits, value, text) {#name, bits, value, text},
#include "swprune/hw/regs.def"
};

const std::vector<bits_row> layer_fields = {
#define SWPRUNE_LAYER_FIELD(name, offset, bytes, text) {"layer", #name, offset, bytes, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> layer_flags = {
#define SWPRUNE_LAYER_FLAG(name, bit, text) {#name, 32, bit, text},
#include "swprune/hw/regs.def"
};

const std::vector<bits_row> step_fields = {
#define SWPRUNE_STEP_FIELD(name, offset, bytes, text) {"step", #name, offset, bytes, text},
#include "swprune/hw/regs.def"
};

const std::vector<number_row> step_flags = {
#define SWPRUNE_STEP_FLAG(name, bit, text) {#name, 32, bit, text},
#include "swprune/hw/regs.def"
};

const std::vector<bits_row> entry_fields = {
#define SWPRUNE_ENTRY_FIELD(name, lsb, bits, text) {"entry", #name, lsb, bits, text},
#include "swprune/hw/regs.def"
};

const std::vector<bits_row> param_fields = {
#define SWPRUNE_PARAM_FIELD(name, offset, bytes, text) {"param", #name, offset, bytes, text},
#include "swprune/hw/regs.def"
};

const std::vector<bits_row> probe_fields = {
#define SWPRUNE_PROBE_FIELD(name, lsb, bits, text) {"probe", #name, lsb, bits, text},
#include "swprune/hw/regs.def"
};

std::string capitals(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string span(unsigned lsb, unsigned bits) {
  return bits == 1 ? fmt::format("{}", lsb) : fmt::format("{}-{}", lsb + bits - 1, lsb);
}

constexpr std::string_view head = R"(# Registers and fixed numbers

Generated from `include/swprune/hw/regs.def` by the target `regenerate`; do not edit. The same table
gives the C++ constants (`swprune/hw/registers.hpp`, namespace `swprune::hw::regs`), the C99 header
`swprune/c/swprune_regs.h` and the SystemVerilog package `rtl/swp_regs_pkg.sv`, so that they cannot differ.
How a driver uses the registers stands in [drivers.md](drivers.md).

## Register map

32-bit registers, little-endian, at byte offsets from the accelerator's base. The core itself
(`rtl/swp_core.sv`) has these as plain ports; the bus front (`rtl/swp_axil_regs.sv`) gives them the
addresses below. RO: writes are ignored. RW: reads give what was written. W1: writing 1 to a bit gives the
command. W1C: writing 1 to a bit clears it. Bits without a field read 0 and ignore writes; so do offsets
without a register. Registers that a run uses are not to be written while it goes on. The values of
CAP0 .. CAP4 are those of the core that was built (`rtl/swp_caps.sv`).

| offset | name | access | after reset | meaning |
|---|---|---|---|---|
)";

void register_map() {
  fmt::print("{}", head);
  for (const register_row& r : registers) {
    const bool constant = r.name.substr(0, 3) == "cap";
    fmt::print("| 0x{:02X} | {} | {} | {} | {} |\n", r.offset, capitals(r.name), r.access,
               constant ? std::string("constant") : fmt::format("0x{:08X}", r.reset), r.text);
  }
  fmt::print("\n### Fields\n\n| register | bits | field | meaning |\n|---|---|---|---|\n");
  for (const bits_row& f : fields)
    fmt::print("| {} | {} | `{}` | {} |\n", capitals(f.owner), span(f.lsb, f.bits), f.name, f.text);
}

void values(std::string_view title, std::string_view column, const std::vector<number_row>& rows) {
  fmt::print("\n{}\n\n| {} | name | meaning |\n|---|---|---|\n", title, column);
  for (const number_row& r : rows) fmt::print("| {} | `{}` | {} |\n", r.value, r.name, r.text);
}

void rules(std::string_view title, const std::vector<number_row>& rows) {
  fmt::print("\n{}\n\n| rule | meaning |\n|---|---|\n", title);
  for (const number_row& r : rows) fmt::print("| {} | {} |\n", r.value, r.text);
}

void bit_fields(std::string_view title, const std::vector<bits_row>& rows) {
  fmt::print("\n{}\n\n| bits | field | meaning |\n|---|---|---|\n", title);
  for (const bits_row& r : rows)
    fmt::print("| {} | `{}` | {} |\n", span(r.lsb, r.bits), r.name, r.text);
}

void byte_fields(std::string_view title, const std::vector<bits_row>& rows) {
  fmt::print("\n{}\n\n| offset | bytes | field | meaning |\n|---|---|---|---|\n", title);
  for (const bits_row& r : rows)
    fmt::print("| {} | {} | `{}` | {} |\n", r.lsb, r.bits, r.name, r.text);
}

void fixed_numbers(const std::vector<number_row>& rows) {
  fmt::print("\n| name | value | meaning |\n|---|---|---|\n");
  for (const number_row& r : rows)
    fmt::print("| `{}` | {} | {} |\n", r.name,
               r.bits == 32 ? fmt::format("0x{:08X}", r.value) : fmt::format("{}", r.value),
               r.text);
}

void image_numbers() {
  fmt::print(
      "\n## Numbers of the accelerator image\n\nWhat they mean stands in "
      "[formats.md](formats.md).\n");
  fixed_numbers(numbers);
  byte_fields("### Layer descriptor", layer_fields);
  values("Bits of its `flags`:", "bit", layer_flags);
  byte_fields("### Step record", step_fields);
  values("Bits of its `flags`:", "bit", step_flags);
  bit_fields("### Index list entry", entry_fields);
  byte_fields("### Parameter record", param_fields);
  fmt::print(
      "\n### Header of an image file\n\nSee [accelerator.md](accelerator.md), section 14. "
      "Bytes without a field are 0.\n");
  fixed_numbers(header_numbers);
  byte_fields("Its fields:", header_fields);
  values("Bits of its `flags`:", "bit", header_flags);
}

}  // namespace

int main() {
  register_map();
  values("## Error codes (register ERROR, port `error_o`)", "code", run_errors);
  rules("Details of `layer_field`:", layer_rules);
  rules("Details of `step_field`:", step_rules);
  image_numbers();
  fmt::print("\n## States and probe\n\nSee [accelerator.md](accelerator.md), sections 2, 3, 10.\n");
  values("### Controller", "code", ctrl_states);
  values("### Loader", "code", load_states);
  bit_fields("### `probe_o`", probe_fields);
}
