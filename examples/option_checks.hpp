// SPDX-License-Identifier: Apache-2.0
#pragma once

// Checks of command line options that the programs share.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace option_checks {

/// Parses the command line, then runs `checks` of options together, which throw CLI::ParseError.
/// Help leaves the program with exit code 0, bad options with a word and 2.
inline void parse_or_exit(
    CLI::App& app, int argc, char** argv, const std::function<void()>& checks = [] {}) {
  try {
    app.parse(argc, argv);
    checks();
  } catch (const CLI::CallForHelp& help) {
    std::exit(app.exit(help));
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    std::exit(2);
  }
}

/// "8x4" or "3x32x32" as numbers in 1..most; nothing if it is not `count` of these.
inline std::vector<swprune::index_t> sizes_of(const std::string& text, std::size_t count,
                                              swprune::index_t most) {
  std::vector<swprune::index_t> sizes;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    swprune::index_t n = 0;
    const auto [stop, failure] = std::from_chars(at, end, n);
    if (failure != std::errc() || n < 1 || n > most) return {};
    sizes.push_back(n);
    if (stop == end) break;
    if (*stop != 'x') return {};
    at = stop + 1;
  }
  if (sizes.size() != count) return {};
  return sizes;
}

/// A check for CLI11: the message, or nothing.
inline CLI::Validator sizes_check(std::size_t count, swprune::index_t most,
                                  const std::string& form) {
  return CLI::Validator(
      [=](std::string& text) {
        return sizes_of(text, count, most).empty()
                   ? fmt::format("expected {} with numbers 1..{}, given '{}'", form, most, text)
                   : std::string();
      },
      form);
}

/// What the library says about a word, as a check for CLI11.
template <typename Parse>
CLI::Validator library_check(const Parse& parse, const std::string& form) {
  return CLI::Validator(
      [=](std::string& text) {
        try {
          (void)parse(text);
        } catch (const swprune::error& e) {
          return std::string(e.what());
        }
        return std::string();
      },
      form);
}

}  // namespace option_checks
