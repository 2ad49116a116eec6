// SPDX-License-Identifier: Apache-2.0

// The program `simulate` as a user runs it: bad options, devices and memories, a model file, and
// differences that must be found.

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "examples/simulate_page.hpp"
#include "examples/simulate_run.hpp"
#include "swprune/io/int8_model_file.hpp"
#include "tests/report/xml_check.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

namespace sp = swprune;
using swprune_test::quoted;

swprune_test::run_result program(const std::string& options) {
  return swprune_test::run(quoted(SWPRUNE_SIMULATE) + " " + options);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The words of the line that begins with `name`.
std::vector<std::string> words_of(const std::string& output, const std::string& name) {
  std::vector<std::string> words;
  std::size_t at = output.find("\n" + name + " ");
  if (at == std::string::npos) return words;
  for (const char c : output.substr(at + 1, output.find('\n', at + 1) - at - 1) + " ") {
    if (words.empty() || (c == ' ' && !words.back().empty())) words.emplace_back();
    if (c != ' ') words.back() += c;
  }
  words.pop_back();
  return words;
}

simulate::results lenet5_results(const sp::hw::array_params& array) {
  const auto net = networks::quantise_by_name("lenet5", 0.76, array.pof, 1);
  simulate::results r;
  r.what = "lenet5";
  r.how.array = array;
  r.how.device = simulate::device_kind::golden;
  r.how.memory.bus_bytes = array.bus_bytes;
  auto expected = sp::hw::run_functional(net.model, net.images);
  r.sparse = simulate::prepare(net.model, r.how, true, 1);
  r.dense = simulate::prepare(net.model, r.how, false, 1);
  simulate::execute(r.sparse, "sparse run", r.how, net.images, expected, {});
  expected[1][7] ^= 1;  // what the control must be found to differ from
  simulate::execute(r.dense, "dense control", r.how, net.images, expected, {});
  r.figures = sp::hw::compare(r.sparse.program, r.sparse.figures, r.dense.program, r.dense.figures);
  return r;
}

}  // namespace

TEST_CASE("simulate: bad options give a word and exit code 2") {
  for (const char* options :
       {"--network alexnet", "--sparsity 2 --network lenet5", "--images 0 --network lenet5",
        "--latency 0 --network lenet5", "--bandwidth -1 --network lenet5",
        "--stall 1 --network lenet5", "--clock 0 --network lenet5",
        "--device fpga --network lenet5", "--array 4x8 --network lenet5", "--model nowhere",
        "--no-such-option --network lenet5"}) {
    CAPTURE(options);
    const auto run = program(options);
    CAPTURE(run.output);
    CHECK(run.exit_code == 2);
    CHECK(contains(run.output, std::string(options).substr(0, std::string(options).find(' '))));
  }
  for (const char* options : {"", "--network lenet5 --model /dev/null"}) {
    const auto run = program(options);
    CHECK(run.exit_code == 2);
    CHECK(contains(run.output, "--model,--network"));
  }
}

TEST_CASE("simulate: a file that is no model, an array that was not built, no such masks") {
  const swprune_test::temp_dir dir;
  swprune_test::write_text(dir / "model", "no model");
  const auto file = program("--model " + quoted((dir / "model").string()));
  CHECK(file.exit_code == 1);
  CHECK(contains(file.output, "E80"));
  CHECK(contains(file.output, "model"));
  const auto array = program("--network lenet5 --array 16x16x16");
  CHECK(array.exit_code == 1);
  CHECK(contains(array.output, "16x16x16"));
  CHECK(contains(array.output, "4x8x8"));
  const auto masks = program("--network resnet20 --array 4x8x8");
  CHECK(masks.exit_code == 1);
  CHECK(contains(masks.output, "E302"));
}

TEST_CASE("simulate: LeNet-5 on the RTL and its control, cycle by cycle as predicted") {
  const swprune_test::temp_dir dir;
  const auto run =
      program("--network lenet5 --images 2 --clock 100 --out " + quoted((dir / "out").string()));
  CAPTURE(run.output);
  REQUIRE(run.exit_code == 0);
  CHECK(contains(run.output, "bit by bit"));
  CHECK(contains(run.output, "Cycles are those of the closed form"));
  sp::index_t sum = 0;
  for (const char* layer : {"conv1", "conv2", "fc1", "fc2", "total"}) {
    const auto words = words_of(run.output, layer);
    CAPTURE(layer);
    REQUIRE(words.size() == 9);
    CHECK(words[1] == words[2]);
    if (std::string(layer) != "total") sum += std::stoll(words[2]);
  }
  const auto total = words_of(run.output, "total");
  CHECK(sum == std::stoll(total[2]));
  CHECK(std::stod(total[7]) > 3.3);
  CHECK(std::stod(total[8]) < 51.2);  // 256 multipliers at 100 MHz
  const std::string page = swprune_test::read_text(dir / "out" / "simulate.html");
  CHECK(swprune_test::count_of(page, "<svg ") == 1);
  CHECK(swprune_test::count_of(page, "<circle ") == 2 + 2 * 4);
  CHECK(contains(page, "51.2 GOPS"));
  CHECK(contains(page, "3.2 GB/s"));
  CHECK_FALSE(contains(page, "nan"));
  CHECK_FALSE(contains(page, "<script"));
}

TEST_CASE("simulate: cycles with a latency and a bandwidth are predicted exactly") {
  // 32 bytes in a cycle at 200 MHz are 6.4 GB/s.
  const auto fast = program("--network lenet5");
  const auto slow = program("--network lenet5 --latency 30 --bandwidth 2.5");
  CAPTURE(slow.output);
  REQUIRE(slow.exit_code == 0);
  CHECK(contains(slow.output, "2.56 cycles a beat"));
  CHECK(contains(slow.output, "Cycles are those of the closed form"));
  const auto total = words_of(slow.output, "total");
  REQUIRE(total.size() == 9);
  CHECK(total[1] == total[2]);
  CHECK(std::stoll(total[2]) > std::stoll(words_of(fast.output, "total")[2]));
}

TEST_CASE("simulate: devices agree, and a slow memory costs cycles in lockstep") {
  const std::string slow = "--network lenet5 --latency 20 --stall 0.2 --seed 3 ";
  const auto rtl = program(slow);
  const auto golden = program(slow + "--device golden");
  const auto both = program(slow + "--device lockstep");
  CAPTURE(rtl.output, both.output);
  REQUIRE(rtl.exit_code == 0);
  REQUIRE(golden.exit_code == 0);
  REQUIRE(both.exit_code == 0);
  const auto total = words_of(rtl.output, "total");
  REQUIRE(total.size() == 9);
  CHECK(total == words_of(golden.output, "total"));
  CHECK(total == words_of(both.output, "total"));
  CHECK(std::stoll(total[2]) > std::stoll(total[1]));
  CHECK(contains(both.output, "in lockstep without a difference"));
  CHECK(contains(rtl.output, "beyond the closed form"));
}

TEST_CASE("simulate: a model file runs on an array of its blocks") {
  const swprune_test::temp_dir dir;
  const auto net = networks::quantise_by_name("lenet5", 0.6, 4, 1);
  sp::io::save_int8_model(dir / "lenet5.swp", net.model);
  const auto run = program("--model " + quoted((dir / "lenet5.swp").string()));
  CAPTURE(run.output);
  CHECK(run.exit_code == 0);
  CHECK(contains(run.output, "8x8x4"));
  CHECK(words_of(run.output, "fc2").size() == 9);
  const auto wrong = program("--array 4x8x8 --model " + quoted((dir / "lenet5.swp").string()));
  CAPTURE(wrong.output);
  CHECK(wrong.exit_code == 1);
  CHECK(contains(wrong.output, "conv1"));
}

TEST_CASE("simulate: a byte that differs from the reference is named") {
  const auto r = lenet5_results({});
  CHECK(r.sparse.difference.empty());
  CHECK(contains(r.dense.difference, "dense control: byte 7 of the output of layer 'conv2'"));
  CHECK_FALSE(r.outputs_equal());
  CHECK(r.cycles_equal());
  CHECK(contains(simulate::text_of(r), "the reference says"));
}

TEST_CASE("simulate: figures follow from the counts, also without a device for the control") {
  auto r = lenet5_results({});
  CHECK(r.peak() == Approx(2 * 256 * 0.2));
  CHECK(r.bandwidth() == Approx(6.4));
  CHECK(r.gops(1000, 100) == Approx(20 * 0.2));
  r.dense.simulated = false;
  CHECK(contains(simulate::verdict(r), "was not built"));
  const auto built = simulate::built_array("", 4);
  CHECK(built.act_depth == 1024);  // the largest of the arrays of four channels
  CHECK(simulate::built_array("4x8x8", 0) == sp::hw::array_params{});
}
