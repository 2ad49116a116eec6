// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/io/packed.hpp"

namespace swprune::inline v0::io {

/// Directory that holds all of `files` (each plain or with .gz or .xz): `dir` when it is not empty,
/// else $SWPRUNE_DATA when set and not empty, else ./data; in each the directory itself and its
/// subdirectory `dataset` are tried. Throws errc::data_not_found, which says where it looked, what
/// is missing there and how to mend it.
[[nodiscard]] SWPRUNE_FUNCTION std::filesystem::path find_data_dir(
    const std::filesystem::path& dir, std::string_view dataset,
    const std::vector<std::string>& files);

#if SWPRUNE_BODIES

namespace detail {

[[nodiscard]] inline bool holds_all(const std::filesystem::path& dir,
                                    const std::vector<std::string>& files) {
  for (const std::string& file : files)
    if (find_packed(dir / file).empty()) return false;
  return true;
}

}  // namespace detail

SWPRUNE_FUNCTION std::filesystem::path find_data_dir(const std::filesystem::path& dir,
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
    if (find_packed(root / dataset / file).empty() && find_packed(root / file).empty())
      missing += (missing.empty() ? "" : ", ") + file;
  raise(errc::data_not_found,
        "{}: looked in '{}' and '{}' ({}) for {}; put the official files there, plain, .gz or .xz, "
        "or name their directory with --data or $SWPRUNE_DATA",
        dataset, root.string(), (root / dataset).string(), source,
        missing.empty() ? "all files in one directory" : missing);
}

#endif

}  // namespace swprune::inline v0::io
