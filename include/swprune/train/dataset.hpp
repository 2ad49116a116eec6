// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::train {

/// Labelled images in the bytes they came in: one per byte pixel, so that 60,000 images of 28 x 28
/// stay 47 MB. A pixel p means the number p / 255; batch normalisation does the centring.
struct dataset {
  map_shape shape;                   ///< of one image
  index_t classes = 0;               ///< labels lie in 0..classes - 1
  std::vector<std::uint8_t> images;  ///< [n][C][H][W]
  std::vector<std::uint8_t> labels;  ///< [n]

  /// Number of images.
  [[nodiscard]] index_t size() const { return static_cast<index_t>(labels.size()); }

  /// First byte of image `n`, 0 <= n < size(); shape.size() bytes.
  [[nodiscard]] const std::uint8_t* image(index_t n) const { return &images[at(n)]; }

  /// Throws dataset_shape when sizes disagree, label_out_of_range when a label is not a class.
  void check() const {
    expects(shape.channels >= 1 && shape.height >= 1 && shape.width >= 1, errc::dataset_shape,
            "an image needs channels, height and width >= 1, given {} x {} x {}", shape.channels,
            shape.height, shape.width);
    expects(classes >= 1 && classes <= 256, errc::dataset_shape,
            "the number of classes must lie in 1..256, given {}", classes);
    expects(static_cast<index_t>(images.size()) == size() * shape.size(), errc::dataset_shape,
            "{} labels of {} x {} x {} images need {} bytes, given {}", size(), shape.channels,
            shape.height, shape.width, size() * shape.size(), images.size());
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
    images.insert(images.end(), more.images.begin(), more.images.end());
    labels.insert(labels.end(), more.labels.begin(), more.labels.end());
  }

  /// Copy of images first..first + count - 1. Throws dataset_shape when they are not all there.
  [[nodiscard]] dataset subset(index_t first, index_t count) const {
    expects(first >= 0 && count >= 0 && first <= size() - count, errc::dataset_shape,
            "images {}..{} lie outside the {} images of the data set", first, first + count - 1,
            size());
    dataset part{.shape = shape, .classes = classes, .images = {}, .labels = {}};
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

}  // namespace swprune::inline v0::train
