// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "swprune/nn/activations.hpp"

namespace swprune::inline v0::nn::detail {

/// Maps that inference needs for a moment. Their storage goes on to the next who needs some, and
/// not back to the system, whose fresh pages cost a small network a third of its time. Any number
/// of threads may have some at once.
template <typename Scalar>
class spare_maps {
 public:
  /// Maps for as long as it lives, of any size and content.
  class loan {
   public:
    explicit loan(spare_maps& owner) : owner_(owner), maps_(owner.take()) {}
    ~loan() { owner_.give_back(std::move(maps_)); }
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;

    [[nodiscard]] activations<Scalar>& maps() { return maps_; }

   private:
    spare_maps& owner_;
    activations<Scalar> maps_;
  };

 private:
  [[nodiscard]] activations<Scalar> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      free_.reserve(++made_);  // so that giving back does not throw
      return {};
    }
    activations<Scalar> last = std::move(free_.back());  // what the caches remember best
    free_.pop_back();
    return last;
  }
  void give_back(activations<Scalar>&& maps) noexcept {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(maps));
  }

  std::mutex mutex_;
  std::size_t made_ = 0;
  std::vector<activations<Scalar>> free_;
};

}  // namespace swprune::inline v0::nn::detail
