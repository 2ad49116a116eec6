// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/dataset.hpp"
#include "swprune/train/fit_params.hpp"

namespace swprune::inline v0::train {

/// One thing that decides what a run computes.
struct run_option {
  std::string name;   ///< without line feed or '='
  std::string value;  ///< without line feed; numbers so that reading gives the same bits
};

/// All of them, in fixed order: what a checkpoint compares before a run goes on.
using run_options = std::vector<run_option>;

namespace detail {

/// Which data: number, shape and classes of the images, a hash of all bytes, the normalisation.
[[nodiscard]] SWPRUNE_SETUP std::string data_text(const dataset& data);

/// Which masks, of one or more stages.
[[nodiscard]] SWPRUNE_SETUP std::string masks_text(const std::vector<mask::mask_set>& stages);

#if SWPRUNE_BODIES

SWPRUNE_SETUP std::string data_text(const dataset& data) {
  std::uint64_t hash =
      hash64({reinterpret_cast<const char*>(data.labels.data()), data.labels.size()});
  // Eight bytes at a time: FNV-1a's factor, its words wider.
  std::size_t at = 0;
  for (; at + 8 <= data.images.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, &data.images[at], 8);
    hash = (hash ^ word) * 0x100000001b3u;
    hash ^= hash >> 32;
  }
  for (; at < data.images.size(); ++at) hash = (hash ^ data.images[at]) * 0x100000001b3u;
  std::string text =
      fmt::format("{} images {} x {} x {}, {} classes, hash {:016x}", data.size(),
                  data.shape.channels, data.shape.height, data.shape.width, data.classes, hash);
  for (const double v : data.normalise.mean) text += fmt::format(", mean {}", v);
  for (const double v : data.normalise.deviation) text += fmt::format(", deviation {}", v);
  return text;
}

SWPRUNE_SETUP std::string masks_text(const std::vector<mask::mask_set>& stages) {
  std::uint64_t hash = 0;
  index_t blocks = 0;
  const auto add = [&](std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t b : bytes) hash = (hash ^ b) * 0x100000001b3u + 1;
  };
  for (const mask::mask_set& masks : stages)
    for (const mask::layer_mask& m : masks) {
      hash ^= hash64(m.name);
      add(m.blocks.bytes());
      if (!m.kept_taps.keeps_all()) add(m.kept_taps.bytes());
      blocks += m.blocks.count();
    }
  return fmt::format("{} stages, {} blocks, hash {:016x}", stages.size(), blocks, hash);
}

#endif

/// Which network: every layer with its shapes.
template <typename Scalar>
[[nodiscard]] std::string network_text(const nn::network<Scalar>& net) {
  std::string text = sizeof(Scalar) == 4 ? "float" : "double";
  for (const nn::layer_summary& l : net.summary())
    text += fmt::format("; {} {} {} x {} x {} to {} x {} x {}", l.kind, l.name, l.input.channels,
                        l.input.height, l.input.width, l.output.channels, l.output.height,
                        l.output.width);
  return text;
}

}  // namespace detail

/// What decides the result of fit(): parameters, seed, data, network.
template <typename Scalar>
[[nodiscard]] SWPRUNE_COLD run_options options_of(const fit_params& p, const rng& random,
                                                  const nn::network<Scalar>& net,
                                                  const dataset& train_set,
                                                  const dataset& test_set) {
  run_options all;
  const auto add = [&](std::string name, const auto& value) {
    using value_type = std::decay_t<decltype(value)>;
    if constexpr (std::is_enum_v<value_type>)
      all.push_back({std::move(name), fmt::format("{}", static_cast<int>(value))});
    else
      all.push_back({std::move(name), fmt::format("{}", value)});
  };
  add("epochs", p.epochs);
  add("batch", p.batch);
  add("schedule.kind", p.schedule.kind);
  add("schedule.rate", p.schedule.rate);
  add("schedule.final_rate", p.schedule.final_rate);
  add("schedule.warmup_epochs", p.schedule.warmup_epochs);
  add("schedule.warmup_share", p.schedule.warmup_share);
  add("schedule.warmup_rate", p.schedule.warmup_rate);
  std::string milestones;
  for (const double m : p.schedule.milestones) milestones += fmt::format("{} ", m);
  add("schedule.milestones", milestones);
  add("schedule.factor", p.schedule.factor);
  add("optimiser", p.optimiser);
  add("sgd.momentum", p.sgd.momentum);
  add("sgd.nesterov", p.sgd.nesterov);
  add("sgd.weight_decay", p.sgd.weight_decay);
  add("sgd.decay_all", p.sgd.decay_all);
  add("adamw.beta1", p.adamw.beta1);
  add("adamw.beta2", p.adamw.beta2);
  add("adamw.epsilon", p.adamw.epsilon);
  add("adamw.weight_decay", p.adamw.weight_decay);
  add("adamw.decay_all", p.adamw.decay_all);
  add("clip_norm", p.clip_norm);
  add("augment.crop", p.augment.crop);
  add("augment.flip", p.augment.flip);
  add("label_smoothing", p.label_smoothing);
  add("test_every", p.test_every);
  add("early_stop.patience", p.early_stop.patience);
  add("early_stop.least_gain", p.early_stop.least_gain);
  add("regrow.share", p.regrow.share);
  add("regrow.until", p.regrow.until);
  add("regrow.rounds", p.regrow.rounds);
  add("regrow.locality", p.regrow.locality);
  add("regrow.ring", p.regrow.ring);
  add("seed", random.seed());
  add("network", detail::network_text(net));
  add("training data", detail::data_text(train_set));
  add("test data", detail::data_text(test_set));
  return all;
}

/// Throws resume_mismatch naming the first option that differs and both values; `file` is for the
/// message.
SWPRUNE_SETUP void check_same_run(const run_options& stored, const run_options& now,
                                  std::string_view file);

#if SWPRUNE_BODIES

SWPRUNE_SETUP void check_same_run(const run_options& stored, const run_options& now,
                                  std::string_view file) {
  const auto value_in = [](const run_options& all, const std::string& name) {
    for (const run_option& o : all)
      if (o.name == name) return o.value;
    return std::string("absent");
  };
  for (const run_options* all : {&now, &stored})
    for (const run_option& o : *all) {
      const std::string then = value_in(stored, o.name);
      const std::string today = value_in(now, o.name);
      expects(then == today, errc::resume_mismatch,
              "'{}' is of a run in which '{}' is {}, now it is {}; go on with the same options, or "
              "begin anew with another file",
              file, o.name, then, today);
    }
}

#endif

}  // namespace swprune::inline v0::train
