# SPDX-License-Identifier: Apache-2.0
# Run at every build: writes OUTPUT with the commit that SOURCE_DIR is at, "unknown" without git or
# outside a repository. The file is touched only when the text changes.
cmake_minimum_required(VERSION 3.25)
set(revision "unknown")
find_program(GIT git)
if(GIT)
  execute_process(
    COMMAND "${GIT}" -C "${SOURCE_DIR}" describe --always --dirty --abbrev=12
    OUTPUT_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed AND text MATCHES "^[A-Za-z0-9._-]+$")
    set(revision "${text}")
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT "// SPDX-License-Identifier: Apache-2.0
#pragma once
#define SWPRUNE_GIT_REVISION \"${revision}\"
")
