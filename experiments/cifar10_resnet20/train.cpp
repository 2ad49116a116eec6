// SPDX-License-Identifier: Apache-2.0

// The swprune side: trains ResNet-20 with what cifar10_resnet20_share wrote, and leaves
// OUT/history.json in the form of train.py.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "recipe.hpp"
#include "swprune/core/build_info.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/io/cifar.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/mask_file.hpp"
#include "swprune/io/npz.hpp"
#include "swprune/io/train_test.hpp"
#include "swprune/io/xz.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/train/fit.hpp"
#include "swprune/train/observer.hpp"
#include "swprune_git_revision.hpp"

namespace sp = swprune;

namespace {

struct options {
  std::filesystem::path data;
  std::filesystem::path shared;
  std::filesystem::path out;
  bool in_double = false;
};

sp::train::dataset load_file(const std::filesystem::path& path) {
  return sp::io::load_cifar_file(sp::io::find_packed(path), sp::io::cifar10_records,
                                 sp::io::plain_gzip_or_xz);
}

/// All files, however many records they have: tests bring small ones.
sp::io::train_test load(const std::filesystem::path& dir) {
  sp::io::train_test data{load_file(dir / "data_batch_1.bin"), load_file(dir / "test_batch.bin")};
  for (int k = 2; k <= 5; ++k)
    data.train.append(load_file(dir / fmt::format("data_batch_{}.bin", k)));
  return data;
}

template <typename Scalar>
sp::nn::network<Scalar> load_network(const std::filesystem::path& shared) {
  const sp::mask::mask_set masks = sp::io::load_masks(shared / "masks.npz");
  const sp::io::record_set weights = sp::io::load_npz(shared / "weights.npz");
  auto net = sp::nn::resnet20<Scalar>(masks, {3, 32, 32});
  for (sp::nn::layer<Scalar>* l : net.layers())
    if (auto* conv = dynamic_cast<sp::nn::conv2d<Scalar>*>(l)) {
      const auto first = weights.at(conv->name() + ".weights").template numbers<float>();
      conv->from_dense(std::vector<Scalar>(first.begin(), first.end()));
    }
  return net;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Writes the history after every epoch; keeps the loss of every step.
template <typename Scalar>
class recorder : public sp::train::observer {
 public:
  recorder(std::filesystem::path file, const sp::nn::network<Scalar>& net)
      : file_(std::move(file)), net_(net), masks_(net.masks()) {}

  sp::train::verdict on_step(const sp::train::step_event& e) override {
    const double sum = e.loss * static_cast<double>(e.images);
    const bool first = e.batch == 1;
    const double before = first ? 0.0 : loss_sum_;
    const sp::index_t images = e.images - (first ? 0 : images_);
    losses_.push_back((sum - before) / static_cast<double>(images));
    loss_sum_ = sum;
    images_ = e.images;
    return sp::train::verdict::go_on;
  }

  sp::train::verdict on_epoch(const sp::train::epoch_record& r, sp::index_t /*epochs*/) override {
    const double now = cpu_seconds();
    epochs_.push_back({{"epoch", r.epoch + 1},
                       {"loss", r.loss},
                       {"train_accuracy", r.train_accuracy},
                       {"test_accuracy", r.test_accuracy},
                       {"seconds", r.seconds},
                       {"cpu_seconds", now - cpu_before_}});
    cpu_before_ = now;
    fmt::print("{}\n", epochs_.back().dump());
    std::fflush(stdout);
    save();
    return sp::train::verdict::go_on;
  }

 private:
  void save() const {
    const auto build = sp::build_info();
    const nlohmann::ordered_json history{{"side", "swprune"},
                                         {"git", SWPRUNE_GIT_REVISION},
                                         {"compiler", build.compiler},
                                         {"isa", build.isa},
                                         {"batch", 128},
                                         {"bits", 8 * sizeof(Scalar)},
                                         {"sparsity", 1.0 - masks_.density()},
                                         {"masks_unchanged", net_.masks() == masks_},
                                         {"epochs", epochs_},
                                         {"losses", losses_}};
    sp::io::write_file(file_, history.dump(1));
  }

  std::filesystem::path file_;
  const sp::nn::network<Scalar>& net_;
  sp::mask::mask_set masks_;
  nlohmann::ordered_json epochs_ = nlohmann::ordered_json::array();
  std::vector<double> losses_;
  double loss_sum_ = 0;
  sp::index_t images_ = 0;
  double cpu_before_ = cpu_seconds();
};

template <typename Scalar>
void train(const options& o) {
  const sp::io::train_test data = load(o.data);
  const sp::io::record_set shared = sp::io::load_npz(o.shared / "presentation.npz");
  const sp::rng seed(shared.vector<std::uint64_t>("seed", 1).front());
  const sp::index_t epochs = shared.at("order").shape().front();
  auto net = load_network<Scalar>(o.shared);
  std::filesystem::create_directories(o.out);
  recorder watcher(o.out / "history.json", net);
  (void)sp::train::fit(net, data.train, data.test, cifar10_resnet20::recipe(epochs), seed,
                       &watcher);
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app("Trains ResNet-20 on CIFAR-10 with what cifar10_resnet20_share wrote");
  app.add_option("--data", o.data, "directory of CIFAR-10's binary files")->required();
  app.add_option("--shared", o.shared, "directory of cifar10_resnet20_share")->required();
  app.add_option("--out", o.out, "directory to write to")->required();
  app.add_flag("--double", o.in_double, "64-bit numbers, to compare step by step");
  CLI11_PARSE(app, argc, argv);
  try {
    o.in_double ? train<double>(o) : train<float>(o);
  } catch (const sp::error& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}
