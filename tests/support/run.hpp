// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace swprune_test {

struct run_result {
  int exit_code = -1;  ///< 128 + signal if it was killed
  std::string output;  ///< standard output and standard error together
};

/// Runs a shell command and waits for it.
run_result run(const std::string& command);

/// `text` as one word for the shell.
std::string quoted(const std::string& text);

}  // namespace swprune_test
