// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "swprune/core/detail/bodies.hpp"
#include "swprune/hw/golden/layer_regs.hpp"

namespace swprune::inline v0::hw::golden {

/// The step record's registers (docs/formats.md section 4).
struct step_regs {
  bool new_weights = false, new_activations = false;
  bool wait_stored = false, wait_but_last = false, residual = false;
  std::uint32_t rows = 0, sub_rows = 0, sub_cols = 0, slots = 0;
  std::uint32_t list_offset = 0, list_beats = 0, param_beats = 0, weight_beats = 0;
  std::uint32_t param_offset = 0, weight_offset = 0, fetch_offset = 0;
  std::uint32_t act_offset = 0, plane_words = 0, images = 0;
  std::uint32_t res_offset = 0, res_words = 0;
  std::int32_t row_idx0 = 0, oy_first = 0;
  std::uint32_t y_start = 0, y_phase = 0;  ///< the two parts of y_start
  std::uint32_t out_offset = 0, last_channels = 0, og_first = 0;
};

/// Decodes the 64 bytes of a step record.
[[nodiscard]] SWPRUNE_FUNCTION step_regs decode_step(const std::array<std::uint8_t, 64>& s);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION step_regs decode_step(const std::array<std::uint8_t, 64>& s) {
  step_regs r;
  const std::uint32_t flags = field<4>(s, 0);
  r.new_weights = (flags & 1u) != 0;
  r.new_activations = (flags & 2u) != 0;
  r.wait_stored = (flags & 4u) != 0;
  r.wait_but_last = (flags & 8u) != 0;
  r.residual = (flags & 16u) != 0;
  r.rows = field<2>(s, 4);
  r.sub_rows = field<2>(s, 6);
  r.sub_cols = field<2>(s, 8);
  r.slots = field<2>(s, 10);
  r.list_offset = field<4>(s, 12);
  r.list_beats = field<2>(s, 16);
  r.param_beats = field<2>(s, 18);
  r.weight_beats = field<2>(s, 20);
  r.plane_words = field<2>(s, 22);
  r.param_offset = field<4>(s, 24);
  r.weight_offset = field<4>(s, 28);
  r.fetch_offset = field<4>(s, 32);
  r.act_offset = field<4>(s, 36);
  r.res_offset = field<4>(s, 40);
  r.images = field<2>(s, 44);
  r.row_idx0 = signed_field(s, 46);
  r.res_words = field<2>(s, 48);
  r.oy_first = static_cast<std::int32_t>(field<2>(s, 50));
  r.out_offset = field<4>(s, 52);
  r.last_channels = s[56];
  r.y_start = s[57] & 15u;
  r.y_phase = s[57] >> 4 & 3u;
  r.og_first = field<2>(s, 58);
  return r;
}

#endif

}  // namespace swprune::inline v0::hw::golden
