// SPDX-License-Identifier: Apache-2.0
#pragma once

// Opt-in: needs stb (Debian: libstb-dev; link with -lstb).

#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/train_test.hpp"

namespace swprune::inline v0::io {

/// How pictures become images of one size.
struct image_folder_params {
  index_t channels = 3;  ///< 1 (grey) or 3 (red, green, blue); transparency is dropped
  /// 0 x 0: all pictures must have the size of the first. Otherwise 1..1024 each: a picture is cut
  /// round its centre to the shape of height x width, as large as it can be, and scaled to it.
  index_t height = 0;
  index_t width = 0;
};

/// Throws argument_out_of_range.
inline void check(const image_folder_params& p) {
  expects(p.channels == 1 || p.channels == 3, errc::argument_out_of_range,
          "channels must be 1 or 3, given {}", p.channels);
  const bool as_they_are = p.height == 0 && p.width == 0;
  expects(as_they_are || (p.height >= 1 && p.height <= 1024 && p.width >= 1 && p.width <= 1024),
          errc::argument_out_of_range,
          "height and width must both be 0 or lie in 1..1024, given {} and {}", p.height, p.width);
}

/// A directory of pictures as a data set.
struct image_folder {
  train::dataset data;
  std::vector<std::string> classes;  ///< names of the sub-folders, in the order of the labels
};

namespace detail {

/// A decoded picture, [height][width][channels].
struct picture {
  std::unique_ptr<std::uint8_t, void (*)(void*)> pixels{nullptr, stbi_image_free};
  map_shape shape;
};

/// Sorted names in a directory that do not begin with a dot.
[[nodiscard]] inline std::vector<std::string> visible_names(const std::filesystem::path& dir) {
  std::error_code failed;
  std::vector<std::string> names;
  for (auto it = std::filesystem::directory_iterator(dir, failed);
       !failed && it != std::filesystem::directory_iterator(); it.increment(failed))
    if (const std::string name = it->path().filename().string(); name.front() != '.')
      names.push_back(name);
  expects(!failed, errc::file_open, "'{}': {}", dir.string(), failed.message());
  std::sort(names.begin(), names.end());
  return names;
}

/// Decodes a picture of at most 4096 x 4096 pixels.
[[nodiscard]] inline picture read_picture(const std::filesystem::path& path, index_t channels) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  expects(bytes.size() <= (std::size_t{1} << 28), errc::file_format,
          "'{}' has {} bytes, a picture may have {}", path.string(), bytes.size(), 1 << 28);
  const auto size = static_cast<int>(bytes.size());
  int width = 0, height = 0, found = 0;
  const auto refuse = [&] {
    raise(errc::file_format, "'{}' ({} bytes) is not a picture that can be read: {}", path.string(),
          size, stbi_failure_reason());
  };
  if (stbi_info_from_memory(bytes.data(), size, &width, &height, &found) == 0) refuse();
  expects(width >= 1 && width <= 4096 && height >= 1 && height <= 4096, errc::file_format,
          "'{}' has {} x {} pixels, each must lie in 1..4096", path.string(), height, width);
  picture p;
  p.pixels.reset(stbi_load_from_memory(bytes.data(), size, &width, &height, &found,
                                       static_cast<int>(channels)));
  if (p.pixels == nullptr) refuse();
  p.shape = {channels, height, width};
  return p;
}

/// The part of `from` round its centre that has the shape of `to`, scaled;
/// [height][width][channels].
[[nodiscard]] inline std::vector<std::uint8_t> cut_and_scale(const picture& from,
                                                             const map_shape& to) {
  const map_shape& s = from.shape;
  // The largest cut that has the aspect of `to`.
  const index_t height = std::clamp<index_t>(s.width * to.height / to.width, 1, s.height);
  const index_t width = std::clamp<index_t>(s.height * to.width / to.height, 1, s.width);
  const index_t first = ((s.height - height) / 2 * s.width + (s.width - width) / 2) * s.channels;
  std::vector<std::uint8_t> out(static_cast<std::size_t>(to.size()));
  const int scaled = stbir_resize_uint8(
      from.pixels.get() + first, static_cast<int>(width), static_cast<int>(height),
      static_cast<int>(s.width * s.channels), out.data(), static_cast<int>(to.width),
      static_cast<int>(to.height), 0, static_cast<int>(s.channels));
  expects(scaled == 1, errc::invariant_broken, "stb cannot scale {} x {} to {} x {}", height, width,
          to.height, to.width);
  return out;
}

/// Writes [height][width][channels] as [channels][height][width].
inline void write_planes(const std::uint8_t* interleaved, const map_shape& shape,
                         std::uint8_t* planes) {
  for (index_t i = 0; i < shape.pixels(); ++i)
    for (index_t c = 0; c < shape.channels; ++c) planes[c * shape.pixels() + i] = *interleaved++;
}

/// One picture into its place.
inline void load_picture(const std::filesystem::path& path, const image_folder_params& params,
                         const map_shape& shape, std::uint8_t* to) {
  const picture p = read_picture(path, params.channels);
  if (p.shape == shape) return write_planes(p.pixels.get(), shape, to);
  expects(params.height > 0, errc::dataset_shape,
          "'{}' has {} x {} pixels, the first picture {} x {}: give a height and a width to have "
          "all cut and scaled",
          path.string(), p.shape.height, p.shape.width, shape.height, shape.width);
  write_planes(cut_and_scale(p, shape).data(), shape, to);
}

}  // namespace detail

/// Loads a directory with one sub-folder per class (at most 256), named after it, with pictures in
/// PNG, JPEG, BMP, GIF, TGA or PNM, told by content. Classes and files are taken in the order of
/// their names, byte by byte; names that begin with a dot are passed over, anything else that is
/// no picture is an error. Throws errc::file_open, errc::data_not_found (no class, an empty one),
/// errc::file_format (no picture, more than 4096 pixels a side) or errc::dataset_shape (sizes
/// differ), naming the file; the decoder tells no byte offsets.
[[nodiscard]] inline image_folder load_image_folder(const std::filesystem::path& dir,
                                                    const image_folder_params& params = {}) {
  check(params);
  image_folder found;
  found.classes = detail::visible_names(dir);
  expects(!found.classes.empty(), errc::data_not_found,
          "'{}' has no sub-folders, expected one for each class", dir.string());
  expects(found.classes.size() <= 256, errc::dataset_shape,
          "'{}' has {} sub-folders, at most 256 classes are possible", dir.string(),
          found.classes.size());
  std::vector<std::filesystem::path> files;
  for (std::size_t label = 0; label < found.classes.size(); ++label) {
    const std::filesystem::path folder = dir / found.classes[label];
    const std::vector<std::string> names = detail::visible_names(folder);
    expects(!names.empty(), errc::data_not_found, "'{}' has no pictures", folder.string());
    for (const std::string& name : names) files.push_back(folder / name);
    found.data.labels.insert(found.data.labels.end(), names.size(),
                             static_cast<std::uint8_t>(label));
  }
  map_shape shape{params.channels, params.height, params.width};
  if (params.height == 0) shape = detail::read_picture(files.front(), params.channels).shape;
  found.data.shape = shape;
  found.data.classes = static_cast<index_t>(found.classes.size());
  found.data.images.resize(files.size() * static_cast<std::size_t>(shape.size()));
  parallel_for(static_cast<index_t>(files.size()), [&](index_t n) {
    detail::load_picture(files[static_cast<std::size_t>(n)], params, shape,
                         &found.data.images[static_cast<std::size_t>(n * shape.size())]);
  });
  return found;
}

/// Loads dir/train and dir/test (or dir/val), each as load_image_folder() does; both must have the
/// same classes and image size. Throws errc::data_not_found, errc::dataset_shape and what
/// load_image_folder() throws.
[[nodiscard]] inline train_test load_image_folders(const std::filesystem::path& dir,
                                                   const image_folder_params& params = {}) {
  std::error_code ignored;
  const auto is_there = [&](const char* half) {
    return std::filesystem::is_directory(dir / half, ignored);
  };
  expects(
      is_there("train") && (is_there("test") || is_there("val")), errc::data_not_found,
      "'{}' needs the directories 'train' and 'test' (or 'val'), each with a sub-folder per class",
      dir.string());
  image_folder train = load_image_folder(dir / "train", params);
  image_folder test = load_image_folder(dir / (is_there("test") ? "test" : "val"), params);
  for (std::size_t i = 0; i < std::max(train.classes.size(), test.classes.size()); ++i)
    expects(
        i < train.classes.size() && i < test.classes.size() && train.classes[i] == test.classes[i],
        errc::dataset_shape, "'{}': train and test have different classes: '{}' and '{}'",
        dir.string(), i < train.classes.size() ? train.classes[i] : "none",
        i < test.classes.size() ? test.classes[i] : "none");
  expects(train.data.shape == test.data.shape, errc::dataset_shape,
          "'{}': training pictures have {} x {} pixels, test pictures {} x {}", dir.string(),
          train.data.shape.height, train.data.shape.width, test.data.shape.height,
          test.data.shape.width);
  return {std::move(train.data), std::move(test.data)};
}

}  // namespace swprune::inline v0::io
