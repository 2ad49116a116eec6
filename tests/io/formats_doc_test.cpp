// SPDX-License-Identifier: Apache-2.0

// What docs/formats-files.md states as numbers is what the code does.

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/rng.hpp"
#include "swprune/io/container.hpp"
#include "swprune/io/file.hpp"

using namespace swprune;

namespace {

std::string page() {
  const auto bytes = io::read_file(std::string(SWPRUNE_SOURCE_DIR) + "/docs/formats-files.md");
  return {bytes.begin(), bytes.end()};
}

bool states(const std::string& text) {
  CAPTURE(text);
  static const std::string all = page();
  return all.find(text) != std::string::npos;
}

std::string draws(rng random, int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += fmt::format("{}`{:016x}`", i == 0 ? "" : " ", random.next());
  return text;
}

std::string stream_row(std::string_view call, const rng& stream) {
  return fmt::format("| `stream({})` | `{:016x}` | {} |\n", call, stream.seed(), draws(stream, 2));
}

/// One line of the page's hexadecimal dump.
std::string dump_line(std::span<const std::uint8_t> file, std::size_t at) {
  std::string line = fmt::format("    {:03x} ", at);
  for (const std::uint8_t byte : file.subspan(at, 16)) line += fmt::format(" {:02x}", byte);
  return line + "\n";
}

}  // namespace

TEST_CASE("formats-files.md: random numbers") {
  for (const std::uint64_t seed : {0, 1, 42})
    CHECK(states(fmt::format("| {} | {} |\n", seed, draws(rng(seed), 4))));
  CHECK(states(stream_row("\"init\"", rng(1).stream("init"))));
  CHECK(states(stream_row("\"shuffle\", 3", rng(1).stream("shuffle", 3))));
  rng random(1);
  std::string digits;
  for (int i = 0; i < 10; ++i) digits += fmt::format("{} ", random.below(10));
  CHECK(states("`below(10)` gives " + digits.substr(0, digits.size() - 1) + ","));
  std::vector<int> order(10);
  std::iota(order.begin(), order.end(), 0);
  rng(1).shuffle(std::span<int>(order));
  std::string shuffled;
  for (const int i : order) shuffled += fmt::format("{}{}", shuffled.empty() ? "" : " ", i);
  CHECK(states("\n" + shuffled + "."));
}

TEST_CASE("formats-files.md: the worked example of the container") {
  io::record_set set;
  set.add("w", io::array::of<std::int16_t>({1, 2}, std::vector<std::int16_t>{1, -2}));
  const std::vector<std::uint8_t> file = io::encode_container("test", set);
  REQUIRE(file.size() == 176);
  for (const std::size_t at : {0x00, 0x10, 0x20, 0x30, 0x80, 0x90, 0xa0}) {
    CAPTURE(at);
    CHECK(states(dump_line(file, at)));
  }
  CHECK(states("    040  01 00 fe ff and 60 zeros\n"));
}

TEST_CASE("formats-files.md: this test can fail") {
  CHECK_FALSE(states(fmt::format("| {} | {} |\n", 42, draws(rng(43), 4))));
}
