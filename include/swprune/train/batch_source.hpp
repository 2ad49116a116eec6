// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/types.hpp"
#include "swprune/train/augment.hpp"
#include "swprune/train/batches.hpp"
#include "swprune/train/dataset.hpp"

namespace swprune::inline v0::train {

/// The batches of an epoch, one after the other. While a step works on one, a thread of this
/// object's own prepares the next, so that unpacking and augmentation are off the critical path.
/// The bytes are those of load_batch(), called in order. Two batches are in memory, never more.
///
///     batch_source<float> source(data, shuffled_order(data.size(), random, epoch), 64,
///                                [&](index_t n) { return draw_change(p, random, epoch, n); });
///     while (const batch<float>* now = source.next()) step(*now);
///
/// Everything that the change function refers to must outlive the source; it is called on that
/// thread. Destroying the source at any time stops the thread after the batch it is at.
template <typename Scalar>
class batch_source {
 public:
  using change_of = std::function<image_change(index_t number)>;

  /// `order`: numbers of the images; each batch has the next `batch_size` >= 1 of them, the last
  /// one what is left. Begins with batch `first`, 0 <= first <= batches(), as a resumed epoch does.
  /// Throws train_parameter.
  batch_source(const dataset& data, std::vector<index_t> order, index_t batch_size,
               change_of change, index_t first = 0)
      : data_(data),
        order_(std::move(order)),
        batch_size_(batch_size),
        change_(std::move(change)),
        given_(first),
        prepared_(first),
        released_(first) {
    expects(batch_size >= 1, errc::train_parameter, "batch must be >= 1, given {}", batch_size);
    expects(first >= 0 && first <= batches(), errc::train_parameter,
            "the first batch must lie in 0..{}, given {}", batches(), first);
    worker_ = std::jthread([this](const std::stop_token& stop) { prepare_all(stop); });
  }

  /// Number of batches of the whole order, ceil(images / batch_size).
  [[nodiscard]] index_t batches() const {
    return ceil_div(static_cast<index_t>(order_.size()), batch_size_);
  }

  /// The next batch, or null when there is none left. It is valid until the next call; what was
  /// thrown while it was prepared (dataset_shape for an image that does not exist) is thrown here.
  [[nodiscard]] const batch<Scalar>* next() {
    std::unique_lock lock(mutex_);
    released_ = given_;
    changed_.notify_all();
    if (given_ == batches()) return nullptr;
    changed_.wait(lock, [&] { return prepared_ > given_ || failure_; });
    if (prepared_ == given_) std::rethrow_exception(failure_);
    return &slot(given_++);
  }

 private:
  [[nodiscard]] batch<Scalar>& slot(index_t number) {
    return slots_[static_cast<std::size_t>(number % 2)];
  }

  void prepare_all(const std::stop_token& stop) {
    set_thread_count(1);  // of this thread alone: the step has the processors
    std::unique_lock lock(mutex_);
    const index_t end = batches();
    while (prepared_ < end) {
      const bool room = changed_.wait(lock, stop, [&] { return prepared_ < released_ + 2; });
      if (!room || stop.stop_requested()) return;
      lock.unlock();
      std::exception_ptr failure;
      try {
        prepare(prepared_);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      failure_ = failure;
      if (!failure) ++prepared_;
      changed_.notify_all();
      if (failure) return;
    }
  }

  void prepare(index_t number) {
    const auto first = static_cast<std::size_t>(number * batch_size_);
    const auto count = std::min(static_cast<std::size_t>(batch_size_), order_.size() - first);
    load_batch(data_, std::span<const index_t>(order_).subspan(first, count), change_,
               slot(number));
  }

  const dataset& data_;
  std::vector<index_t> order_;
  index_t batch_size_;
  change_of change_;

  std::mutex mutex_;
  std::condition_variable_any changed_;  // any of the numbers below
  index_t given_;                        // batches that next() gave
  index_t prepared_;                     // batches that are ready; the thread alone adds to it
  index_t released_;                     // batches whose slot is free again
  std::exception_ptr failure_;           // of batch prepared_; the thread has ended then
  std::array<batch<Scalar>, 2> slots_;
  std::jthread worker_;  // last: it is stopped and joined before the rest goes
};

}  // namespace swprune::inline v0::train
