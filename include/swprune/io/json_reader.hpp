// SPDX-License-Identifier: Apache-2.0
#pragma once

// Needs nlohmann_json; the umbrella does not include it.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/core/types.hpp"

namespace swprune::inline v0::io {

/// Parsed JSON, fields in their order. Throws errc::file_format, naming the file and the place.
[[nodiscard]] inline nlohmann::ordered_json parse_json(std::string_view text,
                                                       const std::string& file) {
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::ordered_json::exception& e) {
    raise(errc::file_format, "'{}' is not JSON: {}", file, e.what());
  }
}

/// Takes fields out of a JSON object; every error says the file and the path of the field.
class json_reader {
 public:
  json_reader(const nlohmann::ordered_json& value, std::string file, std::string path)
      : value_(value), file_(std::move(file)), path_(std::move(path)) {
    expects(value_.is_object(), errc::file_format, "'{}': {} is {}, expected an object", file_,
            path_.empty() ? "the top level" : path_, value_.type_name());
  }

  [[nodiscard]] json_reader object(const std::string& name) const {
    return {field(name), file_, path_ + "/" + name};
  }
  [[nodiscard]] const nlohmann::ordered_json& list(const std::string& name) const {
    const nlohmann::ordered_json& v = field(name);
    expects(v.is_array(), errc::file_format, "'{}': {}/{} is {}, expected an array", file_, path_,
            name, v.type_name());
    return v;
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    return field_if(name, field(name).is_string(), "a text").get<std::string>();
  }
  [[nodiscard]] bool boolean(const std::string& name) const {
    return field_if(name, field(name).is_boolean(), "true or false").get<bool>();
  }
  [[nodiscard]] double number(const std::string& name) const {
    return field_if(name, field(name).is_number(), "a number").get<double>();
  }
  [[nodiscard]] double number_or_nan(const std::string& name) const {
    return field(name).is_null() ? std::numeric_limits<double>::quiet_NaN() : number(name);
  }
  /// A count: an integer 0..most; 2^53 at most, which every JSON reader keeps exactly.
  [[nodiscard]] index_t count(const std::string& name,
                              std::uint64_t most = std::uint64_t{1} << 53) const {
    const nlohmann::ordered_json& v = field(name);
    const bool good = v.is_number_unsigned() && v.get<std::uint64_t>() <= most;
    return field_if(name, good, fmt::format("an integer 0..{}", most)).get<index_t>();
  }
  [[nodiscard]] std::uint64_t unsigned64(const std::string& name) const {
    return field_if(name, field(name).is_number_unsigned(), "an integer >= 0").get<std::uint64_t>();
  }
  /// Whether the object has that field.
  [[nodiscard]] bool has(const std::string& name) const { return value_.contains(name); }
  /// Throws, naming it, for a field that is not in `known`: a misspelt optional field must not be
  /// passed over.
  void expect_only(const std::vector<std::string>& known) const {
    for (const auto& [name, value] : value_.items())
      expects(std::find(known.begin(), known.end(), name) != known.end(), errc::file_format,
              "'{}': {}/{} is not a field of this format; known are {}", file_, path_, name,
              listed(known));
  }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] static std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }
  [[nodiscard]] const nlohmann::ordered_json& field(const std::string& name) const {
    const auto found = value_.find(name);
    expects(found != value_.end(), errc::file_format, "'{}': {}/{} is missing", file_, path_, name);
    return *found;
  }
  [[nodiscard]] const nlohmann::ordered_json& field_if(const std::string& name, bool good,
                                                       std::string_view expected) const {
    const nlohmann::ordered_json& v = field(name);
    expects(good, errc::file_format, "'{}': {}/{} is {}, expected {}", file_, path_, name,
            v.type_name(), expected);
    return v;
  }

  const nlohmann::ordered_json& value_;
  std::string file_;
  std::string path_;
};

}  // namespace swprune::inline v0::io
