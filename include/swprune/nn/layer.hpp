// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/activations.hpp"

namespace swprune::inline v0::nn {

template <typename Scalar>
class chain;
namespace detail {
template <typename Scalar>
class spare_maps;
}

struct build_params {
  /// Run batch norm, ReLU and 2 x 2 max pooling that follow each other in one pass, and the batch
  /// norm at the end of a residual block's path with its sum. Changes memory and speed, no result.
  bool fuse = true;
};

/// What an optimiser may change. Only what is stored is listed: an absent block or tap has no
/// number here.
template <typename Scalar>
struct parameter_view {
  std::string name;            ///< "weights", "bias", "scale", "shift"; the network adds the layer
  std::span<Scalar> values;    ///< owned by the layer
  std::span<Scalar> gradient;  ///< same size; backward() overwrites it
  bool decays = true;          ///< weight decay applies
};

/// Numbers that training changes without a gradient (running statistics).
template <typename Scalar>
struct state_view {
  std::string name;
  std::span<Scalar> values;
};

/// One number that says how a layer was made: what files store beside the arrays.
struct layer_field {
  std::string name;
  double value = 0;
};

/// One step of a network. A layer owns its arrays; it keeps no activations (a composite layer those
/// between the layers inside it): the caller hands the input and output of forward_training() to
/// backward() again, so memory is the network's matter.
/// `double` is for gradient checks only.
template <typename Scalar>
class layer {
 public:
  explicit layer(std::string name) : name_(std::move(name)) {
    expects(!name_.empty(), errc::layer_parameter, "a layer needs a name, given an empty one");
  }
  virtual ~layer() = default;

  /// Unique within a network.
  [[nodiscard]] const std::string& name() const { return name_; }

  /// What the layer is, the same word in files: "conv2d", "relu", ...
  [[nodiscard]] virtual std::string_view kind() const = 0;

  /// Shape that leaves for the shape that enters. Throws layer_shape if it cannot enter.
  [[nodiscard]] virtual map_shape output_shape(const map_shape& input) const = 0;

  /// Inference. Resizes `out`. Throws layer_shape for maps that do not fit.
  virtual void forward(const activations<Scalar>& in, activations<Scalar>& out) const = 0;

  /// Sets the generator of the training steps that follow, for layers that draw (dropout).
  virtual void begin_step(const rng& /*random*/) {}

  /// As forward(), with what training does differently (batch statistics).
  virtual void forward_training(const activations<Scalar>& in, activations<Scalar>& out) {
    forward(in, out);
  }

  /// From the gradient of the loss by `out` to the gradients by the parameters, which are
  /// overwritten, and by `in`, unless `grad_in` is null: nobody needs that of the images.
  /// `in` and `out` are those of the forward_training() just before.
  virtual void backward(const activations<Scalar>& in, const activations<Scalar>& out,
                        const activations<Scalar>& grad_out, activations<Scalar>* grad_in) = 0;

  /// Takes over into the state what the last forward_training() measured. Not part of it, so that
  /// a step that is given up (a loss that is not finite) leaves the layer as it was.
  virtual void commit_statistics() {}

  /// Chains inside a composite layer; all start at its input. None for other layers.
  [[nodiscard]] virtual std::vector<const chain<Scalar>*> paths() const { return {}; }

  /// Tells how to run what is inside, and where its inference has maps from.
  virtual void plan(const build_params& /*params*/,
                    const std::shared_ptr<detail::spare_maps<Scalar>>& /*spare*/) {}

  [[nodiscard]] virtual std::vector<parameter_view<Scalar>> parameters() { return {}; }
  [[nodiscard]] virtual std::vector<state_view<Scalar>> state() { return {}; }
  [[nodiscard]] virtual std::vector<layer_field> fields() const { return {}; }

  /// Kept weights: without absent blocks and taps, padding of the last group, and bias.
  [[nodiscard]] virtual index_t weight_count() const { return 0; }
  /// Weights if no block or tap were absent.
  [[nodiscard]] virtual index_t dense_weight_count() const { return 0; }
  /// Multiplications of kept weights for one image, taps on padding included as the accelerator
  /// counts them.
  [[nodiscard]] virtual index_t macs(const map_shape& /*input*/) const { return 0; }
  /// macs() if no block or tap were absent.
  [[nodiscard]] virtual index_t dense_macs(const map_shape& /*input*/) const { return 0; }

  /// Deep copy.
  [[nodiscard]] virtual std::unique_ptr<layer> clone() const = 0;

 protected:
  layer(const layer&) = default;
  layer& operator=(const layer&) = delete;

 private:
  std::string name_;
};

}  // namespace swprune::inline v0::nn
