// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a test needs from outside (real data, Python modules) and what happens when it is absent.

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

namespace swprune_test {

/// How many test cases of this executable were skipped; tests/main.cpp turns it into an exit code.
inline std::atomic<int>& skip_count() {
  static std::atomic<int> count{0};
  return count;
}

/// True when the environment variable is set to 1.
inline bool flag_is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && std::string(value) == "1";
}

/// Notes a skip: one line, and the exit code. Fails instead when `required_by` (the name of an
/// environment variable, may be null) is set to 1. Called by the macros below.
inline void note_skip(const std::string& why, const char* required_by) {
  if (required_by != nullptr && flag_is_set(required_by))
    FAIL(required_by << "=1 forbids this skip: " << why);
  ++skip_count();
  std::cout << "SKIPPED: " << Catch::getResultCapture().getCurrentTestName() << ": " << why
            << std::endl;
}

/// Directory of a data set, for example "fashion-mnist": below $SWPRUNE_DATA, then below ./data.
inline std::optional<std::filesystem::path> find_data(const std::string& name) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (const char* root = std::getenv("SWPRUNE_DATA"); root != nullptr && *root != '\0')
    if (const fs::path dir = fs::path(root) / name; fs::is_directory(dir, ignored)) return dir;
  if (const fs::path dir = fs::path("data") / name; fs::is_directory(dir, ignored)) return dir;
  return std::nullopt;
}

/// The Python that has the oracles, if it can import `module` ("networkx", "numpy", ...). The name
/// is a module name: letters, digits, dots and underscores.
inline std::optional<std::string> find_oracle_python(const std::string& module) {
  const std::string allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
  REQUIRE(!module.empty());
  REQUIRE(module.find_first_not_of(allowed) == std::string::npos);
  const std::string python = "/usr/bin/python3";
  const std::string command = python + " -c 'import " + module + "' >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) return std::nullopt;
  return python;
}

}  // namespace swprune_test

/// Leaves the test case as skipped because a data set is absent; a failure when
/// SWPRUNE_REQUIRE_DATA=1.
#define SWPRUNE_SKIP_DATA(why)                              \
  do {                                                      \
    swprune_test::note_skip((why), "SWPRUNE_REQUIRE_DATA"); \
    return;                                                 \
  } while (false)

/// Leaves the test case as skipped because an oracle is absent; a failure when
/// SWPRUNE_REQUIRE_ORACLES=1.
#define SWPRUNE_SKIP_ORACLE(why)                               \
  do {                                                         \
    swprune_test::note_skip((why), "SWPRUNE_REQUIRE_ORACLES"); \
    return;                                                    \
  } while (false)

/// Leaves the test case as skipped for any other reason (no second thread, no such compiler).
#define SWPRUNE_SKIP(why)                    \
  do {                                       \
    swprune_test::note_skip((why), nullptr); \
    return;                                  \
  } while (false)
