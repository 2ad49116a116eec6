# SPDX-License-Identifier: Apache-2.0
# cmake -D PROGRAM=generator -D OUTPUT=file [-D EXPECTED=dir -D ACTUAL=dir] -P run_generator.cmake
# Runs the generator into OUTPUT; with EXPECTED and ACTUAL then compares the two trees.
cmake_minimum_required(VERSION 3.25)
cmake_path(GET OUTPUT PARENT_PATH folder)
file(MAKE_DIRECTORY "${folder}")
execute_process(COMMAND "${PROGRAM}" OUTPUT_FILE "${OUTPUT}.new" RESULT_VARIABLE failed)
if(failed)
  file(REMOVE "${OUTPUT}.new")
  message(FATAL_ERROR "${PROGRAM} failed: ${failed}")
endif()
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
if(DEFINED EXPECTED)
  set(REMEDY "Run: cmake --build --preset release --target regenerate")
  include("${CMAKE_CURRENT_LIST_DIR}/same_files.cmake")
endif()
