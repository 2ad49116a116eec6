// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/container.hpp"

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <cstring>

#include "swprune/core/rng.hpp"
#include "tests/io/file_checks.hpp"

using namespace swprune;
using swprune_test::caught;
using swprune_test::error_of;
using swprune_test::from_hex;
using swprune_test::temp_dir;
using bytes_t = std::vector<std::uint8_t>;

namespace {

io::record_set small_set() {
  io::record_set set;
  set.add("a", io::array::of(std::vector<std::int16_t>{1, -2, 3}));
  set.add("b.w", io::array::of<float>({2, 1}, std::vector<float>{1, 2}));
  set.add("empty", io::array::of<double>({0, 5}, {}));
  return set;
}

/// Any set of records that the generator can think of.
io::record_set random_set(rng& random) {
  io::record_set set;
  const auto records = random.below(6);
  for (std::uint64_t r = 0; r < records; ++r) {
    std::vector<index_t> shape(random.below(4));
    for (auto& n : shape) n = static_cast<index_t>(random.below(5));
    const auto type = static_cast<io::number_type>(1 + random.below(std::size(io::number_types)));
    bytes_t bytes(*io::array::bytes_of(type, shape));
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random.next());
    set.add("r" + std::to_string(r), io::array(type, shape, bytes));
  }
  return set;
}

/// Puts right checksums on a container that was changed by hand: what a hostile file has.
void reseal(bytes_t& file) {
  std::uint64_t directory = 0;
  std::memcpy(&directory, &file[16], 8);
  const std::uint32_t dir_crc = io::crc32(std::span(file).subspan(directory));
  std::memcpy(&file[56], &dir_crc, 4);
  const std::uint32_t head_crc = io::crc32(std::span(file).first(60));
  std::memcpy(&file[60], &head_crc, 4);
}

caught decode_error(const bytes_t& file, const char* kind = "test") {
  return error_of([&] { (void)io::decode_container(file, kind, "f.swp"); });
}

}  // namespace

TEST_CASE("container: records come back in order, whatever they are") {
  CHECK(rc::check("container round trip", [] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    rng random(seed);
    const io::record_set set = random_set(random);
    const bytes_t file = io::encode_container("test", set);
    RC_ASSERT(io::decode_container(file, "test", "f") == set);
    RC_ASSERT(io::encode_container("test", set) == file);
  }));
}

TEST_CASE("container: golden bytes") {
  io::record_set set;
  set.add("w", io::array::of<std::int16_t>({1, 2}, std::vector<std::int16_t>{1, -2}));
  const bytes_t expected = from_hex(
      // magic, version 1, 1 record
      "93 53 57 50 0d 0a 1a 0a  01 00 00 00  01 00 00 00"
      // directory at 128, 48 bytes, file of 176
      "80 00 00 00 00 00 00 00  30 00 00 00 00 00 00 00  b0 00 00 00 00 00 00 00"
      // kind, CRC of the directory, CRC of bytes 0..59
      "74 65 73 74 00 00 00 00 00 00 00 00 00 00 00 00  63 f4 de 1b a8 14 68 1b"
      // the record, padded to 64
      "01 00 fe ff 00 00 00 00 00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
      "00 00"
      "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
      "00 00"
      // int16, 2 dimensions, name of 1, CRC, offset 64, 4 bytes, shape {1, 2}, name padded to 8
      "03 02 01 00  c7 9b c5 3e  40 00 00 00 00 00 00 00  04 00 00 00 00 00 00 00"
      "01 00 00 00 00 00 00 00  02 00 00 00 00 00 00 00  77 00 00 00 00 00 00 00");
  CHECK(io::encode_container("test", set) == expected);
  CHECK(io::decode_container(expected, "test", "golden") == set);
}

TEST_CASE("container: every changed byte and every truncation is an error") {
  const bytes_t good = io::encode_container("test", small_set());
  REQUIRE(io::decode_container(good, "test", "f") == small_set());
  for (std::size_t i = 0; i < good.size(); ++i)
    for (const int flip : {1, 0x80, 0xff}) {
      CAPTURE(i, flip);
      bytes_t bad = good;
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ flip);
      REQUIRE(decode_error(bad).id != 0);
    }
  for (std::size_t n = 0; n < good.size(); ++n) {
    CAPTURE(n);
    const caught e = decode_error({good.begin(), good.begin() + static_cast<long>(n)});
    REQUIRE(e.is(errc::file_truncated));
    REQUIRE(e.says({"f.swp"}));
  }
  bytes_t longer = good;
  longer.push_back(0);
  CHECK(decode_error(longer).says({"goes on after byte", std::to_string(good.size())}));
}

TEST_CASE("container: hostile files with good checksums are errors or the truth") {
  const bytes_t good = io::encode_container("test", small_set());
  int errors = 0;
  int tried = 0;
  std::uint64_t directory = 0;
  std::memcpy(&directory, &good[16], 8);
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    bytes_t bad = good;
    const auto changes = 1 + random.below(3);
    for (std::uint64_t c = 0; c < changes; ++c) {
      const bool head = random.below(4) == 0;
      const auto at =
          head ? 8 + random.below(32) : directory + random.below(bad.size() - directory);
      const std::uint8_t extreme[] = {0, 1, 0x7f, 0x80, 0xff};
      bad[at] = extreme[random.below(5)];
    }
    std::uint64_t where = 0;
    std::memcpy(&where, &bad[16], 8);
    if (where > bad.size()) continue;  // reseal() trusts it; the flips above cover this
    reseal(bad);
    ++tried;
    const caught e = error_of([&] {
      // What is accepted describes itself: written again it is the same file.
      const io::record_set set = io::decode_container(bad, "test", "f");
      if (io::encode_container("test", set) != bad) throw std::logic_error("accepted a lie");
    });
    errors += e.id != 0;
  }
  CHECK(tried > 3000);
  CHECK(errors > tried / 2);
}

TEST_CASE("container: which record is damaged is said") {
  bytes_t file = io::encode_container("test", small_set());
  file[64] ^= 1;
  const caught e = decode_error(file);
  CHECK(e.is(errc::file_checksum));
  CHECK(e.says({"record 'a'", "bytes 64..70"}));
  file[64] ^= 1;
  file[75] = 1;
  CHECK(decode_error(file).says({"padding byte 75"}));
  file[75] = 0;
  CHECK(decode_error(file, "other").is(errc::file_mismatch));
  CHECK(decode_error(file, "other").says({"holds 'test', expected 'other'"}));
  file[8] = 2;
  CHECK(decode_error(file).says({"version 2", "reads version 1"}));
}

TEST_CASE("container: saved and loaded, the old file survives") {
  const temp_dir dir;
  io::save_container(dir / "m.swp", "test", small_set());
  CHECK(io::load_container(dir / "m.swp", "test") == small_set());
  CHECK(io::load_container(dir / "m.swp", "test").origin() == (dir / "m.swp").string());
  CHECK(error_of([&] {
          io::save_container(dir / "m.swp", "", small_set());
        }).is(errc::argument_out_of_range));
  CHECK(io::load_container(dir / "m.swp", "test") == small_set());
  CHECK(swprune_test::entries_of(dir.path()) == 1);
}

TEST_CASE("record_set: names and types are checked") {
  io::record_set set = small_set();
  CHECK(error_of([&] { set.add("a", io::array()); }).says({"'a' exists already"}));
  for (const char* name : {"", "with blank", "a/b", "a\\b", "tab\t"})
    CHECK(error_of([&] { set.add(name, io::array()); }).is(errc::argument_out_of_range));
  CHECK(set.vector<std::int16_t>("a", 3) == std::vector<std::int16_t>{1, -2, 3});
  CHECK(error_of([&] {
          (void)set.vector<std::int16_t>("a", 4);
        }).says({"record 'a' is int16 [3], expected int16 [4]"}));
  CHECK(error_of([&] { (void)set.vector<float>("a"); }).is(errc::file_mismatch));
  CHECK(error_of([&] { (void)set.at("zz"); }).says({"no record 'zz'"}));
  CHECK_FALSE(set.contains("zz"));
  set.add("text", io::array::of_text("hello"));
  CHECK(set.text("text") == "hello");
}

TEST_CASE("array: bytes fit the shape") {
  CHECK(io::array::of<float>({2, 0}, {}).count() == 0);
  CHECK(io::array(io::number_type::int32, {}, bytes_t(4)).count() == 1);
  CHECK(error_of([] {
          (void)io::array(io::number_type::int32, {2}, bytes_t(7));
        }).says({"[2] of int32 needs 8 bytes, given 7"}));
  CHECK_FALSE(io::array::bytes_of(io::number_type::uint8, {-1}));
  CHECK_FALSE(io::array::bytes_of(io::number_type::int64, {index_t{1} << 40, index_t{1} << 40}));
  CHECK_FALSE(io::array::bytes_of(io::number_type::int64, {index_t{1} << 62}));
  CHECK_FALSE(io::array::bytes_of(io::number_type::uint8, std::vector<index_t>(33, 1)));
  CHECK(io::array::bytes_of(io::number_type::int64, {0, index_t{1} << 40, index_t{1} << 10}) == 0u);
}
