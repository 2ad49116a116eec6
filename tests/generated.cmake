# SPDX-License-Identifier: Apache-2.0

# swprune_generated_file(NAME OUTPUT path-in-project SOURCE program.cpp [LIBRARIES t...])
#
# For a file in the repository that a small program makes from a table in the headers; the program
# writes the text to its standard output. Gives
#   target regenerate_NAME, which rewrites OUTPUT (part of the target `regenerate`), and
#   test NAME_generated_test, which fails when OUTPUT is not what the program writes.
add_custom_target(regenerate)
function(swprune_generated_file name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "OUTPUT;SOURCE" "LIBRARIES")
  set(program generate_${name})
  add_executable(${program} "${PROJECT_SOURCE_DIR}/${arg_SOURCE}")
  target_link_libraries(${program} PRIVATE swprune::swprune swprune_dev_options ${arg_LIBRARIES})
  set(run "${CMAKE_COMMAND}" -D "PROGRAM=$<TARGET_FILE:${program}>")
  set(script "${PROJECT_SOURCE_DIR}/cmake/run_generator.cmake")

  add_custom_target(
    regenerate_${name}
    COMMAND ${run} -D "OUTPUT=${PROJECT_SOURCE_DIR}/${arg_OUTPUT}" -P "${script}"
    COMMENT "Writing ${arg_OUTPUT}")
  add_dependencies(regenerate regenerate_${name})

  set(fresh "${CMAKE_CURRENT_BINARY_DIR}/generated_${name}")
  add_test(NAME ${name}_generated_test
           COMMAND ${run} -D "OUTPUT=${fresh}/${arg_OUTPUT}" -D "EXPECTED=${fresh}"
                   -D "ACTUAL=${PROJECT_SOURCE_DIR}" -P "${script}")
  swprune_test_defaults(${name}_generated_test "generated" 60)
endfunction()
