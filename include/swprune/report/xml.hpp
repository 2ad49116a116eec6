// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "swprune/core/detail/bodies.hpp"

namespace swprune::inline v0::report {

/// `text` as it may stand between tags and in quoted attributes of XML and HTML. Bytes that are no
/// UTF-8 and control characters become U+FFFD, so that no input makes the document invalid.
[[nodiscard]] SWPRUNE_FUNCTION std::string xml_escape(std::string_view text);

#if SWPRUNE_BODIES

namespace detail {

/// Length of the valid UTF-8 sequence at text[i], or 0. Refuses overlong forms, surrogates and what
/// XML does not allow.
[[nodiscard]] inline std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned first = byte(i);
  if (first < 0x80) return first >= 0x20 || first == '\n' || first == '\t' ? 1 : 0;
  const std::size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || i + n > text.size()) return 0;
  std::uint32_t code = first & (0x7fu >> n);
  for (std::size_t k = 1; k < n; ++k) {
    if ((byte(i + k) & 0xc0) != 0x80) return 0;
    code = (code << 6) | (byte(i + k) & 0x3fu);
  }
  const bool overlong = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000);
  const bool forbidden =
      (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff || code == 0xfffe || code == 0xffff;
  return overlong || forbidden ? 0 : n;
}

}  // namespace detail

SWPRUNE_FUNCTION std::string xml_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = detail::utf8_length(text, i);
    if (n == 0) {
      out += "\xef\xbf\xbd";
      ++i;
      continue;
    }
    switch (n == 1 ? text[i] : '\0') {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += text.substr(i, n);
    }
    i += n;
  }
  return out;
}

#endif

}  // namespace swprune::inline v0::report
