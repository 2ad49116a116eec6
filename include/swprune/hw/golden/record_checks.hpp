// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>

#include "swprune/hw/golden/step_regs.hpp"

namespace swprune::inline v0::hw::golden {

/// What is wrong with a record: 0, or an error code, with the rule for the codes 6 and 7
/// (docs/accelerator.md sections 8.2 and 8.3).
struct record_fault {
  std::uint8_t code = 0;
  std::uint8_t rule = 0;
};

/// True when the record's last word is the CRC of all others.
template <std::size_t Size>
[[nodiscard]] bool crc_holds(const std::array<std::uint8_t, Size>& record) {
  return ::crc32(0, record.data(), static_cast<uInt>(Size - 4)) == field<4>(record, Size - 4);
}

/// The first rule of a layer's fields that is broken; 0 when none is.
[[nodiscard]] inline std::uint8_t broken_layer_rule(const std::array<std::uint8_t, 128>& d,
                                                    const array_params& a) {
  const auto within = [&](std::size_t at, std::uint32_t lo, std::uint32_t hi) {
    return d[at] >= lo && d[at] <= hi;
  };
  const std::uint32_t flags = field<4>(d, 12);
  const bool pool = (flags & 1u) != 0;
  const bool interleaved = (flags & 8u) != 0;
  const bool residual = (flags & 32u) != 0;
  const std::uint32_t poy = log2_of(a.poy), pox = log2_of(a.pox), bus = log2_of(a.bus_words());
  if (!within(16, 1, 8) || !within(17, 1, 8)) return 1;
  if (!within(18, 1, 4)) return 2;
  if (!within(19, 1, 4)) return 3;
  if (!within(40, 0, 15)) return 4;
  if (!within(20, pool, poy) || !within(21, pool, pox)) return 5;
  if (!within(22, 0, bus)) return 6;
  if (d[23] + (pool ? 1u : 0u) > pox) return 7;
  if (field<4>(d, 48) == 0) return 8;
  if (field<2>(d, 76) < a.drain_cycles()) return 9;
  if (flags >> 9 != 0) return 10;
  if (interleaved && (d[18] != 1 || d[20] != 0 || d[21] != 0)) return 11;
  if (residual &&
      (!within(79, 1, 2) || !within(78, 0, bus) || !within(92, 1, 31) || field<2>(d, 94) == 0))
    return 12;
  return 0;
}

/// Check of a descriptor.
[[nodiscard]] inline record_fault check_layer(const std::array<std::uint8_t, 128>& d,
                                              const layer_regs& r, const array_params& a) {
  if (r.magic != 0x4C505753u) return {.code = 1};
  if (r.version != 2 || r.bytes != 128) return {.code = 2};
  if (!crc_holds(d)) return {.code = 4};
  if (r.poy != a.poy || r.pox != a.pox || r.pof != a.pof || r.bus_bytes != a.bus_bytes ||
      (r.pool && !a.pool) || r.skip != a.skip || (r.residual && a.res_depth == 0))
    return {.code = 3};
  const std::uint8_t rule = broken_layer_rule(d, a);
  return {.code = static_cast<std::uint8_t>(rule != 0 ? 6 : 0), .rule = rule};
}

/// The first rule of a step's fields that is broken; 0 when none is. `first`: of its layer.
[[nodiscard]] inline std::uint8_t broken_step_rule(const std::array<std::uint8_t, 64>& s,
                                                   const step_regs& r, const layer_regs& layer,
                                                   bool first) {
  if (r.rows == 0 || r.sub_rows == 0 || r.sub_cols == 0) return 1;
  if (first && !(r.new_weights && r.new_activations)) return 2;
  if (field<4>(s, 0) >> 5 != 0) return 3;
  if (r.new_activations && r.slots > 0 && (r.images == 0 || r.plane_words == 0)) return 4;
  if (r.residual && (!layer.residual || r.images == 0 || r.res_words == 0)) return 5;
  return 0;
}

/// Check of a step record.
[[nodiscard]] inline record_fault check_step(const std::array<std::uint8_t, 64>& s,
                                             const step_regs& r, const layer_regs& layer,
                                             bool first) {
  if (!crc_holds(s)) return {.code = 5};
  const std::uint8_t rule = broken_step_rule(s, r, layer, first);
  return {.code = static_cast<std::uint8_t>(rule != 0 ? 7 : 0), .rule = rule};
}

}  // namespace swprune::inline v0::hw::golden
