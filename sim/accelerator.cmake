# SPDX-License-Identifier: Apache-2.0

# Functions that make simulated devices of the RTL, for this project and for others: the installed
# package brings this file, rtl/ and what it needs of sim/ along.

# In the cache, because functions see the variables of their caller, who may be another project.
get_filename_component(hardware_dir "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(SWPRUNE_RTL_DIR
    "${hardware_dir}/rtl"
    CACHE INTERNAL "")
set(SWPRUNE_SIM_DIR
    "${hardware_dir}/sim"
    CACHE INTERNAL "")
file(GLOB rtl_modules RELATIVE "${SWPRUNE_RTL_DIR}" CONFIGURE_DEPENDS "${SWPRUNE_RTL_DIR}/swp_*.sv")
list(REMOVE_ITEM rtl_modules swp_regs_pkg.sv)
set(SWPRUNE_RTL_FILES
    swp_regs_pkg.sv ${rtl_modules} # the package before its users
    CACHE INTERNAL "")
set(SWPRUNE_CORE_PARAMETERS
    POY POX POF CHAINS BUS_BYTES ACT_DEPTH WGT_DEPTH LIST_DEPTH PARAM_DEPTH RES_DEPTH POOL_EN SKIP_EN
    CACHE INTERNAL "")

# Target swprune_verilated: Verilator's own runtime, with waveforms in the FST format, once.
function(swprune_verilator_runtime)
  if(TARGET swprune_verilated)
    return()
  endif()
  if(NOT verilator_FOUND)
    find_package(verilator 5.006 QUIET HINTS $ENV{VERILATOR_ROOT} "/usr/share/verilator")
  endif()
  if(NOT verilator_FOUND)
    message(FATAL_ERROR "swprune_add_accelerator() needs Verilator 5.006 or newer; on Debian: "
                        "apt-get install verilator")
  endif()
  find_package(Threads REQUIRED)
  find_package(ZLIB REQUIRED)
  set(runtime "${VERILATOR_ROOT}/include")
  add_library(swprune_verilated STATIC "${runtime}/verilated.cpp" "${runtime}/verilated_threads.cpp"
                                       "${runtime}/verilated_fst_c.cpp")
  target_include_directories(swprune_verilated SYSTEM PUBLIC "${runtime}" "${runtime}/vltstd")
  target_compile_definitions(
    swprune_verilated PUBLIC VM_COVERAGE=0 VM_SC=0 VM_TRACE=1 VM_TRACE_FST=1 VM_TRACE_VCD=0)
  target_compile_features(swprune_verilated PUBLIC cxx_std_20)
  target_compile_options(swprune_verilated PRIVATE -O2 -w)
  target_link_libraries(swprune_verilated PUBLIC Threads::Threads ZLIB::ZLIB)
  set(VERILATOR_BIN
      "${VERILATOR_BIN}"
      CACHE INTERNAL "")
endfunction()

# swprune_verilate(target name TOP module RTL_DIR dir [OPTIMISE -O3] [ARGS ...])
#
# Adds to `target` the Verilated module, of rtl/ or else sim/<module>.sv, as class Vswp_<name>, in
# <binary dir>/<name>/Vswp_<name>.h.
function(swprune_verilate target name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "TOP;RTL_DIR;OPTIMISE" "ARGS")
  if(NOT arg_OPTIMISE)
    set(arg_OPTIMISE -O3)
  endif()
  set(prefix "Vswp_${name}")
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  set(sources "")
  foreach(file IN LISTS SWPRUNE_RTL_FILES)
    list(APPEND sources "${arg_RTL_DIR}/${file}")
  endforeach()
  if(NOT "${arg_TOP}.sv" IN_LIST SWPRUNE_RTL_FILES)
    list(APPEND sources "${SWPRUNE_SIM_DIR}/${arg_TOP}.sv")
  endif()
  set(arguments
      -Wall
      -O3
      --assert
      --x-assign
      fast
      --x-initial
      fast
      --output-split
      0
      "-I${arg_RTL_DIR}"
      --top-module
      ${arg_TOP}
      ${arg_ARGS}
      ${sources})
  set(script "${SWPRUNE_SIM_DIR}/verilate_model.cmake")
  add_custom_command(
    OUTPUT "${dir}/${prefix}_all.cpp" "${dir}/${prefix}.h"
    COMMAND "${CMAKE_COMMAND}" -D "VERILATOR=${VERILATOR_BIN}" -D "PREFIX=${prefix}" -D
            "DIRECTORY=${dir}" -D "ARGUMENTS=${arguments}" -P "${script}"
    DEPENDS ${sources} "${arg_RTL_DIR}/swp_assert.svh" "${script}"
    COMMENT "Verilating ${name}"
    VERBATIM)
  target_sources(${target} PRIVATE "${dir}/${prefix}_all.cpp" "${dir}/${prefix}.h")
  # A model is always optimised: at -O0 it is some forty times slower. Its code is not ours to warn
  # about.
  set_source_files_properties(
    "${dir}/${prefix}_all.cpp" PROPERTIES COMPILE_OPTIONS "${arg_OPTIMISE};-w" SKIP_LINTING ON)
endfunction()

# swprune_parameter_arguments(variable POY .. POX .. ...): the core's parameters for Verilator.
function(swprune_parameter_arguments variable)
  cmake_parse_arguments(
    PARSE_ARGV 1 arg "" "${SWPRUNE_CORE_PARAMETERS}" "")
  set(${variable}
      -GPoy=${arg_POY}
      -GPox=${arg_POX}
      -GPof=${arg_POF}
      -GChains=${arg_CHAINS}
      -GBusBytes=${arg_BUS_BYTES}
      -GActDepth=${arg_ACT_DEPTH}
      -GWgtDepth=${arg_WGT_DEPTH}
      -GListDepth=${arg_LIST_DEPTH}
      -GParamDepth=${arg_PARAM_DEPTH}
      -GResDepth=${arg_RES_DEPTH}
      "-GPoolEn=1'b${arg_POOL_EN}"
      "-GSkipEn=1'b${arg_SKIP_EN}"
      PARENT_SCOPE)
endfunction()

# swprune_verilated_model(target name RTL_DIR dir POX .. POY .. ... SKIP_EN 0|1
#                         [OPTIMISE -O3] [TRACE] [VERILATOR_ARGS ...])
#
# Adds to `target` the Verilated core with these parameters; `name` makes the class Vswp_<name> and
# a file <name>.cpp that defines `std::unique_ptr<hw::device> make_<name>()`.
function(swprune_verilated_model target name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "TRACE" "RTL_DIR;OPTIMISE;${SWPRUNE_CORE_PARAMETERS}"
                        "VERILATOR_ARGS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${name}: unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  foreach(parameter IN LISTS SWPRUNE_CORE_PARAMETERS)
    if(NOT DEFINED arg_${parameter})
      message(FATAL_ERROR "${name}: ${parameter} is missing")
    endif()
    set(${parameter} "${arg_${parameter}}")
  endforeach()
  swprune_parameter_arguments(overrides ${ARGN})
  set(device verilated_core)
  if(arg_TRACE)
    set(device traced_core)
    list(APPEND arg_VERILATOR_ARGS --trace-fst)
  endif()
  swprune_verilate(
    ${target} ${name}
    TOP swp_sim_top
    RTL_DIR "${arg_RTL_DIR}"
    OPTIMISE "${arg_OPTIMISE}"
    ARGS ${overrides} ${arg_VERILATOR_ARGS})
  set(prefix "Vswp_${name}")
  configure_file("${SWPRUNE_SIM_DIR}/src/model.cpp.in"
                 "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp" @ONLY)
  target_sources(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
endfunction()

# swprune_sim_library(target): an empty library for models.
function(swprune_sim_library target)
  swprune_verilator_runtime()
  add_library(${target} STATIC)
  target_include_directories(
    ${target}
    PUBLIC "${SWPRUNE_SIM_DIR}/include"
    PRIVATE "${SWPRUNE_SIM_DIR}/src" "${CMAKE_CURRENT_BINARY_DIR}")
  target_link_libraries(${target} PUBLIC swprune::swprune PRIVATE swprune_verilated)
endfunction()

# swprune_add_accelerator(name [POY 4] [POX 8] [POF 8] [CHAINS 2] [BUS_BYTES 32] [ACT_DEPTH 1024]
#   [WGT_DEPTH 8192] [LIST_DEPTH 4096] [PARAM_DEPTH 128] [RES_DEPTH 64] [POOL_EN 1] [SKIP_EN 1]
#   [TRACE])
#
# For projects that use the package: library `name` with the accelerator of these parameters, and
# the header <name.hpp> that declares its maker:
#   namespace swprune::sim { std::unique_ptr<hw::device> make_NAME(); }
# With TRACE the device can write waveforms (swprune_sim/trace.hpp); it is slower then. `name` must
# be a C identifier. What a parameter may be is said in swprune/hw/array_params.hpp; one that cannot
# be stops the build.
function(swprune_add_accelerator name)
  if(NOT name MATCHES "^[A-Za-z][A-Za-z0-9_]*$")
    message(FATAL_ERROR "swprune_add_accelerator(${name}): the name must be a C identifier")
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "TRACE" "${SWPRUNE_CORE_PARAMETERS}" "")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "swprune_add_accelerator(${name}): unknown arguments "
                        "${arg_UNPARSED_ARGUMENTS}; known are ${SWPRUNE_CORE_PARAMETERS} TRACE")
  endif()
  set(defaults 4 8 8 2 32 1024 8192 4096 128 64 1 1)
  set(parameters "")
  foreach(parameter default IN ZIP_LISTS SWPRUNE_CORE_PARAMETERS defaults)
    if(NOT DEFINED arg_${parameter})
      set(arg_${parameter} ${default})
    endif()
    list(APPEND parameters ${parameter} ${arg_${parameter}})
  endforeach()
  if(arg_TRACE)
    list(APPEND parameters TRACE)
  endif()
  swprune_sim_library(${name})
  swprune_verilated_model(${name} ${name} RTL_DIR "${SWPRUNE_RTL_DIR}" ${parameters})
  set(headers "${CMAKE_CURRENT_BINARY_DIR}/${name}_include")
  configure_file("${SWPRUNE_SIM_DIR}/src/accelerator.hpp.in" "${headers}/${name}.hpp" @ONLY)
  target_include_directories(${name} PUBLIC "${headers}")
endfunction()
