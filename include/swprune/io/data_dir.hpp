// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "swprune/core/error.hpp"

namespace swprune::inline v0::io {

namespace detail {

/// The file itself, or its gzipped form; empty when there is neither.
[[nodiscard]] inline std::filesystem::path plain_or_gz(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) return path;
  const std::filesystem::path packed = path.string() + ".gz";
  return std::filesystem::is_regular_file(packed, ignored) ? packed : std::filesystem::path{};
}

[[nodiscard]] inline bool holds_all(const std::filesystem::path& dir,
                                    const std::vector<std::string>& files) {
  for (const std::string& file : files)
    if (plain_or_gz(dir / file).empty()) return false;
  return true;
}

}  // namespace detail

/// Directory that holds all of `files` (each plain or with .gz): `dir` when it is not empty, else
/// $SWPRUNE_DATA when set and not empty, else ./data; in each the directory itself and its
/// subdirectory `dataset` are tried. Throws errc::data_not_found, which says where it looked, what
/// is missing there and how to mend it.
[[nodiscard]] inline std::filesystem::path find_data_dir(const std::filesystem::path& dir,
                                                         std::string_view dataset,
                                                         const std::vector<std::string>& files) {
  const char* variable = std::getenv("SWPRUNE_DATA");
  std::filesystem::path root = dir;
  std::string source = "the directory given";
  if (root.empty() && variable != nullptr && *variable != '\0') {
    root = variable;
    source = "$SWPRUNE_DATA";
  } else if (root.empty()) {
    root = "data";
    source = "./data, as no directory was given and $SWPRUNE_DATA is not set";
  }
  if (detail::holds_all(root, files)) return root;
  if (detail::holds_all(root / dataset, files)) return root / dataset;
  std::string missing;
  for (const std::string& file : files)
    if (detail::plain_or_gz(root / dataset / file).empty() &&
        detail::plain_or_gz(root / file).empty())
      missing += (missing.empty() ? "" : ", ") + file;
  raise(errc::data_not_found,
        "{}: looked in '{}' and '{}' ({}) for {}; put the official files there, plain or gzipped, "
        "or name their directory with --data or $SWPRUNE_DATA",
        dataset, root.string(), (root / dataset).string(), source,
        missing.empty() ? "all files in one directory" : missing);
}

}  // namespace swprune::inline v0::io
