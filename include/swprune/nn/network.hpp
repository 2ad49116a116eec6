// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/batch_norm.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/mask_change.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/relu.hpp"

namespace swprune::inline v0::nn {

/// One line of a network's summary.
struct layer_summary {
  index_t index = 0;
  std::string name;
  std::string kind;
  map_shape input;
  map_shape output;
  index_t weights = 0;        ///< kept
  index_t dense_weights = 0;  ///< if no block or tap were absent
  index_t macs = 0;           ///< per image, kept
  index_t dense_macs = 0;
};

/// Where a number that is not finite was found first.
struct non_finite_place {
  index_t layer = 0;
  std::string name;
  std::string what;  ///< "output", or the parameter's name
};

struct build_params {
  /// Run batch norm, ReLU and 2 x 2 max pooling that follow each other in one pass. Changes memory
  /// and speed, no result.
  bool fuse = true;
};

/// A chain of layers. The list is what the user made and what files and the quantiser see; the
/// network adds the activations between the layers and checks that they fit.
///
///     network<float> net;
///     net.add<conv2d>(mask, conv2d_params{.padding = 2});
///     net.add<relu>("relu1");
///     net.build({1, 28, 28});
template <typename Scalar>
class network {
 public:
  using scalar = Scalar;

  network() = default;
  network(network&&) noexcept = default;
  network& operator=(network&&) noexcept = default;
  /// Copies are explicit: clone().
  network(const network&) = delete;
  network& operator=(const network&) = delete;

  /// Appends a layer made from `arguments`; returns it. The network must be built (again) then.
  /// Throws network_shape for a name that is taken.
  template <template <typename> class Layer, typename... Arguments>
  Layer<Scalar>& add(Arguments&&... arguments) {
    auto made = std::make_unique<Layer<Scalar>>(std::forward<Arguments>(arguments)...);
    Layer<Scalar>& result = *made;
    add(std::move(made));
    return result;
  }

  layer<Scalar>& add(std::unique_ptr<layer<Scalar>> made) {
    expects(made != nullptr, errc::network_shape, "a layer is needed, given a null pointer");
    for (index_t i = 0; i < size(); ++i)
      expects(at(i).name() != made->name(), errc::network_shape,
              "the name '{}' of layer {} is taken by layer {}", made->name(), size(), i);
    layers_.push_back(std::move(made));
    shapes_.clear();
    stages_.clear();
    return *layers_.back();
  }

  /// Checks the chain for images of `input` and fixes the shapes. Throws network_shape naming the
  /// layer and both shapes.
  void build(const map_shape& input, const build_params& params = {}) {
    expects(!layers_.empty(), errc::network_shape, "a network needs at least one layer");
    expects(input.channels >= 1 && input.height >= 1 && input.width >= 1, errc::network_shape,
            "the input needs channels, height and width >= 1, given {} x {} x {}", input.channels,
            input.height, input.width);
    std::vector<map_shape> shapes{input};
    for (index_t i = 0; i < size(); ++i) shapes.push_back(checked_output(i, shapes.back()));
    shapes_ = std::move(shapes);
    outputs_.assign(layers_.size(), {});
    gradients_.assign(layers_.size() + 1, {});
    trained_batch_ = nullptr;
    params_ = params;
    plan_stages();
  }

  [[nodiscard]] bool built() const { return !shapes_.empty(); }
  [[nodiscard]] index_t size() const { return static_cast<index_t>(layers_.size()); }

  /// Layer `i`, 0 <= i < size(). Throws network_state.
  [[nodiscard]] layer<Scalar>& at(index_t i) { return *layers_[checked_index(i)]; }
  [[nodiscard]] const layer<Scalar>& at(index_t i) const { return *layers_[checked_index(i)]; }

  /// Layer of that name as a Layer, or nullptr: net.find<conv2d>("conv2").
  template <template <typename> class Layer>
  [[nodiscard]] Layer<Scalar>* find(std::string_view name) {
    for (const auto& l : layers_)
      if (l->name() == name) return dynamic_cast<Layer<Scalar>*>(l.get());
    return nullptr;
  }
  template <template <typename> class Layer>
  [[nodiscard]] const Layer<Scalar>* find(std::string_view name) const {
    for (const auto& l : layers_)
      if (l->name() == name) return dynamic_cast<const Layer<Scalar>*>(l.get());
    return nullptr;
  }

  /// Shape that enters layer `i`; `i` = size() is the network's output. Throws network_state
  /// unless built.
  [[nodiscard]] const map_shape& shape(index_t i) const {
    check_built();
    expects(i >= 0 && i <= size(), errc::network_state, "shape {} of a network of {} layers", i,
            size());
    return shapes_[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] const map_shape& input_shape() const { return shape(0); }
  [[nodiscard]] const map_shape& output_shape() const { return shape(size()); }

  /// Inference: output of the last layer. Throws network_state, network_shape.
  [[nodiscard]] activations<Scalar> forward(const activations<Scalar>& images) const {
    check_input(images);
    activations<Scalar> now, next;
    for (const stage& s : stages_) {
      const activations<Scalar>& in = s.first == 0 ? images : now;
      if (s.norm != nullptr)
        s.norm->forward_fused(in, next, s.pooled);
      else
        at(s.first).forward(in, next);
      std::swap(now, next);
    }
    return now;
  }

  /// Output of every layer, [0] that of layer 0; for calibration and tools.
  [[nodiscard]] std::vector<activations<Scalar>> forward_all(
      const activations<Scalar>& images) const {
    check_input(images);
    std::vector<activations<Scalar>> outputs(layers_.size());
    for (index_t i = 0; i < size(); ++i)
      at(i).forward(i == 0 ? images : outputs[static_cast<std::size_t>(i - 1)],
                    outputs[static_cast<std::size_t>(i)]);
    return outputs;
  }

  /// Class of every image: the greatest output, the first of equals.
  [[nodiscard]] std::vector<index_t> predict(const activations<Scalar>& images) const {
    const activations<Scalar> logits = forward(images);
    std::vector<index_t> classes(static_cast<std::size_t>(images.batch()));
    for (index_t n = 0; n < images.batch(); ++n)
      classes[static_cast<std::size_t>(n)] = greatest_logit(logits, n);
    return classes;
  }

  /// Forward pass of a training step; the result and `images` must live until backward().
  const activations<Scalar>& forward_training(const activations<Scalar>& images) {
    check_input(images);
    expects(images.batch() >= 1, errc::network_state, "a training step needs at least one image");
    for (const stage& s : stages_) {
      activations<Scalar>& out = outputs_[static_cast<std::size_t>(s.last())];
      if (s.norm != nullptr)
        s.norm->forward_training_fused(input_of(s.first, images), out, s.pooled);
      else
        at(s.first).forward_training(input_of(s.first, images), out);
    }
    trained_batch_ = &images;
    return outputs_.back();
  }

  /// Backward pass of the forward_training() just before: fills the gradients of all parameters
  /// from that of the loss by the output. If `grad_images` is not null it becomes the gradient by
  /// the images, else the first layer does not compute it. Throws network_state.
  void backward(const activations<Scalar>& grad_output,
                activations<Scalar>* grad_images = nullptr) {
    expects(trained_batch_ != nullptr, errc::network_state,
            "backward() needs a forward_training() just before");
    const activations<Scalar>& images = *std::exchange(trained_batch_, nullptr);
    const activations<Scalar>* grad_out = &grad_output;
    for (auto s = stages_.rbegin(); s != stages_.rend(); ++s) {
      const index_t i = s->first;
      activations<Scalar>* grad_in =
          i == 0 ? grad_images : &gradients_[static_cast<std::size_t>(i)];
      if (s->norm != nullptr)
        s->norm->backward_fused(input_of(i, images), *grad_out, *grad_in, s->pooled);
      else
        at(i).backward(input_of(i, images), outputs_[static_cast<std::size_t>(i)], *grad_out,
                       grad_in);
      grad_out = grad_in;
    }
  }

  /// Takes over the statistics of the last forward_training(), see layer.
  void commit_statistics() {
    for (const auto& l : layers_) l->commit_statistics();
  }

  /// All parameters, named "layer.parameter", in the order of the layers. Views stay valid as long
  /// as the layers, but not over change_masks().
  [[nodiscard]] std::vector<parameter_view<Scalar>> parameters() {
    std::vector<parameter_view<Scalar>> all;
    for (const auto& l : layers_)
      for (parameter_view<Scalar> p : l->parameters()) {
        p.name = l->name() + "." + p.name;
        all.push_back(std::move(p));
      }
    return all;
  }

  /// All state arrays, named "layer.state".
  [[nodiscard]] std::vector<state_view<Scalar>> state() {
    std::vector<state_view<Scalar>> all;
    for (const auto& l : layers_)
      for (state_view<Scalar> s : l->state()) {
        s.name = l->name() + "." + s.name;
        all.push_back(std::move(s));
      }
    return all;
  }

  /// Masks of all convolutions and fully connected layers, in order: the pattern of the network.
  [[nodiscard]] mask::mask_set masks() const {
    std::vector<mask::layer_mask> all;
    for (const auto& l : layers_)
      if (const auto* conv = dynamic_cast<const conv2d<Scalar>*>(l.get()))
        all.push_back(conv->mask());
    return mask::mask_set(std::move(all));
  }

  /// Gives layers other patterns: those that `masks` names (all must be convolutions or fully
  /// connected layers of the network), the others stay as they are. Weights that exist before and
  /// after keep their value, new ones are zero; see conv2d::change_mask(). The network stays built,
  /// stages run as one stay so; views from parameters() end here, and a backward() needs a new
  /// forward_training(). Returns for every parameter where its numbers are now. Throws mask_shape
  /// for a name that the network does not have or a mask that does not fit its layer: nothing is
  /// changed then.
  mask_change change_masks(const mask::mask_set& masks) {
    check_masks(masks);
    mask_change change;
    for (const auto& l : layers_) {
      auto* conv = dynamic_cast<conv2d<Scalar>*>(l.get());
      const mask::layer_mask* m = conv != nullptr ? masks.find(l->name()) : nullptr;
      const bool changes = m != nullptr && *m != conv->mask();
      std::vector<index_t> moved;
      if (changes) moved = conv->change_mask(*m);
      for (const parameter_view<Scalar>& p : l->parameters()) {
        const auto size = static_cast<index_t>(p.values.size());
        change.push_back({l->name() + "." + p.name, size,
                          changes && p.name == "weights" ? moved : unmoved(size)});
      }
    }
    trained_batch_ = nullptr;
    return change;
  }

  /// Throws what change_masks() would throw for these masks.
  void check_masks(const mask::mask_set& masks) const {
    for (const mask::layer_mask& m : masks) {
      const conv2d<Scalar>* conv = find<conv2d>(m.name);
      expects(conv != nullptr, errc::mask_shape,
              "the network has no convolution or fully connected layer '{}', which a mask names",
              m.name);
      conv->check_change(m);
    }
  }

  /// First output of the last forward_training(), else first parameter or gradient, in the order
  /// of the layers that holds a NaN or infinity; nothing if all are finite.
  [[nodiscard]] std::optional<non_finite_place> first_non_finite() {
    for (const stage& s : stages_)
      if (!all_finite(outputs_[static_cast<std::size_t>(s.last())].values())) {
        const index_t i = first_bad_of(s);
        return non_finite_place{i, at(i).name(), "output"};
      }
    for (index_t i = 0; i < size(); ++i)
      for (const parameter_view<Scalar>& p : at(i).parameters()) {
        if (!all_finite(p.values)) return non_finite_place{i, at(i).name(), p.name};
        if (!all_finite(p.gradient))
          return non_finite_place{i, at(i).name(), "gradient of " + p.name};
      }
    return std::nullopt;
  }

  /// Sizes and costs of every layer. Throws network_state unless built.
  [[nodiscard]] std::vector<layer_summary> summary() const {
    check_built();
    std::vector<layer_summary> lines;
    for (index_t i = 0; i < size(); ++i) {
      const layer<Scalar>& l = at(i);
      lines.push_back({i, l.name(), std::string(l.kind()), shape(i), shape(i + 1), l.weight_count(),
                       l.dense_weight_count(), l.macs(shape(i)), l.dense_macs(shape(i))});
    }
    return lines;
  }

  /// Deep copy of layers and shapes.
  [[nodiscard]] network clone() const {
    network copy;
    for (const auto& l : layers_) copy.layers_.push_back(l->clone());
    if (built()) copy.build(shapes_.front(), params_);
    return copy;
  }

  /// True if no number is NaN or infinite.
  template <typename Range>
  [[nodiscard]] static bool all_finite(const Range& values) {
    bool finite = true;  // no early exit: the loop stays free of branches
    for (const Scalar v : values) finite &= std::abs(v) <= std::numeric_limits<Scalar>::max();
    return finite;
  }

 private:
  /// One layer, or batch norm + ReLU (+ 2 x 2 max pooling) run as one.
  struct stage {
    index_t first = 0;
    index_t count = 1;
    batch_norm<Scalar>* norm = nullptr;  ///< not null: fused
    bool pooled = false;

    [[nodiscard]] index_t last() const { return first + count - 1; }
  };

  template <template <typename> class Layer>
  [[nodiscard]] Layer<Scalar>* layer_as(index_t i) const {
    return i < size() ? dynamic_cast<Layer<Scalar>*>(layers_[static_cast<std::size_t>(i)].get())
                      : nullptr;
  }

  void plan_stages() {
    stages_.clear();
    for (index_t i = 0; i < size(); i = stages_.back().last() + 1) {
      stage s{i, 1, nullptr, false};
      // Not at the front: the input of a fused stage must be one of outputs_.
      batch_norm<Scalar>* norm = params_.fuse && i > 0 ? layer_as<batch_norm>(i) : nullptr;
      if (norm != nullptr && layer_as<relu>(i + 1) != nullptr) {
        const auto* pool = layer_as<max_pool>(i + 2);
        const bool pooled =
            pool != nullptr && pool->params().size == 2 && pool->params().stride == 2;
        s = {i, pooled ? 3 : 2, norm, pooled};
      }
      stages_.push_back(s);
    }
  }

  /// First layer of a stage whose output is not finite: a fused stage runs once more, in steps.
  [[nodiscard]] index_t first_bad_of(const stage& s) {
    if (s.norm == nullptr) return s.first;
    activations<Scalar> now, next;
    for (index_t i = s.first; i < s.last(); ++i) {
      at(i).forward_training(i == s.first ? outputs_[static_cast<std::size_t>(i - 1)] : now, next);
      if (!all_finite(next.values())) return i;
      std::swap(now, next);
    }
    return s.last();
  }

  [[nodiscard]] std::size_t checked_index(index_t i) const {
    expects(i >= 0 && i < size(), errc::network_state,
            "layer {} of a network of {} layers does not exist", i, size());
    return static_cast<std::size_t>(i);
  }

  void check_built() const {
    expects(built(), errc::network_state, "the network must be built first: build(input shape)");
  }

  void check_input(const activations<Scalar>& images) const {
    const map_shape& needed = input_shape();
    const map_shape& given = images.shape();
    expects(given == needed, errc::network_shape,
            "the network was built for {} x {} x {} images, given {} x {} x {}", needed.channels,
            needed.height, needed.width, given.channels, given.height, given.width);
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

  [[nodiscard]] const activations<Scalar>& input_of(index_t i,
                                                    const activations<Scalar>& images) const {
    return i == 0 ? images : outputs_[static_cast<std::size_t>(i - 1)];
  }

  std::vector<std::unique_ptr<layer<Scalar>>> layers_;
  std::vector<map_shape> shapes_;  ///< empty until build()
  build_params params_;
  std::vector<stage> stages_;
  std::vector<activations<Scalar>> outputs_;    ///< of the last layer of each stage
  std::vector<activations<Scalar>> gradients_;  ///< [i]: by the input of layer i
  const activations<Scalar>* trained_batch_ = nullptr;
};

}  // namespace swprune::inline v0::nn
