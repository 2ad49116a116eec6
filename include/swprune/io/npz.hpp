// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "swprune/core/detail/bodies.hpp"
#include "swprune/core/error.hpp"
#include "swprune/io/array.hpp"
#include "swprune/io/bytes.hpp"
#include "swprune/io/deflate.hpp"
#include "swprune/io/file.hpp"
#include "swprune/io/npy.hpp"
#include "swprune/io/record_set.hpp"

namespace swprune::inline v0::io {

/// Bytes of an .npz file: the records as .npy members of a zip file, stored, in order, without a
/// date; numpy.load reads it. Throws errc::file_write when it would reach 4 GiB or 65535 members.
[[nodiscard]] SWPRUNE_FUNCTION std::vector<std::uint8_t> encode_npz(const record_set& records);

/// Reads an .npz file with stored or deflated members, in the order of its directory. Directory,
/// local headers, sizes and checksums are all checked. Throws errc::file_truncated,
/// errc::file_format or errc::file_checksum; `file` is for the messages.
[[nodiscard]] SWPRUNE_FUNCTION record_set decode_npz(std::span<const std::uint8_t> bytes,
                                                     const std::string& file);

#if SWPRUNE_BODIES

namespace detail {

inline constexpr std::uint32_t zip_local_magic = 0x04034b50;
inline constexpr std::uint32_t zip_central_magic = 0x02014b50;
inline constexpr std::uint32_t zip_end_magic = 0x06054b50;
inline constexpr std::size_t zip_end_bytes = 22;
inline constexpr std::uint16_t zip_no_date = 0x21;  // 1 January 1980: equal arrays, equal bytes
inline constexpr std::uint32_t zip_see_extra = 0xffffffff;

/// What the central directory of a zip file says about one member.
struct zip_member {
  std::string name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint32_t packed_bytes = 0;
  std::uint32_t bytes = 0;
  std::uint32_t offset = 0;
};

/// The fields that local and central header share, from "version needed" to "extra length".
inline void put_zip_fields(byte_writer& out, const zip_member& m) {
  out.put<std::uint16_t>(20);  // version needed
  out.put<std::uint16_t>(0);   // flags
  out.put<std::uint16_t>(0);   // stored
  out.put<std::uint16_t>(0);   // time
  out.put<std::uint16_t>(zip_no_date);
  out.put<std::uint32_t>(m.crc);
  out.put<std::uint32_t>(m.packed_bytes);
  out.put<std::uint32_t>(m.bytes);
  out.put<std::uint16_t>(static_cast<std::uint16_t>(m.name.size()));
  out.put<std::uint16_t>(0);  // extra
}

inline void put_zip_central(byte_writer& out, const zip_member& m) {
  out.put<std::uint32_t>(zip_central_magic);
  out.put<std::uint16_t>(20);  // version made by
  put_zip_fields(out, m);
  out.put<std::uint16_t>(0);  // comment
  out.put<std::uint16_t>(0);  // disk
  out.put<std::uint16_t>(0);  // internal attributes
  out.put<std::uint32_t>(0);  // external attributes
  out.put<std::uint32_t>(m.offset);
  out.put_text(m.name);
}

[[nodiscard]] inline zip_member read_zip_central(byte_reader& in) {
  const std::size_t at = in.offset();
  expects(in.get<std::uint32_t>("a directory entry") == zip_central_magic, errc::file_format,
          "'{}': no zip directory entry at byte {}", in.file(), at);
  zip_member m;
  (void)in.get_bytes(4, "versions");
  m.flags = in.get<std::uint16_t>("flags");
  m.method = in.get<std::uint16_t>("the method");
  (void)in.get_bytes(4, "the date");
  m.crc = in.get<std::uint32_t>("the checksum");
  m.packed_bytes = in.get<std::uint32_t>("the packed size");
  m.bytes = in.get<std::uint32_t>("the size");
  const auto name_bytes = in.get<std::uint16_t>("the name's length");
  const auto extra_bytes = in.get<std::uint16_t>("the extra field's length");
  const auto comment_bytes = in.get<std::uint16_t>("the comment's length");
  (void)in.get_bytes(8, "attributes");
  m.offset = in.get<std::uint32_t>("the member's offset");
  m.name = in.get_text(name_bytes, "the name");
  (void)in.get_bytes(std::uint64_t{extra_bytes} + comment_bytes, "extra field and comment");
  expects((m.flags & 1) == 0 && (m.method == 0 || m.method == 8), errc::file_format,
          "'{}': member at byte {} is encrypted or packed with method {}, expected 0 or 8",
          in.file(), m.offset, m.method);
  expects(m.offset != zip_see_extra && m.bytes != zip_see_extra && m.packed_bytes != zip_see_extra,
          errc::file_format, "'{}': members of 4 GiB and more are not supported", in.file());
  return m;
}

/// Bytes of one member, unpacked and checked against directory and checksum.
[[nodiscard]] inline std::vector<std::uint8_t> read_zip_member(std::span<const std::uint8_t> bytes,
                                                               const zip_member& m,
                                                               const std::string& file) {
  byte_reader in(bytes, file, m.offset);
  const auto magic = in.get<std::uint32_t>("a member");
  (void)in.get_bytes(2, "the version");
  const auto flags = in.get<std::uint16_t>("flags");
  const auto method = in.get<std::uint16_t>("the method");
  (void)in.get_bytes(4, "the date");
  const auto crc = in.get<std::uint32_t>("the checksum");
  const auto packed_bytes = in.get<std::uint32_t>("the packed size");
  const auto size = in.get<std::uint32_t>("the size");
  const auto name_bytes = in.get<std::uint16_t>("the name's length");
  const auto extra_bytes = in.get<std::uint16_t>("the extra field's length");
  const std::string name = in.get_text(name_bytes, "the name");
  (void)in.get_bytes(extra_bytes, "the extra field");
  // NumPy puts the sizes of the local header into its 64-bit extra field, and streaming writers
  // (flag 8) put them after the data: then only the directory counts.
  const bool streamed = (flags & 8) != 0;
  const bool sizes_fit =
      streamed || ((packed_bytes == m.packed_bytes || packed_bytes == zip_see_extra) &&
                   (size == m.bytes || size == zip_see_extra) && crc == m.crc);
  expects(magic == zip_local_magic && name == m.name && method == m.method && flags == m.flags &&
              sizes_fit,
          errc::file_format, "'{}': the member at byte {} is not what the directory says", file,
          m.offset);
  const auto packed = in.get_bytes(m.packed_bytes, "a member's data");
  const std::string where = fmt::format("'{}' member '{}'", file, m.name);
  std::vector<std::uint8_t> content = m.method == 0
                                          ? std::vector<std::uint8_t>(packed.begin(), packed.end())
                                          : inflate_raw(packed, m.bytes, where);
  expects(content.size() == m.bytes, errc::file_format, "{}: {} stored bytes, directory says {}",
          where, content.size(), m.bytes);
  expects(crc32(content) == m.crc, errc::file_checksum, "{}: bytes from {}, expected CRC {:#010x}",
          where, in.offset() - m.packed_bytes, m.crc);
  return content;
}

/// Directory of a zip file: found from its end, where a comment may follow.
[[nodiscard]] inline std::vector<zip_member> read_zip_directory(std::span<const std::uint8_t> bytes,
                                                                const std::string& file) {
  expects(bytes.size() >= zip_end_bytes, errc::file_truncated,
          "'{}' has {} bytes, a zip file has at least {}", file, bytes.size(), zip_end_bytes);
  for (std::size_t back = zip_end_bytes; back <= bytes.size() && back <= zip_end_bytes + 0xffff;
       ++back) {
    byte_reader end(bytes, file, bytes.size() - back);
    if (end.get<std::uint32_t>("the end record") != zip_end_magic) continue;
    (void)end.get_bytes(6, "disk numbers");
    const auto count = end.get<std::uint16_t>("the number of members");
    const auto size = end.get<std::uint32_t>("the directory's size");
    const auto offset = end.get<std::uint32_t>("the directory's offset");
    const auto comment = end.get<std::uint16_t>("the comment's length");
    if (comment != back - zip_end_bytes) continue;
    expects(std::uint64_t{offset} + size == bytes.size() - back, errc::file_format,
            "'{}': zip directory of {} bytes at byte {} does not end at byte {}", file, size,
            offset, bytes.size() - back);
    byte_reader in(bytes.first(bytes.size() - back), file, offset);
    std::vector<zip_member> members;
    for (int i = 0; i < count; ++i) members.push_back(read_zip_central(in));
    expects(in.offset() == bytes.size() - back, errc::file_format,
            "'{}': bytes {}..{} of the zip directory belong to no member", file, in.offset(),
            bytes.size() - back);
    return members;
  }
  raise(errc::file_truncated, "'{}' has no zip directory at its end: not an .npz file, or cut off",
        file);
}

}  // namespace detail

SWPRUNE_FUNCTION std::vector<std::uint8_t> encode_npz(const record_set& records) {
  byte_writer out;
  byte_writer directory;
  constexpr std::size_t limit = std::numeric_limits<std::uint32_t>::max();
  for (const record& r : records.records()) {
    const std::vector<std::uint8_t> npy = encode_npy(r.value);
    expects(npy.size() < limit && out.size() < limit - npy.size() - 1024, errc::file_write,
            "an .npz file must stay below 4 GiB, record '{}' reaches {} bytes", r.name,
            out.size() + npy.size());
    detail::zip_member m;
    m.name = r.name + ".npy";
    m.crc = crc32(npy);
    m.packed_bytes = m.bytes = static_cast<std::uint32_t>(npy.size());
    m.offset = static_cast<std::uint32_t>(out.size());
    out.put<std::uint32_t>(detail::zip_local_magic);
    detail::put_zip_fields(out, m);
    out.put_text(m.name);
    out.put_bytes(npy);
    detail::put_zip_central(directory, m);
  }
  const std::size_t count = records.records().size();
  const std::size_t offset = out.size();
  expects(count < 0xffff && offset + directory.size() < limit, errc::file_write,
          "an .npz file has at most 65534 members and 4 GiB, given {} members", count);
  out.put_bytes(directory.bytes());
  out.put<std::uint32_t>(detail::zip_end_magic);
  out.put<std::uint32_t>(0);  // disk numbers
  out.put<std::uint16_t>(static_cast<std::uint16_t>(count));
  out.put<std::uint16_t>(static_cast<std::uint16_t>(count));
  out.put<std::uint32_t>(static_cast<std::uint32_t>(directory.size()));
  out.put<std::uint32_t>(static_cast<std::uint32_t>(offset));
  out.put<std::uint16_t>(0);
  return out.take();
}

SWPRUNE_FUNCTION record_set decode_npz(std::span<const std::uint8_t> bytes,
                                       const std::string& file) {
  record_set records(file);
  const std::vector<detail::zip_member> members = detail::read_zip_directory(bytes, file);
  std::uint64_t total = 0;
  for (const detail::zip_member& m : members) total += m.packed_bytes;
  expects(total <= bytes.size(), errc::file_format, "'{}': members overlap ({} packed bytes in {})",
          file, total, bytes.size());
  for (const detail::zip_member& m : members) {
    constexpr std::string_view suffix = ".npy";
    const bool is_npy = m.name.size() > suffix.size() && m.name.ends_with(suffix);
    expects(is_npy, errc::file_format, "'{}': the member at byte {} is not an .npy array", file,
            m.offset);
    std::string name = m.name.substr(0, m.name.size() - suffix.size());
    record_set::check_name(name, errc::file_format, file);
    expects(!records.contains(name), errc::file_format, "'{}' has two members '{}'", file, m.name);
    const std::string where = fmt::format("'{}' member '{}'", file, m.name);
    records.add(std::move(name), decode_npy(detail::read_zip_member(bytes, m, file), where));
  }
  return records;
}

#endif

/// Writes named arrays as .npz, atomically. Throws errc::file_write.
inline void save_npz(const std::filesystem::path& path, const record_set& records) {
  write_file(path, encode_npz(records));
}

/// Reads named arrays from .npz; throws errc::file_open and what decode_npz() throws.
[[nodiscard]] inline record_set load_npz(const std::filesystem::path& path) {
  return decode_npz(read_file(path), path.string());
}

}  // namespace swprune::inline v0::io
