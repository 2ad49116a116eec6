// SPDX-License-Identifier: Apache-2.0

// dump_image says what a file holds, or what is wrong with it.

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "swprune/hw/image_dump.hpp"
#include "swprune/hw/image_file.hpp"
#include "tests/support/example_program.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

namespace hw = swprune::hw;
using swprune_test::quoted;

TEST_CASE("dump_image prints a file, or why it is none") {
  const swprune_test::temp_dir dir;
  auto bytes = hw::encode_image_file(swprune_test::example_program());
  const auto dumped = [&](const std::string& name) {
    swprune_test::write_text(dir / name, std::string(bytes.begin(), bytes.end()));
    return swprune_test::run(SWPRUNE_DUMP_IMAGE " " + quoted((dir / name).string()));
  };
  const auto good = dumped("good");
  CHECK(good.exit_code == 0);
  CHECK(good.output == hw::dump(hw::decode_image_file(bytes)));
  bytes[300] ^= 1;
  const auto bad = dumped("bad");
  CHECK(bad.exit_code == 1);
  CHECK_THAT(bad.output, Catch::Contains("body_crc must be"));
  const auto none = swprune_test::run(SWPRUNE_DUMP_IMAGE " " + quoted((dir / "none").string()));
  CHECK(none.exit_code == 1);
  CHECK_THAT(none.output, Catch::Contains("cannot open"));
  CHECK(swprune_test::run(SWPRUNE_DUMP_IMAGE).exit_code == 2);
}
