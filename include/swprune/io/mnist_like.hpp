// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/io/data_dir.hpp"
#include "swprune/io/idx.hpp"
#include "swprune/io/train_test.hpp"

namespace swprune::inline v0::io {

/// Loads MNIST or a set with the same files, such as Fashion-MNIST: train-images-idx3-ubyte,
/// train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each plain or packed
/// as `formats` says, 28 x 28 grey pixels, 10 classes. The files may lie in `dir` itself or in
/// dir/`dataset`; an empty `dir` means $SWPRUNE_DATA, then ./data. Throws errc::data_not_found when
/// they are not there and whatever load_idx() throws; errc::file_format when an image is not 28
/// x 28.
[[nodiscard]] SWPRUNE_FUNCTION train_test load_mnist_like(const std::filesystem::path& dir,
                                                          std::string_view dataset = "mnist",
                                                          packings formats = plain_or_gzip);

#if SWPRUNE_BODIES

namespace detail {

[[nodiscard]] inline train::dataset load_mnist_half(const std::filesystem::path& dir,
                                                    const std::string& stem, packings formats) {
  const std::filesystem::path images = find_packed(dir / (stem + "-images-idx3-ubyte"));
  const std::filesystem::path labels = find_packed(dir / (stem + "-labels-idx1-ubyte"));
  train::dataset data = load_idx(images, labels, 10, formats);
  expects(data.shape == map_shape{1, 28, 28}, errc::file_format,
          "'{}' holds images of {} x {} (bytes 8 and 12), expected 28 x 28", images.string(),
          data.shape.height, data.shape.width);
  return data;
}

}  // namespace detail

SWPRUNE_FUNCTION train_test load_mnist_like(const std::filesystem::path& dir,
                                            std::string_view dataset, packings formats) {
  const std::filesystem::path found =
      find_data_dir(dir, dataset,
                    {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                     "t10k-labels-idx1-ubyte"});
  return {detail::load_mnist_half(found, "train", formats),
          detail::load_mnist_half(found, "t10k", formats)};
}

#endif

}  // namespace swprune::inline v0::io
