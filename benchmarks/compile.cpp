// SPDX-License-Identifier: Apache-2.0

// What the library costs a user's compiler: CPU time of the program of the README at -O2, alone and as
// a user of swprune::compiled, and of reading the umbrella header only. The peer of the first two is
// the limit that we set ourselves, that of the third the same for Eigen/Core and fmt/format.h, which
// most such programs read anyway.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "benchmarks/measure.hpp"
#include "benchmarks/processes.hpp"

#include "swprune/io/file.hpp"

namespace {

namespace fs = std::filesystem;
using namespace swprune_bench;

/// The first block of C++ in the README.
std::string readme_program() {
  std::ifstream file(SWPRUNE_BENCHMARKS_DIR "/../README.md");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::string fence = "```cpp\n";
  const auto begin = text.find(fence);
  if (begin == std::string::npos) throw std::runtime_error("README.md has no block of C++");
  const auto from = begin + fence.size();
  return text.substr(from, text.find("```", from) - from);
}

/// CPU time of a compiler with these options on this text.
double compiler_seconds(const std::string& options, const std::string& text, const fs::path& dir) {
  const fs::path source = dir / "program.cpp";
  std::ofstream(source) << text;
  const std::string command = fmt::format(
      "{} -std=c++20 -fopenmp {} -DFMT_SHARED -I '{}' -isystem '{}' -c '{}' -o '{}'", SWPRUNE_CXX,
      options, SWPRUNE_BENCHMARKS_DIR "/../include", SWPRUNE_EIGEN, source.string(),
      (dir / "program.o").string());
  rusage before{}, after{};
  ::getrusage(RUSAGE_CHILDREN, &before);
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  ::getrusage(RUSAGE_CHILDREN, &after);
  const auto seconds = [](const rusage& r) {
    return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
  };
  return seconds(after) - seconds(before);
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("CPU time of a compiler on the program of the README");
  std::string out;
  int repeats = 3;
  app.add_option("--out", out, "file for the rows")->required();
  app.add_option("--repeats", repeats, "times that count")->check(CLI::Range(1, 100));
  CLI11_PARSE(app, argc, argv);

  const fs::path dir = fs::temp_directory_path() / fmt::format("swprune-compile-{}", ::getpid());
  fs::create_directories(dir);
  const std::string program = readme_program();
  const auto limit_row = [&](const std::string& name, const std::string& options, double limit) {
    fmt::print("{} ...\n", name);
    const auto c = contest::run(
        repeats, [&](int) { return compiler_seconds(options, program, dir); },
        [&](int) { return limit; });
    return row(name, c, "limit", 1.0);
  };
  nlohmann::json rows;
  rows.push_back(limit_row("readme_O2", "-O2", 20));
  rows.push_back(limit_row("readme_O2_compiled", "-O2 -DSWPRUNE_COMPILED", 6));
  fmt::print("umbrella_read ...\n");
  const auto read = contest::run(
      repeats,
      [&](int) { return compiler_seconds("-O0", "#include <swprune/swprune.hpp>\n", dir); },
      [&](int) {
        return compiler_seconds("-O0", "#include <Eigen/Core>\n#include <fmt/format.h>\n", dir);
      });
  rows.push_back(row("umbrella_read", read, "Eigen/Core and fmt/format.h", 0.5));
  fs::remove_all(dir);
  swprune::io::write_file(out, nlohmann::json{{"rows", rows}}.dump(1) + "\n");
  return EXIT_SUCCESS;
} catch (const std::exception& e) {
  std::cerr << "bench_compile: " << e.what() << '\n';
  return EXIT_FAILURE;
}
