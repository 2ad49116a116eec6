# SPDX-License-Identifier: Apache-2.0
# cmake -D INCLUDE_DIR=$PWD/include -D OUTPUT_DIR=$PWD/include -P umbrellas.cmake
# Writes OUTPUT_DIR/swprune/<folder>.hpp for every folder of INCLUDE_DIR/swprune that has headers, and
# swprune.hpp over all of them. Left out: folders named detail, and headers that include a library
# which the package does not bring, also through another header; who wants those includes them by name.
cmake_minimum_required(VERSION 3.25)

# Headers that include a foreign library, and headers that include those.
file(GLOB_RECURSE candidates RELATIVE "${INCLUDE_DIR}" "${INCLUDE_DIR}/swprune/*/*.hpp")
set(opt_in "")
set(reaches "<(nlohmann/|CLI/|lzma\\.h|matio\\.h|stb/)")
set(found 1)
while(found)
  set(found "")
  foreach(header IN LISTS candidates)
    file(STRINGS "${INCLUDE_DIR}/${header}" lines REGEX "^ *# *include *(${reaches})")
    if(lines)
      list(APPEND found "${header}")
    endif()
  endforeach()
  list(APPEND opt_in ${found})
  list(REMOVE_ITEM candidates ${found} "")
  list(JOIN found "|" names)
  string(REPLACE "." "\\." names "${names}")
  set(reaches "\"(${names})\"")
endwhile()

set(head "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n\n")
set(all "")
foreach(folder IN ITEMS core graph mask nn train quant hw io report)
  file(GLOB_RECURSE headers RELATIVE "${INCLUDE_DIR}" "${INCLUDE_DIR}/swprune/${folder}/*.hpp")
  list(FILTER headers EXCLUDE REGEX "/detail/")
  list(SORT headers)
  set(lines "")
  foreach(header IN LISTS headers)
    if(NOT header IN_LIST opt_in)
      string(APPEND lines "#include \"${header}\"\n")
    endif()
  endforeach()
  set(umbrella "swprune/${folder}.hpp")
  if(lines STREQUAL "")
    file(REMOVE "${OUTPUT_DIR}/${umbrella}")
  else()
    file(CONFIGURE OUTPUT "${OUTPUT_DIR}/${umbrella}" CONTENT "${head}${lines}" @ONLY)
    list(APPEND all "${umbrella}")
  endif()
endforeach()

# clang-format sorts by name, and a check of the sources would otherwise undo the order.
list(SORT all)
set(lines "")
foreach(umbrella IN LISTS all)
  string(APPEND lines "#include \"${umbrella}\"\n")
endforeach()
file(CONFIGURE OUTPUT "${OUTPUT_DIR}/swprune/swprune.hpp"
     CONTENT "${head}${lines}#include \"swprune/version.hpp\"\n" @ONLY)
