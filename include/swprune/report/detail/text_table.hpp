// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "swprune/core/types.hpp"

namespace swprune::inline v0::report::detail {

/// "1.23M": four significant digits at most.
[[nodiscard]] inline std::string counted(index_t n) {
  if (n >= 1'000'000'000) return fmt::format("{:.4g}G", static_cast<double>(n) / 1e9);
  if (n >= 1'000'000) return fmt::format("{:.4g}M", static_cast<double>(n) / 1e6);
  if (n >= 10'000) return fmt::format("{:.4g}k", static_cast<double>(n) / 1e3);
  return std::to_string(n);
}

/// Columns of equal width, the first to the left, the others to the right.
[[nodiscard]] inline std::string aligned_columns(
    const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths(lines.front().size(), 0);
  for (const auto& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  std::string text;
  for (const auto& line : lines) {
    text += fmt::format("{:<{}}", line[0], widths[0]);
    for (std::size_t c = 1; c < line.size(); ++c)
      text += fmt::format("  {:>{}}", line[c], widths[c]);
    text += '\n';
  }
  return text;
}

}  // namespace swprune::inline v0::report::detail
