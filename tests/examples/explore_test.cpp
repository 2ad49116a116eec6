// SPDX-License-Identifier: Apache-2.0

// The program `explore`: the front against its definition, points against the closed form, and the
// program as a user runs it.

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "examples/explore_page.hpp"
#include "examples/explore_sweep.hpp"
#include "swprune/hw/result.hpp"
#include "tests/report/xml_check.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using namespace explore;
using swprune_test::quoted;

namespace {

swprune_test::run_result program(const std::string& options) {
  return swprune_test::run(quoted(SWPRUNE_EXPLORE) + " " + options);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A small sweep in which some arrays do not fit.
const std::string small =
    "--network lenet5 --poy 2,4 --pox 2,4 --pof 4,8 --chains 1,4 --act-depth 64,1024 "
    "--wgt-depth 256,4096 --bus 8,32 --batch 3 --seed 2 ";

/// A point as the front sees it.
point made(index_t cycles, index_t poy, double kilobytes, index_t bus, index_t chains) {
  point p;
  p.cycles = cycles;
  p.array.poy = poy;
  p.buffer_kb = kilobytes;
  p.array.bus_bytes = bus;
  p.array.chains = chains;
  return p;
}

}  // namespace

TEST_CASE("explore: dominance is a strict order, and of equals one is left") {
  CHECK(dominates(made(1, 2, 3, 8, 1), made(2, 2, 3, 8, 1)));
  CHECK(dominates(made(2, 1, 3, 8, 1), made(2, 2, 3, 8, 1)));
  CHECK(dominates(made(2, 2, 2, 8, 1), made(2, 2, 3, 8, 1)));
  CHECK(dominates(made(2, 2, 3, 8, 2), made(2, 2, 3, 16, 1)));
  CHECK(dominates(made(2, 2, 3, 8, 1), made(2, 2, 3, 8, 2)));
  CHECK_FALSE(dominates(made(2, 2, 3, 8, 1), made(2, 2, 3, 8, 1)));
  CHECK_FALSE(dominates(made(1, 4, 3, 8, 1), made(2, 2, 3, 8, 1)));
  CHECK_FALSE(dominates(made(2, 2, 3, 16, 1), made(2, 2, 3, 8, 2)));
  std::vector<point> points{made(5, 1, 1, 16, 1), made(5, 1, 1, 8, 1), made(4, 2, 1, 64, 1),
                            made(6, 1, 1, 8, 1)};
  points.push_back(made(1, 1, 1, 8, 1));
  points.back().reason = "does not fit";
  mark_front(points);
  std::vector<bool> front;
  for (const point& p : points) front.push_back(p.front);
  CHECK(front == std::vector<bool>{false, true, true, false, false});
}

TEST_CASE("explore: buffers of the headline array, by hand") {
  // 32 banks of 2 x 1024 x 4 bytes, 2 x 8192 x 8, 2 x 4096 x 2, 2 x 128 x 8 x 54 bits, and the
  // residual's four memories of 2048 words.
  CHECK(buffer_kilobytes({}) == Approx(256 + 128 + 16 + 13.5 + 32));
  CHECK(buffer_kilobytes({.skip = false}) == Approx(256 + 128 + 13.5 + 32));
}

TEST_CASE("explore: points have the figures of compile() and predict()") {
  const space s{.poy = {4, 8},
                .pox = {8},
                .pof = {4, 8},
                .chains = {2, 16},
                .act_depth = {1024},
                .wgt_depth = {4096},
                .bus_bytes = {32}};
  const workload w{.network = "lenet5", .sparsity = 0.5, .batch = 2, .seed = 7};
  const auto points = sweep(s, w);
  REQUIRE(points.size() == 8);
  std::size_t fitting = 0;
  for (const point& p : points) {
    CAPTURE(p.array.to_string(), p.reason);
    CHECK(p.fits() == (p.array.chains == 2));
    if (!p.fits()) {
      CHECK(contains(p.reason, "Chains"));
      continue;
    }
    ++fitting;
    const auto model = networks::network_model("lenet5", 0.5, p.array.pof, 7);
    auto control = p.array;
    control.skip = false;
    const auto figures =
        sp::hw::compare(sp::hw::compile(model, p.array, 2), sp::hw::compile(model, control, 2))
            .total;
    CHECK(p.cycles == figures.cycles_sparse);
    CHECK(p.efficiency() == figures.efficiency());
    CHECK(p.utilisation() == figures.utilisation());
    if (p.front) CHECK(p.speedup() == figures.speedup());
  }
  CHECK(fitting == 4);
}

TEST_CASE("explore: a slow memory makes a wide bus useless and costs cycles") {
  const space s{.poy = {4},
                .pox = {8},
                .pof = {8},
                .chains = {2},
                .act_depth = {1024},
                .wgt_depth = {4096},
                .bus_bytes = {16, 32, 64}};
  workload w{.network = "lenet5", .sparsity = 0.5, .batch = 1, .seed = 7};
  const auto ideal = sweep(s, w);
  w.latency = 40;
  w.bandwidth = 1.6;  // 8 bytes a cycle at 200 MHz
  const auto slow = sweep(s, w);
  for (std::size_t i = 0; i < slow.size(); ++i) {
    const auto program =
        sp::hw::compile(networks::network_model("lenet5", 0.5, 8, 7), slow[i].array, 1);
    const double interval = static_cast<double>(slow[i].array.bus_bytes) / 8;
    CHECK(w.memory(slow[i].array).beat_interval == interval);
    CHECK(slow[i].cycles ==
          sp::hw::predict(program, {.latency = 40, .beat_interval = interval}).cycles);
    CHECK(slow[i].cycles > ideal[i].cycles);
  }
}

TEST_CASE("explore: bad options give a word and exit code 2") {
  for (const char* options :
       {"--network alexnet", "--sparsity 1.5", "--batch 0", "--poy 4,x", "--poy 0", "--bus -8",
        "--threads -1", "--latency 0", "--bandwidth -1", "--clock 0", "--format xml",
        "--no-such-option", "--seed none"}) {
    CAPTURE(options);
    const auto run = program(options);
    CAPTURE(run.output);
    CHECK(run.exit_code == 2);
    CHECK(contains(run.output, std::string(options).substr(0, std::string(options).find(' '))));
  }
  std::string many;
  for (int v = 1; v <= 150; ++v) many += (v == 1 ? "" : ",") + std::to_string(v);
  const auto large = program("--act-depth " + many + " --wgt-depth " + many);
  CHECK(large.exit_code == 2);
  CHECK(contains(large.output, "20000"));
}

TEST_CASE("explore: a network that fits no array gives the reasons and exit code 1") {
  const auto run = program("--network resnet20 --sparsity 0.9 --pof 16");
  CAPTURE(run.output);
  CHECK(run.exit_code == 1);
  CHECK(contains(run.output, "0 fit"));
  CHECK(contains(run.output, "E302"));
  CHECK(contains(run.output, "fits no array"));
}

TEST_CASE("explore: an output that cannot be written is named") {
  const swprune_test::temp_dir dir;
  swprune_test::write_text(dir / "file", "in the way");
  const auto run = program(small + "--out " + quoted((dir / "file").string()));
  CHECK(run.exit_code == 1);
  CHECK(contains(run.output, "file"));
}

TEST_CASE("explore: the same output at any number of threads, and it adds up") {
  const swprune_test::temp_dir dir;
  const auto one = program(small + "--threads 1 --all --out " + quoted((dir / "a").string()));
  const auto four = program(small + "--threads 4 --all --out " + quoted((dir / "b").string()));
  CAPTURE(one.output);
  REQUIRE(one.exit_code == 0);
  REQUIRE(four.exit_code == 0);
  for (const char* name : {"explore.csv", "explore.json"})
    CHECK(swprune_test::read_text(dir / "a" / name) == swprune_test::read_text(dir / "b" / name));
  const auto table = [](const std::string& output) {
    return output.substr(output.find('\n'), output.find("wrote") - output.find('\n'));
  };
  CHECK(table(one.output) == table(four.output));  // behind the line that counts the threads

  const auto result = nlohmann::json::parse(swprune_test::read_text(dir / "a" / "explore.json"));
  CHECK(result["schema"] == "swprune-explore");
  CHECK(result["version"] == 1);
  CHECK(result["seed"] == 2);
  const auto& points = result["points"];
  REQUIRE(points.size() == 128);
  std::size_t fitting = 0;
  std::size_t front = 0;
  for (const auto& p : points) {
    fitting += p["fits"].get<bool>();
    CHECK(p.contains("reason") != p["fits"].get<bool>());
    if (!p["fits"].get<bool>()) continue;
    CHECK(p["cycles"] >= p["ideal_cycles"]);
    front += p["front"].get<bool>();
    const auto no_worse = [&](const auto& q) {
      return q["fits"].template get<bool>() && q["cycles"] <= p["cycles"] && q["pes"] <= p["pes"] &&
             q["buffer_kb"] <= p["buffer_kb"] &&
             (q["cycles"] < p["cycles"] || q["pes"] < p["pes"] || q["buffer_kb"] < p["buffer_kb"]);
    };
    const bool beaten = std::any_of(points.begin(), points.end(), no_worse);
    if (p["front"].get<bool>()) CHECK_FALSE(beaten);
    if (!p["front"].get<bool>()) CHECK(p["dense_cycles"].is_null());
  }
  CHECK(fitting > 0);
  CHECK(fitting < points.size());
  CHECK(contains(one.output,
                 fmt::format("128 arrays, {} fit, {} on the Pareto front", fitting, front)));
  const std::string csv = swprune_test::read_text(dir / "a" / "explore.csv");
  CHECK(swprune_test::count_of(csv, "\n") == 129);
  const std::string page = swprune_test::read_text(dir / "a" / "explore.html");
  CHECK(swprune_test::count_of(page, "<svg ") == 2);
  CHECK(contains(page, "Arrays that do not fit"));
  CHECK_FALSE(contains(page, "nan"));
  CHECK_FALSE(contains(page, "<script"));
}

TEST_CASE("explore: CSV and JSON on the terminal are the files") {
  const swprune_test::temp_dir dir;
  const auto out = " --out " + quoted((dir / "out").string()) + " 2>/dev/null";
  const std::string few = "--network lenet5 --pof 8 --poy 4 --pox 8 --chains 2 ";
  const auto csv = program(few + "--format csv" + out);
  CHECK(csv.output == swprune_test::read_text(dir / "out" / "explore.csv"));
  const auto json = program(few + "--format json" + out);
  CHECK(json.output == swprune_test::read_text(dir / "out" / "explore.json"));
}
