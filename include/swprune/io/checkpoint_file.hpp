// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/container.hpp"
#include "swprune/io/mask_file.hpp"
#include "swprune/io/network_file.hpp"
#include "swprune/io/record_set.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/checkpointer.hpp"
#include "swprune/train/run_options.hpp"
#include "swprune/train/run_state.hpp"

namespace swprune::inline v0::io {

/// Kind of a container that holds the state of a training run, and the version of its records.
inline constexpr std::string_view checkpoint_kind = "checkpoint";
inline constexpr index_t checkpoint_version = 1;

/// What a checkpoint holds.
template <typename Scalar>
struct checkpoint {
  train::run_options options;
  train::run_state<Scalar> state;
  mask::mask_set masks;                             ///< of the network
  std::vector<train::named_array<Scalar>> weights;  ///< parameters and statistics of the network
};

namespace detail {

[[nodiscard]] inline std::string options_text(const train::run_options& options) {
  std::string text;
  for (const train::run_option& o : options) text += o.name + "=" + o.value + "\n";
  return text;
}

[[nodiscard]] SWPRUNE_FUNCTION train::run_options read_options(const record_set& records);

SWPRUNE_FUNCTION void add_history(record_set& records, const train::history& h);

/// `seconds` begins with those of the epoch now, then one for each epoch before.
[[nodiscard]] SWPRUNE_FUNCTION train::history read_history(const record_set& records,
                                                           const std::vector<double>& seconds);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION train::run_options read_options(const record_set& records) {
  const std::string text = records.text("options");
  train::run_options options;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t equal = text.find('=', at);
    const std::size_t end = text.find('\n', at);
    expects(equal < end && end != std::string::npos, errc::file_mismatch,
            "'{}': record 'options' has no NAME=VALUE line at byte {}", records.origin(), at);
    options.push_back({text.substr(at, equal - at), text.substr(equal + 1, end - equal - 1)});
    at = end + 1;
  }
  return options;
}

SWPRUNE_FUNCTION void add_history(record_set& records, const train::history& h) {
  std::vector<std::int64_t> numbers, switches;
  std::vector<double> values, densities;
  for (const train::epoch_record& e : h.epochs) {
    numbers.push_back(e.epoch);
    for (const double v : {e.learning_rate, e.loss, e.train_accuracy, e.test_accuracy, e.test_loss})
      values.push_back(v);
  }
  for (const train::mask_switch& s : h.switches) {
    for (const index_t n : {s.epoch, s.stage, s.stages, s.weights_before, s.weights})
      switches.push_back(n);
    densities.push_back(s.density);
  }
  records.add("history.epochs", array::of(numbers));
  records.add("history.values", array::of(values));
  records.add("history.switches", array::of(switches));
  records.add("history.densities", array::of(densities));
}

SWPRUNE_FUNCTION train::history read_history(const record_set& records,
                                             const std::vector<double>& seconds) {
  const auto numbers = records.vector<std::int64_t>("history.epochs");
  const auto n = static_cast<index_t>(numbers.size());
  const auto values = records.vector<double>("history.values", 5 * n);
  const auto densities = records.vector<double>("history.densities");
  const auto switches =
      records.vector<std::int64_t>("history.switches", 5 * static_cast<index_t>(densities.size()));
  train::history h;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double* v = &values[5 * i];
    h.epochs.push_back({numbers[i], v[0], v[1], v[2], v[3], v[4], seconds[i + 1]});
  }
  for (std::size_t i = 0; i < densities.size(); ++i) {
    const std::int64_t* s = &switches[5 * i];
    h.switches.push_back({s[0], s[1], s[2], s[3], s[4], densities[i]});
  }
  return h;
}

#endif

template <typename Scalar>
void add_arrays(record_set& records, const std::string& prefix,
                const std::vector<train::named_array<Scalar>>& arrays) {
  for (const train::named_array<Scalar>& a : arrays) {
    expects(all_finite(std::span<const Scalar>(a.values)), errc::not_finite,
            "'{}' holds NaN or infinity: the checkpoint before this one stays", prefix + a.name);
    records.add(prefix + a.name, array::of(a.values));
  }
}

/// All records whose names begin with `prefix`, in order; counts them in `used`.
template <typename Scalar>
[[nodiscard]] std::vector<train::named_array<Scalar>> read_arrays(const record_set& records,
                                                                  const std::string& prefix,
                                                                  std::size_t& used) {
  std::vector<train::named_array<Scalar>> arrays;
  for (const record& r : records.records())
    if (r.name.starts_with(prefix))
      arrays.push_back({r.name.substr(prefix.size()), records.vector<Scalar>(r.name)});
  used += arrays.size();
  return arrays;
}

inline void add_masks(record_set& records, const mask::mask_set& masks) {
  const record_set plain = mask_records(masks);
  for (const record& r : plain.records()) records.add("masks." + r.name, r.value);
}

[[nodiscard]] SWPRUNE_FUNCTION mask::mask_set read_masks(const record_set& records,
                                                         std::size_t& used);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION mask::mask_set read_masks(const record_set& records, std::size_t& used) {
  constexpr std::string_view prefix = "masks.";
  record_set plain(records.origin());
  for (const record& r : records.records())
    if (r.name.starts_with(prefix)) plain.add(r.name.substr(prefix.size()), r.value);
  used += plain.records().size();
  return masks_from_records(plain);
}

#endif

}  // namespace detail

/// Records of a checkpoint: options, position, history, masks, all arrays, golden inputs with what
/// the network gives for them. Throws not_finite when a number of the arrays is NaN or infinite.
template <typename Scalar>
[[nodiscard]] record_set checkpoint_records(nn::network<Scalar>& net,
                                            const train::run_state<Scalar>& state,
                                            const train::run_options& options) {
  record_set records;
  records.add("version", array::of(std::vector<std::int64_t>{checkpoint_version}));
  records.add("options", array::of_text(detail::options_text(options)));
  records.add("position",
              array::of(std::vector<std::int64_t>{
                  state.epoch, state.next_step, state.images, state.correct, state.stage,
                  state.optimiser_steps, state.finished ? 1 : 0, state.done.stopped_early ? 1 : 0,
                  state.done.best_epoch, state.done.regrown_blocks}));
  records.add("sums", array::of(std::vector<double>{state.loss_sum, state.learning_rate,
                                                    state.best_accuracy}));
  std::vector<double> seconds{state.seconds};
  for (const train::epoch_record& e : state.done.epochs) seconds.push_back(e.seconds);
  records.add("seconds", array::of(seconds));
  detail::add_history(records, state.done);
  detail::add_masks(records, net.masks());
  detail::add_arrays(records, "network.", train::copy_weights(net));
  detail::add_arrays(records, "optimiser.", state.optimiser);
  detail::add_arrays(records, "best.", state.best_weights);
  detail::add_golden(records, net, 2);
  return records;
}

/// The checkpoint in `records`. Throws errc::file_mismatch naming the record that is missing, too
/// much or of another type or size.
template <typename Scalar>
[[nodiscard]] checkpoint<Scalar> checkpoint_from_records(const record_set& records) {
  const auto version = records.vector<std::int64_t>("version", 1)[0];
  expects(version == checkpoint_version, errc::file_mismatch,
          "'{}' holds a checkpoint of version {}, this library reads version {}", records.origin(),
          version, checkpoint_version);
  std::size_t used = 11;
  checkpoint<Scalar> c;
  c.options = detail::read_options(records);
  const auto position = records.vector<std::int64_t>("position", 10);
  const auto sums = records.vector<double>("sums", 3);
  const auto seconds = records.vector<double>(
      "seconds", 1 + static_cast<index_t>(records.vector<std::int64_t>("history.epochs").size()));
  for (std::size_t i = 0; i < 8; ++i)
    expects(position[i] >= 0, errc::file_mismatch,
            "'{}': number {} of 'position' is {}, must be >= 0", records.origin(), i, position[i]);
  train::run_state<Scalar>& s = c.state;
  s.done = detail::read_history(records, seconds);
  s.epoch = position[0];
  s.next_step = position[1];
  s.images = position[2];
  s.correct = position[3];
  s.stage = position[4];
  s.optimiser_steps = position[5];
  s.finished = position[6] != 0;
  s.done.stopped_early = position[7] != 0;
  s.done.best_epoch = position[8];
  s.done.regrown_blocks = position[9];
  s.loss_sum = sums[0];
  s.learning_rate = sums[1];
  s.best_accuracy = sums[2];
  s.seconds = seconds[0];
  c.masks = detail::read_masks(records, used);
  c.weights = detail::read_arrays<Scalar>(records, "network.", used);
  s.optimiser = detail::read_arrays<Scalar>(records, "optimiser.", used);
  s.best_weights = detail::read_arrays<Scalar>(records, "best.", used);
  expects(used == records.records().size(), errc::file_mismatch,
          "'{}' has {} records, a checkpoint uses {} of them", records.origin(),
          records.records().size(), used);
  return c;
}

struct checkpoint_params {
  index_t every = 0;  ///< >= 0, steps between two checkpoints within an epoch; 0: after epochs only
  bool resume = true;  ///< go on from the file if it is there; false: begin anew
};

/// Keeps the state of a run in a file (docs/formats-files.md, "Kind `checkpoint`"), written to a
/// temporary name, flushed and renamed: the name holds the state before or the new one at every
/// instant, whatever kills the program.
///
///     io::checkpoint_file<float> keeper("run.ckpt", {.every = 100});
///     train::fit(net, train_set, test_set, params, random, nullptr, &keeper);
template <typename Scalar>
class checkpoint_file final : public train::checkpointer<Scalar> {
 public:
  /// Throws train_parameter unless every >= 0.
  explicit checkpoint_file(std::filesystem::path path, const checkpoint_params& params = {})
      : train::checkpointer<Scalar>(params.every), path_(std::move(path)), params_(params) {}

  /// Reads the file, if it is there, and replays its golden inputs. Throws what load_container()
  /// and checkpoint_from_records() throw, resume_mismatch, naming the option, for a file of another
  /// run, and errc::file_mismatch when the golden outputs are others. Temporary files beside it,
  /// which a killed run leaves, are removed.
  std::optional<train::run_state<Scalar>> load(nn::network<Scalar>& net,
                                               const train::run_options& options) override {
    remove_temporaries();
    if (!params_.resume || !std::filesystem::exists(path_)) return std::nullopt;
    const record_set records = load_container(path_, checkpoint_kind);
    checkpoint<Scalar> c = checkpoint_from_records<Scalar>(records);
    train::check_same_run(c.options, options, path_.string());
    nn::network<Scalar> trial = net.clone();
    put_into(c, trial);
    detail::verify_golden(trial, records);
    put_into(c, net);
    return std::move(c.state);
  }

  /// Writes the file. Throws errc::file_write, and not_finite as checkpoint_records() does; the
  /// file is the earlier one then.
  void save(nn::network<Scalar>& net, const train::run_state<Scalar>& state,
            const train::run_options& options) override {
    save_container(path_, checkpoint_kind, checkpoint_records(net, state, options));
  }

 private:
  static void put_into(const checkpoint<Scalar>& c, nn::network<Scalar>& net) {
    (void)net.change_masks(c.masks);
    train::restore_weights(c.weights, net);
  }

  void remove_temporaries() const {
    const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
    const std::string start = path_.filename().string() + ".tmp.";
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
      if (entry.path().filename().string().starts_with(start))
        std::filesystem::remove(entry.path(), ignored);
  }

  std::filesystem::path path_;
  checkpoint_params params_;
};

}  // namespace swprune::inline v0::io
