// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/nn/layer.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/network.hpp"

namespace swprune::inline v0::train {

struct gradient_check_params {
  double step = 3e-5;   ///< > 0, h of the difference
  double floor = 1e-4;  ///< > 0, see relative_error()
  /// >= 0. Where the gradients differ by more than 1e-6, steps smaller by powers of three are
  /// tried, down to this one, and the smallest error counts: a kink (of a ReLU) within the step
  /// spoils the difference, and rounding does where the step is much smaller than it must be, but a
  /// wrong gradient is wrong at every step. 0: one step only.
  double least_step = 0;
  index_t samples = 0;  ///< numbers checked of each array, drawn at random; 0: all
};

/// Throws train_parameter.
SWPRUNE_FUNCTION void check(const gradient_check_params& p);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION void check(const gradient_check_params& p) {
  expects(p.step > 0 && std::isfinite(p.step) && p.floor > 0 && std::isfinite(p.floor),
          errc::train_parameter, "step and floor must be > 0, given {} and {}", p.step, p.floor);
  expects(p.least_step >= 0 && p.samples >= 0, errc::train_parameter,
          "least_step and samples must be >= 0, given {} and {}", p.least_step, p.samples);
}

#endif

/// |a - b| / max(|a|, |b|, floor). The floor keeps two gradients that should both be zero, and
/// differ by rounding alone, from counting as completely different: the difference of a function of
/// size 1 with step h has a rounding error of about 2e-16 / h.
[[nodiscard]] inline double relative_error(double a, double b, double floor) {
  return std::abs(a - b) / std::max({std::abs(a), std::abs(b), floor});
}

/// Result of a check, a value: the caller sets the limit.
struct gradient_check_result {
  double worst = 0;     ///< greatest relative error, infinity if one was not finite
  std::string where;    ///< number that has it: "conv1.weights[17]"
  double analytic = 0;  ///< the two gradients there
  double numeric = 0;
  index_t checked = 0;  ///< numbers compared
};

/// Compares the gradients that `layer` computes, by each parameter and each input, with differences
/// of sum(r * output), r random from `random`. `input` should keep away from the kinks
/// of the layer by more than 2 params.step. Padding weights of a last output group count as
/// parameters with gradient zero, which their difference must then be too.
[[nodiscard]] SWPRUNE_FUNCTION gradient_check_result
check_layer_gradients(nn::layer<double>& layer, nn::activations<double> input, rng random,
                      const gradient_check_params& params = {});

/// The same for a whole network and its softmax cross-entropy.
[[nodiscard]] SWPRUNE_FUNCTION gradient_check_result check_network_gradients(
    nn::network<double>& net, nn::activations<double> images, std::span<const std::uint8_t> labels,
    const gradient_check_params& params = {});

#if SWPRUNE_BODIES

namespace detail {

/// d/dv of sum(weights * outputs) by the five-point difference
/// (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h, whose own error is of order h^4: h can be large
/// enough for the rounding error to vanish. Differences are taken output by output before they are
/// summed, so that outputs which do not change add no rounding error. evaluate(outputs) fills its
/// argument.
template <typename Evaluate>
double numeric_derivative(double& v, double h, const Evaluate& evaluate,
                          std::span<const double> weights) {
  const double before = v;
  std::vector<double> outputs, sum(weights.size(), 0.0);
  const auto add = [&](double offset, double factor) {
    v = before + offset;
    evaluate(outputs);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += factor * outputs[i];
  };
  add(h, 8), add(-h, -8), add(2 * h, -1), add(-2 * h, 1);
  v = before;
  double derivative = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) derivative += weights[i] * sum[i];
  return derivative / (12 * h);
}

/// What is differentiated: sum(weights * outputs).
template <typename Evaluate>
struct objective {
  Evaluate evaluate;
  std::vector<double> weights;
};

/// Numeric derivative that agrees best with `analytic`, over the steps of `params`.
template <typename Evaluate>
double best_derivative(double& v, double analytic, const objective<Evaluate>& f,
                       const gradient_check_params& params) {
  double best = numeric_derivative(v, params.step, f.evaluate, f.weights);
  const auto error = [&](double d) { return relative_error(analytic, d, params.floor); };
  double h = params.step / 3;
  for (; params.least_step > 0 && h >= params.least_step && error(best) > 1e-6; h /= 3) {
    const double next = numeric_derivative(v, h, f.evaluate, f.weights);
    if (error(next) < error(best)) best = next;
  }
  return best;
}

/// Indices of an array that are compared.
[[nodiscard]] inline std::vector<std::size_t> places_of(std::size_t size, const std::string& name,
                                                        const gradient_check_params& params) {
  std::vector<std::size_t> all(size);
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (params.samples == 0 || size <= static_cast<std::size_t>(params.samples)) return all;
  rng random = rng(1).stream("places", hash64(name));
  random.shuffle(std::span<std::size_t>(all));
  all.resize(static_cast<std::size_t>(params.samples));
  return all;
}

template <typename Evaluate>
void compare_gradients(std::span<double* const> values, std::span<const double> gradient,
                       const std::string& name, const objective<Evaluate>& f,
                       const gradient_check_params& params, gradient_check_result& result) {
  for (const std::size_t i : places_of(values.size(), name, params)) {
    const double numeric = best_derivative(*values[i], gradient[i], f, params);
    const double e = relative_error(gradient[i], numeric, params.floor);
    const double error = std::isfinite(e) ? e : std::numeric_limits<double>::infinity();
    ++result.checked;
    if (result.where.empty() || error > result.worst)
      result = {error, fmt::format("{}[{}]", name, i), gradient[i], numeric, result.checked};
  }
}

[[nodiscard]] inline std::vector<double*> pointers_to(std::span<double> values) {
  std::vector<double*> pointers;
  for (double& v : values) pointers.push_back(&v);
  return pointers;
}

/// Addresses of the numbers of real images, and the numbers of `gradient` in the same order.
struct live_inputs {
  std::vector<double*> values;
  std::vector<double> gradient;

  live_inputs(nn::activations<double>& maps, const nn::activations<double>& grad) {
    const map_shape& s = maps.shape();
    for (index_t n = 0; n < maps.batch(); ++n)
      for (index_t c = 0; c < s.channels; ++c)
        for (index_t y = 0; y < s.height; ++y)
          for (index_t x = 0; x < s.width; ++x) {
            values.push_back(&maps.at(n, c, y, x));
            gradient.push_back(grad.at(n, c, y, x));
          }
  }
};

/// Compares parameters, whose gradients are copied first, and inputs.
template <typename Evaluate>
[[nodiscard]] gradient_check_result compare_all(
    const std::vector<nn::parameter_view<double>>& parameters, live_inputs inputs,
    const objective<Evaluate>& f, const gradient_check_params& params) {
  std::vector<std::vector<double>> gradients;
  for (const auto& p : parameters) gradients.emplace_back(p.gradient.begin(), p.gradient.end());
  gradient_check_result result;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    compare_gradients(pointers_to(parameters[i].values), gradients[i], parameters[i].name, f,
                      params, result);
  compare_gradients(std::span<double* const>(inputs.values), inputs.gradient, "input", f, params,
                    result);
  return result;
}

}  // namespace detail

SWPRUNE_FUNCTION gradient_check_result check_layer_gradients(nn::layer<double>& layer,
                                                             nn::activations<double> input,
                                                             rng random,
                                                             const gradient_check_params& params) {
  check(params);
  nn::activations<double> out, grad_in;
  layer.forward_training(input, out);
  nn::activations<double> r(out.batch(), out.shape());
  for (index_t n = 0; n < r.batch(); ++n)
    for (index_t c = 0; c < r.shape().channels; ++c)
      for (index_t i = n % nn::lanes; i < r.channel_size(); i += nn::lanes)
        r.data(n / nn::lanes, c)[i] = random.normal();
  layer.backward(input, out, r, &grad_in);
  const auto evaluate = [&](std::vector<double>& outputs) {
    layer.forward_training(input, out);
    outputs.assign(out.values().begin(), out.values().end());
  };
  const detail::objective<decltype(evaluate)> f{evaluate, {r.values().begin(), r.values().end()}};
  return detail::compare_all(layer.parameters(), detail::live_inputs(input, grad_in), f, params);
}

SWPRUNE_FUNCTION gradient_check_result
check_network_gradients(nn::network<double>& net, nn::activations<double> images,
                        std::span<const std::uint8_t> labels, const gradient_check_params& params) {
  check(params);
  nn::activations<double> gradient, grad_images;
  nn::softmax_cross_entropy(net.forward_training(images), labels, &gradient);
  net.backward(gradient, &grad_images);
  const auto evaluate = [&](std::vector<double>& outputs) {
    outputs = {nn::softmax_cross_entropy(net.forward_training(images), labels).loss};
  };
  const detail::objective<decltype(evaluate)> f{evaluate, {1.0}};
  return detail::compare_all(net.parameters(), detail::live_inputs(images, grad_images), f, params);
}

#endif

}  // namespace swprune::inline v0::train
