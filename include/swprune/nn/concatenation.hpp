// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
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

/// Layer of a dense block (Huang et al., DenseNet, CVPR 2017): the input's channels, and behind
/// them those that a path of layers makes of the input.
template <typename Scalar>
class concatenation final : public composite<Scalar> {
 public:
  /// Throws layer_parameter for an empty path.
  concatenation(std::string name, chain<Scalar> path)
      : composite<Scalar>(std::move(name), std::move(path)) {
    expects(!this->path(0).empty(), errc::layer_parameter,
            "layer '{}' (concatenation) needs a path with at least one layer", this->name());
  }

  [[nodiscard]] std::string_view kind() const override { return "concatenation"; }

  [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
    const map_shape made = this->path(0).output_shape(in);
    expects(made.height == in.height && made.width == in.width, errc::layer_shape,
            "layer '{}' ({}): the path gives {} x {} x {} maps, the input has {} x {} x {}",
            this->name(), kind(), made.channels, made.height, made.width, in.channels, in.height,
            in.width);
    return {in.channels + made.channels, in.height, in.width};
  }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override {
    typename composite<Scalar>::loan made(this->spare());
    join(in, this->path(0).forward(in, made.maps()), out);
  }

  void forward_training(const activations<Scalar>& in, activations<Scalar>& out) override {
    join(in, this->path(0).forward_training(in), out);
  }

  void backward(const activations<Scalar>& in, const activations<Scalar>& out,
                const activations<Scalar>& grad_out, activations<Scalar>* grad_in) override {
    expects(grad_out.shape() == out.shape() && grad_out.batch() == in.batch(), errc::layer_shape,
            "layer '{}' ({}): the gradient must have the shape of the output", this->name(),
            kind());
    const map_shape& s = out.shape();
    grad_made_.resize(in.batch(), {s.channels - in.shape().channels, s.height, s.width});
    detail::copy_channels(grad_out, in.shape().channels, grad_made_, 0);
    this->path(0).backward(in, grad_made_, grad_in);
    if (grad_in != nullptr) detail::accumulate_maps(grad_out, *grad_in);
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<concatenation>(*this);
  }

  concatenation(const concatenation&) = default;

 private:
  void join(const activations<Scalar>& in, const activations<Scalar>& made,
            activations<Scalar>& out) const {
    const map_shape& s = in.shape();
    expects(made.shape().height == s.height && made.shape().width == s.width, errc::layer_shape,
            "layer '{}' ({}): the path's maps have another size than the input's", this->name(),
            kind());
    out.resize(in.batch(), {s.channels + made.shape().channels, s.height, s.width});
    detail::copy_channels(in, 0, out, 0);
    detail::copy_channels(made, 0, out, s.channels);
  }

  activations<Scalar> grad_made_;  ///< kept for its storage only
};

SWPRUNE_COMPILED_TEMPLATE(class concatenation<float>)
SWPRUNE_COMPILED_TEMPLATE(class concatenation<double>)

}  // namespace swprune::inline v0::nn
