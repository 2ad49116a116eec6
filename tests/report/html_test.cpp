// SPDX-License-Identifier: Apache-2.0
#include "swprune/report/html.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "swprune/core/rng.hpp"
#include "swprune/report/svg.hpp"
#include "tests/io/file_checks.hpp"
#include "tests/report/xml_check.hpp"

using namespace swprune;
using swprune::report::html_page;
using swprune_test::count_of;
using swprune_test::error_of;

namespace {

/// The page as XML: without the doctype, with void elements closed and the style left out.
std::string as_xml(std::string page) {
  page.erase(0, page.find("<html"));
  const std::size_t style = page.find("<style>");
  page.erase(style, page.find("</style>") + 8 - style);
  for (std::size_t at = page.find("<meta"); at != std::string::npos;
       at = page.find("<meta", at + 1))
    page.insert(page.find('>', at), "/");
  return page;
}

html_page full_page(const std::string& text) {
  html_page page(text, text);
  page.figures({{text, text, text}, {"1", "2", ""}});
  page.section(text);
  page.paragraph(text);
  page.picture(report::svg(20, 10, text).str(), text);
  page.picture(report::svg(20, 10, text).str(), "");
  page.section("two");
  page.preformatted(text);
  page.table({{"a", text}, {{"1", text}, {"2.5 %", text}}, true});
  page.picture(report::svg(20, 10, text).str(), "last");
  page.footer(text);
  return page;
}

}  // namespace

TEST_CASE("html: well-formed and self-contained whatever the texts are") {
  const std::string page = full_page("<script>alert(\"x\")</script> & 'y'").str();
  CHECK(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
  CHECK(swprune_test::xml_error(as_xml(page)).empty());
  CHECK(count_of(page, "<script") == 0);
  CHECK(count_of(page, "src=") == 0);
  CHECK(count_of(page, "<link") == 0);
  CHECK(count_of(page, "url(") == 0);
  CHECK(count_of(page, "http") == count_of(page, "xmlns=\"http://www.w3.org/2000/svg\""));
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    rng random(seed);
    std::string noise(random.below(40), ' ');
    for (char& c : noise) c = static_cast<char>(random.next());
    REQUIRE(swprune_test::xml_error(as_xml(full_page(noise).str())).empty());
  }
}

TEST_CASE("html: sections are listed and can be reached") {
  html_page page("t", "s");
  page.section("One & two");
  page.section("Three");
  const std::string text = page.str();
  CHECK(count_of(text, "<a href=\"#s1\">One &amp; two</a>") == 1);
  CHECK(count_of(text, "<h2 id=\"s1\">One &amp; two</h2>") == 1);
  CHECK(count_of(text, "<h2 id=\"s2\">Three</h2>") == 1);
}

TEST_CASE("html: columns of numbers are set right, others left") {
  html_page page("t", "s");
  page.table({{"layer", "cycles", "mixed"}, {{"conv1", "1,024", "3"}, {"fc", "3.9x", "none"}}});
  const std::string text = page.str();
  CHECK(count_of(text, "<th>layer</th><th class=\"n\">cycles</th><th>mixed</th>") == 1);
  CHECK(count_of(text, "<td class=\"n\">3.9x</td>") == 1);
  CHECK(count_of(text, "<td>none</td>") == 1);
  CHECK(count_of(text, "class=\"total\"") == 0);
  for (const char* number : {"1", "-2.5", "98.7 %", "1.5M", "", "-", "1e-6"})
    CHECK(report::detail::reads_as_number(number));
  for (const char* word : {"x1", "1 layer", "conv", "4x8x8b"})
    CHECK_FALSE(report::detail::reads_as_number(word));
}

TEST_CASE("html: what does not fit is refused") {
  html_page page("t", "s");
  CHECK(error_of([&] { page.table({{"a", "b"}, {{"1"}}}); }).says({"2 columns", "1 cells"}));
  for (const char* bad :
       {"", "<svg >", "<script></script>", "hello", "<svg></svg><script></script>"})
    CHECK(error_of([&] { page.picture(bad, ""); }).is(errc::report_value));
}
