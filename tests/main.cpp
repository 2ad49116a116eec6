// SPDX-License-Identifier: Apache-2.0

// The main() of every test. It is Catch's own except for one thing: a run in which something was
// skipped and nothing failed ends with 77, which ctest shows as "Skipped". A pattern on the output
// would not do: it would turn a failure beside a skip into a skip.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "tests/support/require.hpp"

int main(int argc, char* argv[]) {
  const int failures = Catch::Session().run(argc, argv);
  if (failures != 0) return 1;
  return swprune_test::skip_count() > 0 ? 77 : 0;
}
