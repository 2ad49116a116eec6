// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/train/normalisation.hpp"

namespace swprune::inline v0::train {

/// Labelled images in the bytes they came in: one per byte pixel, so that 60,000 images of 28 x 28
/// stay 47 MB. A pixel p means the number p / 255 (batch normalisation does the centring) unless
/// `normalise` says otherwise; whoever loads batches, for training or for evaluation, sees the
/// same.
struct dataset {
  map_shape shape;                   ///< of one image
  index_t classes = 0;               ///< labels lie in 0..classes - 1
  std::vector<std::uint8_t> images;  ///< [n][C][H][W]
  std::vector<std::uint8_t> labels;  ///< [n]
  normalisation normalise{};

  /// Number of images.
  [[nodiscard]] index_t size() const { return static_cast<index_t>(labels.size()); }

  /// First byte of image `n`, 0 <= n < size(); shape.size() bytes.
  [[nodiscard]] const std::uint8_t* image(index_t n) const { return &images[at(n)]; }

  /// Throws dataset_shape when sizes disagree or the normalisation does not fit, label_out_of_range
  /// when a label is not a class.
  void check() const {
    expects(shape.channels >= 1 && shape.height >= 1 && shape.width >= 1, errc::dataset_shape,
            "an image needs channels, height and width >= 1, given {} x {} x {}", shape.channels,
            shape.height, shape.width);
    expects(classes >= 1 && classes <= 256, errc::dataset_shape,
            "the number of classes must lie in 1..256, given {}", classes);
    expects(static_cast<index_t>(images.size()) == size() * shape.size(), errc::dataset_shape,
            "{} labels of {} x {} x {} images need {} bytes, given {}", size(), shape.channels,
            shape.height, shape.width, size() * shape.size(), images.size());
    train::check(normalise, shape.channels);
    for (index_t n = 0; n < size(); ++n) {
      const int label = labels[static_cast<std::size_t>(n)];
      expects(label < classes, errc::label_out_of_range, "image {} has label {}, must lie in 0..{}",
              n, label, classes - 1);
    }
  }

  /// Adds the images of `more` behind its own. Throws dataset_shape unless shape and classes are
  /// the same.
  void append(const dataset& more) {
    expects(more.shape == shape && more.classes == classes, errc::dataset_shape,
            "{} x {} x {} images of {} classes cannot be added to {} x {} x {} images of {}",
            more.shape.channels, more.shape.height, more.shape.width, more.classes, shape.channels,
            shape.height, shape.width, classes);
    expects(more.normalise == normalise, errc::dataset_shape,
            "images with another normalisation cannot be added");
    images.insert(images.end(), more.images.begin(), more.images.end());
    labels.insert(labels.end(), more.labels.begin(), more.labels.end());
  }

  /// Copy of images first..first + count - 1. Throws dataset_shape when they are not all there.
  [[nodiscard]] dataset subset(index_t first, index_t count) const {
    expects(first >= 0 && count >= 0 && first <= size() - count, errc::dataset_shape,
            "images {}..{} lie outside the {} images of the data set", first, first + count - 1,
            size());
    dataset part{
        .shape = shape, .classes = classes, .images = {}, .labels = {}, .normalise = normalise};
    const auto pixels = images.begin() + first * shape.size();
    part.images.assign(pixels, pixels + count * shape.size());
    part.labels.assign(labels.begin() + first, labels.begin() + first + count);
    return part;
  }

 private:
  [[nodiscard]] std::size_t at(index_t n) const {
    return static_cast<std::size_t>(n * shape.size());
  }
};

/// Mean and standard deviation of each channel over all pixels of `data`, what a training set is
/// usually normalised with (its test set by the same numbers). Sums are integers: the result
/// depends on nothing else. Throws dataset_shape when there is no image or a channel has one value
/// only.
[[nodiscard]] SWPRUNE_SETUP normalisation measure_normalisation(const dataset& data);

#if SWPRUNE_BODIES

SWPRUNE_SETUP normalisation measure_normalisation(const dataset& data) {
  data.check();
  expects(data.size() >= 1, errc::dataset_shape, "an empty data set has no mean");
  normalisation found;
  for (index_t c = 0; c < data.shape.channels; ++c) {
    std::uint64_t sum = 0;
    std::uint64_t squares = 0;
    for (index_t n = 0; n < data.size(); ++n) {
      const std::uint8_t* plane = data.image(n) + c * data.shape.pixels();
      for (index_t i = 0; i < data.shape.pixels(); ++i) {
        sum += plane[i];
        squares += std::uint64_t{plane[i]} * plane[i];
      }
    }
    const double count = static_cast<double>(data.size() * data.shape.pixels());
    const double mean = static_cast<double>(sum) / count;
    const double variance = static_cast<double>(squares) / count - mean * mean;
    found.mean.push_back(mean / 255);
    found.deviation.push_back(std::sqrt(std::max(0.0, variance)) / 255);
  }
  check(found, data.shape.channels);
  return found;
}

#endif

}  // namespace swprune::inline v0::train
