// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/quant/fixed_point.hpp"

namespace swprune::inline v0::quant {

/// What the bytes between two integer layers do to real numbers:
/// y = scale * clamp(floor(x / scale + 1/2), lo, hi), ties up as in fixed_point.hpp, lo and hi
/// those of range_of_byte(). Backward the rounding counts as the identity (straight-through
/// estimator, Bengio et al., 2013): the gradient passes where x is within the range and is zero
/// beyond.
template <typename Scalar>
class fake_quantise final : public nn::layer<Scalar> {
 public:
  /// Throws quant_parameter unless scale > 0.
  fake_quantise(std::string name, double scale, bool is_signed)
      : nn::layer<Scalar>(std::move(name)), scale_(scale), is_signed_(is_signed) {
    expects(scale > 0 && std::isfinite(scale), errc::quant_parameter,
            "layer '{}': the scale must be > 0, given {}", this->name(), scale);
  }

  [[nodiscard]] std::string_view kind() const override { return "fake_quantise"; }
  [[nodiscard]] double scale() const { return scale_; }
  [[nodiscard]] bool is_signed() const { return is_signed_; }
  [[nodiscard]] map_shape output_shape(const map_shape& in) const override { return in; }

  void forward(const nn::activations<Scalar>& in, nn::activations<Scalar>& out) const override {
    out.resize(in.batch(), in.shape());
    const auto [lo, hi] = limits();
    const auto scale = static_cast<Scalar>(scale_);
    const auto inverse = static_cast<Scalar>(1 / scale_);
    const Scalar* x = in.values().data();
    Scalar* y = out.values().data();
    for (std::size_t i = 0; i < out.values().size(); ++i)
      y[i] = scale * std::clamp(std::floor(x[i] * inverse + Scalar(0.5)), lo, hi);
  }

  void backward(const nn::activations<Scalar>& in, const nn::activations<Scalar>& /*out*/,
                const nn::activations<Scalar>& grad_out,
                nn::activations<Scalar>* grad_in) override {
    expects(grad_out.shape() == in.shape() && grad_out.batch() == in.batch(), errc::layer_shape,
            "layer '{}' ({}): the gradient must have the shape of the input", this->name(), kind());
    if (grad_in == nullptr) return;
    grad_in->resize(in.batch(), in.shape());
    const auto [lo, hi] = limits();
    const auto inverse = static_cast<Scalar>(1 / scale_);
    const Scalar* x = in.values().data();
    const Scalar* dy = grad_out.values().data();
    Scalar* dx = grad_in->values().data();
    for (std::size_t i = 0; i < grad_in->values().size(); ++i) {
      const Scalar steps = std::floor(x[i] * inverse + Scalar(0.5));
      dx[i] = steps >= lo && steps <= hi ? dy[i] : Scalar(0);
    }
  }

  [[nodiscard]] std::vector<nn::layer_field> fields() const override {
    return {{"scale", scale_}, {"signed", is_signed_ ? 1.0 : 0.0}};
  }
  [[nodiscard]] std::unique_ptr<nn::layer<Scalar>> clone() const override {
    return std::make_unique<fake_quantise>(*this);
  }

  fake_quantise(const fake_quantise&) = default;

 private:
  [[nodiscard]] std::pair<Scalar, Scalar> limits() const {
    const byte_range range = range_of_byte(is_signed_);
    return {static_cast<Scalar>(range.lo), static_cast<Scalar>(range.hi)};
  }

  double scale_;
  bool is_signed_;
};

}  // namespace swprune::inline v0::quant
