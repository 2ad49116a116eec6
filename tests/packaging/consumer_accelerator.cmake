# SPDX-License-Identifier: Apache-2.0
# A project of its own that asks the installed package for an accelerator and runs a layer on it.
cmake_minimum_required(VERSION 3.25)

set(program "${WORK_DIR}/project")
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${program}")

function(must_run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(failed)
    message(FATAL_ERROR "${what} failed (${failed}):\n${text}")
  endif()
  set(text "${text}" PARENT_SCOPE)
endfunction()

# Installed, then moved: the package must not remember where it was installed.
must_run("install" "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}/first")
file(RENAME "${WORK_DIR}/first" "${WORK_DIR}/prefix")

file(WRITE "${program}/CMakeLists.txt" "cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(swprune REQUIRED)
swprune_add_accelerator(my_array POY 2 POX 2 CHAINS 1 POF 4 BUS_BYTES 8 ACT_DEPTH 64 WGT_DEPTH 256
                        LIST_DEPTH 64 PARAM_DEPTH 4 RES_DEPTH 0)
add_executable(app app.cpp)
target_link_libraries(app PRIVATE my_array)
")
file(WRITE "${program}/app.cpp" "#include <my_array.hpp>

#include <cstdio>

#include \"swprune/hw/compile.hpp\"
#include \"swprune/hw/functional.hpp\"
#include \"swprune/hw/run_program.hpp\"
#include \"swprune/quant/diagonal_layer.hpp\"

int main() {
  namespace sp = swprune;
  sp::quant::int8_model model;
  model.input = {4, 4, 4};
  model.layers.push_back(sp::quant::average_pool_layer(\"mean\", model.input, {2, 2, 2, 0}, {}, {}, {4, 4}));
  const auto device = sp::sim::make_my_array();
  const auto program = sp::hw::compile(model, device->params(), 1);
  std::vector<std::uint8_t> image;
  for (int i = 0; i < 64; ++i) image.push_back(static_cast<std::uint8_t>(3 * i));
  const auto run = sp::hw::run_program(*device, program, image, {.bus_bytes = 8});
  if (run.error != 0 || run.outputs != sp::hw::run_functional(model, image)) return 1;
  std::puts(\"the array computes\");
}
")

must_run("configuring the consumer" "${CMAKE_COMMAND}" -S "${program}" -B "${WORK_DIR}/build" -G
         "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${CXX}" -DCMAKE_BUILD_TYPE=Release
         "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix")
must_run("building the consumer" "${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
must_run("running the consumer" "${WORK_DIR}/build/app")
if(NOT text STREQUAL "the array computes\n")
  message(FATAL_ERROR "the consumer printed:\n${text}")
endif()

# A misspelt parameter is named.
file(APPEND "${program}/CMakeLists.txt" "swprune_add_accelerator(other PXO 2)\n")
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${program}" -B "${WORK_DIR}/build"
                RESULT_VARIABLE failed OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(NOT failed OR NOT text MATCHES "PXO")
  message(FATAL_ERROR "a misspelt parameter was not refused:\n${text}")
endif()
