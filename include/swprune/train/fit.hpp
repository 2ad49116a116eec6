// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/augment.hpp"
#include "swprune/train/batch_source.hpp"
#include "swprune/train/batches.hpp"
#include "swprune/train/checkpointer.hpp"
#include "swprune/train/clip_norm.hpp"
#include "swprune/train/dataset.hpp"
#include "swprune/train/evaluate.hpp"
#include "swprune/train/fit_params.hpp"
#include "swprune/train/history.hpp"
#include "swprune/train/make_optimiser.hpp"
#include "swprune/train/observer.hpp"
#include "swprune/train/run_options.hpp"
#include "swprune/train/run_state.hpp"
#include "swprune/train/schedule.hpp"

namespace swprune::inline v0::train {

namespace detail {

/// One run of fit(). What the rest of the run depends on is in the network and in state_.
template <typename Scalar>
class fitting {
 public:
  fitting(nn::network<Scalar>& net, const dataset& train_set, const dataset& test_set,
          const fit_params& params, const rng& random, observer* watcher,
          checkpointer<Scalar>* keeper)
      : net_(net),
        train_set_(train_set),
        test_set_(test_set),
        params_(params),
        random_(random),
        watcher_(watcher),
        keeper_(keeper) {
    check(params);
    check_fits(net, train_set);
    if (test_set.size() > 0) check_fits(net, test_set);
    expects(train_set.size() >= 1, errc::dataset_shape, "the training set has no images");
    expects(params.early_stop.patience == 0 || test_set.size() > 0, errc::train_parameter,
            "patience {} needs a test set, given none", params.early_stop.patience);
  }

  /// More that decides the result, for checkpoints: called before run().
  void add_option(run_option option) { extra_.push_back(std::move(option)); }

  /// Trains to the end. before_epoch(run, epoch) is called before each epoch, and once if there is
  /// none: it may change masks; its `stop` ends the run before that epoch.
  template <typename BeforeEpoch>
  history run(const BeforeEpoch& before_epoch) {
    begin();
    if (state_.finished) return state_.done;
    do {
      if (state_.next_step == 0 && before_epoch(*this, state_.epoch) == verdict::stop)
        return stopped();
      if (state_.epoch == params_.epochs) break;
      if (train_epoch() == verdict::stop) return stopped_within_epoch();
      if (end_epoch() == verdict::stop && !over()) return stopped();
    } while (!over());
    return finish();
  }

  /// Goes on with other masks: what is kept, weights and velocities, stays bit for bit; what goes
  /// takes its velocity along. Weights kept by early stop had the old masks and are forgotten.
  SWPRUNE_COLD void change_masks(const mask::mask_set& masks) {
    optimiser_->change_masks(net_.change_masks(masks));
    parameters_ = net_.parameters();
    state_.best_accuracy = -1;
    state_.best_weights.clear();
    state_.done.best_epoch = -1;
  }

  [[nodiscard]] run_state<Scalar>& state() { return state_; }

 private:
  [[nodiscard]] bool over() const {
    return state_.epoch == params_.epochs || state_.done.stopped_early;
  }
  [[nodiscard]] index_t batches() const { return ceil_div(train_set_.size(), params_.batch); }

  /// Takes up a checkpoint, if there is one.
  SWPRUNE_COLD void begin() {
    if (keeper_ != nullptr) {
      options_ = options_of(params_, random_, net_, train_set_, test_set_);
      options_.insert(options_.end(), extra_.begin(), extra_.end());
      if (auto kept = keeper_->load(net_, options_)) state_ = std::move(*kept);
    }
    expects(state_.epoch >= 0 && state_.epoch <= params_.epochs && state_.next_step >= 0 &&
                state_.next_step <= batches(),
            errc::resume_mismatch, "no run of {} epochs of {} batches is in epoch {}, batch {}",
            params_.epochs, batches(), state_.epoch, state_.next_step);
    parameters_ = net_.parameters();
    optimiser_ = make_optimiser(params_.optimiser, params_.sgd, params_.adamw, parameters_);
    if (state_.optimiser.empty()) return;
    restore_copies(state_.optimiser, 0, optimiser_->state());
    optimiser_->set_steps(state_.optimiser_steps);
    state_.optimiser.clear();
  }

  SWPRUNE_COLD void save() {
    if (keeper_ == nullptr) return;
    append_copies(optimiser_->state(), state_.optimiser);
    state_.optimiser_steps = optimiser_->steps();
    keeper_->save(net_, state_, options_);
    state_.optimiser.clear();
  }

  verdict train_epoch() {
    const auto begin = std::chrono::steady_clock::now();
    const double before = state_.seconds;
    batch_source<Scalar> source(
        train_set_, shuffled_order(train_set_.size(), random_, state_.epoch), params_.batch,
        [this, epoch = state_.epoch](index_t n) {
          return draw_change(params_.augment, random_, epoch, n);
        },
        state_.next_step);
    verdict answer = verdict::go_on;
    while (answer == verdict::go_on) {
      const batch<Scalar>* now = source.next();
      if (now == nullptr) break;
      step(*now);
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
      state_.seconds = before + spent.count();
      const bool due = keeper_ != nullptr && keeper_->every() > 0 && state_.next_step < batches() &&
                       (state_.epoch * batches() + state_.next_step) % keeper_->every() == 0;
      if (due) save();
      if (watcher_ != nullptr) answer = watcher_->on_step(event());
    }
    return answer;
  }

  [[nodiscard]] step_event event() const {
    return {.epoch = state_.epoch,
            .epochs = params_.epochs,
            .batch = state_.next_step,
            .batches = batches(),
            .images = state_.images,
            .correct = state_.correct,
            .loss = mean_loss(),
            .learning_rate = state_.learning_rate,
            .seconds = state_.seconds};
  }

  [[nodiscard]] double mean_loss() const {
    return state_.loss_sum / static_cast<double>(std::max<index_t>(1, state_.images));
  }

  void step(const batch<Scalar>& now) {
    state_.learning_rate =
        train::learning_rate(params_.schedule, state_.epoch * batches() + state_.next_step,
                             {.epochs = params_.epochs, .steps_per_epoch = batches()});
    net_.begin_step(random_.stream("step", static_cast<std::uint64_t>(state_.epoch),
                                   static_cast<std::uint64_t>(state_.next_step)));
    regrow(now);
    const auto& logits = net_.forward_training(now.images);
    const nn::loss_result result =
        nn::softmax_cross_entropy<Scalar>(logits, now.labels, &gradient_, params_.label_smoothing);
    if (!std::isfinite(result.loss)) refuse();
    net_.backward(gradient_);
    for (const nn::parameter_view<Scalar>& p : parameters_)
      if (!nn::network<Scalar>::all_finite(p.gradient)) refuse();
    net_.commit_statistics();
    if (params_.clip_norm > 0) train::clip_norm(parameters_, params_.clip_norm);
    optimiser_->step(parameters_, state_.learning_rate);
    state_.loss_sum += result.loss * static_cast<double>(now.images.batch());
    state_.images += now.images.batch();
    state_.correct += result.correct;
    ++state_.next_step;
  }

  /// Swaps blocks before a step, where a round is due: by the gradients of the step's own images.
  SWPRUNE_COLD void regrow(const batch<Scalar>& now) {
    const double share = regrow_share(params_.regrow, state_.epoch * batches() + state_.next_step,
                                      params_.epochs * batches());
    if (share == 0) return;
    const mask::mask_set before = net_.masks();
    const mask::mask_set after =
        regrown_masks(net_, now, share, params_.regrow, params_.label_smoothing);
    change_masks(after);
    state_.done.regrown_blocks += new_blocks(before, after);
  }

  /// Nothing was changed by the step so far: weights and statistics are those before it, and the
  /// last checkpoint is from before.
  [[noreturn]] SWPRUNE_COLD void refuse() {
    const auto place = net_.first_non_finite();
    raise(errc::not_finite,
          "training stopped in epoch {}, batch {}, before the weights were changed: {}; a smaller "
          "learning rate than {} may help",
          state_.epoch + 1, state_.next_step + 1,
          place ? fmt::format("the {} of layer {} '{}' holds NaN or infinity", place->what,
                              place->layer, place->name)
                : std::string("the loss is NaN or infinite"),
          state_.learning_rate);
  }

  /// The epoch so far; `last`: the run ends here.
  [[nodiscard]] SWPRUNE_COLD epoch_record record(bool last) const {
    epoch_record r{.epoch = state_.epoch,
                   .learning_rate = state_.learning_rate,
                   .loss = mean_loss(),
                   .train_accuracy = static_cast<double>(state_.correct) /
                                     static_cast<double>(std::max<index_t>(1, state_.images)),
                   .test_accuracy = -1,
                   .test_loss = 0,
                   .seconds = state_.seconds};
    const index_t every = params_.test_every;
    if (test_set_.size() == 0 || every == 0 || (!last && (r.epoch + 1) % every != 0)) return r;
    const evaluation measured = evaluate(net_, test_set_);
    r.test_accuracy = measured.accuracy();
    r.test_loss = measured.loss;
    return r;
  }

  verdict end_epoch() {
    const epoch_record r = record(state_.epoch + 1 == params_.epochs);
    state_.done.epochs.push_back(r);
    if (params_.early_stop.patience > 0 && r.test_accuracy >= 0) watch_accuracy(r);
    state_.enter_epoch(state_.epoch + 1);
    if (!over()) save();
    return watcher_ != nullptr ? watcher_->on_epoch(r, params_.epochs) : verdict::go_on;
  }

  SWPRUNE_COLD void watch_accuracy(const epoch_record& r) {
    if (state_.best_accuracy < 0 ||
        r.test_accuracy > state_.best_accuracy + params_.early_stop.least_gain) {
      state_.best_accuracy = r.test_accuracy;
      state_.best_weights = copy_weights(net_);
      state_.done.best_epoch = r.epoch;
    } else if (r.epoch - state_.done.best_epoch >= params_.early_stop.patience) {
      state_.done.stopped_early = true;
    }
  }

  SWPRUNE_COLD history finish() {
    if (!state_.best_weights.empty()) restore_weights(state_.best_weights, net_);
    state_.best_weights.clear();
    state_.finished = true;
    save();
    return state_.done;
  }

  history stopped() {
    save();
    history done = state_.done;
    done.stopped = true;
    return done;
  }

  /// The checkpoint is in the middle of the epoch, the history that is given back has its record.
  history stopped_within_epoch() {
    history done = stopped();
    done.epochs.push_back(record(true));
    if (watcher_ != nullptr) (void)watcher_->on_epoch(done.epochs.back(), params_.epochs);
    return done;
  }

  nn::network<Scalar>& net_;
  const dataset& train_set_;
  const dataset& test_set_;
  const fit_params& params_;
  const rng& random_;
  observer* watcher_;
  checkpointer<Scalar>* keeper_;
  run_options extra_;
  run_options options_;
  run_state<Scalar> state_;
  std::vector<nn::parameter_view<Scalar>> parameters_;
  std::unique_ptr<optimiser<Scalar>> optimiser_;
  nn::activations<Scalar> gradient_;
};

}  // namespace detail

/// Trains `net` on `train_set` and measures it on `test_set` (which may be empty: nothing is
/// measured then). Shuffling and augmentation come from streams of `random`, which is not advanced;
/// the result does not depend on the number of threads. `watcher` may be null. With a `keeper` the
/// run goes on from its checkpoint, if it has one, and ends bit for bit as it would have without
/// the interruption. With early stop the network has the best weights in the end.
/// Throws train_parameter, dataset_shape, label_out_of_range, network_state; not_finite, naming the
/// layer, when a loss or gradient is NaN or infinite: weights and statistics are then those before
/// that step, and the checkpoint is an earlier one; what the keeper throws.
template <typename Scalar>
SWPRUNE_COLD history fit(nn::network<Scalar>& net, const dataset& train_set,
                         const dataset& test_set, const fit_params& params, const rng& random,
                         observer* watcher = nullptr, checkpointer<Scalar>* keeper = nullptr) {
  const auto nothing = [](const auto&, index_t) { return verdict::go_on; };
  detail::fitting<Scalar> run(net, train_set, test_set, params, random, watcher, keeper);
  run.add_option({"masks", detail::masks_text({net.masks()})});
  return run.run(nothing);
}

SWPRUNE_COMPILED_TEMPLATE(history fit(nn::network<float>&, const dataset&, const dataset&,
                                      const fit_params&, const rng&, observer*,
                                      checkpointer<float>*))
SWPRUNE_COMPILED_TEMPLATE(history fit(nn::network<double>&, const dataset&, const dataset&,
                                      const fit_params&, const rng&, observer*,
                                      checkpointer<double>*))

}  // namespace swprune::inline v0::train
