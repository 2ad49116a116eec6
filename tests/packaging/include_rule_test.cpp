// SPDX-License-Identifier: Apache-2.0
#include "tests/support/include_rule.hpp"

#include <catch2/catch.hpp>

#include "tests/support/temp_dir.hpp"

using namespace swprune_test;

namespace {

const header_map& ours() {
  static const header_map headers = read_headers(std::string(SWPRUNE_SOURCE_DIR) + "/include");
  return headers;
}

/// A made-up set of headers, from name and code; licence and guard are added.
header_map made_up(const std::vector<std::pair<std::string, std::string>>& files) {
  const temp_dir dir;
  for (const auto& [name, code] : files)
    write_text(dir / name, "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n" + code);
  return read_headers(dir.path());
}

}  // namespace

TEST_CASE("the headers are found") {
  CHECK(ours().size() >= 10);
  CHECK(ours().contains("swprune/core/rng.hpp"));
  CHECK_FALSE(ours().at("swprune/core/rng.hpp").quoted.empty());
}

TEST_CASE("headers include only to their left") { CHECK(order_offences(ours()) == offences{}); }
TEST_CASE("hw never reaches nn or train") { CHECK(hardware_offences(ours()) == offences{}); }
TEST_CASE("no header includes itself") { CHECK(cycle_offences(ours()) == offences{}); }
TEST_CASE("every header has licence and guard and knows no simulator") {
  CHECK(form_offences(ours()) == offences{});
}
TEST_CASE("no header prints, exits, draws foreign random numbers or leaves the C++20 floor") {
  CHECK(banned_offences(ours()) == offences{});
}

TEST_CASE("the umbrella brings no library that the package does not") {
  CHECK(umbrella_offences(ours()) == offences{});
  const auto headers = made_up({{"swprune/swprune.hpp", "#include \"swprune/io.hpp\"\n"},
                                {"swprune/io.hpp", "#include \"swprune/io/a.hpp\"\n"},
                                {"swprune/io/a.hpp", "#include <zlib.h>\n#include <matio.h>\n"},
                                {"swprune/io/b.hpp", "#include <nlohmann/json.hpp>\n"}});
  CHECK(umbrella_offences(headers) ==
        offences{"swprune/io/a.hpp: brings <matio.h> into the umbrella"});
}

TEST_CASE("the order check finds offences") {
  const auto headers = made_up({{"swprune/core/a.hpp", "#include \"swprune/graph/b.hpp\"\n"},
                                {"swprune/graph/b.hpp", "#include \"swprune/core/gone.hpp\"\n"},
                                {"swprune/mask/c.hpp", "#include <swprune/graph/b.hpp>\n"},
                                {"swprune/nn/d.hpp", "#include \"d_impl.hpp\"\n"},
                                {"swprune/core.hpp", "#include \"swprune/core/a.hpp\"\n"},
                                {"swprune/train/e.hpp", "  # include \"swprune/core.hpp\"\n"},
                                {"swprune/odd/f.hpp", ""}});
  CHECK(order_offences(headers) ==
        offences{"swprune/core/a.hpp: includes swprune/graph/b.hpp, which lies to its right",
                 "swprune/graph/b.hpp: includes \"swprune/core/gone.hpp\", which is no file of "
                 "include/",
                 "swprune/mask/c.hpp: includes <swprune/graph/b.hpp>",
                 "swprune/nn/d.hpp: includes \"d_impl.hpp\", which is no file of include/",
                 "swprune/odd/f.hpp: lies in no known folder",
                 "swprune/train/e.hpp: includes the umbrella swprune/core.hpp"});
}

TEST_CASE("the order check accepts what is allowed") {
  const auto headers =
      made_up({{"swprune/core/a.hpp", "#include <vector>\n#include \"swprune/version.hpp\"\n"},
               {"swprune/version.hpp", ""},
               {"swprune/core.hpp", "#include \"swprune/core/a.hpp\"\n"},
               {"swprune/report/b.hpp", "#include \"swprune/core/a.hpp\"\n"},
               {"swprune/swprune.hpp", "#include \"swprune/core.hpp\"\n"}});
  CHECK(order_offences(headers).empty());
  CHECK(form_offences(headers).empty());
  CHECK(banned_offences(headers).empty());
  CHECK(cycle_offences(headers).empty());
}

TEST_CASE("C headers know only each other, and no C++ header knows them") {
  auto headers = made_up({{"swprune/c/a.h", "#include <stdint.h>\n#include \"swprune/c/b.h\"\n"},
                          {"swprune/c/b.h", "#include \"swprune/core/c.hpp\"\n"},
                          {"swprune/core/c.hpp", "#include \"swprune/c/a.h\"\n"}});
  CHECK(order_offences(headers) ==
        offences{"swprune/c/b.h: includes \"swprune/core/c.hpp\", which is no C header of include/",
                 "swprune/core/c.hpp: includes the C header swprune/c/a.h"});
  headers["swprune/c/a.h"].text =
      "/* SPDX-License-Identifier: Apache-2.0 */\n#ifndef SWPRUNE_C_A_H\n";
  CHECK(form_offences(headers) ==
        offences{"swprune/c/b.h: has no licence line", "swprune/c/b.h: has no guard"});
}

TEST_CASE("the hardware check sees through other headers") {
  const auto headers =
      made_up({{"swprune/nn/layer.hpp", ""},
               {"swprune/quant/quantize.hpp", "#include \"swprune/nn/layer.hpp\"\n"},
               {"swprune/quant/model.hpp", ""},
               {"swprune/hw/good.hpp", "#include \"swprune/quant/model.hpp\"\n"},
               {"swprune/hw/bad.hpp", "#include \"swprune/quant/quantize.hpp\"\n"}});
  CHECK(order_offences(headers).empty());
  CHECK(hardware_offences(headers) == offences{"swprune/hw/bad.hpp: reaches swprune/nn/layer.hpp"});
}

TEST_CASE("the cycle check finds a cycle") {
  const auto headers = made_up({{"swprune/core/a.hpp", "#include \"swprune/core/b.hpp\"\n"},
                                {"swprune/core/b.hpp", "#include \"swprune/core/a.hpp\"\n"},
                                {"swprune/core/c.hpp", "#include \"swprune/core/a.hpp\"\n"}});
  CHECK(cycle_offences(headers) ==
        offences{"swprune/core/a.hpp: includes itself", "swprune/core/b.hpp: includes itself"});
}

TEST_CASE("the form check finds offences") {
  auto headers = made_up({{"swprune/core/a.hpp", "// as in a veriLated model\n"},
                          {"swprune/core/b.hpp", ""},
                          {"swprune/core/c.hpp", ""}});
  headers["swprune/core/b.hpp"].text = "#include <vector>\n\n#pragma once\n";
  headers["swprune/core/c.hpp"].text = "// SPDX-License-Identifier: Apache-2.0\n";
  CHECK(form_offences(headers) == offences{"swprune/core/a.hpp: names Verilator",
                                           "swprune/core/b.hpp: has no licence line",
                                           "swprune/core/c.hpp: has no #pragma once"});
}

TEST_CASE("the check of banned things finds each of them") {
  const std::string code = GENERATE(
      "#include <iostream>\n", "void f() { std::cerr << 1; }\n", "int x = printf (\"\");\n",
      "void f() { fmt::print(\"\"); }\n", "void f() { std::abort(); }\n", "void f() { exit(1); }\n",
      "std::mt19937 g;\n", "std::uniform_int_distribution<> d;\n",
      "auto m = Eigen::MatrixXf::Random(3, 3);\n", "int x = rand();\n",
      "auto v = std::views::iota(3);\n", "std::source_location here;\n",
      "auto s = std::format(\"\");\n", "#include <fmt/format.h>\n",
      "Eigen::SparseMatrix<float> m;\n", "#include <CLI/CLI.hpp>\n");
  CAPTURE(code);
  CHECK(banned_offences(made_up({{"swprune/core/a.hpp", code}})).size() == 1);
  CHECK(banned_offences(made_up({{"swprune/core/a.hpp", "// " + code}})).empty());
}
