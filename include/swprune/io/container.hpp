// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/bytes.hpp"
#include "swprune/io/deflate.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/record_set.hpp"

namespace swprune::inline v0::io {

/// Version of the container that this library writes and reads.
inline constexpr std::uint32_t container_version = 1;

/// Bytes to which header, records and directory are aligned.
inline constexpr std::size_t container_alignment = 64;

/// Bytes of a container (docs/formats-files.md, "Model and checkpoint container"): header, records
/// on 64-byte boundaries in the given order, directory; a CRC-32 on each. `kind` says what the file
/// is for, 1..16 characters. Equal records give equal bytes.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> encode_container(
    std::string_view kind, const record_set& records);

/// Records of a container whose kind must be `kind`. Every byte is checked: any truncated or
/// changed file gives errc::file_truncated, errc::file_checksum or errc::file_format with the byte
/// offset; a good container of another kind gives errc::file_mismatch. `file` is for the messages.
[[nodiscard]] SWPRUNE_FUNCTION record_set decode_container(std::span<const std::uint8_t> bytes,
                                                           std::string_view kind,
                                                           const std::string& file);

#if SWPRUNE_BODIES

namespace detail {

// A byte above 127, a line end of each kind and a Ctrl-Z: transfers that treat the file as text
// destroy it visibly (the idea is PNG's).
inline constexpr std::array<std::uint8_t, 8> container_magic = {0x93, 'S',  'W',  'P',
                                                                '\r', '\n', 0x1a, '\n'};
inline constexpr std::size_t container_kind_bytes = 16;

/// One entry of the directory.
inline void put_directory_entry(byte_writer& out, const record& r, std::uint64_t offset) {
  out.put<std::uint8_t>(static_cast<std::uint8_t>(r.value.type()));
  out.put<std::uint8_t>(static_cast<std::uint8_t>(r.value.shape().size()));
  out.put<std::uint16_t>(static_cast<std::uint16_t>(r.name.size()));
  out.put<std::uint32_t>(crc32(r.value.bytes()));
  out.put<std::uint64_t>(offset);
  out.put<std::uint64_t>(r.value.bytes().size());
  for (const index_t size : r.value.shape()) out.put<std::int64_t>(size);
  out.put_text(r.name);
  out.align(8);
}

[[nodiscard]] inline std::vector<std::uint8_t> container_header(std::string_view kind,
                                                                std::uint32_t records,
                                                                std::uint64_t directory_offset,
                                                                std::span<const std::uint8_t> dir) {
  byte_writer head;
  head.put_bytes(container_magic);
  head.put<std::uint32_t>(container_version);
  head.put<std::uint32_t>(records);
  head.put<std::uint64_t>(directory_offset);
  head.put<std::uint64_t>(dir.size());
  head.put<std::uint64_t>(directory_offset + dir.size());
  head.put_text(kind);
  while (head.size() < 56) head.put<std::uint8_t>(0);
  head.put<std::uint32_t>(crc32(dir));
  head.put<std::uint32_t>(crc32(head.bytes()));
  return head.take();
}

/// What the header says, checked.
struct container_layout {
  std::string kind;
  std::uint32_t records = 0;
  std::uint64_t directory_offset = 0;
  std::uint64_t directory_bytes = 0;
  std::uint32_t directory_crc = 0;
};

[[nodiscard]] inline container_layout read_container_header(std::span<const std::uint8_t> bytes,
                                                            const std::string& file) {
  byte_reader in(bytes, file);
  const auto magic = in.get_bytes(container_magic.size(), "the magic number");
  expects(std::equal(magic.begin(), magic.end(), container_magic.begin()), errc::file_format,
          "'{}' does not start like a swprune container (byte 0)", file);
  const auto version = in.get<std::uint32_t>("the version");
  expects(version == container_version, errc::file_format,
          "'{}' is a container of version {} (byte 8), this library reads version {}", file,
          version, container_version);
  container_layout layout;
  layout.records = in.get<std::uint32_t>("the number of records");
  layout.directory_offset = in.get<std::uint64_t>("the directory's offset");
  layout.directory_bytes = in.get<std::uint64_t>("the directory's size");
  const auto total = in.get<std::uint64_t>("the file's size");
  layout.kind = in.get_text(container_kind_bytes, "the kind");
  layout.directory_crc = in.get<std::uint32_t>("the directory's checksum");
  const auto crc = in.get<std::uint32_t>("the header's checksum");
  expects(crc == crc32(bytes.first(60)), errc::file_checksum,
          "'{}': header, bytes 0..59, expected CRC {:#010x}", file, crc);
  expects(total <= bytes.size(), errc::file_truncated, "'{}' has {} of {} bytes", file,
          bytes.size(), total);
  expects(total == bytes.size(), errc::file_format,
          "'{}' goes on after byte {}, where it should end", file, total);
  expects(
      layout.directory_offset <= total && layout.directory_bytes == total - layout.directory_offset,
      errc::file_format, "'{}': directory of {} bytes at byte {} of {}", file,
      layout.directory_bytes, layout.directory_offset, total);
  layout.kind.erase(std::min(layout.kind.find('\0'), layout.kind.size()));
  return layout;
}

/// Checks that bytes begin..end are zero padding.
inline void expect_zeros(std::span<const std::uint8_t> bytes, std::size_t begin, std::size_t end,
                         const std::string& file) {
  for (std::size_t i = begin; i < end; ++i)
    expects(bytes[i] == 0, errc::file_format, "'{}': padding byte {} is {}, must be 0", file, i,
            bytes[i]);
}

/// Reads one directory entry and the record it points to; `end` is where the last record ended.
[[nodiscard]] inline record read_record(byte_reader& directory, std::span<const std::uint8_t> bytes,
                                        std::size_t limit, std::size_t& end) {
  const std::string& file = directory.file();
  const std::size_t entry = directory.offset();
  const auto type = directory.get<std::uint8_t>("a record's type");
  const auto rank = directory.get<std::uint8_t>("a record's rank");
  const auto name_bytes = directory.get<std::uint16_t>("a name's length");
  const auto crc = directory.get<std::uint32_t>("a record's checksum");
  const auto offset = directory.get<std::uint64_t>("a record's offset");
  const auto size = directory.get<std::uint64_t>("a record's size");
  expects(type >= 1 && type <= std::size(number_types) && rank <= 32, errc::file_format,
          "'{}': directory entry at byte {} has type {} and rank {}, must lie in 1..{} and 0..32",
          file, entry, type, rank, std::size(number_types));
  std::vector<index_t> shape;
  for (int i = 0; i < rank; ++i) shape.push_back(directory.get<std::int64_t>("a record's shape"));
  std::string name = directory.get_text(name_bytes, "a record's name");
  record_set::check_name(name, errc::file_format, file);
  const std::size_t padding = (8 - directory.offset() % 8) % 8;
  const std::size_t padded = directory.offset();
  (void)directory.get_bytes(padding, "padding");
  expect_zeros(bytes, padded, padded + padding, file);
  const std::size_t begin =
      (end + container_alignment - 1) / container_alignment * container_alignment;
  expects(offset == begin && begin <= limit && size <= limit - begin, errc::file_format,
          "'{}': record '{}' has {} bytes at byte {}, expected at byte {} and to end by byte {}",
          file, name, size, offset, begin, limit);
  expect_zeros(bytes, end, begin, file);
  end = begin + static_cast<std::size_t>(size);
  const auto content = bytes.subspan(begin, static_cast<std::size_t>(size));
  expects(crc == crc32(content), errc::file_checksum,
          "'{}': record '{}', bytes {}..{}, expected CRC {:#010x}", file, name, begin, end, crc);
  expects(array::bytes_of(static_cast<number_type>(type), shape) == size, errc::file_format,
          "'{}': record '{}' has shape {} but {} bytes", file, name, shape_text(shape), size);
  return {std::move(name), array(static_cast<number_type>(type), std::move(shape),
                                 {content.begin(), content.end()})};
}

}  // namespace detail

SWPRUNE_FUNCTION std::vector<std::uint8_t> encode_container(std::string_view kind,
                                                            const record_set& records) {
  expects(!kind.empty() && kind.size() <= detail::container_kind_bytes &&
              kind.find('\0') == std::string_view::npos,
          errc::argument_out_of_range, "the kind of a container has 1..16 characters, given {}",
          kind.size());
  byte_writer body;  // starts where the header ends
  byte_writer directory;
  for (const record& r : records.records()) {
    body.align(container_alignment);
    detail::put_directory_entry(directory, r, container_alignment + body.size());
    body.put_bytes(r.value.bytes());
  }
  body.align(container_alignment);
  const auto count = static_cast<std::uint32_t>(records.records().size());
  byte_writer file;
  file.put_bytes(
      detail::container_header(kind, count, container_alignment + body.size(), directory.bytes()));
  file.put_bytes(body.bytes());
  file.put_bytes(directory.bytes());
  return file.take();
}

SWPRUNE_FUNCTION record_set decode_container(std::span<const std::uint8_t> bytes,
                                             std::string_view kind, const std::string& file) {
  const detail::container_layout layout = detail::read_container_header(bytes, file);
  const auto limit = static_cast<std::size_t>(layout.directory_offset);
  expects(layout.directory_crc == crc32(bytes.subspan(limit)), errc::file_checksum,
          "'{}': directory, bytes {}..{}, expected CRC {:#010x}", file, limit, bytes.size(),
          layout.directory_crc);
  expects(layout.kind == kind, errc::file_mismatch, "'{}' holds '{}', expected '{}'", file,
          layout.kind, kind);
  record_set records(file);
  byte_reader directory(bytes, file, limit);
  std::size_t end = container_alignment;
  for (std::uint32_t i = 0; i < layout.records; ++i) {
    record r = detail::read_record(directory, bytes, limit, end);
    expects(!records.contains(r.name), errc::file_format, "'{}' has two records '{}'", file,
            r.name);
    records.add(std::move(r.name), std::move(r.value));
  }
  const std::size_t aligned =
      (end + container_alignment - 1) / container_alignment * container_alignment;
  expects(aligned == limit && directory.offset() == bytes.size(), errc::file_format,
          "'{}': records end at byte {} and the directory at byte {}, expected {} and {}", file,
          aligned, directory.offset(), limit, bytes.size());
  detail::expect_zeros(bytes, end, aligned, file);
  return records;
}

#endif

/// Writes a container to a temporary name, flushes it and renames it: `path` never holds half a
/// file. Throws errc::file_write.
inline void save_container(const std::filesystem::path& path, std::string_view kind,
                           const record_set& records) {
  write_file(path, encode_container(kind, records));
}

/// Reads what save_container() wrote; throws errc::file_open and what decode_container() throws.
[[nodiscard]] inline record_set load_container(const std::filesystem::path& path,
                                               std::string_view kind) {
  return decode_container(read_file(path), kind, path.string());
}

}  // namespace swprune::inline v0::io
