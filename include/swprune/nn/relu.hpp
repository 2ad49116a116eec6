// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/nn/detail/for_each_map.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::nn {

/// y = max(x, 0); the gradient passes where y > 0. NaN passes on, so that it is noticed.
template <typename Scalar>
class relu final : public layer<Scalar> {
 public:
  using layer<Scalar>::layer;

  [[nodiscard]] std::string_view kind() const override { return "relu"; }
  [[nodiscard]] map_shape output_shape(const map_shape& in) const override { return in; }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override {
    out.resize(in.batch(), in.shape());
    detail::for_each_map(in, [&](index_t t, index_t c) {
      const Scalar* x = in.data(t, c);
      Scalar* y = out.data(t, c);
      for (index_t i = 0; i < in.channel_size(); ++i) y[i] = x[i] < Scalar(0) ? Scalar(0) : x[i];
    });
  }

  void backward(const activations<Scalar>& in, const activations<Scalar>& out,
                const activations<Scalar>& grad_out, activations<Scalar>* grad_in) override {
    expects(grad_out.shape() == in.shape() && grad_out.batch() == in.batch(), errc::layer_shape,
            "layer '{}' ({}): the gradient must have the shape of the input", this->name(), kind());
    if (grad_in == nullptr) return;
    grad_in->resize(in.batch(), in.shape());
    detail::for_each_map(in, [&](index_t t, index_t c) {
      const Scalar* y = out.data(t, c);
      const Scalar* dy = grad_out.data(t, c);
      Scalar* dx = grad_in->data(t, c);
      for (index_t i = 0; i < in.channel_size(); ++i) dx[i] = y[i] > Scalar(0) ? dy[i] : Scalar(0);
    });
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<relu>(*this);
  }

  relu(const relu&) = default;
};

SWPRUNE_COMPILED_TEMPLATE(class relu<float>)
SWPRUNE_COMPILED_TEMPLATE(class relu<double>)

}  // namespace swprune::inline v0::nn
