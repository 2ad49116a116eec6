// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"

namespace swprune::inline v0::io {

static_assert(std::endian::native == std::endian::little,
              "swprune's files are little-endian and are copied as they are");

/// Collects the bytes of a little-endian file.
class byte_writer {
 public:
  template <typename T>
  requires std::is_arithmetic_v<T>
  void put(std::type_identity_t<T> value) { append(&value, sizeof(T)); }
  void put_bytes(std::span<const std::uint8_t> bytes) { append(bytes.data(), bytes.size()); }
  void put_text(std::string_view text) { append(text.data(), text.size()); }
  /// Zeros up to the next multiple of `alignment`.
  void align(std::size_t alignment) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
  }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  /// Not vector::insert, in which g++ 12 sees overflows that are none.
  void append(const void* from, std::size_t count) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + count);
    if (count > 0) std::memcpy(bytes_.data() + at, from, count);
  }

  std::vector<std::uint8_t> bytes_;
};

/// Takes a little-endian file apart; never reads past the end. Throws errc::file_truncated naming
/// the file, the byte offset and what was expected there.
class byte_reader {
 public:
  byte_reader(std::span<const std::uint8_t> bytes, std::string file, std::size_t offset = 0)
      : bytes_(bytes), file_(std::move(file)), offset_(offset) {}

  template <typename T>
  requires std::is_arithmetic_v<T>
  [[nodiscard]] T get(std::string_view what) {
    T value{};
    std::memcpy(&value, get_bytes(sizeof(T), what).data(), sizeof(T));
    return value;
  }
  [[nodiscard]] std::span<const std::uint8_t> get_bytes(std::uint64_t count,
                                                        std::string_view what) {
    expects(offset_ <= bytes_.size() && count <= bytes_.size() - offset_, errc::file_truncated,
            "'{}' has {} bytes, but {} needs {} at byte {}", file_, bytes_.size(), what, count,
            offset_);
    const auto part = bytes_.subspan(offset_, static_cast<std::size_t>(count));
    offset_ += static_cast<std::size_t>(count);
    return part;
  }
  [[nodiscard]] std::string get_text(std::uint64_t count, std::string_view what) {
    const auto part = get_bytes(count, what);
    return {part.begin(), part.end()};
  }

  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::string file_;
  std::size_t offset_;
};

}  // namespace swprune::inline v0::io
