// SPDX-License-Identifier: Apache-2.0

// Skips must be visible, must not hide failures, and must be failures where CI says so.

#include "tests/support/require.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using swprune_test::quoted;
using swprune_test::run;

namespace {

swprune_test::run_result probe(const std::string& cases, const std::string& environment = "") {
  return run("env -u SWPRUNE_DATA -u SWPRUNE_REQUIRE_DATA -u SWPRUNE_REQUIRE_ORACLES " +
             environment + " " + quoted(SWPRUNE_SKIP_PROBE) + " " + quoted(cases));
}

}  // namespace

TEST_CASE("exit codes of passing and failing runs") {
  CHECK(probe("passes").exit_code == 0);
  CHECK(probe("fails").exit_code == 1);
}

TEST_CASE("a skip is announced and ends with 77") {
  const std::string name = GENERATE("skips data", "skips oracle", "skips other");
  const auto r = probe(name);
  CHECK(r.exit_code == 77);
  CHECK_THAT(r.output, Catch::Contains("SKIPPED: " + name + ": no such"));
  CHECK(probe(name + ",passes").exit_code == 77);
}

TEST_CASE("a skip does not hide a failure") { CHECK(probe("skips data,fails").exit_code == 1); }

TEST_CASE("a skip is a failure where it is forbidden, and only there") {
  const auto data = probe("skips data", "SWPRUNE_REQUIRE_DATA=1");
  CHECK(data.exit_code == 1);
  CHECK_THAT(data.output,
             Catch::Contains("SWPRUNE_REQUIRE_DATA=1 forbids this skip: no such data"));
  CHECK(probe("skips oracle", "SWPRUNE_REQUIRE_ORACLES=1").exit_code == 1);
  CHECK(probe("skips data", "SWPRUNE_REQUIRE_ORACLES=1").exit_code == 77);
  CHECK(probe("skips oracle", "SWPRUNE_REQUIRE_DATA=1").exit_code == 77);
  CHECK(probe("skips other", "SWPRUNE_REQUIRE_DATA=1 SWPRUNE_REQUIRE_ORACLES=1").exit_code == 77);
  CHECK(probe("skips data", "SWPRUNE_REQUIRE_DATA=0").exit_code == 77);
}

TEST_CASE("data is looked for in $SWPRUNE_DATA, then in ./data") {
  namespace fs = std::filesystem;
  const swprune_test::temp_dir base;
  fs::create_directories(base / "here/data/fashion-mnist");
  fs::create_directories(base / "there/fashion-mnist");
  fs::create_directories(base / "empty");
  const auto in = [&](const char* dir, const std::string& environment) {
    return run("cd " + quoted((base / dir).string()) + " && env -u SWPRUNE_REQUIRE_DATA " +
               environment + " " + quoted(SWPRUNE_SKIP_PROBE) + " 'finds data'")
        .exit_code;
  };
  CHECK(in("here", "-u SWPRUNE_DATA") == 0);
  CHECK(in("empty", "-u SWPRUNE_DATA") == 77);
  CHECK(in("empty", "SWPRUNE_DATA=../there") == 0);
  CHECK(in("empty", "SWPRUNE_DATA=../gone") == 77);
  CHECK(in("empty", "SWPRUNE_DATA=../gone SWPRUNE_REQUIRE_DATA=1") == 1);
}

TEST_CASE("oracles are found when they can be imported") {
  CHECK_FALSE(swprune_test::find_oracle_python("surely_no_such_module"));
  if (!std::filesystem::exists("/usr/bin/python3"))
    SWPRUNE_SKIP_ORACLE("there is no /usr/bin/python3");
  CHECK(swprune_test::find_oracle_python("json") == std::string("/usr/bin/python3"));
}
