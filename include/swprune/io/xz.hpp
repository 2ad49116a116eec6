// SPDX-License-Identifier: Apache-2.0
#pragma once

// Opt-in: needs liblzma (Debian: liblzma-dev; CMake: find_package(LibLZMA), LibLZMA::LibLZMA).

#include <lzma.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/io/packed.hpp"

namespace swprune::inline v0::io {

namespace detail {

/// Frees liblzma's state on every way out.
class xz_decoder {
 public:
  xz_decoder() {
    // `xz -9` needs 65 MiB; a hostile header may ask for 4 GiB.
    constexpr std::uint64_t memory_limit = std::uint64_t{256} << 20;
    expects(::lzma_stream_decoder(&stream, memory_limit, LZMA_CONCATENATED) == LZMA_OK,
            errc::invariant_broken, "liblzma cannot start");
  }
  xz_decoder(const xz_decoder&) = delete;
  xz_decoder& operator=(const xz_decoder&) = delete;
  ~xz_decoder() { ::lzma_end(&stream); }

  lzma_stream stream = LZMA_STREAM_INIT;
};

/// Why liblzma cannot go on; BUF_ERROR is not among them, it means that input is missing.
[[nodiscard]] inline std::string_view xz_complaint(lzma_ret code) {
  switch (code) {
    case LZMA_MEM_ERROR:
      return "not enough memory";
    case LZMA_MEMLIMIT_ERROR:
      return "it needs more than 256 MiB to unpack";
    case LZMA_FORMAT_ERROR:
      return "no xz data follow here";
    case LZMA_OPTIONS_ERROR:
      return "it uses options that liblzma does not know";
    case LZMA_DATA_ERROR:
      return "corrupt data or a wrong checksum";
    default:
      return "liblzma gives no reason";
  }
}

}  // namespace detail

/// Uncompressed bytes of an xz file (several streams are joined, as xz itself does), at most
/// `limit` of them: memory grows with the data that really arrives. The checks that xz files carry
/// are made for every block that is read to its end. `file` is for the messages. Throws
/// errc::file_truncated or errc::file_format, with the byte offset in the compressed file.
[[nodiscard]] inline std::vector<std::uint8_t> unxz(std::span<const std::uint8_t> bytes,
                                                    std::string_view file, std::size_t limit) {
  detail::xz_decoder decoder;
  lzma_stream& s = decoder.stream;
  s.next_in = bytes.data();
  s.avail_in = bytes.size();
  std::vector<std::uint8_t> out;
  std::size_t used = 0;
  for (lzma_ret code = LZMA_OK; code != LZMA_STREAM_END;) {
    if (used == out.size()) {
      if (used == limit) break;
      out.resize(std::min(limit, std::max<std::size_t>(1u << 16, used * 2)));
    }
    s.next_out = out.data() + used;
    s.avail_out = out.size() - used;
    code = ::lzma_code(&s, LZMA_FINISH);
    used = out.size() - s.avail_out;
    const std::size_t offset = bytes.size() - s.avail_in;
    expects(code != LZMA_BUF_ERROR, errc::file_truncated,
            "'{}': the xz data stop at byte {} before their end", file, offset);
    expects(code == LZMA_OK || code == LZMA_STREAM_END, errc::file_format,
            "'{}': cannot unpack the xz data at byte {}: {}", file, offset,
            detail::xz_complaint(code));
  }
  out.resize(used);
  return out;
}

/// Plain files, gzip and xz; to be given to the loaders.
inline constexpr std::array<packing, 2> plain_gzip_or_xz{{{is_gzip, gunzip}, {is_xz, unxz}}};

}  // namespace swprune::inline v0::io
