// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/mask/mask_set.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/chain.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/detail/all_finite.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/nn/layer_summary.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/mask_change.hpp"

namespace swprune::inline v0::nn {

/// Where a number that is not finite was found first.
struct non_finite_place {
  index_t layer = 0;
  std::string name;
  std::string what;  ///< "output", or the parameter's name
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
    unbuild();
    return chain_.template add<Layer>(std::forward<Arguments>(arguments)...);
  }

  layer<Scalar>& add(std::unique_ptr<layer<Scalar>> made) {
    unbuild();
    return chain_.add(std::move(made));
  }

  /// Checks the chain for images of `input` and fixes the shapes. Throws network_shape naming the
  /// layer and both shapes.
  SWPRUNE_COLD void build(const map_shape& input, const build_params& params = {}) {
    expects(!chain_.empty(), errc::network_shape, "a network needs at least one layer");
    expects(input.channels >= 1 && input.height >= 1 && input.width >= 1, errc::network_shape,
            "the input needs channels, height and width >= 1, given {} x {} x {}", input.channels,
            input.height, input.width);
    shapes_ = chain_.shapes(input);
    trained_batch_ = nullptr;
    params_ = params;
    chain_.plan(params, std::make_shared<detail::spare_maps<Scalar>>());
  }

  [[nodiscard]] bool built() const { return !shapes_.empty(); }
  [[nodiscard]] index_t size() const { return chain_.size(); }

  /// Layer `i`, 0 <= i < size(). Throws network_state.
  [[nodiscard]] layer<Scalar>& at(index_t i) { return chain_.at(i); }
  [[nodiscard]] const layer<Scalar>& at(index_t i) const { return chain_.at(i); }

  /// All layers, those inside a composite layer before it: the order of summary(), forward_all()
  /// and parameters().
  [[nodiscard]] std::vector<layer<Scalar>*> layers() { return chain_.layers(); }
  [[nodiscard]] std::vector<const layer<Scalar>*> layers() const { return chain_.layers(); }

  /// Layer of that name as a Layer, or nullptr, inside composite layers as well:
  /// net.find<conv2d>("layer1.0.conv2").
  template <template <typename> class Layer>
  [[nodiscard]] Layer<Scalar>* find(std::string_view name) {
    return find_in<Layer<Scalar>>(layers(), name);
  }
  template <template <typename> class Layer>
  [[nodiscard]] const Layer<Scalar>* find(std::string_view name) const {
    return find_in<const Layer<Scalar>>(layers(), name);
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
    activations<Scalar> out;
    chain_.forward(images, out);
    return out;
  }

  /// Output of every layer in the order of layers(); for calibration and tools.
  [[nodiscard]] std::vector<activations<Scalar>> forward_all(
      const activations<Scalar>& images) const {
    check_input(images);
    std::vector<activations<Scalar>> outputs;
    chain_.forward_all(images, outputs);
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

  /// Sets the generator of the training steps that follow, each of which should have its own, as
  /// random.stream("step", epoch, batch): layers that draw (dropout) need it.
  void begin_step(const rng& random) { chain_.begin_step(random); }

  /// Forward pass of a training step; the result and `images` must live until backward().
  const activations<Scalar>& forward_training(const activations<Scalar>& images) {
    check_input(images);
    expects(images.batch() >= 1, errc::network_state, "a training step needs at least one image");
    trained_batch_ = &images;
    return chain_.forward_training(images);
  }

  /// Backward pass of the forward_training() just before: fills the gradients of all parameters
  /// from that of the loss by the output. If `grad_images` is not null it becomes the gradient by
  /// the images, else the first layer does not compute it. Throws network_state.
  void backward(const activations<Scalar>& grad_output,
                activations<Scalar>* grad_images = nullptr) {
    expects(trained_batch_ != nullptr, errc::network_state,
            "backward() needs a forward_training() just before");
    const activations<Scalar>& images = *std::exchange(trained_batch_, nullptr);
    chain_.backward(images, grad_output, grad_images);
  }

  /// Takes over the statistics of the last forward_training(), see layer.
  void commit_statistics() { chain_.commit_statistics(); }

  /// All parameters, named "layer.parameter", in the order of the layers. Views stay valid as long
  /// as the layers, but not over change_masks().
  [[nodiscard]] std::vector<parameter_view<Scalar>> parameters() { return chain_.parameters(); }

  /// All state arrays, named "layer.state".
  [[nodiscard]] std::vector<state_view<Scalar>> state() { return chain_.state(); }

  /// Masks of all convolutions and fully connected layers, in order: the pattern of the network.
  [[nodiscard]] SWPRUNE_COLD mask::mask_set masks() const {
    std::vector<mask::layer_mask> all;
    for (const layer<Scalar>* l : layers())
      if (const auto* conv = dynamic_cast<const conv2d<Scalar>*>(l)) all.push_back(conv->mask());
    return mask::mask_set(std::move(all));
  }

  /// Gives layers other patterns: those that `masks` names (all must be convolutions or fully
  /// connected layers of the network), the others stay as they are. Weights that exist before and
  /// after keep their value, new ones are zero; see conv2d::change_mask(). The network stays built,
  /// stages run as one stay so; views from parameters() end here, and a backward() needs a new
  /// forward_training(). Returns for every parameter where its numbers are now. Throws mask_shape
  /// for a name that the network does not have or a mask that does not fit its layer: nothing is
  /// changed then.
  SWPRUNE_COLD mask_change change_masks(const mask::mask_set& masks) {
    check_masks(masks);
    mask_change change;
    for (layer<Scalar>* l : layers()) {
      if (!l->paths().empty()) continue;
      auto* conv = dynamic_cast<conv2d<Scalar>*>(l);
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
  SWPRUNE_COLD void check_masks(const mask::mask_set& masks) const {
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
  [[nodiscard]] SWPRUNE_COLD std::optional<non_finite_place> first_non_finite() {
    const layer<Scalar>* bad = chain_.first_non_finite_output();
    const std::vector<layer<Scalar>*> all = layers();
    for (index_t i = 0; i < std::ssize(all); ++i)
      if (all[static_cast<std::size_t>(i)] == bad)
        return non_finite_place{i, bad->name(), "output"};
    for (index_t i = 0; i < std::ssize(all); ++i) {
      layer<Scalar>& l = *all[static_cast<std::size_t>(i)];
      if (!l.paths().empty()) continue;
      for (const parameter_view<Scalar>& p : l.parameters()) {
        if (!all_finite(p.values)) return non_finite_place{i, l.name(), p.name};
        if (!all_finite(p.gradient)) return non_finite_place{i, l.name(), "gradient of " + p.name};
      }
    }
    return std::nullopt;
  }

  /// Sizes and costs of every layer. Throws network_state unless built.
  [[nodiscard]] SWPRUNE_COLD std::vector<layer_summary> summary() const {
    check_built();
    std::vector<layer_summary> lines;
    chain_.summarise(input_shape(), 0, lines);
    return lines;
  }

  /// Deep copy of layers and shapes.
  [[nodiscard]] network clone() const {
    network copy;
    copy.chain_ = chain<Scalar>(chain_);
    if (built()) copy.build(shapes_.front(), params_);
    return copy;
  }

  /// True if no number is NaN or infinite.
  template <typename Range>
  [[nodiscard]] static bool all_finite(const Range& values) {
    return detail::all_finite<Scalar>(values);
  }

 private:
  template <typename Wanted, typename Layers>
  [[nodiscard]] static Wanted* find_in(const Layers& all, std::string_view name) {
    for (auto* l : all)
      if (l->name() == name) return dynamic_cast<Wanted*>(l);
    return nullptr;
  }

  void unbuild() {
    shapes_.clear();
    trained_batch_ = nullptr;
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

  chain<Scalar> chain_;
  std::vector<map_shape> shapes_;  ///< empty until build()
  build_params params_;
  const activations<Scalar>* trained_batch_ = nullptr;
};

SWPRUNE_COMPILED_TEMPLATE(class network<float>)
SWPRUNE_COMPILED_TEMPLATE(class network<double>)

}  // namespace swprune::inline v0::nn
