// SPDX-License-Identifier: Apache-2.0

// The umbrella headers are what their generator writes, and the comparison can fail.

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using swprune_test::quoted;
using swprune_test::read_text;
using swprune_test::run;
using swprune_test::temp_dir;
using swprune_test::write_text;
namespace fs = std::filesystem;

namespace {

const std::string source_dir = SWPRUNE_SOURCE_DIR;

swprune_test::run_result cmake_script(const std::string& script, const std::string& definitions) {
  return run(quoted(SWPRUNE_CMAKE) + " " + definitions + " -P " +
             quoted(source_dir + "/cmake/" + script));
}

std::string define(const std::string& name, const fs::path& value) {
  return "-D " + quoted(name + "=" + value.string()) + " ";
}

swprune_test::run_result umbrellas(const fs::path& include, const fs::path& output) {
  return cmake_script("umbrellas.cmake",
                      define("INCLUDE_DIR", include) + define("OUTPUT_DIR", output));
}

swprune_test::run_result same(const fs::path& expected, const fs::path& actual) {
  return cmake_script("same_files.cmake", define("EXPECTED", expected) + define("ACTUAL", actual));
}

}  // namespace

TEST_CASE("the umbrella headers are complete") {
  const temp_dir fresh;
  REQUIRE(umbrellas(source_dir + "/include", fresh.path()).exit_code == 0);
  const auto r = same(fresh.path(), source_dir + "/include");
  INFO(r.output << "\nRun: cmake --build --preset release --target regenerate");
  CHECK(r.exit_code == 0);
}

TEST_CASE("an umbrella has the folder's public headers and nothing else") {
  const temp_dir tree;
  write_text(tree.path() / "swprune/graph/b.hpp", "#pragma once\n");
  write_text(tree.path() / "swprune/graph/a.hpp", "#pragma once\n");
  write_text(tree.path() / "swprune/graph/detail/c.hpp", "#pragma once\n");
  write_text(tree.path() / "swprune/io/mat.hpp", "#pragma once\n#include <matio.h>\n");
  write_text(tree.path() / "swprune/core/x.hpp", "#pragma once\n");
  REQUIRE(umbrellas(tree.path(), tree.path()).exit_code == 0);
  const std::string head = "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n\n";
  CHECK(read_text(tree.path() / "swprune/graph.hpp") ==
        head + "#include \"swprune/graph/a.hpp\"\n#include \"swprune/graph/b.hpp\"\n");
  CHECK_FALSE(fs::exists(tree.path() / "swprune/io.hpp"));
  CHECK(read_text(tree.path() / "swprune/swprune.hpp") ==
        head +
            "#include \"swprune/core.hpp\"\n#include \"swprune/graph.hpp\"\n"
            "#include \"swprune/version.hpp\"\n");
}

TEST_CASE("the comparison of generated files can fail") {
  const temp_dir expected, actual;
  CHECK(same(expected.path(), actual.path()).exit_code != 0);  // nothing generated
  write_text(expected.path() / "docs/x.md", "text\n");
  CHECK(same(expected.path(), actual.path()).exit_code != 0);  // absent
  write_text(actual.path() / "docs/x.md", "other\n");
  const auto r = same(expected.path(), actual.path());  // different
  CHECK(r.exit_code != 0);
  CHECK_THAT(r.output, Catch::Contains("docs/x.md is not what its generator writes"));
  write_text(actual.path() / "docs/x.md", "text\n");
  CHECK(same(expected.path(), actual.path()).exit_code == 0);
}

TEST_CASE("a generator that fails leaves the file alone") {
  const temp_dir tree;
  write_text(tree.path() / "x.md", "good\n");
  const auto r = cmake_script("run_generator.cmake", define("PROGRAM", "/bin/false") +
                                                         define("OUTPUT", tree.path() / "x.md"));
  CHECK(r.exit_code != 0);
  CHECK(read_text(tree.path() / "x.md") == "good\n");
}
