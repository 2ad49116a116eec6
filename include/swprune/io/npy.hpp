// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/bytes.hpp"
#include "swprune/io/file.hpp"

namespace swprune::inline v0::io {

namespace detail {

inline constexpr std::string_view npy_magic = "\x93NUMPY";

#if SWPRUNE_BODIES

/// Reads the Python dictionary of an .npy header: exactly the keys descr, fortran_order and shape,
/// in any order. Anything else is an error, not a guess.
class npy_header_parser {
 public:
  npy_header_parser(std::string_view text, std::size_t base, std::string_view where)
      : text_(text), base_(base), where_(where) {}

  void parse() {
    take('{');
    while (!at('}')) {
      const std::string key = quoted();
      take(':');
      if (key == "descr" && descr.empty()) {
        descr = quoted();
      } else if (key == "fortran_order" && !order_seen_) {
        fortran_order = boolean();
      } else if (key == "shape" && !shape_seen_) {
        tuple();
      } else {
        fail("key descr, fortran_order or shape once each");
      }
      if (!at('}')) take(',');
    }
    take('}');
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    if (at_ != text_.size()) fail("nothing more");
    if (descr.empty() || !order_seen_ || !shape_seen_) fail("descr, fortran_order and shape");
  }

  std::string descr;
  bool fortran_order = false;
  std::vector<index_t> shape;

 private:
  [[noreturn]] void fail(std::string_view expected) const {
    raise(errc::file_format, "{}: .npy header at byte {}: expected {}", where_, base_ + at_,
          expected);
  }
  bool at(char c) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return at_ < text_.size() && text_[at_] == c;
  }
  void take(char c) {
    if (!at(c)) fail(fmt::format("'{}'", c));
    ++at_;
  }
  std::string quoted() {
    take('\'');
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) fail("a closing quote");
    std::string word(text_.substr(at_, end - at_));
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    order_seen_ = true;
    (void)at(' ');
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("True or False");
  }
  void tuple() {
    shape_seen_ = true;
    take('(');
    while (!at(')')) {
      index_t n = 0;
      const std::size_t begin = at_;
      for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
        if (at_ - begin >= 18) fail("a size below 10^18");
        n = n * 10 + (text_[at_] - '0');
      }
      if (at_ == begin) fail("a size");
      shape.push_back(n);
      if (!at(')')) take(',');
    }
    take(')');
  }

  std::string_view text_;
  std::size_t base_;
  std::string_view where_;
  std::size_t at_ = 0;
  bool order_seen_ = false;
  bool shape_seen_ = false;
};

[[nodiscard]] inline number_type npy_type(const std::string& descr, std::string_view where) {
  std::string known;
  for (const number_type_info& info : number_types) {
    if (info.numpy == descr) return info.type;
    known += (known.empty() ? "" : ", ") + std::string(info.numpy);
  }
  const std::string_view hint =
      !descr.empty() && descr[0] == '>' ? " (big-endian: convert with .astype)" : "";
  raise(errc::file_format, "{}: .npy type '{}'{}, expected one of {}", where, descr, hint, known);
}

#endif

}  // namespace detail

/// Bytes of an .npy file, version 1.0, C order, data at a multiple of 64 bytes: what numpy.save
/// writes for the same array.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> encode_npy(const array& a);

/// Reads an .npy file of version 1, 2 or 3 with numbers of a number_type. Strict: Fortran order,
/// big-endian numbers, other types, a wrong length and trailing bytes give errc::file_format or
/// errc::file_truncated. `where` is for the messages.
[[nodiscard]] SWPRUNE_FUNCTION array decode_npy(std::span<const std::uint8_t> bytes,
                                                const std::string& where);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::vector<std::uint8_t> encode_npy(const array& a) {
  std::string shape = "(";
  for (std::size_t i = 0; i < a.shape().size(); ++i)
    shape += (i == 0 ? "" : ", ") + std::to_string(a.shape()[i]);
  shape += a.shape().size() == 1 ? ",)" : ")";
  std::string head = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}",
                                 info_of(a.type()).numpy, shape);
  const std::size_t prefix = detail::npy_magic.size() + 4;
  head.append((64 - (prefix + head.size() + 1) % 64) % 64, ' ');
  head += '\n';
  byte_writer out;
  out.put_text(detail::npy_magic);
  out.put<std::uint8_t>(1);
  out.put<std::uint8_t>(0);
  out.put<std::uint16_t>(static_cast<std::uint16_t>(head.size()));
  out.put_text(head);
  out.put_bytes(a.bytes());
  return out.take();
}

SWPRUNE_FUNCTION array decode_npy(std::span<const std::uint8_t> bytes, const std::string& where) {
  byte_reader in(bytes, where);
  const std::string magic = in.get_text(detail::npy_magic.size(), "the magic number");
  expects(magic == detail::npy_magic, errc::file_format, "'{}' is not an .npy file (byte 0)",
          where);
  const int major = in.get<std::uint8_t>("the version");
  const int minor = in.get<std::uint8_t>("the version");
  expects(major >= 1 && major <= 3 && minor == 0, errc::file_format,
          "'{}' has .npy version {}.{} (byte 6), expected 1.0, 2.0 or 3.0", where, major, minor);
  const std::uint64_t length = major == 1 ? in.get<std::uint16_t>("the header's length")
                                          : in.get<std::uint32_t>("the header's length");
  const std::size_t base = in.offset();
  const std::string text = in.get_text(length, "the header");
  detail::npy_header_parser head(text, base, where);
  head.parse();
  const number_type type = detail::npy_type(head.descr, where);
  // One axis (or none) has the same bytes in both orders, and NumPy marks some of them Fortran.
  expects(!head.fortran_order || head.shape.size() < 2, errc::file_format,
          "{}: .npy array {} in Fortran order, expected C order (numpy.ascontiguousarray)", where,
          shape_text(head.shape));
  const auto needed = array::bytes_of(type, head.shape);
  expects(needed.has_value(), errc::file_format, "{}: .npy shape {} is not possible", where,
          shape_text(head.shape));
  const auto content = in.get_bytes(*needed, fmt::format("an array {}", shape_text(head.shape)));
  expects(in.offset() == bytes.size(), errc::file_format,
          "'{}': {} bytes follow the array at byte {}", where, bytes.size() - in.offset(),
          in.offset());
  return {type, std::move(head.shape), {content.begin(), content.end()}};
}

#endif

/// Writes one array as .npy, atomically. Throws errc::file_write.
inline void save_npy(const std::filesystem::path& path, const array& a) {
  write_file(path, encode_npy(a));
}

/// Reads one array from .npy; throws errc::file_open and what decode_npy() throws.
[[nodiscard]] inline array load_npy(const std::filesystem::path& path) {
  return decode_npy(read_file(path), path.string());
}

}  // namespace swprune::inline v0::io
