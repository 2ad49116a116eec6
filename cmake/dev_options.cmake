# SPDX-License-Identifier: Apache-2.0
# Flags of our own tests, examples and benchmarks. Nothing here is exported: a user's flags are the
# user's, and an exported -march breaks the layout of Eigen types across targets.
include_guard(GLOBAL)

if(PROJECT_IS_TOP_LEVEL)
  set(swprune_default_march native)
else()
  set(swprune_default_march "")
endif()
set(SWPRUNE_MARCH "${swprune_default_march}"
    CACHE STRING "-march= of our own programs and tests; empty leaves the compiler's default")

if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(SWPRUNE_CCACHE ccache)
  if(SWPRUNE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${SWPRUNE_CCACHE}")
  endif()
endif()

# Everything compiled here that includes our headers links this, generated sources as well: two
# units with different -march would disagree about the same inline functions.
add_library(swprune_march INTERFACE)
if(SWPRUNE_MARCH)
  target_compile_options(swprune_march INTERFACE "-march=${SWPRUNE_MARCH}")
  # g++ 12 with AVX-512 builds some 32-byte constants wrongly (std::vector<int64_t>{1, 1, 1, 0} holds
  # 1 1 1 1); narrower block moves avoid it and cost nothing in the kernels. See docs/design.md.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13
     AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(swprune_march INTERFACE -mmove-max=128 -mstore-max=128)
  endif()
endif()

# Written code links this one: the same, and every warning is an error.
add_library(swprune_dev_options INTERFACE)
target_link_libraries(swprune_dev_options INTERFACE swprune_march)
target_compile_options(
  swprune_dev_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                -Werror)
# g++ 12 sees overlapping copies inside std::string::replace that are none (GCC bug 105651), and
# unset variables inside its own AVX-512 intrinsics, which leave them so on purpose (GCC bug 105593).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(swprune_dev_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
