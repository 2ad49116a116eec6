// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/packed.hpp"
#include "swprune/train/dataset.hpp"

namespace swprune::inline v0::io {

/// Reads a data set of grey images from a pair of IDX files (Y. LeCun's format of MNIST: big-endian
/// header, unsigned bytes), each plain or packed as `formats` says. Gives images
/// [n][1][rows][columns].
///
/// `classes` must lie in 1..256; labels must lie in 0..classes - 1. Throws errc::file_open,
/// errc::file_truncated, errc::file_format (magic, sizes, trailing bytes, corrupt packing),
/// errc::file_checksum (gzip CRC), errc::dataset_shape (the two counts differ) or
/// errc::label_out_of_range; every message names the file and the byte offset.
[[nodiscard]] SWPRUNE_FUNCTION train::dataset load_idx(const std::filesystem::path& images,
                                                       const std::filesystem::path& labels,
                                                       index_t classes = 10,
                                                       packings formats = plain_or_gzip);

#if SWPRUNE_BODIES

namespace detail {

/// Bytes of an IDX file after its header, with the sizes that the header gives.
struct idx_content {
  std::vector<index_t> sizes;
  std::vector<std::uint8_t> bytes;
};

[[nodiscard]] inline index_t big_endian32(std::span<const std::uint8_t> bytes, std::size_t offset) {
  return (index_t{bytes[offset]} << 24) | (index_t{bytes[offset + 1]} << 16) |
         (index_t{bytes[offset + 2]} << 8) | index_t{bytes[offset + 3]};
}

/// Sizes in an IDX header of unsigned bytes with `dimensions` of them; `head` may be the whole
/// file.
[[nodiscard]] inline std::vector<index_t> idx_sizes(std::span<const std::uint8_t> head,
                                                    int dimensions, const std::string& file) {
  const std::size_t header = 4 + 4 * static_cast<std::size_t>(dimensions);
  // Magic first: a label file given as images is called that, not cut off.
  const index_t magic = head.size() < 4 ? 0x800 + dimensions : big_endian32(head, 0);
  expects(
      magic == 0x800 + dimensions, errc::file_format,
      "'{}' has the magic number {:#010x} at byte 0, expected {:#010x} (IDX, unsigned bytes, {} "
      "dimension{})",
      file, magic, 0x800 + dimensions, dimensions, dimensions == 1 ? "" : "s");
  expects(head.size() >= header, errc::file_truncated,
          "'{}' ends at byte {}, inside the IDX header of {} bytes", file, head.size(), header);
  std::vector<index_t> sizes;
  for (int d = 0; d < dimensions; ++d) {
    sizes.push_back(big_endian32(head, static_cast<std::size_t>(4 + 4 * d)));
    // Counts up to 2^32 and sides up to 4096 keep the product below 2^56.
    expects(d == 0 || (sizes.back() >= 1 && sizes.back() <= 4096), errc::file_format,
            "'{}' has {} {} at byte {}, must lie in 1..4096", file, sizes.back(),
            d == 1 ? "rows" : "columns", 4 + 4 * d);
  }
  return sizes;
}

/// Reads an IDX file, packed or not, whole and exact.
[[nodiscard]] inline idx_content read_idx(const std::filesystem::path& path, int dimensions,
                                          packings formats) {
  packed_file file(path, formats);
  const std::size_t header = 4 + 4 * static_cast<std::size_t>(dimensions);
  idx_content content;
  content.sizes = idx_sizes(file.head(header), dimensions, file.name());
  std::size_t items = 1;
  for (const index_t size : content.sizes) items *= static_cast<std::size_t>(size);
  const std::size_t expected = header + items;
  const char* where = file.where();
  content.bytes = file.take(expected + 1);
  expects(content.bytes.size() >= expected, errc::file_truncated,
          "'{}' ends at byte {}{}, its header announces {} bytes", file.name(),
          content.bytes.size(), where, expected);
  expects(content.bytes.size() == expected, errc::file_format,
          "'{}' goes on after byte {}{}, where its header says that it ends", file.name(), expected,
          where);
  content.bytes.erase(content.bytes.begin(),
                      content.bytes.begin() + static_cast<std::ptrdiff_t>(header));
  return content;
}

}  // namespace detail

SWPRUNE_FUNCTION train::dataset load_idx(const std::filesystem::path& images,
                                         const std::filesystem::path& labels, index_t classes,
                                         packings formats) {
  expects(classes >= 1 && classes <= 256, errc::argument_out_of_range,
          "classes must lie in 1..256, given {}", classes);
  detail::idx_content pixels = detail::read_idx(images, 3, formats);
  detail::idx_content names = detail::read_idx(labels, 1, formats);
  expects(pixels.sizes[0] == names.sizes[0], errc::dataset_shape,
          "'{}' holds {} images (byte 4) but '{}' holds {} labels (byte 4)", images.string(),
          pixels.sizes[0], labels.string(), names.sizes[0]);
  for (std::size_t n = 0; n < names.bytes.size(); ++n)
    expects(names.bytes[n] < classes, errc::label_out_of_range,
            "'{}' has label {} at byte {} (image {}), must lie in 0..{}", labels.string(),
            names.bytes[n], 8 + n, n, classes - 1);
  train::dataset data;
  data.shape = {1, pixels.sizes[1], pixels.sizes[2]};
  data.classes = classes;
  data.images = std::move(pixels.bytes);
  data.labels = std::move(names.bytes);
  return data;
}

#endif

}  // namespace swprune::inline v0::io
