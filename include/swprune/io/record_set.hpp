// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"
#include "swprune/io/array.hpp"

namespace swprune::inline v0::io {

/// One array with its name.
struct record {
  std::string name;
  array value;

  friend bool operator==(const record&, const record&) = default;
};

/// Named arrays in a fixed order: what .npz files and swprune's own container hold.
class record_set {
 public:
  /// `origin` is the file that the records came from, for messages.
  explicit record_set(std::string origin = "records in memory") : origin_(std::move(origin)) {}

  /// Appends a record. Throws errc::argument_out_of_range unless the name is new and has 1..200
  /// printable ASCII characters other than '/' and '\'.
  void add(std::string name, array value) {
    check_name(name, errc::argument_out_of_range, origin_);
    expects(!contains(name), errc::argument_out_of_range, "{}: a record named '{}' exists already",
            origin_, name);
    sorted_.insert(position(name), {name, records_.size()});
    records_.push_back({std::move(name), std::move(value)});
  }

  [[nodiscard]] bool contains(std::string_view name) const {
    const auto at = std::as_const(*this).position(name);
    return at != sorted_.end() && at->first == name;
  }

  /// The array called `name`. Throws errc::file_mismatch when there is none.
  [[nodiscard]] const array& at(std::string_view name) const {
    const auto found = position(name);
    expects(found != sorted_.end() && found->first == name, errc::file_mismatch,
            "'{}' has no record '{}'", origin_, name);
    return records_[found->second].value;
  }

  /// The numbers of a record of shape [n]. Throws errc::file_mismatch when it is absent or has
  /// another type, rank or, where `count` >= 0, another length.
  template <typename T>
  [[nodiscard]] std::vector<T> vector(std::string_view name, index_t count = -1) const {
    const array& a = at(name);
    const bool fits = a.type() == number_type_of<T>() && a.shape().size() == 1 &&
                      (count < 0 || a.shape()[0] == count);
    expects(fits, errc::file_mismatch, "'{}': record '{}' is {} {}, expected {} [{}]", origin_,
            name, info_of(a.type()).name, shape_text(a.shape()), info_of(number_type_of<T>()).name,
            count < 0 ? std::string("any") : std::to_string(count));
    return a.numbers<T>();
  }

  /// A text that array::of_text() made.
  [[nodiscard]] std::string text(std::string_view name) const {
    const std::vector<std::uint8_t> bytes = vector<std::uint8_t>(name);
    return {bytes.begin(), bytes.end()};
  }

  [[nodiscard]] const std::vector<record>& records() const { return records_; }
  [[nodiscard]] const std::string& origin() const { return origin_; }

  /// Throws `code` unless a record may have this name.
  static void check_name(std::string_view name, errc code, std::string_view where) {
    const bool good =
        !name.empty() && name.size() <= 200 && std::all_of(name.begin(), name.end(), [](char c) {
          return c > ' ' && c <= '~' && c != '/' && c != '\\';
        });
    expects(good, code,
            "'{}': a record name has 1..200 printable ASCII characters other than '/' and '\\', "
            "given {} characters",
            where, name.size());
  }

  /// Same names, arrays and order; the origin does not count.
  friend bool operator==(const record_set& a, const record_set& b) {
    return a.records_ == b.records_;
  }

 private:
  using entry = std::pair<std::string, std::size_t>;

  static bool before(const entry& e, std::string_view name) { return e.first < name; }
  [[nodiscard]] std::vector<entry>::const_iterator position(std::string_view name) const {
    return std::lower_bound(sorted_.begin(), sorted_.end(), name, before);
  }

  std::string origin_;
  std::vector<record> records_;
  std::vector<entry> sorted_;  // name -> index in records_
};

}  // namespace swprune::inline v0::io
