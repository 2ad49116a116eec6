// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/nn/detail/pool.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::nn {

struct max_pool_params {
  index_t size = 2;    ///< >= 1, window height and width
  index_t stride = 2;  ///< >= 1
};

/// Largest value of each size x size window. Rows and columns that fill no window are dropped (an
/// odd last row for 2 x 2 with stride 2), as on the accelerator. Of equal values the first in row
/// order gets the gradient. NaN passes on.
template <typename Scalar>
class max_pool final : public layer<Scalar> {
 public:
  /// Throws layer_parameter.
  explicit max_pool(std::string name, const max_pool_params& params = {})
      : layer<Scalar>(std::move(name)), params_(params) {
    expects(params_.size >= 1 && params_.stride >= 1, errc::layer_parameter,
            "layer '{}': size and stride must be >= 1, given {} and {}", this->name(), params_.size,
            params_.stride);
  }

  [[nodiscard]] std::string_view kind() const override { return "max_pool"; }
  [[nodiscard]] const max_pool_params& params() const { return params_; }

  [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
    expects(in.height >= params_.size && in.width >= params_.size, errc::layer_shape,
            "layer '{}' ({}): a {} x {} window does not fit a {} x {} x {} map", this->name(),
            kind(), params_.size, params_.size, in.channels, in.height, in.width);
    return {in.channels, (in.height - params_.size) / params_.stride + 1,
            (in.width - params_.size) / params_.stride + 1};
  }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override {
    out.resize(in.batch(), output_shape(in.shape()));
    parallel_for(in.shape().channels, [&](index_t c) {
      for (index_t t = 0; t < in.tiles(); ++t) pool_channel(in, out, t, c);
    });
  }

  void backward(const activations<Scalar>& in, const activations<Scalar>& /*out*/,
                const activations<Scalar>& grad_out, activations<Scalar>* grad_in) override {
    expects(grad_out.shape() == output_shape(in.shape()) && grad_out.batch() == in.batch(),
            errc::layer_shape, "layer '{}' ({}): the gradient must have the shape of the output",
            this->name(), kind());
    if (grad_in == nullptr) return;
    grad_in->resize(in.batch(), in.shape());
    parallel_for(in.shape().channels, [&](index_t c) {
      for (index_t t = 0; t < in.tiles(); ++t) spread_channel(in, grad_out, *grad_in, t, c);
    });
  }

  [[nodiscard]] std::vector<layer_field> fields() const override {
    return {{"size", static_cast<double>(params_.size)},
            {"stride", static_cast<double>(params_.stride)}};
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<max_pool>(*this);
  }

  max_pool(const max_pool&) = default;

 private:
  void pool_channel(const activations<Scalar>& in, activations<Scalar>& out, index_t t,
                    index_t c) const {
    if (params_.size == 2 && params_.stride == 2)
      detail::pool_channel<2, 2>(in.data(t, c), out.data(t, c), in.shape(), out.shape(), 2, 2);
    else
      detail::pool_channel<0, 0>(in.data(t, c), out.data(t, c), in.shape(), out.shape(),
                                 params_.size, params_.stride);
  }

  void spread_channel(const activations<Scalar>& in, const activations<Scalar>& grad_out,
                      activations<Scalar>& grad_in, index_t t, index_t c) const {
    const Scalar* dy = grad_out.data(t, c);
    if (params_.size == 2 && params_.stride == 2)
      detail::unpool_channel<2, 2>(in.data(t, c), dy, grad_in.data(t, c), in.shape(),
                                   grad_out.shape(), 2, 2);
    else
      detail::unpool_channel<0, 0>(in.data(t, c), dy, grad_in.data(t, c), in.shape(),
                                   grad_out.shape(), params_.size, params_.stride);
  }

  max_pool_params params_;
};

SWPRUNE_COMPILED_TEMPLATE(class max_pool<float>)
SWPRUNE_COMPILED_TEMPLATE(class max_pool<double>)

}  // namespace swprune::inline v0::nn
