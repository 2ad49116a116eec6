// SPDX-License-Identifier: Apache-2.0

// killed_run FILE THREADS [before|after N]: the run of killed_run.hpp; with the last two arguments
// it kills itself at its N-th rename, before or after the name has changed.

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "swprune/core/parallel.hpp"
#include "tests/train/killed_run.hpp"

namespace {
bool kill_before = false;
int renames_left = -1;  // until the kill; negative: never
}  // namespace

/// In place of the C library's.
extern "C" int rename(const char* from, const char* to) noexcept {
  const bool now = renames_left > 0 && --renames_left == 0;
  if (now && kill_before) raise(SIGKILL);
  const long result = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (now) raise(SIGKILL);
  return static_cast<int>(result);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  swprune::set_thread_count(std::atoi(argv[2]));
  if (argc == 5) {
    kill_before = std::strcmp(argv[3], "before") == 0;
    renames_left = std::atoi(argv[4]);
  }
  return swprune_test::killed_run(argv[1]).epochs.size() == 20 ? 0 : 3;
}
