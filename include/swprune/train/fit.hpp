// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <span>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/augment.hpp"
#include "swprune/train/batches.hpp"
#include "swprune/train/clip_norm.hpp"
#include "swprune/train/dataset.hpp"
#include "swprune/train/evaluate.hpp"
#include "swprune/train/make_optimiser.hpp"
#include "swprune/train/observer.hpp"
#include "swprune/train/schedule.hpp"

namespace swprune::inline v0::train {

/// How to train.
struct fit_params {
  index_t epochs = 10;  ///< >= 0
  index_t batch = 64;   ///< >= 1; the images that are left over at the end of an epoch are a
                        ///< smaller batch
  schedule_params schedule{};
  optimiser_kind optimiser = optimiser_kind::sgd;
  sgd_params sgd{};      ///< where the optimiser is sgd
  adamw_params adamw{};  ///< where it is adamw
  double clip_norm = 0;  ///< >= 0, the greatest norm of all gradients together; 0: any
  augment_params augment{};
  double label_smoothing = 0;  ///< 0 <= label_smoothing < 1
  index_t test_every = 1;      ///< measure the test set after every so many epochs and after the
                               ///< last; 0: never
};

/// Throws train_parameter.
inline void check(const fit_params& p) {
  expects(p.epochs >= 0, errc::train_parameter, "epochs must be >= 0, given {}", p.epochs);
  expects(p.batch >= 1, errc::train_parameter, "batch must be >= 1, given {}", p.batch);
  expects(p.label_smoothing >= 0 && p.label_smoothing < 1, errc::train_parameter,
          "0 <= label_smoothing < 1 must hold, given {}", p.label_smoothing);
  expects(p.test_every >= 0, errc::train_parameter, "test_every must be >= 0, given {}",
          p.test_every);
  expects(p.clip_norm >= 0 && std::isfinite(p.clip_norm), errc::train_parameter,
          "clip_norm must be >= 0, given {}", p.clip_norm);
  check(p.schedule);
  check(p.sgd);
  check(p.adamw);
  check(p.augment);
}

/// What a run did.
struct history {
  std::vector<epoch_record> epochs;   ///< those that were finished, or stopped part-way
  std::vector<mask_switch> switches;  ///< changes of masks, see fit_stages()
  bool stopped = false;               ///< the observer said so

  /// Sum of the epochs' training time.
  [[nodiscard]] double seconds() const {
    double sum = 0;
    for (const epoch_record& e : epochs) sum += e.seconds;
    return sum;
  }
  /// Test accuracy measured last, or -1.
  [[nodiscard]] double test_accuracy() const {
    for (auto e = epochs.rbegin(); e != epochs.rend(); ++e)
      if (e->test_accuracy >= 0) return e->test_accuracy;
    return -1;
  }
};

namespace detail {

/// One run of fit(): the state between its steps.
template <typename Scalar>
class fitting {
 public:
  fitting(nn::network<Scalar>& net, const dataset& data, const fit_params& params,
          const rng& random)
      : net_(net),
        data_(data),
        params_(params),
        random_(random),
        parameters_(net.parameters()),
        optimiser_(make_optimiser(params.optimiser, params.sgd, params.adamw, parameters_)) {}

  /// Trains one epoch; false if the observer stopped it.
  bool run_epoch(index_t epoch, observer* watcher, epoch_record& record) {
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<index_t> order = shuffled_order(data_.size(), random_, epoch);
    step_event event;
    event.epoch = epoch;
    event.epochs = params_.epochs;
    event.batches = ceil_div(data_.size(), params_.batch);
    double loss_sum = 0;
    verdict answer = verdict::go_on;
    while (event.batch < event.batches && answer == verdict::go_on) {
      event.learning_rate = rate_at(epoch, event);
      const nn::loss_result result = step(order, event);
      loss_sum += result.loss * static_cast<double>(now_.images.batch());
      event.images += now_.images.batch();
      event.correct += result.correct;
      event.loss = loss_sum / static_cast<double>(event.images);
      ++event.batch;
      event.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      if (watcher != nullptr) answer = watcher->on_step(event);
    }
    record = {.epoch = epoch,
              .learning_rate = event.learning_rate,
              .loss = event.loss,
              .train_accuracy = static_cast<double>(event.correct) /
                                static_cast<double>(std::max<index_t>(1, event.images)),
              .test_accuracy = -1,
              .test_loss = 0,
              .seconds = event.seconds};
    return answer == verdict::go_on;
  }

  /// Goes on with other masks: what is kept, weights and velocities, stays bit for bit; what goes
  /// takes its velocity along.
  void change_masks(const mask::mask_set& masks) {
    optimiser_->change_masks(net_.change_masks(masks));
    parameters_ = net_.parameters();
  }

 private:
  [[nodiscard]] double rate_at(index_t epoch, const step_event& event) const {
    return learning_rate(params_.schedule, epoch * event.batches + event.batch,
                         {.epochs = params_.epochs, .steps_per_epoch = event.batches});
  }

  nn::loss_result step(const std::vector<index_t>& order, const step_event& event) {
    const auto first = static_cast<std::size_t>(event.batch * params_.batch);
    const auto count = std::min(static_cast<std::size_t>(params_.batch), order.size() - first);
    load_batch(
        data_, std::span<const index_t>(order).subspan(first, count),
        [&](index_t n) { return draw_change(params_.augment, random_, event.epoch, n); }, now_);
    net_.begin_step(random_.stream("step", static_cast<std::uint64_t>(event.epoch),
                                   static_cast<std::uint64_t>(event.batch)));
    const auto& logits = net_.forward_training(now_.images);
    const nn::loss_result result =
        nn::softmax_cross_entropy<Scalar>(logits, now_.labels, &gradient_, params_.label_smoothing);
    if (!std::isfinite(result.loss)) refuse(event);
    net_.backward(gradient_);
    for (const nn::parameter_view<Scalar>& p : parameters_)
      if (!nn::network<Scalar>::all_finite(p.gradient)) refuse(event);
    net_.commit_statistics();
    if (params_.clip_norm > 0) train::clip_norm(parameters_, params_.clip_norm);
    optimiser_->step(parameters_, event.learning_rate);
    return result;
  }

  /// Nothing was changed by the step so far: weights and statistics are those before it.
  [[noreturn]] void refuse(const step_event& event) {
    const auto place = net_.first_non_finite();
    raise(errc::not_finite,
          "training stopped in epoch {}, batch {}, before the weights were changed: {}; a smaller "
          "learning rate than {} may help",
          event.epoch + 1, event.batch + 1,
          place ? fmt::format("the {} of layer {} '{}' holds NaN or infinity", place->what,
                              place->layer, place->name)
                : std::string("the loss is NaN or infinite"),
          event.learning_rate);
  }

  nn::network<Scalar>& net_;
  const dataset& data_;
  const fit_params& params_;
  const rng& random_;
  std::vector<nn::parameter_view<Scalar>> parameters_;
  std::unique_ptr<optimiser<Scalar>> optimiser_;
  batch<Scalar> now_;
  nn::activations<Scalar> gradient_;
};

/// Measures the test set after an epoch, if it is due.
template <typename Scalar>
void measure(const nn::network<Scalar>& net, const dataset& test_set, epoch_record& record) {
  const evaluation measured = evaluate(net, test_set);
  record.test_accuracy = measured.accuracy();
  record.test_loss = measured.loss;
}

/// fit() with something to do before each epoch, and once if there is none: before_epoch(run,
/// epoch, history) may change masks; its `stop` ends the run before that epoch.
template <typename Scalar, typename BeforeEpoch>
history run_epochs(nn::network<Scalar>& net, const dataset& train_set, const dataset& test_set,
                   const fit_params& params, const rng& random, observer* watcher,
                   const BeforeEpoch& before_epoch) {
  check(params);
  check_fits(net, train_set);
  if (test_set.size() > 0) check_fits(net, test_set);
  expects(train_set.size() >= 1, errc::dataset_shape, "the training set has no images");
  fitting<Scalar> run(net, train_set, params, random);
  history done;
  done.stopped = before_epoch(run, 0, done) == verdict::stop;
  for (index_t epoch = 0; epoch < params.epochs && !done.stopped; ++epoch) {
    if (epoch > 0 && before_epoch(run, epoch, done) == verdict::stop) {
      done.stopped = true;
      break;
    }
    epoch_record record;
    done.stopped = !run.run_epoch(epoch, watcher, record);
    const bool last = done.stopped || epoch + 1 == params.epochs;
    const bool due = params.test_every > 0 && (last || (epoch + 1) % params.test_every == 0);
    if (due && test_set.size() > 0) measure(net, test_set, record);
    done.epochs.push_back(record);
    if (watcher != nullptr && watcher->on_epoch(record, params.epochs) == verdict::stop && !last)
      done.stopped = true;
  }
  return done;
}

}  // namespace detail

/// Trains `net` on `train_set` and measures it on `test_set` (which may be empty: nothing is
/// measured then). Shuffling and augmentation come from streams of `random`, which is not advanced;
/// the result does not depend on the number of threads. `watcher` may be null.
/// Throws train_parameter, dataset_shape, label_out_of_range, network_state; not_finite, naming the
/// layer, when a loss or gradient is NaN or infinite: weights and statistics are then those before
/// that step.
template <typename Scalar>
history fit(nn::network<Scalar>& net, const dataset& train_set, const dataset& test_set,
            const fit_params& params, const rng& random, observer* watcher = nullptr) {
  const auto nothing = [](const auto&, index_t, const history&) { return verdict::go_on; };
  return detail::run_epochs(net, train_set, test_set, params, random, watcher, nothing);
}

}  // namespace swprune::inline v0::train
