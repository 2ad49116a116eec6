// SPDX-License-Identifier: Apache-2.0

// The program `small_world` as a user runs it: all networks, its files read back and compared with
// one another and with the library, bad options, and nothing half-written.

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "swprune/io/layer_list_file.hpp"
#include "swprune/io/mask_file.hpp"
#include "swprune/mask/dense_layers.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/progressive.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/report/mask_table.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/report/xml_check.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using swprune::index_t;
using swprune::mask::layer_spec;
using swprune::mask::mask_set;
using swprune_test::entries_of;
using swprune_test::quoted;
using swprune_test::read_text;
using swprune_test::temp_dir;
using json = nlohmann::json;
namespace fs = std::filesystem;

swprune_test::run_result small_world(const std::string& options, const fs::path& out = {}) {
  std::string command = quoted(SWPRUNE_SMALL_WORLD) + " " + options;
  if (!out.empty()) command += " --out " + quoted(out.string());
  return swprune_test::run(command);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A good run and what it left.
struct made {
  std::string output;
  json table;
  mask_set masks;
};

made make(const std::string& options, const fs::path& out) {
  CAPTURE(options);
  const auto run = small_world(options, out);
  CAPTURE(run.output);
  REQUIRE(run.exit_code == 0);
  made m;
  m.output = run.output;
  m.table = json::parse(read_text(out / "table.json"));
  m.masks = swprune::io::load_masks(out / "masks.npz");
  CHECK(swprune_test::xml_error(read_text(out / "masks.svg")).empty());
  return m;
}

/// Rows and columns of a mask: every output and input group in use, columns within one.
void check_rows(const swprune::mask::layer_mask& m, index_t degree, index_t worst) {
  CAPTURE(m.name);
  index_t low = m.out_groups(), high = 0;
  for (index_t i = 0; i < m.in_groups(); ++i) {
    low = std::min(low, m.blocks.column_degree(i));
    high = std::max(high, m.blocks.column_degree(i));
  }
  CHECK(high - low <= 1);  // I2
  CHECK(low >= 1);         // I3
  for (index_t j = 0; j < m.out_groups(); ++j) {
    CHECK(m.blocks.row_degree(j) >= degree);
    CHECK(m.blocks.row_degree(j) <= worst);
  }
  CHECK(degree >= 1);
  CHECK(worst - degree <= 1);  // I1, exact mode
}

/// table.json against the masks in the file and the layers of the network.
void check_table(const made& m, const std::vector<layer_spec>& layers) {
  REQUIRE(m.table["layers"].size() == layers.size());
  std::size_t next = 0;
  index_t all = 0, kept = 0, macs = 0, macs_kept = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const layer_spec& spec = layers[l];
    const json& row = m.table["layers"][l];
    CAPTURE(spec.name);
    CHECK(row["name"] == spec.name);
    CHECK(row["prunable"] == !spec.keep_dense);
    CHECK(row["parameters"]["all"] == spec.weights());
    CHECK(row["macs"]["all"] == spec.macs());
    index_t weights = spec.weights();
    if (!spec.keep_dense) {
      // The file has the pruned layers, in layer order, and no others.
      REQUIRE(next < m.masks.layers().size());
      const auto& mask = m.masks.layers()[next++];
      CHECK(mask.name == spec.name);
      CHECK(mask.out_channels == spec.out_channels);
      CHECK(mask.in_channels == spec.in_channels);
      CHECK(mask.kernel_height == spec.kernel_height);
      CHECK(row["groups"] == json{mask.out_groups(), mask.in_groups()});
      CHECK(row["block"] == json{mask.block.outputs, mask.block.inputs});
      weights = mask.kept_weights();
    }
    CHECK(row["parameters"]["kept"] == weights);
    CHECK(row["macs"]["kept"] == weights * spec.out_pixels);
    CHECK(contains(m.output, spec.name));
    all += spec.weights();
    kept += weights;
    macs += spec.macs();
    macs_kept += weights * spec.out_pixels;
  }
  CHECK(next == m.masks.layers().size());
  const json& totals = m.table["totals"];
  CHECK(totals["parameters"] == json{{"all", all}, {"kept", kept}});
  CHECK(totals["macs"] == json{{"all", macs}, {"kept", macs_kept}});
  CHECK(totals["sparsity"].get<double>() ==
        Approx(1.0 - static_cast<double>(kept) / static_cast<double>(all)));
  CHECK(totals["mac_ratio"].get<double>() ==
        Approx(static_cast<double>(macs) / static_cast<double>(macs_kept)));
}

}  // namespace

TEST_CASE("small_world: four networks, files that agree, invariants that hold", "[small_world]") {
  struct network {
    std::string name;
    std::string block;
    double tolerance;  ///< of the sparsity: half a block of the largest kind and a margin
    double mac_ratio;  ///< at least
  };
  for (const network& n : {network{"lenet5", "8x4", 1e-3, 3.0},
                           {"vgg16", "8x4", 1e-4, 4.05},
                           {"resnet18", "8x4", 1e-4, 4.0},
                           {"resnet20", "4x2", 1e-3, 3.5}}) {
    CAPTURE(n.name);
    const temp_dir dir;
    const auto m =
        make(fmt::format("--model {} --sparsity 0.76 --allocation uniform --block {} --beta 0.1 "
                         "--ring-order interleaved --seed 3",
                         n.name, n.block),
             dir / "out");
    const auto layers = swprune::nn::layers_by_name(
        n.name, {.image = n.name == "lenet5" ? swprune::map_shape{1, 28, 28}
                                             : swprune::map_shape{3, 32, 32}});
    check_table(m, layers);
    CHECK(entries_of(dir / "out") == 3);
    CHECK(m.table["totals"]["sparsity"].get<double>() == Approx(0.76).margin(n.tolerance));
    CHECK(m.table["totals"]["mac_ratio"].get<double>() >= n.mac_ratio);
    CHECK(m.table["totals"]["all_reached"] == true);  // I4
    CHECK(m.table["seed"] == 3);
    CHECK(m.table["files"] == json{"masks.npz", "masks.svg"});
    CHECK(m.output.rfind("swprune ", 0) == 0);
    for (const json& row : m.table["layers"])
      if (row["prunable"] == true)
        check_rows(m.masks.at(row["name"].get<std::string>()), row["degree"],
                   row["worst_row"]["blocks"]);

    // The library makes the same masks and measures the same.
    const auto block =
        n.block == "4x2" ? swprune::mask::block_shape{4, 2} : swprune::mask::block_shape{8, 4};
    const mask_set wanted = swprune::mask::make_masks(
        layers, {.sparsity = 0.76, .block = block, .beta = 0.1}, swprune::rng(3));
    CHECK(swprune::mask::with_dense_layers(m.masks, layers) == wanted);
    const auto table = swprune::report::measure_masks(wanted, layers, {}, swprune::rng(3));
    CHECK(contains(m.output, swprune::report::to_text(table)));
  }
}

TEST_CASE("small_world: same seed, same bytes, at any number of threads", "[small_world]") {
  const temp_dir dir;
  std::vector<std::string> bytes;
  std::vector<std::string> tables;
  for (const char* environment : {"", "OMP_NUM_THREADS=1 ", "OMP_NUM_THREADS=2 "}) {
    const fs::path out = dir / fmt::format("out{}", bytes.size());
    const auto run =
        swprune_test::run(environment + quoted(SWPRUNE_SMALL_WORLD) +
                          " --model resnet20 --block 4x2 --seed 9 --out " + quoted(out.string()));
    CAPTURE(run.output);
    REQUIRE(run.exit_code == 0);
    bytes.push_back(read_text(out / "masks.npz"));
    tables.push_back(read_text(out / "table.json"));
  }
  CHECK(bytes[0] == bytes[1]);
  CHECK(bytes[0] == bytes[2]);
  CHECK(tables[0] == tables[1]);
  CHECK(tables[0] == tables[2]);
  REQUIRE(small_world("--model resnet20 --block 4x2 --seed 10", dir / "other").exit_code == 0);
  CHECK(read_text(dir / "other" / "masks.npz") != bytes[0]);
}

TEST_CASE("small_world: --json prints table.json and nothing else", "[small_world]") {
  const temp_dir dir;
  const auto run = small_world("--model lenet5 --json", dir / "out");
  REQUIRE(run.exit_code == 0);
  CHECK(run.output == read_text(dir / "out" / "table.json"));
  const json table = json::parse(run.output);
  CHECK(table["schema"] == "swprune-masks");
  CHECK(table["options"]["block"] == json{8, 4});
  CHECK(table["options"]["image"] == json{1, 28, 28});
  CHECK(table["build"]["compiler"].is_string());
}

TEST_CASE("small_world: allocations move the densities", "[small_world]") {
  const temp_dir dir;
  const auto layers = swprune::nn::layers_by_name("vgg16");
  const auto ratio = [&](const std::string& options, const std::string& name) {
    const auto m = make("--model vgg16 " + options, dir / name);
    check_table(m, layers);
    CHECK(m.table["totals"]["sparsity"].get<double>() == Approx(0.76).margin(5e-4));
    return m.table["totals"]["mac_ratio"].get<double>();
  };
  const double uniform = ratio("--allocation uniform", "uniform");
  const double middle = ratio("--allocation 0.5", "middle");
  const double erk = ratio("--allocation erk", "erk");
  CHECK(uniform > middle);
  CHECK(middle > erk);
  CHECK(erk == Approx(2.02).margin(0.1));  // method.md, table 5.4
  CHECK(ratio("--by-macs 3", "macs") >= 2.9);
  const auto hand = make("--model vgg16 --density conv8=0.5 --density conv2=0.375", dir / "hand");
  CHECK(hand.masks.at("conv8").density() == Approx(0.5).margin(0.01));
  CHECK(hand.masks.at("conv2").density() == Approx(0.375).margin(0.01));
  CHECK(hand.table["options"]["densities"]["conv8"] == 0.5);
}

TEST_CASE("small_world: kinds, clusters, taps, strict rows", "[small_world]") {
  const temp_dir dir;
  for (const auto kind : swprune::mask::mask_kinds) {
    const std::string name(to_string(kind));
    CAPTURE(name);
    const auto m = make("--model lenet5 --seed 2 --allow-uncovered --kind " + name, dir / name);
    CHECK(m.table["options"]["kind"] == name);
    const auto wanted = swprune::mask::make_masks(
        swprune::nn::layers_by_name("lenet5", {.image = {1, 28, 28}}),
        {.sparsity = 0.76, .kind = kind, .allow_uncovered = true}, swprune::rng(2));
    CHECK(m.masks.at("fc1") == wanted.at("fc1"));
    // Unstructured masks have no graph of groups.
    CHECK(m.table["layers"][2]["small_world"]["clustering"].is_null() ==
          (kind == swprune::mask::mask_kind::unstructured));
  }
  const auto strict = make("--model vgg16 --mode strict", dir / "strict");
  for (const json& row : strict.table["layers"]) CHECK(row["degree"] == row["worst_row"]["blocks"]);
  const auto clusters = make("--model vgg16 --cluster-size 4 --inner-degree 3", dir / "clusters");
  CHECK(clusters.masks ==
        swprune::mask::prunable_masks(
            swprune::mask::make_masks(swprune::nn::layers_by_name("vgg16"),
                                      {.sparsity = 0.76, .cluster_size = 4, .inner_degree = 3},
                                      swprune::rng(1)),
            swprune::nn::layers_by_name("vgg16")));
  const auto taps = make("--model vgg16 --tap-density 0.5", dir / "taps");
  check_table(taps, swprune::nn::layers_by_name("vgg16"));
  CHECK_FALSE(taps.masks.at("conv9").kept_taps.keeps_all());
  for (const json& row : taps.table["layers"])
    if (row["prunable"] == true)
      CHECK(row["tap_density"].get<double>() == Approx(0.5).margin(0.06));
}

TEST_CASE("small_world: stages are nested and end in masks.npz", "[small_world]") {
  const temp_dir dir;
  const auto m = make("--model resnet20 --block 4x2 --stages 3 --ramp linear", dir / "out");
  CHECK(m.table["files"] ==
        json{"masks.npz", "masks-stage0.npz", "masks-stage1.npz", "masks-stage2.npz", "masks.svg"});
  CHECK(entries_of(dir / "out") == 6);
  std::vector<mask_set> stages;
  for (int k = 0; k < 3; ++k)
    stages.push_back(swprune::io::load_masks(dir / "out" / fmt::format("masks-stage{}.npz", k)));
  stages.push_back(m.masks);
  swprune::mask::check_nested(stages);
  CHECK(stages[0].density() == 1.0);
  for (std::size_t k = 1; k < stages.size(); ++k)
    CHECK(stages[k].kept_weights() < stages[k - 1].kept_weights());
}

TEST_CASE("small_world: a network from a list of layers", "[small_world]") {
  const temp_dir dir;
  const std::string file = std::string(SWPRUNE_SOURCE_DIR) + "/examples/layers.json";
  const auto m = make("--layers " + quoted(file), dir / "out");
  check_table(m, swprune::io::load_layers(file));
  CHECK(m.table["network"] == "layers");
  CHECK_FALSE(m.table["options"].contains("classes"));

  // A network without anything to prune has an empty mask file and a picture.
  swprune_test::write_text(dir / "dense.json",
                           R"({"schema": "swprune-layers", "version": 1, "layers": [
      {"name": "a", "in_channels": 3, "out_channels": 8, "keep_dense": true}]})");
  const auto none =
      make("--sparsity 0 --layers " + quoted((dir / "dense.json").string()), dir / "none");
  CHECK(none.masks.size() == 0);
}

TEST_CASE("small_world: bad options give a word and exit code 2", "[small_world]") {
  const temp_dir dir;
  const auto out = dir / "out";
  for (const char* options :
       {"--sparsity 1.5",      "--sparsity much",   "--beta -0.1",      "--beta x",
        "--allocation evenly", "--allocation 1.5",  "--block 8",        "--block 8x0",
        "--block 8x4x2",       "--block axb",       "--kind tree",      "--ring-order shuffled",
        "--mode loose",        "--cluster-size 0",  "--inner-degree 3", "--tap-density 0",
        "--tap-density 2",     "--mixing-tries -1", "--stages 65",      "--ramp square",
        "--seed minus",        "--image 3x32",      "--image 0x32x32",  "--classes 1",
        "--width 0",           "--by-macs 0.5",     "--density conv2",  "--density conv2=2",
        "--density =0.5",      "--no-such-option"}) {
    CAPTURE(options);
    const auto run = small_world(std::string("--model vgg16 ") + options, out);
    CAPTURE(run.output);
    CHECK(run.exit_code == 2);
    CHECK(contains(run.output, std::string(options).substr(0, std::string(options).find(' '))));
  }
  for (const auto& [options, word] : std::vector<std::pair<std::string, std::string>>{
           {"", "--layers"},
           {"--model alexnet", "alexnet"},
           {"--model vgg16 --layers a.json", "--layers"},
           {"--layers a.json --classes 3", "--classes"},
           {"--model vgg16 --allocation erk --by-macs 3", "--by-macs"},
           {"--model vgg16 --by-macs 3 --density conv2=0.5", "--density"},
           {"--model vgg16 --density conv2=0.5 --density conv2=0.6", "conv2"}}) {
    CAPTURE(options);
    const auto run = small_world(options, out);
    CAPTURE(run.output);
    CHECK(run.exit_code == 2);
    CHECK(contains(run.output, word));
  }
  CHECK_FALSE(fs::exists(out));
  const auto help = small_world("--help");
  CHECK(help.exit_code == 0);
  CHECK(contains(help.output, "--ring-order"));
}

TEST_CASE("small_world: what cannot be made is said, and nothing is left", "[small_world]") {
  const temp_dir dir;
  int runs = 0;
  const auto fails = [&](const std::string& options, const std::vector<std::string>& words) {
    CAPTURE(options);
    const auto out = dir / fmt::format("out{}", runs++);
    const auto run = small_world(options, out);
    CAPTURE(run.output);
    CHECK(run.exit_code == 1);
    for (const std::string& word : words) CHECK(contains(run.output, word));
    CHECK_FALSE(fs::exists(out));
  };
  fails("--model resnet20", {"E302", "layer1.0.conv1", "Bo = 8"});  // coverage: mend named
  fails("--model lenet5 --sparsity 0.999", {"E303", "0.99", "kept dense"});
  fails("--model vgg16 --image 3x8x8", {"E403", "8 x 8"});
  fails("--model vgg16 --density nolayer=0.5", {"nolayer"});
  fails("--model vgg16 --block 1x1 --width 64", {"--block"});
  fails("--layers " + quoted((dir / "none.json").string()), {"E801", "none.json"});
  swprune_test::write_text(dir / "bad.json", "{\"schema\": 1}");
  fails("--layers " + quoted((dir / "bad.json").string()), {"E803", "bad.json", "/schema"});
  swprune_test::write_text(dir / "gap.json",
                           R"({"schema": "swprune-layers", "version": 1, "layers": [
      {"name": "a", "in_channels": 64, "out_channels": 64, "kernel": [3, 3]},
      {"name": "b", "in_channels": 128, "out_channels": 64, "kernel": [3, 3]}]})");
  fails("--layers " + quoted((dir / "gap.json").string()), {"E301", "'b'", "sources"});
}

TEST_CASE("small_world: a place that cannot be written leaves old files alone", "[small_world]") {
  const temp_dir dir;
  swprune_test::write_text(dir / "file", "here");
  const auto run = small_world("--model lenet5", dir / "file");
  CHECK(run.exit_code == 1);
  CHECK(contains(run.output, "E802"));
  CHECK(contains(run.output, "--out"));
  CHECK(read_text(dir / "file") == "here");

  // The first target is a directory: refused before anything else is replaced.
  fs::create_directories(dir / "out" / "masks.npz");
  swprune_test::write_text(dir / "out" / "table.json", "old");
  const auto blocked = small_world("--model lenet5", dir / "out");
  CHECK(blocked.exit_code == 1);
  CHECK(contains(blocked.output, "masks.npz"));
  CHECK(read_text(dir / "out" / "table.json") == "old");
  CHECK(entries_of(dir / "out") == 2);
}
