# SPDX-License-Identifier: Apache-2.0
# Target swprune_data_libraries: what the opt-in headers of io/ need (docs/data.md). For our own
# tests and programs; the package does not bring them.
include_guard(GLOBAL)

find_package(LibLZMA REQUIRED)
find_path(SWPRUNE_STB_INCLUDE stb/stb_image.h REQUIRED)
find_library(SWPRUNE_STB stb REQUIRED)

add_library(swprune_data_libraries INTERFACE)
target_link_libraries(swprune_data_libraries INTERFACE LibLZMA::LibLZMA "${SWPRUNE_STB}")
target_include_directories(swprune_data_libraries SYSTEM INTERFACE "${SWPRUNE_STB_INCLUDE}")
