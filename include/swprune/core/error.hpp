// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "swprune/core/error_table.hpp"

namespace swprune::inline v0 {

/// Base of everything that swprune throws. `what()` is
/// "swprune E<id>: <sentence of the table>: <what was given, what was expected, where>".
class error : public std::runtime_error {
 public:
  error(int id, std::string_view sentence, std::string_view detail)
      : std::runtime_error(fmt::format("swprune E{}: {}: {}", id, sentence, detail)), id_(id) {}

  /// Number of the error in docs/errors.md.
  [[nodiscard]] int id() const noexcept { return id_; }

 private:
  int id_;
};

/// A caller gave a value that the documentation excludes.
struct invalid_argument : error {
  using error::error;
};
/// Two shapes that must agree do not.
struct shape_error : error {
  using error::error;
};
/// Two things made apart (mask and layer, file and network, image and device) do not belong
/// together.
struct mismatch_error : error {
  using error::error;
};
/// Bytes that do not follow their format.
struct format_error : error {
  using error::error;
};
/// The operating system refused a file.
struct io_error : error {
  using error::error;
};
/// NaN or infinity where a number is needed.
struct numeric_error : error {
  using error::error;
};
/// The simulated or real accelerator misbehaved.
struct device_error : error {
  using error::error;
};
/// A fault of swprune itself.
struct internal_error : error {
  using error::error;
};

/// Names of the errors in the table; the value is the id.
enum class errc : int {
#define SWPRUNE_ERROR_ENUM(id, cls, name, sentence) name = id,
  SWPRUNE_ERROR_TABLE(SWPRUNE_ERROR_ENUM)
#undef SWPRUNE_ERROR_ENUM
};

/// Throws the exception class that the table gives for `code`, with its sentence and `detail`.
[[noreturn]] inline void raise(errc code, const std::string& detail) {
  switch (code) {
#define SWPRUNE_ERROR_CASE(id, cls, name, sentence) \
  case errc::name:                                  \
    throw cls(id, sentence, detail);
    SWPRUNE_ERROR_TABLE(SWPRUNE_ERROR_CASE)
#undef SWPRUNE_ERROR_CASE
  }
  throw internal_error(0, "unknown error", detail);
}

// Messages are formatted in 500 places of the headers. Checking them in every user's compiler cost
// it a quarter of the time for reading the umbrella, so only our own units that define
// SWPRUNE_CHECK_FORMATS do it (tests/packaging and src).
#ifdef SWPRUNE_CHECK_FORMATS
template <typename... Args>
using error_text = fmt::format_string<const Args&...>;
#else
template <typename... Args>
using error_text = fmt::string_view;
#endif

// Not swprune::detail: users and tests say `using namespace swprune` beside a `detail` of theirs.
namespace error_detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void raise_formatted(errc code, fmt::string_view text,
                                                                   fmt::format_args args) {
  raise(code, fmt::vformat(text, args));
}

}  // namespace error_detail

/// raise() with a fmt format string for the detail.
template <typename... Args>
[[noreturn]] void raise(errc code, error_text<Args...> text, const Args&... args) {
  error_detail::raise_formatted(code, text, fmt::make_format_args(args...));
}

/// Throws `code` with the formatted detail unless `condition` holds.
template <typename... Args>
void expects(bool condition, errc code, error_text<Args...> text, const Args&... args) {
  if (!condition) error_detail::raise_formatted(code, text, fmt::make_format_args(args...));
}

}  // namespace swprune::inline v0
