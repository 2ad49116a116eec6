// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/nn/conv2d.hpp"
#include "swprune/nn/max_pool.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/nn/relu.hpp"
#include "swprune/quant/aware_conv2d.hpp"
#include "swprune/quant/fake_quantise.hpp"
#include "swprune/quant/fold.hpp"
#include "swprune/quant/quantize.hpp"
#include "swprune/train/dataset.hpp"

namespace swprune::inline v0::quant {

/// How a network is prepared for quantisation-aware training.
struct aware_params {
  quantize_params scales{};  ///< as quantize() will be called
  int weight_bits = 8;       ///< 2..8, sign included; fewer than 8 fit into the int8 model as well
};

namespace detail {

/// Throws quant_unsupported unless group `g` is a convolution, with what may follow it, of a chain.
template <typename Scalar>
void check_aware(const std::vector<layer_group<Scalar>>& groups, std::size_t g) {
  const layer_group<Scalar>& group = groups[g];
  const index_t before = g == 0 ? 0 : groups[g - 1].out.tensor;
  expects(group.conv != nullptr && !group.residual && !group.relu6 && group.in.tensor == before,
          errc::quant_unsupported,
          "layer '{}': training aware of quantisation takes chains of convolutions and fully "
          "connected layers with batch_norm, relu and 2x2 max_pool",
          group.name);
}

/// Adds a group to `to` as convolution with folded normalisation, ReLU, pooling and bytes.
template <typename Scalar>
void add_aware(nn::network<Scalar>& to, const layer_group<Scalar>& group,
               const scaled_group& scaled, int weight_bits) {
  const std::string& name = group.conv->name();
  nn::conv2d_params params = group.conv->params();
  params.bias = true;
  auto& conv = to.template add<aware_conv2d>(group.conv->mask(), params, weight_bits);
  const folded_layer& f = scaled.folded;
  const auto narrow = [](double v) { return static_cast<Scalar>(v); };
  std::transform(f.weights.begin(), f.weights.end(), conv.weights().begin(), narrow);
  std::transform(f.bias.begin(), f.bias.end(), conv.bias().begin(), narrow);
  if (group.relu) to.template add<nn::relu>(name + ".relu");
  if (group.pool) to.template add<nn::max_pool>(name + ".pool");
  to.template add<fake_quantise>(name + ".bytes", scaled.out.scale, scaled.out.is_signed);
}

}  // namespace detail

/// The network that quantisation-aware training works on: of every group that quantize() would make
/// an integer layer, a convolution with the normalisation folded in (its statistics are frozen by
/// that) and weights rounded in every pass, ReLU, pooling, and the rounding of the bytes that go to
/// the next layer, with the scale that quantize() chooses from `data` now. It is trained by
/// train::fit() like any other; plain_network() takes it back. Throws as quantize() does, and
/// quant_parameter unless 2 <= weight_bits <= 8.
template <typename Scalar>
[[nodiscard]] nn::network<Scalar> make_aware(const nn::network<Scalar>& net,
                                             const train::dataset& data,
                                             const aware_params& params = {}) {
  check(params.scales);
  detail::quantiser<Scalar> q(net, params.scales);
  for (std::size_t g = 0; g < q.groups().size(); ++g) detail::check_aware(q.groups(), g);
  q.calibrate(detail::calibration_batches<Scalar>(data, params.scales));
  nn::network<Scalar> aware;
  for (std::size_t g = 0; g < q.groups().size(); ++g)
    detail::add_aware(aware, q.groups()[g], q.scaled()[g], params.weight_bits);
  aware.build(net.input_shape());
  return aware;
}

/// The trained network in plain layers with the rounded weights: what quantize() takes. Throws
/// quant_unsupported for a network that make_aware() has not made.
template <typename Scalar>
[[nodiscard]] nn::network<Scalar> plain_network(const nn::network<Scalar>& aware) {
  nn::network<Scalar> plain;
  for (index_t i = 0; i < aware.size(); ++i) {
    const nn::layer<Scalar>& l = aware.at(i);
    if (const auto* conv = dynamic_cast<const aware_conv2d<Scalar>*>(&l))
      plain.add(std::make_unique<nn::conv2d<Scalar>>(conv->rounded()));
    else if (dynamic_cast<const nn::relu<Scalar>*>(&l) != nullptr ||
             dynamic_cast<const nn::max_pool<Scalar>*>(&l) != nullptr)
      plain.add(l.clone());
    else
      expects(dynamic_cast<const fake_quantise<Scalar>*>(&l) != nullptr, errc::quant_unsupported,
              "layer {} '{}' ({}) is none that make_aware() makes", i, l.name(), l.kind());
  }
  plain.build(aware.input_shape());
  return plain;
}

}  // namespace swprune::inline v0::quant
