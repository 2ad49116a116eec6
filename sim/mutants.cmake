# SPDX-License-Identifier: Apache-2.0

# Library swprune_sim_mutants: the core with 2x2 pixels x 4 channels, once for each file of
# tests/mutants/rtl/, made from a copy of the RTL with that file's change. Library
# swprune_sim_top_mutants: swp_top round the same core, for each file of tests/mutants/top/.
# NAME.mutant has the lines
#   # what is wrong
#   file: the module
#   find: text, which must stand in it exactly once
#   replace: another text
#   array: a configuration of sim/CMakeLists.txt, if another one than `small` is needed; not of tops
# A mutant that no longer fits the RTL stops the configuration.

# Copies the RTL to `dir` with the change of `mutant`. Files that stay the same are not touched, so
# that nothing is verilated again without need. Gives the array's name as `array`.
function(swprune_mutate_rtl mutant dir)
  set(array small)
  file(STRINGS "${mutant}" lines REGEX "^(file|find|replace|array): ")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([a-z]+): (.*)$" ignored "${line}")
    set(${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
  endforeach()
  foreach(key file find replace)
    if(NOT DEFINED ${key} OR "${${key}}" STREQUAL "")
      message(FATAL_ERROR "${mutant}: no line '${key}: ...'")
    endif()
  endforeach()
  if(NOT file IN_LIST SWPRUNE_RTL_FILES)
    message(FATAL_ERROR "${mutant}: there is no rtl/${file}")
  endif()

  foreach(module IN LISTS SWPRUNE_RTL_FILES ITEMS swp_assert.svh)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${rtl_dir}/${module}")
    if(NOT module STREQUAL file)
      configure_file("${rtl_dir}/${module}" "${dir}/${module}" COPYONLY)
    endif()
  endforeach()

  file(READ "${rtl_dir}/${file}" text)
  string(FIND "${text}" "${find}" first)
  string(FIND "${text}" "${find}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last OR find STREQUAL replace)
    message(FATAL_ERROR
              "${mutant}: '${find}' must stand in rtl/${file} exactly once, and be changed")
  endif()
  string(REPLACE "${find}" "${replace}" text "${text}")
  file(CONFIGURE OUTPUT "${dir}/${file}" CONTENT "${text}" @ONLY)
  set(array
      ${array}
      PARENT_SCOPE)
endfunction()

swprune_sim_library(swprune_sim_mutants)
target_link_libraries(swprune_sim_mutants PRIVATE swprune_march)
set(mutants "")
file(GLOB mutant_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/mutants/rtl/*.mutant")
foreach(mutant_file IN LISTS mutant_files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${mutant_file}")
  cmake_path(GET mutant_file STEM name)
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}")
  swprune_mutate_rtl("${mutant_file}" "${dir}")
  # A fault may leave a signal unused; warnings are for the RTL itself. Mutants run for a moment
  # only, so they are compiled quickly rather than well.
  swprune_verilated_model(swprune_sim_mutants ${name} RTL_DIR "${dir}" ${${array}} SKIP_EN 1
                          VERILATOR_ARGS -Wno-lint OPTIMISE -O1)
  list(APPEND mutants ${name})
endforeach()
swprune_model_table(mutants.inc ${mutants})
target_sources(swprune_sim_mutants PRIVATE src/make_mutant.cpp)

add_library(swprune_sim_top_mutants STATIC)
target_include_directories(swprune_sim_top_mutants SYSTEM PUBLIC "${CMAKE_CURRENT_BINARY_DIR}")
target_link_libraries(swprune_sim_top_mutants PUBLIC swprune_verilated)
swprune_parameter_arguments(overrides ${small} SKIP_EN 1)
set(mutants "")
set(includes "// Made by sim/mutants.cmake.\n")
file(GLOB mutant_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/mutants/top/*.mutant")
foreach(mutant_file IN LISTS mutant_files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${mutant_file}")
  cmake_path(GET mutant_file STEM name)
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/mutants/top_${name}")
  swprune_mutate_rtl("${mutant_file}" "${dir}")
  swprune_verilate(
    swprune_sim_top_mutants top_${name}
    TOP swp_top
    RTL_DIR "${dir}"
    OPTIMISE -O1
    ARGS ${overrides} -Wno-lint)
  list(APPEND mutants ${name})
  string(APPEND includes "#include \"top_${name}/Vswp_top_${name}.h\"\n")
endforeach()
swprune_model_table(top_mutants.inc ${mutants})
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/top_mutant_models.inc" CONTENT "${includes}" @ONLY)
