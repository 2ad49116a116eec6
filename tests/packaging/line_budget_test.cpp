// SPDX-License-Identifier: Apache-2.0
// Lines that the compiler reads for one header, those of other libraries included. Every program pays
// for them, so a header that suddenly reads a new library should be noticed.

#include <catch2/catch.hpp>

#include <filesystem>
#include <future>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/require.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using namespace swprune_test;

namespace {

const std::filesystem::path includes = SWPRUNE_SOURCE_DIR "/include";

/// Most lines by folder, umbrella headers included, with g++ 12 for plain x86-64: about 5 % more than
/// the largest had when this was written. Eigen/Core alone is 92,000, nlohmann/json 56,000.
const std::map<std::string, long> budgets{{"core", 38'000},   {"graph", 74'000},   {"mask", 82'000},
                                          {"nn", 120'000},    {"train", 128'000},  {"quant", 121'000},
                                          {"io", 133'000},    {"hw", 82'000},      {"report", 113'000},
                                          {"version", 1'000}, {"swprune", 157'000}};

/// Part of the library that a header below swprune/ belongs to.
std::string part_of(const std::filesystem::path& header) {
  const auto below = header.lexically_relative("swprune");
  return below.has_parent_path() ? below.begin()->string() : below.stem().string();
}

/// What a command makes of the text that the compiler reads for a header.
std::string read_for(const std::filesystem::path& root, const std::string& header,
                     const std::string& options, const std::string& command) {
  const auto r = run("printf '#include \"%s\"\\n' " + quoted(header) + " | " SWPRUNE_CXX
                     " -std=c++20 -fopenmp -DFMT_SHARED -E " + options +
                     " -x c++ -isystem " SWPRUNE_EIGEN " -I " + quoted(root.string()) + " - | " +
                     command);
  // Not REQUIRE: this runs in two threads.
  if (r.exit_code != 0 || r.output.find("error") != std::string::npos)
    throw std::runtime_error(header + ": " + r.output);
  return r.output;
}

long lines_of(const std::filesystem::path& root, const std::string& header) {
  return std::stol(read_for(root, header, "-P", "wc -l"));
}

/// Whether a unit with this header reads Eigen.
bool reads_eigen(const std::string& header, const std::string& options) {
  return std::stol(read_for(includes, header, options, "grep -c Eigen/src/Core || true")) > 0;
}

/// What is over its budget, in words.
std::vector<std::string> over_budget(const std::map<std::string, long>& lines) {
  std::vector<std::string> words;
  for (const auto& [header, count] : lines) {
    const auto budget = budgets.find(part_of(header));
    if (budget == budgets.end())
      words.push_back(header + ": its folder has no budget");
    else if (count > budget->second)
      words.push_back(header + ": " + std::to_string(count) + " lines, budget " +
                      std::to_string(budget->second));
  }
  return words;
}

std::vector<std::string> headers_below(const std::filesystem::path& root) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.path().extension() == ".hpp" && entry.path().string().find("/detail/") == std::string::npos)
      names.push_back(entry.path().lexically_relative(root).string());
  return names;
}

}  // namespace

TEST_CASE("every public header keeps to its budget of lines") {
  if (run(SWPRUNE_CXX " -dumpversion").output.rfind("12", 0) != 0 ||
      run(SWPRUNE_CXX " --version").output.find("Free Software Foundation") == std::string::npos)
    SWPRUNE_SKIP("the budgets are those of g++ 12 and its library");
  const auto names = headers_below(includes);
  REQUIRE(names.size() > 150);
  std::map<std::string, long> lines;
  for (std::size_t i = 0; i < names.size(); i += 2) {  // two at a time
    auto second = std::async(std::launch::async, [&] {
      return i + 1 < names.size() ? lines_of(includes, names[i + 1]) : 0;
    });
    lines[names[i]] = lines_of(includes, names[i]);
    const long count = second.get();
    if (i + 1 < names.size()) lines[names[i + 1]] = count;
  }
  CHECK(over_budget(lines) == std::vector<std::string>{});
}

TEST_CASE("users of swprune::compiled read no Eigen") {
  CHECK_FALSE(reads_eigen("swprune/swprune.hpp", "-DSWPRUNE_COMPILED"));
  CHECK(reads_eigen("swprune/swprune.hpp", ""));
}

TEST_CASE("a header that reads too much is named") {
  CHECK(over_budget({{"swprune/nn/a.hpp", 120'001}, {"swprune/nn/b.hpp", 120'000}}) ==
        std::vector<std::string>{"swprune/nn/a.hpp: 120001 lines, budget 120000"});
  CHECK(over_budget({{"swprune/odd/a.hpp", 1}}) ==
        std::vector<std::string>{"swprune/odd/a.hpp: its folder has no budget"});
  CHECK(over_budget({{"swprune/core.hpp", 40'000}, {"swprune/swprune.hpp", 140'000}}) ==
        std::vector<std::string>{"swprune/core.hpp: 40000 lines, budget 38000"});
}

TEST_CASE("lines of other headers count") {
  const temp_dir dir;
  write_text(dir / "a.hpp", "#pragma once\n#include \"b.hpp\"\nint a;\n");
  write_text(dir / "b.hpp", "#pragma once\nint b;\n\nint c;\n");
  CHECK(lines_of(dir.path(), "a.hpp") > lines_of(dir.path(), "b.hpp"));
  CHECK(lines_of(dir.path(), "b.hpp") >= 2);
  CHECK(lines_of(dir.path(), "a.hpp") < 20);
  CHECK_THROWS(lines_of(dir.path(), "gone.hpp"));
}
