// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/xz.hpp"

#include <catch2/catch.hpp>

#include "swprune/core/rng.hpp"
#include "swprune/io/packed.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/io/pack.hpp"

using namespace swprune;
using namespace swprune_test;
using bytes_t = std::vector<std::uint8_t>;

namespace {

bytes_t some_bytes(std::size_t n, std::uint64_t seed) {
  rng random(seed);
  bytes_t out(n);
  for (auto& b : out) b = static_cast<std::uint8_t>(random.below(7));
  return out;
}

bytes_t operator+(bytes_t a, const bytes_t& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// What a file with these bytes contains.
bytes_t content(const bytes_t& bytes, io::packings formats = io::plain_gzip_or_xz,
                std::size_t limit = 1u << 20) {
  const temp_dir dir;
  put_file(dir / "file", bytes);
  return io::packed_file(dir / "file", formats).take(limit);
}

}  // namespace

TEST_CASE("packed: plain, gzip and xz files have the same content, whatever they are called") {
  for (const std::size_t n : {0u, 1u, 1000u, 300000u}) {
    CAPTURE(n);
    const bytes_t in = some_bytes(n, n + 1);
    CHECK(content(in) == in);
    CHECK(content(gzip(in)) == in);
    CHECK(content(xz(in)) == in);
  }
}

TEST_CASE("packed: heads and limits") {
  const temp_dir dir;
  const bytes_t in = some_bytes(100000, 3);
  for (const bytes_t& form : {in, gzip(in), xz(in)}) {
    put_file(dir / "file", form);
    const io::packed_file file(dir / "file", io::plain_gzip_or_xz);
    CHECK(file.head(10) == bytes_t(in.begin(), in.begin() + 10));
    CHECK(file.head(200000) == in);
    CHECK(file.head(0).empty());
  }
  CHECK(content(xz(in), io::plain_gzip_or_xz, 77).size() == 77);
  CHECK(content(gzip(in), io::plain_gzip_or_xz, 77).size() == 77);
}

TEST_CASE("packed: an xz file without xz.hpp is called by its name") {
  const caught e = error_of([] { (void)content(xz({1, 2, 3}), io::plain_or_gzip); });
  CHECK(e.is(errc::file_format));
  CHECK(e.says({"file' is an xz file (byte 0)", "swprune/io/xz.hpp", "io::plain_gzip_or_xz"}));
}

TEST_CASE("packed: the plain form is found first, then .gz, then .xz") {
  const temp_dir dir;
  CHECK(io::find_packed(dir / "x").empty());
  for (const char* name : {"x.xz", "x.gz", "x"}) {
    put_file(dir / name, {});
    CHECK(io::find_packed(dir / "x") == dir / name);
  }
  std::filesystem::create_directory(dir / "d");
  CHECK(io::find_packed(dir / "d").empty());
}

TEST_CASE("xz: streams that follow one another are one file, padding between them too") {
  const bytes_t a = some_bytes(5000, 1), b = some_bytes(300, 2);
  CHECK(content(xz(a) + xz(b)) == a + b);
  CHECK(content(xz(a) + bytes_t(8, 0) + xz(b)) == a + b);
}

TEST_CASE("xz: every truncation is an error with file and byte") {
  const bytes_t packed = xz(some_bytes(500, 4));
  for (std::size_t n = 6; n < packed.size(); ++n) {
    CAPTURE(n);
    const caught e = error_of([&] { (void)content({packed.begin(), packed.begin() + long(n)}); });
    REQUIRE(e.is(errc::file_truncated));
    REQUIRE(e.says({"file'", "stop at byte " + std::to_string(n)}));
  }
}

TEST_CASE("xz: every damaged byte is an error or harmless") {
  const bytes_t in = some_bytes(500, 5);
  const bytes_t packed = xz(in);
  int errors = 0;
  for (std::size_t n = 6; n < packed.size(); ++n)
    for (const int flip : {1, 0x80, 0xff}) {
      CAPTURE(n, flip);
      bytes_t bad = packed;
      bad[n] = static_cast<std::uint8_t>(bad[n] ^ flip);
      bytes_t got;
      const caught e = error_of([&] { got = content(bad); });
      REQUIRE((e.id != 0 || got == in));
      if (e.id != 0) REQUIRE(e.says({"file'", "at byte"}));
      errors += e.id != 0;
    }
  CHECK(errors >= static_cast<int>(3 * (packed.size() - 6) - 3));
}

TEST_CASE("xz: bytes behind the data, and a header that asks for gigabytes") {
  const bytes_t packed = xz(some_bytes(50, 6));
  const caught trailing = error_of([&] { (void)content(packed + bytes_t(20, 1)); });
  CHECK(trailing.is(errc::file_format));
  CHECK(trailing.says({"file'", "at byte"}));
  // A dictionary of 4 GiB - 1: the byte behind "filter LZMA2, one byte of properties" in the block
  // header, and the header's CRC made to fit.
  bytes_t huge = packed;
  const std::size_t header = 12;  // after the stream header
  const std::size_t size = 4u * (huge[header] + 1u);
  const bytes_t filter{0x21, 1};
  const auto at = std::search(huge.begin() + 12, huge.begin() + 24, filter.begin(), filter.end());
  REQUIRE(at != huge.begin() + 24);
  at[2] = 40;
  const std::uint32_t crc = ::lzma_crc32(&huge[header], size - 4, 0);
  for (std::size_t i = 0; i < 4; ++i)
    huge[header + size - 4 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  const caught e = error_of([&] { (void)content(huge); });
  CHECK(e.is(errc::file_format));
  CHECK(e.says({"more than 256 MiB"}));
}

TEST_CASE("xz: random bytes after the magic are refused, never a crash") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    bytes_t noise = xz({1, 2, 3});
    noise.resize(seed % 2 == 0 ? 6 : 12);
    for (std::uint64_t n = random.below(100); n > 0; --n)
      noise.push_back(static_cast<std::uint8_t>(random.next()));
    REQUIRE(error_of([&] { (void)content(noise); }).id != 0);
  }
}
