// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/nn/conv2d.hpp"

namespace swprune::inline v0::nn {

/// Fully connected layer: a valid convolution whose kernel is as large as the map (1 x 1 after a
/// flat vector), here as in files and on the accelerator, so that no order of flattening exists.
template <typename Scalar>
class fully_connected final : public conv2d<Scalar> {
 public:
  /// All weights zero. Throws as conv2d does.
  explicit fully_connected(mask::layer_mask mask, bool bias = false)
      : conv2d<Scalar>(std::move(mask), {.stride = 1, .padding = 0, .bias = bias}) {}

  [[nodiscard]] std::string_view kind() const override { return "fully_connected"; }

  [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
    const mask::layer_mask& m = this->mask();
    expects(
        in.channels == m.in_channels && in.height == m.kernel_height && in.width == m.kernel_width,
        errc::layer_shape, "layer '{}' ({}) needs a {} x {} x {} map, given {} x {} x {}",
        this->name(), kind(), m.in_channels, m.kernel_height, m.kernel_width, in.channels,
        in.height, in.width);
    return {m.out_channels, 1, 1};
  }

  [[nodiscard]] std::vector<layer_field> fields() const override {
    return {{"bias", this->params().bias ? 1.0 : 0.0}};
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<fully_connected>(*this);
  }
};

SWPRUNE_COMPILED_TEMPLATE(class fully_connected<float>)
SWPRUNE_COMPILED_TEMPLATE(class fully_connected<double>)

}  // namespace swprune::inline v0::nn
