// SPDX-License-Identifier: Apache-2.0
#pragma once

// A directory that a test may fill, and small functions around files.

#include <catch2/catch.hpp>

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/io/file.hpp"

namespace swprune_test {

/// Exists as long as the object; removed with all that is in it.
class temp_dir {
 public:
  temp_dir() {
    std::string name = (std::filesystem::temp_directory_path() / "swprune-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  ~temp_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }
  /// Number of entries.
  [[nodiscard]] int count() const {
    int n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path_)) ++n;
    return n;
  }

 private:
  std::filesystem::path path_;
};

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
