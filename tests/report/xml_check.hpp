// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small checker of well-formed XML: one root, tags that match, quoted and unique attributes,
// only the five entities, no forbidden characters.

#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace swprune_test {

/// How often `part` stands in `text`, without overlap.
[[nodiscard]] inline int count_of(std::string_view text, std::string_view part) {
  int n = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++n;
  return n;
}

class xml_scanner {
 public:
  explicit xml_scanner(std::string_view text) : text_(text) {}

  /// Empty for well-formed XML, else what is wrong.
  std::string check() {
    while (at_ < text_.size() && error_.empty()) {
      if (text_[at_] == '<') {
        tag();
      } else {
        character(open_.empty());
      }
    }
    if (error_.empty() && (!open_.empty() || roots_ != 1)) fail("not exactly one closed root");
    return error_;
  }

 private:
  void fail(const std::string& why) {
    if (error_.empty()) error_ = why + " at byte " + std::to_string(at_);
  }
  [[nodiscard]] bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void character(bool outside) {
    const char c = text_[at_];
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') fail("control character");
    if (outside && c != '\n' && c != ' ') fail("text outside the root");
    if (c == '&') {
      for (const char* entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"})
        if (take(entity)) return;
      fail("bad entity");
    }
    ++at_;
  }
  std::string name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                  text_[at_] == '-' || text_[at_] == ':'))
      ++at_;
    if (at_ == begin) fail("name expected");
    return std::string(text_.substr(begin, at_ - begin));
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  void attribute(std::set<std::string>& seen) {
    if (!seen.insert(name()).second) fail("attribute given twice");
    if (!take("=\"")) return fail("quoted value expected");
    while (at_ < text_.size() && text_[at_] != '"' && error_.empty()) {
      if (text_[at_] == '<') return fail("< in a value");
      character(false);
    }
    if (!take("\"")) fail("value not closed");
  }
  void tag() {
    if (take("</")) {
      const std::string closed = name();
      if (open_.empty() || open_.back() != closed) return fail("</" + closed + "> closes nothing");
      open_.pop_back();
      if (!take(">")) fail("> expected");
      return;
    }
    ++at_;
    const std::string opened = name();
    if (open_.empty()) ++roots_;
    std::set<std::string> seen;
    for (blanks(); error_.empty() && at_ < text_.size() && text_[at_] != '>' && text_[at_] != '/';
         blanks())
      attribute(seen);
    if (take("/>") || !error_.empty()) return;
    if (!take(">")) return fail("> expected");
    open_.push_back(opened);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int roots_ = 0;
  std::vector<std::string> open_;
  std::string error_;
};

[[nodiscard]] inline std::string xml_error(std::string_view text) {
  return xml_scanner(text).check();
}

}  // namespace swprune_test
