// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/hw/array_params.hpp"

namespace swprune::inline v0::hw::golden {

/// Unsigned little-endian number of `Bytes` bytes at `offset` of a record.
template <std::size_t Bytes, std::size_t Size>
[[nodiscard]] constexpr std::uint32_t field(const std::array<std::uint8_t, Size>& record,
                                            std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < Bytes; ++i)
    value |= static_cast<std::uint32_t>(record[offset + i]) << (8 * i);
  return value;
}

/// Signed 16-bit number at `offset` of a record.
template <std::size_t Size>
[[nodiscard]] constexpr std::int32_t signed_field(const std::array<std::uint8_t, Size>& record,
                                                  std::size_t offset) {
  return static_cast<std::int16_t>(field<2>(record, offset));
}

/// Base-2 logarithm of a power of two.
[[nodiscard]] constexpr std::uint32_t log2_of(index_t power_of_two) {
  return static_cast<std::uint32_t>(std::countr_zero(static_cast<std::uint64_t>(power_of_two)));
}

/// The layer descriptor's registers (docs/formats.md section 3), decoded from its 128 bytes.
/// Exponents are limited to what the array has, so that a corrupt image cannot make the model
/// shift or index out of range; legal values are unchanged.
struct layer_regs {
  std::uint32_t magic = 0;
  std::uint32_t version = 0, bytes = 0;
  std::uint32_t poy = 0, pox = 0, pof = 0, bus_bytes = 0;
  bool pool = false, input_signed = false, output_signed = false;
  bool interleaved = false, skip = false;
  std::uint32_t kernel_h = 1, kernel_w = 1;
  std::uint32_t stride_log2 = 0;
  std::uint32_t seg_y_log2 = 0, seg_x_log2 = 0, load_log2 = 0, run_log2 = 0;
  std::int32_t zero_in = 0, zero_out = 0, clamp_lo = 0, clamp_hi = 0;
  std::int32_t in_h = 0, in_w = 0, conv_h = 0, conv_w = 0, pad = 0;
  std::uint32_t out_groups4 = 0, bank_cols = 0, slot_words = 0;
  std::uint32_t step_count = 0, steps_offset = 0;
  std::uint32_t out_px_stride = 0, out_row_stride = 0, out_group_stride = 0, out_image_stride = 0;
  std::uint32_t in_image_stride = 0;
  std::uint32_t pass_interval = 0;

  [[nodiscard]] std::uint32_t pool_log2() const { return pool ? 1 : 0; }
};

/// Decodes a descriptor for array `a`; does not check it (the controller does).
[[nodiscard]] SWPRUNE_FUNCTION layer_regs decode_layer(const std::array<std::uint8_t, 128>& d,
                                                       const array_params& a);

/// What the controller says about a descriptor: 0, or the first error of docs/accelerator.md
/// section 2 that applies.
[[nodiscard]] SWPRUNE_FUNCTION std::uint8_t descriptor_error(const layer_regs& r,
                                                             const array_params& a);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION layer_regs decode_layer(const std::array<std::uint8_t, 128>& d,
                                         const array_params& a) {
  layer_regs r;
  r.magic = field<4>(d, 0);
  r.version = field<2>(d, 4);
  r.bytes = field<2>(d, 6);
  r.poy = d[8];
  r.pox = d[9];
  r.pof = d[10];
  r.bus_bytes = d[11];
  const std::uint32_t flags = field<4>(d, 12);
  r.pool = (flags & 1u) != 0;
  r.input_signed = (flags & 2u) != 0;
  r.output_signed = (flags & 4u) != 0;
  r.interleaved = (flags & 8u) != 0;
  r.skip = (flags & 16u) != 0;
  r.kernel_h = d[16];
  r.kernel_w = d[17];
  r.stride_log2 = d[18] == 2 ? 1 : 0;
  r.seg_y_log2 = std::min<std::uint32_t>(d[20], log2_of(a.poy));
  r.seg_x_log2 = std::min<std::uint32_t>(d[21], log2_of(a.pox));
  r.load_log2 = std::min<std::uint32_t>(d[22], log2_of(a.bus_words()));
  const std::uint32_t pox_log2 = log2_of(a.pox);
  r.run_log2 = std::min<std::uint32_t>(d[23], pox_log2 - std::min(r.pool_log2(), pox_log2));
  r.zero_in = signed_field(d, 24);
  r.zero_out = signed_field(d, 26);
  r.clamp_lo = signed_field(d, 28);
  r.clamp_hi = signed_field(d, 30);
  r.in_h = static_cast<std::int32_t>(field<2>(d, 32));
  r.in_w = static_cast<std::int32_t>(field<2>(d, 34));
  r.conv_h = static_cast<std::int32_t>(field<2>(d, 36));
  r.conv_w = static_cast<std::int32_t>(field<2>(d, 38));
  r.pad = d[40];
  r.out_groups4 = field<2>(d, 42);
  r.bank_cols = field<2>(d, 44);
  r.slot_words = field<2>(d, 46);
  r.step_count = field<4>(d, 48);
  r.steps_offset = field<4>(d, 52);
  r.out_px_stride = field<4>(d, 56);
  r.out_row_stride = field<4>(d, 60);
  r.out_group_stride = field<4>(d, 64);
  r.out_image_stride = field<4>(d, 68);
  r.in_image_stride = field<4>(d, 72);
  r.pass_interval = field<2>(d, 76);
  return r;
}

SWPRUNE_FUNCTION std::uint8_t descriptor_error(const layer_regs& r, const array_params& a) {
  if (r.magic != 0x4C505753u) return 1;
  if (r.version != 1 || r.bytes != 128) return 2;
  if (r.poy != a.poy || r.pox != a.pox || r.pof != a.pof || r.bus_bytes != a.bus_bytes ||
      (r.pool && !a.pool) || r.skip != a.skip)
    return 3;
  return 0;
}

#endif

}  // namespace swprune::inline v0::hw::golden
