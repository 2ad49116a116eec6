// SPDX-License-Identifier: Apache-2.0
#pragma once

// The command line of `train`, and what it asks for in the library's words.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "option_checks.hpp"
#include "swprune/io/load_dataset.hpp"
#include "swprune/mask/density_rule.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/mask/progressive_params.hpp"
#include "swprune/nn/layer_lists.hpp"
#include "swprune/train/fit_params.hpp"

namespace train_program {

namespace sp = swprune;

struct options {
  std::string model = "lenet5";
  double width = 1.0;
  std::string dataset = "builtin";
  std::string data;
  sp::index_t train_images = 0;
  sp::index_t test_images = 0;

  std::string mask;
  double sparsity = 0.76;
  std::string allocation = "uniform";
  std::string block = "8x4";
  std::string kind = "small_world";
  double beta = 0.1;
  std::string ring_order = "interleaved";
  bool allow_uncovered = false;
  sp::index_t stages = 0;
  std::string removal = "ring_distance";
  double regrow = 0;
  double regrow_locality = 0;

  sp::index_t epochs = 12;
  sp::index_t batch = 64;
  std::string schedule = "cosine";
  double rate = 0.05;
  double final_rate = 0;
  double warmup_share = 0;
  double warmup_rate = 0;
  std::vector<double> milestones;
  double factor = 0.1;
  std::string optimiser = "sgd";
  double momentum = 0.9;
  bool plain_momentum = false;
  double weight_decay = 5e-4;
  bool decay_all = false;
  double clip_norm = 0;
  double label_smoothing = 0;
  sp::index_t crop = 0;
  bool flip = false;
  sp::index_t patience = 0;
  sp::index_t fine_tune = 0;
  double fine_tune_rate = 0.005;

  int threads = 0;
  std::uint64_t seed = 1;
  std::string checkpoint;
  sp::index_t checkpoint_every = 0;
  bool resume = false;
  std::string weights_in;
  std::string weights_out;
  std::string out = "out";
};

inline void add_task_options(CLI::App& app, options& o) {
  app.add_option("--model", o.model, "network")
      ->check(CLI::IsMember(
          std::vector<std::string>(sp::nn::model_names.begin(), sp::nn::model_names.end())))
      ->capture_default_str();
  app.add_option("--width", o.width, "factor on the channels of the model")
      ->check(CLI::Range(1.0 / 64, 64.0))
      ->capture_default_str();
  app.add_option("--dataset", o.dataset, "data set")
      ->check(CLI::IsMember(
          std::vector<std::string>(sp::io::dataset_names.begin(), sp::io::dataset_names.end())))
      ->capture_default_str();
  app.add_option("--data", o.data,
                 "directory of the data set (default $SWPRUNE_DATA, then ./data)");
  app.add_option("--train-images", o.train_images, "train with the first so many; 0: all")
      ->check(CLI::Range(0, 100'000'000))
      ->capture_default_str();
  app.add_option("--test-images", o.test_images, "measure with the first so many; 0: all")
      ->check(CLI::Range(0, 100'000'000))
      ->capture_default_str();
}

inline void add_mask_options(CLI::App& app, options& o) {
  std::vector<std::string> kinds;
  for (const sp::mask::mask_kind k : sp::mask::mask_kinds) kinds.emplace_back(to_string(k));
  auto* mask = app.add_option("--mask", o.mask, "masks from an .npz file instead of drawing them")
                   ->check(CLI::ExistingFile);
  const auto drawn = [&](CLI::Option* option) {
    return option->capture_default_str()->excludes(mask);
  };
  drawn(app.add_option("--sparsity", o.sparsity, "share of all weights to remove"))
      ->check(CLI::Range(0.0, 0.9999));
  drawn(app.add_option("--allocation", o.allocation,
                       "how the layers share it: uniform, erk, or a number in [0, 1] between them"))
      ->check(option_checks::library_check(
          [](const std::string& t) { return sp::mask::parse_density_rule(t); }, "RULE"));
  drawn(app.add_option("--block", o.block, "output x input channels of a block"))
      ->check(option_checks::sizes_check(2, 1024, "BOxBI"));
  drawn(app.add_option("--kind", o.kind, "what the blocks are drawn from"))
      ->check(CLI::IsMember(kinds));
  drawn(app.add_option("--beta", o.beta, "share of the graph's edges to rewire"))
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--ring-order", o.ring_order, "where input groups stand on the ring")
      ->check(CLI::IsMember({"interleaved", "aligned"}))
      ->capture_default_str();
  app.add_flag("--allow-uncovered", o.allow_uncovered,
               "permit densities at which some input groups are not used");
  app.add_option("--stages", o.stages, "prune in that many steps while training; 0: before it")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  app.add_option("--removal", o.removal, "which blocks go first in stages")
      ->check(CLI::IsMember({"ring_distance", "block_norm"}))
      ->capture_default_str();
  app.add_option("--regrow", o.regrow,
                 "let this share of a row's blocks move by gradient at first, fewer later; 0: none")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--regrow-locality", o.regrow_locality,
                 "what a block half the ring away must have more, in largest gradient norms")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
}

inline void add_training_options(CLI::App& app, options& o) {
  app.add_option("--epochs", o.epochs, "epochs of training")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  app.add_option("--batch", o.batch, "images of a step")
      ->check(CLI::Range(1, 65'536))
      ->capture_default_str();
  app.add_option("--schedule", o.schedule, "learning rate over the run")
      ->check(CLI::IsMember({"constant", "step", "cosine", "one_cycle"}))
      ->capture_default_str();
  app.add_option("--rate", o.rate, "greatest learning rate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--final-rate", o.final_rate, "where cosine and one_cycle end")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--warmup-share", o.warmup_share, "share of the steps in which the rate rises")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str();
  app.add_option("--warmup-rate", o.warmup_rate, "rate of the first step of a warm-up")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--milestones", o.milestones, "epochs at which schedule step lowers the rate")
      ->delimiter(',');
  app.add_option("--factor", o.factor, "by which it does")
      ->check(CLI::Range(1e-9, 1.0))
      ->capture_default_str();
  app.add_option("--optimiser", o.optimiser, "sgd or adamw")
      ->check(CLI::IsMember({"sgd", "adamw"}))
      ->capture_default_str();
  app.add_option("--momentum", o.momentum, "of sgd")
      ->check(CLI::Range(0.0, 0.9999))
      ->capture_default_str();
  app.add_flag("--plain-momentum", o.plain_momentum, "sgd without Nesterov's look ahead");
  app.add_option("--weight-decay", o.weight_decay, "weight decay")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--decay-all", o.decay_all, "also of biases, and of batch normalisation");
  app.add_option("--clip-norm", o.clip_norm, "greatest norm of the gradients; 0: any")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--label-smoothing", o.label_smoothing, "label smoothing")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str();
  app.add_option("--crop", o.crop, "black pixels round the image before a random crop")
      ->check(CLI::Range(0, 16))
      ->capture_default_str();
  app.add_flag("--flip", o.flip, "mirror half of the images");
  app.add_option("--patience", o.patience,
                 "stop after so many epochs without a better test accuracy; 0: never")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  app.add_option("--fine-tune", o.fine_tune, "epochs of fine-tuning after it, mask fixed")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  app.add_option("--fine-tune-rate", o.fine_tune_rate, "its greatest learning rate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

inline void add_run_options(CLI::App& app, options& o) {
  app.add_option("--threads", o.threads, "threads; 0: as OpenMP has it; no result depends on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--seed", o.seed, "seed of everything random")->capture_default_str();
  auto* file = app.add_option("--checkpoint", o.checkpoint, "file that keeps the state of the run");
  app.add_option("--checkpoint-every", o.checkpoint_every,
                 "steps between two checkpoints within an epoch; 0: only after epochs")
      ->check(CLI::Range(0, 1'000'000'000))
      ->capture_default_str()
      ->needs(file);
  app.add_flag("--resume", o.resume, "go on from the checkpoint, if it is there")->needs(file);
  app.add_option("--weights-in", o.weights_in, "begin with the weights of an .npz file")
      ->check(CLI::ExistingFile);
  app.add_option("--weights-out", o.weights_out, "write the weights to an .npz file");
  app.add_option("--out", o.out, "directory of history.csv, the curves and masks.npz")
      ->capture_default_str();
}

/// What no single option shows. Throws CLI::ValidationError.
inline void check_together(const options& o) {
  const auto refuse = [](const std::string& option, const std::string& why) {
    throw CLI::ValidationError(option, why);
  };
  if (o.schedule == "step" && o.milestones.empty())
    refuse("--milestones", "schedule step needs epochs at which the rate falls, such as 80,120");
  if (o.schedule != "step" && !o.milestones.empty())
    refuse("--milestones", "belongs to --schedule step, given --schedule " + o.schedule);
  if (o.final_rate > o.rate)
    refuse("--final-rate",
           fmt::format("must be at most --rate {}, given {}", o.rate, o.final_rate));
  if (o.warmup_rate > o.rate)
    refuse("--warmup-rate",
           fmt::format("must be at most --rate {}, given {}", o.rate, o.warmup_rate));
  if (o.stages > 0 && o.epochs < 4)
    refuse("--stages", fmt::format("need some epochs to be spread over, given {}", o.epochs));
  if (o.stages > 0 && o.regrow > 0)
    refuse("--regrow", "masks in --stages and blocks that move exclude each other");
  if (!o.checkpoint.empty() && !o.resume && std::filesystem::exists(o.checkpoint))
    refuse("--checkpoint", fmt::format("'{}' is there: --resume goes on from it; to begin anew "
                                       "give another file or remove it",
                                       o.checkpoint));
}

/// Parses the command line; bad options leave the program with exit code 2.
inline options parse(int argc, char** argv) {
  options o;
  CLI::App app("Trains a network whose weights a small-world mask has thinned out.");
  add_task_options(app, o);
  add_mask_options(app, o);
  add_training_options(app, o);
  add_run_options(app, o);
  option_checks::parse_or_exit(app, argc, argv, [&] { check_together(o); });
  return o;
}

[[nodiscard]] inline sp::mask::ring_order order_of(const options& o) {
  return o.ring_order == "aligned" ? sp::mask::ring_order::aligned
                                   : sp::mask::ring_order::interleaved;
}

[[nodiscard]] inline sp::mask::mask_params masks_of(const options& o) {
  const auto block = option_checks::sizes_of(o.block, 2, 1024);
  return {.sparsity = o.sparsity,
          .block = {block[0], block[1]},
          .kind = sp::mask::parse_mask_kind(o.kind),
          .beta = o.beta,
          .order = order_of(o),
          .allow_uncovered = o.allow_uncovered,
          .rule = sp::mask::parse_density_rule(o.allocation)};
}

[[nodiscard]] inline sp::mask::progressive_params stages_of(const options& o) {
  using sp::mask::removal_order;
  return {
      .stages = o.stages,
      .order = o.removal == "block_norm" ? removal_order::block_norm : removal_order::ring_distance,
      .ring = order_of(o)};
}

[[nodiscard]] inline sp::train::schedule_kind kind_of(const std::string& word) {
  using sp::train::schedule_kind;
  if (word == "constant") return schedule_kind::constant;
  if (word == "step") return schedule_kind::step;
  return word == "cosine" ? schedule_kind::cosine : schedule_kind::one_cycle;
}

[[nodiscard]] inline sp::train::fit_params training_of(const options& o) {
  sp::train::fit_params p;
  p.epochs = o.epochs;
  p.batch = o.batch;
  p.schedule = {.kind = kind_of(o.schedule),
                .rate = o.rate,
                .final_rate = o.final_rate,
                .warmup_share = o.warmup_share,
                .warmup_rate = o.warmup_rate,
                .milestones = o.milestones,
                .factor = o.factor};
  p.optimiser =
      o.optimiser == "sgd" ? sp::train::optimiser_kind::sgd : sp::train::optimiser_kind::adamw;
  p.sgd = {.momentum = o.momentum,
           .nesterov = !o.plain_momentum,
           .weight_decay = o.weight_decay,
           .decay_all = o.decay_all};
  p.adamw.weight_decay = o.weight_decay;
  p.adamw.decay_all = o.decay_all;
  p.clip_norm = o.clip_norm;
  p.augment = {.crop = o.crop, .flip = o.flip};
  p.label_smoothing = o.label_smoothing;
  p.early_stop.patience = o.patience;
  p.regrow = {.share = o.regrow, .locality = o.regrow_locality, .ring = order_of(o)};
  return p;
}

/// The same with its own epochs and rate, from there down to 0, the mask fixed.
[[nodiscard]] inline sp::train::fit_params fine_tuning_of(const options& o) {
  sp::train::fit_params p = training_of(o);
  p.epochs = o.fine_tune;
  p.regrow.share = 0;
  p.schedule = {.kind = sp::train::schedule_kind::cosine, .rate = o.fine_tune_rate};
  return p;
}

/// One line about the run.
[[nodiscard]] inline std::string describe(const options& o) {
  std::string text =
      fmt::format("{} (width {}) on {}, {} epochs of batch {}, {} with rate {} {}", o.model,
                  o.width, o.dataset, o.epochs, o.batch, o.optimiser, o.rate, o.schedule);
  text += o.mask.empty() ? fmt::format(", sparsity {} {}, {} blocks of {}, beta {}", o.sparsity,
                                       o.allocation, o.kind, o.block, o.beta)
                         : ", masks of " + o.mask;
  if (o.stages > 0) text += fmt::format(", pruned in {} stages by {}", o.stages, o.removal);
  return text + fmt::format(", seed {}", o.seed);
}

}  // namespace train_program
