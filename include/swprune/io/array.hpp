// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::io {

/// Types of the numbers in swprune's files; the values are the codes in the container.
enum class number_type : std::uint8_t {
  uint8 = 1,
  int8 = 2,
  int16 = 3,
  int32 = 4,
  int64 = 5,
  uint64 = 6,
  float32 = 7,
  float64 = 8
};

/// One row per number_type: name for people, descriptor of NumPy, bytes of one number.
struct number_type_info {
  number_type type;
  std::string_view name;
  std::string_view numpy;
  std::size_t bytes;
};

inline constexpr number_type_info number_types[] = {
    {number_type::uint8, "uint8", "|u1", 1},     {number_type::int8, "int8", "|i1", 1},
    {number_type::int16, "int16", "<i2", 2},     {number_type::int32, "int32", "<i4", 4},
    {number_type::int64, "int64", "<i8", 8},     {number_type::uint64, "uint64", "<u8", 8},
    {number_type::float32, "float32", "<f4", 4}, {number_type::float64, "float64", "<f8", 8}};

[[nodiscard]] constexpr const number_type_info& info_of(number_type type) {
  return number_types[static_cast<std::size_t>(type) - 1];
}

namespace detail {
template <typename>
inline constexpr bool dependent_false = false;
}

/// The number_type of a C++ type; does not compile for types that files cannot hold.
template <typename T>
[[nodiscard]] constexpr number_type number_type_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    return number_type::uint8;
  } else if constexpr (std::is_same_v<T, std::int8_t>) {
    return number_type::int8;
  } else if constexpr (std::is_same_v<T, std::int16_t>) {
    return number_type::int16;
  } else if constexpr (std::is_same_v<T, std::int32_t>) {
    return number_type::int32;
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return number_type::int64;
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return number_type::uint64;
  } else if constexpr (std::is_same_v<T, float>) {
    return number_type::float32;
  } else if constexpr (std::is_same_v<T, double>) {
    return number_type::float64;
  } else {
    static_assert(detail::dependent_false<T>, "files hold no numbers of this type");
  }
}

/// Shape as text, "[2 x 3]".
[[nodiscard]] inline std::string shape_text(const std::vector<index_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : " x ") + std::to_string(shape[i]);
  return text + "]";
}

/// An array as files hold it: type, shape (C order, sizes >= 0, at most 32 of them; none at all is
/// a single number) and little-endian bytes whose number always fits.
class array {
 public:
  /// One number, zero.
  array() : array(number_type::uint8, {}, {0}) {}

  /// Throws errc::argument_out_of_range unless `bytes` are exactly what type and shape need.
  array(number_type type, std::vector<index_t> shape, std::vector<std::uint8_t> bytes)
      : type_(type), shape_(std::move(shape)), bytes_(std::move(bytes)) {
    const auto needed = bytes_of(type_, shape_);
    expects(needed.has_value(), errc::argument_out_of_range,
            "an array has at most 32 sizes >= 0 whose bytes fit 2^62, given {} of {}",
            shape_text(shape_), info_of(type_).name);
    expects(*needed == bytes_.size(), errc::argument_out_of_range,
            "an array {} of {} needs {} bytes, given {}", shape_text(shape_), info_of(type_).name,
            *needed, bytes_.size());
  }

  /// Copies numbers. Throws errc::argument_out_of_range when their count does not fit the shape.
  template <typename T>
  [[nodiscard]] static array of(std::vector<index_t> shape, std::span<const T> numbers) {
    std::vector<std::uint8_t> bytes(numbers.size_bytes());
    if (!bytes.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
    return {number_type_of<T>(), std::move(shape), std::move(bytes)};
  }
  /// A vector of numbers, shape [n].
  template <typename T>
  [[nodiscard]] static array of(const std::vector<T>& numbers) {
    return of<T>({static_cast<index_t>(numbers.size())}, std::span<const T>(numbers));
  }
  /// A text as uint8 [bytes].
  [[nodiscard]] static array of_text(std::string_view text) {
    return of(std::vector<std::uint8_t>(text.begin(), text.end()));
  }

  [[nodiscard]] number_type type() const { return type_; }
  [[nodiscard]] const std::vector<index_t>& shape() const { return shape_; }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  /// Number of numbers.
  [[nodiscard]] index_t count() const {
    return static_cast<index_t>(bytes_.size() / info_of(type_).bytes);
  }

  /// The numbers. Throws errc::file_mismatch when the array holds another type.
  template <typename T>
  [[nodiscard]] std::vector<T> numbers() const {
    expects(type_ == number_type_of<T>(), errc::file_mismatch, "the array holds {}, expected {}",
            info_of(type_).name, info_of(number_type_of<T>()).name);
    std::vector<T> out(static_cast<std::size_t>(count()));
    if (!bytes_.empty()) std::memcpy(out.data(), bytes_.data(), bytes_.size());
    return out;
  }

  /// Bytes that type and shape need; none when a size is negative, there are more than 32 of them
  /// or the product does not fit 2^62: files may claim anything.
  [[nodiscard]] static std::optional<std::uint64_t> bytes_of(number_type type,
                                                             const std::vector<index_t>& shape) {
    constexpr std::uint64_t most = std::uint64_t{1} << 62;
    std::uint64_t product = info_of(type).bytes;
    bool empty = false;
    for (const index_t size : shape) {
      if (size < 0 || shape.size() > 32) return std::nullopt;
      if (size == 0) {
        empty = true;
      } else if (product > most / static_cast<std::uint64_t>(size)) {
        return std::nullopt;
      } else {
        product *= static_cast<std::uint64_t>(size);
      }
    }
    return empty ? 0 : product;
  }

  friend bool operator==(const array&, const array&) = default;

 private:
  number_type type_;
  std::vector<index_t> shape_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace swprune::inline v0::io
