// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/rng.hpp"
#include "swprune/nn/activations.hpp"
#include "swprune/train/augment.hpp"
#include "swprune/train/dataset.hpp"

namespace swprune::inline v0::train {

/// Numbers of all images in the order of an epoch: stream "shuffle" of `random` by epoch, so that
/// a run that is resumed at an epoch goes on as it would have.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<index_t> shuffled_order(index_t images,
                                                                   const rng& random,
                                                                   index_t epoch);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::vector<index_t> shuffled_order(index_t images, const rng& random,
                                                     index_t epoch) {
  std::vector<index_t> order(static_cast<std::size_t>(images));
  std::iota(order.begin(), order.end(), index_t{0});
  rng r = random.stream("shuffle", static_cast<std::uint64_t>(epoch));
  r.shuffle(std::span<index_t>(order));
  return order;
}

#endif

/// Images and labels of one step.
template <typename Scalar>
struct batch {
  nn::activations<Scalar> images;
  std::vector<std::uint8_t> labels;
};

namespace detail {

/// The number that each byte of each channel stands for, [C][256].
template <typename Scalar>
[[nodiscard]] std::vector<Scalar> pixel_numbers(const dataset& data) {
  std::vector<Scalar> numbers;
  numbers.reserve(static_cast<std::size_t>(256 * data.shape.channels));
  for (std::size_t c = 0; c < static_cast<std::size_t>(data.shape.channels); ++c)
    for (int p = 0; p < 256; ++p)
      numbers.push_back(data.normalise.none()
                            ? static_cast<Scalar>(p) * (Scalar(1) / Scalar(255))
                            : static_cast<Scalar>((p / 255.0 - data.normalise.mean[c]) /
                                                  data.normalise.deviation[c]));
  return numbers;
}

/// Writes one image as image `n` of a batch; what lies outside the moved image is black, byte 0.
template <typename Scalar>
void write_image(const std::uint8_t* image, const image_change& change, const Scalar* numbers,
                 nn::activations<Scalar>& batch, index_t n) {
  const map_shape& s = batch.shape();
  for (index_t c = 0; c < s.channels; ++c, image += s.pixels(), numbers += 256) {
    Scalar* lane = batch.data(n / nn::lanes, c) + n % nn::lanes;
    for (index_t y = 0; y < s.height; ++y)
      for (index_t x = 0; x < s.width; ++x, lane += nn::lanes) {
        const index_t from_y = y - change.down;
        const index_t shifted = x - change.right;
        const index_t from_x = change.mirrored ? s.width - 1 - shifted : shifted;
        const bool inside = from_y >= 0 && from_y < s.height && from_x >= 0 && from_x < s.width;
        *lane = numbers[inside ? image[from_y * s.width + from_x] : 0];
      }
  }
}

}  // namespace detail

/// Loads the images `numbers` of `data` into `to`, pixels as the numbers that its normalisation
/// gives, changed as `change(number)` says. Throws dataset_shape for a number outside the data set
/// and for a normalisation that does not fit it.
template <typename Scalar, typename Change>
void load_batch(const dataset& data, std::span<const index_t> numbers, const Change& change,
                batch<Scalar>& to) {
  for (const index_t n : numbers)
    expects(n >= 0 && n < data.size(), errc::dataset_shape,
            "image {} lies outside the {} images of the data set", n, data.size());
  check(data.normalise, data.shape.channels);
  const std::vector<Scalar> pixels = detail::pixel_numbers<Scalar>(data);
  const auto count = static_cast<index_t>(numbers.size());
  to.images.resize(count, data.shape);
  to.labels.resize(numbers.size());
  parallel_for(to.images.tiles(), [&](index_t tile) {
    for (index_t lane = 0; lane < to.images.live_lanes(tile); ++lane) {
      const index_t n = tile * nn::lanes + lane;
      const auto i = static_cast<std::size_t>(n);
      detail::write_image(data.image(numbers[i]), change(numbers[i]), pixels.data(), to.images, n);
      to.labels[i] = data.labels[static_cast<std::size_t>(numbers[i])];
    }
  });
}

/// The same without changes.
template <typename Scalar>
void load_batch(const dataset& data, std::span<const index_t> numbers, batch<Scalar>& to) {
  load_batch(
      data, numbers, [](index_t) { return image_change{}; }, to);
}

}  // namespace swprune::inline v0::train
