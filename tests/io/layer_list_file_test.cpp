// SPDX-License-Identifier: Apache-2.0
#include "swprune/io/layer_list_file.hpp"

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "tests/io/file_checks.hpp"

using namespace swprune;
using swprune_test::caught;
using swprune_test::error_of;
using swprune_test::temp_dir;

namespace {

std::string list_of(const std::string& layers) {
  return R"({"schema": "swprune-layers", "version": 1, "layers": [)" + layers + "]}";
}

/// A list of one good layer and one made of `fields`.
caught error_with(const std::string& fields) {
  const std::string text =
      list_of(R"({"name": "a", "in_channels": 3, "out_channels": 8}, {)" + fields + "}");
  return error_of([&] { (void)io::parse_layers(text, "net.json"); });
}

}  // namespace

TEST_CASE("layer list: the example of the documentation") {
  const auto layers = io::load_layers(std::string(SWPRUNE_SOURCE_DIR) + "/examples/layers.json");
  REQUIRE(layers.size() == 6);
  CHECK(layers[0].name == "stem");
  CHECK(layers[0].keep_dense);
  CHECK(layers[0].out_pixels == 1024);
  CHECK(layers[0].sources.empty());
  CHECK_FALSE(layers[1].keep_dense);
  CHECK(layers[3].sources == std::vector<mask::layer_source>{{"block.conv2", 0}, {"stem", 0}});
  CHECK(layers[4].sources == std::vector<mask::layer_source>{{"down", 0}, {"block.conv2", 128}});
  CHECK(layers[4].in_channels == 192);
  CHECK(layers[5].kernel_height == 1);
  CHECK(layers[5].kernel_width == 1);
  CHECK(layers[5].out_pixels == 1);
}

TEST_CASE("layer list: height comes first, the network's input has no name") {
  const auto layers = io::parse_layers(
      list_of(R"({"name": "a", "in_channels": 3, "out_channels": 8, "kernel": [2, 5],
                  "output": [7, 11], "keep_dense": false, "sources": [""]})"),
      "net.json");
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].kernel_height == 2);
  CHECK(layers[0].kernel_width == 5);
  CHECK(layers[0].out_pixels == 77);
  CHECK(layers[0].sources == std::vector<mask::layer_source>{{"", 0}});
}

TEST_CASE("layer list: what does not fit is said, with file, entry and field") {
  const std::string b = R"("name": "b", "in_channels": 8, "out_channels": 4)";
  CHECK(error_with(b).id == 0);
  const auto says = [&](const std::string& fields, const std::vector<std::string>& parts) {
    CAPTURE(fields);
    const caught e = error_with(fields);
    CAPTURE(e.text);
    CHECK(e.is(errc::file_format));
    CHECK(e.says({"net.json"}));
    CHECK(e.says(parts));
  };
  says(R"("in_channels": 8, "out_channels": 4)", {"/layers/1/name", "missing"});
  says(R"("name": "b", "out_channels": 4)", {"/layers/1/in_channels", "missing"});
  says(R"("name": 7, "in_channels": 8, "out_channels": 4)", {"/layers/1/name", "a text"});
  says(R"("name": "b", "in_channels": 8.5, "out_channels": 4)", {"/layers/1/in_channels"});
  says(R"("name": "b", "in_channels": -8, "out_channels": 4)", {"/layers/1/in_channels"});
  says(R"("name": "b", "in_channels": 0, "out_channels": 4)", {"'b'", "in_channels", "given 0"});
  says(R"("name": "b", "in_channels": 8, "out_channels": 2000000)", {"'b'", "out_channels"});
  says(R"("name": "a", "in_channels": 8, "out_channels": 4)", {"'a'", "twice"});
  says(R"("name": "", "in_channels": 8, "out_channels": 4)", {"/layers/1/name"});
  says(R"("name": "x/y", "in_channels": 8, "out_channels": 4)", {"/layers/1/name"});
  says(b + R"(, "kernels": [3, 3])", {"/layers/1/kernels", "not a field"});
  says(b + R"(, "kernel": 3)", {"/layers/1/kernel", "an array"});
  says(b + R"(, "kernel": [3])", {"/layers/1/kernel", "[height, width]", "given [3]"});
  says(b + R"(, "kernel": [3, 0])", {"/layers/1/kernel", "1..1024"});
  says(b + R"(, "kernel": [3, 1025])", {"/layers/1/kernel", "1..1024"});
  says(b + R"(, "kernel": [3, "3"])", {"/layers/1/kernel"});
  says(b + R"(, "output": [70000, 1])", {"/layers/1/output", "1..65536"});
  says(b + R"(, "keep_dense": 1)", {"/layers/1/keep_dense", "true or false"});
  says(b + R"(, "sources": "a")", {"/layers/1/sources", "an array"});
  says(b + R"(, "sources": [1])", {"/layers/1/sources/0", "an object"});
  says(b + R"(, "sources": ["a", {"first_channel": 1}])", {"/layers/1/sources/1/layer", "missing"});
  says(b + R"(, "sources": [{"layer": "a", "from": 1}])", {"/layers/1/sources/0/from"});
  says(b + R"(, "sources": [{"layer": "a", "first_channel": -1}])", {"sources/0/first_channel"});
  says(b + R"(, "sources": ["b"])", {"'b'", "no earlier layer"});
  says(b + R"(, "sources": [{"layer": "a", "first_channel": 1}])", {"'b'", "do not fit"});

  const auto whole = [](const std::string& text, const std::vector<std::string>& parts) {
    CAPTURE(text);
    const caught e = error_of([&] { (void)io::parse_layers(text, "net.json"); });
    CHECK(e.is(errc::file_format));
    CHECK(e.says({"net.json"}));
    CHECK(e.says(parts));
  };
  whole("", {"not JSON"});
  whole("{\"schema\": ", {"not JSON"});
  whole("[]", {"the top level", "an object"});
  whole("{}", {"/schema", "missing"});
  whole(R"({"schema": "swprune-layers"})", {"/version", "missing"});
  whole(R"({"schema": "swprune-layers", "version": 2, "layers": []})", {"version 2"});
  whole(R"({"schema": "swprune-report", "version": 1, "layers": []})", {"swprune-report"});
  whole(R"({"schema": "swprune-layers", "version": 1, "layers": {}})", {"/layers", "an array"});
  whole(R"({"schema": "swprune-layers", "version": 1, "layers": [], "x": 1})", {"/x"});
  whole(list_of(""), {"/layers", "0 entries"});
  whole(list_of("3"), {"/layers/0", "an object"});
  std::string many;
  for (int k = 0; k <= 1000; ++k)
    many += fmt::format("{}{{\"name\": \"l{}\", \"in_channels\": 8, \"out_channels\": 8}}",
                        k == 0 ? "" : ",", k);
  whole(list_of(many), {"1001 entries"});
  const temp_dir dir;
  CHECK(error_of([&] { (void)io::load_layers(dir / "none.json"); }).is(errc::file_open));
}
