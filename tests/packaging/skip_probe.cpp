// SPDX-License-Identifier: Apache-2.0

// Not a test: require_test runs these cases by name and looks at what the program makes of them.

#include <catch2/catch.hpp>

#include "tests/support/require.hpp"

TEST_CASE("passes") { SUCCEED(); }
TEST_CASE("fails") { FAIL("on purpose"); }
TEST_CASE("skips data") {
  SWPRUNE_SKIP_DATA("no such data set");
  FAIL("the macro must leave the test case");
}
TEST_CASE("skips oracle") {
  SWPRUNE_SKIP_ORACLE("no such module");
  FAIL("the macro must leave the test case");
}
TEST_CASE("skips other") {
  SWPRUNE_SKIP("no such thing");
  FAIL("the macro must leave the test case");
}
TEST_CASE("finds data") {
  const auto dir = swprune_test::find_data("fashion-mnist");
  if (!dir) SWPRUNE_SKIP_DATA("fashion-mnist not found");
  CHECK(std::filesystem::is_directory(*dir));
}
