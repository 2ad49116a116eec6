// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/parallel.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/data_dir.hpp"
#include "swprune/io/packed.hpp"
#include "swprune/io/train_test.hpp"

namespace swprune::inline v0::io {

/// A record of the binary version of CIFAR-10 or CIFAR-100 (A. Krizhevsky, 2009): label bytes, then
/// 1,024 red, 1,024 green and 1,024 blue bytes of a 32 x 32 image, row by row.
struct cifar_layout {
  index_t label_bytes = 1;  ///< before the pixels
  index_t label = 0;        ///< which of them is the class
  index_t classes = 10;

  [[nodiscard]] index_t record_bytes() const { return label_bytes + shape().size(); }
  [[nodiscard]] static map_shape shape() { return {3, 32, 32}; }
};

inline constexpr cifar_layout cifar10_records{1, 0, 10};
inline constexpr cifar_layout cifar100_coarse{2, 0, 20};  ///< the 20 superclasses
inline constexpr cifar_layout cifar100_fine{2, 1, 100};

/// Reads one file of CIFAR records, as many as it has, plain or packed. Throws errc::file_open,
/// errc::file_truncated (the last record is not whole), errc::label_out_of_range and what the
/// unpacking throws; errc::file_format when it has more than `limit` records. Messages name the
/// file and the byte offset.
[[nodiscard]] SWPRUNE_FUNCTION train::dataset load_cifar_file(const std::filesystem::path& path,
                                                              const cifar_layout& layout,
                                                              packings formats = plain_or_gzip,
                                                              index_t limit = 1000000);

/// Loads CIFAR-10, binary version: data_batch_1.bin .. data_batch_5.bin (train, 50,000 images) and
/// test_batch.bin (10,000), each plain or packed as `formats` says, in `dir` or in
/// dir/cifar-10-batches-bin; an empty `dir` means $SWPRUNE_DATA, then ./data. 3 x 32 x 32 pixels,
/// 10 classes. Throws errc::data_not_found and what load_cifar_file() throws; errc::file_truncated
/// when a file has fewer than 10,000 records.
[[nodiscard]] SWPRUNE_FUNCTION train_test load_cifar10(const std::filesystem::path& dir,
                                                       packings formats = plain_or_gzip);

/// Loads CIFAR-100, binary version: train.bin (50,000 images) and test.bin (10,000), each plain or
/// packed, in `dir` or in dir/cifar-100-binary; an empty `dir` means $SWPRUNE_DATA, then ./data.
/// `labels` is cifar100_fine or cifar100_coarse. Throws like load_cifar10().
[[nodiscard]] SWPRUNE_FUNCTION train_test load_cifar100(const std::filesystem::path& dir,
                                                        const cifar_layout& labels = cifar100_fine,
                                                        packings formats = plain_or_gzip);

#if SWPRUNE_BODIES

namespace detail {

/// Splits whole records into images and labels, appended to `data`.
inline void append_cifar(const std::vector<std::uint8_t>& bytes, const cifar_layout& layout,
                         const packed_file& file, train::dataset& data) {
  const auto record = static_cast<std::size_t>(layout.record_bytes());
  expects(bytes.size() % record == 0, errc::file_truncated,
          "'{}' ends at byte {}{}, inside record {} of {} bytes", file.name(), bytes.size(),
          file.where(), bytes.size() / record, record);
  for (std::size_t at = 0; at < bytes.size(); at += record) {
    const std::size_t label_at = at + static_cast<std::size_t>(layout.label);
    expects(bytes[label_at] < layout.classes, errc::label_out_of_range,
            "'{}' has label {} at byte {}{} (record {}), must lie in 0..{}", file.name(),
            bytes[label_at], label_at, file.where(), at / record, layout.classes - 1);
    data.labels.push_back(bytes[label_at]);
    const auto pixels = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    data.images.insert(data.images.end(), pixels + layout.label_bytes,
                       pixels + layout.record_bytes());
  }
}

}  // namespace detail

SWPRUNE_FUNCTION train::dataset load_cifar_file(const std::filesystem::path& path,
                                                const cifar_layout& layout, packings formats,
                                                index_t limit) {
  expects(limit >= 0 && limit <= 1000000, errc::argument_out_of_range,
          "0 <= limit <= 1000000 records must hold, given {}", limit);
  packed_file file(path, formats);
  const auto most = static_cast<std::size_t>(limit * layout.record_bytes());
  const std::vector<std::uint8_t> bytes = file.take(most + 1);
  expects(bytes.size() <= most, errc::file_format,
          "'{}' goes on after byte {}{}, where {} records end", file.name(), most, file.where(),
          limit);
  train::dataset data{
      .shape = cifar_layout::shape(), .classes = layout.classes, .images = {}, .labels = {}};
  data.images.reserve(bytes.size());
  detail::append_cifar(bytes, layout, file, data);
  return data;
}

namespace detail {

/// The files of one half, which must hold `records` records each.
[[nodiscard]] inline train::dataset load_cifar_half(const std::filesystem::path& dir,
                                                    const std::vector<std::string>& names,
                                                    index_t records, const cifar_layout& layout,
                                                    packings formats) {
  std::vector<train::dataset> parts(names.size());
  parallel_for(static_cast<index_t>(names.size()), [&](index_t i) {  // unpacking is the cost
    const auto k = static_cast<std::size_t>(i);
    const std::filesystem::path path = find_packed(dir / names[k]);
    parts[k] = load_cifar_file(path, layout, formats, records);
    // A file cut between two records shows only here.
    expects(parts[k].size() == records, errc::file_truncated,
            "'{}' ends at byte {} of its content, after {} records, expected {}", path.string(),
            parts[k].size() * layout.record_bytes(), parts[k].size(), records);
  });
  train::dataset whole = std::move(parts.front());
  for (std::size_t k = 1; k < parts.size(); ++k) whole.append(parts[k]);
  return whole;
}

}  // namespace detail

SWPRUNE_FUNCTION train_test load_cifar10(const std::filesystem::path& dir, packings formats) {
  const std::vector<std::string> train{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                       "data_batch_4.bin", "data_batch_5.bin"};
  const std::vector<std::string> test{"test_batch.bin"};
  std::vector<std::string> all = train;
  all.insert(all.end(), test.begin(), test.end());
  const std::filesystem::path found = find_data_dir(dir, "cifar-10-batches-bin", all);
  return {detail::load_cifar_half(found, train, 10000, cifar10_records, formats),
          detail::load_cifar_half(found, test, 10000, cifar10_records, formats)};
}

SWPRUNE_FUNCTION train_test load_cifar100(const std::filesystem::path& dir,
                                          const cifar_layout& labels, packings formats) {
  const std::filesystem::path found =
      find_data_dir(dir, "cifar-100-binary", {"train.bin", "test.bin"});
  return {detail::load_cifar_half(found, {"train.bin"}, 50000, labels, formats),
          detail::load_cifar_half(found, {"test.bin"}, 10000, labels, formats)};
}

#endif

}  // namespace swprune::inline v0::io
