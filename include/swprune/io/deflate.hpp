// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"

namespace swprune::inline v0::io {

/// CRC-32 of zlib, gzip and zip (reflected polynomial 0xEDB88320): 0xCBF43926 for "123456789".
[[nodiscard]] inline std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(::crc32_z(0, nullptr, 0), bytes.data(), bytes.size()));
}

#if SWPRUNE_BODIES

namespace detail {

/// Frees zlib's state on every way out.
class inflater {
 public:
  /// window_bits as in zlib: -15 raw deflate, 31 gzip.
  explicit inflater(int window_bits) {
    expects(::inflateInit2(&stream, window_bits) == Z_OK, errc::invariant_broken,
            "zlib cannot start");
  }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;
  ~inflater() { ::inflateEnd(&stream); }

  z_stream stream{};
};

/// Feeds zlib from `in` (its counters are 32 bits, a span is not).
inline void refill(z_stream& s, std::span<const std::uint8_t> in, std::size_t& fed) {
  if (s.avail_in != 0 || fed == in.size()) return;
  const std::size_t n = std::min<std::size_t>(in.size() - fed, 1u << 30);
  s.next_in = const_cast<Bytef*>(in.data() + fed);  // zlib reads only
  s.avail_in = static_cast<uInt>(n);
  fed += n;
}

}  // namespace detail

#endif

/// True for the two bytes that open every gzip file.
[[nodiscard]] inline bool is_gzip(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/// Uncompressed bytes of a gzip stream (several members are joined, as gzip itself does), at most
/// `limit` of them: memory grows with the data that really arrives, never with what a header says.
/// Checks CRC and length of every member that it reads to its end. `file` is for the messages.
/// Throws errc::file_truncated, errc::file_checksum or errc::file_format, with the byte offset in
/// the compressed file.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> gunzip(std::span<const std::uint8_t> bytes,
                                                                std::string_view file,
                                                                std::size_t limit);

/// Uncompressed bytes of a raw deflate stream that must give exactly `size` bytes and use up all of
/// `bytes`; what a member of a zip file holds. Throws errc::file_format naming `where`.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> inflate_raw(
    std::span<const std::uint8_t> bytes, std::size_t size, std::string_view where);

/// The same for a zlib stream (RFC 1950), whose checksum is checked; what an element of a MATLAB
/// file holds.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> inflate_zlib(
    std::span<const std::uint8_t> bytes, std::size_t size, std::string_view where);

/// The first `size` bytes of a zlib stream, fewer if it is damaged or ends before them.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> inflate_zlib_head(
    std::span<const std::uint8_t> bytes, std::size_t size);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::vector<std::uint8_t> gunzip(std::span<const std::uint8_t> bytes,
                                                  std::string_view file, std::size_t limit) {
  detail::inflater z(31);
  z_stream& s = z.stream;
  std::vector<std::uint8_t> out;
  std::size_t fed = 0;
  std::size_t used = 0;
  for (;;) {
    detail::refill(s, bytes, fed);
    if (used == out.size()) {
      if (used == limit) break;
      out.resize(std::min(limit, std::max<std::size_t>(1u << 16, used * 2)));
    }
    s.next_out = out.data() + used;
    const std::size_t room = std::min<std::size_t>(out.size() - used, 1u << 30);
    s.avail_out = static_cast<uInt>(room);
    const int code = ::inflate(&s, Z_NO_FLUSH);
    used += room - s.avail_out;
    const std::size_t offset = fed - s.avail_in;
    if (code == Z_STREAM_END) {
      if (s.avail_in == 0 && fed == bytes.size()) break;
      expects(is_gzip(bytes.subspan(offset)), errc::file_format,
              "'{}': {} bytes follow the gzip data at byte {}", file, bytes.size() - offset,
              offset);
      ::inflateReset(&s);
      continue;
    }
    const std::string_view why = s.msg == nullptr ? "no reason given" : s.msg;
    expects(
        code != Z_DATA_ERROR || (why != "incorrect data check" && why != "incorrect length check"),
        errc::file_checksum, "'{}': {} at byte {} of the gzip data", file, why, offset);
    expects(code == Z_OK || code == Z_BUF_ERROR, errc::file_format,
            "'{}': corrupt gzip data at byte {} ({})", file, offset, why);
    expects(s.avail_out == 0 || s.avail_in != 0 || fed != bytes.size(), errc::file_truncated,
            "'{}': the gzip data stop at byte {} before their end", file, offset);
  }
  out.resize(used);
  return out;
}

namespace detail {

/// Uncompressed bytes of one stream that must give exactly `size` bytes and use up all of `bytes`.
[[nodiscard]] inline std::vector<std::uint8_t> inflate_exactly(std::span<const std::uint8_t> bytes,
                                                               std::size_t size,
                                                               std::string_view where,
                                                               int window_bits) {
  // Deflate makes at most 1032 bytes out of one: refuse what cannot be true before allocating it.
  expects(size / 1032 <= bytes.size() && bytes.size() <= std::numeric_limits<uInt>::max() &&
              size < std::numeric_limits<uInt>::max(),
          errc::file_format, "{}: {} compressed bytes cannot hold {} bytes", where, bytes.size(),
          size);
  inflater z(window_bits);
  std::vector<std::uint8_t> out(size + 1);  // one more than allowed, to see an overrun
  z.stream.next_in = const_cast<Bytef*>(bytes.data());
  z.stream.avail_in = static_cast<uInt>(bytes.size());
  z.stream.next_out = out.data();
  z.stream.avail_out = static_cast<uInt>(out.size());
  const int code = ::inflate(&z.stream, Z_FINISH);
  expects(code == Z_STREAM_END && z.stream.avail_out == 1 && z.stream.avail_in == 0,
          errc::file_format, "{}: corrupt deflate data: {} of {} bytes after {} of {}", where,
          out.size() - z.stream.avail_out, size, bytes.size() - z.stream.avail_in, bytes.size());
  out.resize(size);
  return out;
}

}  // namespace detail

SWPRUNE_FUNCTION std::vector<std::uint8_t> inflate_raw(std::span<const std::uint8_t> bytes,
                                                       std::size_t size, std::string_view where) {
  return detail::inflate_exactly(bytes, size, where, -15);
}

SWPRUNE_FUNCTION std::vector<std::uint8_t> inflate_zlib(std::span<const std::uint8_t> bytes,
                                                        std::size_t size, std::string_view where) {
  return detail::inflate_exactly(bytes, size, where, 15);
}

SWPRUNE_FUNCTION std::vector<std::uint8_t> inflate_zlib_head(std::span<const std::uint8_t> bytes,
                                                             std::size_t size) {
  detail::inflater z(15);
  std::vector<std::uint8_t> out(size);
  z.stream.next_in = const_cast<Bytef*>(bytes.data());
  z.stream.avail_in =
      static_cast<uInt>(std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max()));
  z.stream.next_out = out.data();
  z.stream.avail_out = static_cast<uInt>(size);
  (void)::inflate(&z.stream, Z_SYNC_FLUSH);
  out.resize(size - z.stream.avail_out);
  return out;
}

#endif

}  // namespace swprune::inline v0::io
