// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/nn/mask_change.hpp"

namespace swprune::inline v0::train {

/// What changes weights along their gradients. It keeps arrays of its own (velocities, moments),
/// for every parameter as many numbers as the parameter has: only what exists has a velocity, so a
/// pruned weight has nothing to come back with. The arrays have names, so that a checkpoint can
/// hold them whatever the optimiser is.
template <typename Scalar>
class optimiser {
 public:
  virtual ~optimiser() = default;

  /// One step along the gradients with learning rate `rate`. Throws train_parameter when the
  /// parameters are not those of the constructor.
  void step(const std::vector<nn::parameter_view<Scalar>>& parameters, double rate) {
    check_parameters(parameters);
    ++steps_;
    for (std::size_t i = 0; i < parameters.size(); ++i) update(parameters[i], i, rate);
  }

  /// Carries all arrays over a change of masks: numbers that are still there keep theirs, those
  /// that are gone take theirs with them, new ones start with zero. Throws train_parameter when the
  /// change is not one of the parameters of the constructor; nothing is changed then.
  SWPRUNE_COLD void change_masks(const nn::mask_change& change) {
    check_change(change);
    for (std::vector<std::vector<Scalar>>& kind : arrays_)
      for (std::size_t i = 0; i < change.size(); ++i) kind[i] = moved(kind[i], change[i]);
    for (std::size_t i = 0; i < change.size(); ++i)
      parameters_[i].size = static_cast<std::size_t>(change[i].size);
  }

  /// All arrays, named "array.layer.parameter" ("velocity.conv1.weights"). The views end at
  /// change_masks().
  [[nodiscard]] SWPRUNE_COLD std::vector<nn::state_view<Scalar>> state() {
    std::vector<nn::state_view<Scalar>> all;
    for (std::size_t kind = 0; kind < arrays_.size(); ++kind)
      for (std::size_t i = 0; i < parameters_.size(); ++i)
        all.push_back({kinds_[kind] + "." + parameters_[i].name, arrays_[kind][i]});
    return all;
  }

  /// Steps done so far; a resumed run sets it.
  [[nodiscard]] index_t steps() const { return steps_; }
  void set_steps(index_t steps) { steps_ = steps; }

 protected:
  /// `kinds` names the arrays that every parameter gets, zero at first.
  optimiser(const std::vector<nn::parameter_view<Scalar>>& parameters,
            std::vector<std::string> kinds)
      : kinds_(std::move(kinds)), arrays_(kinds_.size()) {
    for (const nn::parameter_view<Scalar>& p : parameters) {
      parameters_.push_back({p.name, p.values.size()});
      for (auto& kind : arrays_) kind.emplace_back(p.values.size(), Scalar(0));
    }
  }
  optimiser(const optimiser&) = default;
  optimiser& operator=(const optimiser&) = default;

  /// Changes one parameter, number `i` of the list; steps() counts the step already.
  virtual void update(const nn::parameter_view<Scalar>& parameter, std::size_t i, double rate) = 0;

  /// Arrays of a kind, one for each parameter.
  [[nodiscard]] std::vector<std::vector<Scalar>>& arrays(std::size_t kind) { return arrays_[kind]; }

 private:
  struct known_parameter {
    std::string name;
    std::size_t size = 0;
  };

  [[nodiscard]] static std::vector<Scalar> moved(const std::vector<Scalar>& from,
                                                 const nn::parameter_change& change) {
    std::vector<Scalar> to(static_cast<std::size_t>(change.size), Scalar(0));
    for (std::size_t k = 0; k < from.size(); ++k)
      if (change.old_to_new[k] >= 0) to[static_cast<std::size_t>(change.old_to_new[k])] = from[k];
    return to;
  }

  SWPRUNE_COLD void check_parameters(
      const std::vector<nn::parameter_view<Scalar>>& parameters) const {
    expects(parameters.size() == parameters_.size(), errc::train_parameter,
            "the optimiser was made for {} parameters, given {}", parameters_.size(),
            parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i)
      expects(parameters[i].values.size() == parameters_[i].size, errc::train_parameter,
              "parameter '{}' had {} numbers when the optimiser was made, has {} now",
              parameters[i].name, parameters_[i].size, parameters[i].values.size());
  }

  SWPRUNE_COLD void check_change(const nn::mask_change& change) const {
    expects(change.size() == parameters_.size(), errc::train_parameter,
            "the optimiser was made for {} parameters, the masks of {} changed", parameters_.size(),
            change.size());
    for (std::size_t i = 0; i < change.size(); ++i) {
      const nn::parameter_change& c = change[i];
      expects(c.old_to_new.size() == parameters_[i].size, errc::train_parameter,
              "parameter '{}' had {} numbers when the optimiser was made, {} before the change",
              c.name, parameters_[i].size, c.old_to_new.size());
      for (const index_t to : c.old_to_new)
        expects(to >= -1 && to < c.size, errc::train_parameter,
                "parameter '{}' has {} numbers after the change, number {} of them is named",
                c.name, c.size, to);
    }
  }

  std::vector<std::string> kinds_;
  std::vector<known_parameter> parameters_;
  std::vector<std::vector<std::vector<Scalar>>> arrays_;  ///< [kind][parameter]
  index_t steps_ = 0;
};

}  // namespace swprune::inline v0::train
