// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "swprune/core/types.hpp"

namespace swprune::inline v0::hw {

/// Sizes and constants of docs/formats.md.
inline constexpr index_t descriptor_bytes = 128;
inline constexpr index_t step_bytes = 64;
inline constexpr index_t parameter_bytes = 12;  ///< of one output channel
inline constexpr index_t image_alignment = 64;
inline constexpr std::uint32_t descriptor_magic = 0x4C505753;
inline constexpr std::uint16_t image_version = 2;

/// Layer descriptor, docs/formats.md section 3; the names are those of the table. Magic, version,
/// size, reserved bytes and CRC are added and checked where bytes are written and read. What
/// belongs to a feature that the layer does not use is 0.
struct layer_descriptor {
  std::uint8_t poy = 0;
  std::uint8_t pox = 0;
  std::uint8_t pof = 0;
  std::uint8_t bus_bytes = 0;
  bool pool = false;
  bool input_signed = false;
  bool output_signed = false;
  bool interleaved = false;
  bool skip = false;
  bool residual = false;
  bool residual_signed = false;
  bool load_strided = false;
  bool phase_zero = false;
  std::uint8_t kernel_h = 0;
  std::uint8_t kernel_w = 0;
  std::uint8_t stride = 0;
  std::uint8_t dilation = 1;
  std::uint8_t seg_y_log2 = 0;
  std::uint8_t seg_x_log2 = 0;
  std::uint8_t load_log2 = 0;
  std::uint8_t run_log2 = 0;
  std::int16_t zero_in = 0;
  std::int16_t zero_out = 0;
  std::int16_t clamp_lo = 0;
  std::int16_t clamp_hi = 0;
  std::uint16_t in_h = 0;
  std::uint16_t in_w = 0;
  std::uint16_t conv_h = 0;
  std::uint16_t conv_w = 0;
  std::uint8_t pad = 0;
  std::uint16_t out_groups4 = 0;
  std::uint16_t bank_cols = 0;
  std::uint16_t slot_words = 0;
  std::uint32_t step_count = 0;
  std::uint32_t steps_offset = 0;
  std::uint32_t out_px_stride = 0;
  std::uint32_t out_row_stride = 0;
  std::uint32_t out_group_stride = 0;
  std::uint32_t out_image_stride = 0;
  std::uint32_t in_image_stride = 0;
  std::uint16_t pass_interval = 0;
  std::uint8_t res_load_log2 = 0;
  std::uint8_t res_stride = 0;
  std::uint32_t res_group_stride = 0;
  std::uint32_t res_image_stride = 0;
  std::int16_t res_zero = 0;
  std::int16_t res_multiplier = 0;
  std::uint8_t res_shift = 0;
  std::uint16_t res_w = 0;
  std::uint16_t in_groups = 0;
  std::uint32_t row_uops = 0;

  friend bool operator==(const layer_descriptor&, const layer_descriptor&) = default;
};

/// Step record, docs/formats.md section 4; the names are those of the table.
struct step_record {
  bool new_weights = false;
  bool new_activations = false;
  bool wait_stored = false;
  bool wait_but_last = false;
  bool residual = false;
  std::uint16_t rows = 0;
  std::uint16_t sub_rows = 0;
  std::uint16_t sub_cols = 0;
  std::uint16_t slots = 0;
  std::uint32_t list_offset = 0;
  std::uint16_t list_beats = 0;
  std::uint16_t param_beats = 0;
  std::uint16_t weight_beats = 0;
  std::uint16_t plane_words = 0;
  std::uint32_t param_offset = 0;
  std::uint32_t weight_offset = 0;
  std::uint32_t fetch_offset = 0;
  std::uint32_t act_offset = 0;
  std::uint32_t res_offset = 0;
  std::uint16_t images = 0;
  std::int16_t row_idx0 = 0;
  std::uint16_t res_words = 0;
  std::uint16_t oy_first = 0;
  std::uint32_t out_offset = 0;
  std::uint8_t last_channels = 0;
  std::uint8_t y_start = 0;
  std::uint16_t og_first = 0;

  friend bool operator==(const step_record&, const step_record&) = default;
};

/// y_start of a step whose first loaded input row is `y_first`: where that row lies in its segment
/// of `seg_y` bank rows, and its phase.
[[nodiscard]] constexpr std::uint8_t y_start_of(index_t y_first, index_t stride, index_t seg_y) {
  return static_cast<std::uint8_t>(y_first / stride % seg_y | y_first % stride << 4);
}

/// First input row that a step loads; the inverse of y_start_of().
[[nodiscard]] constexpr index_t first_input_row(const layer_descriptor& d, const step_record& s) {
  const index_t seg_y = index_t{1} << d.seg_y_log2;
  return ((s.oy_first / seg_y - s.row_idx0) * seg_y + (s.y_start & 15)) * d.stride +
         (s.y_start >> 4);
}

/// One entry of an index list, docs/formats.md section 5.
struct list_entry {
  index_t slot = 0;      ///< 0..4095
  index_t channels = 1;  ///< 1..4; of no meaning in a null entry
  bool null = false;
  bool last = false;

  friend bool operator==(const list_entry&, const list_entry&) = default;
};

}  // namespace swprune::inline v0::hw
