// SPDX-License-Identifier: Apache-2.0

// The program `pipeline` as a user runs it: bad options, absent and broken data, a whole small run.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "swprune/io/file.hpp"
#include "swprune/io/mask_file.hpp"
#include "swprune/report/json.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using swprune_test::quoted;

swprune_test::run_result pipeline(const std::string& options) {
  return swprune_test::run(quoted(SWPRUNE_PIPELINE) + " " + options);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("pipeline: bad options give a word and exit code 2", "[pipeline]") {
  for (const char* options :
       {"--epochs many", "--epochs 0", "--sparsity 1.5", "--beta -0.1", "--dataset imagenet",
        "--images 0", "--seed minus", "--no-such-option", "--finetune -1"}) {
    CAPTURE(options);
    const auto run = pipeline(options);
    const std::string name = std::string(options).substr(0, std::string(options).find(' '));
    CAPTURE(run.output);
    CHECK(run.exit_code == 2);
    CHECK(contains(run.output, name));
  }
}

TEST_CASE("pipeline: data that is not there, or broken, is named", "[pipeline]") {
  const swprune_test::temp_dir dir;
  const auto absent =
      pipeline("--dataset fashion-mnist --data " + quoted((dir / "nowhere").string()));
  CAPTURE(absent.output);
  CHECK(absent.exit_code == 1);
  CHECK(contains(absent.output, "E807"));
  CHECK(contains(absent.output, "nowhere"));

  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                           "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"})
    swprune::io::write_file(dir / name, std::string_view("not an IDX file"));
  const auto broken = pipeline("--dataset mnist --data " + quoted(dir.path().string()));
  CAPTURE(broken.output);
  CHECK(broken.exit_code == 1);
  CHECK(contains(broken.output, "train-images-idx3-ubyte"));
}

TEST_CASE("pipeline: a sparsity that no mask has names the layer", "[pipeline]") {
  const auto run = pipeline("--sparsity 0.99");
  CAPTURE(run.output);
  CHECK(run.exit_code == 1);
  CHECK(contains(run.output, "conv2"));
}

TEST_CASE("pipeline: a whole run leaves a report that adds up", "[pipeline]") {
  const swprune_test::temp_dir dir;
  const auto out = dir / "out";
  const auto run =
      pipeline("--epochs 1 --finetune 1 --images 33 --seed 3 --out " + quoted(out.string()));
  CAPTURE(run.output);
  REQUIRE(run.exit_code == 0);
  CHECK(contains(run.output, "0 mismatches"));

  // The reader recomputes every total and ratio from the layers.
  const auto report = swprune::report::load_json(out / "report.json");
  CHECK(report.dataset == "builtin");
  CHECK(report.seed == 3);
  CHECK(report.images == 33);
  CHECK(std::abs(report.sparsity() - 0.76) < 0.002);
  CHECK(report.speedup() >= 0.95 * report.speedup_ideal());
  CHECK(report.speedup_ideal() >= 3.0);
  CHECK(report.efficiency() > 0.9);
  CHECK(report.efficiency() <= 1.0);
  CHECK(report.utilisation() <= 1.0);
  CHECK(report.lockstep_mismatches == 0);
  CHECK(report.lockstep_cycles > 100'000);
  CHECK(report.accuracy_float_sparse > 0.85);
  CHECK(std::abs(report.accuracy_int8 - report.accuracy_float_sparse) < 0.01);

  const auto masks = swprune::io::load_masks(out / "masks.npz");
  REQUIRE(masks.size() == static_cast<swprune::index_t>(report.layers.size()));
  for (std::size_t l = 0; l < report.layers.size(); ++l) {
    CHECK(masks.layers()[l].name == report.layers[l].name);
    CHECK(masks.layers()[l].blocks.count() == report.layers[l].blocks_live);
    CHECK(masks.layers()[l].kept_weights() == report.layers[l].weights_kept);
  }

  const auto bytes = swprune::io::read_file(out / "report.html");
  const std::string page(bytes.begin(), bytes.end());
  CHECK(contains(page, "<svg "));
  CHECK_FALSE(contains(page, "nan"));
  CHECK_FALSE(contains(page, "http-equiv"));
  CHECK_FALSE(contains(page, "<script"));
  CHECK_FALSE(contains(page, "src="));
}
