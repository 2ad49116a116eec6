// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "swprune/core/rng.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/train/killed_run.hpp"

namespace swprune_test {

/// The program killed_run.
class child {
 public:
  explicit child(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), SWPRUNE_KILLED_RUN);
    std::vector<char*> words;
    for (std::string& a : arguments) words.push_back(a.data());
    words.push_back(nullptr);
    REQUIRE(posix_spawn(&pid_, words[0], nullptr, nullptr, words.data(), environ) == 0);
  }
  void kill() const { ::kill(pid_, SIGKILL); }
  /// Exit code, or 128 + signal.
  [[nodiscard]] int wait() const {
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = 0;
};

inline constexpr int killed_code = 128 + SIGKILL;

/// Kills the run `kills` times, two in five within a rename and the others after a random time, and
/// each time lets another process finish it: with the same bits as a run that nothing disturbed,
/// with another number of threads.
inline void kill_and_resume(int kills, std::uint64_t seed) {
  namespace fs = std::filesystem;
  using clock = std::chrono::steady_clock;
  CAPTURE(seed);
  swprune::rng random(seed);
  const temp_dir dir;
  const fs::path whole = dir / "whole";
  const auto begin = clock::now();
  REQUIRE(child({whole.string(), "1"}).wait() == 0);
  const double duration = std::chrono::duration<double>(clock::now() - begin).count();
  const auto expected = without_times(whole);
  std::vector<std::int64_t> steps;
  int early = 0, done = 0;
  for (int trial = 0; done < kills; ++trial) {
    REQUIRE(trial < 4 * kills + 20);
    const fs::path file = dir / fmt::format("run{}", trial);
    const bool within_rename = done % 5 >= 3;
    const double after = random.uniform() * duration;
    const std::string nth = std::to_string(1 + random.below(70));
    CAPTURE(trial, within_rename, after, nth);
    std::vector<std::string> arguments{file.string(), "1"};
    if (within_rename) arguments.insert(arguments.end(), {done % 2 == 0 ? "before" : "after", nth});
    const child first(arguments);
    if (!within_rename) {
      std::this_thread::sleep_for(std::chrono::duration<double>(after));
      first.kill();
    }
    if (first.wait() != killed_code) continue;  // it was through before
    ++done;
    if (fs::exists(file)) {
      const auto at = without_times(file).vector<std::int64_t>("position");
      steps.push_back(8 * at[0] + at[1]);
    } else {
      ++early;
    }
    REQUIRE(child({file.string(), "2"}).wait() == 0);
    REQUIRE(without_times(file) == expected);
    for (const auto& entry : fs::directory_iterator(dir.path()))
      REQUIRE(entry.path().string().find(".tmp.") == std::string::npos);
  }
  std::string text;
  for (const std::int64_t s : steps) text += fmt::format(" {}", s);
  std::cout << fmt::format(
      "{} kills, seed {}: {} before the first checkpoint, the others resumed at "
      "step{} of 160\n",
      done, seed, early, text);
  CHECK_FALSE(steps.empty());
}

}  // namespace swprune_test
