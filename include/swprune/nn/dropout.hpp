// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/nn/detail/for_each_map.hpp"
#include "swprune/nn/layer.hpp"

namespace swprune::inline v0::nn {

struct dropout_params {
  double rate = 0.5;  ///< 0 <= rate < 1: share of the numbers that become zero
};

/// Inverted dropout (Srivastava et al., JMLR 2014): in training each number is zero with
/// probability `rate` and else divided by 1 - rate; inference changes nothing. What is dropped
/// depends on the generator of begin_step(), the layer's name and the number's place in the batch,
/// not on the number of threads or the size of the batch.
template <typename Scalar>
class dropout final : public layer<Scalar> {
 public:
  /// Throws layer_parameter.
  explicit dropout(std::string name, const dropout_params& params = {})
      : layer<Scalar>(std::move(name)), params_(params) {
    expects(params_.rate >= 0 && params_.rate < 1, errc::layer_parameter,
            "layer '{}': 0 <= rate < 1 must hold, given {}", this->name(), params_.rate);
  }

  [[nodiscard]] std::string_view kind() const override { return "dropout"; }
  [[nodiscard]] const dropout_params& params() const { return params_; }
  [[nodiscard]] map_shape output_shape(const map_shape& in) const override { return in; }

  void begin_step(const rng& random) override {
    random_ = random.stream("dropout", hash64(this->name()));
  }

  void forward(const activations<Scalar>& in, activations<Scalar>& out) const override { out = in; }

  /// Throws network_state before the first begin_step().
  void forward_training(const activations<Scalar>& in, activations<Scalar>& out) override {
    expects(random_.has_value(), errc::network_state,
            "layer '{}' ({}) needs begin_step() before forward_training()", this->name(), kind());
    out.resize(in.batch(), in.shape());
    kept_.resize(in.values().size() / static_cast<std::size_t>(lanes));
    detail::for_each_map(in, [&](index_t t, index_t c) {
      draw(in, t, c);
      scale_kept(in, t, c, out);
    });
  }

  void backward(const activations<Scalar>& in, const activations<Scalar>& /*out*/,
                const activations<Scalar>& grad_out, activations<Scalar>* grad_in) override {
    expects(grad_out.shape() == in.shape() && grad_out.batch() == in.batch(), errc::layer_shape,
            "layer '{}' ({}): the gradient must have the shape of the input", this->name(), kind());
    if (grad_in == nullptr) return;
    grad_in->resize(in.batch(), in.shape());
    detail::for_each_map(in, [&](index_t t, index_t c) { scale_kept(grad_out, t, c, *grad_in); });
  }

  [[nodiscard]] std::vector<layer_field> fields() const override {
    return {{"rate", params_.rate}};
  }

  [[nodiscard]] std::unique_ptr<layer<Scalar>> clone() const override {
    return std::make_unique<dropout>(*this);
  }

  dropout(const dropout&) = default;

 private:
  /// One bit for each image of a tile.
  using lane_bits = std::uint16_t;
  static_assert(lanes == 16);

  /// Bits of one map.
  [[nodiscard]] lane_bits* kept_of(const activations<Scalar>& maps, index_t t, index_t c) {
    return kept_.data() + (t * maps.shape().channels + c) * maps.shape().pixels();
  }

  void draw(const activations<Scalar>& maps, index_t t, index_t c) {
    rng random =
        random_->stream("map", static_cast<std::uint64_t>(t), static_cast<std::uint64_t>(c));
    lane_bits* kept = kept_of(maps, t, c);
    for (index_t p = 0; p < maps.shape().pixels(); ++p) {
      unsigned bits = 0;
      for (index_t l = 0; l < lanes; ++l) bits |= (random.bernoulli(params_.rate) ? 0u : 1u) << l;
      kept[p] = static_cast<lane_bits>(bits);
    }
  }

  void scale_kept(const activations<Scalar>& from, index_t t, index_t c, activations<Scalar>& to) {
    const auto scale = static_cast<Scalar>(1 / (1 - params_.rate));
    const lane_bits* kept = kept_of(from, t, c);
    const Scalar* x = from.data(t, c);
    Scalar* y = to.data(t, c);
    for (index_t p = 0; p < from.shape().pixels(); ++p)
      for (index_t l = 0; l < lanes; ++l)
        y[p * lanes + l] = (kept[p] >> l & 1) != 0 ? x[p * lanes + l] * scale : Scalar(0);
  }

  dropout_params params_;
  std::optional<rng> random_;
  std::vector<lane_bits> kept_;  ///< [tile][C][H][W] of the last forward_training()
};

SWPRUNE_COMPILED_TEMPLATE(class dropout<float>)
SWPRUNE_COMPILED_TEMPLATE(class dropout<double>)

}  // namespace swprune::inline v0::nn
