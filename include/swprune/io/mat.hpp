// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/bytes.hpp"
#include "swprune/io/deflate.hpp"
#include "swprune/io/packed.hpp"

namespace swprune::inline v0::io {

/// An array of bytes in a MATLAB file.
struct mat_array {
  std::string name;
  std::vector<index_t> sizes;        ///< two or more, the first one varies fastest
  std::vector<std::uint8_t> values;  ///< column by column, as MATLAB orders them
};

/// Reads all arrays of a MATLAB level 5 file (what MATLAB writes with -v6 and -v7), whose elements
/// may be compressed; the file itself may be packed. Little-endian files with arrays of bytes only:
/// what SVHN consists of. Throws errc::file_open, errc::file_truncated or errc::file_format, naming
/// the file and the byte offset.
/// Source: "MAT-File Format", The MathWorks.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<mat_array> read_mat(const std::filesystem::path& path,
                                                               packings formats = plain_or_gzip);

#if SWPRUNE_BODIES

namespace detail {

/// Types of elements: "MAT-File Format", MathWorks, table of data types.
enum class mat_type : std::uint32_t {
  int8 = 1,
  uint8 = 2,
  int32 = 5,
  uint32 = 6,
  matrix = 14,
  compressed = 15
};

/// Type and length of an element; data of up to four bytes lie inside the eight bytes of the tag.
struct mat_tag {
  mat_type type;
  std::uint32_t bytes;
  bool small;
};

[[nodiscard]] inline mat_tag get_mat_tag(byte_reader& in) {
  const auto word = in.get<std::uint32_t>("the tag of an element");
  const std::uint32_t upper = word >> 16;
  if (upper != 0) return {static_cast<mat_type>(word & 0xffff), upper, true};
  return {static_cast<mat_type>(word), in.get<std::uint32_t>("the length of an element"), false};
}

/// The data of the next element, which must be of that type; steps over the padding to 8 bytes.
[[nodiscard]] inline std::span<const std::uint8_t> get_mat_data(byte_reader& in, mat_type type,
                                                                std::string_view what) {
  const std::size_t at = in.offset();
  const mat_tag tag = get_mat_tag(in);
  expects(tag.type == type && (!tag.small || tag.bytes <= 4), errc::file_format,
          "'{}' has an element of type {} with {} bytes at byte {}, expected type {} ({})",
          in.file(), static_cast<std::uint32_t>(tag.type), tag.bytes, at,
          static_cast<std::uint32_t>(type), what);
  const auto data = in.get_bytes(tag.bytes, what);
  const std::size_t padding = tag.small ? 4 - tag.bytes : (8 - tag.bytes % 8) % 8;
  (void)in.get_bytes(padding, "padding");
  return data;
}

/// Product of the sizes, which must be as many as `bytes`.
inline void check_mat_sizes(const mat_array& a, std::size_t bytes, const std::string& file) {
  std::uint64_t product = 1;
  for (const index_t size : a.sizes) {
    expects(size >= 0, errc::file_format, "'{}': array '{}' has a negative size {}", file, a.name,
            size);
    // Sizes are below 2^31 and a product above 2^32 ends the loop: no overflow.
    product *= static_cast<std::uint64_t>(size);
    if (product > std::numeric_limits<std::uint32_t>::max()) break;
  }
  expects(a.sizes.size() >= 2 && product == bytes, errc::file_format,
          "'{}': array '{}' has {} sizes for {} values, but {} bytes of values", file, a.name,
          a.sizes.size(), product, bytes);
}

/// Takes the content of a matrix element apart. `file` names file and element, for messages.
[[nodiscard]] inline mat_array parse_mat_matrix(std::span<const std::uint8_t> content,
                                                const std::string& file) {
  byte_reader in(content, file);
  const auto flags = get_mat_data(in, mat_type::uint32, "array flags");
  constexpr std::uint8_t complex = 0x08;
  expects(flags.size() == 8 && (flags[1] & complex) == 0, errc::file_format,
          "'{}' has {} bytes of array flags at byte 0, expected 8 and real numbers", file,
          flags.size());
  mat_array a;
  const auto sizes = get_mat_data(in, mat_type::int32, "sizes");
  expects(sizes.size() % 4 == 0, errc::file_format, "'{}' has {} bytes of sizes", file,
          sizes.size());
  for (std::size_t at = 0; at < sizes.size(); at += 4) {
    std::int32_t size = 0;
    std::memcpy(&size, &sizes[at], 4);
    a.sizes.push_back(size);
  }
  const auto name = get_mat_data(in, mat_type::int8, "name");
  a.name.assign(name.begin(), name.end());
  const auto values = get_mat_data(in, mat_type::uint8, "values, bytes only");
  check_mat_sizes(a, values.size(), file);
  a.values.assign(values.begin(), values.end());
  return a;
}

/// A compressed element holds one matrix element.
[[nodiscard]] inline mat_array parse_mat_compressed(std::span<const std::uint8_t> packed,
                                                    const std::string& file, std::size_t at) {
  const std::string where = fmt::format("{}, compressed element at byte {}", file, at);
  const std::vector<std::uint8_t> head = inflate_zlib_head(packed, 8);
  byte_reader in(head, where);
  const mat_tag tag = get_mat_tag(in);
  expects(tag.type == mat_type::matrix && !tag.small, errc::file_format,
          "'{}' holds an element of type {}, expected 14 (matrix)", where,
          static_cast<std::uint32_t>(tag.type));
  const std::vector<std::uint8_t> element =
      inflate_zlib(packed, std::size_t{8} + tag.bytes, "'" + where + "'");
  return parse_mat_matrix(std::span(element).subspan(8), where);
}

}  // namespace detail

SWPRUNE_FUNCTION std::vector<mat_array> read_mat(const std::filesystem::path& path,
                                                 packings formats) {
  packed_file file(path, formats);
  constexpr std::size_t largest = std::size_t{1} << 32;  // an element's length has 32 bits
  const std::vector<std::uint8_t> bytes = file.take(largest);
  byte_reader in(bytes, file.name() + file.where());
  (void)in.get_bytes(124, "the header");
  const auto version = in.get<std::uint16_t>("the version");
  const auto order = in.get_bytes(2, "the byte order");
  expects(
      version == 0x0100 && order[0] == 'I' && order[1] == 'M', errc::file_format,
      "'{}' has version {:#06x} and byte order {:#04x} {:#04x} at byte 124, expected 0x0100, 0x49 "
      "0x4d (little-endian MATLAB level 5)",
      in.file(), version, order[0], order[1]);
  std::vector<mat_array> arrays;
  while (in.offset() < bytes.size()) {
    const std::size_t at = in.offset();
    const detail::mat_tag tag = detail::get_mat_tag(in);
    const auto content = in.get_bytes(tag.bytes, "an element");
    const bool packed = tag.type == detail::mat_type::compressed;
    expects(!tag.small && (packed || tag.type == detail::mat_type::matrix), errc::file_format,
            "'{}' has an element of type {} at byte {}, expected 14 (matrix) or 15 (compressed)",
            in.file(), static_cast<std::uint32_t>(tag.type), at);
    arrays.push_back(packed ? detail::parse_mat_compressed(content, in.file(), at)
                            : detail::parse_mat_matrix(
                                  content, fmt::format("{}, element at byte {}", in.file(), at)));
    if (!packed) (void)in.get_bytes((8 - tag.bytes % 8) % 8, "padding");
  }
  return arrays;
}

#endif

}  // namespace swprune::inline v0::io
