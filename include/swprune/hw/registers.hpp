// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// The numbers of hw/regs.def as C++ constants, for drivers, models and tests: docs/registers.md.
namespace swprune::inline v0::hw::regs {

/// A group of bits in a word: `lsb` is the lowest one.
struct bit_field {
  unsigned lsb;
  unsigned bits;

  /// Greatest value that fits.
  [[nodiscard]] constexpr std::uint64_t max() const {
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  }
  /// The field's value in `word`.
  [[nodiscard]] constexpr std::uint64_t get(std::uint64_t word) const {
    return word >> lsb & max();
  }
  /// A word that is zero but for this field; bits of `value` beyond the field are dropped.
  [[nodiscard]] constexpr std::uint64_t put(std::uint64_t value) const {
    return (value & max()) << lsb;
  }
};

/// A little-endian number in a record: `offset` and `bytes` in bytes from the record's start.
struct byte_field {
  unsigned offset;
  unsigned bytes;
};

/// Byte offsets of the registers.
namespace address {
#define SWPRUNE_REGISTER(name, offset, access, reset, text) inline constexpr unsigned name = offset;
#include "swprune/hw/regs.def"
}  // namespace address

/// Values of the registers after reset.
namespace reset {
#define SWPRUNE_REGISTER(name, offset, access, reset_value, text) \
  inline constexpr std::uint32_t name = reset_value;
#include "swprune/hw/regs.def"
}  // namespace reset

/// Fields of the registers, `field::<register>_<field>`.
namespace field {
#define SWPRUNE_REGISTER_FIELD(reg, name, lsb, bits, text) \
  inline constexpr bit_field reg##_##name{lsb, bits};
#include "swprune/hw/regs.def"
}  // namespace field

/// What error_o and the register ERROR hold after a run.
enum class run_error : std::uint8_t {
#define SWPRUNE_RUN_ERROR(name, code, text) name = code,
#include "swprune/hw/regs.def"
};

/// Fixed numbers of the accelerator image.
namespace format {
#define SWPRUNE_FORMAT_NUMBER(name, bits, value, text) \
  inline constexpr std::uint##bits##_t name = value;
#include "swprune/hw/regs.def"
}  // namespace format

/// Fields of the layer descriptor.
namespace layer {
#define SWPRUNE_LAYER_FIELD(name, offset, bytes, text) \
  inline constexpr byte_field name{offset, bytes};
#include "swprune/hw/regs.def"
}  // namespace layer

/// Masks of the bits of layer::flags.
namespace layer_flag {
#define SWPRUNE_LAYER_FLAG(name, bit, text) inline constexpr std::uint32_t name = 1u << bit;
#include "swprune/hw/regs.def"
}  // namespace layer_flag

/// Fields of the step record.
namespace step {
#define SWPRUNE_STEP_FIELD(name, offset, bytes, text) \
  inline constexpr byte_field name{offset, bytes};
#include "swprune/hw/regs.def"
}  // namespace step

/// Masks of the bits of step::flags.
namespace step_flag {
#define SWPRUNE_STEP_FLAG(name, bit, text) inline constexpr std::uint32_t name = 1u << bit;
#include "swprune/hw/regs.def"
}  // namespace step_flag

/// Fields of an index list entry.
namespace entry {
#define SWPRUNE_ENTRY_FIELD(name, lsb, bits, text) inline constexpr bit_field name{lsb, bits};
#include "swprune/hw/regs.def"
}  // namespace entry

/// Fields of a parameter record.
namespace param {
#define SWPRUNE_PARAM_FIELD(name, offset, bytes, text) \
  inline constexpr byte_field name{offset, bytes};
#include "swprune/hw/regs.def"
}  // namespace param

/// Header of an image file: its fixed numbers, fields and flags.
namespace header {
#define SWPRUNE_HEADER_NUMBER(name, bits, value, text) \
  inline constexpr std::uint##bits##_t name = value;
#define SWPRUNE_HEADER_FIELD(name, offset, bytes, text) \
  inline constexpr byte_field name{offset, bytes};
#include "swprune/hw/regs.def"
}  // namespace header
namespace header_flag {
#define SWPRUNE_HEADER_FLAG(name, bit, text) inline constexpr std::uint8_t name = 1u << bit;
#include "swprune/hw/regs.def"
}  // namespace header_flag

/// States of the controller.
enum class ctrl_state : std::uint8_t {
#define SWPRUNE_CTRL_STATE(name, code, text) name = code,
#include "swprune/hw/regs.def"
};

/// States of the loader.
enum class load_state : std::uint8_t {
#define SWPRUNE_LOAD_STATE(name, code, text) name = code,
#include "swprune/hw/regs.def"
};

/// Fields of probe_o.
namespace probe {
#define SWPRUNE_PROBE_FIELD(name, lsb, bits, text) inline constexpr bit_field name{lsb, bits};
#include "swprune/hw/regs.def"
}  // namespace probe

}  // namespace swprune::inline v0::hw::regs
