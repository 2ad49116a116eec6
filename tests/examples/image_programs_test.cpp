// SPDX-License-Identifier: Apache-2.0

// compile_image and dump_image as a user runs them.

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

#include "swprune/hw/compile.hpp"
#include "swprune/hw/image_bytes_dump.hpp"
#include "swprune/hw/image_dump.hpp"
#include "swprune/hw/image_file.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/int8_model_file.hpp"
#include "tests/support/example_program.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using namespace swprune;
using namespace swprune_test;

TEST_CASE("a model file becomes an image file, which is printed") {
  const temp_dir dir;
  const auto path = [&](const char* name) { return quoted((dir / name).string()); };
  const auto model = example_model();
  io::save_int8_model(dir / "net.swp", model);
  const auto compiled =
      run(quoted(SWPRUNE_COMPILE_IMAGE) + " " + path("net.swp") + " " + path("net.swpi") +
          " --images 3 --poy 2 --pox 2 --pof 4 --chains 1 --bus-bytes 8");
  CAPTURE(compiled.output);
  REQUIRE(compiled.exit_code == 0);
  const auto file = hw::decode_image_file(io::read_file(dir / "net.swpi"));
  CHECK(file.bytes == make_image_file(hw::compile(model, example_array, 3), model).bytes);
  const auto dump_of = [&](const std::string& options) {
    return run(quoted(SWPRUNE_DUMP_IMAGE) + " " + options).output;
  };
  CHECK(dump_of(path("net.swpi")) == dump(file));
  CHECK(dump_of("--bytes " + path("net.swpi")) == dump_bytes(file));
}

TEST_CASE("what is wrong is said in one line, with an exit code") {
  const temp_dir dir;
  const auto path = [&](const char* name) { return quoted((dir / name).string()); };
  const auto model = example_model();
  auto bytes = make_image_file(hw::compile(model, example_array, 1), model).bytes;
  bytes.pop_back();
  io::write_file(dir / "cut.swpi", bytes);
  io::save_int8_model(dir / "net.swp", model);
  const auto refused = [&](const std::string& command, int code, const char* text) {
    const auto r = run(command + " 2>&1");
    CAPTURE(command, r.output);
    CHECK(r.exit_code == code);
    CHECK(r.output.find(text) != std::string::npos);
  };
  const std::string dump_program = quoted(SWPRUNE_DUMP_IMAGE) + " ";
  const std::string compiler = quoted(SWPRUNE_COMPILE_IMAGE) + " ";
  refused(dump_program + path("cut.swpi"), 1, "cut off");
  refused(dump_program + path("gone"), 1, "cannot be opened");
  refused(dump_program, 2, "usage");
  refused(compiler, 2, "required");
  refused(compiler + path("net.swp") + " " + path("out") + " --poy 3", 1, "Poy");
  refused(compiler + path("cut.swpi") + " " + path("out"), 1, "compile_image: swprune E");
  CHECK_FALSE(std::filesystem::exists(dir / "out"));
}
