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
#include "swprune/nn/detail/average.hpp"
#include "swprune/nn/detail/for_each_map.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::nn {

struct average_pool_params {
  index_t size = 2;    ///< >= 1, window height and width
  index_t stride = 2;  ///< >= 1
};

/// Mean of each size x size window. Rows and columns that fill no window are dropped, as in
/// max_pool.
template <typename Scalar>
class average_pool final : public layer<Scalar> {
 public:
  /// Throws layer_parameter.
  explicit average_pool(std::string name, const average_pool_params& params = {})
      : layer<Scalar>(std::move(name)), params_(params) {
    expects(params_.size >= 1 && params_.stride >= 1, errc::layer_parameter,
            "layer '{}': size and stride must be >= 1, given {} and {}", this->name(), params_.size,
            params_.stride);
  }

  [[nodiscard]] std::string_view kind() const override { return "average_pool"; }
  [[nodiscard]] const average_pool_params& params() const { return params_; }

  [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
    expects(in.height >= params_.size && in.width >= params_.size, errc::layer_shape,
            "layer '{}' ({}): a {} x {} window does not fit a {} x {} x {} map", this->name(),
            kind(), params_.size, params_.size, in.channels, in.height, in.width);
    return {in.channels, (in.height - params_.size) / params_.stride + 1,
            (in.width - params_.size) / params_.stride + 1};
  }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override {
    out.resize(in.batch(), output_shape(in.shape()));
    detail::for_each_map(in, [&](index_t t, index_t c) {
      detail::average_windows(in.data(t, c), out.data(t, c), in.shape(), out.shape(),
                              {params_.size, params_.size, params_.stride});
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
                             {params_.size, params_.size, params_.stride});
    });
  }

  [[nodiscard]] std::vector<layer_field> fields() const override {
    return {{"size", static_cast<double>(params_.size)},
            {"stride", static_cast<double>(params_.stride)}};
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<average_pool>(*this);
  }

  average_pool(const average_pool&) = default;

 private:
  average_pool_params params_;
};

SWPRUNE_COMPILED_TEMPLATE(class average_pool<float>)
SWPRUNE_COMPILED_TEMPLATE(class average_pool<double>)

}  // namespace swprune::inline v0::nn
