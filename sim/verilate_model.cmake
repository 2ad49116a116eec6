# SPDX-License-Identifier: Apache-2.0

# Script: runs Verilator and joins what it writes into one C++ file, so that the build knows the
# output's name and the compiler sees a model at once.
#   VERILATOR, PREFIX, DIRECTORY, ARGUMENTS (list)
file(REMOVE_RECURSE "${DIRECTORY}")
file(MAKE_DIRECTORY "${DIRECTORY}")
execute_process(
  COMMAND "${VERILATOR}" --cc --prefix "${PREFIX}" --Mdir "${DIRECTORY}" ${ARGUMENTS}
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${output}")
endif()
file(GLOB parts RELATIVE "${DIRECTORY}" "${DIRECTORY}/*.cpp")
set(text "// Made by sim/verilate_model.cmake\n")
foreach(part IN LISTS parts)
  string(APPEND text "#include \"${part}\"\n")
endforeach()
file(WRITE "${DIRECTORY}/${PREFIX}_all.cpp" "${text}")
