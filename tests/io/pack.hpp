// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes packed by zlib and liblzma themselves, for tests of what unpacks them.

#include <lzma.h>
#include <zlib.h>
#include <catch2/catch.hpp>

#include <cstdint>
#include <vector>

namespace swprune_test {

/// One gzip member.
inline std::vector<std::uint8_t> gzip(const std::vector<std::uint8_t>& in, int level = 9) {
  z_stream s{};
  REQUIRE(deflateInit2(&s, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<std::uint8_t> out(deflateBound(&s, in.size()) + 64);
  s.next_in = const_cast<Bytef*>(in.data());
  s.avail_in = static_cast<uInt>(in.size());
  s.next_out = out.data();
  s.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&s, Z_FINISH) == Z_STREAM_END);
  out.resize(s.total_out);
  deflateEnd(&s);
  return out;
}

/// One xz stream with a CRC-64 of its content, as xz itself writes it.
inline std::vector<std::uint8_t> xz(const std::vector<std::uint8_t>& in, std::uint32_t preset = 6) {
  std::vector<std::uint8_t> out(::lzma_stream_buffer_bound(in.size()));
  std::size_t used = 0;
  REQUIRE(::lzma_easy_buffer_encode(preset, LZMA_CHECK_CRC64, nullptr, in.data(), in.size(),
                                    out.data(), &used, out.size()) == LZMA_OK);
  out.resize(used);
  return out;
}

}  // namespace swprune_test
