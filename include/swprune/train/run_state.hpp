// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/history.hpp"

namespace swprune::inline v0::train {

template <typename Scalar>
struct named_array {
  std::string name;
  std::vector<Scalar> values;
};

/// State of a run between two steps: with the network it is all that the rest of the run depends
/// on. Random streams are functions of seed, epoch and sample, so the position is their state.
template <typename Scalar>
struct run_state {
  index_t epoch = 0;         ///< 0-based, of the next step
  index_t next_step = 0;     ///< 0-based, within the epoch
  index_t images = 0;        ///< seen in this epoch
  index_t correct = 0;       ///< of these
  double loss_sum = 0;       ///< over these
  double learning_rate = 0;  ///< of the last step
  double seconds = 0;        ///< of training in this epoch; decides nothing
  index_t stage = 0;         ///< mask stages entered, see fit_stages()
  bool finished = false;
  history done;  ///< finished epochs, changes of masks
  index_t optimiser_steps = 0;
  std::vector<named_array<Scalar>> optimiser;     ///< as optimiser::state() names them
  double best_accuracy = -1;                      ///< of early stop; -1: none yet
  std::vector<named_array<Scalar>> best_weights;  ///< parameters and statistics of that epoch

  /// Begins an epoch.
  void enter_epoch(index_t number) {
    epoch = number;
    next_step = images = correct = 0;
    loss_sum = seconds = 0;
  }
};

namespace detail {

/// Copies of all numbers behind views (parameter_view or state_view).
template <typename Scalar, typename Views>
SWPRUNE_COLD void append_copies(const Views& views, std::vector<named_array<Scalar>>& to) {
  for (const auto& v : views) to.push_back({v.name, {v.values.begin(), v.values.end()}});
}

/// Writes copies back, from number `first` on; returns the number after the last. Throws
/// resume_mismatch for another name or size.
template <typename Scalar, typename Views>
SWPRUNE_COLD std::size_t restore_copies(const std::vector<named_array<Scalar>>& from,
                                        std::size_t first, const Views& views) {
  for (const auto& v : views) {
    expects(first < from.size() && from[first].name == v.name &&
                from[first].values.size() == v.values.size(),
            errc::resume_mismatch, "'{}' with {} numbers is needed, given {}", v.name,
            v.values.size(),
            first < from.size()
                ? fmt::format("'{}' with {}", from[first].name, from[first].values.size())
                : std::string("nothing"));
    std::copy(from[first].values.begin(), from[first].values.end(), v.values.begin());
    ++first;
  }
  return first;
}

}  // namespace detail

/// Copies of all parameters and statistics of a network.
template <typename Scalar>
[[nodiscard]] std::vector<named_array<Scalar>> copy_weights(nn::network<Scalar>& net) {
  std::vector<named_array<Scalar>> all;
  detail::append_copies(net.parameters(), all);
  detail::append_copies(net.state(), all);
  return all;
}

/// Writes copies back. Throws resume_mismatch unless the network has the same arrays.
template <typename Scalar>
void restore_weights(const std::vector<named_array<Scalar>>& from, nn::network<Scalar>& net) {
  const std::size_t parameters = detail::restore_copies(from, 0, net.parameters());
  detail::restore_copies(from, parameters, net.state());
}

}  // namespace swprune::inline v0::train
