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
#include "swprune/io/deflate.hpp"
#include "swprune/io/file.hpp"

namespace swprune::inline v0::io {

/// A way in which whole files are packed, told by their first bytes and never by their name.
struct packing {
  bool (*recognises)(std::span<const std::uint8_t> bytes);
  /// At most `limit` unpacked bytes; errors name `file` and the byte offset in `bytes`.
  std::vector<std::uint8_t> (*unpack)(std::span<const std::uint8_t> bytes, std::string_view file,
                                      std::size_t limit);
};

/// The packings that a loader understands beside plain files.
using packings = std::span<const packing>;

/// Plain files and gzip: what every loader takes unless told otherwise. io/xz.hpp adds xz.
inline constexpr std::array<packing, 1> plain_or_gzip{{{is_gzip, gunzip}}};

/// True for the six bytes that open every xz file. Here and not in io/xz.hpp, so that a program
/// without it can say what it was given.
[[nodiscard]] inline bool is_xz(std::span<const std::uint8_t> bytes) {
  constexpr std::array<std::uint8_t, 6> magic{0xfd, '7', 'z', 'X', 'Z', 0};
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

/// The file itself, or its packed form with .gz or .xz added; empty when there is none.
[[nodiscard]] SWPRUNE_FUNCTION std::filesystem::path find_packed(const std::filesystem::path& path);

#if SWPRUNE_BODIES

SWPRUNE_FUNCTION std::filesystem::path find_packed(const std::filesystem::path& path) {
  std::error_code ignored;
  for (const std::string_view suffix : {"", ".gz", ".xz"}) {
    std::filesystem::path form = path;
    form += suffix;
    if (std::filesystem::is_regular_file(form, ignored)) return form;
  }
  return {};
}

#endif

/// A file read into memory whose content may be packed.
class packed_file {
 public:
  /// Throws errc::file_open; errc::file_format when it is an xz file and `formats` has no xz.
  packed_file(const std::filesystem::path& path, packings formats)
      : name_(path.string()), bytes_(read_file(path)) {
    for (const packing& format : formats)
      if (format.recognises(bytes_)) format_ = &format;
    expects(format_ != nullptr || !is_xz(bytes_), errc::file_format,
            "'{}' is an xz file (byte 0), which this call does not unpack: include "
            "swprune/io/xz.hpp and pass io::plain_gzip_or_xz",
            name_);
  }

  [[nodiscard]] const std::string& name() const { return name_; }

  /// What follows a byte offset in a message: which bytes are counted.
  [[nodiscard]] const char* where() const {
    return format_ == nullptr ? "" : " of the unpacked data";
  }

  /// The first `count` bytes of the content, or all if it has fewer.
  [[nodiscard]] std::vector<std::uint8_t> head(std::size_t count) const {
    if (format_ != nullptr) return format_->unpack(bytes_, name_, count);
    const std::size_t n = std::min(count, bytes_.size());
    return {bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(n)};
  }

  /// Takes the whole content out; only name() and where() are left. Unpacking stops at `limit`
  /// bytes: give one more than can be right, then the checks at the packed data's end were made
  /// whenever the size is right.
  [[nodiscard]] std::vector<std::uint8_t> take(std::size_t limit) {
    if (format_ == nullptr) return std::move(bytes_);
    return format_->unpack(bytes_, name_, limit);
  }

 private:
  std::string name_;
  std::vector<std::uint8_t> bytes_;
  const packing* format_ = nullptr;  // null: plain
};

}  // namespace swprune::inline v0::io
