// SPDX-License-Identifier: Apache-2.0

// The commands refuse wrong calls with a sentence, and what they rest on can tell good from bad.

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using swprune_test::quoted;
using swprune_test::run;
using swprune_test::temp_dir;
namespace fs = std::filesystem;

namespace {

std::string project(const std::string& path) {
  return std::string(SWPRUNE_SOURCE_DIR) + "/" + path;
}
std::string script(const std::string& path) { return quoted(project(path)); }

swprune_test::run_result bench_table(const std::string& json) {
  const temp_dir dir;
  swprune_test::write_text(dir / "bench.json", json);
  return run(quoted(SWPRUNE_CMAKE) + " -D JSON=" + quoted((dir / "bench.json").string()) + " -P " +
             script("cmake/bench_table.cmake"));
}

}  // namespace

TEST_CASE("every script is well-formed and can be run") {
  const std::string path =
      GENERATE("scripts/install-deps", "scripts/demo", "scripts/test", "scripts/bench", ".ci/run");
  CAPTURE(path);
  CHECK(run("bash -n " + script(path)).exit_code == 0);
  CHECK(run("test -x " + script(path)).exit_code == 0);
}

TEST_CASE("install-deps finds what this build was made with") {
  const auto r = run(script("scripts/install-deps") + " --list");
  CHECK(r.exit_code == 0);
  CHECK_THAT(r.output, Catch::Contains("here     libeigen3-dev"));
  CHECK_THAT(r.output, !Catch::Contains("python3-torch"));
  CHECK_THAT(run(script("scripts/install-deps") + " --oracles --list").output,
             Catch::Contains("python3-torch"));
}

TEST_CASE("install-deps says what is missing where it cannot install") {
  // A search path with the plain tools but no apt-get, sudo, cmake or compiler.
  const temp_dir dir;
  const fs::path& bin = dir.path();
  for (const char* tool : {"bash", "head", "sort", "grep", "id", "sed"}) {
    const auto where = run(std::string("command -v ") + tool).output;
    fs::create_symlink(where.substr(0, where.find('\n')), bin / tool);
  }
  const auto r =
      run("PATH=" + quoted(bin.string()) + " CXX= bash " + script("scripts/install-deps"));
  CHECK(r.exit_code == 1);
  CHECK_THAT(r.output, Catch::Contains("there is no apt-get here. Please install:") &&
                           Catch::Contains("CMake 3.25 or newer") &&
                           Catch::Contains("(Debian: libeigen3-dev)"));
  const auto list =
      run("PATH=" + quoted(bin.string()) + " CXX= bash " + script("scripts/install-deps --list"));
  CHECK(list.exit_code != 0);
}

TEST_CASE("install-deps takes an old version for missing") {
  const temp_dir dir;
  const fs::path& bin = dir.path();
  swprune_test::write_text(bin / "cmake", "#!/bin/sh\necho cmake version 3.18.4\n");
  fs::permissions(bin / "cmake", fs::perms::owner_all);
  const auto r = run("PATH=" + quoted(bin.string()) + ":\"$PATH\" " +
                     script("scripts/install-deps") + " --list");
  CHECK(r.exit_code == 1);
  CHECK_THAT(r.output, Catch::Contains("missing  cmake "));
}

TEST_CASE("install-deps refuses an unknown option") {
  const auto r = run(script("scripts/install-deps") + " --all");
  CHECK(r.exit_code == 2);
  CHECK_THAT(r.output, Catch::Contains("unknown option '--all'"));
}

TEST_CASE("bench refuses an unknown name and lists the known ones") {
  const std::string name = GENERATE("nonsense", "''", "../x", "");
  const auto r = run(script("scripts/bench") + " " + name);
  CHECK(r.exit_code == 2);
  CHECK_THAT(r.output, Catch::Contains("no benchmark") && Catch::Contains("there is: "));
  for (const auto& file : fs::directory_iterator(project("benchmarks")))
    if (file.path().extension() == ".cpp")
      CHECK_THAT(r.output, Catch::Contains(file.path().stem().string()));
}

TEST_CASE("the benchmark table shows every row") {
  const auto r = bench_table(
      R"({"rows":[{"name":"ws","ours":0.123456,"peer":1.5,"peer_version":"igraph 0.10",
          "unit":"s","ratio":12.15,"spread":0.02,"goal":10},
          {"name":"metrics","ours":2,"peer":1,"peer_version":"igraph 0.10",
          "unit":"s","ratio":0.5,"spread":0.1,"goal":1}]})");
  CHECK(r.exit_code == 0);
  CHECK_THAT(r.output, Catch::Contains("ratio") && Catch::Contains("12.15") &&
                           Catch::Contains("0.123 ") && Catch::Contains("metrics"));
}

TEST_CASE("the benchmark table refuses results of another form") {
  CHECK(bench_table("{").exit_code != 0);
  CHECK(bench_table(R"({"rows":[]})").exit_code != 0);
  const auto r = bench_table(R"({"rows":[{"name":"ws","ours":1,"peer":2,"unit":"s"}]})");
  CHECK(r.exit_code != 0);
  CHECK_THAT(r.output, Catch::Contains("row 0 has no 'ratio'"));
}

TEST_CASE("the presets are readable and have the two workflows") {
  const auto r = run("cd " + script("") + " && " + quoted(SWPRUNE_CMAKE) + " --list-presets=all");
  CHECK(r.exit_code == 0);
  for (const char* name : {"\"release\"", "\"debug\"", "\"asan\"", "\"demo\"", "\"test\""})
    CHECK_THAT(r.output, Catch::Contains(name));
}

TEST_CASE("the git revision is a commit, or unknown outside a repository") {
  const temp_dir dir;
  const auto r =
      run("GIT_CEILING_DIRECTORIES=" + quoted(dir.path().parent_path().string()) + " " +
          quoted(SWPRUNE_CMAKE) + " -D SOURCE_DIR=" + quoted(dir.path().string()) +
          " -D OUTPUT=" + quoted((dir / "g.hpp").string()) + " -P " +
          script("cmake/git_revision.cmake") + " && cat " + quoted((dir / "g.hpp").string()));
  CHECK(r.exit_code == 0);
  CHECK_THAT(r.output, Catch::Contains("#define SWPRUNE_GIT_REVISION \"unknown\""));
}
