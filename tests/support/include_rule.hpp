// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rules that every header under include/ keeps. A function per rule; each gives the list of
// offences as "file: what", empty when all is well, so that a test can show that it finds them.

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace swprune_test {

using offences = std::vector<std::string>;

/// Folders in their order: a header includes only its own folder and folders to its left.
inline constexpr std::array<std::string_view, 9> folder_order = {
    "core", "graph", "mask", "nn", "train", "quant", "hw", "io", "report"};

struct header {
  std::string text;
  std::vector<std::string> quoted;   ///< names between quotes
  std::vector<std::string> bracket;  ///< names between angle brackets
};

/// All files under root/swprune by their name as included, "swprune/folder/file.hpp".
using header_map = std::map<std::string, header>;

inline header read_header(const std::filesystem::path& file) {
  header h;
  std::ifstream in(file);
  static const std::regex include(R"re(^\s*#\s*include\s*(["<])([^">]+)[">])re");
  for (std::string line; std::getline(in, line);) {
    h.text += line + '\n';
    if (std::smatch m; std::regex_search(line, m, include))
      (m[1] == "\"" ? h.quoted : h.bracket).push_back(m[2]);
  }
  return h;
}

inline header_map read_headers(const std::filesystem::path& root) {
  header_map found;
  for (const auto& file : std::filesystem::recursive_directory_iterator(root / "swprune"))
    if (file.is_regular_file())
      found[std::filesystem::relative(file.path(), root).generic_string()] =
          read_header(file.path());
  return found;
}

/// Place in folder_order: of "swprune/nn/x.hpp" and of the umbrella "swprune/nn.hpp" that of nn;
/// 0 (core) for version.hpp; one past the end for swprune.hpp; -1 for anything else.
inline int rank_of(const std::string& name) {
  if (name == "swprune/swprune.hpp") return static_cast<int>(folder_order.size());
  if (name == "swprune/version.hpp") return 0;
  for (std::size_t i = 0; i < folder_order.size(); ++i) {
    const std::string folder = "swprune/" + std::string(folder_order[i]);
    if (name.starts_with(folder + "/") || name == folder + ".hpp") return static_cast<int>(i);
  }
  return -1;
}

/// C headers are for C programs; they lie beside the folders and know only each other.
inline bool is_c_header(const std::string& name) {
  return name.starts_with("swprune/c/") && name.ends_with(".h");
}

inline bool is_umbrella(const std::string& name) {
  return std::count(name.begin(), name.end(), '/') == 1 && name != "swprune/version.hpp";
}

/// Every header that `name` reaches through includes, itself left out.
inline std::set<std::string> reach(const header_map& headers, const std::string& name) {
  std::set<std::string> seen;
  std::vector<std::string> open{name};
  while (!open.empty()) {
    const auto at = headers.find(open.back());
    open.pop_back();
    if (at == headers.end()) continue;
    for (const auto& next : at->second.quoted)
      if (seen.insert(next).second) open.push_back(next);
  }
  return seen;
}

/// Order of the folders; only quoted "swprune/..." names that exist; umbrellas only in umbrellas.
inline offences order_offences(const header_map& headers) {
  offences found;
  for (const auto& [name, h] : headers) {
    if (is_c_header(name)) {
      for (const auto& next : h.quoted)
        if (!is_c_header(next) || !headers.contains(next))
          found.push_back(name + ": includes \"" + next + "\", which is no C header of include/");
      continue;
    }
    if (rank_of(name) < 0) found.push_back(name + ": lies in no known folder");
    for (const auto& next : h.bracket)
      if (next.starts_with("swprune/")) found.push_back(name + ": includes <" + next + ">");
    for (const auto& next : h.quoted) {
      if (!headers.contains(next))
        found.push_back(name + ": includes \"" + next + "\", which is no file of include/");
      else if (is_c_header(next))
        found.push_back(name + ": includes the C header " + next);
      else if (rank_of(next) > rank_of(name))
        found.push_back(name + ": includes " + next + ", which lies to its right");
      else if (is_umbrella(next) && !is_umbrella(name))
        found.push_back(name + ": includes the umbrella " + next);
    }
  }
  return found;
}

/// No header of hw reaches nn or train, not even through others.
inline offences hardware_offences(const header_map& headers) {
  offences found;
  for (const auto& [name, h] : headers) {
    if (rank_of(name) < 0) continue;
    if (!name.starts_with("swprune/hw/") && name != "swprune/hw.hpp") continue;
    for (const auto& next : reach(headers, name))
      if (next.starts_with("swprune/nn/") || next.starts_with("swprune/train/"))
        found.push_back(name + ": reaches " + next);
  }
  return found;
}

/// No header includes itself, directly or through others.
inline offences cycle_offences(const header_map& headers) {
  offences found;
  for (const auto& [name, h] : headers)
    if (reach(headers, name).contains(name)) found.push_back(name + ": includes itself");
  return found;
}

/// Licence line first, include guard, and no knowledge of the simulator.
inline offences form_offences(const header_map& headers) {
  offences found;
  for (const auto& [name, h] : headers) {
    if (!h.text.starts_with(is_c_header(name) ? "/* SPDX-License-Identifier: Apache-2.0 */\n"
                                              : "// SPDX-License-Identifier: Apache-2.0\n"))
      found.push_back(name + ": has no licence line");
    if (name.ends_with(".hpp") && h.text.find("\n#pragma once\n") == std::string::npos)
      found.push_back(name + ": has no #pragma once");
    if (is_c_header(name) && h.text.find("\n#ifndef SWPRUNE_C_") == std::string::npos)
      found.push_back(name + ": has no guard");
    std::string lower = h.text;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower.find("verilat") != std::string::npos) found.push_back(name + ": names Verilator");
  }
  return found;
}

/// The text without // comments (and without what follows // in a string: nothing is lost here).
inline std::string without_comments(const std::string& text) {
  static const std::regex comment("//[^\n]*");
  return std::regex_replace(text, comment, "");
}

/// Things that no header of the library uses, each with its reason.
inline offences banned_offences(const header_map& headers) {
  struct banned {
    const char* pattern;
    const char* why;
  };
  static constexpr banned list[] = {
      {R"(<iostream>|\bstd::(cout|cerr|clog)\b|\b(printf|puts|fmt::print)\s*\()",
       "the library never prints"},
      {R"(\b(std::)?(abort|exit|_Exit|terminate)\s*\()", "the library never ends the program"},
      {R"(\bstd::(mt19937|random_device|default_random_engine|uniform_|normal_dist|bernoulli_)|\bstd::shuffle\b|\brand\s*\(|::Random\s*\()",
       "randomness comes from swprune::rng only"},
      {R"(\bstd::(views::|ranges::views|source_location|expected\b|format\b|print\b|mdspan\b))",
       "clang 14 or g++ 12 cannot compile it"},
      {R"(<fmt/(?!core\.h>))", "headers use <fmt/core.h> only"},
      {R"(Eigen::SparseMatrix)", "slower than dense above 20 % density"},
      {R"(<(CLI/|catch2/|rapidcheck))", "not a dependency of the library"},
  };
  offences found;
  for (const auto& [name, h] : headers) {
    const std::string code = without_comments(h.text);
    for (const auto& b : list)
      if (std::smatch m; std::regex_search(code, m, std::regex(b.pattern)))
        found.push_back(name + ": uses " + m.str() + " (" + b.why + ")");
  }
  return found;
}

/// The umbrella needs only the libraries that the package brings; a header that needs another one
/// stays outside.
inline offences umbrella_offences(const header_map& headers) {
  static const std::regex foreign(R"(nlohmann/.*|CLI/.*|lzma\.h|matio\.h|stb/.*)");
  offences found;
  for (const auto& name : reach(headers, "swprune/swprune.hpp")) {
    const auto at = headers.find(name);
    if (at == headers.end()) continue;
    for (const auto& library : at->second.bracket)
      if (std::regex_match(library, foreign))
        found.push_back(name + ": brings <" + library + "> into the umbrella");
  }
  return found;
}

}  // namespace swprune_test
