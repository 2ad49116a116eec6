// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/nn/composite.hpp"
#include "swprune/nn/detail/add.hpp"

namespace swprune::inline v0::nn {

struct residual_params {
  bool relu = true;  ///< max(sum, 0) leaves the block, as in the first form; false: the sum
};

/// Residual block (He et al., CVPR 2016): what a path of layers makes of the input is added to what
/// a shortcut makes of it. An empty shortcut is the identity; where the path changes the shape it
/// is an option_a_shortcut, or a projection, which is a 1 x 1 conv2d and a batch_norm.
template <typename Scalar>
class residual final : public composite<Scalar> {
 public:
  /// Throws layer_parameter for an empty path.
  residual(std::string name, chain<Scalar> path, chain<Scalar> shortcut = {},
           const residual_params& params = {})
      : composite<Scalar>(std::move(name), std::move(path), std::move(shortcut)), params_(params) {
    expects(!this->path(0).empty(), errc::layer_parameter,
            "layer '{}' (residual) needs a path with at least one layer", this->name());
  }

  [[nodiscard]] std::string_view kind() const override { return "residual"; }
  [[nodiscard]] const residual_params& params() const { return params_; }

  [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
    const map_shape a = this->path(0).output_shape(in);
    const map_shape b = shortcut().output_shape(in);
    expects(a == b, errc::layer_shape,
            "layer '{}' ({}): the path gives {} x {} x {} maps, the {} {} x {} x {}", this->name(),
            kind(), a.channels, a.height, a.width, shortcut().empty() ? "identity" : "shortcut",
            b.channels, b.height, b.width);
    return a;
  }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override {
    const chain<Scalar>& path = this->path(0);
    typename composite<Scalar>::loan b(this->spare());
    const activations<Scalar>& other = shortcut().forward(in, b.maps());
    if (path.takes_sum()) {
      check_sum(path.output_shape(in.shape()), other.shape());
      path.forward_sum(in, other, params_.relu, out);
      return;
    }
    typename composite<Scalar>::loan a(this->spare());
    sum(path.forward(in, a.maps()), other, out);
  }

  void forward_training(const activations<Scalar>& in, activations<Scalar>& out) override {
    chain<Scalar>& path = this->path(0);
    if (!path.takes_sum()) {
      sum(path.forward_training(in), shortcut().forward_training(in), out);
      return;
    }
    const activations<Scalar>& other = shortcut().forward_training(in);
    check_sum(path.output_shape(in.shape()), other.shape());
    path.forward_training_sum(in, other, params_.relu, out);
  }

  void backward(const activations<Scalar>& in, const activations<Scalar>& out,
                const activations<Scalar>& grad_out, activations<Scalar>* grad_in) override {
    expects(grad_out.shape() == out.shape() && grad_out.batch() == in.batch(), errc::layer_shape,
            "layer '{}' ({}): the gradient must have the shape of the output", this->name(),
            kind());
    if (this->path(0).takes_sum()) {
      backward_fused(in, out, grad_out, grad_in);
      return;
    }
    if (params_.relu) {
      grad_sum_.resize(out.batch(), out.shape());
      detail::mask_gradient(out, grad_out, grad_sum_);
    }
    const activations<Scalar>& grad_sum = params_.relu ? grad_sum_ : grad_out;
    this->path(0).backward(in, grad_sum, grad_in);
    backward_shortcut(in, grad_sum, grad_in);
  }

  [[nodiscard]] std::vector<layer_field> fields() const override {
    return {{"relu", params_.relu ? 1.0 : 0.0}};
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<residual>(*this);
  }

  residual(const residual&) = default;

 private:
  [[nodiscard]] chain<Scalar>& shortcut() { return this->path(1); }
  [[nodiscard]] const chain<Scalar>& shortcut() const { return this->path(1); }

  void check_sum(const map_shape& a, const map_shape& b) const {
    expects(a == b, errc::layer_shape,
            "layer '{}' ({}): the path and the shortcut give maps of different shapes",
            this->name(), kind());
  }

  /// The shortcut's share goes into `grad_in` first, where the path adds its own.
  void backward_fused(const activations<Scalar>& in, const activations<Scalar>& out,
                      const activations<Scalar>& grad_out, activations<Scalar>* grad_in) {
    chain<Scalar>& path = this->path(0);
    const bool identity = shortcut().empty();
    activations<Scalar>& grad_sum = identity && grad_in != nullptr ? *grad_in : grad_sum_;
    grad_sum.resize(out.batch(), out.shape());
    path.backward_sum(in, out, grad_out, params_.relu, grad_sum);
    if (!identity) shortcut().backward(in, grad_sum, grad_in);
    path.backward_adding(in, grad_in);
  }

  void sum(const activations<Scalar>& a, const activations<Scalar>& b,
           activations<Scalar>& out) const {
    check_sum(a.shape(), b.shape());
    out.resize(a.batch(), a.shape());
    detail::add_maps(a, b, params_.relu, out);
  }

  /// Adds the shortcut's share to `grad_in`.
  void backward_shortcut(const activations<Scalar>& in, const activations<Scalar>& grad_sum,
                         activations<Scalar>* grad_in) {
    if (shortcut().empty()) {
      if (grad_in != nullptr) detail::accumulate_maps(grad_sum, *grad_in);
      return;
    }
    shortcut().backward(in, grad_sum, grad_in == nullptr ? nullptr : &grad_shortcut_);
    if (grad_in != nullptr) detail::accumulate_maps(grad_shortcut_, *grad_in);
  }

  residual_params params_;
  activations<Scalar> grad_sum_, grad_shortcut_;  ///< kept for their storage only
};

SWPRUNE_COMPILED_TEMPLATE(class residual<float>)
SWPRUNE_COMPILED_TEMPLATE(class residual<double>)

}  // namespace swprune::inline v0::nn
