// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/quant/fixed_point.hpp"

namespace swprune::inline v0::quant {

/// A convolution that computes with the weights that its integer form will have, while training
/// changes real ones: per output channel w -> s * round(w / s), s = largest magnitude / (2^(bits-1)
/// - 1), as quantize() rounds for 8 bits. Backward the rounding counts as the identity. Serves
/// fully connected layers too.
template <typename Scalar>
class aware_conv2d final : public nn::conv2d<Scalar> {
 public:
  /// bits of a weight, sign included, in 2..8. Throws quant_parameter, and what conv2d throws.
  aware_conv2d(mask::layer_mask mask, const nn::conv2d_params& params, int bits)
      : nn::conv2d<Scalar>(std::move(mask), params), bits_(bits) {
    expects(bits >= 2 && bits <= 8, errc::quant_parameter,
            "layer '{}': 2 <= bits <= 8 must hold, given {}", this->name(), bits);
  }

  [[nodiscard]] std::string_view kind() const override { return "aware_conv2d"; }

  /// The convolution with rounded weights.
  [[nodiscard]] nn::conv2d<Scalar> rounded() const {
    nn::conv2d<Scalar> result(this->mask(), this->params());
    std::copy(this->bias().begin(), this->bias().end(), result.bias().begin());
    const double levels = (1 << (bits_ - 1)) - 1;
    std::vector<double> scales(static_cast<std::size_t>(this->mask().out_channels), 0.0);
    this->for_each_weight([&](index_t o, index_t, index_t, std::size_t at) {
      double& s = scales[static_cast<std::size_t>(o)];
      s = std::max(s, std::abs(static_cast<double>(this->weights()[at])) / levels);
    });
    this->for_each_weight([&](index_t o, index_t, index_t, std::size_t at) {
      const double s = scales[static_cast<std::size_t>(o)];
      const auto steps = s > 0 ? std::llround(static_cast<double>(this->weights()[at]) / s) : 0;
      result.weights()[at] = static_cast<Scalar>(static_cast<double>(steps) * s);
    });
    return result;
  }

  void forward(const nn::activations<Scalar>& in, nn::activations<Scalar>& out) const override {
    rounded().forward(in, out);
  }
  void forward_training(const nn::activations<Scalar>& in, nn::activations<Scalar>& out) override {
    rounded_.emplace(rounded());
    rounded_->forward_training(in, out);
  }
  void backward(const nn::activations<Scalar>& in, const nn::activations<Scalar>& out,
                const nn::activations<Scalar>& grad_out,
                nn::activations<Scalar>* grad_in) override {
    expects(rounded_.has_value(), errc::network_state,
            "layer '{}' ({}): backward() needs a forward_training() just before", this->name(),
            kind());
    rounded_->backward(in, out, grad_out, grad_in);
    const auto from = rounded_->parameters();
    const auto to = this->parameters();
    for (std::size_t i = 0; i < to.size(); ++i)
      std::copy(from[i].gradient.begin(), from[i].gradient.end(), to[i].gradient.begin());
  }

  [[nodiscard]] std::vector<nn::layer_field> fields() const override {
    auto all = nn::conv2d<Scalar>::fields();
    all.push_back({"bits", static_cast<double>(bits_)});
    return all;
  }
  [[nodiscard]] std::unique_ptr<nn::layer<Scalar>> clone() const override {
    return std::make_unique<aware_conv2d>(*this);
  }

  aware_conv2d(const aware_conv2d&) = default;

 private:
  int bits_;
  std::optional<nn::conv2d<Scalar>> rounded_;  ///< of the last forward_training()
};

}  // namespace swprune::inline v0::quant
