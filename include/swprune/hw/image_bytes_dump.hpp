// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/types.hpp"
#include "swprune/hw/image.hpp"
#include "swprune/hw/image_decode.hpp"
#include "swprune/hw/image_file.hpp"
#include "swprune/hw/image_ranges.hpp"
#include "swprune/hw/registers.hpp"

namespace swprune::inline v0::hw {

/// An image file byte by byte: offset, bytes in hexadecimal and what they are, every byte once.
/// Throws image_format for records that are not valid, overlap or leave the image.
[[nodiscard]] SWPRUNE_FUNCTION std::string dump_bytes(const image_file& file);

#if SWPRUNE_BODIES

namespace detail {

/// A field of a record with its name and meaning.
struct named_field {
  std::string_view name;
  regs::byte_field place;
  std::string_view text;
};

inline constexpr std::array header_fields = {
#define SWPRUNE_HEADER_FIELD(name, offset, bytes, text) named_field{#name, {offset, bytes}, text},
#include "swprune/hw/regs.def"
};
inline constexpr std::array layer_fields = {
#define SWPRUNE_LAYER_FIELD(name, offset, bytes, text) named_field{#name, {offset, bytes}, text},
#include "swprune/hw/regs.def"
};
inline constexpr std::array step_fields = {
#define SWPRUNE_STEP_FIELD(name, offset, bytes, text) named_field{#name, {offset, bytes}, text},
#include "swprune/hw/regs.def"
};
inline constexpr std::array param_fields = {
#define SWPRUNE_PARAM_FIELD(name, offset, bytes, text) named_field{#name, {offset, bytes}, text},
#include "swprune/hw/regs.def"
};

/// Writes lines "offset  bytes in hex  meaning"; every byte is in exactly one of them.
class byte_printer {
 public:
  explicit byte_printer(std::span<const std::uint8_t> image) : image_(image) {}

  void title(std::string_view text) { text_ += fmt::format("\n{}\n", text); }
  /// The next bytes, with their meaning.
  void line(index_t bytes, std::string_view meaning) {
    std::string hex;
    for (index_t i = 0; i < bytes; ++i)
      hex += fmt::format("{}{:02x}", i == 0 ? "" : " ", image_[static_cast<std::size_t>(at_ + i)]);
    text_ += fmt::format("{:08x}  {:<23}  {}\n", at_, hex, meaning);
    at_ += bytes;
  }
  /// A record of `bytes` bytes by its fields; bytes without a field are reserved.
  void record(std::span<const named_field> fields, index_t bytes) {
    const index_t begin = at_;
    for (const named_field& f : fields) {
      reserved(begin + f.place.offset);
      line(f.place.bytes, fmt::format("{} = {:#x}: {}", f.name, number(f.place.bytes), f.text));
    }
    reserved(begin + bytes);
  }
  /// Bytes up to `end`, eight in a line.
  void plain(index_t end, std::string_view meaning) {
    while (at_ < end) line(std::min<index_t>(8, end - at_), meaning);
  }
  /// Padding up to `end`; zeros are not written one by one.
  void padding(index_t end) {
    if (at_ == end) return;
    const auto from = image_.begin() + at_, to = image_.begin() + end;
    if (std::any_of(from, to, [](std::uint8_t b) { return b != 0; }))
      return plain(end, "padding that is not zero");
    text_ += fmt::format("{:08x}  {:<23}  {} bytes of padding\n", at_, "00 ..", end - at_);
    at_ = end;
  }
  [[nodiscard]] index_t at() const { return at_; }
  /// The next bytes as a little-endian number.
  [[nodiscard]] std::uint64_t number(index_t bytes) const {
    std::uint64_t value = 0;
    for (index_t i = bytes; i-- > 0;)
      value = value << 8 | image_[static_cast<std::size_t>(at_ + i)];
    return value;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void reserved(index_t end) {
    if (at_ < end) line(end - at_, "reserved");
  }

  std::span<const std::uint8_t> image_;
  index_t at_ = 0;
  std::string text_;
};

/// An index list entry in words.
[[nodiscard]] inline std::string entry_text(std::uint64_t e) {
  if (regs::entry::null.get(e) != 0) return "entry of an empty row, last";
  return fmt::format("entry: slot {}, {} channels{}", regs::entry::slot.get(e),
                     regs::entry::channels.get(e) + 1,
                     regs::entry::last.get(e) != 0 ? ", last" : "");
}

/// The pieces of one range, each with its name.
inline void dump_range(byte_printer& out, const image_range& r) {
  const index_t end = r.offset + r.bytes;
  out.title(fmt::format("{}, {} bytes", r.name, r.bytes));
  while (out.at() < end) switch (r.part) {
      case image_part::descriptors:
        out.record(layer_fields, descriptor_bytes);
        break;
      case image_part::steps:
        out.record(step_fields, step_bytes);
        break;
      case image_part::list:
        out.line(2, entry_text(out.number(2)));
        break;
      case image_part::parameters:
        out.record(param_fields, parameter_bytes);
        break;
      case image_part::weights:
        out.plain(end, "weights");
        break;
      case image_part::fetch_list:
        out.line(4, fmt::format("plane at {:#x}", out.number(4)));
        break;
    }
}

}  // namespace detail

SWPRUNE_FUNCTION std::string dump_bytes(const image_file& file) {
  detail::byte_printer out(file.bytes);
  out.title("header, 128 bytes");
  out.record(detail::header_fields, header_bytes);
  for (const image_range& r :
       ranges_of(file.bytes, file.header.desc_offset, file.header.layer_count)) {
    out.padding(r.offset);
    detail::dump_range(out, r);
  }
  out.padding(static_cast<index_t>(file.bytes.size()));
  return out.text();
}

#endif

}  // namespace swprune::inline v0::hw
