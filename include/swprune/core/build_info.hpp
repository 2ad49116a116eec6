// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <string>

#include "swprune/core/parallel.hpp"
#include "swprune/version.hpp"

#ifdef __FAST_MATH__
#error "swprune needs IEEE arithmetic: compile without -ffast-math"
#endif

namespace swprune::inline v0 {

/// What this program was compiled to: the first question to any number it prints.
struct build_description {
  std::string version;   ///< of swprune
  std::string compiler;  ///< name and version
  std::string isa;       ///< widest vector instructions the compiler may use
  bool optimised = false;
  bool assertions = false;
  int threads = 1;

  [[nodiscard]] std::string to_string() const {
    return fmt::format("swprune {} ({}, {}, {}, assertions {}, {} thread{})", version, compiler,
                       isa, optimised ? "optimised" : "NOT optimised", assertions ? "on" : "off",
                       threads, threads == 1 ? "" : "s");
  }
};

/// Describes the translation unit that calls it.
[[nodiscard]] inline build_description build_info() {
  build_description b;
  b.version =
      fmt::format("{}.{}.{}", SWPRUNE_VERSION_MAJOR, SWPRUNE_VERSION_MINOR, SWPRUNE_VERSION_PATCH);
#if defined(__clang__)
  b.compiler =
      fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
  b.compiler = fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
  b.compiler = "unknown compiler";
#endif
#if defined(__AVX512F__)
  b.isa = "avx512";
#elif defined(__AVX2__)
  b.isa = "avx2";
#elif defined(__SSE2__)
  b.isa = "sse2";
#else
  b.isa = "portable";
#endif
#ifdef __OPTIMIZE__
  b.optimised = true;
#endif
#ifndef NDEBUG
  b.assertions = true;
#endif
  b.threads = thread_count();
  return b;
}

}  // namespace swprune::inline v0
