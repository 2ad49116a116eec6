// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/nn/loss.hpp"
#include "swprune/nn/network.hpp"
#include "swprune/train/batches.hpp"
#include "swprune/train/dataset.hpp"

namespace swprune::inline v0::train {

struct evaluation {
  index_t images = 0;
  index_t correct = 0;
  double loss = 0;  ///< mean cross-entropy, nats

  /// correct / images, 0 for no images.
  [[nodiscard]] double accuracy() const {
    return images == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(images);
  }
};

/// Throws dataset_shape unless the data set is consistent, its images fit the network and the
/// network has an output for every class.
template <typename Scalar>
void check_fits(const nn::network<Scalar>& net, const dataset& data) {
  data.check();
  const map_shape& in = net.input_shape();
  expects(data.shape == in, errc::dataset_shape,
          "the network takes {} x {} x {} images, the data set has {} x {} x {}", in.channels,
          in.height, in.width, data.shape.channels, data.shape.height, data.shape.width);
  const map_shape& out = net.output_shape();
  expects(out.pixels() == 1 && out.channels >= data.classes, errc::dataset_shape,
          "{} classes need a network with as many outputs, given {} x {} x {}", data.classes,
          out.channels, out.height, out.width);
}

/// Loss and accuracy of the network on `data` in inference. batch >= 1; it changes memory and
/// speed only. Throws dataset_shape, train_parameter.
template <typename Scalar>
[[nodiscard]] SWPRUNE_COLD evaluation evaluate(const nn::network<Scalar>& net, const dataset& data,
                                               index_t batch_size = 256) {
  check_fits(net, data);
  expects(batch_size >= 1, errc::train_parameter, "batch must be >= 1, given {}", batch_size);
  std::vector<index_t> numbers(static_cast<std::size_t>(data.size()));
  std::iota(numbers.begin(), numbers.end(), index_t{0});
  const std::span<const index_t> all(numbers);
  evaluation result;
  batch<Scalar> now;
  for (index_t first = 0; first < data.size(); first += batch_size) {
    const index_t count = std::min(batch_size, data.size() - first);
    load_batch(data, all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
               now);
    const auto logits = net.forward(now.images);
    const nn::loss_result part = nn::softmax_cross_entropy<Scalar>(logits, now.labels);
    result.images += count;
    result.correct += part.correct;
    result.loss += part.loss * static_cast<double>(count);
  }
  if (result.images > 0) result.loss /= static_cast<double>(result.images);
  return result;
}

SWPRUNE_COMPILED_TEMPLATE(evaluation evaluate(const nn::network<float>&, const dataset&, index_t))
SWPRUNE_COMPILED_TEMPLATE(evaluation evaluate(const nn::network<double>&, const dataset&, index_t))

}  // namespace swprune::inline v0::train
