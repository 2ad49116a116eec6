// SPDX-License-Identifier: Apache-2.0

// Trains one network on one data set with masks drawn here or made elsewhere; stops and goes on
// without a trace; leaves history, curves, masks and weights.

#include <fmt/core.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "swprune/core/build_info.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/io/checkpoint_file.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/load_dataset.hpp"
#include "swprune/io/mask_file.hpp"
#include "swprune/io/weights_file.hpp"
#include "swprune/mask/dense_layers.hpp"
#include "swprune/nn/init.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/nn/models.hpp"
#include "swprune/report/progress.hpp"
#include "swprune/train/fine_tune.hpp"
#include "swprune/train/progressive.hpp"
#include "swprune_git_revision.hpp"
#include "train_history.hpp"
#include "train_options.hpp"

namespace train_program {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void say(const std::string& text) { std::cout << text << std::endl; }

sp::io::train_test load(const options& o) {
  auto data = sp::io::load_dataset(o.dataset, o.data);
  const auto shorten = [](sp::train::dataset& set, sp::index_t images) {
    if (images > 0 && images < set.size()) set = set.subset(0, images);
  };
  shorten(data.train, o.train_images);
  shorten(data.test, o.test_images);
  return data;
}

sp::mask::mask_set draw_masks(const options& o, const sp::train::dataset& data) {
  const auto layers = sp::nn::layers_by_name(
      o.model, {.image = data.shape, .classes = data.classes, .width = o.width});
  if (!o.mask.empty()) return sp::mask::with_dense_layers(sp::io::load_masks(o.mask), layers);
  return sp::mask::make_masks(layers, masks_of(o), sp::rng(o.seed));
}

sp::nn::network<float> make_network(const options& o, const sp::mask::mask_set& masks,
                                    const sp::map_shape& image) {
  auto net = sp::nn::model_by_name(o.model, masks, image);
  sp::nn::kaiming_init(net, sp::rng(o.seed));
  if (!o.weights_in.empty()) sp::io::load_weights(o.weights_in, net);
  return net;
}

/// The progress line, and an ear for Ctrl-C.
class watch final : public sp::train::observer {
 public:
  explicit watch(const std::string& label)
      : progress_(std::cout, {.label = label, .live = isatty(STDOUT_FILENO) == 1}) {}

  sp::train::verdict on_step(const sp::train::step_event& e) override {
    progress_.on_step(e);
    return answer();
  }
  sp::train::verdict on_switch(const sp::train::mask_switch& s) override {
    say(fmt::format("epoch {}: mask stage {} of {}, {} weights, density {:.4f}", s.epoch + 1,
                    s.stage, s.stages - 1, s.weights, s.density));
    return answer();
  }
  sp::train::verdict on_epoch(const sp::train::epoch_record& r, sp::index_t epochs) override {
    progress_.on_epoch(r, epochs);
    return answer();
  }

 private:
  static sp::train::verdict answer() {
    return interrupted != 0 ? sp::train::verdict::stop : sp::train::verdict::go_on;
  }

  sp::report::progress progress_;
};

/// Keeps the run in `file`, or nowhere.
class keeping {
 public:
  keeping(const std::string& file, const options& o)
      : keeper_(file, {.every = o.checkpoint_every, .resume = o.resume}), used_(!file.empty()) {
    if (used_ && o.resume)
      say(std::filesystem::exists(file) ? fmt::format("going on from {}", file)
                                        : fmt::format("{} is not there, beginning anew", file));
  }
  [[nodiscard]] sp::train::checkpointer<float>* get() { return used_ ? &keeper_ : nullptr; }

 private:
  sp::io::checkpoint_file<float> keeper_;
  bool used_;
};

phase train_phase(sp::nn::network<float>& net, const sp::io::train_test& data, const options& o) {
  watch watcher("train");
  keeping kept(o.checkpoint, o);
  const sp::rng random(o.seed);
  const auto p = training_of(o);
  if (o.stages == 0)
    return {"train", sp::train::fit(net, data.train, data.test, p, random, &watcher, kept.get())};
  return {"train", sp::train::fit_progressive(net, net.masks(), stages_of(o), data.train, data.test,
                                              p, random, &watcher, kept.get())};
}

phase fine_tune_phase(sp::nn::network<float>& net, const sp::io::train_test& data,
                      const options& o) {
  watch watcher("fine-tune");
  keeping kept(o.checkpoint.empty() ? "" : o.checkpoint + ".fine_tune", o);
  auto tuned = sp::train::fine_tune(net, data.train, data.test, fine_tuning_of(o), sp::rng(o.seed),
                                    &watcher, kept.get());
  sp::expects(tuned.pattern.unchanged, sp::errc::invariant_broken,
              "fine-tuning changed the pattern: {}", tuned.pattern.difference);
  return {"fine-tune", std::move(tuned.run)};
}

/// The epochs that are done, as a table and as curves.
void write_history(const options& o, const std::vector<phase>& phases) {
  const std::filesystem::path dir = o.out;
  std::error_code failure;
  std::filesystem::create_directories(dir, failure);
  sp::expects(std::filesystem::is_directory(dir), sp::errc::file_write,
              "'{}' is no directory and cannot be made one; give another --out", o.out);
  const std::string title = fmt::format("{} on {}", o.model, o.dataset);
  sp::io::write_file(dir / "history.csv", csv_of(phases));
  sp::io::write_file(dir / "loss.svg", loss_chart(phases, title));
  sp::io::write_file(dir / "accuracy.svg", accuracy_chart(phases, title));
  sp::io::write_file(dir / "rate.svg", rate_chart(phases, title));
}

void write(const options& o, const std::vector<phase>& phases, sp::nn::network<float>& net) {
  write_history(o, phases);
  sp::io::save_masks(std::filesystem::path(o.out) / "masks.npz", net.masks());
  if (!o.weights_out.empty()) sp::io::save_weights(o.weights_out, net);
  say(
      fmt::format("wrote {0}/history.csv, {0}/loss.svg, {0}/accuracy.svg, {0}/rate.svg, "
                  "{0}/masks.npz{1}",
                  o.out, o.weights_out.empty() ? "" : ", " + o.weights_out));
}

int run(const options& o) {
  say(fmt::format("{}, revision {}", sp::build_info().to_string(), SWPRUNE_GIT_REVISION));
  say(describe(o));
  if (o.threads > 0) sp::set_thread_count(o.threads);
  const auto data = load(o);
  const auto masks = draw_masks(o, data.train);
  auto net = make_network(o, masks, data.train.shape);
  say(fmt::format(
      "{} of {} weights exist, sparsity {:.2f} %; {} training and {} test images",
      masks.kept_weights(), masks.weights(),
      100 * (1 - static_cast<double>(masks.kept_weights()) / static_cast<double>(masks.weights())),
      data.train.size(), data.test.size()));
  std::vector<phase> phases{train_phase(net, data, o)};
  if (o.fine_tune > 0 && !phases.back().done.stopped)
    phases.push_back(fine_tune_phase(net, data, o));
  if (phases.back().done.stopped) {
    write_history(o, phases);
    say(o.checkpoint.empty() ? "stopped; nothing was kept (see --checkpoint)"
                             : "stopped; the same options with --resume go on from here");
    return 130;
  }
  if (phases.front().done.stopped_early)
    say(fmt::format("stopped early: the weights are those of epoch {}",
                    phases.front().done.best_epoch + 1));
  if (o.regrow > 0) say(fmt::format("{} blocks moved", phases.front().done.regrown_blocks));
  const auto measured = sp::train::evaluate(net, data.test);
  say(fmt::format("test accuracy {:.2f} %, loss {:.4f}", 100 * measured.accuracy(), measured.loss));
  write(o, phases, net);
  return 0;
}

}  // namespace
}  // namespace train_program

int main(int argc, char** argv) {
  const auto options = train_program::parse(argc, argv);
  std::signal(SIGINT, [](int) { train_program::interrupted = 1; });
  try {
    return train_program::run(options);
  } catch (const swprune::error& error) {
    std::cerr << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "train: " << error.what() << '\n';
  }
  return 1;
}
