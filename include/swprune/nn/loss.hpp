// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/nn/activations.hpp"

namespace swprune::inline v0::nn {

/// Loss of one batch.
struct loss_result {
  double loss = 0;      ///< mean over the images, nats
  index_t correct = 0;  ///< images whose greatest logit is that of their label
};

/// Class with the greatest logit of image `n`; the first of equals. Logits are {classes, 1, 1}.
template <typename Scalar>
[[nodiscard]] index_t greatest_logit(const activations<Scalar>& logits, index_t n) {
  const Scalar* z = logits.data(n / lanes) + n % lanes;
  index_t best = 0;
  for (index_t k = 1; k < logits.shape().channels; ++k)
    if (z[k * lanes] > z[best * lanes]) best = k;
  return best;
}

namespace detail {

/// Label of image `n`. Throws label_out_of_range.
[[nodiscard]] SWPRUNE_FUNCTION index_t label_of(std::span<const std::uint8_t> labels, index_t n,
                                                index_t classes);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION index_t label_of(std::span<const std::uint8_t> labels, index_t n,
                                  index_t classes) {
  const index_t label = labels[static_cast<std::size_t>(n)];
  expects(label < classes, errc::label_out_of_range,
          "image {} of the batch has label {}, must lie in 0..{}", n, label, classes - 1);
  return label;
}

#endif

/// Loss of image `n` and its gradient divided by the batch, from exp(z - max z): no overflow.
template <typename Scalar>
double cross_entropy_of(const activations<Scalar>& logits, index_t n, index_t label,
                        double smoothing, activations<Scalar>* gradient) {
  const index_t classes = logits.shape().channels;
  const Scalar* z = logits.data(n / lanes) + n % lanes;
  const double top = static_cast<double>(z[greatest_logit(logits, n) * lanes]);
  double total = 0;
  for (index_t k = 0; k < classes; ++k) total += std::exp(static_cast<double>(z[k * lanes]) - top);
  const double log_total = top + std::log(total);
  const double rest = smoothing / static_cast<double>(classes);
  double loss = 0;
  for (index_t k = 0; k < classes; ++k) {
    const double log_p = static_cast<double>(z[k * lanes]) - log_total;
    const double target = rest + (k == label ? 1 - smoothing : 0.0);
    loss -= target * log_p;
    if (gradient != nullptr)
      gradient->data(n / lanes, k)[n % lanes] =
          static_cast<Scalar>((std::exp(log_p) - target) / static_cast<double>(logits.batch()));
  }
  return loss;
}

}  // namespace detail

/// Mean cross-entropy between softmax(logits) and the labels, in double. `logits` is a batch of
/// {classes, 1, 1}; `gradient`, unless null, becomes the gradient of the mean by the logits, dead
/// lanes zero. `smoothing` moves that share of the target evenly to all classes (Szegedy et al.,
/// CVPR 2016), 0 <= smoothing < 1. Throws layer_shape for logits that are a map, dataset counts
/// that differ or an empty batch, label_out_of_range, layer_parameter.
template <typename Scalar>
loss_result softmax_cross_entropy(const activations<Scalar>& logits,
                                  std::span<const std::uint8_t> labels,
                                  activations<Scalar>* gradient = nullptr, double smoothing = 0) {
  const map_shape& s = logits.shape();
  expects(s.pixels() == 1, errc::layer_shape,
          "logits must be {{classes, 1, 1}}, given {} x {} x {}", s.channels, s.height, s.width);
  expects(logits.batch() >= 1 && static_cast<index_t>(labels.size()) == logits.batch(),
          errc::layer_shape,
          "a batch >= 1 with one label each is needed, given {} images, {} labels", logits.batch(),
          labels.size());
  expects(smoothing >= 0 && smoothing < 1, errc::layer_parameter,
          "0 <= smoothing < 1 must hold, given {}", smoothing);
  if (gradient != nullptr) gradient->resize(logits.batch(), s);
  loss_result result;
  for (index_t n = 0; n < logits.batch(); ++n) {
    const index_t label = detail::label_of(labels, n, s.channels);
    result.loss += detail::cross_entropy_of(logits, n, label, smoothing, gradient);
    result.correct += greatest_logit(logits, n) == label;
  }
  result.loss /= static_cast<double>(logits.batch());
  return result;
}

/// Mean over all numbers of the batch of (output - target)^2, in double. `gradient`, unless null,
/// becomes the gradient of the mean by the output, dead lanes zero. Throws layer_shape unless both
/// are batches >= 1 of one size and shape.
template <typename Scalar>
double mean_squared_error(const activations<Scalar>& output, const activations<Scalar>& target,
                          activations<Scalar>* gradient = nullptr) {
  const map_shape& s = output.shape();
  const map_shape& t = target.shape();
  expects(output.batch() >= 1 && output.batch() == target.batch() && s == t, errc::layer_shape,
          "output and target must be batches >= 1 of one shape, given {} maps {} x {} x {} and {} "
          "maps {} x {} x {}",
          output.batch(), s.channels, s.height, s.width, target.batch(), t.channels, t.height,
          t.width);
  if (gradient != nullptr) gradient->resize(output.batch(), s);
  const double count = static_cast<double>(output.batch()) * static_cast<double>(s.size());
  double sum = 0;
  for (index_t n = 0; n < output.batch(); ++n)
    for (index_t c = 0; c < s.channels; ++c)
      for (index_t i = n % lanes; i < output.channel_size(); i += lanes) {
        const double error = static_cast<double>(output.data(n / lanes, c)[i]) -
                             static_cast<double>(target.data(n / lanes, c)[i]);
        sum += error * error;
        if (gradient != nullptr)
          gradient->data(n / lanes, c)[i] = static_cast<Scalar>(2 * error / count);
      }
  return sum / count;
}

/// Targets of a regression on class labels: 1 at the label, else 0; {classes, 1, 1}. Throws
/// label_out_of_range.
template <typename Scalar>
[[nodiscard]] activations<Scalar> one_hot(std::span<const std::uint8_t> labels, index_t classes) {
  const auto batch = static_cast<index_t>(labels.size());
  activations<Scalar> target(batch, {classes, 1, 1});
  for (index_t n = 0; n < batch; ++n) {
    target.at(n, detail::label_of(labels, n, classes), 0, 0) = Scalar(1);
  }
  return target;
}

}  // namespace swprune::inline v0::nn
