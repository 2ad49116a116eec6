// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small functions around files and their errors.

#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/io/file.hpp"
#include "tests/support/temp_dir.hpp"

namespace swprune_test {

/// Number of entries of a directory.
[[nodiscard]] inline int entries_of(const std::filesystem::path& dir) {
  int n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir)) ++n;
  return n;
}

/// Writes a file without waiting for the disk, for tests that write thousands.
inline void put_file(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes) {
  write_text(path, {bytes.begin(), bytes.end()});
}

/// What `action` throws: its id and text, or {0, ""} when it throws nothing of ours.
struct caught {
  int id = 0;
  std::string text;

  [[nodiscard]] bool is(swprune::errc code) const { return id == static_cast<int>(code); }
  /// True when every part is in the message.
  [[nodiscard]] bool says(const std::vector<std::string>& parts) const {
    for (const std::string& part : parts)
      if (text.find(part) == std::string::npos) return false;
    return true;
  }
};

template <typename Action>
[[nodiscard]] caught error_of(const Action& action) {
  try {
    action();
  } catch (const swprune::error& e) {
    return {e.id(), e.what()};
  }
  return {};
}

/// Bytes written as hexadecimal pairs, blanks ignored.
[[nodiscard]] inline std::vector<std::uint8_t> from_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  REQUIRE(digits.empty());
  return bytes;
}

}  // namespace swprune_test
