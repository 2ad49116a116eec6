// SPDX-License-Identifier: Apache-2.0

// The program `train` as a user runs it: from start to end, interrupted and resumed, with masks and
// weights from files, and with options that cannot be.

#include <fmt/core.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

#include "swprune/io/mask_file.hpp"
#include "swprune/io/npz.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "tests/report/xml_check.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using Catch::Matchers::Contains;
using swprune_test::quoted;
using swprune_test::read_text;
using swprune_test::run_result;
using swprune_test::temp_dir;
namespace fs = std::filesystem;

/// The command that trains the demonstration network on few of the built-in images.
std::string command(const fs::path& out, const std::string& options) {
  return fmt::format("{} --train-images 600 --test-images 200 --batch 50 --out {} {}",
                     quoted(SWPRUNE_TRAIN), quoted(out.string()), options);
}

run_result train(const fs::path& out, const std::string& options) {
  return swprune_test::run(command(out, options));
}

std::string file_option(const std::string& name, const fs::path& file) {
  return fmt::format(" {} {}", name, quoted(file.string()));
}

}  // namespace

TEST_CASE("train: masks, training, fine-tuning, history, curves, weights", "[train]") {
  const temp_dir dir;
  const auto r =
      train(dir.path(), "--epochs 3 --sparsity 0.8 --flip --crop 1 --regrow 0.3 --fine-tune 1" +
                            file_option("--weights-out", dir / "w.npz"));
  INFO(r.output);
  REQUIRE(r.exit_code == 0);
  CHECK_THAT(r.output, Contains("swprune") && Contains("revision") &&
                           Contains("train  epoch 3/3") && Contains("fine-tune  epoch 1/1") &&
                           Contains("test accuracy") && Contains("img/s"));
  CHECK_THAT(r.output, Contains(" blocks moved") && !Contains("\n0 blocks moved"));
  const std::string history = read_text(dir / "history.csv");
  CHECK(std::count(history.begin(), history.end(), '\n') == 5);
  CHECK(history.starts_with(
      "phase,epoch,learning_rate,loss,train_accuracy,test_loss,test_accuracy,seconds\ntrain,1,"));
  CHECK_THAT(history, Contains("\nfine-tune,1,"));
  for (const char* name : {"loss.svg", "accuracy.svg", "rate.svg"}) {
    CAPTURE(name);
    CHECK(swprune_test::xml_error(read_text(dir / name)).empty());
  }
  const auto masks = swprune::io::load_masks(dir / "masks.npz");
  const double kept = static_cast<double>(masks.kept_weights());
  CHECK(1 - kept / static_cast<double>(masks.weights()) == Approx(0.8).margin(0.005));
  const auto weights = swprune::io::load_npz(dir / "w.npz");
  const auto fc1 = weights.at("fc1.weight").numbers<float>();
  CHECK(std::count(fc1.begin(), fc1.end(), 0.0f) ==
        masks.at("fc1").weights() - masks.at("fc1").kept_weights());
}

TEST_CASE("train: interrupted and resumed with the same bits", "[train]") {
  const temp_dir dir;
  const std::string options = "--epochs 6 --stages 2 --removal block_norm --seed 3";
  const auto whole =
      train(dir.path(), options + " --threads 1" + file_option("--weights-out", dir / "whole.npz"));
  INFO(whole.output);
  REQUIRE(whole.exit_code == 0);
  const fs::path kept = dir / "kept";
  const std::string resumed = options + " --threads 2 --checkpoint-every 5 --resume" +
                              file_option("--checkpoint", kept) +
                              file_option("--weights-out", dir / "resumed.npz");
  // Ctrl-C as soon as there is a checkpoint.
  const auto stopped = swprune_test::run(fmt::format(
      "{} & pid=$!; while ! test -e {}; do sleep 0.01; kill -0 $pid || break; done; kill "
      "-INT $pid; wait $pid",
      command(dir.path(), resumed), quoted(kept.string())));
  INFO(stopped.output);
  REQUIRE(stopped.exit_code == 130);
  CHECK_THAT(stopped.output,
             Contains("beginning anew") && Contains("with --resume go on from here"));
  CHECK_FALSE(fs::exists(dir / "resumed.npz"));
  const std::string begun = read_text(dir / "history.csv");  // of the epochs so far
  CHECK(begun.starts_with("phase,epoch,"));
  CHECK(std::count(begun.begin(), begun.end(), '\n') < 7);

  // Another run may not touch it.
  const std::string before = read_text(kept);
  auto other = train(dir.path(), "--epochs 6" + file_option("--checkpoint", kept));
  CHECK(other.exit_code == 2);
  CHECK_THAT(other.output, Contains("is there: --resume goes on from it"));
  other = train(dir.path(), resumed + " --rate 0.01");
  CHECK(other.exit_code == 1);
  CHECK_THAT(other.output, Contains("E505") && Contains("'schedule.rate' is 0.05, now it is 0.01"));
  CHECK(read_text(kept) == before);

  const auto rest = train(dir.path(), resumed);
  INFO(rest.output);
  REQUIRE(rest.exit_code == 0);
  CHECK_THAT(rest.output, Contains("going on from"));
  CHECK(read_text(dir / "resumed.npz") == read_text(dir / "whole.npz"));
  const std::string history = read_text(dir / "history.csv");
  CHECK(std::count(history.begin(), history.end(), '\n') == 7);
}

TEST_CASE("train: masks and weights made elsewhere", "[train]") {
  const temp_dir dir;
  const auto layers = swprune::nn::lenet5_layers({1, 28, 28}, 10);
  const auto masks = swprune::mask::make_masks(
      layers, {.sparsity = 0.9, .block = {4, 4}, .allow_uncovered = true}, swprune::rng(9));
  swprune::io::save_masks(dir / "in.npz", masks);
  const std::string given = file_option("--mask", dir / "in.npz");
  const auto first =
      train(dir.path(), "--epochs 2" + given + file_option("--weights-out", dir / "w.npz"));
  INFO(first.output);
  REQUIRE(first.exit_code == 0);
  CHECK(swprune::io::load_masks(dir / "masks.npz") == masks);
  // No epoch: the weights that come in go out.
  const auto none =
      train(dir.path(), "--epochs 0" + given + file_option("--weights-in", dir / "w.npz") +
                            file_option("--weights-out", dir / "again.npz"));
  INFO(none.output);
  REQUIRE(none.exit_code == 0);
  CHECK(read_text(dir / "again.npz") == read_text(dir / "w.npz"));
  const auto accuracy = [](const std::string& text) {
    return text.substr(text.find("test accuracy"), 30);
  };
  CHECK(accuracy(none.output) == accuracy(first.output));
  const auto both = train(dir.path(), "--sparsity 0.5" + given);
  CHECK(both.exit_code == 2);
  CHECK_THAT(both.output, Contains("--sparsity") && Contains("--mask"));
}

TEST_CASE("train: options that cannot be are refused with a word", "[train]") {
  const temp_dir dir;
  const auto refuses = [&](const std::string& options, int code, const std::string& text) {
    CAPTURE(options);
    const auto r = train(dir / "none", options);
    CHECK(r.exit_code == code);
    CHECK_THAT(r.output, Contains(text));
    CHECK_FALSE(fs::exists(dir / "none"));
  };
  refuses("--model alexnet", 2, "alexnet not in {lenet5");
  refuses("--block 8", 2, "expected BOxBI");
  refuses("--sparsity 1", 2, "--sparsity");
  refuses("--schedule step", 2, "schedule step needs epochs");
  refuses("--milestones 3,4", 2, "belongs to --schedule step, given --schedule cosine");
  refuses("--final-rate 1", 2, "must be at most --rate 0.05, given 1");
  refuses("--resume", 2, "--checkpoint");
  refuses("--stages 3 --epochs 2", 2, "need some epochs");
  refuses("--stages 2 --regrow 0.3", 2, "exclude each other");
  refuses("--schedule step --milestones 4,3", 1, "milestones must be > 0 and ascending");
  refuses("--sparsity 0.999", 1, "E30");
  refuses("--dataset mnist --data /nowhere", 1, "E807");
  refuses("--mask /nowhere.npz", 2, "does not exist");
}
