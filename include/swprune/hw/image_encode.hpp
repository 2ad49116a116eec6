// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/image_records.hpp"

namespace swprune::inline v0::hw {

/// CRC-32 with zlib's polynomial.
[[nodiscard]] inline std::uint32_t crc32_of(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(::crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

namespace detail {

/// Appends little-endian numbers.
class byte_writer {
 public:
  explicit byte_writer(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}

  template <std::integral T>
  void put(T value) {
    auto rest = static_cast<std::uint64_t>(static_cast<std::make_unsigned_t<T>>(value));
    for (std::size_t i = 0; i < sizeof(T); ++i, rest >>= 8)
      bytes_.push_back(static_cast<std::uint8_t>(rest & 0xffu));
  }
  void zeros(index_t count) { bytes_.insert(bytes_.end(), static_cast<std::size_t>(count), 0); }

 private:
  std::vector<std::uint8_t>& bytes_;
};

}  // namespace detail

/// The 128 bytes of a layer descriptor, CRC included.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> encode(const layer_descriptor& d);

/// The 64 bytes of a step record, CRC included.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> encode(const step_record& s);

#if SWPRUNE_BODIES

namespace detail {

/// Bytes 78-95 of a descriptor.
inline void put_residual(byte_writer& w, const layer_descriptor& d) {
  w.put(d.res_load_log2);
  w.put(d.res_stride);
  w.put(d.res_group_stride);
  w.put(d.res_image_stride);
  w.put(d.res_zero);
  w.put(d.res_multiplier);
  w.put(d.res_shift);
  w.zeros(1);
  w.put(d.res_w);
}

}  // namespace detail

SWPRUNE_FUNCTION std::vector<std::uint8_t> encode(const layer_descriptor& d) {
  std::vector<std::uint8_t> bytes;
  detail::byte_writer w(bytes);
  w.put(descriptor_magic);
  w.put(image_version);
  w.put(static_cast<std::uint16_t>(descriptor_bytes));
  for (const std::uint8_t v : {d.poy, d.pox, d.pof, d.bus_bytes}) w.put(v);
  w.put(static_cast<std::uint32_t>(
      d.pool | d.input_signed << 1 | d.output_signed << 2 | d.interleaved << 3 | d.skip << 4 |
      d.residual << 5 | d.residual_signed << 6 | d.load_strided << 7 | d.phase_zero << 8));
  for (const std::uint8_t v : {d.kernel_h, d.kernel_w, d.stride, d.dilation, d.seg_y_log2,
                               d.seg_x_log2, d.load_log2, d.run_log2})
    w.put(v);
  for (const std::int16_t v : {d.zero_in, d.zero_out, d.clamp_lo, d.clamp_hi}) w.put(v);
  for (const std::uint16_t v : {d.in_h, d.in_w, d.conv_h, d.conv_w}) w.put(v);
  w.put(d.pad);
  w.zeros(1);
  for (const std::uint16_t v : {d.out_groups4, d.bank_cols, d.slot_words}) w.put(v);
  for (const std::uint32_t v : {d.step_count, d.steps_offset, d.out_px_stride, d.out_row_stride,
                                d.out_group_stride, d.out_image_stride, d.in_image_stride})
    w.put(v);
  w.put(d.pass_interval);
  detail::put_residual(w, d);
  w.put(d.in_groups);
  w.zeros(2);
  w.put(d.row_uops);
  w.zeros(descriptor_bytes - 4 - static_cast<index_t>(bytes.size()));
  w.put(crc32_of(bytes));
  return bytes;
}

SWPRUNE_FUNCTION std::vector<std::uint8_t> encode(const step_record& s) {
  std::vector<std::uint8_t> bytes;
  detail::byte_writer w(bytes);
  w.put(static_cast<std::uint32_t>(s.new_weights | s.new_activations << 1 | s.wait_stored << 2 |
                                   s.wait_but_last << 3 | s.residual << 4));
  for (const std::uint16_t v : {s.rows, s.sub_rows, s.sub_cols, s.slots}) w.put(v);
  w.put(s.list_offset);
  for (const std::uint16_t v : {s.list_beats, s.param_beats, s.weight_beats, s.plane_words})
    w.put(v);
  for (const std::uint32_t v :
       {s.param_offset, s.weight_offset, s.fetch_offset, s.act_offset, s.res_offset})
    w.put(v);
  w.put(s.images);
  w.put(s.row_idx0);
  w.put(s.res_words);
  w.put(s.oy_first);
  w.put(s.out_offset);
  w.put(s.last_channels);
  w.put(s.y_start);
  w.put(s.og_first);
  w.put(crc32_of(bytes));
  return bytes;
}

#endif

/// The two bytes of a list entry.
[[nodiscard]] constexpr std::uint16_t encode(const list_entry& e) {
  const auto slot = static_cast<unsigned>(e.null ? 0 : e.slot);
  const auto channels = static_cast<unsigned>(e.null ? 0 : e.channels - 1);
  return static_cast<std::uint16_t>(slot | channels << 12 | unsigned{e.null} << 14 |
                                    unsigned{e.last} << 15);
}

}  // namespace swprune::inline v0::hw
