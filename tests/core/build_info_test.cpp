// SPDX-License-Identifier: Apache-2.0
#include "swprune/core/build_info.hpp"

#include <catch2/catch.hpp>

TEST_CASE("the build description tells what was really compiled") {
  const auto b = swprune::build_info();
  CHECK(b.version == SWPRUNE_PROJECT_VERSION);  // header and CMake agree
#ifdef __clang__
  CHECK_THAT(b.compiler, Catch::StartsWith("clang "));
#else
  CHECK_THAT(b.compiler, Catch::StartsWith("g++ "));
#endif
  CHECK_FALSE(b.isa.empty());
#ifdef NDEBUG
  CHECK_FALSE(b.assertions);
#else
  CHECK(b.assertions);
#endif
  CHECK(b.threads == swprune::thread_count());
}

TEST_CASE("the description as text names every part") {
  swprune::build_description b;
  b.version = "1.2.3", b.compiler = "cc 4", b.isa = "avx9", b.threads = 1;
  CHECK(b.to_string() == "swprune 1.2.3 (cc 4, avx9, NOT optimised, assertions off, 1 thread)");
  b.optimised = b.assertions = true, b.threads = 2;
  CHECK(b.to_string() == "swprune 1.2.3 (cc 4, avx9, optimised, assertions on, 2 threads)");
}
