// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/nn/detail/average.hpp"
#include "swprune/nn/detail/for_each_map.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::nn {

/// Mean of each channel: a C x H x W map becomes C x 1 x 1.
template <typename Scalar>
class global_average_pool final : public layer<Scalar> {
 public:
  using layer<Scalar>::layer;

  [[nodiscard]] std::string_view kind() const override { return "global_average_pool"; }
  [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
    return {in.channels, 1, 1};
  }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override {
    out.resize(in.batch(), output_shape(in.shape()));
    detail::for_each_map(in, [&](index_t t, index_t c) {
      detail::average_windows(in.data(t, c), out.data(t, c), in.shape(), out.shape(),
                              whole(in.shape()));
    });
  }

  void backward(const activations<Scalar>& in, const activations<Scalar>& /*out*/,
                const activations<Scalar>& grad_out, activations<Scalar>* grad_in) override {
    expects(grad_out.shape() == output_shape(in.shape()) && grad_out.batch() == in.batch(),
            errc::layer_shape, "layer '{}' ({}): the gradient must have the shape of the output",
            this->name(), kind());
    if (grad_in == nullptr) return;
    grad_in->resize(in.batch(), in.shape());
    detail::for_each_map(in, [&](index_t t, index_t c) {
      detail::spread_average(grad_out.data(t, c), grad_in->data(t, c), in.shape(), grad_out.shape(),
                             whole(in.shape()));
    });
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<global_average_pool>(*this);
  }

  global_average_pool(const global_average_pool&) = default;

 private:
  [[nodiscard]] static detail::average_window whole(const map_shape& in) {
    return {in.height, in.width, 1};
  }
};

SWPRUNE_COMPILED_TEMPLATE(class global_average_pool<float>)
SWPRUNE_COMPILED_TEMPLATE(class global_average_pool<double>)

}  // namespace swprune::inline v0::nn
