# SPDX-License-Identifier: Apache-2.0
# Shows that consumer.cmake passes a good project and refuses bad ones, on small made-up projects.
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE "${WORK_DIR}")

# try(NAME EXPECT program text library-lines): EXPECT is a pattern of the failure, or "" for success.
function(try name expect program text library)
  set(dir "${WORK_DIR}/${name}")
  file(WRITE "${dir}/CMakeLists.txt" "add_library(fake INTERFACE)
add_library(swprune::swprune ALIAS fake)
${library}
")
  file(WRITE "${dir}/README.md" "## In a program of your own
```cmake
find_package(swprune 0.1 REQUIRED)
add_executable(app app.cpp)
target_link_libraries(app PRIVATE swprune::swprune)
```
```cpp
${program}```
```text
${text}```
")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -D KIND=add_subdirectory -D "SOURCE_DIR=${dir}" -D
            "WORK_DIR=${dir}/work" -D "CXX=${CXX}" -D "GENERATOR=${GENERATOR}" -P
            "${CMAKE_CURRENT_LIST_DIR}/consumer.cmake"
    RESULT_VARIABLE failed OUTPUT_VARIABLE log ERROR_VARIABLE log)
  if(expect STREQUAL "" AND failed)
    message(SEND_ERROR "${name}: a good project was refused:\n${log}")
  elseif(NOT expect STREQUAL "" AND (NOT failed OR NOT log MATCHES "${expect}"))
    message(SEND_ERROR "${name}: expected a failure with '${expect}', got ${failed}:\n${log}")
  endif()
endfunction()

set(good "#include <cstdio>\nint main() { std::puts(\"5 at 0.25\"); }\n")
try(good "" "${good}" "5 at 0.25\n" "")
try(measured "" "${good}" "5 at 0.75\n" "")
try(wrong_output "but the README says" "${good}" "6 at 0.25\n" "")
try(crash "ended with" "int main() { return 3; }\n" "" "")
try(no_build "building the consumer failed" "int main() { return x; }\n" "" "")
string(REPEAT "// line\n" 26 comment)
try(too_long "has 28 lines" "${comment}${good}" "5 at 0.25\n" "")
try(flags "exports COMPILE_OPTIONS" "${good}" "5 at 0.25\n"
    "target_compile_options(fake INTERFACE -O1)")
try(tests "would build swprune_test_main" "${good}" "5 at 0.25\n"
    "add_library(swprune_test_main INTERFACE)")
