// SPDX-License-Identifier: Apache-2.0
#include "swprune/core/error.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cctype>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace {

struct entry {
  int id;
  std::string_view cls, name, sentence;
};

const std::vector<entry>& table() {
  static const std::vector<entry> entries = {
#define SWPRUNE_TEST_ENTRY(id, cls, name, sentence) entry{id, #cls, #name, sentence},
      SWPRUNE_ERROR_TABLE(SWPRUNE_TEST_ENTRY)
#undef SWPRUNE_TEST_ENTRY
  };
  return entries;
}

/// What is wrong with a table: ids must rise strictly inside the hundreds of the folders, names be
/// unique and snake_case, sentences be short phrases that fit between two colons.
std::vector<std::string> faults(const std::vector<entry>& entries) {
  std::vector<std::string> found;
  int previous = 0;
  std::vector<std::string_view> names;
  for (const auto& e : entries) {
    const std::string who = std::to_string(e.id) + " " + std::string(e.name) + ": ";
    if (e.id <= previous) found.push_back(who + "id does not rise");
    if (e.id < 101 || e.id > 999 || e.id % 100 == 0) found.push_back(who + "id outside a folder");
    previous = e.id;
    if (std::find(names.begin(), names.end(), e.name) != names.end())
      found.push_back(who + "name used twice");
    names.push_back(e.name);
    if (e.sentence.empty() || !std::islower(static_cast<unsigned char>(e.sentence.front())) ||
        e.sentence.back() == '.' || e.sentence.find(':') != std::string_view::npos)
      found.push_back(who + "sentence is not a phrase");
  }
  return found;
}

/// Calls raise() and tells which class arrived, exactly, and with which text and id.
struct caught {
  std::string cls, what;
  int id = 0;
};

caught raise_and_catch(swprune::errc code) {
  caught c;
  try {
    swprune::raise(code, "width is {}, expected {} at {}", 3, 4, "layer 2");
  } catch (const swprune::error& e) {
#define SWPRUNE_TEST_CLASS(name) \
  if (typeid(e) == typeid(swprune::name)) c.cls = #name;
    SWPRUNE_TEST_CLASS(invalid_argument)
    SWPRUNE_TEST_CLASS(shape_error)
    SWPRUNE_TEST_CLASS(mismatch_error)
    SWPRUNE_TEST_CLASS(format_error)
    SWPRUNE_TEST_CLASS(io_error)
    SWPRUNE_TEST_CLASS(numeric_error)
    SWPRUNE_TEST_CLASS(device_error)
    SWPRUNE_TEST_CLASS(internal_error)
#undef SWPRUNE_TEST_CLASS
    c.what = e.what();
    c.id = e.id();
  }
  return c;
}

}  // namespace

TEST_CASE("the error table is well-formed") {
  CHECK(faults(table()) == std::vector<std::string>{});
  CHECK(table().size() >= 30);
}

TEST_CASE("the check of the error table sees every kind of fault") {
  const entry good{101, "io_error", "one", "the first"};
  CHECK(faults({good}).empty());
  CHECK(faults({good, {101, "io_error", "two", "the second"}}).size() == 1);
  CHECK(faults({{102, "io_error", "two", "the second"}, good}).size() == 1);
  CHECK(faults({good, {102, "io_error", "one", "the second"}}).size() == 1);
  CHECK(faults({{1001, "io_error", "one", "the first"}}).size() == 1);
  CHECK(faults({{200, "io_error", "one", "the first"}}).size() == 1);
  CHECK(faults({{101, "io_error", "one", ""}}).size() == 1);
  CHECK(faults({{101, "io_error", "one", "The first"}}).size() == 1);
  CHECK(faults({{101, "io_error", "one", "the first."}}).size() == 1);
  CHECK(faults({{101, "io_error", "one", "the first: a"}}).size() == 1);
}

TEST_CASE("every error arrives as the class, id and sentence of the table") {
  for (const auto& e : table()) {
    CAPTURE(e.id, e.name);
    const caught c = raise_and_catch(static_cast<swprune::errc>(e.id));
    CHECK(c.cls == e.cls);
    CHECK(c.id == e.id);
    CHECK(c.what == "swprune E" + std::to_string(e.id) + ": " + std::string(e.sentence) +
                        ": width is 3, expected 4 at layer 2");
  }
}

TEST_CASE("a code outside the table is a fault of swprune itself") {
  const caught c = raise_and_catch(static_cast<swprune::errc>(12345));
  CHECK(c.cls == "internal_error");
  CHECK(c.id == 0);
}

TEST_CASE("expects() throws exactly when the condition is false") {
  using swprune::errc;
  CHECK_NOTHROW(swprune::expects(true, errc::graph_degree, "degree {}", 3));
  CHECK_THROWS_AS(swprune::expects(false, errc::graph_degree, "degree {}", 3),
                  swprune::invalid_argument);
  CHECK_THROWS_AS(swprune::expects(false, errc::file_truncated, "at byte {}", 3),
                  swprune::format_error);
}

TEST_CASE("details may hold braces when they are data") {
  try {
    swprune::raise(swprune::errc::file_open, std::string("{weird} name"));
  } catch (const swprune::io_error& e) {
    CHECK(std::string(e.what()) == "swprune E801: the file cannot be opened: {weird} name");
  }
}

TEST_CASE("all errors can be caught as one") {
  STATIC_REQUIRE(std::is_base_of_v<std::runtime_error, swprune::error>);
  STATIC_REQUIRE(std::is_base_of_v<swprune::error, swprune::invalid_argument>);
  CHECK_THROWS_AS(swprune::raise(swprune::errc::not_finite, "value"), swprune::error);
  CHECK_THROWS_AS(swprune::raise(swprune::errc::not_finite, "value"), std::runtime_error);
}
