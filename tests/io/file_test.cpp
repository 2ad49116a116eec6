// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/file.hpp"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <string_view>

#include "swprune/io/bytes.hpp"
#include "swprune/io/deflate.hpp"
#include "tests/io/file_checks.hpp"

using namespace swprune;
using swprune_test::caught;
using swprune_test::error_of;
using swprune_test::temp_dir;
using bytes_t = std::vector<std::uint8_t>;

namespace {

/// Lets files grow to `bytes` only, as a full disk would; puts the old limit back.
class small_disk {
 public:
  explicit small_disk(rlim_t bytes) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old_) == 0);
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, old_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  ~small_disk() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("file: what is written is read") {
  const temp_dir dir;
  const bytes_t bytes = {1, 2, 0, 255};
  io::write_file(dir / "a", bytes);
  CHECK(io::read_file(dir / "a") == bytes);
  io::write_file(dir / "a", std::string_view("text"));
  CHECK(io::read_file(dir / "a") == bytes_t{'t', 'e', 'x', 't'});
  io::write_file(dir / "a", bytes_t{});
  CHECK(io::read_file(dir / "a").empty());
  CHECK(swprune_test::entries_of(dir.path()) == 1);
}

TEST_CASE("file: a failed write leaves the old file and nothing else") {
  const temp_dir dir;
  const bytes_t old = {1, 2, 3};
  io::write_file(dir / "a", old);
  caught e;
  {
    const small_disk limit(1000);
    e = error_of([&] { io::write_file(dir / "a", bytes_t(5000, 7)); });
  }
  CHECK(e.is(errc::file_write));
  CHECK(e.says({"/a'", "5000 bytes"}));
  CHECK(io::read_file(dir / "a") == old);
  CHECK(swprune_test::entries_of(dir.path()) == 1);
}

TEST_CASE("file: what cannot be a file is refused") {
  const temp_dir dir;
  CHECK(error_of([&] { io::write_file(dir.path(), bytes_t{1}); }).is(errc::file_write));
  CHECK(error_of([&] { io::write_file("/dev/null", bytes_t{1}); }).says({"not a regular file"}));
  CHECK(error_of([&] { io::write_file(dir / "no/such", bytes_t{1}); }).says({"No such file"}));
  CHECK(error_of([&] { (void)io::read_file(dir / "none"); }).is(errc::file_open));
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK(error_of([&] { (void)io::read_file(dir / "pipe"); }).says({"not a regular file"}));
}

TEST_CASE("crc32: the published check value") {
  const std::string_view text = "123456789";
  CHECK(io::crc32({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}) == 0xcbf43926);
  CHECK(io::crc32({}) == 0);
}

TEST_CASE("bytes: little-endian, aligned, never past the end") {
  io::byte_writer out;
  out.put<std::uint8_t>(7);
  out.align(4);
  out.put<std::int32_t>(-2);
  out.put<std::uint16_t>(0x1234);
  out.put_text("ab");
  CHECK(out.bytes() == bytes_t{7, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x34, 0x12, 'a', 'b'});
  io::byte_reader in(out.bytes(), "file", 4);
  CHECK(in.get<std::int32_t>("x") == -2);
  CHECK(in.get<std::uint16_t>("x") == 0x1234);
  const caught e = error_of([&] { (void)in.get<std::uint64_t>("a number"); });
  CHECK(e.is(errc::file_truncated));
  CHECK(e.says({"'file' has 12 bytes", "a number needs 8 at byte 10"}));
  CHECK(error_of([&] { (void)in.get_bytes(~std::uint64_t{0}, "much"); }).is(errc::file_truncated));
  CHECK(in.get_text(2, "x") == "ab");
  io::byte_reader beyond(out.bytes(), "file", 99);
  CHECK(error_of([&] { (void)beyond.get_bytes(0, "x"); }).is(errc::file_truncated));
}
