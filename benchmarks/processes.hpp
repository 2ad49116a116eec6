// SPDX-License-Identifier: Apache-2.0
#pragma once

// Work in other processes: a peer that is called from Python, and children of this program.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace swprune_bench {

/// A Python process that answers one line with one line.
class python_peer {
 public:
  /// `arguments` of the interpreter: {"-c", text} or {file}.
  explicit python_peer(std::vector<std::string> arguments) {
    int to[2];
    int from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe to the peer");
    std::vector<char*> words{python_};
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      ::execv("/usr/bin/python3", words.data());
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    to_ = ::fdopen(to[1], "w");
    from_ = ::fdopen(from[0], "r");
  }
  python_peer(const python_peer&) = delete;
  python_peer& operator=(const python_peer&) = delete;
  ~python_peer() {
    std::fclose(to_);
    std::fclose(from_);
    ::waitpid(child_, nullptr, 0);
  }

  std::string ask(const std::string& question) {
    std::fprintf(to_, "%s\n", question.c_str());
    std::fflush(to_);
    std::string answer;
    for (int c = std::fgetc(from_); c != '\n'; c = std::fgetc(from_)) {
      if (c == EOF) throw std::runtime_error("the peer did not answer to: " + question);
      answer += static_cast<char>(c);
    }
    return answer;
  }
  std::vector<double> numbers(const std::string& question) {
    std::istringstream words(ask(question));
    std::vector<double> list;
    for (double x = 0; words >> x;) list.push_back(x);
    if (list.empty()) throw std::runtime_error("the peer gave no number for: " + question);
    return list;
  }

 private:
  char python_[8] = "python3";
  pid_t child_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

/// Runs `work` in a child process, which gives a number; what it did to the heap stays there.
template <typename Work>
double number_of_child(const Work& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe to a child process");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no child process");
  if (child == 0) {
    bool sent = false;
    try {
      const double number = work();
      sent = ::write(ends[1], &number, sizeof number) == static_cast<ssize_t>(sizeof number);
    } catch (const std::exception& e) {
      std::cerr << e.what() << '\n';
    }
    ::_exit(sent ? 0 : 1);
  }
  ::close(ends[1]);
  double number = 0;
  const bool got = ::read(ends[0], &number, sizeof number) == static_cast<ssize_t>(sizeof number);
  ::close(ends[0]);
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0 || !got)
    throw std::runtime_error("a child process failed");
  return number;
}

/// Most memory in bytes that this process ever held. A child begins with what its parent holds.
inline double held_bytes() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return 1024.0 * static_cast<double>(use.ru_maxrss);
}

}  // namespace swprune_bench
