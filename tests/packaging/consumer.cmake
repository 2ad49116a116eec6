# SPDX-License-Identifier: Apache-2.0
# Builds and runs the README's program in a project of its own, KIND = find_package or
# add_subdirectory, and compares what it prints with what the README says. Numbers with a decimal point
# only need to be there: they are measurements, and floating point differs between machines.
cmake_minimum_required(VERSION 3.25)

set(program "${WORK_DIR}/project")
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${program}")

function(must_run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(failed)
    message(FATAL_ERROR "${what} failed (${failed}):\n${text}")
  endif()
endfunction()

# The first block of the README in that language after the heading "In a program of your own".
function(readme_block language out_var)
  file(READ "${SOURCE_DIR}/README.md" text)
  string(FIND "${text}" "## In a program of your own" start)
  string(SUBSTRING "${text}" ${start} -1 text)
  set(fence "```${language}\n")
  string(FIND "${text}" "${fence}" start)
  if(start EQUAL -1)
    message(FATAL_ERROR "README.md has no block of ${language}")
  endif()
  string(LENGTH "${fence}" skip)
  math(EXPR start "${start} + ${skip}")
  string(SUBSTRING "${text}" ${start} -1 text)
  string(FIND "${text}" "```\n" end)
  string(SUBSTRING "${text}" 0 ${end} text)
  set(${out_var} "${text}" PARENT_SCOPE)
endfunction()

readme_block(cpp source)
readme_block(text expected)
readme_block(cmake lists)
file(WRITE "${program}/app.cpp" "${source}")
string(REGEX MATCHALL "\n" lines "${source}")
list(LENGTH lines line_count)
if(line_count GREATER 25)
  message(FATAL_ERROR "the README's program has ${line_count} lines, more than 25")
endif()

set(configure "${CMAKE_COMMAND}" -S "${program}" -B "${WORK_DIR}/build" -G "${GENERATOR}"
              "-DCMAKE_CXX_COMPILER=${CXX}" -DCMAKE_BUILD_TYPE=Release
              "-DSWPRUNE_SOURCE_DIR=${SOURCE_DIR}")
set(intro "cmake_minimum_required(VERSION 3.25)\nproject(consumer LANGUAGES CXX)\n")
# What must hold in any consumer: only the language level is asked of the user's compiler.
set(checks "
get_target_property(real swprune::swprune ALIASED_TARGET)
if(NOT real)
  set(real swprune::swprune)
endif()
foreach(property COMPILE_OPTIONS LINK_OPTIONS COMPILE_DEFINITIONS)
  get_target_property(value \${real} INTERFACE_\${property})
  if(value)
    message(FATAL_ERROR \"swprune::swprune exports \${property}: \${value}\")
  endif()
endforeach()
if(CMAKE_CXX_FLAGS)
  message(FATAL_ERROR \"CMAKE_CXX_FLAGS was changed: \${CMAKE_CXX_FLAGS}\")
endif()
foreach(target IN ITEMS swprune_test_main swprune_dev_options pipeline)
  if(TARGET \${target})
    message(FATAL_ERROR \"the consumer would build \${target}\")
  endif()
endforeach()
")

if(KIND STREQUAL "find_package")
  # Installed, then moved: the package must not remember where it was installed.
  must_run("install" "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}/first")
  file(RENAME "${WORK_DIR}/first" "${WORK_DIR}/prefix")
  file(WRITE "${program}/CMakeLists.txt" "${intro}
find_package(swprune 99 QUIET)
if(swprune_FOUND)
  message(FATAL_ERROR \"swprune ${VERSION} was taken for 99\")
endif()
${lists}${checks}
get_target_property(dirs swprune::swprune INTERFACE_INCLUDE_DIRECTORIES)
if(NOT dirs STREQUAL \"${WORK_DIR}/prefix/include\")
  message(FATAL_ERROR \"the installed headers are looked for in \${dirs}\")
endif()
if(NOT swprune_VERSION STREQUAL \"${VERSION}\")
  message(FATAL_ERROR \"found swprune \${swprune_VERSION}, installed ${VERSION}\")
endif()
")
  list(APPEND configure "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix")
elseif(KIND STREQUAL "add_subdirectory")
  string(REGEX REPLACE "find_package\\(swprune[^)]*\\)"
                       "add_subdirectory(\"\${SWPRUNE_SOURCE_DIR}\" swprune)" lists "${lists}")
  if(NOT lists MATCHES "add_subdirectory")
    message(FATAL_ERROR "the README's CMake lines have no find_package(swprune ...)")
  endif()
  file(WRITE "${program}/CMakeLists.txt" "${intro}${lists}${checks}")
else()
  message(FATAL_ERROR "KIND is '${KIND}', expected find_package or add_subdirectory")
endif()

must_run("configuring the consumer" ${configure})
must_run("building the consumer" "${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
execute_process(COMMAND "${WORK_DIR}/build/app" RESULT_VARIABLE failed OUTPUT_VARIABLE printed
                ERROR_VARIABLE errors)
set(said "${expected}")
set(got "${printed}")
foreach(text IN ITEMS said got)
  string(REGEX REPLACE "[0-9]+\\.[0-9]+" "N.N" ${text} "${${text}}")
endforeach()
if(failed OR NOT got STREQUAL said)
  message(FATAL_ERROR "the README's program ended with ${failed} and printed\n${printed}${errors}\n"
                      "but the README says\n${expected}")
endif()
