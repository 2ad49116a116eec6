// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <array>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/detail/all_finite.hpp"
#include "swprune/nn/detail/spare_maps.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/nn/layer_summary.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/relu.hpp"

namespace swprune::inline v0::nn {

template <typename Scalar>
class composite;
template <typename Scalar>
class residual;

/// Layers one after the other: what a network is, and each path of a composite layer. It owns them
/// and the activations between them, and runs neighbours as one where it can (see build_params).
///
///     chain<float> path;
///     path.add<conv2d>(masks.at("block.conv1"), conv2d_params{.padding = 1});
///     path.add<batch_norm>("block.bn1", 16);
///     net.add<residual>("block", std::move(path));
///
/// A copy is a deep copy of the layers.
template <typename Scalar>
class chain {
 public:
  chain() = default;
  chain(chain&&) noexcept = default;
  chain& operator=(chain&&) noexcept = default;
  SWPRUNE_COLD chain(const chain& other) {
    for (const auto& l : other.layers_) layers_.push_back(l->clone());
    plan(other.params_, spare_);
  }
  chain& operator=(const chain& other) { return *this = chain(other); }
  ~chain() = default;

  /// Appends a layer made from `arguments`; returns it. Throws network_shape for a name that is
  /// taken, here or inside a composite layer.
  template <template <typename> class Layer, typename... Arguments>
  Layer<Scalar>& add(Arguments&&... arguments) {
    auto made = std::make_unique<Layer<Scalar>>(std::forward<Arguments>(arguments)...);
    Layer<Scalar>& result = *made;
    add(std::move(made));
    return result;
  }

  layer<Scalar>& add(std::unique_ptr<layer<Scalar>> made) {
    expects(made != nullptr, errc::network_shape, "a layer is needed, given a null pointer");
    check_names(*made);
    layers_.push_back(std::move(made));
    plan(params_, spare_);
    return *layers_.back();
  }

  [[nodiscard]] bool empty() const { return layers_.empty(); }
  [[nodiscard]] index_t size() const { return static_cast<index_t>(layers_.size()); }

  /// Layer `i`, 0 <= i < size(). Throws network_state.
  [[nodiscard]] layer<Scalar>& at(index_t i) { return *layers_[checked_index(i)]; }
  [[nodiscard]] const layer<Scalar>& at(index_t i) const { return *layers_[checked_index(i)]; }

  /// All layers, those inside a composite layer before it.
  [[nodiscard]] std::vector<layer<Scalar>*> layers() {
    std::vector<layer<Scalar>*> all;
    collect(all);
    return all;
  }
  [[nodiscard]] std::vector<const layer<Scalar>*> layers() const {
    std::vector<layer<Scalar>*> all;
    collect(all);
    return {all.begin(), all.end()};
  }

  /// Chooses which neighbours run as one, and where inference has its maps from, here and inside.
  SWPRUNE_COLD void plan(const build_params& params,
                         std::shared_ptr<detail::spare_maps<Scalar>> spare) {
    params_ = params;
    spare_ = std::move(spare);
    for (const auto& l : layers_) l->plan(params, spare_);
    stages_.clear();
    for (index_t i = 0; i < size(); i = stages_.back().end()) stages_.push_back(stage_at(i));
    outputs_.assign(stages_.size(), {});
  }

  /// Shape that enters each layer, and the one that leaves the last. Throws network_shape naming
  /// the first layer that does not fit and both shapes.
  [[nodiscard]] SWPRUNE_COLD std::vector<map_shape> shapes(const map_shape& input) const {
    std::vector<map_shape> all{input};
    for (index_t i = 0; i < size(); ++i) all.push_back(checked_output(i, all.back()));
    return all;
  }
  [[nodiscard]] map_shape output_shape(const map_shape& input) const {
    return shapes(input).back();
  }

  /// Inference: output of the last layer, which is `in` for an empty chain and else `out`.
  const activations<Scalar>& forward(const activations<Scalar>& in,
                                     activations<Scalar>& out) const {
    if (empty()) return in;
    forward_before_last(in, [&](const activations<Scalar>& now) { run(stages_.back(), now, out); });
    return out;
  }

  /// Appends the output of every layer in the order of layers().
  void forward_all(const activations<Scalar>& in, std::vector<activations<Scalar>>& outputs) const {
    activations<Scalar> now = in;
    for (const auto& l : layers_) {
      for (const chain* path : l->paths()) path->forward_all(now, outputs);
      activations<Scalar> next;
      l->forward(now, next);
      outputs.push_back(next);
      std::swap(now, next);
    }
  }

  /// Forward pass of a training step. The result and `in` must live until backward().
  const activations<Scalar>& forward_training(const activations<Scalar>& in) {
    for (std::size_t s = 0; s < stages_.size(); ++s) run_training(s, input_of(s, in), outputs_[s]);
    return outputs_.empty() ? in : outputs_.back();
  }

  /// Backward pass of the forward_training() just before; see layer::backward(). Not for an empty
  /// chain.
  void backward(const activations<Scalar>& in, const activations<Scalar>& grad_out,
                activations<Scalar>* grad_in) {
    const activations<Scalar>* now = &grad_out;
    for (std::size_t s = stages_.size(); s-- > 0;) {
      activations<Scalar>* next = s == 0 ? grad_in : &gradients_[s % 2];
      // A fused stage works in the place of its result, even where nobody needs that.
      if (next == nullptr && stages_[s].rectified) next = &gradients_[0];
      run_backward(stages_[s], s, in, *now, next);
      now = next;
    }
  }

  /// Both: see layer.
  void begin_step(const rng& random) {
    for (const auto& l : layers_) l->begin_step(random);
  }
  void commit_statistics() {
    for (const auto& l : layers_) l->commit_statistics();
  }

  /// All parameters, named "layer.parameter", in the order of layers().
  [[nodiscard]] std::vector<parameter_view<Scalar>> parameters() {
    return named_views<parameter_view<Scalar>>([](layer<Scalar>& l) { return l.parameters(); });
  }
  /// All state arrays, named "layer.state".
  [[nodiscard]] std::vector<state_view<Scalar>> state() {
    return named_views<state_view<Scalar>>([](layer<Scalar>& l) { return l.state(); });
  }

  /// Appends a line for every layer in the order of layers(). Throws as shapes().
  SWPRUNE_COLD void summarise(const map_shape& input, index_t depth,
                              std::vector<layer_summary>& lines) const {
    const std::vector<map_shape> all = shapes(input);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const layer<Scalar>& l = *layers_[i];
      const auto paths = l.paths();
      for (const chain* path : paths) path->summarise(all[i], depth + 1, lines);
      layer_summary line{static_cast<index_t>(lines.size()),
                         depth,
                         l.name(),
                         std::string(l.kind()),
                         all[i],
                         all[i + 1]};
      if (paths.empty()) {
        line.weights = l.weight_count();
        line.dense_weights = l.dense_weight_count();
        line.macs = l.macs(all[i]);
        line.dense_macs = l.dense_macs(all[i]);
      }
      lines.push_back(std::move(line));
    }
  }

  /// First layer in the order of layers() whose output in the last forward_training() holds a NaN
  /// or infinity, or null.
  [[nodiscard]] const layer<Scalar>* first_non_finite_output() const {
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      const layer<Scalar>& l = at(stages_[s].first);
      for (const chain* path : l.paths())
        if (const auto* inner = path->first_non_finite_output()) return inner;
      // In a fused stage it is the normalisation: ReLU and pooling make no such number. What goes
      // straight into a residual block's sum is found there.
      if (!detail::all_finite<Scalar>(outputs_[s].values())) return &l;
    }
    return nullptr;
  }

 private:
  /// A composite layer has the maps of its inference from here as well.
  friend class composite<Scalar>;

  /// A residual block runs the end of its path and its sum as one through these, with the same
  /// results bit for bit.
  friend class residual<Scalar>;

  /// Whether it may: a convolution, anything, a batch norm.
  [[nodiscard]] bool takes_sum() const {
    return params_.fuse && stages_.size() > 1 && stages_.front().conv != nullptr &&
           stages_.back().norm != nullptr && !stages_.back().rectified;
  }

  /// As forward(), but out = what leaves the chain + other, rectified if `rectify`.
  void forward_sum(const activations<Scalar>& in, const activations<Scalar>& other, bool rectify,
                   activations<Scalar>& out) const {
    forward_before_last(in, [&](const activations<Scalar>& now) {
      stages_.back().norm->forward_sum(now, other, rectify, out);
    });
  }

  /// As forward_training(), but out = what leaves the chain + other, rectified if `rectify`.
  void forward_training_sum(const activations<Scalar>& in, const activations<Scalar>& other,
                            bool rectify, activations<Scalar>& out) {
    const std::size_t last = stages_.size() - 1;
    for (std::size_t s = 0; s < last; ++s) run_training(s, input_of(s, in), outputs_[s]);
    stages_[last].norm->forward_training_sum(input_of(last, in), other, rectify, out, summed(last));
  }

  /// Backward through the sum and the batch norm; `grad_sum`, which has its size already, becomes
  /// the gradient of the loss by the sum.
  void backward_sum(const activations<Scalar>& in, const activations<Scalar>& out,
                    const activations<Scalar>& grad_out, bool rectify,
                    activations<Scalar>& grad_sum) {
    const std::size_t last = stages_.size() - 1;
    stages_[last].norm->backward_sum(input_of(last, in), out, grad_out, rectify, grad_sum,
                                     gradients_[last % 2]);
  }

  /// After backward_sum(), backward through what is before: adds to `grad_in`, unless that is null.
  void backward_adding(const activations<Scalar>& in, activations<Scalar>* grad_in) {
    const std::size_t last = stages_.size() - 1;
    const activations<Scalar>* by_first = &gradients_[last % 2];
    for (std::size_t s = last; s-- > 1;) {
      run_backward(stages_[s], s, in, *by_first, &gradients_[s % 2]);
      by_first = &gradients_[s % 2];
    }
    conv2d<Scalar>& first = *stages_.front().conv;
    first.backward_parameters(in, *by_first);
    if (grad_in != nullptr) first.backward_data(*by_first, *grad_in, true);
  }

  /// One layer, or batch norm + ReLU (+ 2 x 2 max pooling) run as one.
  struct stage {
    index_t first = 0;
    index_t count = 1;
    conv2d<Scalar>* conv = nullptr;      ///< the first layer, if it is one
    batch_norm<Scalar>* norm = nullptr;  ///< the same
    bool rectified = false;              ///< ReLU runs with the batch norm
    bool pooled = false;                 ///< and pooling

    [[nodiscard]] index_t end() const { return first + count; }
  };

  /// Layer `i` if it is a Layer and no kind derived from it, which may do something else.
  template <template <typename> class Layer>
  [[nodiscard]] Layer<Scalar>* layer_as(index_t i) const {
    if (i >= size()) return nullptr;
    layer<Scalar>& l = *layers_[static_cast<std::size_t>(i)];
    return typeid(l) == typeid(Layer<Scalar>) ? static_cast<Layer<Scalar>*>(&l) : nullptr;
  }

  [[nodiscard]] stage stage_at(index_t i) const {
    stage s{.first = i, .conv = layer_as<conv2d>(i), .norm = layer_as<batch_norm>(i)};
    s.rectified = params_.fuse && s.norm != nullptr && layer_as<relu>(i + 1) != nullptr;
    const auto* pool = s.rectified ? layer_as<max_pool>(i + 2) : nullptr;
    s.pooled = pool != nullptr && pool->params().size == 2 && pool->params().stride == 2;
    s.count = s.pooled ? 3 : s.rectified ? 2 : 1;
    return s;
  }

  /// Whether the convolution before stage `s` sums up what the batch norm of `s` needs.
  [[nodiscard]] bool summed(std::size_t s) const {
    return params_.fuse && s > 0 && s < stages_.size() && stages_[s].norm != nullptr &&
           stages_[s - 1].conv != nullptr && !stages_[s - 1].conv->params().bias;
  }

  /// Inference up to the last stage: `last` gets what that reads.
  template <typename Last>
  void forward_before_last(const activations<Scalar>& in, const Last& last) const {
    typename detail::spare_maps<Scalar>::loan even(*spare_), odd(*spare_);
    const activations<Scalar>* now = &in;
    for (std::size_t s = 0; s + 1 < stages_.size(); ++s) {
      activations<Scalar>& next = (s % 2 == 0 ? even : odd).maps();
      run(stages_[s], *now, next);
      now = &next;
    }
    last(*now);
  }

  void run(const stage& s, const activations<Scalar>& in, activations<Scalar>& out) const {
    if (s.rectified)
      s.norm->forward_fused(in, out, s.pooled);
    else
      at(s.first).forward(in, out);
  }
  void run_training(std::size_t number, const activations<Scalar>& in, activations<Scalar>& out) {
    const stage& s = stages_[number];
    if (s.rectified)
      s.norm->forward_training_fused(in, out, s.pooled, summed(number));
    else if (s.norm != nullptr)
      s.norm->forward_training(in, out, summed(number));
    else if (summed(number + 1))
      s.conv->forward_summing(in, out, stages_[number + 1].norm->sums_);
    else
      at(s.first).forward_training(in, out);
  }
  void run_backward(const stage& s, std::size_t number, const activations<Scalar>& in,
                    const activations<Scalar>& grad_out, activations<Scalar>* grad_in) {
    if (s.rectified)
      s.norm->backward_fused(input_of(number, in), grad_out, *grad_in, s.pooled);
    else
      at(s.first).backward(input_of(number, in), outputs_[number], grad_out, grad_in);
  }

  [[nodiscard]] const activations<Scalar>& input_of(std::size_t stage_number,
                                                    const activations<Scalar>& in) const {
    return stage_number == 0 ? in : outputs_[stage_number - 1];
  }

  void collect(std::vector<layer<Scalar>*>& all) const {
    for (const auto& l : layers_) {
      for (const chain* path : l->paths()) path->collect(all);
      all.push_back(l.get());
    }
  }

  template <typename View, typename ViewsOf>
  [[nodiscard]] SWPRUNE_COLD std::vector<View> named_views(const ViewsOf& views_of) {
    std::vector<View> all;
    for (layer<Scalar>* l : layers()) {
      if (!l->paths().empty()) continue;  // what it has are the views of the layers inside
      for (View v : views_of(*l)) {
        v.name = l->name() + "." + v.name;
        all.push_back(std::move(v));
      }
    }
    return all;
  }

  SWPRUNE_COLD void check_names(const layer<Scalar>& made) const {
    std::vector<const layer<Scalar>*> old = layers();
    std::vector<layer<Scalar>*> added;
    for (const chain* path : made.paths()) path->collect(added);
    std::vector<const layer<Scalar>*> all(added.begin(), added.end());
    all.push_back(&made);
    for (const layer<Scalar>* l : all) {
      for (std::size_t i = 0; i < old.size(); ++i)
        expects(old[i]->name() != l->name(), errc::network_shape,
                "the name '{}' of layer {} is taken by layer {}", l->name(), old.size(), i);
      old.push_back(l);
    }
  }

  [[nodiscard]] std::size_t checked_index(index_t i) const {
    expects(i >= 0 && i < size(), errc::network_state,
            "layer {} of a network of {} layers does not exist", i, size());
    return static_cast<std::size_t>(i);
  }

  [[nodiscard]] map_shape checked_output(index_t i, const map_shape& in) const {
    try {
      return at(i).output_shape(in);
    } catch (const shape_error& e) {
      raise(
          errc::network_shape,
          "layer {} '{}' ({}) cannot take the {} x {} x {} map that {} gives: {}", i, at(i).name(),
          at(i).kind(), in.channels, in.height, in.width,
          i == 0 ? std::string("the input") : fmt::format("layer {} '{}'", i - 1, at(i - 1).name()),
          e.what());
    }
  }

  std::vector<std::unique_ptr<layer<Scalar>>> layers_;
  build_params params_;
  std::shared_ptr<detail::spare_maps<Scalar>> spare_ =
      std::make_shared<detail::spare_maps<Scalar>>();
  std::vector<stage> stages_;
  std::vector<activations<Scalar>> outputs_;      ///< [stages]
  std::array<activations<Scalar>, 2> gradients_;  ///< by the inputs of the stages, in turn
};

SWPRUNE_COMPILED_TEMPLATE(class chain<float>)
SWPRUNE_COMPILED_TEMPLATE(class chain<double>)

}  // namespace swprune::inline v0::nn
