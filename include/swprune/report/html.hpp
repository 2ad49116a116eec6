// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "swprune/core/error.hpp"
#include "swprune/report/xml.hpp"

namespace swprune::inline v0::report {

/// A key figure at the top of a page.
struct html_figure {
  std::string value;  ///< "3.91x"
  std::string label;  ///< "speed-up over the dense control"
  std::string note;   ///< smaller, may be empty
};

/// A table: one header per column; cells that read as numbers are set right.
struct html_table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  bool last_row_is_total = false;
};

namespace detail {

inline constexpr std::string_view html_style = R"(
:root{color-scheme:light;--ink:#1f2933;--soft:#52606d;--line:#e1e6eb;--tint:#f5f7fa;--mark:#0072b2}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:var(--ink);line-height:1.5;
 font:16px/1.5 system-ui,"Segoe UI","DejaVu Sans",Arial,sans-serif}
header{background:var(--tint);border-bottom:1px solid var(--line);padding:2rem 0 1.5rem}
.wrap{max-width:72rem;margin:0 auto;padding:0 1.5rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem}
h2{font-size:1.3rem;margin:2.4rem 0 .7rem;padding-bottom:.3rem;border-bottom:2px solid var(--line)}
p{max-width:48rem;margin:.6rem 0}
.sub{color:var(--soft);margin:0}
nav{margin-top:1rem;font-size:.92rem}
nav a{color:var(--mark);text-decoration:none;margin-right:1.2rem;white-space:nowrap}
nav a:hover{text-decoration:underline}
.cards{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0}
.card{border:1px solid var(--line);border-radius:.5rem;padding:.7rem 1rem;min-width:10.5rem;flex:1}
.card b{display:block;font-size:1.6rem;font-weight:650;line-height:1.25}
.card span{display:block;font-size:.9rem}
.card small{display:block;color:var(--soft)}
.scroll{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-size:.9rem;min-width:60%}
th,td{padding:.35rem .75rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{background:var(--tint);font-weight:600;border-bottom:2px solid #cbd2d9}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.total td{font-weight:600;border-top:2px solid #cbd2d9}
.figures{display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-start;margin:.8rem 0}
figure{margin:0;border:1px solid var(--line);border-radius:.5rem;padding:.6rem;max-width:100%}
figure svg{max-width:100%;height:auto;display:block}
figcaption{font-size:.88rem;color:var(--soft);margin-top:.4rem;max-width:44rem}
pre{background:var(--tint);border:1px solid var(--line);border-radius:.5rem;padding:.8rem;
 overflow-x:auto;font-size:.85rem}
footer{color:var(--soft);font-size:.85rem;border-top:1px solid var(--line);margin-top:3rem;
 padding:1rem 0 2rem}
@media print{body{font-size:10.5pt}nav{display:none}header{background:none;padding:0 0 .8rem}
 h2{break-after:avoid}figure,.card,tr{break-inside:avoid}.wrap{max-width:none;padding:0}
 .scroll{overflow:visible}table{min-width:0;font-size:8.5pt}th,td{padding:.2rem .4rem}}
)";

/// True for what a reader lines up on the right: "12", "-3.5", "1,024", "98.7 %", "3.9x", "".
[[nodiscard]] inline bool reads_as_number(std::string_view cell) {
  bool digit = false;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const char c = cell[i];
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (!digit && std::string_view("+-.").find(c) == std::string_view::npos) {
      return false;
    } else if (digit && std::string_view(".,eE+- %xkMG").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return digit || cell.empty() || cell == "-";
}

}  // namespace detail

/// Collects a report and gives one self-contained HTML page: no script, no other file, no network;
/// prints well. All texts are escaped; pictures are SVG elements from this folder.
class html_page {
 public:
  /// `subtitle` stands under the title, for example what was run and with which options.
  html_page(std::string_view title, std::string_view subtitle)
      : title_(xml_escape(title)), subtitle_(xml_escape(subtitle)) {}

  /// Starts a section and puts it into the contents.
  void section(std::string_view heading) {
    close_figures();
    ++sections_;
    const std::string name = xml_escape(heading);
    contents_ += fmt::format("<a href=\"#s{}\">{}</a>\n", sections_, name);
    body_ += fmt::format("<h2 id=\"s{}\">{}</h2>\n", sections_, name);
  }
  void paragraph(std::string_view text) {
    close_figures();
    body_ += fmt::format("<p>{}</p>\n", xml_escape(text));
  }
  /// Text with its line breaks kept, in a fixed-width font.
  void preformatted(std::string_view text) {
    close_figures();
    body_ += fmt::format("<pre>{}</pre>\n", xml_escape(text));
  }
  /// Key figures side by side.
  void figures(const std::vector<html_figure>& list) {
    close_figures();
    body_ += "<div class=\"cards\">\n";
    for (const html_figure& f : list)
      body_ += fmt::format("<div class=\"card\"><b>{}</b><span>{}</span><small>{}</small></div>\n",
                           xml_escape(f.value), xml_escape(f.label), xml_escape(f.note));
    body_ += "</div>\n";
  }
  /// Throws errc::report_value for a row that has not one cell per column.
  void table(const html_table& t) {
    close_figures();
    for (const auto& row : t.rows)
      expects(row.size() == t.header.size(), errc::report_value,
              "a table of {} columns has a row of {} cells", t.header.size(), row.size());
    const std::vector<bool> right = right_columns(t);
    body_ += "<div class=\"scroll\"><table>\n<thead><tr>";
    for (std::size_t c = 0; c < t.header.size(); ++c) body_ += cell("th", t.header[c], right[c]);
    body_ += "</tr></thead>\n<tbody>\n";
    for (std::size_t r = 0; r < t.rows.size(); ++r) {
      const bool total = t.last_row_is_total && r + 1 == t.rows.size();
      body_ += total ? "<tr class=\"total\">" : "<tr>";
      for (std::size_t c = 0; c < right.size(); ++c) body_ += cell("td", t.rows[r][c], right[c]);
      body_ += "</tr>\n";
    }
    body_ += "</tbody></table></div>\n";
  }
  /// A picture with its caption; pictures that follow one another stand side by side where there is
  /// room. Throws errc::report_value when `svg` is not an <svg> element.
  void picture(std::string_view svg, std::string_view caption) {
    const std::size_t end = svg.find_last_not_of(" \n");
    const bool whole = svg.starts_with("<svg ") && end != std::string_view::npos &&
                       svg.substr(0, end + 1).ends_with("</svg>");
    expects(whole, errc::report_value, "a picture must be one <svg> element, given '{}'...",
            svg.substr(0, 20));
    if (!in_figures_) body_ += "<div class=\"figures\">\n";
    in_figures_ = true;
    body_ += fmt::format("<figure>{}", svg);
    if (!caption.empty()) body_ += fmt::format("<figcaption>{}</figcaption>", xml_escape(caption));
    body_ += "</figure>\n";
  }
  /// Small print at the end.
  void footer(std::string_view text) { footer_ = xml_escape(text); }

  /// The page.
  [[nodiscard]] std::string str() const {
    std::string page = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<header><div class=\"wrap\">\n"
        "<h1>{}</h1>\n<p class=\"sub\">{}</p>\n",
        title_, detail::html_style, title_, subtitle_);
    if (!contents_.empty()) page += fmt::format("<nav>\n{}</nav>\n", contents_);
    page += "</div></header>\n<main class=\"wrap\">\n" + body_;
    if (in_figures_) page += "</div>\n";
    page += "</main>\n";
    if (!footer_.empty())
      page += fmt::format("<footer><div class=\"wrap\">{}</div></footer>\n", footer_);
    return page + "</body>\n</html>\n";
  }

 private:
  void close_figures() {
    if (in_figures_) body_ += "</div>\n";
    in_figures_ = false;
  }

  [[nodiscard]] static std::vector<bool> right_columns(const html_table& t) {
    std::vector<bool> right(t.header.size(), !t.rows.empty());
    for (const auto& row : t.rows)
      for (std::size_t c = 0; c < right.size(); ++c)
        if (!detail::reads_as_number(row[c])) right[c] = false;
    return right;
  }

  [[nodiscard]] static std::string cell(std::string_view tag, std::string_view text, bool right) {
    return fmt::format("<{0}{1}>{2}</{0}>", tag, right ? " class=\"n\"" : "", xml_escape(text));
  }

  std::string title_;
  std::string subtitle_;
  std::string contents_;
  std::string body_;
  std::string footer_;
  int sections_ = 0;
  bool in_figures_ = false;
};

}  // namespace swprune::inline v0::report
