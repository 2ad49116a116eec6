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
#include "swprune/nn/detail/for_each_map.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::nn {

struct option_a_params {
  index_t in_channels = 1;   ///< >= 1
  index_t out_channels = 1;  ///< >= in_channels
  index_t stride = 1;        ///< >= 1
};

/// Shortcut without weights (option A of He et al., CVPR 2016): every stride-th row and column of
/// the input, its channels in the middle of the output's, which are zero on both sides:
/// out[c + (out_channels - in_channels) / 2][y][x] = in[c][y * stride][x * stride].
template <typename Scalar>
class option_a_shortcut final : public layer<Scalar> {
 public:
  /// Throws layer_parameter.
  option_a_shortcut(std::string name, const option_a_params& params)
      : layer<Scalar>(std::move(name)), params_(params) {
    expects(params_.in_channels >= 1 && params_.out_channels >= params_.in_channels &&
                params_.stride >= 1,
            errc::layer_parameter,
            "layer '{}': in_channels >= 1, out_channels >= in_channels and stride >= 1 must hold, "
            "given {}, {} and {}",
            this->name(), params_.in_channels, params_.out_channels, params_.stride);
  }

  [[nodiscard]] std::string_view kind() const override { return "option_a_shortcut"; }
  [[nodiscard]] const option_a_params& params() const { return params_; }

  [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
    expects(in.channels == params_.in_channels, errc::layer_shape,
            "layer '{}' ({}) needs {} channels, given a {} x {} x {} map", this->name(), kind(),
            params_.in_channels, in.channels, in.height, in.width);
    return {params_.out_channels, ceil_div(in.height, params_.stride),
            ceil_div(in.width, params_.stride)};
  }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override {
    out.resize(in.batch(), output_shape(in.shape()));
    detail::for_each_map(out, [&](index_t t, index_t c) {
      Scalar* y = out.data(t, c);
      const index_t from = c - first_channel();
      if (from < 0 || from >= params_.in_channels) {
        std::fill(y, y + out.channel_size(), Scalar(0));
        return;
      }
      const Scalar* x = in.data(t, from);
      for_each_pixel(in.shape(), out.shape(),
                     [&](index_t at, index_t kept) { std::copy_n(x + at, lanes, y + kept); });
    });
  }

  void backward(const activations<Scalar>& in, const activations<Scalar>& out,
                const activations<Scalar>& grad_out, activations<Scalar>* grad_in) override {
    expects(grad_out.shape() == out.shape() && grad_out.batch() == in.batch(), errc::layer_shape,
            "layer '{}' ({}): the gradient must have the shape of the output", this->name(),
            kind());
    if (grad_in == nullptr) return;
    grad_in->resize(in.batch(), in.shape());
    detail::for_each_map(in, [&](index_t t, index_t c) {
      const Scalar* dy = grad_out.data(t, c + first_channel());
      Scalar* dx = grad_in->data(t, c);
      std::fill(dx, dx + in.channel_size(), Scalar(0));
      for_each_pixel(in.shape(), out.shape(),
                     [&](index_t at, index_t kept) { std::copy_n(dy + kept, lanes, dx + at); });
    });
  }

  [[nodiscard]] std::vector<layer_field> fields() const override {
    return {{"in_channels", static_cast<double>(params_.in_channels)},
            {"out_channels", static_cast<double>(params_.out_channels)},
            {"stride", static_cast<double>(params_.stride)}};
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<option_a_shortcut>(*this);
  }

  option_a_shortcut(const option_a_shortcut&) = default;

 private:
  [[nodiscard]] index_t first_channel() const {
    return (params_.out_channels - params_.in_channels) / 2;
  }

  /// visit(offset in the input's map, offset in the output's map).
  template <typename Visit>
  void for_each_pixel(const map_shape& in, const map_shape& out, const Visit& visit) const {
    for (index_t y = 0; y < out.height; ++y)
      for (index_t x = 0; x < out.width; ++x)
        visit((y * in.width + x) * params_.stride * lanes, (y * out.width + x) * lanes);
  }

  option_a_params params_;
};

SWPRUNE_COMPILED_TEMPLATE(class option_a_shortcut<float>)
SWPRUNE_COMPILED_TEMPLATE(class option_a_shortcut<double>)

}  // namespace swprune::inline v0::nn
