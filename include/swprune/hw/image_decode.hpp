// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/image_records.hpp"

namespace swprune::inline v0::hw {

/// A layer as its bytes say.
struct decoded_layer {
  layer_descriptor descriptor;
  std::vector<step_record> steps;
};

/// Reads the descriptor of layer `number` at `offset`. Throws image_format for a record that is cut
/// off, a wrong CRC, magic, version, size, dilation, flag or reserved byte, or a field outside the
/// range that the table gives.
[[nodiscard]] SWPRUNE_FUNCTION layer_descriptor
decode_descriptor(std::span<const std::uint8_t> image, index_t offset, index_t number);

/// Reads the step record at `offset`. Throws image_format as decode_descriptor() does.
[[nodiscard]] SWPRUNE_FUNCTION step_record decode_step(std::span<const std::uint8_t> image,
                                                       index_t offset, index_t number);

/// All layers of an image. Throws image_format for the first record that is not valid, and for a
/// layer without steps.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<decoded_layer> decode_image(
    std::span<const std::uint8_t> image, index_t desc_offset, index_t layer_count);

/// The rows that a step walks, from its index list or, without skip, by counting. Throws
/// image_format if the list ends before all rows do.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::vector<list_entry>> decode_rows(
    std::span<const std::uint8_t> image, const layer_descriptor& d, const step_record& s);

/// Plane offsets of the step's slots. Throws image_format if the list leaves the image.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<index_t> decode_fetch_list(
    std::span<const std::uint8_t> image, const step_record& s);

#if SWPRUNE_BODIES

namespace detail {

/// Reads fields of docs/formats.md by their offset; everything it throws is image_format and names
/// the record.
class record_reader {
 public:
  record_reader(std::span<const std::uint8_t> image, index_t offset, index_t bytes,
                const char* what, index_t number)
      : what_(what), number_(number) {
    expects(offset >= 0 && offset % image_alignment == 0 &&
                offset + bytes <= static_cast<index_t>(image.size()),
            errc::image_format,
            "{} {} needs {} bytes at a multiple of {}, given offset {} of an image of {} bytes",
            what, number, bytes, image_alignment, offset, image.size());
    bytes_ = image.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(bytes));
    const std::uint32_t computed =
        static_cast<std::uint32_t>(::crc32(0, bytes_.data(), static_cast<uInt>(bytes - 4)));
    need("CRC", u32(bytes - 4), computed);
  }

  [[nodiscard]] std::uint8_t u8(index_t at) const { return bytes_[static_cast<std::size_t>(at)]; }
  [[nodiscard]] std::uint16_t u16(index_t at) const {
    return static_cast<std::uint16_t>(u8(at) | u8(at + 1) << 8);
  }
  [[nodiscard]] std::int16_t s16(index_t at) const { return static_cast<std::int16_t>(u16(at)); }
  [[nodiscard]] std::uint32_t u32(index_t at) const {
    return u16(at) | static_cast<std::uint32_t>(u16(at + 2)) << 16;
  }

  void need(const char* field, std::uint64_t given, std::uint64_t expected) const {
    expects(given == expected, errc::image_format, "{} {}: {} must be {}, given {}", what_, number_,
            field, expected, given);
  }
  void need_range(const char* field, index_t given, index_t lo, index_t hi) const {
    expects(given >= lo && given <= hi, errc::image_format, "{} {}: {} must be {}..{}, given {}",
            what_, number_, field, lo, hi, given);
  }
  void need_zero(index_t from, index_t to) const {
    for (index_t at = from; at < to; ++at) need("a reserved byte", u8(at), 0);
  }
  void need_flags_below(unsigned bits, std::uint32_t flags) const {
    expects(flags >> bits == 0, errc::image_format, "{} {}: flags must be below {}, given {}",
            what_, number_, 1u << bits, flags);
  }

 private:
  const char* what_;
  index_t number_;
  std::span<const std::uint8_t> bytes_;
};

/// Fields that sizes and shifts are computed from.
inline void check_ranges(const record_reader& r, const layer_descriptor& d) {
  r.need_range("log2 of bus_bytes", std::countr_zero(d.bus_bytes), 3, 6);
  r.need("bus_bytes without its highest bit", d.bus_bytes & (d.bus_bytes - 1u), 0);
  r.need_range("kernel_h", d.kernel_h, 1, 7);
  r.need_range("kernel_w", d.kernel_w, 1, 7);
  r.need_range("stride", d.stride, 1, 2);
  r.need_range("pad", d.pad, 0, 6);
  r.need_range("seg_y_log2", d.seg_y_log2, d.pool ? 1 : 0, 4);
  r.need_range("seg_x_log2", d.seg_x_log2, d.pool ? 1 : 0, 4);
  r.need_range("run_log2", d.run_log2, 0, 4);
  r.need_range("load_log2", d.load_log2, 0, std::countr_zero(d.bus_bytes) - 2);
}

}  // namespace detail

SWPRUNE_FUNCTION layer_descriptor decode_descriptor(std::span<const std::uint8_t> image,
                                                    index_t offset, index_t number) {
  const detail::record_reader r(image, offset, 128, "the descriptor of layer", number);
  r.need("magic", r.u32(0), 0x4C505753u);
  r.need("version", r.u16(4), 1);
  r.need("bytes", r.u16(6), 128);
  r.need("dilation", r.u8(19), 1);
  r.need_zero(41, 42);
  r.need_zero(78, 124);
  const std::uint32_t flags = r.u32(12);
  r.need_flags_below(5, flags);
  layer_descriptor d;
  d.poy = r.u8(8);
  d.pox = r.u8(9);
  d.pof = r.u8(10);
  d.bus_bytes = r.u8(11);
  d.pool = (flags & 1) != 0;
  d.input_signed = (flags & 2) != 0;
  d.output_signed = (flags & 4) != 0;
  d.interleaved = (flags & 8) != 0;
  d.skip = (flags & 16) != 0;
  d.kernel_h = r.u8(16);
  d.kernel_w = r.u8(17);
  d.stride = r.u8(18);
  d.seg_y_log2 = r.u8(20);
  d.seg_x_log2 = r.u8(21);
  d.load_log2 = r.u8(22);
  d.run_log2 = r.u8(23);
  d.zero_in = r.s16(24);
  d.zero_out = r.s16(26);
  d.clamp_lo = r.s16(28);
  d.clamp_hi = r.s16(30);
  d.in_h = r.u16(32);
  d.in_w = r.u16(34);
  d.conv_h = r.u16(36);
  d.conv_w = r.u16(38);
  d.pad = r.u8(40);
  d.out_groups4 = r.u16(42);
  d.bank_cols = r.u16(44);
  d.slot_words = r.u16(46);
  d.step_count = r.u32(48);
  d.steps_offset = r.u32(52);
  d.out_px_stride = r.u32(56);
  d.out_row_stride = r.u32(60);
  d.out_group_stride = r.u32(64);
  d.out_image_stride = r.u32(68);
  d.in_image_stride = r.u32(72);
  d.pass_interval = r.u16(76);
  detail::check_ranges(r, d);
  return d;
}

SWPRUNE_FUNCTION step_record decode_step(std::span<const std::uint8_t> image, index_t offset,
                                         index_t number) {
  const detail::record_reader r(image, offset, 64, "step", number);
  r.need_zero(57, 58);
  const std::uint32_t flags = r.u32(0);
  r.need_flags_below(2, flags);
  step_record s;
  s.new_weights = (flags & 1) != 0;
  s.new_activations = (flags & 2) != 0;
  s.rows = r.u16(4);
  s.sub_rows = r.u16(6);
  s.sub_cols = r.u16(8);
  s.slots = r.u16(10);
  s.list_offset = r.u32(12);
  s.list_beats = r.u16(16);
  s.param_beats = r.u16(18);
  s.weight_beats = r.u32(20);
  s.param_offset = r.u32(24);
  s.weight_offset = r.u32(28);
  s.fetch_offset = r.u32(32);
  s.act_offset = r.u32(36);
  s.plane_words = r.u32(40);
  s.images = r.u16(44);
  s.row_idx0 = r.s16(46);
  s.y_first = r.u16(48);
  s.oy_first = r.u16(50);
  s.out_offset = r.u32(52);
  s.last_channels = r.u8(56);
  s.og_first = r.u16(58);
  return s;
}

SWPRUNE_FUNCTION std::vector<decoded_layer> decode_image(std::span<const std::uint8_t> image,
                                                         index_t desc_offset, index_t layer_count) {
  std::vector<decoded_layer> layers;
  for (index_t i = 0; i < layer_count; ++i) {
    decoded_layer layer;
    layer.descriptor = decode_descriptor(image, desc_offset + 128 * i, i);
    expects(layer.descriptor.step_count >= 1, errc::image_format,
            "the descriptor of layer {}: step_count must be >= 1, given 0", i);
    for (index_t s = 0; s < index_t{layer.descriptor.step_count}; ++s)
      layer.steps.push_back(decode_step(image, layer.descriptor.steps_offset + 64 * s, s));
    layers.push_back(std::move(layer));
  }
  return layers;
}

SWPRUNE_FUNCTION std::vector<std::vector<list_entry>> decode_rows(
    std::span<const std::uint8_t> image, const layer_descriptor& d, const step_record& s) {
  std::vector<std::vector<list_entry>> rows(s.rows);
  if (!d.skip) {
    for (auto& row : rows)
      for (index_t slot = 0; slot < std::max<index_t>(1, s.slots); ++slot) {
        const bool last = slot + 1 >= s.slots;
        row.push_back({slot, last ? index_t{s.last_channels} : 4, s.slots == 0, last});
      }
    return rows;
  }
  const index_t end = index_t{s.list_offset} + index_t{s.list_beats} * d.bus_bytes;
  index_t at = s.list_offset;
  for (std::size_t i = 0; i < rows.size(); ++i) do {
      expects(at + 2 <= end && at + 2 <= static_cast<index_t>(image.size()), errc::image_format,
              "the index list at {} ends in row {} of {}", s.list_offset, i, rows.size());
      const unsigned e = image[static_cast<std::size_t>(at)] |
                         static_cast<unsigned>(image[static_cast<std::size_t>(at + 1)]) << 8;
      rows[i].push_back({static_cast<index_t>(e & 0xfff), static_cast<index_t>(e >> 12 & 3) + 1,
                         (e >> 14 & 1) != 0, (e >> 15 & 1) != 0});
      at += 2;
    } while (!rows[i].back().last);
  return rows;
}

SWPRUNE_FUNCTION std::vector<index_t> decode_fetch_list(std::span<const std::uint8_t> image,
                                                        const step_record& s) {
  expects(index_t{s.fetch_offset} + 4 * index_t{s.slots} <= static_cast<index_t>(image.size()),
          errc::image_format, "the fetch list at {} of {} slots leaves the image of {} bytes",
          s.fetch_offset, s.slots, image.size());
  std::vector<index_t> planes;
  for (std::size_t slot = 0; slot < s.slots; ++slot) {
    std::uint32_t value = 0;
    for (std::size_t b = 0; b < 4; ++b)
      value |= static_cast<std::uint32_t>(image[s.fetch_offset + 4 * slot + b]) << (8 * b);
    planes.push_back(value);
  }
  return planes;
}

#endif

}  // namespace swprune::inline v0::hw
