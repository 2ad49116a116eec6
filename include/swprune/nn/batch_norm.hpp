// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/detail/fused_norm.hpp"
#include "swprune/nn/detail/map_sums.hpp"
#include "swprune/nn/detail/normalise.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::nn {

struct batch_norm_params {
  double epsilon = 1e-5;  ///< > 0, added to the variance
  double momentum = 0.1;  ///< 0 < momentum <= 1: share of a new batch in the running statistics
};

/// Batch normalisation over images and pixels (Ioffe and Szegedy, ICML 2015):
/// y = scale * (x - mean) / sqrt(variance + epsilon) + shift, per channel. Statistics are those of
/// the real images of the batch in training (divided by images x pixels), running averages in
/// inference (variance unbiased there). Dead lanes stay zero although `shift` would fill them.
template <typename Scalar>
class batch_norm final : public layer<Scalar> {
 public:
  /// scale 1, shift 0, running mean 0 and variance 1. Throws layer_parameter.
  batch_norm(std::string name, index_t channels, const batch_norm_params& params = {})
      : layer<Scalar>(std::move(name)), params_(params) {
    expects(channels >= 1, errc::layer_parameter, "layer '{}': channels must be >= 1, given {}",
            this->name(), channels);
    expects(params_.epsilon > 0 && std::isfinite(params_.epsilon), errc::layer_parameter,
            "layer '{}': epsilon must be > 0, given {}", this->name(), params_.epsilon);
    expects(params_.momentum > 0 && params_.momentum <= 1, errc::layer_parameter,
            "layer '{}': 0 < momentum <= 1 must hold, given {}", this->name(), params_.momentum);
    const auto n = static_cast<std::size_t>(channels);
    scale_.assign(n, Scalar(1));
    shift_.assign(n, Scalar(0));
    scale_gradient_.assign(n, Scalar(0));
    shift_gradient_.assign(n, Scalar(0));
    running_mean_.assign(n, Scalar(0));
    running_variance_.assign(n, Scalar(1));
  }

  [[nodiscard]] std::string_view kind() const override { return "batch_norm"; }
  [[nodiscard]] const batch_norm_params& params() const { return params_; }
  [[nodiscard]] index_t channels() const { return static_cast<index_t>(scale_.size()); }

  /// All [channels]; folding into the weights of the layer before needs them.
  [[nodiscard]] std::span<const Scalar> scale() const { return scale_; }
  [[nodiscard]] std::span<const Scalar> shift() const { return shift_; }
  [[nodiscard]] std::span<const Scalar> running_mean() const { return running_mean_; }
  [[nodiscard]] std::span<const Scalar> running_variance() const { return running_variance_; }

  [[nodiscard]] map_shape output_shape(const map_shape& in) const override {
    expects(in.channels == channels(), errc::layer_shape,
            "layer '{}' ({}) needs {} channels, given a {} x {} x {} map", this->name(), kind(),
            channels(), in.channels, in.height, in.width);
    return in;
  }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override {
    out.resize(in.batch(), output_shape(in.shape()));
    parallel_for(channels(),
                 [&](index_t c) { detail::apply_affine(in, out, c, inference_affine(c)); });
    out.clear_dead_lanes();
  }

  void forward_training(const activations<Scalar>& in, activations<Scalar>& out) override {
    forward_training(in, out, false);
  }

  void backward(const activations<Scalar>& in, const activations<Scalar>& /*out*/,
                const activations<Scalar>& grad_out, activations<Scalar>* grad_in) override {
    check_gradient(in, grad_out);
    if (grad_in != nullptr) grad_in->resize(in.batch(), in.shape());
    parallel_for(channels(), [&](index_t c) { backward_one(in, grad_out, grad_in, c); });
    if (grad_in != nullptr) grad_in->clear_dead_lanes();
  }

  void commit_statistics() override {
    const auto m = static_cast<Scalar>(params_.momentum);
    for (std::size_t c = 0; c < statistics_.size(); ++c) {
      const detail::channel_statistics<Scalar>& s = statistics_[c];
      const Scalar unbiased =
          s.count > 1 ? s.variance * static_cast<Scalar>(s.count) / static_cast<Scalar>(s.count - 1)
                      : s.variance;
      running_mean_[c] += m * (s.mean - running_mean_[c]);
      running_variance_[c] += m * (unbiased - running_variance_[c]);
    }
    statistics_.clear();
  }

  [[nodiscard]] std::vector<parameter_view<Scalar>> parameters() override {
    return {{"scale", scale_, scale_gradient_, false}, {"shift", shift_, shift_gradient_, false}};
  }
  [[nodiscard]] std::vector<state_view<Scalar>> state() override {
    return {{"running_mean", running_mean_}, {"running_variance", running_variance_}};
  }
  [[nodiscard]] std::vector<layer_field> fields() const override {
    return {{"channels", static_cast<double>(channels())},
            {"epsilon", params_.epsilon},
            {"momentum", params_.momentum}};
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<batch_norm>(*this);
  }

  batch_norm(const batch_norm&) = default;

 private:
  /// chain runs this layer, a ReLU and a 2 x 2 max pooling, or the sum of a residual block, in one
  /// pass through these, with the same results bit for bit.
  friend class chain<Scalar>;

  [[nodiscard]] static map_shape fused_shape(const map_shape& in, bool pooled) {
    return pooled ? map_shape{in.channels, in.height / 2, in.width / 2} : in;
  }

  void forward_fused(const activations<Scalar>& in, activations<Scalar>& out, bool pooled) const {
    out.resize(in.batch(), fused_shape(in.shape(), pooled));
    parallel_for(channels(), [&](index_t c) {
      for (index_t t = 0; t < in.tiles(); ++t)
        detail::fused_apply(in.data(t, c), out.data(t, c), in.shape(), pooled, inference_affine(c));
    });
    out.clear_dead_lanes();
  }

  /// Where `summed`, here and below: sums_ is of `in` already.
  void forward_training(const activations<Scalar>& in, activations<Scalar>& out, bool summed) {
    out.resize(in.batch(), output_shape(in.shape()));
    begin_statistics(in, summed);
    parallel_for(channels(), [&](index_t c) {
      measure(in, c, summed);
      detail::apply_affine(in, out, c, affine(c));
    });
    out.clear_dead_lanes();
  }

  void forward_training_fused(const activations<Scalar>& in, activations<Scalar>& out, bool pooled,
                              bool summed) {
    out.resize(in.batch(), fused_shape(in.shape(), pooled));
    begin_statistics(in, summed);
    parallel_for(channels(), [&](index_t c) {
      measure(in, c, summed);
      for (index_t t = 0; t < in.tiles(); ++t)
        detail::fused_apply(in.data(t, c), out.data(t, c), in.shape(), pooled, affine(c));
    });
    out.clear_dead_lanes();
  }

  void backward_fused(const activations<Scalar>& in, const activations<Scalar>& grad_out,
                      activations<Scalar>& grad_in, bool pooled) {
    grad_in.resize(in.batch(), in.shape());
    parallel_for(channels(), [&](index_t c) {
      if (pooled) {
        for (index_t t = 0; t < in.tiles(); ++t)
          detail::fused_gradient(in.data(t, c), grad_out.data(t, c), grad_in.data(t, c), in.shape(),
                                 affine(c));
        backward_one(in, grad_in, &grad_in, c);
        return;
      }
      const auto i = static_cast<std::size_t>(c);
      const auto sums = detail::rectified_sums(in, grad_out, c, statistics_[i], affine(c));
      take_gradients(c, sums);
      detail::rectified_backward(in, grad_out, grad_in, c, statistics_[i], scale_[i], sums,
                                 affine(c));
    });
    grad_in.clear_dead_lanes();
  }

  /// out = normalised in + other, rectified if `rectify`: the end of a residual block.
  void forward_sum(const activations<Scalar>& in, const activations<Scalar>& other, bool rectify,
                   activations<Scalar>& out) const {
    out.resize(in.batch(), output_shape(in.shape()));
    parallel_for(channels(),
                 [&](index_t c) { add_other(in, other, rectify, out, c, inference_affine(c)); });
    out.clear_dead_lanes();
  }

  void forward_training_sum(const activations<Scalar>& in, const activations<Scalar>& other,
                            bool rectify, activations<Scalar>& out, bool summed) {
    out.resize(in.batch(), output_shape(in.shape()));
    begin_statistics(in, summed);
    parallel_for(channels(), [&](index_t c) {
      measure(in, c, summed);
      add_other(in, other, rectify, out, c, affine(c));
    });
    out.clear_dead_lanes();
  }

  static void add_other(const activations<Scalar>& in, const activations<Scalar>& other,
                        bool rectify, activations<Scalar>& out, index_t c,
                        detail::affine_map<Scalar> map) {
    for (index_t t = 0; t < in.tiles(); ++t)
      detail::fused_sum(in.data(t, c), other.data(t, c), out.data(t, c), in.channel_size(), rectify,
                        map);
  }

  /// Backward of the same: `grad_sum`, which has its size already, is the gradient by the sum
  /// before it was rectified.
  void backward_sum(const activations<Scalar>& in, const activations<Scalar>& out,
                    const activations<Scalar>& grad_out, bool rectify,
                    activations<Scalar>& grad_sum, activations<Scalar>& grad_in) {
    grad_in.resize(in.batch(), in.shape());
    parallel_for(channels(), [&](index_t c) {
      const auto i = static_cast<std::size_t>(c);
      const auto sums =
          detail::residual_sums(in, out, grad_out, rectify, grad_sum, c, statistics_[i]);
      take_gradients(c, sums);
      detail::backward_channel(in, grad_sum, grad_in, c, statistics_[i], scale_[i], sums);
    });
    grad_in.clear_dead_lanes();
  }

  void begin_statistics(const activations<Scalar>& in, bool summed) {
    statistics_.resize(scale_.size());
    if (!summed) sums_.resize(in);
  }
  void measure(const activations<Scalar>& in, index_t c, bool summed) {
    if (!summed) detail::sum_channel(in, c, sums_);
    statistics_[static_cast<std::size_t>(c)] =
        detail::statistics_of(in, sums_, c, static_cast<Scalar>(params_.epsilon));
  }

  /// grad_in may be grad_out: every number is read before it is written.
  void backward_one(const activations<Scalar>& in, const activations<Scalar>& grad_out,
                    activations<Scalar>* grad_in, index_t c) {
    const auto i = static_cast<std::size_t>(c);
    const auto sums = detail::gradient_sums(in, grad_out, c, statistics_[i]);
    take_gradients(c, sums);
    if (grad_in != nullptr)
      detail::backward_channel(in, grad_out, *grad_in, c, statistics_[i], scale_[i], sums);
  }

  void take_gradients(index_t c, const detail::normalise_sums<Scalar>& sums) {
    scale_gradient_[static_cast<std::size_t>(c)] = sums.by_normalised;
    shift_gradient_[static_cast<std::size_t>(c)] = sums.plain;
  }

  void check_gradient(const activations<Scalar>& in, const activations<Scalar>& grad_out) const {
    expects(statistics_.size() == scale_.size(), errc::network_state,
            "layer '{}' ({}): backward() needs a forward_training() just before", this->name(),
            kind());
    expects(grad_out.shape() == in.shape() && grad_out.batch() == in.batch(), errc::layer_shape,
            "layer '{}' ({}): the gradient must have the shape of the input, given a batch of {} "
            "maps {} x {} x {} for {} maps {} x {} x {}",
            this->name(), kind(), grad_out.batch(), grad_out.shape().channels,
            grad_out.shape().height, grad_out.shape().width, in.batch(), in.shape().channels,
            in.shape().height, in.shape().width);
  }

  [[nodiscard]] detail::affine_map<Scalar> affine(index_t c) const {
    const auto i = static_cast<std::size_t>(c);
    return detail::normalising_map(scale_[i], shift_[i], statistics_[i].mean,
                                   statistics_[i].inverse_deviation);
  }
  [[nodiscard]] detail::affine_map<Scalar> inference_affine(index_t c) const {
    const auto i = static_cast<std::size_t>(c);
    const Scalar inverse =
        Scalar(1) / std::sqrt(running_variance_[i] + static_cast<Scalar>(params_.epsilon));
    return detail::normalising_map(scale_[i], shift_[i], running_mean_[i], inverse);
  }

  batch_norm_params params_;
  std::vector<Scalar> scale_, shift_, scale_gradient_, shift_gradient_;
  std::vector<Scalar> running_mean_, running_variance_;
  std::vector<detail::channel_statistics<Scalar>> statistics_;  ///< of the last training batch
  detail::map_sums<Scalar> sums_;  ///< of its maps; kept for its storage only
};

SWPRUNE_COMPILED_TEMPLATE(class batch_norm<float>)
SWPRUNE_COMPILED_TEMPLATE(class batch_norm<double>)

}  // namespace swprune::inline v0::nn
