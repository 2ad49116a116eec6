# SPDX-License-Identifier: Apache-2.0
# cmake -D EXPECTED=dir -D ACTUAL=dir [-D REMEDY=text] -P same_files.cmake
# Every file under EXPECTED (freshly generated) must stand in ACTUAL with the same bytes.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE names RELATIVE "${EXPECTED}" "${EXPECTED}/*")
if(NOT names)
  message(FATAL_ERROR "nothing was generated in ${EXPECTED}")
endif()
foreach(name IN LISTS names)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E compare_files "${EXPECTED}/${name}" "${ACTUAL}/${name}"
                  RESULT_VARIABLE different ERROR_QUIET)
  if(different)
    message(SEND_ERROR "${name} is not what its generator writes. ${REMEDY}")
  endif()
endforeach()
