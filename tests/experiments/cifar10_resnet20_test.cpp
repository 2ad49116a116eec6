// SPDX-License-Identifier: Apache-2.0

// experiments/cifar10_resnet20 on a tiny set of random pictures: both sides see the same pixels in
// the same order and take the same steps, so what differs at the end of a real run is rounding.

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "experiments/cifar10_resnet20/recipe.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/io/cifar.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/npz.hpp"
#include "swprune/train/batches.hpp"
#include "tests/support/require.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

using namespace swprune;
using swprune_test::quoted;
using swprune_test::temp_dir;

namespace {

constexpr std::uint64_t seed_number = 3;
constexpr index_t epochs = 3;  // of one step in the sets of 10 images, of two in that of 140

const std::string scripts = std::string(SWPRUNE_SOURCE_DIR) + "/experiments/cifar10_resnet20";

/// Files of CIFAR-10's form, `images` a file, with random pictures, each class around its own grey.
void write_data(const temp_dir& dir, index_t images) {
  rng random(5);
  for (const std::string name : {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4",
                                 "data_batch_5", "test_batch"}) {
    std::vector<std::uint8_t> bytes;
    for (index_t n = 0; n < images; ++n) {
      const std::uint64_t label = random.below(10);
      bytes.push_back(static_cast<std::uint8_t>(label));
      for (int p = 0; p < 3072; ++p)
        bytes.push_back(static_cast<std::uint8_t>(15 * label + random.below(100)));
    }
    io::write_file(dir / (name + ".bin"), bytes);
  }
}

std::string run_or_fail(const std::string& command) {
  const swprune_test::run_result done = swprune_test::run(command);
  CAPTURE(command, done.output);
  REQUIRE(done.exit_code == 0);
  return done.output;
}

std::string path_in(const temp_dir& dir, const std::string& name) {
  return quoted((dir / name).string());
}

void share(const temp_dir& dir, index_t images, double sparsity, const std::string& name) {
  run_or_fail(fmt::format("{} --seed {} --sparsity {} --images {} --epochs {} --out {}",
                          quoted(SWPRUNE_SHARE), seed_number, sparsity, images, epochs,
                          path_in(dir, name)));
}

/// The history that a side leaves after training with what share() wrote to `shared`.
nlohmann::json history_of(const temp_dir& dir, const std::string& program,
                          const std::string& shared) {
  run_or_fail(fmt::format("OMP_NUM_THREADS=1 {} --data {} --shared {} --out {}", program,
                          path_in(dir, ""), path_in(dir, shared), path_in(dir, "run")));
  const nlohmann::json history =
      nlohmann::json::parse(swprune_test::read_text(dir / "run/history.json"));
  std::filesystem::remove_all(dir / "run");
  return history;
}

/// Largest relative difference of two lists of losses.
double difference(const nlohmann::json& a, const nlohmann::json& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    worst = std::max(worst, std::abs(a[i].get<double>() / b[i].get<double>() - 1));
  return worst;
}

}  // namespace

TEST_CASE("cifar10_resnet20: PyTorch is shown the pixels that swprune loads") {
  const auto python = swprune_test::find_oracle_python("numpy");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python with numpy");
  const temp_dir dir;
  constexpr index_t train_images = 5 * 40;
  write_data(dir, 40);
  share(dir, train_images, 0.76, "shared");
  swprune_test::write_text(dir / "seen.py", R"(
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import cifar10
(images, labels), _ = cifar10.load('.')
shared = np.load('shared/presentation.npz')
order, change = shared['order'], shared['change']
seen = [cifar10.scaled(cifar10.changed(images[o], c[o])) for o, c in zip(order, change)]
np.savez('seen.npz', seen=np.stack(seen), labels=labels[order])
)");
  run_or_fail("cd " + path_in(dir, "") + " && " + *python + " seen.py " + quoted(scripts));
  const io::record_set records = io::load_npz(dir / "seen.npz");
  const std::vector<float> seen = records.at("seen").numbers<float>();
  const std::vector<std::uint8_t> labels = records.at("labels").numbers<std::uint8_t>();

  train::dataset data = io::load_cifar_file(dir / "data_batch_1.bin", io::cifar10_records);
  for (int k = 2; k <= 5; ++k)
    data.append(
        io::load_cifar_file(dir / fmt::format("data_batch_{}.bin", k), io::cifar10_records));
  const rng seed(seed_number);
  train::batch<float> batch;
  std::size_t at = 0, wrong = 0, wrong_labels = 0;
  for (index_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = train::shuffled_order(train_images, seed, epoch);
    train::load_batch(
        data, std::span<const index_t>(order),
        [&](index_t n) {
          return train::draw_change(cifar10_resnet20::augmentation, seed, epoch, n);
        },
        batch);
    for (index_t i = 0; i < train_images; ++i) {
      for (index_t c = 0; c < 3; ++c) {
        const float* image = batch.images.data(i / nn::lanes, c) + i % nn::lanes;
        for (index_t p = 0; p < 1024; ++p) wrong += image[p * nn::lanes] != seen[at++];
      }
      wrong_labels += batch.labels[static_cast<std::size_t>(i)] !=
                      labels[static_cast<std::size_t>(epoch * train_images + i)];
    }
  }
  CHECK(at == seen.size());
  CHECK(wrong == 0);
  CHECK(wrong_labels == 0);
}

TEST_CASE("cifar10_resnet20: both sides take the same steps") {
  const auto python = swprune_test::find_oracle_python("torch");
  if (!python || !swprune_test::find_oracle_python("numpy"))
    SWPRUNE_SKIP_ORACLE("no Python with numpy and torch");
  const temp_dir dir;
  write_data(dir, 2);
  share(dir, 10, 0.76, "sparse");
  share(dir, 10, 0, "dense");
  const std::string ours = quoted(SWPRUNE_TRAIN);
  const std::string theirs = *python + " " + quoted(scripts + "/train.py");
  // In double, since at a rate of 0.1 a difference of 1e-7 in the first step is one of 1e-2 in the
  // tenth, whatever made it.
  for (const std::string kind : {"sparse", "dense"}) {
    CAPTURE(kind);
    const nlohmann::json a = history_of(dir, ours + " --double", kind);
    const nlohmann::json b = history_of(dir, theirs + " --double", kind);
    CHECK(a["losses"].size() == epochs);
    CHECK(difference(a["losses"], b["losses"]) < 1e-9);
    REQUIRE(a["epochs"].size() == epochs);
    REQUIRE(b["epochs"].size() == epochs);
    for (index_t e = 0; e < epochs; ++e)
      for (const char* figure : {"train_accuracy", "test_accuracy"})
        CHECK(a["epochs"][e][figure] == b["epochs"][e][figure]);
    CHECK(a["sparsity"].get<double>() == Approx(b["sparsity"].get<double>()));
    CHECK(a["masks_unchanged"].get<bool>());
    CHECK(b["absent_are_zero"].get<bool>());
  }
  // What trains for real, in float and with a remainder of 12 images, starts alike.
  write_data(dir, 28);
  share(dir, 140, 0.76, "sparse");
  const nlohmann::json a = history_of(dir, ours, "sparse")["losses"];
  const nlohmann::json b = history_of(dir, theirs, "sparse")["losses"];
  REQUIRE(a.size() == 2 * epochs);
  REQUIRE(b.size() == 2 * epochs);
  for (int step = 0; step < 2; ++step) {
    CAPTURE(step);
    CHECK(a[step].get<double>() == Approx(b[step].get<double>()).epsilon(1e-3));
  }
}

TEST_CASE("cifar10_resnet20: another weight decay shows in the losses") {
  const auto python = swprune_test::find_oracle_python("torch");
  if (!python || !swprune_test::find_oracle_python("numpy"))
    SWPRUNE_SKIP_ORACLE("no Python with numpy and torch");
  const temp_dir dir;
  write_data(dir, 2);
  share(dir, 10, 0.76, "sparse");
  const nlohmann::json ours =
      history_of(dir, quoted(SWPRUNE_TRAIN) + " --double", "sparse")["losses"];
  swprune_test::write_text(dir / "other.py", "import sys\nsys.path.insert(0, '" + scripts +
                                                 "')\nimport train\n"
                                                 "train.WEIGHT_DECAY = 4e-4\ntrain.main()\n");
  const std::string other = *python + " " + path_in(dir, "other.py") + " --double";
  CHECK(difference(ours, history_of(dir, other, "sparse")["losses"]) > 1e-7);
}

TEST_CASE("cifar10_resnet20: the table takes the seeds that both sides have finished") {
  const auto python = swprune_test::find_oracle_python("json");
  if (!python) SWPRUNE_SKIP_ORACLE("no Python");
  const temp_dir dir;
  const auto write = [&](const std::string& run, const std::vector<double>& accuracy) {
    nlohmann::json epochs_done = nlohmann::json::array();
    for (const double a : accuracy) epochs_done.push_back({{"test_accuracy", a}});
    swprune_test::write_text(dir / (run + "/history.json"),
                             nlohmann::json({{"epochs", epochs_done}}).dump());
  };
  write("swprune/s76-seed1", {0.1, 0.83});
  write("swprune/s76-seed2", {0.1, 0.85});
  write("swprune/s76-seed3", {0.1, 0.99});
  write("pytorch/s76-seed1", {0.1, 0.82});
  write("pytorch/s76-seed2", {0.1, 0.85});
  write("pytorch/s76-seed3", {0.1});  // not finished
  const std::string table =
      run_or_fail(*python + " " + quoted(scripts + "/compare.py") + " " + path_in(dir, "") + " 2");
  CHECK(
      table.find("| s76 | 1, 2 | 83.00 / 85.00 | 82.00 / 85.00 | 84.00 | 83.50 | +0.50 ± 0.50 |") !=
      std::string::npos);
  CHECK(table.find("| dense | none finished on both sides |") != std::string::npos);
}
