// SPDX-License-Identifier: Apache-2.0

// The results page quotes the program `small_world_window`: every line of its tables, as it is.

#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

/// Lines of `tables` that `page` does not have.
std::vector<std::string> missing(const std::string& tables, const std::string& page) {
  std::vector<std::string> lines;
  std::istringstream in(tables);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("|") && page.find("\n" + line + "\n") == std::string::npos)
      lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("the results page has the tables that its command writes") {
  CHECK(missing("| a |\nb\n| c |\n", "x\n| c |\n| a|\n") == std::vector<std::string>{"| a |"});
  const swprune_test::temp_dir dir;
  const auto run = swprune_test::run(swprune_test::quoted(SWPRUNE_SMALL_WORLD_WINDOW) + " --out " +
                                     swprune_test::quoted(dir.path().string()));
  CAPTURE(run.output);
  REQUIRE(run.exit_code == 0);
  const std::string tables = swprune_test::read_text(dir / "small_world_window.md");
  CHECK(tables.size() > 5000);
  const std::string page = swprune_test::read_text(std::string(SWPRUNE_SOURCE_DIR) +
                                                   "/docs/results/2026-11-24-small-world.md");
  for (const std::string& line : missing(tables, page)) FAIL_CHECK("not in the page: " << line);
}
