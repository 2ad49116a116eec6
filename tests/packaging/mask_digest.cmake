# SPDX-License-Identifier: Apache-2.0
# Builds mask_digest.cpp with g++ and clang++ (those that are here) at -O0 and -O3 and runs each with 1
# and 2 threads: all must print what mask_digest.txt holds. With -D WRITE=ON that file is written from
# the first run instead, for a change of masks that is meant.
cmake_minimum_required(VERSION 3.25)
set(here "${CMAKE_CURRENT_LIST_DIR}")
set(expected_file "${here}/mask_digest.txt")
set(expected "")
if(NOT WRITE)
  file(READ "${expected_file}" expected)
endif()
file(MAKE_DIRECTORY "${WORK_DIR}")

set(runs 0)
foreach(name IN ITEMS g++ clang++)
  unset(compiler)
  find_program(compiler NAMES "${name}" "${name}-14" NO_CACHE)
  if(NOT compiler)
    message(STATUS "${name} is not here: not compared")
    continue()
  endif()
  foreach(level IN ITEMS 0 3)
    set(program "${WORK_DIR}/digest_${name}_O${level}")
    execute_process(
      COMMAND "${compiler}" -std=c++20 -O${level} -fopenmp "-I${SOURCE_DIR}/include" -isystem
              "${EIGEN}" "${here}/mask_digest.cpp" -lfmt -o "${program}"
      RESULT_VARIABLE failed ERROR_VARIABLE log)
    if(failed AND log MATCHES "omp.h|lomp")
      message(STATUS "${name} has no OpenMP: compared without")
      execute_process(
        COMMAND "${compiler}" -std=c++20 -O${level} "-I${SOURCE_DIR}/include" -isystem "${EIGEN}"
                "${here}/mask_digest.cpp" -lfmt -o "${program}"
        RESULT_VARIABLE failed ERROR_VARIABLE log)
    endif()
    if(failed)
      message(FATAL_ERROR "${name} -O${level} did not build mask_digest.cpp:\n${log}")
    endif()
    foreach(threads IN ITEMS 1 2)
      execute_process(COMMAND "${CMAKE_COMMAND}" -E env OMP_NUM_THREADS=${threads} "${program}"
                      RESULT_VARIABLE failed OUTPUT_VARIABLE printed)
      if(failed)
        message(FATAL_ERROR "${name} -O${level} with ${threads} threads ended with ${failed}")
      endif()
      if(WRITE AND expected STREQUAL "")
        set(expected "${printed}")
        file(WRITE "${expected_file}" "${printed}")
      endif()
      if(NOT printed STREQUAL expected)
        message(FATAL_ERROR "${name} -O${level}, ${threads} threads: other masks than in "
                            "${expected_file}:\n${printed}")
      endif()
      message(STATUS "${name} -O${level}, ${threads} threads: the same masks")
      math(EXPR runs "${runs} + 1")
    endforeach()
  endforeach()
endforeach()
if(runs EQUAL 0)
  message(FATAL_ERROR "no compiler to compare: neither g++ nor clang++ is here")
endif()
