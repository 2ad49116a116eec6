// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/data_dir.hpp"
#include "swprune/io/mat.hpp"
#include "swprune/io/packed.hpp"
#include "swprune/io/train_test.hpp"

namespace swprune::inline v0::io {

/// Reads one file of SVHN, cropped digits (Y. Netzer et al., 2011): arrays X (32 x 32 x 3 x n) and
/// y (n x 1, digit 0 as label 10), in any number. Gives 3 x 32 x 32 images with labels 0..9. Throws
/// what read_mat() throws; errc::file_format when an array is missing or has other sizes,
/// errc::dataset_shape when there are not as many labels as images, errc::label_out_of_range.
[[nodiscard]] SWPRUNE_FUNCTION train::dataset load_svhn_file(const std::filesystem::path& path,
                                                             packings formats = plain_or_gzip);

/// Loads SVHN, cropped digits: train_32x32.mat and test_32x32.mat, each plain or packed as
/// `formats` says, in `dir` or in dir/svhn; an empty `dir` means $SWPRUNE_DATA, then ./data. Throws
/// errc::data_not_found and what load_svhn_file() throws.
[[nodiscard]] SWPRUNE_FUNCTION train_test load_svhn(const std::filesystem::path& dir,
                                                    packings formats = plain_or_gzip);

#if SWPRUNE_BODIES

namespace detail {

[[nodiscard]] inline const mat_array& mat_array_named(const std::vector<mat_array>& arrays,
                                                      std::string_view name,
                                                      const std::filesystem::path& path) {
  const auto found = std::find_if(arrays.begin(), arrays.end(),
                                  [&](const mat_array& a) { return a.name == name; });
  expects(found != arrays.end(), errc::file_format, "'{}' has no array '{}', only {} others",
          path.string(), name, arrays.size());
  return *found;
}

/// [column][row] planes of MATLAB as [row][column].
inline void append_svhn_planes(const mat_array& x, std::vector<std::uint8_t>& images) {
  constexpr std::size_t side = 32;
  const std::size_t planes = x.values.size() / (side * side);
  images.reserve(x.values.size());
  for (std::size_t p = 0; p < planes; ++p)
    for (std::size_t row = 0; row < side; ++row)
      for (std::size_t column = 0; column < side; ++column)
        images.push_back(x.values[(p * side + column) * side + row]);
}

}  // namespace detail

SWPRUNE_FUNCTION train::dataset load_svhn_file(const std::filesystem::path& path,
                                               packings formats) {
  const std::vector<mat_array> arrays = read_mat(path, formats);
  const mat_array& x = detail::mat_array_named(arrays, "X", path);
  const mat_array& y = detail::mat_array_named(arrays, "y", path);
  std::vector<index_t> sizes = x.sizes;
  if (sizes.size() == 3) sizes.push_back(1);  // MATLAB drops a last size of 1
  expects(sizes.size() == 4 && sizes[0] == 32 && sizes[1] == 32 && sizes[2] == 3, errc::file_format,
          "'{}': array X is {}, expected [32, 32, 3, n]", path.string(), shape_text(x.sizes));
  expects(y.sizes.size() == 2 && y.sizes[1] == 1 && y.sizes[0] == sizes[3], errc::dataset_shape,
          "'{}': array y is {}, expected [{}, 1], as many labels as X has images", path.string(),
          shape_text(y.sizes), sizes[3]);
  train::dataset data{.shape = {3, 32, 32}, .classes = 10, .images = {}, .labels = {}};
  for (std::size_t n = 0; n < y.values.size(); ++n) {
    expects(y.values[n] >= 1 && y.values[n] <= 10, errc::label_out_of_range,
            "'{}' has label {} at y({}), must lie in 1..10", path.string(), y.values[n], n + 1);
    data.labels.push_back(static_cast<std::uint8_t>(y.values[n] % 10));
  }
  detail::append_svhn_planes(x, data.images);
  return data;
}

SWPRUNE_FUNCTION train_test load_svhn(const std::filesystem::path& dir, packings formats) {
  const std::filesystem::path found =
      find_data_dir(dir, "svhn", {"train_32x32.mat", "test_32x32.mat"});
  return {load_svhn_file(find_packed(found / "train_32x32.mat"), formats),
          load_svhn_file(find_packed(found / "test_32x32.mat"), formats)};
}

#endif

}  // namespace swprune::inline v0::io
