// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace swprune_test {

/// Standard output of a command, in lines of numbers. A command that fails fails the test.
inline std::vector<std::vector<double>> numbers_from(const std::string& command) {
  INFO(command);
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    text.append(buffer.data(), n);
  REQUIRE(pclose(pipe) == 0);
  std::vector<std::vector<double>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<double> row;
    for (double x = 0.0; words >> x;) row.push_back(x);
    rows.push_back(row);
  }
  return rows;
}

/// A file in the temporary directory that goes when the test does.
class temporary_file {
 public:
  explicit temporary_file(const std::string& text) {
    path_ = std::filesystem::temp_directory_path() /
            ("swprune-test-" + std::to_string(getpid()) + "-" + std::to_string(counter()++));
    std::ofstream out(path_);
    out << text;
    REQUIRE(out.good());
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  static int& counter() {
    static int count = 0;
    return count;
  }
  std::filesystem::path path_;
};

}  // namespace swprune_test
