// SPDX-License-Identifier: Apache-2.0
#include "swprune/report/json.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "swprune/core/rng.hpp"
#include "tests/io/file_checks.hpp"

using namespace swprune;
using report::layer_figures;
using report::run_report;
using swprune_test::caught;
using swprune_test::error_of;

namespace {

run_report sample() {
  run_report r;
  r.dataset = "fashion-mnist";
  r.seed = 18446744073709551615u;
  r.images = 2;
  r.compiler = "g++ 12.2.0";
  r.isa = "avx2";
  r.git = "unknown";
  r.block = {8, 4};
  r.beta = 0.1;
  r.accuracy_float_dense = 0.91;
  r.accuracy_float_sparse = 0.905;
  r.accuracy_int8 = 0.9;
  r.accuracy_rtl = 1;
  r.lockstep_cycles = 1000;
  layer_figures conv;
  conv.name = "conv1";
  conv.prunable = false;
  conv.weights = conv.weights_kept = 800;
  conv.macs = conv.macs_kept = 460800;
  conv.blocks = conv.blocks_live = 4;
  conv.cycles_dense = 3700;
  conv.cycles_sparse = 3700;
  conv.ideal_dense = conv.ideal_sparse = 3600;
  conv.loads_dense = conv.loads_sparse = 16;
  layer_figures fc;
  fc.name = "fc1";
  fc.weights = 8000;
  fc.weights_kept = 2000;
  fc.macs = 8000;
  fc.macs_kept = 2000;
  fc.blocks = 250;
  fc.blocks_live = 62;
  fc.cycles_dense = 4000;
  fc.cycles_sparse = 1100;
  fc.ideal_dense = 4000;
  fc.ideal_sparse = 1000;
  fc.loads_dense = 250;
  fc.loads_sparse = 62;
  fc.weight_bytes = 1984;
  fc.activation_bytes = 512;
  fc.clustering = 0.5;
  fc.sigma = 1.9;
  r.layers = {conv, fc};
  return r;
}

caught error_after(const std::string& from, const std::string& to) {
  std::string text = to_json(sample());
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  return error_of([&] { (void)report::from_json(text, "r.json"); });
}

}  // namespace

TEST_CASE("report.json: ratios follow from the layers") {
  const run_report r = sample();
  CHECK(r.sparsity() == Approx(6000.0 / 8800));
  CHECK(r.sparsity_prunable() == Approx(0.75));
  CHECK(r.speedup() == Approx(7600.0 / 4800));  // the ideal dense cycles are the smaller
  CHECK(r.speedup_ideal() == Approx(7600.0 / 4600));
  CHECK(r.efficiency() == Approx(4600.0 / 4800));
  CHECK(r.utilisation() == Approx(2.0 * 462800 / (4800.0 * 256)));
  CHECK(run_report{}.speedup() == 0);
  CHECK(run_report{}.utilisation() == 0);
}

TEST_CASE("report.json: what is written is read") {
  const swprune_test::temp_dir dir;
  report::save_json(dir / "report.json", sample());
  const run_report r = report::load_json(dir / "report.json");
  CHECK(to_json(r) == to_json(sample()));
  CHECK(r.seed == sample().seed);
  CHECK(std::isnan(r.layers[1].omega));
  CHECK(r.layers[1].sigma == 1.9);
  CHECK_NOTHROW(report::from_json(to_json(run_report{}), "empty"));
}

TEST_CASE("report.json: the fields that others rely on are there") {
  const auto j = nlohmann::json::parse(to_json(sample()));
  for (const char* field : {"/dataset",
                            "/seed",
                            "/images",
                            "/build/compiler",
                            "/build/isa",
                            "/build/git",
                            "/array/poy",
                            "/array/pox",
                            "/array/pof",
                            "/block/outputs",
                            "/block/inputs",
                            "/sparsity",
                            "/sparsity_prunable",
                            "/accuracy/float_dense",
                            "/accuracy/float_sparse",
                            "/accuracy/int8",
                            "/accuracy/rtl",
                            "/cycles/dense",
                            "/cycles/sparse",
                            "/speedup",
                            "/speedup_ideal",
                            "/efficiency",
                            "/utilisation",
                            "/lockstep/cycles",
                            "/lockstep/mismatches",
                            "/layers/1/name",
                            "/layers/1/loads/skipped",
                            "/layers/1/bytes/weights",
                            "/layers/1/small_world/sigma"}) {
    CAPTURE(field);
    CHECK(j.contains(nlohmann::json::json_pointer(field)));
  }
  CHECK(j["layers"][1]["loads"]["skipped"] == 188);
  CHECK(j["layers"][1]["small_world"]["omega"].is_null());
}

TEST_CASE("report.json: what is wrong is said with its path") {
  CHECK(error_after("\"seed\": 1", "\"seed\": -1").says({"r.json", "/seed", "integer >= 0"}));
  CHECK(error_after("\"images\": 2", "\"images\": 2.5").says({"/images", "an integer"}));
  CHECK(error_after("\"images\"", "\"image\"").says({"/images is missing"}));
  CHECK(error_after("\"isa\": \"avx2\"", "\"isa\": 2").says({"/build/isa", "number", "a text"}));
  CHECK(error_after("\"pof\": 8", "\"pof\": 9000000").says({"/array/pof"}));
  CHECK(error_after("\"clustering\": 0.5", "\"clustering\": \"x\"")
            .says({"/layers/1/small_world/clustering"}));
  CHECK(error_after("\"weights_kept\": 2000", "\"weights_kept\": 9000")
            .says({"/layers/1 keeps more"}));
  CHECK(error_after("\"version\": 1", "\"version\": 2").says({"version 2", "version 1"}));
  CHECK(error_after("{", "[").is(errc::file_format));
  CHECK(error_of([] { (void)report::from_json("[]", "r"); }).says({"top level is array"}));
  CHECK(error_of([] { (void)report::from_json("", "r"); }).says({"is not JSON"}));
  const std::string deep(100000, '[');
  CHECK(error_of([&] { (void)report::from_json(deep, "r"); }).is(errc::file_format));
}

TEST_CASE("report.json: totals that the layers do not give are refused") {
  CHECK(error_after("\"sparse\": 4800", "\"sparse\": 4700").says({"/cycles/sparse", "4800"}));
  CHECK(error_after("\"cycles\": {\n        \"dense\": 4000", "\"cycles\": {\n        \"dense\": 1")
            .is(errc::file_format));
  CHECK(error_after("\"utilisation\": 0.", "\"utilisation\": 1.").says({"/utilisation"}));
}

TEST_CASE("report.json: numbers and texts that JSON cannot hold are refused") {
  run_report r = sample();
  r.accuracy_int8 = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { (void)to_json(r); }).says({"accuracy/int8"}));
  r = sample();
  r.dataset = "\xff";
  CHECK(error_of([&] { (void)to_json(r); }).is(errc::report_value));
}

TEST_CASE("report.json: truncated and damaged files are errors or readable, never a crash") {
  const std::string good = to_json(sample());
  for (std::size_t n = 0; n + 2 < good.size(); n += 7)
    REQUIRE(error_of([&] { (void)report::from_json(good.substr(0, n), "r"); }).id != 0);
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    std::string bad = good;
    for (int i = 0; i < 2; ++i) bad[random.below(bad.size())] = "0-9{}[]\",x\x80"[random.below(11)];
    (void)error_of([&] { (void)report::from_json(bad, "r"); });  // anything else would end the test
  }
}
